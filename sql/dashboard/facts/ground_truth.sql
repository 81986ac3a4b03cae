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
select
    project_id,
    from_name,
    case when ground_truth_b then annotator_a_id else annotator_b_id end as annotator_id,
    day,
    count(*) as pairs,
    sum(score) as score
from people_scores
where ground_truth_a <> ground_truth_b and annotator_a_id <> annotator_b_id
group by project_id, from_name, case when ground_truth_b then annotator_a_id else annotator_b_id end, day
