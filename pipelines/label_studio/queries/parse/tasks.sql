-- One row a task of the batch, its keys apart and still JSON.
create or replace temp table parsed_tasks as
with parsed as (
    select
        batch.task::json as raw,
        batch.drafts::json as all_drafts,
        batch.project_id as asked_project_id,
        from_json(batch.task, structure(task_keys())) as t
    from batch
)

select
    raw,
    t,
    as_bigint(t.id) as task_id,
    coalesce(as_bigint(t.project), asked_project_id) as project_id,
    as_list(t.annotations) as annotations,
    as_list(t.predictions) as predictions,
    as_list(coalesce(all_drafts, t.drafts)) as drafts
from parsed;
