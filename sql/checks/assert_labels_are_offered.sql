-- Labels that annotations or predictions use and the project's labeling config does not offer: renamed since, removed,
-- or imported. Those of control tags that take values from the task's data are left out: it can't be told.
-- severity: warning
select
    project_id,
    from_name,
    label_path,
    count(annotation_id) as annotations,
    count(prediction_id) as predictions
from analytics.annotation_labels
where not in_config
group by project_id, from_name, label_path
