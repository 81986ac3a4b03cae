-- Which tasks do annotators skip?
-- Those with most cancelled annotations first.
--
-- $project_id bigint = null: only this project; all where null
-- $limit bigint = 20: rows at most
--
-- project_id: projects.id
-- task_id: tasks.id
-- inner_id: number of the task within its project
-- skipped: cancelled annotations
-- submitted: submitted annotations
-- skipped_by: names of who skipped it, in alphabetical order
-- seconds: lead time that went into it, in seconds
with skips as (
    select
        annotations.task_id,
        string_agg(distinct annotators.name, ', ' order by annotators.name) as skipped_by
    from label_studio.annotations
    left join analytics.annotators on annotations.completed_by_id = annotators.annotator_id
    where annotations.was_cancelled
    group by annotations.task_id
)

select
    task_overview.project_id,
    task_overview.task_id,
    task_overview.inner_id,
    task_overview.skipped,
    task_overview.submitted,
    skips.skipped_by,
    task_overview.skipped_lead_time as seconds
from analytics.task_overview
inner join skips on task_overview.task_id = skips.task_id
where $project_id is null or task_overview.project_id = $project_id
order by task_overview.skipped desc, task_overview.submitted asc, task_overview.task_id asc
limit $limit
