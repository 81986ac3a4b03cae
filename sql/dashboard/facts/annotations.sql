-- One row is a person in a project on a UTC day: the annotations that the person created on it.
--
-- project_id: projects.id
-- annotator_id: users.id; null after the user's deletion
-- day: the day; null where it is not known
-- submitted: annotations that are not cancelled
-- skipped: cancelled annotations
-- results: results of submitted annotations
-- timed: submitted annotations whose lead time is known
-- lead_time: their lead time together, in seconds
select
    project_id,
    completed_by_id as annotator_id,
    (created_at at time zone 'UTC')::date as day,
    count(*) filter (where not coalesce(was_cancelled, false)) as submitted,
    count(*) filter (where was_cancelled) as skipped,
    coalesce(sum(result_count) filter (where not coalesce(was_cancelled, false)), 0)::bigint as results,
    count(lead_time) filter (where not coalesce(was_cancelled, false)) as timed,
    coalesce(sum(lead_time) filter (where not coalesce(was_cancelled, false)), 0) as lead_time
from label_studio.annotations
group by project_id, completed_by_id, (created_at at time zone 'UTC')::date
