-- Rows that another load brought than the one that brought their task, or their project: two versions of it are mixed.
-- severity: error
with children as (
    select 'annotations' as table_name, task_id, _dlt_load_id from annotations
    union all
    select 'predictions', task_id, _dlt_load_id from predictions
    union all
    select 'drafts', task_id, _dlt_load_id from drafts
    union all
    select 'task_meta', task_id, _dlt_load_id from task_meta
    union all
    select 'task_users', task_id, _dlt_load_id from task_users
    union all
    select 'results', task_id, _dlt_load_id from results
    union all
    select 'result_labels', task_id, _dlt_load_id from result_labels
    union all
    select 'result_texts', task_id, _dlt_load_id from result_texts
    union all
    select 'result_points', task_id, _dlt_load_id from result_points
    union all
    select 'result_keyframes', task_id, _dlt_load_id from result_keyframes
    union all
    select 'result_ranges', task_id, _dlt_load_id from result_ranges
    union all
    select 'result_rankings', task_id, _dlt_load_id from result_rankings
)

select
    children.table_name,
    'task ' || children.task_id as belongs_to,
    count(*) as row_count
from children
inner join tasks on children.task_id = tasks.id
where children._dlt_load_id <> tasks._dlt_load_id
group by children.table_name, children.task_id

union all

select
    'project_labels',
    'project ' || projects.id,
    count(*)
from project_labels
inner join projects on project_labels.project_id = projects.id
where project_labels._dlt_load_id <> projects._dlt_load_id
group by projects.id
