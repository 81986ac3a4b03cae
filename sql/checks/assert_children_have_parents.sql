-- Rows whose task, or whose result, is not there.
-- severity: error
with children as (
    select 'annotations' as table_name, task_id from annotations
    union all
    select 'predictions', task_id from predictions
    union all
    select 'drafts', task_id from drafts
    union all
    select 'results', task_id from results
    union all
    select 'task_meta', task_id from task_meta
    union all
    select 'task_users', task_id from task_users
)

select
    children.table_name,
    'task ' || children.task_id as missing,
    count(*) as row_count
from children
left join tasks on children.task_id = tasks.id
where tasks.id is null
group by children.table_name, children.task_id

union all

select
    'result_labels',
    'result ' || result_labels.result_key,
    count(*)
from result_labels
left join results on result_labels.result_key = results.result_key
where results.result_key is null
group by result_labels.result_key
