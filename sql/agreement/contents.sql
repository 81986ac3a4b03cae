-- One row is a result of a side: what shape it has, and what it says.
-- shape: the geometry that is compared; null where the result says something of the whole task
-- kind: what is said of the region, or of the task: labels, choices, text, number or other
-- labels: the distinct label paths, sorted, joined by U+001F; '' where there are none
-- said: a value that is no label, number or text; what no other column holds
with labels as (
    select distinct
        result_labels.result_key,
        result_labels.project_id,
        result_labels.from_name,
        result_labels.label,
        result_labels.label_path
    from label_studio.result_labels
    inner join scope on result_labels.task_id = scope.task_id
    where result_labels.source <> 'draft' and result_labels.label_path is not null
),

label_sets as (
    select
        labels.result_key,
        string_agg(labels.label_path, chr(31) order by labels.label_path) as labels,
        sum(coalesce(label_weights.weight, 1.0)) as weight,
        count(*) as label_count
    from labels
    left join label_weights
        on
            labels.project_id = label_weights.project_id
            and labels.from_name = label_weights.from_name
            and labels.label = label_weights.label
    group by labels.result_key
),

outlines as (
    select
        result_points.result_key,
        list([result_points.x, result_points.y] order by result_points.point_index) as points
    from label_studio.result_points
    inner join scope on result_points.task_id = scope.task_id
    where result_points.source <> 'draft'
    group by result_points.result_key
),

rankings as (
    select
        result_rankings.result_key,
        string_agg(
            concat_ws(chr(30), result_rankings.bucket, result_rankings.rank, result_rankings.item_id),
            chr(31)
            order by result_rankings.bucket, result_rankings.rank
        ) as said
    from label_studio.result_rankings
    inner join scope on result_rankings.task_id = scope.task_id
    where result_rankings.source <> 'draft'
    group by result_rankings.result_key
),

-- masks are long, so that their digests are compared
masks as (
    select
        results.result_key,
        coalesce(results.value ->> '$.rle', results.value ->> '$.imageDataURL') as mask,
        -- a mask that was dropped or made shorter by the load has its digest with it
        case
            when starts_with(mask, 'md5:') or starts_with(mask, 'base64:') then split_part(mask, ':', 2)
            else md5(mask)
        end as said
    from label_studio.results
    inner join scope on results.task_id = scope.task_id
    where results.source <> 'draft' and results.mask_length is not null
),

-- what no typed column holds: kinds of results that are not known here, and values of another type than usual
odd as (
    select
        results.result_key,
        results.type,
        results.value
    from label_studio.results
    inner join scope on results.task_id = scope.task_id
    left join label_sets on results.result_key = label_sets.result_key
    where
        results.source <> 'draft'
        and results.mask_length is null
        and (
            label_sets.result_key is null
            or results.type in ('brush', 'brushlabels', 'magicwand', 'bitmask', 'bitmasklabels')
        )
        and case
            when results.type in ('number', 'rating') then coalesce(results.number, results.rating) is null
            when results.type = 'datetime' then results.datetime is null
            when results.type = 'pairwise' then results.selected is null
            when results.type = 'textarea' then coalesce(results.text, '') = ''
            when results.type in ('ranker', 'relation') then false
            when
                results.type in (
                    'rectangle', 'ellipse', 'polygon', 'keypoint', 'videorectangle', 'vector', 'vectorlabels'
                )
                then false
            else true
        end
),

-- whatever the order of its keys, and however its numbers are written
odd_leaves as (
    select
        odd.result_key,
        odd.type,
        leaves.fullkey,
        coalesce(try_cast(leaves.atom::varchar as double)::varchar, leaves.atom::varchar, leaves.type) as said
    from odd, json_tree(odd.value) as leaves
    where leaves.atom is not null or leaves.type in ('NULL', 'ARRAY', 'OBJECT')
),

odd_values as (
    select
        result_key,
        string_agg(fullkey || chr(30) || said, chr(31) order by fullkey) as said,
        -- labels that are no list of texts
        string_agg(
            case
                when
                    (type in ('choices', 'taxonomy') or suffix(type, 'labels'))
                    and starts_with(fullkey, '$.' || type)
                    and said not in ('NULL', 'ARRAY', 'OBJECT')
                    then fullkey || chr(30) || said
            end,
            chr(31)
            order by fullkey
        ) as labels
    from odd_leaves
    group by result_key
),

vertices as (
    select
        results.result_key,
        concat_ws(
            chr(31),
            coalesce(results.closed, false),
            (results.value -> '$.vertices[*].controlPoint1')::varchar,
            (results.value -> '$.vertices[*].controlPoint2')::varchar
        ) as said
    from label_studio.results
    inner join scope on results.task_id = scope.task_id
    where results.source <> 'draft' and results.type in ('vector', 'vectorlabels')
),

vertex_orders as (
    select
        result_points.result_key,
        string_agg(
            coalesce(result_points.is_bezier::varchar, '') || coalesce(before.point_index::varchar, '-'), ','
            order by result_points.point_index
        ) as said
    from label_studio.result_points
    inner join scope on result_points.task_id = scope.task_id
    left join label_studio.result_points as before
        on
            result_points.task_id = before.task_id
            and result_points.result_key = before.result_key
            and result_points.prev_vertex_id = before.vertex_id
    where result_points.source <> 'draft' and result_points.type in ('vector', 'vectorlabels')
    group by result_points.result_key
),

joined as (
    select
        results.*,
        coalesce(label_sets.labels, odd_values.labels, '') as labels,
        coalesce(label_sets.weight, 1.0) as weight,
        coalesce(label_sets.label_count, 0) as label_count,
        outlines.points,
        coalesce(
            masks.said, rankings.said, vertices.said || coalesce(vertex_orders.said, ''), odd_values.said
        ) as further_value,
        coalesce(results."start", try_cast(results.start_text as double)) as low,
        coalesce(results."end", try_cast(results.end_text as double)) as high,
        epoch(try_cast(results.start_text as timestamp)) as low_time,
        epoch(try_cast(results.end_text as timestamp)) as high_time
    from label_studio.results
    inner join scope on results.task_id = scope.task_id
    left join label_sets on results.result_key = label_sets.result_key
    left join outlines on results.result_key = outlines.result_key
    left join rankings on results.result_key = rankings.result_key
    left join masks on results.result_key = masks.result_key
    left join odd_values on results.result_key = odd_values.result_key
    left join vertices on results.result_key = vertices.result_key
    left join vertex_orders on results.result_key = vertex_orders.result_key
    where results.source <> 'draft' and results.from_name is not null
),

shaped as (
    select
        *,
        case
            when type in ('pairwise', 'ranker', 'relation') then null
            when type = 'videorectangle' then 'video'
            when type = 'timelinelabels' then 'ranges'
            when mask_length is not null then 'mask'
            when type in ('brush', 'brushlabels', 'magicwand', 'bitmask', 'bitmasklabels') then 'mask'
            when radius_x is not null then 'ellipse'
            when type in ('vector', 'vectorlabels') then 'vector'
            when points is not null then 'polygon'
            when type in ('cube', 'videovector', 'videovectorlabels') then 'further'
            when x is not null and y is not null and width is not null and height is not null then 'box'
            when x is not null and y is not null then 'keypoint'
            when start_offset is not null or global_start is not null and start_text is not null then 'html'
            when low is not null and high is not null then 'span'
            when low_time is not null and high_time is not null then 'span'
            when start_text is not null then 'html'
        end as shape
    from joined
)

select
    source,
    coalesce(annotation_id, prediction_id) as side_id,
    task_id,
    project_id,
    result_key,
    result_index,
    from_name,
    type,
    coalesce(item_index, page_index, 0) as item_index,
    shape,
    case
        when type in ('choices', 'taxonomy') then 'choices'
        when type = 'textarea' then 'text'
        when type in ('number', 'rating') then 'number'
        when type in ('pairwise', 'ranker', 'datetime') then 'other'
        when shape is not null then 'labels'
        when labels <> '' then 'choices'
        else 'other'
    end as kind,
    labels,
    weight,
    label_count,
    x,
    y,
    width,
    height,
    coalesce(rotation, 0) as rotation,
    radius_x,
    radius_y,
    coalesce(original_width, 1) as original_width,
    coalesce(original_height, 1) as original_height,
    points,
    case when shape = 'span' then coalesce(low, low_time) end as low,
    case when shape = 'span' then coalesce(high, high_time) end as high,
    coalesce(start_text, "start"::varchar) as low_anchor,
    coalesce(end_text, "end"::varchar) as high_anchor,
    start_offset,
    end_offset,
    global_start,
    global_end,
    coalesce(number, rating) as number,
    text,
    coalesce(selected, datetime, further_value) as said,
    score
from shaped
where
    type is distinct from 'relation'
    -- who chooses nothing says nothing
    and not (shape is null and type in ('choices', 'taxonomy') and labels = '')
