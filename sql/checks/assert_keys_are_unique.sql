-- Keys that stand in a table more than once: a row was doubled.
-- severity: error
select 'tasks' as table_name, id::varchar as key, count(*) as row_count from tasks group by id having count(*) > 1
union all
select 'annotations', id::varchar, count(*) from annotations group by id having count(*) > 1
union all
select 'predictions', id::varchar, count(*) from predictions group by id having count(*) > 1
union all
select 'drafts', id::varchar, count(*) from drafts group by id having count(*) > 1
union all
select 'results', result_key, count(*) from results group by result_key having count(*) > 1
union all
select 'result_labels', result_key || ' ' || label_index, count(*)
from result_labels
group by result_key, label_index
having count(*) > 1
union all
select 'task_meta', task_id || ' ' || path, count(*) from task_meta group by task_id, path having count(*) > 1
union all
select 'users', id::varchar, count(*) from users group by id having count(*) > 1
union all
select 'projects', id::varchar, count(*) from projects group by id having count(*) > 1
