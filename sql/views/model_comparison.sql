-- One row is a model version of a project, beside the version before it (by first prediction). Predictions are
-- measured against the reference annotation of their task: a ground truth before others, then the newest submitted
-- one. Only tasks that both versions predicted tell which one is better: versions that saw other tasks can't be
-- compared by their means.
--
-- project_id: projects.id
-- project_title: title of the project
-- model_version: model that predicted; null where predictions name none
-- first_predicted_at: its first prediction
-- last_predicted_at: its last prediction
-- predictions: its predictions
-- tasks: tasks that it predicted
-- score_mean: mean score that it gave its predictions
-- tasks_compared: tasks that have a reference annotation
-- agreement: mean agreement with it, 0 to 1 (as pair_agreement measures it; of several predictions of a task, the
--   newest)
-- precision: right regions and choices ÷ predicted ones, over all control tags, from an overlap of 0.5 on
-- recall: right ones ÷ those of the reference annotations
-- f1: 2 × right ones ÷ (predicted + actual)
-- previous_version: the model version before it
-- tasks_shared: tasks that both predicted and that have a reference annotation
-- agreement_shared: agreement on these tasks
-- previous_agreement_shared: agreement of the version before on these tasks
-- better: of these tasks, those on which it agrees more than the version before
-- worse: those on which it agrees less
with versions as (
    select
        project_id,
        model_version,
        min(created_at) as first_predicted_at,
        max(created_at) as last_predicted_at,
        count(*) as predictions,
        count(distinct task_id) as tasks,
        avg(score) as score_mean
    from label_studio.predictions
    group by project_id, model_version
),

ordered as (
    select
        *,
        row_number() over (partition by project_id order by first_predicted_at, model_version collate "C") as place
    from versions
),

compared as (
    select
        pair_agreement.project_id,
        pair_agreement.task_id,
        ordered.place,
        pair_agreement.agreement,
        row_number() over (
            partition by pair_agreement.task_id, ordered.place
            order by pair_agreement.prediction_b_id desc
        ) as newest
    from analytics.pair_agreement
    inner join ordered
        on
            pair_agreement.project_id = ordered.project_id
            and coalesce(pair_agreement.model_version_b, '') = coalesce(ordered.model_version, '')
    where
        pair_agreement.source_b = 'prediction'
        and pair_agreement.is_reference_a
        and pair_agreement.agreement is not null
),

agreed as (
    select
        project_id,
        place,
        count(*) as tasks_compared,
        avg(agreement) as agreement
    from compared
    where newest = 1
    group by project_id, place
),

shared as (
    select
        later.project_id,
        later.place,
        count(*) as tasks_shared,
        avg(later.agreement) as agreement_shared,
        avg(earlier.agreement) as previous_agreement_shared,
        count(*) filter (where later.agreement > earlier.agreement) as better,
        count(*) filter (where later.agreement < earlier.agreement) as worse
    from compared as later
    inner join compared as earlier on later.task_id = earlier.task_id and later.place = earlier.place + 1
    where later.newest = 1 and earlier.newest = 1
    group by later.project_id, later.place
),

counted as (
    select
        project_id,
        model_version_b as model_version,
        sum(case when label_b is not null then regions end) as predicted,
        sum(case when label_a is not null then regions end) as actual,
        sum(case when label_a = label_b then regions else 0 end) as matches
    from analytics.region_matches
    where source_b = 'prediction'
    group by project_id, model_version_b
)

select
    ordered.project_id,
    projects.title as project_title,
    ordered.model_version,
    ordered.first_predicted_at,
    ordered.last_predicted_at,
    ordered.predictions,
    ordered.tasks,
    ordered.score_mean,
    coalesce(agreed.tasks_compared, 0) as tasks_compared,
    agreed.agreement,
    counted.matches / nullif(counted.predicted, 0)::double as precision,
    counted.matches / nullif(counted.actual, 0)::double as recall,
    2 * counted.matches / nullif(coalesce(counted.predicted, 0) + coalesce(counted.actual, 0), 0)::double as f1,
    previous.model_version as previous_version,
    coalesce(shared.tasks_shared, 0) as tasks_shared,
    shared.agreement_shared,
    shared.previous_agreement_shared,
    coalesce(shared.better, 0) as better,
    coalesce(shared.worse, 0) as worse
from ordered
left join ordered as previous on ordered.project_id = previous.project_id and ordered.place = previous.place + 1
left join agreed on ordered.project_id = agreed.project_id and ordered.place = agreed.place
left join shared on ordered.project_id = shared.project_id and ordered.place = shared.place
left join counted
    on
        ordered.project_id = counted.project_id
        and coalesce(ordered.model_version, '') = coalesce(counted.model_version, '')
left join label_studio.projects on ordered.project_id = projects.id
