-- One row is a project: how far its tasks have come, what was annotated, and how well annotators agree.
-- Tasks are done, in progress, skipped or not started as in task_overview. A submitted annotation is one that is not
-- cancelled; cancelled ones are skips. Only what was loaded is counted.
--
-- project_id: projects.id
-- project_title: title of the project
-- tasks: tasks
-- tasks_done: tasks that are done
-- tasks_in_progress: tasks with a submitted annotation or a draft that are not done
-- tasks_skipped: tasks that are not done and have cancelled annotations only
-- tasks_not_started: tasks without annotations and drafts
-- share_done: share of tasks that are done, from 0 to 1
-- submitted: submitted annotations
-- skipped: cancelled annotations
-- annotations_left: annotations that the overlap of the tasks that are not done still asks for
-- predictions: predictions
-- drafts: drafts
-- annotators: different people with a submitted or cancelled annotation
-- lead_time_total: lead time of submitted annotations together, in seconds
-- lead_time_mean: mean lead time of a submitted annotation, in seconds
-- lead_time_median: median lead time of a submitted annotation, in seconds
-- skipped_lead_time: lead time of cancelled annotations together, in seconds
-- agreement: mean agreement of the tasks with two submitted annotations or more, from 0 to 1
-- agreement_tasks: tasks that the agreement is the mean of
-- first_activity_at: when the first annotation was created
-- last_activity_at: when an annotation was last created or changed
-- loaded_at: the moment that the data is of
with loaded as (
    select max(inserted_at) as loaded_at
    from label_studio._dlt_loads
    where status = 0
),

counted as (
    select
        project_id,
        count(*) as tasks,
        count(*) filter (where state = 'done') as tasks_done,
        count(*) filter (where state = 'in progress') as tasks_in_progress,
        count(*) filter (where state = 'skipped') as tasks_skipped,
        count(*) filter (where state = 'not started') as tasks_not_started,
        sum(annotations_left)::bigint as annotations_left,
        sum(predictions)::bigint as predictions,
        sum(drafts)::bigint as drafts,
        avg(agreement) as agreement,
        count(agreement) as agreement_tasks
    from analytics.task_overview
    group by project_id
),

annotated as (
    select
        project_id,
        count(*) filter (where not coalesce(was_cancelled, false)) as submitted,
        count(*) filter (where was_cancelled) as skipped,
        count(distinct completed_by_id) as annotators,
        sum(lead_time) filter (where not coalesce(was_cancelled, false)) as lead_time_total,
        avg(lead_time) filter (where not coalesce(was_cancelled, false)) as lead_time_mean,
        quantile_cont(lead_time, 0.5) filter (where not coalesce(was_cancelled, false)) as lead_time_median,
        sum(lead_time) filter (where was_cancelled) as skipped_lead_time,
        min(created_at) as first_activity_at,
        max(greatest(created_at, updated_at)) as last_activity_at
    from label_studio.annotations
    group by project_id
)

select
    coalesce(projects.id, counted.project_id) as project_id,
    projects.title as project_title,
    coalesce(counted.tasks, 0) as tasks,
    coalesce(counted.tasks_done, 0) as tasks_done,
    coalesce(counted.tasks_in_progress, 0) as tasks_in_progress,
    coalesce(counted.tasks_skipped, 0) as tasks_skipped,
    coalesce(counted.tasks_not_started, 0) as tasks_not_started,
    counted.tasks_done / nullif(counted.tasks, 0)::double as share_done,
    coalesce(annotated.submitted, 0) as submitted,
    coalesce(annotated.skipped, 0) as skipped,
    coalesce(counted.annotations_left, 0) as annotations_left,
    coalesce(counted.predictions, 0) as predictions,
    coalesce(counted.drafts, 0) as drafts,
    coalesce(annotated.annotators, 0) as annotators,
    annotated.lead_time_total,
    annotated.lead_time_mean,
    annotated.lead_time_median,
    annotated.skipped_lead_time,
    counted.agreement,
    coalesce(counted.agreement_tasks, 0) as agreement_tasks,
    annotated.first_activity_at,
    annotated.last_activity_at,
    loaded.loaded_at
from label_studio.projects
full join counted on projects.id = counted.project_id
left join annotated on coalesce(projects.id, counted.project_id) = annotated.project_id
cross join loaded
