-- One row is a result of a prediction: a region, a choice, a text, a relation.
-- A filter on project_id or task_id is fast.
--
-- result_key: results.result_key
-- project_id: projects.id
-- project_title: title of the project
-- task_id: tasks.id
-- inner_id: number of the task within its project
-- prediction_id: predictions.id
-- model_version: version of the model, as it named itself
-- prediction_score: score of the whole prediction, in the model's own unit: the same on all of its results
-- predicted_at: when the prediction was created
-- result_index: place in the prediction's result list, from 0
-- region_id: region that the result describes; results of a prediction that share it describe one region
-- parent_region_id: region that this one is grouped under
-- from_name: control tag of the labeling config
-- to_name: object tag, or several joined by commas
-- type: kind of result: the control tag's name in lower case, or relation
-- label: the first label, choice or taxonomy entry; of a path, its leaf
-- labels: all labels, choices or taxonomy paths in their order, joined by ' | '; a path's steps are joined by ' / '
-- texts: the texts of a textarea in their order, joined by ' | '
-- text: marked text of a span, or the texts of a textarea joined by newlines
-- number: value of a number control
-- rating: stars of a rating control
-- datetime: date or time in the control's own format
-- selected: left or right, of a pairwise comparison
-- score: confidence of the region, in the model's own unit, mostly 0 to 1
-- origin: manual, prediction or prediction-changed
-- item_index: page or image of a multi-page object, from 0
-- page_index: page of a document, from 1
-- original_width: width of the image in pixels
-- original_height: height of the image in pixels
-- image_rotation: rotation of the image in degrees
-- original_length: length of the audio in seconds
-- x: left edge, or centre of an ellipse, in percent of the width
-- y: top edge, or centre of an ellipse, in percent of the height
-- width: width in percent of the object's width
-- height: height in percent of the object's height
-- rotation: clockwise rotation about (x, y) in degrees
-- radius_x: horizontal radius of an ellipse in percent of the width
-- radius_y: vertical radius of an ellipse in percent of the height
-- closed: the polygon or vector is closed
-- start: start of a span: characters in text, seconds in audio, the series' unit
-- end: end of a span, in the unit of start
-- start_text: start where it is text: an XPath, a paragraph's number, a time
-- end_text: end where it is text
-- start_offset: characters into the start node or paragraph
-- end_offset: characters into the end node or paragraph
-- global_start: start in characters of the whole text
-- global_end: end in characters of the whole text
-- channel: audio channel, from 0
-- instant: the span of a time series is one moment
-- frames_count: frames of the video
-- duration: length of the video in seconds
-- mask_format: format of a mask, mostly rle
-- mask_length: elements of a mask's rle, or characters of its image
-- from_region_id: region where a relation starts
-- to_region_id: region where a relation ends
-- direction: left, right or bi, of a relation
-- hidden: the region is hidden in the editor
-- readonly: the region can't be changed
-- is_positive: a prompt that says what belongs to the object, not what doesn't
-- value: the value, complete, as JSON
-- meta: notes on the region and what controls add to it, as JSON
with named as (
    select
        project_id,
        task_id,
        result_key,
        min(label) filter (where label_index = 0) as label,
        string_agg(label_path, ' | ' order by label_index) as labels
    from label_studio.result_labels
    where source = 'prediction'
    group by project_id, task_id, result_key
),

written as (
    select
        project_id,
        task_id,
        result_key,
        string_agg(text, ' | ' order by text_index) as texts
    from label_studio.result_texts
    where source = 'prediction'
    group by project_id, task_id, result_key
)

select
    results.result_key,
    results.project_id,
    projects.title as project_title,
    results.task_id,
    tasks.inner_id,
    results.prediction_id,
    predictions.model_version,
    predictions.score as prediction_score,
    predictions.created_at as predicted_at,
    results.result_index,
    results.region_id,
    results.parent_region_id,
    results.from_name,
    results.to_name,
    results.type,
    named.label,
    named.labels,
    written.texts,
    results.text,
    results.number,
    results.rating,
    results.datetime,
    results.selected,
    results.score,
    results.origin,
    results.item_index,
    results.page_index,
    results.original_width,
    results.original_height,
    results.image_rotation,
    results.original_length,
    results.x,
    results.y,
    results.width,
    results.height,
    results.rotation,
    results.radius_x,
    results.radius_y,
    results.closed,
    results."start",
    results."end",
    results.start_text,
    results.end_text,
    results.start_offset,
    results.end_offset,
    results.global_start,
    results.global_end,
    results.channel,
    results.instant,
    results.frames_count,
    results.duration,
    results.mask_format,
    results.mask_length,
    results.from_region_id,
    results.to_region_id,
    results.direction,
    results.hidden,
    results.readonly,
    results.is_positive,
    results.value,
    results.meta
from label_studio.results
left join label_studio.predictions
    on results.prediction_id = predictions.id and results.task_id = predictions.task_id
left join label_studio.tasks on results.task_id = tasks.id
left join label_studio.projects on results.project_id = projects.id
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
where results.source = 'prediction'
