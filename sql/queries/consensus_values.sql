-- What do most annotators say of each task?
-- For control tags whose value is of the whole task: the value that most submitted annotations give. Where two values
-- have as many votes, there is none.
--
-- $project_id bigint, required: the project
-- $from_name varchar, required: the control tag
-- $at_least bigint = 1: votes that the value must have
--
-- task_id: tasks.id
-- item_index: page or image of the task, from 0
-- value: the value; null where there is no majority
-- votes: annotations that give the most frequent value
-- annotations: annotations that give a value
-- share: votes ÷ annotations
-- ground_truth: value of a ground-truth annotation, where there is one
with counted as (
    select
        task_id,
        item_index,
        value,
        count(*) as votes
    from analytics.annotation_values
    where source = 'annotation' and project_id = $project_id and from_name = $from_name
    group by task_id, item_index, value
),

ranked as (
    select
        *,
        row_number() over (partition by task_id, item_index order by votes desc, value asc) as place,
        sum(votes) over (partition by task_id, item_index) as annotations,
        max(votes) over (partition by task_id, item_index) as most_votes,
        count(*) over (partition by task_id, item_index, votes) as with_as_many
    from counted
),

truths as (
    select
        task_id,
        item_index,
        max(value) as ground_truth
    from analytics.annotation_values
    where source = 'annotation' and ground_truth and project_id = $project_id and from_name = $from_name
    group by task_id, item_index
)

select
    ranked.task_id,
    ranked.item_index,
    case when ranked.with_as_many = 1 then ranked.value end as value,
    ranked.votes,
    ranked.annotations::bigint as annotations,
    ranked.votes / ranked.annotations::double as share,
    truths.ground_truth
from ranked
left join truths on ranked.task_id = truths.task_id and ranked.item_index = truths.item_index
where ranked.place = 1 and ranked.votes >= $at_least
order by ranked.task_id asc, ranked.item_index asc
