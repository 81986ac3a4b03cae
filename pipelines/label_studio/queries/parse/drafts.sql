-- One row a draft of the batch, its keys apart and still JSON.
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
        from_json(raw, structure(draft_keys())) as d
    from elements
)

select
    task_id,
    project_id,
    raw,
    d,
    as_bigint(d.id) as id,
    as_list(d.result) as result
from parsed
where as_bigint(d.id) is not null;
