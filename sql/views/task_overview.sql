-- One row is a task: how far it has come, who worked on it, and how well they agree.
-- A task is done once Label Studio says so (is_labeled): it has the annotations that its overlap asks for; where the
-- project counts skipped tasks as done, skips count, too. Else it is in progress where there is a submitted annotation
-- or a draft, skipped where there are cancelled annotations only, and not started where there is nothing.
-- A submitted annotation is one that is not cancelled; cancelled ones are skips.
-- Agreement is the mean over all pairs of submitted annotations of what pair_agreement says, pairs of one person
-- included. A filter on project_id or task_id is fast.
--
-- project_id: projects.id
-- project_title: title of the project
-- task_id: tasks.id
-- inner_id: number of the task within its project
-- state: done, in progress, skipped or not started
-- overlap: annotations that the task asks for
-- submitted: submitted annotations
-- annotations_left: annotations that are still asked for: overlap (1 where it is not known) less submitted ones, 0 at
--   least and once the task is done
-- skipped: cancelled annotations
-- annotators: different people with a submitted annotation
-- ground_truths: submitted annotations that are ground truth
-- predictions: predictions
-- drafts: drafts
-- results: results of submitted annotations
-- lead_time_total: lead time of submitted annotations together, in seconds
-- lead_time_mean: mean lead time of submitted annotations, in seconds
-- skipped_lead_time: lead time of cancelled annotations together, in seconds
-- agreement: agreement between annotations, from 0 to 1; null where there is no pair
-- agreement_pairs: pairs of annotations that the agreement is the mean of
-- created_at: when the task was created
-- updated_at: when the task or one of its annotations last changed
-- first_annotation_at: when the first submitted annotation was created
-- last_annotation_at: when the last submitted annotation was created
-- done_at: when the task was done, null where it is not: tasks.completed_at, which Label Studio takes from the newest
--   annotation; where there is none, when the annotation came that filled the overlap, or else the newest one
-- age_days: days from the task's creation to the day that the data is of
-- comments: comments on the task and its annotations
-- unresolved_comments: comments that are not resolved
-- last_comment_at: when the newest comment changed
-- file_upload: file that the task was uploaded with
-- storage_filename: key of the task's file in the connected storage
-- meta: what was imported beside the task's data, as JSON
with loaded as (
    select max(inserted_at) as loaded_at
    from label_studio._dlt_loads
    where status = 0
),

annotated as (
    select
        project_id,
        task_id,
        count(*) filter (where not coalesce(was_cancelled, false)) as submitted,
        count(*) filter (where was_cancelled) as skipped,
        count(distinct completed_by_id) filter (where not coalesce(was_cancelled, false)) as annotators,
        count(*) filter (where ground_truth and not coalesce(was_cancelled, false)) as ground_truths,
        sum(result_count) filter (where not coalesce(was_cancelled, false)) as results,
        sum(lead_time) filter (where not coalesce(was_cancelled, false)) as lead_time_total,
        avg(lead_time) filter (where not coalesce(was_cancelled, false)) as lead_time_mean,
        sum(lead_time) filter (where was_cancelled) as skipped_lead_time,
        min(created_at) filter (where not coalesce(was_cancelled, false)) as first_annotation_at,
        max(created_at) filter (where not coalesce(was_cancelled, false)) as last_annotation_at
    from label_studio.annotations
    group by project_id, task_id
),

predicted as (
    select
        project_id,
        task_id,
        count(*) as predictions
    from label_studio.predictions
    group by project_id, task_id
),

drafted as (
    select
        project_id,
        task_id,
        count(*) as drafts
    from label_studio.drafts
    group by project_id, task_id
),

agreed as (
    select
        project_id,
        task_id,
        avg(agreement) as agreement,
        count(agreement) as agreement_pairs
    from analytics.pair_agreement
    where source_b = 'annotation'
    group by project_id, task_id
),

-- Label Studio gives completed_at of every task that is done and has an annotation, so these are few
undated as (
    select
        annotations.project_id,
        annotations.task_id,
        tasks.overlap,
        annotations.created_at,
        annotations.was_cancelled,
        row_number() over (
            partition by annotations.project_id, annotations.task_id, coalesce(annotations.was_cancelled, false)
            order by annotations.created_at, annotations.id
        ) as place
    from label_studio.annotations
    inner join label_studio.tasks on annotations.task_id = tasks.id and annotations.project_id = tasks.project_id
    where tasks.is_labeled and tasks.completed_at is null
),

dated as (
    select
        project_id,
        task_id,
        coalesce(
            min(created_at) filter (where place = overlap and not coalesce(was_cancelled, false)), max(created_at)
        ) as done_at
    from undated
    group by project_id, task_id
)

select
    tasks.project_id,
    projects.title as project_title,
    tasks.id as task_id,
    tasks.inner_id,
    case
        when tasks.is_labeled then 'done'
        when annotated.submitted > 0 or drafted.drafts > 0 then 'in progress'
        when annotated.skipped > 0 then 'skipped'
        else 'not started'
    end as state,
    tasks.overlap,
    coalesce(annotated.submitted, 0) as submitted,
    case
        when tasks.is_labeled then 0
        else greatest(coalesce(tasks.overlap, 1) - coalesce(annotated.submitted, 0), 0)
    end as annotations_left,
    coalesce(annotated.skipped, 0) as skipped,
    coalesce(annotated.annotators, 0) as annotators,
    coalesce(annotated.ground_truths, 0) as ground_truths,
    coalesce(predicted.predictions, 0) as predictions,
    coalesce(drafted.drafts, 0) as drafts,
    coalesce(annotated.results, 0)::bigint as results,
    annotated.lead_time_total,
    annotated.lead_time_mean,
    annotated.skipped_lead_time,
    agreed.agreement,
    coalesce(agreed.agreement_pairs, 0) as agreement_pairs,
    tasks.created_at,
    tasks.updated_at,
    annotated.first_annotation_at,
    annotated.last_annotation_at,
    case when tasks.is_labeled then coalesce(tasks.completed_at, dated.done_at) end as done_at,
    date_diff(
        'day', (tasks.created_at at time zone 'UTC')::date, (loaded.loaded_at at time zone 'UTC')::date
    ) as age_days,
    tasks.comment_count as comments,
    tasks.unresolved_comment_count as unresolved_comments,
    tasks.last_comment_updated_at as last_comment_at,
    tasks.file_upload,
    tasks.storage_filename,
    tasks.meta
from label_studio.tasks
cross join loaded
left join label_studio.projects on tasks.project_id = projects.id
left join annotated on tasks.id = annotated.task_id and tasks.project_id = annotated.project_id
left join predicted on tasks.id = predicted.task_id and tasks.project_id = predicted.project_id
left join drafted on tasks.id = drafted.task_id and tasks.project_id = drafted.project_id
left join agreed on tasks.id = agreed.task_id and tasks.project_id = agreed.project_id
left join dated on tasks.id = dated.task_id and tasks.project_id = dated.project_id
