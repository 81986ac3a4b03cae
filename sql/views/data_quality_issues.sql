-- One row is a finding: something about a task, a submitted annotation, a prediction or one of their results that
-- can't be right, or should be looked at. Cancelled annotations and drafts are left out.
-- Of results, findings are those of analytics.result_findings: zero_area, too_few_points, out_of_frame,
-- out_of_recording, reversed_span, empty_span, unknown_label, duplicate_region, dangling_relation, score_out_of_range.
-- Of predictions: score_out_of_range (the whole prediction's score below 0 or above 1).
-- Of annotations: empty_annotation (no results), lead_time_negative, lead_time_zero (although there are results; a
-- lead time that is missing is no finding, as imported annotations have none), lead_time_too_long (over 8 hours; or
-- over 10 minutes and over 20 times the median of the project, where at least 20 of its submitted annotations have a
-- lead time).
-- Of tasks: repeated_annotator (a person submitted more than one annotation), over_annotated (more submitted
-- annotations than the task's overlap asks for; ground truth is left out), under_annotated (labeled, although fewer
-- persons are done than the overlap asks for), not_marked_labeled (not labeled, although as many are done). Persons
-- are done who submitted; where the project ignores skipped tasks (skip_queue is IGNORE_SKIPPED), those who skipped,
-- too.
--
-- project_id: projects.id
-- task_id: tasks.id
-- finding: what was found
-- severity: error where it can't be right, warning where it should be looked at
-- source: annotation, prediction or task
-- annotation_id: annotations.id; the person's newest one of a repeated_annotator
-- prediction_id: predictions.id
-- annotator_id: who made the annotation: users.id
-- model_version: model that predicted
-- created_at: when the annotation, the prediction, or else the task was created
-- result_key: results.result_key; the first one where several say the same
-- region_id: region that the result describes; null where the result names none
-- from_name: name of the control tag
-- detail: what exactly was found, in words
with usual as (
    select
        project_id,
        quantile_cont(lead_time, 0.5) as lead_time
    from label_studio.annotations
    where not coalesce(was_cancelled, false) and lead_time is not null
    group by project_id
    having count(*) >= 20
),

annotation_findings as (
    select
        annotations.project_id,
        annotations.task_id,
        case when annotations.lead_time < 0 then 'lead_time_negative' else 'lead_time_zero' end as finding,
        annotations.id,
        annotations.completed_by_id,
        annotations.created_at,
        round(annotations.lead_time, 1) || ' s' as detail
    from label_studio.annotations
    where
        not coalesce(annotations.was_cancelled, false)
        and (annotations.lead_time < 0 or annotations.lead_time = 0 and annotations.result_count > 0)
    union all
    select
        annotations.project_id,
        annotations.task_id,
        'lead_time_too_long',
        annotations.id,
        annotations.completed_by_id,
        annotations.created_at,
        round(annotations.lead_time / 60, 1) || ' min'
        || coalesce(', median of the project ' || round(usual.lead_time / 60, 1) || ' min', '')
    from label_studio.annotations
    left join usual on annotations.project_id = usual.project_id
    where
        not coalesce(annotations.was_cancelled, false)
        and (
            annotations.lead_time > 28800
            or annotations.lead_time > 600 and annotations.lead_time > 20 * usual.lead_time
        )
    union all
    select
        project_id,
        task_id,
        'empty_annotation',
        id,
        completed_by_id,
        created_at,
        'no results'
    from label_studio.annotations
    where not coalesce(was_cancelled, false) and result_count = 0
),

by_person as (
    select
        task_id,
        completed_by_id,
        count(*) filter (where not coalesce(was_cancelled, false)) as submitted,
        count(*) filter (where not coalesce(was_cancelled, false) and not coalesce(ground_truth, false)) as ordinary,
        min(id) filter (where not coalesce(was_cancelled, false)) as first_id,
        max(id) filter (where not coalesce(was_cancelled, false)) as last_id
    from label_studio.annotations
    group by task_id, completed_by_id
),

by_task as (
    select
        task_id,
        sum(ordinary) as ordinary,
        count(*) filter (where submitted > 0) as submitters,
        count(*) as submitters_and_skippers
    from by_person
    group by task_id
),

counted_tasks as (
    select
        tasks.project_id,
        tasks.id,
        tasks.created_at,
        tasks.is_labeled,
        tasks.overlap,
        coalesce(by_task.ordinary, 0)::bigint as ordinary,
        coalesce(
            case
                when projects.extra ->> '$.skip_queue' = 'IGNORE_SKIPPED' then by_task.submitters_and_skippers
                else by_task.submitters
            end,
            0
        ) as done_by
    from label_studio.tasks
    left join by_task on tasks.id = by_task.task_id
    left join label_studio.projects on tasks.project_id = projects.id
),

task_findings as (
    select
        *,
        'over_annotated' as finding,
        ordinary || ' submitted, ' || overlap || ' asked for' as detail
    from counted_tasks
    where ordinary > overlap
    union all
    select
        *,
        case when is_labeled then 'under_annotated' else 'not_marked_labeled' end,
        'done by ' || done_by || ', ' || overlap || ' asked for'
    from counted_tasks
    where is_labeled and done_by < overlap or not is_labeled and done_by >= overlap and overlap > 0
)

select
    project_id,
    task_id,
    finding,
    severity,
    source,
    annotation_id,
    prediction_id,
    annotator_id,
    model_version,
    created_at,
    result_key,
    region_id,
    from_name,
    detail
from analytics.result_findings

union all

select
    project_id,
    task_id,
    finding,
    case when finding = 'lead_time_negative' then 'error' else 'warning' end,
    'annotation',
    id,
    null,
    completed_by_id,
    null,
    created_at,
    null,
    null,
    null,
    detail
from annotation_findings

union all

select
    project_id,
    task_id,
    'score_out_of_range',
    'warning',
    'prediction',
    null,
    id,
    null,
    model_version,
    created_at,
    null,
    null,
    null,
    'score ' || round(score, 3)
from label_studio.predictions
where score < 0 or score > 1

union all

select
    tasks.project_id,
    by_person.task_id,
    'repeated_annotator',
    'warning',
    'task',
    by_person.last_id,
    null,
    by_person.completed_by_id,
    null,
    tasks.created_at,
    null,
    null,
    null,
    by_person.submitted || ' annotations, from ' || by_person.first_id || ' to ' || by_person.last_id
from by_person
inner join label_studio.tasks on by_person.task_id = tasks.id
where by_person.submitted > 1 and by_person.completed_by_id is not null

union all

select
    project_id,
    id,
    finding,
    'warning',
    'task',
    null,
    null,
    null,
    null,
    created_at,
    null,
    null,
    null,
    detail
from task_findings
