-- Rows that stand in another project than their task.
-- severity: error
with children as (
    select 'annotations' as table_name, task_id, project_id from annotations
    union all
    select 'predictions', task_id, project_id from predictions
    union all
    select 'drafts', task_id, project_id from drafts
    union all
    select 'task_meta', task_id, project_id from task_meta
    union all
    select 'task_users', task_id, project_id from task_users
    union all
    select 'results', task_id, project_id from results
    union all
    select 'result_labels', task_id, project_id from result_labels
    union all
    select 'result_texts', task_id, project_id from result_texts
    union all
    select 'result_points', task_id, project_id from result_points
    union all
    select 'result_keyframes', task_id, project_id from result_keyframes
    union all
    select 'result_ranges', task_id, project_id from result_ranges
    union all
    select 'result_rankings', task_id, project_id from result_rankings
)

select
    children.table_name,
    children.task_id,
    tasks.project_id as task_project_id,
    children.project_id,
    count(*) as row_count
from children
inner join tasks on children.task_id = tasks.id
where children.project_id is distinct from tasks.project_id
group by children.table_name, children.task_id, tasks.project_id, children.project_id
