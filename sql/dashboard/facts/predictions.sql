-- One row is a model version in a project on a UTC day: the predictions that it made.
--
-- project_id: projects.id
-- model_version: model that predicted; null where a prediction names none
-- day: day on which the predictions were created; null where it is not known
-- predictions: predictions
-- scored: predictions that have a score
-- score: their scores together
select
    project_id,
    model_version,
    (created_at at time zone 'UTC')::date as day,
    count(*) as predictions,
    count(score) as scored,
    coalesce(sum(score), 0) as score
from label_studio.predictions
group by project_id, model_version, (created_at at time zone 'UTC')::date
