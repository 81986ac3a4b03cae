-- One row is a kind of finding on a UTC day, by what it concerns.
--
-- project_id: projects.id
-- finding: what was found
-- severity: error where it can't be right, warning where it should be looked at
-- from_name: name of the control tag; null where it is about none
-- annotator_id: who made the annotation: users.id
-- model_version: model that predicted
-- day: day on which the annotation, the prediction, or else the task was created; null where it is not known
-- findings: how many
select
    project_id,
    finding,
    severity,
    from_name,
    annotator_id,
    model_version,
    (created_at at time zone 'UTC')::date as day,
    count(*) as findings
from analytics.data_quality_issues
group by
    project_id,
    finding,
    severity,
    from_name,
    annotator_id,
    model_version,
    (created_at at time zone 'UTC')::date
