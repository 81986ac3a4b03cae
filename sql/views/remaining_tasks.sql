-- One row is a project: what is left to do, and when it will be done at the pace of the last 28 days.
-- Pace is what was done on the last 28 UTC days, the day that the data is of included, divided by the number of these
-- days; of a younger project, by the days since its first annotation. The forecast takes it that the pace holds, with
-- the weekends and pauses that were in these days.
--
-- project_id: projects.id
-- project_title: title of the project
-- tasks: tasks
-- tasks_done: tasks that are done, as in task_overview
-- tasks_left: tasks that are not done
-- annotations_left: annotations that the overlap of these tasks still asks for
-- pace_days: days that the pace is taken from, 28 at most; 0 where there was no annotation yet
-- tasks_per_day: tasks done a day
-- annotations_per_day: annotations submitted a day
-- days_left: days until all tasks are done: tasks_left / tasks_per_day; null where no task was done in these days
-- forecast_date: day on which all tasks are done; null where nothing is left, nothing was done, or it takes more than a
--   hundred years
-- lead_time_median: median lead time of the project's submitted annotations, in seconds
-- lead_time_hours_left: working hours that are left: annotations_left at the median lead time
with loaded as (
    select (max(inserted_at) at time zone 'UTC')::date as last_day
    from label_studio._dlt_loads
    where status = 0
),

undone as (
    select
        tasks.project_id,
        tasks.id as task_id,
        greatest(coalesce(tasks.overlap, 1) - count(annotations.id), 0) as annotations_left
    from label_studio.tasks
    left join label_studio.annotations
        on
            tasks.id = annotations.task_id
            and tasks.project_id = annotations.project_id
            and not coalesce(annotations.was_cancelled, false)
    where not coalesce(tasks.is_labeled, false)
    group by tasks.project_id, tasks.id, tasks.overlap
),

left_over as (
    select
        project_id,
        sum(annotations_left) as annotations_left
    from undone
    group by project_id
),

counted as (
    select
        tasks.project_id,
        count(*) as tasks,
        count(*) filter (where tasks.is_labeled) as tasks_done,
        count(*) filter (where not coalesce(tasks.is_labeled, false)) as tasks_left,
        coalesce(max(left_over.annotations_left), 0)::bigint as annotations_left
    from label_studio.tasks
    left join left_over on tasks.project_id = left_over.project_id
    group by tasks.project_id
),

paced as (
    select
        throughput_daily.project_id,
        count(*) as pace_days,
        sum(throughput_daily.tasks_done) as pace_tasks,
        sum(throughput_daily.submitted) as pace_annotations
    from analytics.throughput_daily
    cross join loaded
    where throughput_daily.day > loaded.last_day - 28
    group by throughput_daily.project_id
),

timed as (
    select
        project_id,
        quantile_cont(lead_time, 0.5) as lead_time_median
    from label_studio.annotations
    where not coalesce(was_cancelled, false)
    group by project_id
),

forecast as (
    select
        coalesce(projects.id, counted.project_id) as project_id,
        projects.title as project_title,
        coalesce(counted.tasks, 0) as tasks,
        coalesce(counted.tasks_done, 0) as tasks_done,
        coalesce(counted.tasks_left, 0) as tasks_left,
        coalesce(counted.annotations_left, 0) as annotations_left,
        coalesce(paced.pace_days, 0) as pace_days,
        coalesce(paced.pace_tasks / paced.pace_days::double, 0) as tasks_per_day,
        coalesce(paced.pace_annotations / paced.pace_days::double, 0) as annotations_per_day,
        case
            when coalesce(counted.tasks_left, 0) = 0 then 0
            else counted.tasks_left * paced.pace_days / nullif(paced.pace_tasks, 0)::double
        end as days_left,
        timed.lead_time_median
    from label_studio.projects
    full join counted on projects.id = counted.project_id
    left join paced on coalesce(projects.id, counted.project_id) = paced.project_id
    left join timed on coalesce(projects.id, counted.project_id) = timed.project_id
)

select
    forecast.project_id,
    forecast.project_title,
    forecast.tasks,
    forecast.tasks_done,
    forecast.tasks_left,
    forecast.annotations_left,
    forecast.pace_days,
    forecast.tasks_per_day,
    forecast.annotations_per_day,
    forecast.days_left,
    case
        when forecast.tasks_left > 0 and forecast.days_left <= 36500
            then loaded.last_day + ceil(forecast.days_left)::integer
    end as forecast_date,
    forecast.lead_time_median,
    forecast.annotations_left * forecast.lead_time_median / 3600 as lead_time_hours_left
from forecast
cross join loaded
