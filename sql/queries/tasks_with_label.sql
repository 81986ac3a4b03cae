-- Which tasks have a label?
-- In submitted annotations and in predictions; those that most annotations name come first.
--
-- $label varchar, required: the label; of a path, its leaf or the path from the root, joined by ' / '
-- $project_id bigint = null: only this project; all where null
-- $limit bigint = 100: rows at most
--
-- project_id: projects.id
-- task_id: tasks.id
-- from_name: name of the control tag
-- annotations: submitted annotations that use the label
-- uses: their results with the label
-- predictions: predictions that use the label
select
    project_id,
    task_id,
    from_name,
    count(distinct annotation_id) as annotations,
    coalesce(sum(uses) filter (where source = 'annotation'), 0)::bigint as uses,
    count(distinct prediction_id) as predictions
from analytics.annotation_labels
where (label_path = $label or label = $label) and ($project_id is null or project_id = $project_id)
group by project_id, task_id, from_name
order by annotations desc, uses desc, predictions desc, task_id asc, from_name asc
limit $limit
