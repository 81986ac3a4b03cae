-- How far are we, by the values of a meta key?
--
-- $project_id bigint, required: the project
-- $path varchar, required: the key, as task_meta.path has it, such as $.source
--
-- value: value of the meta key; null where the task does not have it
-- tasks: tasks with this value
-- tasks_done: done tasks
-- share_done: tasks_done ÷ tasks
-- annotations_left: submitted annotations that are still asked for
-- agreement: mean agreement of tasks with two or more annotations
select
    task_meta.value,
    count(*) as tasks,
    count(*) filter (where task_overview.state = 'done') as tasks_done,
    count(*) filter (where task_overview.state = 'done') / count(*)::double as share_done,
    sum(task_overview.annotations_left)::bigint as annotations_left,
    avg(task_overview.agreement) as agreement
from analytics.task_overview
left join label_studio.task_meta on task_overview.task_id = task_meta.task_id and task_meta.path = $path
where task_overview.project_id = $project_id
group by task_meta.value
order by tasks desc, task_meta.value asc nulls last
