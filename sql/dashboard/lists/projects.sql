-- One row is a project: how far it is, and when it will be done.
--
-- project_id: projects.id
-- title: its title
-- tasks: tasks
-- done: tasks that are done
-- in_progress: tasks with an annotation or a draft that are not done
-- skipped: tasks with cancelled annotations only
-- not_started: tasks with nothing
-- tasks_per_day: tasks done a day, over the last 28 days
-- forecast_date: day on which all tasks are done at this pace; null where it can't be told
-- hours_left: working hours that are left, at the median lead time
with states as (
    select
        project_id,
        count(*) filter (where state = 'in progress') as in_progress,
        count(*) filter (where state = 'skipped') as skipped,
        count(*) filter (where state = 'not started') as not_started
    from analytics.task_overview
    group by project_id
)

select
    remaining_tasks.project_id,
    remaining_tasks.project_title as title,
    remaining_tasks.tasks,
    remaining_tasks.tasks_done as done,
    coalesce(states.in_progress, 0) as in_progress,
    coalesce(states.skipped, 0) as skipped,
    coalesce(states.not_started, 0) as not_started,
    remaining_tasks.tasks_per_day,
    remaining_tasks.forecast_date,
    remaining_tasks.lead_time_hours_left as hours_left
from analytics.remaining_tasks
left join states on remaining_tasks.project_id = states.project_id
order by remaining_tasks.project_id
