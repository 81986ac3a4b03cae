-- Rows that another load brought than the one that brought their task: two versions of a task are mixed.
-- severity: error
with children as (
    select 'annotations' as table_name, task_id, _dlt_load_id from annotations
    union all
    select 'predictions', task_id, _dlt_load_id from predictions
    union all
    select 'drafts', task_id, _dlt_load_id from drafts
    union all
    select 'results', task_id, _dlt_load_id from results
    union all
    select 'task_meta', task_id, _dlt_load_id from task_meta
    union all
    select 'task_users', task_id, _dlt_load_id from task_users
)

select
    children.table_name,
    children.task_id,
    count(*) as row_count
from children
inner join tasks on children.task_id = tasks.id
where children._dlt_load_id <> tasks._dlt_load_id
group by children.table_name, children.task_id
