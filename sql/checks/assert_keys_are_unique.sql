-- Keys that stand in a table more than once: a row was doubled.
-- severity: error
with doubled_results as (
    -- the digests of millions of texts are told apart in half of the time that the texts are
    select hash(result_key) as digest
    from results
    group by hash(result_key)
    having count(*) > 1
),

doubled_labels as (
    select hash(result_key, label_index) as digest
    from result_labels
    group by hash(result_key, label_index)
    having count(*) > 1
),

doubled_points as (
    select hash(result_key, point_index) as digest
    from result_points
    group by hash(result_key, point_index)
    having count(*) > 1
)

select 'tasks' as table_name, id::varchar as key, count(*) as row_count from tasks group by id having count(*) > 1
union all
select 'annotations', id::varchar, count(*) from annotations group by id having count(*) > 1
union all
select 'predictions', id::varchar, count(*) from predictions group by id having count(*) > 1
union all
select 'drafts', id::varchar, count(*) from drafts group by id having count(*) > 1
union all
select 'task_meta', task_id || ' ' || path, count(*) from task_meta group by task_id, path having count(*) > 1
union all
select 'task_users', task_id || ' ' || role || ' ' || position, count(*)
from task_users
group by task_id, role, position
having count(*) > 1
union all
select 'results', result_key, count(*)
from results
where hash(result_key) in (select digest from doubled_results)
group by result_key
having count(*) > 1
union all
select 'result_labels', result_key || ' ' || label_index, count(*)
from result_labels
where hash(result_key, label_index) in (select digest from doubled_labels)
group by result_key, label_index
having count(*) > 1
union all
select 'result_points', result_key || ' ' || point_index, count(*)
from result_points
where hash(result_key, point_index) in (select digest from doubled_points)
group by result_key, point_index
having count(*) > 1
union all
select 'result_texts', result_key || ' ' || text_index, count(*)
from result_texts
group by result_key, text_index
having count(*) > 1
union all
select 'result_keyframes', result_key || ' ' || keyframe_index, count(*)
from result_keyframes
group by result_key, keyframe_index
having count(*) > 1
union all
select 'result_ranges', result_key || ' ' || range_index, count(*)
from result_ranges
group by result_key, range_index
having count(*) > 1
union all
select 'result_rankings', result_key || ' ' || bucket || ' ' || rank, count(*)
from result_rankings
group by result_key, bucket, rank
having count(*) > 1
union all
select 'users', id::varchar, count(*) from users group by id having count(*) > 1
union all
select 'projects', id::varchar, count(*) from projects group by id having count(*) > 1
union all
select 'project_labels', project_id || ' ' || from_name || ' ' || label_path, count(*)
from project_labels
group by project_id, from_name, label_path
having count(*) > 1
union all
select 'deleted_tasks', task_id || ' ' || detected_at, count(*)
from deleted_tasks
group by task_id, detected_at
having count(*) > 1
