-- Tasks of a load that did not come to its end: run again, and it is brought to its end, or done again.
-- severity: warning
select
    tasks._dlt_load_id as load_id,
    count(*) as task_count
from tasks
where not exists (select 1 from _dlt_loads where _dlt_loads.load_id = tasks._dlt_load_id and _dlt_loads.status = 0)
group by tasks._dlt_load_id
