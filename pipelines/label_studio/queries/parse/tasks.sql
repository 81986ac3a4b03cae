-- One row a task of the batch, its keys apart and still JSON.
create or replace temp table parsed_tasks as
with parsed as (
    select
        id as asked_id,
        project_id as asked_project_id,
        task,
        as_list(drafts) as all_drafts,
        from_json(task, structure(task_keys(), task_lists())) as t
    from batch
)

select
    t,
    coalesce(as_bigint(t.id), asked_id) as task_id,
    coalesce(as_bigint(t.project), asked_project_id) as project_id,
    t.meta as meta,
    coalesce(all_drafts, t.drafts) as drafts,
    nullif(instead_of(t.annotations, task, '$.annotations'), 'null') as no_annotations,
    nullif(instead_of(t.predictions, task, '$.predictions'), 'null') as no_predictions,
    nullif(instead_of(t.drafts, task, '$.drafts'), 'null') as no_drafts,
    rest_of(task, task_keys() || task_lists()) as rest
from parsed;
