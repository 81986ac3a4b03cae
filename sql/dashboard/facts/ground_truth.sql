-- One row is a person in a project on a UTC day, and a control tag or all of them: how far the person's annotations,
-- which are no ground truth, agree with other people's ground truth. A pair counts on the day on which the later of
-- both was created.
--
-- project_id: projects.id
-- from_name: name of the control tag; null for all control tags together, by their weights
-- annotator_id: users.id
-- day: the day; null where it is not known
-- pairs: pairs of annotations that have a score
-- score: their scores together, each from 0 to 1
with days as (
    select
        id,
        created_at
    from label_studio.annotations
),

scores as (
    select
        project_id,
        null::varchar as from_name,
        annotation_a_id,
        annotation_b_id,
        annotator_a_id,
        annotator_b_id,
        ground_truth_a,
        ground_truth_b,
        agreement as score
    from analytics.pair_agreement
    where source_b = 'annotation' and agreement is not null
    union all
    select
        project_id,
        from_name,
        annotation_a_id,
        annotation_b_id,
        annotator_a_id,
        annotator_b_id,
        ground_truth_a,
        ground_truth_b,
        score
    from analytics.agreement_scores
    where source_b = 'annotation' and is_default and score is not null
)

select
    scores.project_id,
    scores.from_name,
    case when scores.ground_truth_b then scores.annotator_a_id else scores.annotator_b_id end as annotator_id,
    (greatest(days_a.created_at, days_b.created_at) at time zone 'UTC')::date as day,
    count(*) as pairs,
    sum(scores.score) as score
from scores
left join days as days_a on scores.annotation_a_id = days_a.id
left join days as days_b on scores.annotation_b_id = days_b.id
where scores.ground_truth_a <> scores.ground_truth_b and scores.annotator_a_id <> scores.annotator_b_id
group by
    scores.project_id,
    scores.from_name,
    case when scores.ground_truth_b then scores.annotator_a_id else scores.annotator_b_id end,
    (greatest(days_a.created_at, days_b.created_at) at time zone 'UTC')::date
