-- One row is two video regions, with how far they are the same: over all frames in which one of them is seen.
-- A region moves in a straight line from keyframe to keyframe. After a keyframe that is not enabled it is hidden, after
-- the last one that is enabled it stays until the end of the video.
-- geometry: mean IoU of the boxes; equal: share of frames in which the boxes are equal
with moving as (
    select distinct item_a as item from candidates where shape = 'video'
    union
    select distinct item_b from candidates where shape = 'video'
),

keyframes as (
    select
        moving.item,
        result_keyframes.frame,
        result_keyframes.x,
        result_keyframes.y,
        result_keyframes.width,
        result_keyframes.height,
        coalesce(result_keyframes.enabled, true) as enabled,
        results.frames_count,
        lead(result_keyframes.frame) over following as next_frame,
        lead(result_keyframes.x) over following as next_x,
        lead(result_keyframes.y) over following as next_y,
        lead(result_keyframes.width) over following as next_width,
        lead(result_keyframes.height) over following as next_height
    from moving
    inner join items on moving.item = items.item
    inner join label_studio.result_keyframes on items.result_key = result_keyframes.result_key
    inner join label_studio.results on items.result_key = results.result_key
    where result_keyframes.frame is not null
    window following as (partition by moving.item order by result_keyframes.frame, result_keyframes.keyframe_index)
),

spread as (
    select
        *,
        unnest(
            generate_series(
                frame,
                case
                    when not enabled then frame
                    when next_frame is null then greatest(frame, coalesce(frames_count, frame))
                    else greatest(frame, next_frame - 1)
                end
            )
        ) as at_frame
    from keyframes
    where next_frame is distinct from frame
),

boxes as (
    select
        item,
        at_frame as frame,
        coalesce(x + (next_x - x) * (at_frame - frame) / (next_frame - frame), x) as x,
        coalesce(y + (next_y - y) * (at_frame - frame) / (next_frame - frame), y) as y,
        coalesce(width + (next_width - width) * (at_frame - frame) / (next_frame - frame), width) as width,
        coalesce(height + (next_height - height) * (at_frame - frame) / (next_frame - frame), height) as height
    from spread
),

lengths as (
    select
        item,
        count(*) as frames
    from boxes
    group by item
),

shared as (
    select
        candidates.item_a,
        candidates.item_b,
        count(*) as frames,
        sum(
            case
                when
                    abs(a.x - b.x) < 1e-9 and abs(a.y - b.y) < 1e-9
                    and abs(a.width - b.width) < 1e-9 and abs(a.height - b.height) < 1e-9
                    then 1
                else 0
            end
        ) as equal_frames,
        sum(
            coalesce(
                greatest(0, least(a.x + a.width, b.x + b.width) - greatest(a.x, b.x))
                * greatest(0, least(a.y + a.height, b.y + b.height) - greatest(a.y, b.y))
                / nullif(
                    a.width * a.height + b.width * b.height
                    - greatest(0, least(a.x + a.width, b.x + b.width) - greatest(a.x, b.x))
                    * greatest(0, least(a.y + a.height, b.y + b.height) - greatest(a.y, b.y)),
                    0
                ),
                0
            )
        ) as iou_sum
    from (select * from candidates where shape = 'video') as candidates
    inner join boxes as a on candidates.item_a = a.item
    inner join boxes as b on candidates.item_b = b.item and a.frame = b.frame
    group by candidates.item_a, candidates.item_b
)

select
    shared.item_a,
    shared.item_b,
    shared.iou_sum / (a.frames + b.frames - shared.frames) as geometry,
    shared.equal_frames / (a.frames + b.frames - shared.frames) as equal
from shared
inner join lengths as a on shared.item_a = a.item
inner join lengths as b on shared.item_b = b.item
