-- One row an element of a result list of the batch: r holds its keys, v those of its value, still JSON.
create or replace temp table parsed_results as
with owners as (
    select
        'annotation' as source,
        id,
        task_id,
        project_id,
        result
    from parsed_annotations
    union all
    select
        'prediction',
        id,
        task_id,
        project_id,
        result
    from parsed_predictions
    union all
    select
        'draft',
        id,
        task_id,
        project_id,
        result
    from parsed_drafts
),

elements as (
    select
        source,
        id as source_id,
        task_id,
        project_id,
        unnest(generate_series(0, len(result) - 1)) as result_index,
        unnest(result) as raw
    from owners
    where len(result) > 0
),

parsed as (
    select
        *,
        from_json(raw, structure(result_keys())) as r
    from elements
)

select
    *,
    source || '/' || source_id || '/' || result_index as result_key,
    as_text(r.from_name) as from_name,
    as_text(r.type) as type,
    from_json(r.value, structure(value_keys())) as v
from parsed;
