-- One row is a model version and a person in a project on a UTC day, and a control tag or all of them: how far
-- predictions agree with the person's annotations. A pair counts on the day on which the later of both was created.
--
-- project_id: projects.id
-- from_name: name of the control tag; null for all control tags together, by their weights
-- model_version: model that predicted; null where a prediction names none
-- annotator_id: who made the annotations: users.id; null after the user's deletion
-- day: the day; null where it is not known
-- pairs: pairs of an annotation and a prediction that have a score
-- score: their scores together, each from 0 to 1
-- compared: those of them that model_comparison counts: the task's reference annotation, and of several predictions of
--   the version the newest
-- compared_score: the scores of these together
with pairs as (
    select
        *,
        case
            when is_reference_a and agreement is not null
                then row_number() over (
                    partition by project_id, task_id, coalesce(model_version_b, ''), is_reference_a, agreement is null
                    order by prediction_b_id desc
                ) = 1
            else false
        end as is_compared
    from analytics.pair_agreement
    where source_b = 'prediction'
),

scores as (
    select
        project_id,
        null::varchar as from_name,
        annotation_a_id,
        annotator_a_id,
        prediction_b_id,
        model_version_b,
        agreement as score,
        is_compared
    from pairs
    where agreement is not null
    union all
    select
        agreement_scores.project_id,
        agreement_scores.from_name,
        agreement_scores.annotation_a_id,
        agreement_scores.annotator_a_id,
        agreement_scores.prediction_b_id,
        agreement_scores.model_version_b,
        agreement_scores.score,
        pairs.is_compared
    from analytics.agreement_scores
    inner join pairs
        on
            agreement_scores.annotation_a_id = pairs.annotation_a_id
            and agreement_scores.prediction_b_id = pairs.prediction_b_id
    where
        agreement_scores.source_b = 'prediction'
        and agreement_scores.is_default
        and agreement_scores.score is not null
)

select
    scores.project_id,
    scores.from_name,
    scores.model_version_b as model_version,
    scores.annotator_a_id as annotator_id,
    (greatest(annotations.created_at, predictions.created_at) at time zone 'UTC')::date as day,
    count(*) as pairs,
    sum(scores.score) as score,
    count(*) filter (where scores.is_compared) as compared,
    coalesce(sum(scores.score) filter (where scores.is_compared), 0) as compared_score
from scores
left join label_studio.annotations on scores.annotation_a_id = annotations.id
left join label_studio.predictions on scores.prediction_b_id = predictions.id
group by
    scores.project_id,
    scores.from_name,
    scores.model_version_b,
    scores.annotator_a_id,
    (greatest(annotations.created_at, predictions.created_at) at time zone 'UTC')::date
