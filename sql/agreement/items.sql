-- One row is a region, a range of a timeline region, or a value, as a side gives it on a control tag.
-- exact: what has to be equal where only equal values match; null where a measure tells how near they are
-- place: 0-based place among the values of the control tag of one page or image
with ranges as (
    select
        result_ranges.result_key,
        result_ranges."start" as low,
        result_ranges."end" as high
    from label_studio.result_ranges
    inner join scope on result_ranges.task_id = scope.task_id
    where result_ranges.source <> 'draft'
),

placed as (
    select
        contents.*,
        slots.slot,
        coalesce(ranges.low, contents.low) as low_end,
        coalesce(ranges.high, contents.high) as high_end
    from contents
    inner join sides on contents.source = sides.source and contents.side_id = sides.id
    inner join slots on sides.side = slots.side and contents.from_name = slots.from_name
    left join ranges on contents.shape = 'ranges' and contents.result_key = ranges.result_key
)

select
    slot,
    row_number() over () as item,
    row_number() over (partition by slot, item_index order by result_index, low_end) - 1 as place,
    result_key,
    type,
    item_index,
    case when shape = 'ranges' then 'span' else shape end as shape,
    kind,
    labels,
    weight,
    label_count,
    x,
    y,
    width,
    height,
    rotation,
    original_width,
    original_height,
    points,
    low_end as low,
    high_end as high,
    low_anchor,
    high_anchor,
    start_offset,
    end_offset,
    global_start,
    global_end,
    number,
    text,
    said,
    score,
    case
        when shape is null and kind = 'choices' then labels
        when shape is null and kind = 'number' then coalesce(number::varchar, said)
        when shape is null or shape in ('mask', 'ellipse', 'keypoint', 'vector', 'further')
            then row(type, labels, text, number, said, x, y, width, radius_x, radius_y, rotation, points)::varchar
    end as exact
from placed
