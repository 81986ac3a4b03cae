-- One row is a metric on a control tag, between two submitted annotations of a task. What the metrics are stands with
-- agreement_scores. Pairs by the same person are in it; cancelled annotations are not.
--
-- project_id: projects.id
-- task_id: tasks.id
-- from_name: name of the control tag
-- type: kind of the results, or of the control tag where there are none, in lower case
-- annotation_a_id: annotations.id, the smaller of both
-- annotation_b_id: annotations.id, the larger of both
-- annotator_a_id: who made annotation a: users.id
-- annotator_b_id: who made annotation b: users.id
-- metric: how the annotations are compared
-- score: 0 (nothing in common) to 1 (the same)
-- score_rotated: the same by the true corners of rotated boxes; null for other metrics than iou
-- is_default: scores of tasks are made of this metric; one for each pair and control tag
-- weight: the control tag's weight in scores of tasks
-- ground_truth_a: annotation a is marked as ground truth
-- ground_truth_b: annotation b is marked as ground truth
select
    project_id,
    task_id,
    from_name,
    type,
    annotation_a_id,
    annotation_b_id,
    annotator_a_id,
    annotator_b_id,
    metric,
    score,
    score_rotated,
    is_default,
    weight,
    ground_truth_a,
    ground_truth_b
from analytics.agreement_scores
where source_b = 'annotation'
