-- One row is one of the last twenty runs.
--
-- started_at: when it began
-- seconds: how long it took; null while it goes on, and where it was killed
-- mode: ids, incremental, reconcile or full
-- fetched: tasks that were fetched
-- changed: fetched tasks that were new or changed
-- deleted: tasks that were removed
-- failed: tasks, pieces of projects and other things that could not be had
-- exit_code: its exit code; null while it goes on, and where it was killed
-- error: what ended it early
select
    started_at,
    date_diff('second', started_at, ended_at) as seconds,
    mode,
    tasks_fetched as fetched,
    tasks_changed as changed,
    tasks_deleted as deleted,
    tasks_failed as failed,
    exit_code,
    error
from label_studio.load_runs
order by started_at desc
limit 20
