-- One row is what a side says on a control tag.
-- metric: by which it is compared: where regions of several shapes are mixed, each by its own measure
with named as (
    select
        contents.*,
        case
            when shape is null and kind = 'text' then 'text_similarity'
            when shape is null and kind = 'number' then 'numeric_difference'
            when shape is null or shape in ('ellipse', 'vector', 'mask', 'keypoint', 'further') then 'exact_match'
            when kind = 'text' then 'region_text'
            when kind = 'choices' then 'region_choices'
            when kind in ('number', 'other') then 'region_value'
            when shape = 'box' then 'iou'
            when shape = 'polygon' then 'polygon_iou'
            when shape = 'html' then 'html_span_iou'
            when shape = 'video' then 'frame_match'
            else 'span_iou'
        end as metric,
        -- of the whole task, with the page or image that they are of
        case when shape is null and kind = 'choices' then item_index || chr(30) || labels end as choices
    from contents
)

select
    sides.side,
    named.project_id,
    named.task_id,
    named.from_name,
    max(named.type) as type,
    max(named.metric) as metric,
    string_agg(distinct named.choices, chr(29) order by named.choices) as choices,
    row_number() over () as slot
from named
inner join sides on named.source = sides.source and named.side_id = sides.id
group by sides.side, named.project_id, named.task_id, named.from_name
