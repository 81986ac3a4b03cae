-- Tasks that the kept tables of analytics don't hold as they were loaded last, or hold still: run again, and they are
-- worked out.
-- severity: error
select
    coalesce(tasks.id, kept_tasks.task_id) as task_id,
    tasks._dlt_load_id as load_id,
    kept_tasks.load_id as kept_load_id
from tasks
full outer join analytics.kept_tasks on tasks.id = kept_tasks.task_id
where tasks._dlt_load_id is distinct from kept_tasks.load_id
