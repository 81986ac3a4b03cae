-- One row is a label that a model version predicts on a control tag, and what the reference annotation says in its
-- place. The reference is a ground truth before others, then the newest submitted annotation. Regions stand opposite
-- each other where they overlap by half or more (region_matches says how they are matched).
--
-- project_id: projects.id
-- project_title: title of the project
-- model_version: model that predicted; null where a prediction names none
-- from_name: name of the control tag
-- type: kind of the results, in lower case
-- predicted_label: what the model says; null where it misses what the annotation has
-- actual_label: what the annotation says; null where it has nothing in this place
-- is_right: both say the same
-- times: how often
-- share_of_predicted: share of all times that the model says the label (adds up to the label's precision where right)
-- share_of_actual: share of all times that annotations say the label (the label's recall where right)
with cells as (
    select
        project_id,
        model_version_b as model_version,
        from_name,
        max(type) as type,
        label_b as predicted_label,
        label_a as actual_label,
        sum(regions)::bigint as times
    from analytics.region_matches
    where source_b = 'prediction'
    group by project_id, model_version_b, from_name, label_b, label_a
)

select
    cells.project_id,
    projects.title as project_title,
    cells.model_version,
    cells.from_name,
    cells.type,
    cells.predicted_label,
    cells.actual_label,
    coalesce(cells.predicted_label = cells.actual_label, false) as is_right,
    cells.times,
    case
        when cells.predicted_label is not null
            then
                cells.times / sum(cells.times) over (
                    partition by cells.project_id, cells.model_version, cells.from_name, cells.predicted_label
                )::double
    end as share_of_predicted,
    case
        when cells.actual_label is not null
            then
                cells.times / sum(cells.times) over (
                    partition by cells.project_id, cells.model_version, cells.from_name, cells.actual_label
                )::double
    end as share_of_actual
from cells
left join label_studio.projects on cells.project_id = projects.id
