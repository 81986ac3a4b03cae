-- One row is a control tag of a project and a metric: how far the annotators agree on it.
--
-- project_id: projects.id
-- project_title: title of the project
-- from_name: name of the control tag
-- type: kind of the results, in lower case
-- metric: how annotations are compared
-- is_default: scores of tasks are made of this metric
-- tasks: tasks with two or more submitted annotations
-- pairs: pairs of annotations
-- agreement: mean score of the pairs, 0 to 1
-- agreement_median: median score of the pairs
-- agreement_rotated: mean score by the true corners of rotated boxes; null for other metrics than iou
-- share_equal: share of the pairs that score 1
select
    agreement_scores.project_id,
    projects.title as project_title,
    agreement_scores.from_name,
    max(agreement_scores.type) as type,
    agreement_scores.metric,
    bool_or(agreement_scores.is_default) as is_default,
    count(distinct agreement_scores.task_id) as tasks,
    count(*) as pairs,
    avg(agreement_scores.score) as agreement,
    median(agreement_scores.score) as agreement_median,
    avg(agreement_scores.score_rotated) as agreement_rotated,
    avg(case when agreement_scores.score = 1 then 1.0 when agreement_scores.score < 1 then 0.0 end) as share_equal
from analytics.agreement_scores
left join label_studio.projects on agreement_scores.project_id = projects.id
where agreement_scores.source_b = 'annotation'
group by agreement_scores.project_id, projects.title, agreement_scores.from_name, agreement_scores.metric
