-- One row is a metric on a control tag, between an annotation and another annotation or a prediction of the same
-- task. Cancelled annotations are left out. A control tag that neither side uses counts as a match (1), one that only
-- one side uses as none (0). Metrics: exact_match (choices, taxonomies, the better of two, dates, rankings: the same
-- set, whatever its order; ellipses, masks, keypoints, vectors: the share of equal regions, 0 where their numbers
-- differ), jaccard (choices and taxonomies: shared ÷ selected), path_match (taxonomies: the longest common beginning
-- of two paths ÷ length), subtree_match (taxonomies: leaves of the config beneath both ÷ beneath the larger
-- selection), numeric_difference (1 − difference ÷ range: a rating's maximum, a number's max − min, else the larger
-- number), text_similarity (1 − edit distance ÷ length, mean over the texts in their order), iou (boxes, rotation
-- ignored), polygon_iou, span_iou (overlap ÷ hull), html_span_iou (the same by global offsets, else by offsets within
-- equal anchors), keypoint_distance (nearer than 1 % in both directions), mask_iou, frame_match and frame_iou
-- (videos, over the frames of both), region_choices, region_text and region_value (values of single regions: overlap
-- × equality, or × text similarity). Regions: each region's best likeness among those of the other side with the same
-- labels, mean over the side's regions, weighted by label weights; of both sides' means the smaller.
--
-- project_id: projects.id
-- task_id: tasks.id
-- from_name: name of the control tag
-- type: kind of the results, or of the control tag where there are none, in lower case
-- metric: how it is compared
-- is_default: scores of tasks are made of this metric; one for each pair and control tag
-- annotation_a_id: annotations.id
-- annotator_a_id: who made it: users.id
-- ground_truth_a: it is marked as ground truth
-- source_b: what it is compared with: annotation or prediction
-- annotation_b_id: annotations.id, the larger of both, where source_b is annotation
-- prediction_b_id: predictions.id, where source_b is prediction
-- annotator_b_id: who made the other annotation: users.id
-- ground_truth_b: the other annotation is marked as ground truth
-- model_version_b: model that predicted
-- weight: the control tag's weight among the project's (control_weights: overall)
-- score: 0 (nothing in common) to 1 (the same); null where all labels in question weigh 0
-- score_rotated: the same by the true corners of rotated boxes; null for other metrics than iou
with metrics as (
    select
        comparison,
        metric,
        true as is_default
    from comparisons
    union all
    select
        comparison,
        case
            when type in ('choices', 'taxonomy') then 'jaccard'
            when type in ('keypoint', 'keypointlabels') then 'keypoint_distance'
            when type in ('brush', 'brushlabels', 'magicwand', 'bitmask', 'bitmasklabels') then 'mask_iou'
            when type = 'videorectangle' then 'frame_iou'
        end as further,
        false
    from comparisons
    where further is not null and metric in ('exact_match', 'frame_match')
    union all
    select
        comparisons.comparison,
        further.metric,
        false
    from comparisons
    cross join (values ('path_match'), ('subtree_match')) as further (metric)
    where comparisons.type = 'taxonomy' and comparisons.metric = 'exact_match'
),

measured as (
    select
        metrics.comparison,
        metrics.metric,
        metrics.is_default,
        case
            when
                metrics.metric in (
                    'exact_match', 'jaccard', 'path_match', 'subtree_match', 'numeric_difference', 'text_similarity'
                )
                then coalesce(value_scores.score, 0)
            when region_scores.comparison is null then 0
            when metrics.metric = 'frame_match' then region_scores.strict
            else region_scores.score
        end as score,
        case
            when metrics.metric <> 'iou' then null
            when region_scores.comparison is null then 0
            else region_scores.rotated
        end as score_rotated
    from metrics
    left join value_scores on metrics.comparison = value_scores.comparison and metrics.metric = value_scores.metric
    left join region_scores on metrics.comparison = region_scores.comparison
)

select
    comparisons.project_id,
    comparisons.task_id,
    comparisons.from_name,
    comparisons.type,
    measured.metric,
    measured.is_default,
    a.id as annotation_a_id,
    a.annotator_id as annotator_a_id,
    a.ground_truth as ground_truth_a,
    b.source as source_b,
    case when b.source = 'annotation' then b.id end as annotation_b_id,
    case when b.source = 'prediction' then b.id end as prediction_b_id,
    b.annotator_id as annotator_b_id,
    b.ground_truth as ground_truth_b,
    b.model_version as model_version_b,
    comparisons.weight,
    case
        when comparisons.slot_a is null and comparisons.slot_b is null then 1
        when comparisons.slot_a is null or comparisons.slot_b is null then 0
        when measured.score > 1 then 1
        else measured.score
    end::double as score,
    case
        when measured.metric <> 'iou' then null
        when comparisons.slot_a is null and comparisons.slot_b is null then 1
        when comparisons.slot_a is null or comparisons.slot_b is null then 0
        when measured.score_rotated > 1 then 1
        else measured.score_rotated
    end::double as score_rotated
from comparisons
inner join measured on comparisons.comparison = measured.comparison
inner join sides as a on comparisons.side_a = a.side
inner join sides as b on comparisons.side_b = b.side
