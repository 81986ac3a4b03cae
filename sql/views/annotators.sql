-- One row is a person: a user of the organisation, or somebody who made an annotation and is no user any more.
-- What people did whose account was deleted has no person, and is not counted here.
--
-- annotator_id: users.id
-- email: e-mail address
-- name: first and last name; else the e-mail, or 'user' and the id
-- is_user: the person is a user of the organisation as it was loaded
-- projects: projects with an annotation of the person, cancelled ones included
-- tasks: tasks with an annotation of the person, cancelled ones included
-- submitted: annotations that are not cancelled
-- skipped: cancelled annotations
-- ground_truths: submitted annotations that are ground truth
-- results: results of submitted annotations
-- drafts: drafts of the person
-- lead_time_total: lead time of submitted annotations together, in seconds
-- skipped_lead_time: lead time of cancelled annotations together, in seconds
-- first_annotation_at: when the first annotation was created, cancelled ones included
-- last_annotation_at: when the last annotation was created, cancelled ones included
-- last_activity_at: when the person was last active, as Label Studio says of its users
-- joined_at: when the user joined
with annotated as (
    select
        completed_by_id,
        max(completed_by_email) as completed_by_email,
        count(distinct project_id) as projects,
        count(distinct task_id) as tasks,
        count(*) filter (where not coalesce(was_cancelled, false)) as submitted,
        count(*) filter (where was_cancelled) as skipped,
        count(*) filter (where ground_truth and not coalesce(was_cancelled, false)) as ground_truths,
        sum(result_count) filter (where not coalesce(was_cancelled, false)) as results,
        sum(lead_time) filter (where not coalesce(was_cancelled, false)) as lead_time_total,
        sum(lead_time) filter (where was_cancelled) as skipped_lead_time,
        min(created_at) as first_annotation_at,
        max(created_at) as last_annotation_at
    from label_studio.annotations
    where completed_by_id is not null
    group by completed_by_id
),

drafted as (
    select
        user_email,
        count(*) as drafts
    from label_studio.drafts
    group by user_email
)

select
    coalesce(users.id, annotated.completed_by_id) as annotator_id,
    coalesce(users.email, annotated.completed_by_email) as email,
    coalesce(
        nullif(trim(concat_ws(' ', users.first_name, users.last_name)), ''),
        users.email,
        annotated.completed_by_email,
        'user ' || coalesce(users.id, annotated.completed_by_id)
    ) as name,
    users.id is not null as is_user,
    coalesce(annotated.projects, 0) as projects,
    coalesce(annotated.tasks, 0) as tasks,
    coalesce(annotated.submitted, 0) as submitted,
    coalesce(annotated.skipped, 0) as skipped,
    coalesce(annotated.ground_truths, 0) as ground_truths,
    coalesce(annotated.results, 0)::bigint as results,
    coalesce(drafted.drafts, 0) as drafts,
    coalesce(annotated.lead_time_total, 0) as lead_time_total,
    coalesce(annotated.skipped_lead_time, 0) as skipped_lead_time,
    annotated.first_annotation_at,
    annotated.last_annotation_at,
    users.last_activity as last_activity_at,
    users.date_joined as joined_at
from label_studio.users
full join annotated on users.id = annotated.completed_by_id
left join drafted on coalesce(users.email, annotated.completed_by_email) = drafted.user_email
