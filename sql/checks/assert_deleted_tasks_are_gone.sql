-- Rows of tasks that were found gone from Label Studio and removed. A task that was created since and was given the id
-- of a deleted one, or that came back with a later load, is no such task.
-- severity: error
with deleted as (
    select
        task_id,
        max(detected_at) as detected_at,
        max(last_updated_at) as last_updated_at
    from deleted_tasks
    group by task_id
),

gone as (
    select deleted.task_id
    from deleted
    left join tasks on deleted.task_id = tasks.id
    where
        tasks.id is null
        or (
            to_timestamp(try_cast(tasks._dlt_load_id as double)) < deleted.detected_at
            and not coalesce(tasks.created_at > deleted.last_updated_at, false)
        )
),

held as (
    select 'tasks' as table_name, id as task_id from tasks
    union all
    select 'annotations', task_id from annotations
    union all
    select 'predictions', task_id from predictions
    union all
    select 'drafts', task_id from drafts
    union all
    select 'task_meta', task_id from task_meta
    union all
    select 'task_users', task_id from task_users
    union all
    select 'results', task_id from results
    union all
    select 'result_labels', task_id from result_labels
    union all
    select 'result_texts', task_id from result_texts
    union all
    select 'result_points', task_id from result_points
    union all
    select 'result_keyframes', task_id from result_keyframes
    union all
    select 'result_ranges', task_id from result_ranges
    union all
    select 'result_rankings', task_id from result_rankings
)

select
    held.table_name,
    held.task_id,
    count(*) as row_count
from held
inner join gone on held.task_id = gone.task_id
group by held.table_name, held.task_id
