-- One row is a project on a UTC day, from the day of its first annotation to the day that the data is of; days on which
-- nothing happened are there with zeros.
-- An annotation counts on the day on which it was created; a later change does not move it. A task counts on the day
-- on which it was done (task_overview.done_at): as Label Studio dates a task by its newest annotation, one that comes
-- later moves the task to its own day. Done tasks without any annotation have no day and are left out.
--
-- project_id: projects.id
-- project_title: title of the project
-- day: the day, in UTC
-- tasks_done: tasks that were done on the day
-- tasks_done_total: tasks that were done up to the end of the day
-- submitted: annotations created on the day that are not cancelled
-- skipped: annotations created on the day that are cancelled
-- lead_time_total: lead time of the submitted ones together, in seconds
-- skipped_lead_time: lead time of the cancelled ones together, in seconds
-- annotators: different people with a submitted or cancelled annotation of the day
with loaded as (
    select (max(inserted_at) at time zone 'UTC')::date as last_day
    from label_studio._dlt_loads
    where status = 0
),

done as (
    select
        project_id,
        (done_at at time zone 'UTC')::date as day,
        count(*) as tasks_done
    from analytics.task_overview
    where done_at is not null
    group by project_id, (done_at at time zone 'UTC')::date
),

annotated as (
    select
        project_id,
        (created_at at time zone 'UTC')::date as day,
        count(*) filter (where not coalesce(was_cancelled, false)) as submitted,
        count(*) filter (where was_cancelled) as skipped,
        sum(lead_time) filter (where not coalesce(was_cancelled, false)) as lead_time_total,
        sum(lead_time) filter (where was_cancelled) as skipped_lead_time,
        count(distinct completed_by_id) as annotators
    from label_studio.annotations
    where created_at is not null
    group by project_id, (created_at at time zone 'UTC')::date
),

active as (
    select
        coalesce(annotated.project_id, done.project_id) as project_id,
        min(coalesce(annotated.day, done.day)) as first_day,
        max(coalesce(annotated.day, done.day)) as last_day
    from annotated
    full join done on annotated.project_id = done.project_id and annotated.day = done.day
    group by coalesce(annotated.project_id, done.project_id)
),

days as (
    select
        active.project_id,
        unnest(
            generate_series(active.first_day, greatest(active.last_day, loaded.last_day), interval 1 day)
        )::date as day
    from active
    cross join loaded
)

select
    days.project_id,
    projects.title as project_title,
    days.day,
    coalesce(done.tasks_done, 0) as tasks_done,
    coalesce(sum(done.tasks_done) over (
        partition by days.project_id
        order by days.day
        rows between unbounded preceding and current row
    ), 0)::bigint as tasks_done_total,
    coalesce(annotated.submitted, 0) as submitted,
    coalesce(annotated.skipped, 0) as skipped,
    coalesce(annotated.lead_time_total, 0) as lead_time_total,
    coalesce(annotated.skipped_lead_time, 0) as skipped_lead_time,
    coalesce(annotated.annotators, 0) as annotators
from days
left join label_studio.projects on days.project_id = projects.id
left join done on days.project_id = done.project_id and days.day = done.day
left join annotated on days.project_id = annotated.project_id and days.day = annotated.day
