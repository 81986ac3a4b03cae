-- One row is something about a result of a submitted annotation or of a prediction that can't be right, or should be
-- looked at. Cancelled annotations and drafts are left out. A region has at most one row of a kind, whatever number of
-- results describe it.
-- Findings: zero_area (a box, ellipse or polygon without area, an empty mask), too_few_points (a polygon of less than
-- 3 points), out_of_frame (a region that reaches further than 1 % of the width or height beyond its image or frame; by
-- the true corners where it is rotated, and not judged then where the size of the image is unknown), out_of_recording
-- (a span that begins or ends more than half a second outside of the recording), reversed_span (it ends before it
-- begins), empty_span (it ends where it begins, and is no instant), unknown_label (the control tag does not offer the
-- label: one row for an annotation or prediction, control tag and label), duplicate_region (the same control tag,
-- geometry and labels as another region), dangling_relation (an end is no region of the same annotation or
-- prediction), score_out_of_range (a region's score below 0 or above 1: one row for an annotation or prediction).
--
-- project_id: projects.id
-- task_id: tasks.id
-- finding: what was found
-- severity: error where it can't be right, warning where it should be looked at
-- source: annotation or prediction
-- annotation_id: annotations.id, where source is annotation
-- prediction_id: predictions.id, where source is prediction
-- annotator_id: who made the annotation: users.id
-- model_version: model that predicted
-- created_at: when the annotation or prediction was created
-- result_key: results.result_key; the first one where several say the same
-- region_id: region that the result describes; null where the result names none
-- from_name: name of the control tag; null for a relation
-- detail: what exactly was found, in words
with given as (
    select
        results.result_key,
        results.project_id,
        results.task_id,
        results.source,
        coalesce(results.annotation_id, results.prediction_id) as source_id,
        results.result_index,
        results.region_id,
        results.from_name,
        results.type,
        coalesce(
            results.type in (
                'choices', 'taxonomy', 'textarea', 'number', 'rating', 'datetime', 'pairwise', 'ranker',
                'chatmessage', 'reactcode', 'relation'
            ),
            false
        ) as is_value,
        coalesce(results.item_index, results.page_index) as item_index,
        results.x,
        results.y,
        results.width,
        results.height,
        results.radius_x,
        results.radius_y,
        results.mask_length,
        coalesce(results.rotation, 0) as rotation,
        -- without the size of the image, only what is not rotated can be judged
        case
            when results.original_width > 0 and results.original_height > 0
                then results.original_height / results.original_width::double
            when coalesce(results.rotation, 0) = 0 then 1
        end as aspect,
        results.original_length,
        coalesce(results.instant, false) as instant,
        coalesce(results."start", try_cast(results.start_text as double)) as low,
        coalesce(results."end", try_cast(results.end_text as double)) as high,
        results.start_text,
        results.end_text,
        results.start_offset,
        results.end_offset,
        results.global_start,
        results.global_end,
        results.from_region_id,
        results.to_region_id,
        results.score,
        md5(results.value::varchar) as value_digest
    from label_studio.results
    inner join scope on results.task_id = scope.task_id
    where results.source <> 'draft'
),

regions as (
    select *
    from given
    where not is_value
),

-- what boxes span from their corner, and ellipses from their centre: in percent of the width and of the height
axes as (
    select
        *,
        radius_x is not null and radius_y is not null as is_ellipse,
        case
            when radius_x is not null and radius_y is not null then radius_x
            when width is not null and height is not null then width
            else 0
        end as a,
        case
            when radius_x is not null and radius_y is not null then radius_y
            when width is not null and height is not null then height
            else 0
        end as b
    from regions
    where
        x is not null and y is not null
        and aspect is not null
        and abs(rotation) < 100000
        and type is distinct from 'ocrlabels'
),

turned as (
    select
        *,
        a * cos(radians(rotation)) as a_x,
        a / aspect * sin(radians(rotation)) as a_y,
        -b * aspect * sin(radians(rotation)) as b_x,
        b * cos(radians(rotation)) as b_y
    from axes
),

outlines as (
    select
        result_points.result_key,
        count(*) as point_count,
        min(result_points.x) as x_from,
        max(result_points.x) as x_to,
        min(result_points.y) as y_from,
        max(result_points.y) as y_to
    from label_studio.result_points
    inner join scope on result_points.task_id = scope.task_id
    where result_points.source <> 'draft' and result_points.x is not null and result_points.y is not null
    group by result_points.result_key
),

edges as (
    select
        result_points.result_key,
        result_points.x - first_value(result_points.x) over along as x,
        result_points.y - first_value(result_points.y) over along as y,
        lead(result_points.x) over along - first_value(result_points.x) over along as next_x,
        lead(result_points.y) over along - first_value(result_points.y) over along as next_y
    from label_studio.result_points
    inner join scope on result_points.task_id = scope.task_id
    where
        result_points.type in ('polygon', 'polygonlabels')
        and result_points.source <> 'draft'
        and result_points.x is not null
        and result_points.y is not null
    window along as (partition by result_points.result_key order by result_points.point_index)
),

areas as (
    select
        result_key,
        abs(sum(x * next_y - next_x * y)) / 2 as area
    from edges
    group by result_key
),

frames as (
    select
        result_keyframes.result_key,
        count(*) filter (where result_keyframes.width <= 0 or result_keyframes.height <= 0) as flat_frames,
        min(result_keyframes.x) filter (where coalesce(result_keyframes.rotation, 0) = 0) as x_from,
        max(result_keyframes.x + result_keyframes.width) filter (where coalesce(result_keyframes.rotation, 0) = 0)
            as x_to,
        min(result_keyframes.y) filter (where coalesce(result_keyframes.rotation, 0) = 0) as y_from,
        max(result_keyframes.y + result_keyframes.height) filter (where coalesce(result_keyframes.rotation, 0) = 0)
            as y_to
    from label_studio.result_keyframes
    inner join scope on result_keyframes.task_id = scope.task_id
    where result_keyframes.source <> 'draft' and coalesce(result_keyframes.enabled, true)
    group by result_keyframes.result_key
),

extents as (
    select
        result_key,
        case when is_ellipse then x - sqrt(a_x * a_x + b_x * b_x) else x + least(0, a_x, b_x, a_x + b_x) end as x_from,
        case when is_ellipse then x + sqrt(a_x * a_x + b_x * b_x) else x + greatest(0, a_x, b_x, a_x + b_x) end as x_to,
        case when is_ellipse then y - sqrt(a_y * a_y + b_y * b_y) else y + least(0, a_y, b_y, a_y + b_y) end as y_from,
        case when is_ellipse then y + sqrt(a_y * a_y + b_y * b_y) else y + greatest(0, a_y, b_y, a_y + b_y) end as y_to
    from turned
    union all
    select
        result_key,
        x_from,
        x_to,
        y_from,
        y_to
    from outlines
    union all
    select
        result_key,
        x_from,
        x_to,
        y_from,
        y_to
    from frames
),

-- ends of spans that can be compared: of text in HTML and paragraphs, offsets in the same node
spans as (
    select
        result_key,
        instant,
        case
            when global_start is not null and global_end is not null then global_start
            when start_offset is not null and end_offset is not null and start_text = end_text then start_offset
            when start_offset is null or end_offset is null or low <> high then low
        end::double as low,
        case
            when global_start is not null and global_end is not null then global_end
            when start_offset is not null and end_offset is not null and start_text = end_text then end_offset
            when start_offset is null or end_offset is null or low <> high then high
        end::double as high
    from regions
    union all
    select
        result_key,
        instant,
        epoch(try_cast(start_text as timestamp)),
        epoch(try_cast(end_text as timestamp))
    from regions
    where low is null and high is null and start_offset is null and global_start is null
    union all
    select
        result_ranges.result_key,
        true,
        result_ranges."start",
        result_ranges."end"
    from label_studio.result_ranges
    inner join scope on result_ranges.task_id = scope.task_id
    where result_ranges.source <> 'draft'
),

-- a shape may have its labels in another result of the region
labels_of_shapes as (
    select
        regions.source,
        regions.source_id,
        regions.region_id,
        string_agg(distinct result_labels.label_path, chr(31) order by result_labels.label_path) as labels
    from regions
    inner join label_studio.result_labels
        on regions.task_id = result_labels.task_id and regions.result_key = result_labels.result_key
    where regions.type = 'labels' and regions.region_id is not null
    group by regions.source, regions.source_id, regions.region_id
),

comparable as (
    select
        regions.*,
        coalesce(labels_of_shapes.labels, '') as labels
    from regions
    left join labels_of_shapes
        on
            regions.source = labels_of_shapes.source
            and regions.source_id = labels_of_shapes.source_id
            and regions.region_id = labels_of_shapes.region_id
    where regions.value_digest is not null and regions.type is not null
),

alike as (
    select
        result_key,
        row_number() over same as place,
        first_value(coalesce(region_id, 'without an id')) over same as first_region
    from comparable
    window same as (
        partition by source, source_id, from_name, type, item_index, value_digest, labels
        order by result_index
    )
),

region_ids as (
    select distinct
        source,
        source_id,
        region_id
    from given
    where type is distinct from 'relation' and region_id is not null
),

unknown_labels as (
    select
        result_labels.result_key,
        annotation_labels.from_name,
        annotation_labels.label_path,
        row_number() over (
            partition by
                annotation_labels.source,
                annotation_labels.annotation_id,
                annotation_labels.prediction_id,
                annotation_labels.from_name,
                annotation_labels.label_path
            order by split_part(result_labels.result_key, '/', 3)::bigint, result_labels.label_index
        ) as place
    from analytics.annotation_labels
    inner join scope on annotation_labels.task_id = scope.task_id
    inner join label_studio.result_labels
        on
            annotation_labels.task_id = result_labels.task_id
            and annotation_labels.source = result_labels.source
            and coalesce(annotation_labels.annotation_id, annotation_labels.prediction_id)
            = split_part(result_labels.result_key, '/', 2)::bigint
            and annotation_labels.from_name = result_labels.from_name
            and annotation_labels.label_path = result_labels.label_path
    where not annotation_labels.in_config
),

found as (
    select
        result_key,
        'zero_area' as finding,
        case
            when mask_length = 0 then 'the mask is empty'
            when radius_x is not null and radius_y is not null
                then 'radii ' || round(radius_x, 1) || ' % × ' || round(radius_y, 1) || ' %'
            else round(width, 1) || ' % × ' || round(height, 1) || ' %'
        end as detail
    from regions
    where
        radius_x is not null and radius_y is not null and (radius_x <= 0 or radius_y <= 0)
        or x is not null and y is not null and width is not null and height is not null and (width <= 0 or height <= 0)
        or mask_length = 0
    union all
    select
        areas.result_key,
        'zero_area',
        outlines.point_count || ' points on one line'
    from areas
    inner join outlines on areas.result_key = outlines.result_key
    where outlines.point_count >= 3 and areas.area < 0.000001
    union all
    select
        result_key,
        'zero_area',
        flat_frames || ' keyframes without area'
    from frames
    where flat_frames > 0
    union all
    select
        regions.result_key,
        'too_few_points',
        coalesce(outlines.point_count, 0) || case outlines.point_count when 1 then ' point' else ' points' end
    from regions
    left join outlines on regions.result_key = outlines.result_key
    where regions.type in ('polygon', 'polygonlabels') and coalesce(outlines.point_count, 0) < 3
    union all
    select
        extents.result_key,
        'out_of_frame',
        -- nobody wants to read of -0.0
        'reaches from ' || (round(extents.x_from, 1) + 0) || ' to ' || round(extents.x_to, 1) || ' % of the width,'
        || ' from ' || (round(extents.y_from, 1) + 0) || ' to ' || round(extents.y_to, 1) || ' % of the height'
    from extents
    inner join regions on extents.result_key = regions.result_key
    where
        (extents.x_from < -1 or extents.y_from < -1 or extents.x_to > 101 or extents.y_to > 101)
        and extents.x_from <= extents.x_to
        and extents.y_from <= extents.y_to
    union all
    select
        result_key,
        'out_of_recording',
        'from ' || round(low, 1) || ' to ' || round(high, 1) || ' s of ' || round(original_length, 1) || ' s'
    from regions
    where original_length > 0 and low <= high and (low < -0.5 or high > original_length + 0.5)
    union all
    select
        result_key,
        case when high < low then 'reversed_span' else 'empty_span' end,
        'from ' || round(low, 1) || ' to ' || round(high, 1)
    from spans
    where high < low or high = low and not instant
    union all
    select
        result_key,
        'unknown_label',
        from_name || ' does not offer ' || label_path
    from unknown_labels
    where place = 1
    union all
    select
        result_key,
        'duplicate_region',
        'the same as region ' || first_region
    from alike
    where place > 1
    union all
    select
        given.result_key,
        'dangling_relation',
        case
            when sources.region_id is null and targets.region_id is null then 'neither end is there: '
            when sources.region_id is null then 'the beginning is not there: '
            else 'the end is not there: '
        end || coalesce(given.from_region_id, 'nothing') || ' to ' || coalesce(given.to_region_id, 'nothing')
    from given
    left join region_ids as sources
        on
            given.source = sources.source
            and given.source_id = sources.source_id
            and given.from_region_id = sources.region_id
    left join region_ids as targets
        on
            given.source = targets.source
            and given.source_id = targets.source_id
            and given.to_region_id = targets.region_id
    where given.type = 'relation' and (sources.region_id is null or targets.region_id is null)
    union all
    select
        result_key,
        'score_out_of_range',
        'score ' || round(score, 3)
    from given
    where score < 0 or score > 1
),

located as (
    select
        given.*,
        found.finding,
        found.detail,
        row_number() over (
            partition by
                given.source,
                given.source_id,
                found.finding,
                -- a model with another scale would make a finding of each of its regions
                case when found.finding <> 'score_out_of_range' then coalesce(given.region_id, given.result_key) end,
                case when found.finding = 'unknown_label' then found.detail end
            order by given.result_index, found.detail
        ) as place
    from found
    inner join given on found.result_key = given.result_key
)

select
    located.project_id,
    located.task_id,
    located.finding,
    case
        when located.finding in ('zero_area', 'too_few_points', 'reversed_span', 'empty_span', 'dangling_relation')
            then 'error'
        else 'warning'
    end as severity,
    located.source,
    case when located.source = 'annotation' then located.source_id end as annotation_id,
    case when located.source = 'prediction' then located.source_id end as prediction_id,
    sides.annotator_id,
    sides.model_version,
    sides.created_at,
    located.result_key,
    located.region_id,
    located.from_name,
    located.detail
from located
inner join sides on located.source = sides.source and located.source_id = sides.id
where located.place = 1
