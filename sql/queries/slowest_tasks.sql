-- Which tasks take longest to annotate?
-- By the mean lead time of their submitted annotations, beside the median of their project.
--
-- $project_id bigint = null: only this project; all where null
-- $limit bigint = 20: rows at most
--
-- project_id: projects.id
-- task_id: tasks.id
-- inner_id: number of the task within its project
-- lead_time_mean: mean lead time of its submitted annotations, in seconds
-- times_median: lead_time_mean ÷ median lead time of an annotation of the project
-- annotations: submitted annotations
-- results: results of these annotations
select
    task_overview.project_id,
    task_overview.task_id,
    task_overview.inner_id,
    task_overview.lead_time_mean,
    task_overview.lead_time_mean / nullif(project_progress.lead_time_median, 0) as times_median,
    task_overview.submitted as annotations,
    task_overview.results
from analytics.task_overview
inner join analytics.project_progress on task_overview.project_id = project_progress.project_id
where
    task_overview.lead_time_mean is not null
    and ($project_id is null or task_overview.project_id = $project_id)
order by task_overview.lead_time_mean desc, task_overview.task_id asc
limit $limit
