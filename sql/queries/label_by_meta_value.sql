-- How are labels spread over the values of a meta key?
-- For example whether a camera, a source or a language has labels of its own. Submitted annotations count.
--
-- $project_id bigint, required: the project
-- $path varchar, required: the key, as task_meta.path has it, such as $.source
-- $from_name varchar = null: only this control tag; all where null
--
-- value: value of the meta key; null where the task does not have it
-- from_name: name of the control tag
-- label_path: the label, root to leaf
-- uses: results with the label
-- share: share of all uses of the control tag on tasks with this value
with used as (
    select
        task_meta.value,
        annotation_labels.from_name,
        annotation_labels.label_path,
        sum(annotation_labels.uses)::bigint as uses
    from analytics.annotation_labels
    left join label_studio.task_meta on annotation_labels.task_id = task_meta.task_id and task_meta.path = $path
    where
        annotation_labels.project_id = $project_id
        and annotation_labels.source = 'annotation'
        and ($from_name is null or annotation_labels.from_name = $from_name)
    group by task_meta.value, annotation_labels.from_name, annotation_labels.label_path
)

select
    value,
    from_name,
    label_path,
    uses,
    uses / sum(uses) over (partition by value, from_name)::double as share
from used
order by value asc nulls last, from_name asc, uses desc, label_path asc
