-- One row is a region of an annotation, prediction or draft: all results that share a region id, folded together.
-- What has neither a place nor a time, as a choice on the whole task, is no region. Place, type and control come from
-- the first result that says where the region is, a drawing or label control before a choice, text or number on it.
-- A result without a region id is a region of its own. Regions of cancelled (skipped) annotations are in.
-- Pixels are percent / 100 * original_width or original_height, null where the image's size is not known. The area of a
-- box is width * height, of an ellipse pi * radius_x * radius_y, of a polygon what its corners enclose (shoelace
-- formula; the last corner is joined to the first), of a vector likewise, if it is closed and has no curves. Rotation
-- leaves areas as they are. Null for masks, whose pixels no SQL counts, and for OCR labels and cubes, whose numbers are
-- no percent: these have no pixels either. A filter on project_id or task_id is fast.
--
-- project_id: projects.id
-- project_title: title of the project
-- task_id: tasks.id
-- inner_id: number of the task within its project
-- source: annotation, prediction or draft
-- annotation_id: annotations.id, where source is annotation
-- prediction_id: predictions.id, where source is prediction
-- draft_id: drafts.id, where source is draft
-- annotator_id: who made the annotation or draft: users.id
-- annotator_email: e-mail of who made the annotation or draft
-- annotator_name: first and last name of who made the annotation or draft; else the e-mail, or 'user' and the id
-- was_cancelled: the annotator skipped the task; false for predictions and drafts
-- ground_truth: the annotation is marked as ground truth; false for predictions and drafts
-- model_version: model that predicted
-- region_id: id of the region within the annotation, prediction or draft
-- parent_region_id: region that this one is grouped under
-- result_key: the result that says where the region is: results.result_key
-- result_rows: results that were folded into the region
-- from_name: control tag that the region was drawn with
-- to_name: object tag that it is drawn on
-- object_type: kind of that object, as the labeling config writes it: Image, Text, Audio, Video
-- type: kind of the result that says where the region is, as rectanglelabels
-- shape: box, ellipse, polygon, vector, keypoint, mask, cube, video, timeline or span
-- label: the first label
-- labels: all labels in their order, joined by ' | '
-- choices: choices made on the region, joined by ' | '
-- taxonomy: taxonomy paths chosen on the region, joined by ' | '
-- texts: texts written on the region, joined by ' | '
-- number: number given to the region
-- rating: stars given to the region
-- datetime: date or time given to the region
-- score: confidence of the region, in the model's own unit
-- origin: manual, prediction or prediction-changed
-- item_index: page or image of a multi-page object, from 0
-- page_index: page of a document, from 1
-- original_width: width of the image in pixels
-- original_height: height of the image in pixels
-- x: left edge, or centre of an ellipse or keypoint, in percent of the width
-- y: top edge, or centre of an ellipse or keypoint, in percent of the height
-- width: width in percent of the object's width; of a keypoint, the size of its dot
-- height: height in percent of the object's height
-- rotation: clockwise rotation about (x, y) in degrees
-- radius_x: horizontal radius of an ellipse in percent of the width
-- radius_y: vertical radius of an ellipse in percent of the height
-- points: number of corners of a polygon or vertices of a vector
-- x_px: x in pixels
-- y_px: y in pixels
-- width_px: width in pixels
-- height_px: height in pixels
-- radius_x_px: radius_x in pixels
-- radius_y_px: radius_y in pixels
-- area_percent: area in percent of the object's area
-- area_px: area in pixels
-- start: start of a span, or first frame of a timeline region
-- end: end of a span, or last frame of a timeline region
-- start_text: start where it is text: an XPath, a paragraph's number, a time
-- end_text: end where it is text
-- start_offset: characters into the start node or paragraph
-- end_offset: characters into the end node or paragraph
-- global_start: start in characters of the whole text
-- global_end: end in characters of the whole text
-- length: length of a span or timeline region in length_unit; of HTML and paragraphs by the offsets in the whole text,
--   or in the node where both ends are in one; null where neither says it
-- length_unit: characters, seconds, frames, or series for the unit of a time series
-- text: marked text of a span
-- channel: audio channel, from 0
-- keyframes: number of keyframes of a video region
-- first_frame: first keyframe of a video region
-- last_frame: last keyframe of a video region
-- ranges: number of ranges of a timeline region
-- mask_format: format of a mask, mostly rle
-- mask_length: elements of a mask's rle, or characters of its image
-- meta: notes on the region, as JSON
with tags as (
    select
        id as project_id,
        unnest(regexp_extract_all(label_config, '<\w+\s(?:[^>]*\s)?name\s*=\s*["''][^"'']*')) as tag
    from label_studio.projects
),

objects as (
    select
        project_id,
        regexp_extract(tag, '["'']([^"'']*)$', 1) as name,
        regexp_extract(tag, '^<(\w+)', 1) as type
    from tags
),

object_types as (
    select
        project_id,
        name,
        min(type) as object_type
    from objects
    group by project_id, name
),

named as (
    select
        project_id,
        task_id,
        result_key,
        min(label) filter (where label_index = 0 and kind = 'label') as label,
        string_agg(label_path, ' | ' order by label_index) filter (where kind = 'label') as labels,
        string_agg(label_path, ' | ' order by label_index) filter (where kind = 'choice') as choices,
        string_agg(label_path, ' | ' order by label_index) filter (where kind = 'taxonomy') as taxonomy
    from label_studio.result_labels
    group by project_id, task_id, result_key
),

written as (
    select
        project_id,
        task_id,
        result_key,
        string_agg(text, ' | ' order by text_index) as texts
    from label_studio.result_texts
    group by project_id, task_id, result_key
),

corners as (
    select
        project_id,
        task_id,
        result_key,
        vertex_id,
        is_bezier,
        x,
        y,
        coalesce(lead(x) over around, first_value(x) over around) as next_x,
        coalesce(lead(y) over around, first_value(y) over around) as next_y
    from label_studio.result_points
    window around as (partition by project_id, task_id, result_key order by point_index)
),

outlines as (
    select
        project_id,
        task_id,
        result_key,
        count(*) as points,
        bool_or(vertex_id is not null) as is_vector,
        bool_or(coalesce(is_bezier, false)) as is_curved,
        -- a corner that lacks a number leaves the area open
        case when count(x + y) = count(*) then abs(sum(x * next_y - next_x * y)) / 2 end as area
    from corners
    group by project_id, task_id, result_key
),

tracks as (
    select
        project_id,
        task_id,
        result_key,
        count(*) as keyframes,
        min(frame) as first_frame,
        max(frame) as last_frame
    from label_studio.result_keyframes
    group by project_id, task_id, result_key
),

timelines as (
    select
        project_id,
        task_id,
        result_key,
        count(*) as ranges,
        min("start") as first_frame,
        max("end") as last_frame,
        sum("end" - "start" + 1) as frames
    from label_studio.result_ranges
    group by project_id, task_id, result_key
),

described as (
    select
        results.*,
        coalesce(results.region_id, results.result_key) as region_key,
        named.label as own_label,
        named.labels as own_labels,
        named.choices as own_choices,
        named.taxonomy as own_taxonomy,
        written.texts as own_texts,
        outlines.points,
        outlines.is_vector,
        outlines.is_curved,
        outlines.area as outline_area,
        tracks.keyframes,
        tracks.first_frame,
        tracks.last_frame,
        timelines.ranges,
        timelines.first_frame as range_start,
        timelines.last_frame as range_end,
        timelines.frames,
        coalesce(
            results.x is not null
            or results.mask_length is not null
            or results.frames_count is not null
            or results."start" is not null
            or results.start_text is not null
            or results.start_offset is not null
            or results.global_start is not null
            or outlines.points > 0
            or tracks.keyframes > 0
            or timelines.ranges > 0,
            false
        ) as is_placed,
        coalesce(
            results.type in ('choices', 'taxonomy', 'textarea', 'number', 'rating', 'datetime'), false
        ) as is_detail
    from label_studio.results
    left join named
        on
            results.result_key = named.result_key
            and results.task_id = named.task_id
            and results.project_id = named.project_id
    left join written
        on
            results.result_key = written.result_key
            and results.task_id = written.task_id
            and results.project_id = written.project_id
    left join outlines
        on
            results.result_key = outlines.result_key
            and results.task_id = outlines.task_id
            and results.project_id = outlines.project_id
    left join tracks
        on
            results.result_key = tracks.result_key
            and results.task_id = tracks.task_id
            and results.project_id = tracks.project_id
    left join timelines
        on
            results.result_key = timelines.result_key
            and results.task_id = timelines.task_id
            and results.project_id = timelines.project_id
),

-- each row of a region is told what all of them say, so that the first one can stand for the region
folded as (
    select
        *,
        row_number() over region as place,
        count(*) over region_rows as result_rows,
        first_value(own_label ignore nulls) over region_rows as label,
        string_agg(own_labels, ' | ') over region_rows as labels,
        string_agg(own_choices, ' | ') over region_rows as choices,
        string_agg(own_taxonomy, ' | ') over region_rows as taxonomy,
        string_agg(own_texts, ' | ') over region_rows as texts,
        max(number) over region_rows as region_number,
        max(rating) over region_rows as region_rating,
        max(datetime) over region_rows as region_datetime,
        max(case when not is_detail then score end) over region_rows as region_score
    from described
    window
        region as (
            partition by project_id, task_id, source, annotation_id, prediction_id, draft_id, region_key
            order by is_placed desc, is_detail asc, result_index asc
        ),
        region_rows as (
            partition by project_id, task_id, source, annotation_id, prediction_id, draft_id, region_key
            order by is_placed desc, is_detail asc, result_index asc
            rows between unbounded preceding and unbounded following
        )
),

shaped as (
    select
        *,
        case
            when type = 'cube' then 'cube'
            when mask_length is not null then 'mask'
            when keyframes > 0 or frames_count is not null then 'video'
            when ranges > 0 then 'timeline'
            when points > 0 and (is_vector or type like 'vector%') then 'vector'
            when points > 0 then 'polygon'
            when radius_x is not null then 'ellipse'
            when x is not null and height is not null then 'box'
            when x is not null then 'keypoint'
            else 'span'
        end as shape
    from folded
    where place = 1 and is_placed
),

measured as (
    select
        shaped.*,
        object_types.object_type,
        case when shaped.type not in ('ocrlabels', 'cube') then shaped.original_width / 100.0 end as percent_x_px,
        case when shaped.type not in ('ocrlabels', 'cube') then shaped.original_height / 100.0 end as percent_y_px,
        case
            when shaped.type = 'ocrlabels' then null
            when shaped.shape = 'box' then shaped.width * shaped.height / 100
            when shaped.shape = 'ellipse' then pi() * shaped.radius_x * shaped.radius_y / 100
            when shaped.shape = 'polygon' then shaped.outline_area / 100
            when shaped.shape = 'vector' and shaped.closed and not shaped.is_curved then shaped.outline_area / 100
        end as area_percent,
        case
            when shaped.shape = 'timeline' then shaped.frames
            when shaped.shape <> 'span' then null
            when shaped."start" is not null then shaped."end" - shaped."start"
            when shaped.global_start is not null then shaped.global_end - shaped.global_start
            when shaped.start_text = shaped.end_text then shaped.end_offset - shaped.start_offset
        end as length,
        case
            when shaped.shape = 'timeline' then 'frames'
            when shaped.shape <> 'span' then null
            when shaped.type like 'timeseries%' or object_types.object_type = 'TimeSeries' then 'series'
            when object_types.object_type in ('Audio', 'AudioPlus', 'Video') then 'seconds'
            when shaped.channel is not null or shaped.original_length is not null then 'seconds'
            else 'characters'
        end as length_unit
    from shaped
    left join object_types on shaped.project_id = object_types.project_id and shaped.to_name = object_types.name
)

select
    measured.project_id,
    projects.title as project_title,
    measured.task_id,
    tasks.inner_id,
    measured.source,
    measured.annotation_id,
    measured.prediction_id,
    measured.draft_id,
    coalesce(annotations.completed_by_id, drafters.id) as annotator_id,
    coalesce(users.email, annotations.completed_by_email, drafts.user_email) as annotator_email,
    coalesce(
        nullif(trim(concat_ws(' ', users.first_name, users.last_name)), ''),
        nullif(trim(concat_ws(' ', drafters.first_name, drafters.last_name)), ''),
        users.email,
        annotations.completed_by_email,
        drafts.user_email,
        'user ' || annotations.completed_by_id
    ) as annotator_name,
    coalesce(annotations.was_cancelled, false) as was_cancelled,
    coalesce(annotations.ground_truth, false) as ground_truth,
    predictions.model_version,
    measured.region_id,
    measured.parent_region_id,
    measured.result_key,
    measured.result_rows,
    measured.from_name,
    measured.to_name,
    measured.object_type,
    measured.type,
    measured.shape,
    measured.label,
    measured.labels,
    measured.choices,
    measured.taxonomy,
    measured.texts,
    measured.region_number as number,
    measured.region_rating as rating,
    measured.region_datetime as datetime,
    measured.region_score as score,
    measured.origin,
    measured.item_index,
    measured.page_index,
    measured.original_width,
    measured.original_height,
    measured.x,
    measured.y,
    measured.width,
    measured.height,
    measured.rotation,
    measured.radius_x,
    measured.radius_y,
    measured.points,
    measured.x * measured.percent_x_px as x_px,
    measured.y * measured.percent_y_px as y_px,
    measured.width * measured.percent_x_px as width_px,
    measured.height * measured.percent_y_px as height_px,
    measured.radius_x * measured.percent_x_px as radius_x_px,
    measured.radius_y * measured.percent_y_px as radius_y_px,
    measured.area_percent,
    measured.area_percent * 100 * measured.percent_x_px * measured.percent_y_px as area_px,
    coalesce(measured."start", measured.range_start) as "start",
    coalesce(measured."end", measured.range_end) as "end",
    measured.start_text,
    measured.end_text,
    measured.start_offset,
    measured.end_offset,
    measured.global_start,
    measured.global_end,
    measured.length,
    measured.length_unit,
    case when measured.shape = 'span' and measured.type <> 'textarea' then measured.text end as text,
    measured.channel,
    measured.keyframes,
    measured.first_frame,
    measured.last_frame,
    measured.ranges,
    measured.mask_format,
    measured.mask_length,
    measured.meta
from measured
left join label_studio.annotations
    on measured.annotation_id = annotations.id and measured.task_id = annotations.task_id
left join label_studio.predictions
    on measured.prediction_id = predictions.id and measured.task_id = predictions.task_id
left join label_studio.drafts on measured.draft_id = drafts.id and measured.task_id = drafts.task_id
left join label_studio.tasks on measured.task_id = tasks.id
left join label_studio.projects on measured.project_id = projects.id
left join label_studio.users on annotations.completed_by_id = users.id
left join label_studio.users as drafters on drafts.user_email = drafters.email
