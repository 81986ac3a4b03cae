-- Rows that were created or changed more than an hour after the last load: a clock is wrong, or a date was imported so.
-- severity: warning
with moments as (
    select 'tasks' as table_name, id, created_at, updated_at from tasks
    union all
    select 'annotations', id, created_at, updated_at from annotations
    union all
    select 'predictions', id, created_at, updated_at from predictions
    union all
    select 'drafts', id, created_at, updated_at from drafts
)

select
    table_name,
    id,
    created_at,
    updated_at
from moments
where greatest(created_at, updated_at) > (
    select max(inserted_at) + interval '1 hour'
    from _dlt_loads
    where status = 0
)
