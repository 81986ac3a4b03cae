-- Which drafts were begun and never submitted?
--
-- $project_id bigint = null: only this project; all where null
-- $days double = 1: only drafts that nobody touched for so many days, up to the last load
--
-- project_id: projects.id
-- task_id: tasks.id
-- draft_id: drafts.id
-- annotator: e-mail of who began it
-- annotation_id: the annotation that it changes: annotations.id; null for a new one
-- results: its results
-- seconds: time spent on it, in seconds
-- touched_at: when it was changed last
-- idle_days: days from then to the last load
with loaded as (
    select max(inserted_at) as loaded_at
    from label_studio._dlt_loads
    where status = 0
),

aged as (
    select
        drafts.*,
        coalesce(drafts.updated_at, drafts.created_at) as touched_at,
        date_diff('second', coalesce(drafts.updated_at, drafts.created_at), loaded.loaded_at) / 86400.0 as idle_days
    from label_studio.drafts
    cross join loaded
)

select
    project_id,
    task_id,
    id as draft_id,
    user_email as annotator,
    annotation_id,
    result_count as results,
    lead_time as seconds,
    touched_at,
    idle_days::double as idle_days
from aged
where idle_days >= $days and ($project_id is null or project_id = $project_id)
order by idle_days desc, draft_id asc
