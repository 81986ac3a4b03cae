-- One row an annotation of the batch, its keys apart and still JSON; without an id, where the element is none.
create or replace temp table parsed_annotations as
with elements as (
    select
        task_id,
        project_id,
        unnest(t.annotations) as raw
    from parsed_tasks
),

parsed as (
    select
        *,
        from_json(raw, structure(annotation_keys(), ['result'])) as a
    from elements
)

select
    task_id,
    project_id,
    a,
    as_bigint(a.id) as id,
    a.result as result,
    instead_of(a.result, raw, '$.result') as no_result,
    rest_of(raw, annotation_keys() || ['result']) as rest,
    case when as_bigint(a.id) is null then coalesce(raw, 'null') end as no_annotation
from parsed;
