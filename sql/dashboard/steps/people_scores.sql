-- One row is a score of two annotations of a task, on a control tag or on all of them: what facts on people begin with.
--
-- project_id: projects.id
-- from_name: name of the control tag; null for all control tags together, by their weights
-- annotator_a_id: who made annotation a: users.id
-- annotator_b_id: who made annotation b
-- ground_truth_a: annotation a is marked as ground truth
-- ground_truth_b: annotation b is marked as ground truth
-- day: UTC day on which the later of both was created; null where it is not known
-- score: from 0 to 1
with scores as (
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
    scores.annotator_a_id,
    scores.annotator_b_id,
    scores.ground_truth_a,
    scores.ground_truth_b,
    (greatest(a.created_at, b.created_at) at time zone 'UTC')::date as day,
    scores.score
from scores
left join label_studio.annotations as a on scores.annotation_a_id = a.id
left join label_studio.annotations as b on scores.annotation_b_id = b.id
