-- One row a draft of the batch, its keys apart and still JSON; without an id, where the element is none.
create or replace temp table parsed_drafts as
with elements as (
    select
        task_id,
        project_id,
        unnest(drafts) as raw
    from parsed_tasks
),

parsed as (
    select
        *,
        from_json(raw, structure(draft_keys(), ['result'])) as d
    from elements
)

select
    task_id,
    project_id,
    d,
    as_bigint(d.id) as id,
    d.result as result,
    instead_of(d.result, raw, '$.result') as no_result,
    rest_of(raw, draft_keys() || ['result']) as rest,
    case when as_bigint(d.id) is null then coalesce(raw, 'null') end as no_draft
from parsed;
