-- Where are the boxes of a project, in pixels?
-- As training data wants them: of submitted annotations, ground truth alone where it is asked for.
--
-- $project_id bigint, required: the project
-- $only_ground_truth boolean = false: boxes of ground-truth annotations only
-- $limit bigint = 100000: rows at most
--
-- task_id: tasks.id
-- image: the task's data where it names one image, as $.image
-- item_index: image of the task, from 0, where it has several
-- annotation_id: annotations.id
-- region_id: id of the region within the annotation
-- labels: its labels
-- x: left edge, in pixels
-- y: upper edge, in pixels
-- width: width in pixels
-- height: height in pixels
-- rotation: turn about the upper left corner, clockwise, in degrees
-- image_width: width of the image, in pixels
-- image_height: height of the image, in pixels
select
    regions.task_id,
    tasks.data ->> '$.image' as image,
    regions.item_index,
    regions.annotation_id,
    regions.region_id,
    regions.labels,
    regions.x_px as x,
    regions.y_px as y,
    regions.width_px as width,
    regions.height_px as height,
    regions.rotation,
    regions.original_width as image_width,
    regions.original_height as image_height
from analytics.regions
inner join label_studio.tasks on regions.task_id = tasks.id
where
    regions.project_id = $project_id
    and regions.source = 'annotation'
    and regions.shape = 'box'
    and not regions.was_cancelled
    and (not $only_ground_truth or regions.ground_truth)
order by regions.task_id asc, regions.annotation_id asc, regions.y_px asc, regions.x_px asc, regions.region_id asc
limit $limit
