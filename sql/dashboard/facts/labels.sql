-- One row is a label on a control tag as a person or a model version used it on a UTC day.
--
-- project_id: projects.id
-- from_name: name of the control tag
-- source: annotation or prediction
-- label_path: the label, choice or taxonomy path
-- annotator_id: who made the annotations: users.id; null for predictions, and after the user's deletion
-- model_version: model that predicted; null for annotations, and where a prediction names none
-- day: day on which the annotations or predictions were created; null where it is not known
-- uses: results that name the label
-- items: submitted annotations, or predictions, that use it
select
    project_id,
    from_name,
    source,
    label_path,
    annotator_id,
    model_version,
    created_on as day,
    sum(uses)::bigint as uses,
    count(*) as items
from analytics.annotation_labels
group by project_id, from_name, source, label_path, annotator_id, model_version, created_on
