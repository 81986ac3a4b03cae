-- One row is how often, on a control tag, one side says one label where the other side says another, or says nothing.
-- Sides are two annotations of a task, or the task's reference annotation and a prediction. The reference is a ground
-- truth before others, then the newest submitted annotation. Regions are matched one to one where they overlap by
-- half or more (as agreement_scores measures it): first those with the same labels, then those that overlap most.
-- Choices of the whole task: labels that both sides name match; if each side has one left over, these stand opposite
-- each other, else each stands alone.
--
-- project_id: projects.id
-- task_id: tasks.id
-- from_name: name of the control tag
-- type: kind of the results, in lower case
-- annotation_a_id: annotations.id
-- annotator_a_id: who made it: users.id
-- ground_truth_a: it is marked as ground truth
-- source_b: what it is compared with: annotation or prediction
-- annotation_b_id: annotations.id, the larger of both, where source_b is annotation
-- prediction_b_id: predictions.id, where source_b is prediction
-- annotator_b_id: who made the other annotation: users.id
-- ground_truth_b: the other annotation is marked as ground truth
-- model_version_b: model that predicted
-- label_a: what annotation a says; labels of one region are joined by ', '; '' where a region has none; null where a
--   has nothing
-- label_b: what the other side says
-- iou_step: overlap of the regions, rounded down to a multiple of 0.05; null where they don't match, and for choices
-- score_bin: tenth that the prediction's score falls in, 0 to 9; null where it has none from 0 to 1
-- regions: number of regions, or of choices
-- score_sum: sum of these scores
with compared as (
    select
        comparison,
        slot_a,
        slot_b
    from comparisons
    where is_matched and (slot_a is not null or slot_b is not null)
),

regions as (
    select
        slot,
        item,
        replace(labels, chr(31), ', ') as label,
        score
    from items
    where shape is not null and kind in ('labels', 'choices')
),

both_sides as (
    select
        matches.comparison,
        a.label as label_a,
        b.label as label_b,
        round(floor(matches.geometry * 20 + 1e-9) / 20, 2) as iou_step,
        b.score
    from matches
    inner join regions as a on matches.item_a = a.item
    inner join regions as b on matches.item_b = b.item
),

only_a as (
    select
        compared.comparison,
        regions.label as label_a,
        null::varchar as label_b,
        null::double as iou_step,
        null::double as score
    from compared
    inner join regions on compared.slot_a = regions.slot
    anti join matches on compared.comparison = matches.comparison and regions.item = matches.item_a
),

only_b as (
    select
        compared.comparison,
        null::varchar as label_a,
        regions.label as label_b,
        null::double as iou_step,
        regions.score
    from compared
    inner join regions on compared.slot_b = regions.slot
    anti join matches on compared.comparison = matches.comparison and regions.item = matches.item_b
),

split_choices as (
    select
        slot,
        item_index,
        score,
        unnest(string_split(labels, chr(31))) as label
    from items
    where shape is null and kind = 'choices'
    union all
    select
        slot,
        item_index,
        score,
        said
    from items
    where shape is null and type = 'pairwise' and said is not null
),

choices as (
    select
        slot,
        item_index,
        label,
        max(score) as score
    from split_choices
    group by slot, item_index, label
),

sided_choices as (
    select
        compared.comparison,
        choices.item_index,
        choices.label,
        true as is_a,
        null::double as score
    from compared
    inner join choices on compared.slot_a = choices.slot
    union all
    select
        compared.comparison,
        choices.item_index,
        choices.label,
        false,
        choices.score
    from compared
    inner join choices on compared.slot_b = choices.slot
),

paired_choices as (
    select
        comparison,
        item_index,
        label,
        bool_or(is_a) as in_a,
        bool_or(not is_a) as in_b,
        max(score) as score
    from sided_choices
    group by comparison, item_index, label
),

counted_choices as (
    select
        *,
        count(*) filter (where in_a and not in_b) over same_item as left_in_a,
        count(*) filter (where in_b and not in_a) over same_item as left_in_b
    from paired_choices
    window same_item as (partition by comparison, item_index)
),

opposite_choices as (
    select
        comparison,
        case when in_a then label end as label_a,
        case when in_b then label end as label_b,
        score
    from counted_choices
    where (in_a and in_b) or left_in_a <> 1 or left_in_b <> 1
    union all
    select
        comparison,
        max(case when in_a then label end),
        max(case when in_b then label end),
        max(score)
    from counted_choices
    where in_a <> in_b and left_in_a = 1 and left_in_b = 1
    group by comparison, item_index
),

opposite as (
    select * from both_sides
    union all
    select * from only_a
    union all
    select * from only_b
    union all
    select
        comparison,
        label_a,
        label_b,
        null,
        score
    from opposite_choices
),

scored as (
    select
        comparisons.project_id,
        comparisons.task_id,
        comparisons.from_name,
        comparisons.type,
        a.id as annotation_a_id,
        a.annotator_id as annotator_a_id,
        a.ground_truth as ground_truth_a,
        b.source as source_b,
        case when b.source = 'annotation' then b.id end as annotation_b_id,
        case when b.source = 'prediction' then b.id end as prediction_b_id,
        b.annotator_id as annotator_b_id,
        b.ground_truth as ground_truth_b,
        b.model_version as model_version_b,
        opposite.label_a,
        opposite.label_b,
        opposite.iou_step,
        case
            when
                b.source = 'prediction'
                and opposite.label_b is not null
                and coalesce(opposite.score, b.score) between 0 and 1
                then coalesce(opposite.score, b.score)
        end as score
    from opposite
    inner join comparisons on opposite.comparison = comparisons.comparison
    inner join sides as a on comparisons.side_a = a.side
    inner join sides as b on comparisons.side_b = b.side
)

select
    project_id,
    task_id,
    from_name,
    type,
    annotation_a_id,
    annotator_a_id,
    ground_truth_a,
    source_b,
    annotation_b_id,
    prediction_b_id,
    annotator_b_id,
    ground_truth_b,
    model_version_b,
    label_a,
    label_b,
    iou_step,
    case when score < 1 then floor(score * 10) when score = 1 then 9 end::integer as score_bin,
    count(*) as regions,
    sum(score) as score_sum
from scored
group by
    project_id,
    task_id,
    from_name,
    type,
    annotation_a_id,
    annotator_a_id,
    ground_truth_a,
    source_b,
    annotation_b_id,
    prediction_b_id,
    annotator_b_id,
    ground_truth_b,
    model_version_b,
    label_a,
    label_b,
    iou_step,
    score_bin
