-- One row is a label, choice or taxonomy path of a control tag: how often annotations and predictions use it.
-- Annotations are the submitted ones.
-- Labels that the labeling config offers and nobody used are included, with zeros; labels that were used and that the
-- config does not know, too. The labels of a video's Labels tag stand under the control tag that draws its regions,
-- once one of them was used.
-- Shares are taken per control tag: of all its uses, and of the annotations (predictions) that use it at all.
--
-- project_id: projects.id
-- project_title: title of the project
-- from_name: name of the control tag
-- type: kind of its results, in lower case; where there are none, of the control tag
-- label: the label; of a path, its leaf
-- label_path: root to leaf joined by ' / '; equal to label where there is no path
-- position: place among the values that the labeling config offers, from 0; null where it does not know the label
-- in_config: the labeling config offers it; null where that can't be told, as values come from the task's data
-- annotation_uses: results of submitted annotations that name it
-- annotation_use_share: share of these among all uses of the control tag's labels in annotations, 0 to 1
-- annotations: submitted annotations that use it
-- annotation_share: share of these among the submitted annotations that use the control tag, 0 to 1
-- prediction_uses: results of predictions that name it
-- prediction_use_share: share of these among all uses of the control tag's labels in predictions, 0 to 1
-- predictions: predictions that use it
-- prediction_share: share of these among the predictions that use the control tag, 0 to 1
with used as (
    select
        project_id,
        from_name,
        label_path,
        min(type) as type,
        min(label) as label,
        bool_or(in_config) as in_config,
        min(offered_by) as offered_by,
        sum(uses) filter (where source = 'annotation') as annotation_uses,
        count(*) filter (where source = 'annotation') as annotations,
        count(*) filter (where source = 'annotation' and label_set is not null) as first_in_annotations,
        sum(uses) filter (where source = 'prediction') as prediction_uses,
        count(*) filter (where source = 'prediction') as predictions,
        count(*) filter (where source = 'prediction' and label_set is not null) as first_in_predictions
    from analytics.annotation_labels
    group by project_id, from_name, label_path
),

-- under which control tags the values of a Labels tag of a video stand
standing as (
    select
        project_id,
        offered_by,
        from_name,
        min(type) as type
    from used
    where offered_by is not null
    group by project_id, offered_by, from_name
),

offered as (
    select
        project_labels.project_id,
        coalesce(standing.from_name, project_labels.from_name) as from_name,
        project_labels.label_path,
        min(coalesce(standing.type, project_labels.type)) as type,
        min(project_labels.label) as label,
        min(project_labels.position) as position
    from label_studio.project_labels
    left join standing
        on project_labels.project_id = standing.project_id and project_labels.from_name = standing.offered_by
    group by
        project_labels.project_id,
        coalesce(standing.from_name, project_labels.from_name),
        project_labels.label_path
),

totals as (
    select
        project_id,
        from_name,
        sum(annotation_uses) as annotation_uses,
        sum(first_in_annotations) as annotations,
        sum(prediction_uses) as prediction_uses,
        sum(first_in_predictions) as predictions
    from used
    group by project_id, from_name
),

joined as (
    select
        coalesce(used.project_id, offered.project_id) as project_id,
        coalesce(used.from_name, offered.from_name) as from_name,
        coalesce(used.label_path, offered.label_path) as label_path,
        coalesce(used.type, offered.type) as type,
        coalesce(used.label, offered.label) as label,
        offered.position,
        case when offered.label_path is not null then true else used.in_config end as in_config,
        coalesce(used.annotation_uses, 0) as annotation_uses,
        coalesce(used.annotations, 0) as annotations,
        coalesce(used.prediction_uses, 0) as prediction_uses,
        coalesce(used.predictions, 0) as predictions
    from used
    full outer join offered
        on
            used.project_id = offered.project_id
            and used.from_name = offered.from_name
            and used.label_path = offered.label_path
)

select
    joined.project_id,
    projects.title as project_title,
    joined.from_name,
    joined.type,
    joined.label,
    joined.label_path,
    joined.position,
    joined.in_config,
    joined.annotation_uses::bigint as annotation_uses,
    joined.annotation_uses / nullif(totals.annotation_uses::double, 0) as annotation_use_share,
    joined.annotations,
    joined.annotations / nullif(totals.annotations::double, 0) as annotation_share,
    joined.prediction_uses::bigint as prediction_uses,
    joined.prediction_uses / nullif(totals.prediction_uses::double, 0) as prediction_use_share,
    joined.predictions,
    joined.predictions / nullif(totals.predictions::double, 0) as prediction_share
from joined
left join totals on joined.project_id = totals.project_id and joined.from_name = totals.from_name
left join label_studio.projects on joined.project_id = projects.id
