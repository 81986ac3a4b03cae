-- Projects that tasks stand in, and that could not be read themselves: their titles and labels are not known.
-- severity: warning
select
    tasks.project_id,
    count(*) as task_count
from tasks
where tasks.project_id is not null and not exists (select 1 from projects where projects.id = tasks.project_id)
group by tasks.project_id
