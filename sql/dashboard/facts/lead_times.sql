-- One row is a person in a project on a UTC day, and a range of lead times: 20 ranges are a factor of ten, so that a
-- range ends 12 % above its beginning.
--
-- project_id: projects.id
-- annotator_id: users.id; null after the user's deletion
-- day: the day on which the annotations were created; null where it is not known
-- step: the range begins at 10 ^ (step / 20) seconds; lead times below 0.1 s are in the range that begins there
-- annotations: submitted annotations with such a lead time
select
    project_id,
    completed_by_id as annotator_id,
    (created_at at time zone 'UTC')::date as day,
    floor(20 * log10(greatest(lead_time, 0.1)) + 1e-9)::integer as step,
    count(*) as annotations
from label_studio.annotations
where not coalesce(was_cancelled, false) and lead_time is not null
group by project_id, completed_by_id, (created_at at time zone 'UTC')::date, step
