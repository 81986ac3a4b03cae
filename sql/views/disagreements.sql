-- One row is a task and a control tag on which its submitted annotations don't all say the same: what to look at
-- first. The places of a project begin with the least agreement; of equal ones, where more annotations are concerned,
-- then by task.
--
-- project_id: projects.id
-- project_title: title of the project
-- place: place among the disagreements of the project, from 1
-- task_id: tasks.id
-- from_name: name of the control tag
-- type: kind of the results, in lower case
-- metric: how the annotations are compared
-- annotations: submitted annotations of the task
-- agreement: mean score of their pairs, below 1
-- lowest: the lowest score of a pair
-- annotation_a_id: annotations.id of the pair that agrees least
-- annotation_b_id: the other annotation of this pair
-- annotator_a: e-mail of who made annotation a, or 'user' and the id
-- annotator_b: e-mail of who made annotation b, or 'user' and the id
-- value_a: what annotation a says of the whole task, of its first page or image where it has several; null where
--   regions are compared, or nothing is said
-- value_b: what annotation b says
with scores as (
    select
        *,
        row_number() over (
            partition by task_id, from_name
            order by score, annotation_a_id, annotation_b_id
        ) as pair_place
    from analytics.agreement_scores
    where source_b = 'annotation' and is_default and score is not null
),

controls as (
    select
        project_id,
        task_id,
        from_name,
        max(type) as type,
        max(metric) as metric,
        count(*) as pairs,
        avg(score) as agreement,
        min(score) as lowest,
        max(case when pair_place = 1 then annotation_a_id end) as annotation_a_id,
        max(case when pair_place = 1 then annotation_b_id end) as annotation_b_id,
        max(case when pair_place = 1 then annotator_a_id end) as annotator_a_id,
        max(case when pair_place = 1 then annotator_b_id end) as annotator_b_id
    from scores
    group by project_id, task_id, from_name
    having min(score) < 1
),

placed as (
    select
        *,
        row_number() over (
            partition by project_id
            order by agreement asc, pairs desc, task_id asc, from_name collate "C" asc
        ) as place
    from controls
),

said as (
    select
        annotation_id,
        from_name,
        value
    from analytics.annotation_values
    where source = 'annotation' and item_index = 0
)

select
    placed.project_id,
    projects.title as project_title,
    placed.place,
    placed.task_id,
    placed.from_name,
    placed.type,
    placed.metric,
    -- n annotations make n (n - 1) / 2 pairs
    round((1 + sqrt(1 + 8 * placed.pairs)) / 2)::bigint as annotations,
    placed.agreement,
    placed.lowest,
    placed.annotation_a_id,
    placed.annotation_b_id,
    coalesce(users_a.email, 'user ' || placed.annotator_a_id) as annotator_a,
    coalesce(users_b.email, 'user ' || placed.annotator_b_id) as annotator_b,
    said_a.value as value_a,
    said_b.value as value_b
from placed
left join label_studio.projects on placed.project_id = projects.id
left join label_studio.users as users_a on placed.annotator_a_id = users_a.id
left join label_studio.users as users_b on placed.annotator_b_id = users_b.id
left join said as said_a on placed.annotation_a_id = said_a.annotation_id and placed.from_name = said_a.from_name
left join said as said_b on placed.annotation_b_id = said_b.annotation_id and placed.from_name = said_b.from_name
