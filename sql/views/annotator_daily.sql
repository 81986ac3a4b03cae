-- One row is a person in a project on a UTC day on which the person made an annotation, cancelled ones included.
-- An annotation counts on the day on which it was created, with all of its lead time; a later change does not move it.
-- What people did whose account was deleted stands together in rows without annotator_id.
--
-- project_id: projects.id
-- project_title: title of the project
-- annotator_id: users.id
-- annotator_email: e-mail of the person
-- annotator_name: first and last name of the person; else the e-mail, or 'user' and the id
-- day: the day, in UTC
-- submitted: annotations that are not cancelled
-- skipped: cancelled annotations
-- tasks: tasks with an annotation of that day, cancelled ones included
-- lead_time_total: lead time of submitted annotations together, in seconds
-- lead_time_median: median lead time of a submitted annotation, in seconds
-- skipped_lead_time: lead time of cancelled annotations together, in seconds
-- results: results of submitted annotations
with annotated as (
    select
        project_id,
        completed_by_id,
        (created_at at time zone 'UTC')::date as day,
        max(completed_by_email) as completed_by_email,
        count(*) filter (where not coalesce(was_cancelled, false)) as submitted,
        count(*) filter (where was_cancelled) as skipped,
        count(distinct task_id) as tasks,
        sum(lead_time) filter (where not coalesce(was_cancelled, false)) as lead_time_total,
        quantile_cont(lead_time, 0.5) filter (where not coalesce(was_cancelled, false)) as lead_time_median,
        sum(lead_time) filter (where was_cancelled) as skipped_lead_time,
        sum(result_count) filter (where not coalesce(was_cancelled, false)) as results
    from label_studio.annotations
    where created_at is not null
    group by project_id, completed_by_id, (created_at at time zone 'UTC')::date
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
    annotated.day,
    annotated.submitted,
    annotated.skipped,
    annotated.tasks,
    coalesce(annotated.lead_time_total, 0) as lead_time_total,
    annotated.lead_time_median,
    coalesce(annotated.skipped_lead_time, 0) as skipped_lead_time,
    coalesce(annotated.results, 0)::bigint as results
from annotated
left join label_studio.projects on annotated.project_id = projects.id
left join label_studio.users on annotated.completed_by_id = users.id
