-- How do the model versions of a project get better?
-- In the order of their first predictions, measured against the reference annotation of each task.
--
-- $project_id bigint, required: the project
--
-- model_version: model that predicted
-- since: day of its first prediction, in UTC
-- tasks_compared: predicted tasks that have an annotation
-- agreement: mean agreement with it
-- precision: right regions and choices ÷ predicted ones
-- recall: right ones ÷ annotated ones
-- f1: 2 × right ones ÷ (predicted + annotated)
-- tasks_shared: tasks that the version before predicted, too
-- agreement_gain: gain in agreement on these tasks
-- better: of these tasks, those that became better
-- worse: those that became worse
select
    model_version,
    (first_predicted_at at time zone 'UTC')::date as since,
    tasks_compared,
    agreement,
    precision,
    recall,
    f1,
    tasks_shared,
    agreement_shared - previous_agreement_shared as agreement_gain,
    better,
    worse
from analytics.model_comparison
where project_id = $project_id
order by first_predicted_at asc, model_version asc
