-- One row is two sides of a task: two annotations, the smaller id first, or an annotation and a prediction.
-- is_matched: its regions are matched one to one, for confusions and the quality of predictions.
select
    a.project_id,
    a.task_id,
    a.side as side_a,
    b.side as side_b,
    b.source = 'annotation' or a.is_reference as is_matched,
    row_number() over () as pair
from sides as a
inner join sides as b on a.task_id = b.task_id
where a.source = 'annotation' and (b.source = 'prediction' or a.id < b.id)
