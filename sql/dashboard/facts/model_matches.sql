-- One row is what a model version predicts on a control tag, and what the reference annotation says in its place, on a
-- UTC day. It counts on the day on which the later of both was created.
--
-- project_id: projects.id
-- from_name: name of the control tag
-- model_version: model that predicted; null where a prediction names none
-- predicted_label: what the model says; '' for a region without label; null where it says nothing
-- actual_label: what the annotation says
-- annotator_id: who made the reference annotation: users.id; null after the user's deletion
-- day: the day; null where it is not known
-- regions: number of regions, or of choices
select
    region_matches.project_id,
    region_matches.from_name,
    region_matches.model_version_b as model_version,
    region_matches.label_b as predicted_label,
    region_matches.label_a as actual_label,
    region_matches.annotator_a_id as annotator_id,
    (greatest(annotations.created_at, predictions.created_at) at time zone 'UTC')::date as day,
    sum(region_matches.regions)::bigint as regions
from analytics.region_matches
left join label_studio.annotations on region_matches.annotation_a_id = annotations.id
left join label_studio.predictions on region_matches.prediction_b_id = predictions.id
where region_matches.source_b = 'prediction'
group by
    region_matches.project_id,
    region_matches.from_name,
    region_matches.model_version_b,
    region_matches.label_b,
    region_matches.label_a,
    region_matches.annotator_a_id,
    (greatest(annotations.created_at, predictions.created_at) at time zone 'UTC')::date
