-- One row is a person in a project: how much, how fast, and how well they agree with others.
-- A submitted annotation is one that is not cancelled; cancelled ones are skips. What people did whose account was
-- deleted stands together in a row without annotator_id.
-- An agreement is the mean over pairs of what pair_agreement says. Pairs of two annotations of the same person are left
-- out, and those of which a person is not known.
--
-- project_id: projects.id
-- project_title: title of the project
-- annotator_id: users.id
-- annotator_email: e-mail of the person
-- annotator_name: first and last name of the person; else the e-mail, or 'user' and the id
-- submitted: submitted annotations
-- skipped: cancelled annotations
-- skip_rate: share of annotations that are cancelled, from 0 to 1
-- tasks: tasks with an annotation of the person, cancelled ones included
-- results: results of submitted annotations
-- results_per_annotation: results of a submitted annotation, on average
-- lead_time_total: lead time of submitted annotations together, in seconds
-- lead_time_mean: mean lead time of a submitted annotation, in seconds
-- lead_time_median: median lead time of a submitted annotation, in seconds
-- lead_time_p90: lead time that nine of ten submitted annotations do not exceed, in seconds
-- skipped_lead_time: lead time of cancelled annotations together, in seconds
-- first_annotation_at: when the person's first annotation was created, cancelled ones included
-- last_active_at: when an annotation of the person was last created or changed, cancelled ones included
-- agreement: with annotations of other people, ground truth among them, from 0 to 1
-- agreement_pairs: pairs that it is the mean of
-- ground_truth_agreement: of annotations that are no ground truth with other people's ground truth, from 0 to 1
-- ground_truth_pairs: pairs that it is the mean of
-- prediction_agreement: with predictions, from 0 to 1
-- prediction_pairs: pairs that it is the mean of
with annotated as (
    select
        project_id,
        completed_by_id,
        max(completed_by_email) as completed_by_email,
        count(*) filter (where not coalesce(was_cancelled, false)) as submitted,
        count(*) filter (where was_cancelled) as skipped,
        count(distinct task_id) as tasks,
        sum(result_count) filter (where not coalesce(was_cancelled, false)) as results,
        avg(result_count) filter (where not coalesce(was_cancelled, false)) as results_per_annotation,
        sum(lead_time) filter (where not coalesce(was_cancelled, false)) as lead_time_total,
        avg(lead_time) filter (where not coalesce(was_cancelled, false)) as lead_time_mean,
        quantile_cont(lead_time, 0.5) filter (where not coalesce(was_cancelled, false)) as lead_time_median,
        quantile_cont(lead_time, 0.9) filter (where not coalesce(was_cancelled, false)) as lead_time_p90,
        sum(lead_time) filter (where was_cancelled) as skipped_lead_time,
        min(created_at) as first_annotation_at,
        max(greatest(created_at, updated_at)) as last_active_at
    from label_studio.annotations
    group by project_id, completed_by_id
),

-- a pair counts for both of its people; a prediction is of nobody
sides as (
    select
        project_id,
        source_b,
        agreement,
        case when ends.is_a then annotator_a_id else annotator_b_id end as annotator_id,
        case when ends.is_a then ground_truth_a else ground_truth_b end as is_ground_truth,
        case when ends.is_a then ground_truth_b else ground_truth_a end as is_against_ground_truth
    from analytics.pair_agreement
    cross join (values (true), (false)) as ends (is_a)
    where source_b = 'prediction' or annotator_a_id <> annotator_b_id
),

agreed as (
    select
        project_id,
        annotator_id,
        avg(agreement) filter (where source_b = 'annotation') as agreement,
        count(agreement) filter (where source_b = 'annotation') as agreement_pairs,
        avg(agreement) filter (
            where source_b = 'annotation' and is_against_ground_truth and not is_ground_truth
        ) as ground_truth_agreement,
        count(agreement) filter (
            where source_b = 'annotation' and is_against_ground_truth and not is_ground_truth
        ) as ground_truth_pairs,
        avg(agreement) filter (where source_b = 'prediction') as prediction_agreement,
        count(agreement) filter (where source_b = 'prediction') as prediction_pairs
    from sides
    where annotator_id is not null
    group by project_id, annotator_id
)

select
    annotated.project_id,
    projects.title as project_title,
    annotated.completed_by_id as annotator_id,
    coalesce(users.email, annotated.completed_by_email) as annotator_email,
    coalesce(
        nullif(trim(concat_ws(' ', users.first_name, users.last_name)), ''),
        users.email,
        annotated.completed_by_email,
        'user ' || annotated.completed_by_id
    ) as annotator_name,
    annotated.submitted,
    annotated.skipped,
    annotated.skipped / nullif(annotated.submitted + annotated.skipped, 0)::double as skip_rate,
    annotated.tasks,
    coalesce(annotated.results, 0)::bigint as results,
    annotated.results_per_annotation,
    coalesce(annotated.lead_time_total, 0) as lead_time_total,
    annotated.lead_time_mean,
    annotated.lead_time_median,
    annotated.lead_time_p90,
    coalesce(annotated.skipped_lead_time, 0) as skipped_lead_time,
    annotated.first_annotation_at,
    annotated.last_active_at,
    agreed.agreement,
    coalesce(agreed.agreement_pairs, 0) as agreement_pairs,
    agreed.ground_truth_agreement,
    coalesce(agreed.ground_truth_pairs, 0) as ground_truth_pairs,
    agreed.prediction_agreement,
    coalesce(agreed.prediction_pairs, 0) as prediction_pairs
from annotated
left join label_studio.projects on annotated.project_id = projects.id
left join label_studio.users on annotated.completed_by_id = users.id
left join agreed on annotated.project_id = agreed.project_id and annotated.completed_by_id = agreed.annotator_id
