-- One row is a tenth of the scores that a model version gives on a control tag, on a UTC day. It counts on the day on
-- which the later of prediction and reference annotation was created.
--
-- project_id: projects.id
-- from_name: name of the control tag
-- model_version: model that predicted; null where a prediction names none
-- score_bin: tenth of the score, 0 to 9
-- annotator_id: who made the reference annotation: users.id; null after the user's deletion
-- day: the day; null where it is not known
-- predicted: regions or choices predicted with such a score
-- matches: those that are right
-- score: the scores together
select
    region_matches.project_id,
    region_matches.from_name,
    region_matches.model_version_b as model_version,
    region_matches.score_bin,
    region_matches.annotator_a_id as annotator_id,
    (greatest(annotations.created_at, predictions.created_at) at time zone 'UTC')::date as day,
    sum(region_matches.regions)::bigint as predicted,
    sum(case when region_matches.label_a = region_matches.label_b then region_matches.regions else 0 end)::bigint
        as matches,
    sum(region_matches.score_sum) as score
from analytics.region_matches
left join label_studio.annotations on region_matches.annotation_a_id = annotations.id
left join label_studio.predictions on region_matches.prediction_b_id = predictions.id
where region_matches.source_b = 'prediction' and region_matches.score_bin is not null
group by
    region_matches.project_id,
    region_matches.from_name,
    region_matches.model_version_b,
    region_matches.score_bin,
    region_matches.annotator_a_id,
    (greatest(annotations.created_at, predictions.created_at) at time zone 'UTC')::date
