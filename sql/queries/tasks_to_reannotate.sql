-- Which tasks should be annotated again first?
-- Those with two or more submitted annotations that agree least; of equal ones, where people skipped most.
--
-- $project_id bigint = null: only this project; all where null
-- $below double = 0.5: only tasks whose annotations agree less than this
-- $limit bigint = 20: rows at most
--
-- project_id: projects.id
-- task_id: tasks.id
-- inner_id: number of the task within its project
-- agreement: mean agreement of its annotations, 0 to 1
-- consensus: share of the largest group of annotations that agrees
-- lowest_control: control tag that they agree on least
-- lowest_agreement: agreement on this control tag
-- annotations: submitted annotations
-- skipped: cancelled annotations
-- has_ground_truth: one of the annotations is marked as ground truth
select
    task_agreement.project_id,
    task_agreement.task_id,
    task_overview.inner_id,
    task_agreement.agreement,
    task_agreement.consensus,
    task_agreement.lowest_control,
    task_agreement.lowest_agreement,
    task_agreement.annotations,
    task_overview.skipped,
    task_overview.ground_truths > 0 as has_ground_truth
from analytics.task_agreement
inner join analytics.task_overview on task_agreement.task_id = task_overview.task_id
where
    task_agreement.agreement < $below
    and ($project_id is null or task_agreement.project_id = $project_id)
order by task_agreement.agreement asc, task_overview.skipped desc, task_agreement.task_id asc
limit $limit
