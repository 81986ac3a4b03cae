-- One row is a label as a model version predicts it on a control tag, at a threshold: how many predictions are right,
-- and how much they miss. Predictions are measured against the reference annotation of their task: a ground truth
-- before others, then the newest submitted one; tasks without any don't count. A predicted region is right where it
-- is matched one to one with a region of the same label, and their overlap (IoU) is at least the threshold. Labels of
-- one region count as one label.
--
-- project_id: projects.id
-- project_title: title of the project
-- model_version: model that predicted; null where a prediction names none
-- from_name: name of the control tag
-- type: kind of the results, in lower case
-- label: the label; '' for a region without label
-- iou_threshold: overlap from which a region is right: 0.5, 0.75, 0.9; null for choices of the whole task
-- predicted: regions or choices that the model predicts with the label
-- actual: those that the reference annotations have
-- matches: predicted ones that are right
-- precision: matches ÷ predicted
-- recall: matches ÷ actual
-- f1: 2 × precision × recall ÷ (precision + recall), which is 2 × matches ÷ (predicted + actual)
-- iou_mean: mean overlap of the matches, rounded down to steps of 0.05; null for choices
with cells as (
    select
        project_id,
        model_version_b as model_version,
        from_name,
        type,
        label_a,
        label_b,
        iou_step,
        sum(regions) as regions
    from analytics.region_matches
    where source_b = 'prediction'
    group by project_id, model_version_b, from_name, type, label_a, label_b, iou_step
),

-- of a control tag with regions, all counts are repeated at each threshold
kinds as (
    select
        project_id,
        from_name,
        max(type) as type,
        bool_or(iou_step is not null) as has_regions
    from cells
    group by project_id, from_name
),

thresholds as (
    select
        kinds.project_id,
        kinds.from_name,
        kinds.type,
        steps.iou_threshold
    from kinds
    inner join
        (values (0.5::double, true), (0.75, true), (0.9, true), (null, false)) as steps (iou_threshold, has_regions)
        on kinds.has_regions = steps.has_regions
),

labeled as (
    select
        project_id,
        model_version,
        from_name,
        label_b as label,
        regions as predicted,
        0 as actual,
        0 as matches,
        null::double as iou_step
    from cells
    where label_b is not null
    union all
    select
        project_id,
        model_version,
        from_name,
        label_a,
        0,
        regions,
        case when label_a = label_b then regions else 0 end,
        case when label_a = label_b then iou_step end
    from cells
    where label_a is not null
),

counted as (
    select
        labeled.project_id,
        labeled.model_version,
        labeled.from_name,
        thresholds.type,
        labeled.label,
        thresholds.iou_threshold,
        sum(labeled.predicted)::bigint as predicted,
        sum(labeled.actual)::bigint as actual,
        sum(
            case
                when thresholds.iou_threshold is null or labeled.iou_step >= thresholds.iou_threshold
                    then labeled.matches
                else 0
            end
        )::bigint as matches,
        sum(
            case when labeled.iou_step >= thresholds.iou_threshold then labeled.matches * labeled.iou_step end
        ) as iou_sum
    from labeled
    inner join thresholds on labeled.project_id = thresholds.project_id and labeled.from_name = thresholds.from_name
    group by
        labeled.project_id,
        labeled.model_version,
        labeled.from_name,
        thresholds.type,
        labeled.label,
        thresholds.iou_threshold
)

select
    counted.project_id,
    projects.title as project_title,
    counted.model_version,
    counted.from_name,
    counted.type,
    counted.label,
    counted.iou_threshold,
    counted.predicted,
    counted.actual,
    counted.matches,
    counted.matches / nullif(counted.predicted, 0)::double as precision,
    counted.matches / nullif(counted.actual, 0)::double as recall,
    2 * counted.matches / nullif(counted.predicted + counted.actual, 0)::double as f1,
    counted.iou_sum / nullif(counted.matches, 0) as iou_mean
from counted
left join label_studio.projects on counted.project_id = projects.id
