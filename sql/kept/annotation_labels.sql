-- One row is a label, choice or taxonomy path that a submitted annotation or a prediction uses on a control tag.
-- Cancelled annotations, drafts and the labels of relations are left out.
-- A label is in the config where its control tag offers it; regions of a video take theirs from the Labels tags of the
-- same video. Whether it is, can't be told (null) where the control tag offers nothing of its own, or takes further
-- values from the task's data or from an address (value="$…", apiUrl).
--
-- project_id: projects.id
-- task_id: tasks.id
-- source: annotation or prediction
-- annotation_id: annotations.id, where source is annotation
-- prediction_id: predictions.id, where source is prediction
-- annotator_id: who made the annotation: users.id
-- ground_truth: the annotation is marked as ground truth
-- model_version: model that predicted
-- created_on: UTC day on which the annotation or prediction was created
-- from_name: name of the control tag
-- type: kind of the results, in lower case
-- kind: label, choice or taxonomy
-- label: the label; of a path, its leaf
-- label_path: root to leaf joined by ' / '; as the config has it where a result names only the leaf of a nested choice
-- in_config: the labeling config offers it; null where that can't be told
-- offered_by: the control tag that offers it: project_labels.from_name; null where none does
-- uses: results of the annotation or prediction that name it
-- label_set: all label paths that the annotation or prediction uses on the control tag, sorted; on the first of its
--   rows there, null on the others: rows that have it are the annotations and predictions that use the control tag
with named as (
    select
        result_labels.project_id,
        result_labels.task_id,
        result_labels.source,
        split_part(result_labels.result_key, '/', 2)::bigint as source_id,
        result_labels.from_name,
        result_labels.type,
        result_labels.kind,
        result_labels.label,
        result_labels.label_path
    from label_studio.result_labels
    inner join scope on result_labels.task_id = scope.task_id
    where
        result_labels.source <> 'draft'
        and result_labels.from_name is not null
        and result_labels.label_path is not null
),

offered as (
    select
        project_labels.project_id,
        project_labels.from_name,
        null::varchar as labels_tag,
        project_labels.label,
        project_labels.label_path
    from label_studio.project_labels
    union all
    select
        controls.project_id,
        controls.from_name,
        project_labels.from_name as labels_tag,
        project_labels.label,
        project_labels.label_path
    from controls
    inner join label_studio.project_labels
        on controls.project_id = project_labels.project_id and controls.to_name = project_labels.to_name
    where controls.type in ('videorectangle', 'videovector', 'videovectorlabels') and project_labels.type = 'labels'
),

offered_paths as (
    select
        project_id,
        from_name,
        label_path,
        min(label) as label,
        case when count(*) > count(labels_tag) then from_name else min(labels_tag) end as offered_by
    from offered
    group by project_id, from_name, label_path
),

offered_leaves as (
    select
        project_id,
        from_name,
        label,
        min(label_path) as label_path,
        min(offered_by) as offered_by
    from offered_paths
    group by project_id, from_name, label
    having count(*) = 1
),

judged_controls as (
    select distinct
        offered_paths.project_id,
        offered_paths.from_name
    from offered_paths
    left join controls
        on offered_paths.project_id = controls.project_id and offered_paths.from_name = controls.from_name
    where not coalesce(controls.is_open, false)
),

named_so as (
    select distinct
        project_id,
        from_name,
        label,
        label_path
    from named
),

meant as (
    select
        named_so.project_id,
        named_so.from_name,
        named_so.label_path,
        named_so.label,
        coalesce(offered_paths.label_path, offered_leaves.label_path, named_so.label_path) as config_path,
        coalesce(offered_paths.offered_by, offered_leaves.offered_by) as offered_by,
        case
            when coalesce(offered_paths.offered_by, offered_leaves.offered_by) is not null then true
            when judged_controls.from_name is not null then false
        end as in_config
    from named_so
    left join offered_paths
        on
            named_so.project_id = offered_paths.project_id
            and named_so.from_name = offered_paths.from_name
            and named_so.label_path = offered_paths.label_path
    left join offered_leaves
        on
            named_so.project_id = offered_leaves.project_id
            and named_so.from_name = offered_leaves.from_name
            and named_so.label_path = offered_leaves.label
    left join judged_controls
        on named_so.project_id = judged_controls.project_id and named_so.from_name = judged_controls.from_name
),

counted as (
    select
        named.project_id,
        named.task_id,
        named.source,
        named.source_id,
        named.from_name,
        min(named.type) as type,
        min(named.kind) as kind,
        min(meant.label) as label,
        meant.config_path as label_path,
        bool_or(meant.in_config) as in_config,
        min(meant.offered_by) as offered_by,
        count(*) as uses
    from named
    inner join meant
        on
            named.project_id = meant.project_id
            and named.from_name = meant.from_name
            and named.label_path = meant.label_path
            and named.label is not distinct from meant.label
    group by
        named.project_id, named.task_id, named.source, named.source_id, named.from_name, meant.config_path
),

label_sets as (
    select
        source,
        source_id,
        from_name,
        min(label_path) as first_path,
        list(label_path order by label_path) as label_set
    from counted
    group by source, source_id, from_name
)

select
    counted.project_id,
    counted.task_id,
    counted.source,
    case when counted.source = 'annotation' then counted.source_id end as annotation_id,
    case when counted.source = 'prediction' then counted.source_id end as prediction_id,
    sides.annotator_id,
    sides.ground_truth,
    sides.model_version,
    (sides.created_at at time zone 'UTC')::date as created_on,
    counted.from_name,
    counted.type,
    counted.kind,
    counted.label,
    counted.label_path,
    counted.in_config,
    counted.offered_by,
    counted.uses,
    label_sets.label_set
from counted
inner join sides on counted.source = sides.source and counted.source_id = sides.id
left join label_sets
    on
        counted.source = label_sets.source
        and counted.source_id = label_sets.source_id
        and counted.from_name = label_sets.from_name
        and counted.label_path = label_sets.first_path
