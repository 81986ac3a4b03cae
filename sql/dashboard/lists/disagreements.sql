-- One row is one of the hundred worst disagreements of a project.
--
-- project_id: projects.id
-- task_id: tasks.id, as text: a browser's numbers end at 2 ^ 53
-- from_name: name of the control tag
-- annotations: submitted annotations of the task
-- agreement: mean score of their pairs
-- annotator_id: who made annotation a of the pair that agrees least: users.id
-- other_id: who made annotation b
-- day: UTC day on which the later of both was created
-- value_a: what annotation a says of the whole task; null where regions are compared
-- value_b: what annotation b says
select
    disagreements.project_id,
    disagreements.task_id::varchar as task_id,
    disagreements.from_name,
    disagreements.annotations,
    disagreements.agreement,
    a.completed_by_id as annotator_id,
    b.completed_by_id as other_id,
    (greatest(a.created_at, b.created_at) at time zone 'UTC')::date as day,
    left(disagreements.value_a, 100) as value_a,
    left(disagreements.value_b, 100) as value_b
from analytics.disagreements
left join label_studio.annotations as a on disagreements.annotation_a_id = a.id
left join label_studio.annotations as b on disagreements.annotation_b_id = b.id
where disagreements.place <= 100
order by disagreements.agreement, disagreements.place, disagreements.project_id
