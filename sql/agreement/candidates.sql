-- One row is two regions that could be the same one: on one control tag, page and kind of shape, and not apart.
-- geometry: how far they are the same, 0 to 1; null where another step measures it
with near as (
    select
        comparisons.comparison,
        a.item as item_a,
        b.item as item_b,
        a.shape,
        a.kind,
        a.labels = b.labels as same_labels,
        a.exact = b.exact as is_exact,
        a.shape = 'box' and (a.rotation <> 0 or b.rotation <> 0) as is_rotated,
        case
            when a.shape = 'box'
                then
                    greatest(0, least(a.x + a.width, b.x + b.width) - greatest(a.x, b.x))
                    * greatest(0, least(a.y + a.height, b.y + b.height) - greatest(a.y, b.y))
            when a.shape = 'span' and a.low + a.high + b.low + b.high is not null
                then least(a.high, b.high) - greatest(a.low, b.low)
            when a.shape = 'html'
                then
                    case
                        when
                            a.global_start is not null and a.global_end is not null
                            and b.global_start is not null and b.global_end is not null
                            then least(a.global_end, b.global_end) - greatest(a.global_start, b.global_start)
                        when
                            a.low_anchor = b.low_anchor and coalesce(a.high_anchor, '') = coalesce(b.high_anchor, '')
                            and a.start_offset + a.end_offset + b.start_offset + b.end_offset is not null
                            then least(a.end_offset, b.end_offset) - greatest(a.start_offset, b.start_offset)
                    end
        end as shared,
        case
            when a.shape = 'box' then a.width * a.height + b.width * b.height
            when a.shape = 'span' then greatest(a.high, b.high) - least(a.low, b.low)
            when a.shape = 'html'
                then
                    case
                        when
                            a.global_start is not null and a.global_end is not null
                            and b.global_start is not null and b.global_end is not null
                            then greatest(a.global_end, b.global_end) - least(a.global_start, b.global_start)
                        else greatest(a.end_offset, b.end_offset) - least(a.start_offset, b.start_offset)
                    end
        end as whole,
        a.shape = 'keypoint' and abs(a.x - b.x) < 1 and abs(a.y - b.y) < 1 as is_close
    from comparisons
    inner join items as a on comparisons.slot_a = a.slot
    inner join items as b on comparisons.slot_b = b.slot and a.item_index = b.item_index and a.shape = b.shape
)

select
    comparison,
    item_a,
    item_b,
    shape,
    kind,
    same_labels,
    is_exact,
    is_rotated,
    case
        when shape = 'box' then coalesce(shared / nullif(whole - shared, 0), 0)
        when shape in ('span', 'html') then coalesce(shared / nullif(whole, 0), 0)
        when shape = 'keypoint' then is_close::integer
        when shape in ('ellipse', 'vector', 'further') then is_exact::integer
    end as geometry
from near
where
    is_rotated
    or is_close
    or is_exact
    or shape in ('polygon', 'mask', 'video')
    or shared > 0
