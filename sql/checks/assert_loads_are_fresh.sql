-- The last load is more than 7 days old: whatever the schedule, it seems to stand still.
-- severity: warning
select
    max(inserted_at) as last_load,
    date_diff('day', max(inserted_at), now()) as days
from _dlt_loads
where status = 0
having max(inserted_at) < now() - interval '7 days'
