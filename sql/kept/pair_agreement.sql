-- One row is two sides of a task: an annotation, and another annotation or a prediction, with how far they agree in
-- all.
--
-- project_id: projects.id
-- task_id: tasks.id
-- annotation_a_id: annotations.id
-- annotator_a_id: who made it: users.id
-- ground_truth_a: it is marked as ground truth
-- is_reference_a: predictions of the task are measured against it: a ground truth before others, then the newest
--   submitted annotation
-- source_b: what it is compared with: annotation or prediction
-- annotation_b_id: annotations.id, the larger of both, where source_b is annotation
-- prediction_b_id: predictions.id, where source_b is prediction
-- annotator_b_id: who made the other annotation: users.id
-- ground_truth_b: the other annotation is marked as ground truth
-- model_version_b: model that predicted
-- agreement: mean of the control tags' scores by their default metrics, weighted by the control tags' weights, 0 to 1
select
    agreement_scores.project_id,
    agreement_scores.task_id,
    agreement_scores.annotation_a_id,
    agreement_scores.annotator_a_id,
    agreement_scores.ground_truth_a,
    bool_or(sides.is_reference) as is_reference_a,
    agreement_scores.source_b,
    agreement_scores.annotation_b_id,
    agreement_scores.prediction_b_id,
    agreement_scores.annotator_b_id,
    agreement_scores.ground_truth_b,
    agreement_scores.model_version_b,
    sum(agreement_scores.weight * agreement_scores.score)
    / nullif(sum(case when agreement_scores.score is not null then agreement_scores.weight end), 0) as agreement
from analytics.agreement_scores
inner join scope on agreement_scores.task_id = scope.task_id
inner join sides on sides.source = 'annotation' and agreement_scores.annotation_a_id = sides.id
where agreement_scores.is_default
group by
    agreement_scores.project_id,
    agreement_scores.task_id,
    agreement_scores.annotation_a_id,
    agreement_scores.annotator_a_id,
    agreement_scores.ground_truth_a,
    agreement_scores.source_b,
    agreement_scores.annotation_b_id,
    agreement_scores.prediction_b_id,
    agreement_scores.annotator_b_id,
    agreement_scores.ground_truth_b,
    agreement_scores.model_version_b
