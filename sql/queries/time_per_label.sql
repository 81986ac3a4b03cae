-- How long does a label take?
-- The lead time of each submitted annotation is shared out evenly among its results.
--
-- $project_id bigint = null: only this project; all where null
--
-- project_id: projects.id
-- from_name: name of the control tag
-- label_path: the label, root to leaf
-- uses: results with the label
-- seconds_per_use: mean share of a result in its annotation's lead time, in seconds
-- hours: these shares together, in hours
with shared as (
    select
        annotation_labels.project_id,
        annotation_labels.from_name,
        annotation_labels.label_path,
        annotation_labels.uses,
        annotation_labels.uses * annotations.lead_time / annotations.result_count as seconds
    from analytics.annotation_labels
    inner join label_studio.annotations on annotation_labels.annotation_id = annotations.id
    where
        annotation_labels.source = 'annotation'
        and annotations.lead_time is not null
        and annotations.result_count > 0
        and ($project_id is null or annotation_labels.project_id = $project_id)
)

select
    project_id,
    from_name,
    label_path,
    sum(uses)::bigint as uses,
    sum(seconds) / sum(uses) as seconds_per_use,
    sum(seconds) / 3600 as hours
from shared
group by project_id, from_name, label_path
order by hours desc, project_id asc, from_name asc, label_path asc
