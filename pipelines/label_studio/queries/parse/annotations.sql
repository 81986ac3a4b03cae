-- One row an annotation of the batch, its keys apart and still JSON.
create or replace temp table parsed_annotations as
with elements as (
    select
        task_id,
        project_id,
        unnest(annotations) as raw
    from parsed_tasks
),

parsed as (
    select
        *,
        from_json(raw, structure(annotation_keys())) as a
    from elements
)

select
    task_id,
    project_id,
    raw,
    a,
    as_bigint(a.id) as id,
    as_list(a.result) as result
from parsed
where as_bigint(a.id) is not null;
