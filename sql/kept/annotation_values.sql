-- One row is what an annotation or prediction says of the whole task on a control tag: a choice, a taxonomy's path, a
-- rating, a number, a date, the better of two. Cancelled annotations are left out, and so are values of single
-- regions. Several choices count as one value, whatever their order; of several pages or images each has a row of its
-- own.
--
-- project_id: projects.id
-- task_id: tasks.id
-- source: annotation or prediction
-- annotation_id: annotations.id, where source is annotation
-- prediction_id: predictions.id, where source is prediction
-- annotator_id: who made the annotation: users.id
-- ground_truth: the annotation is marked as ground truth
-- model_version: model that predicted
-- from_name: name of the control tag
-- type: kind of the results, in lower case
-- item_index: page or image of the task, from 0
-- value: the value as text; choices are sorted and joined by ' | '
-- number: the value of a rating or number
with said as (
    select
        slots.project_id,
        slots.task_id,
        slots.side,
        slots.from_name,
        slots.type,
        items.item_index,
        case items.kind
            when 'choices' then replace(items.labels, chr(31), ' | ')
            when 'number' then items.number::varchar
            else items.said
        end as value,
        items.number
    from items
    inner join slots on items.slot = slots.slot
    where items.shape is null and items.place = 0 and items.kind <> 'text' and slots.type <> 'ranker'
)

select
    said.project_id,
    said.task_id,
    sides.source,
    case when sides.source = 'annotation' then sides.id end as annotation_id,
    case when sides.source = 'prediction' then sides.id end as prediction_id,
    sides.annotator_id,
    sides.ground_truth,
    sides.model_version,
    said.from_name,
    said.type,
    said.item_index,
    said.value,
    said.number
from said
inner join sides on said.side = sides.side
where said.value is not null and said.value <> ''
