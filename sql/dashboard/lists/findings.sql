-- One row is one of the newest twenty findings of a kind in a project.
--
-- project_id: projects.id
-- task_id: tasks.id, as text: a browser's numbers end at 2 ^ 53
-- finding: what was found
-- severity: error or warning
-- from_name: name of the control tag
-- annotator_id: users.id
-- model_version: model that predicted
-- day: UTC day on which the annotation, the prediction, or else the task was created
-- detail: what exactly was found, in words
with newest as (
    select
        *,
        row_number() over (partition by project_id, finding order by created_at desc, task_id asc, detail asc) as place
    from analytics.data_quality_issues
)

select
    project_id,
    task_id::varchar as task_id,
    finding,
    severity,
    from_name,
    annotator_id,
    model_version,
    (created_at at time zone 'UTC')::date as day,
    left(detail, 200) as detail
from newest
where place <= 20
order by severity, place, project_id, finding
