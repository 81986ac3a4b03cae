-- One row is a project and a UTC day: tasks that were created on it, and tasks that were done on it.
--
-- project_id: projects.id
-- day: the day; null where it is not known
-- created: tasks that were created on the day
-- done: tasks that were done on the day
with events as (
    select
        project_id,
        (created_at at time zone 'UTC')::date as day,
        1 as created,
        0 as done
    from analytics.task_overview
    union all
    select
        project_id,
        (done_at at time zone 'UTC')::date,
        0,
        1
    from analytics.task_overview
    where state = 'done'
)

select
    project_id,
    day,
    sum(created)::bigint as created,
    sum(done)::bigint as done
from events
group by project_id, day
