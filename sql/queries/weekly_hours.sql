-- How many hours does each annotator spend a week, and what does it cost?
-- Lead times of submitted and skipped annotations, by the UTC week in which they were created; Monday begins a week.
--
-- $project_id bigint = null: only this project; all where null
-- $hourly_rate double = null: what an hour costs
--
-- week: Monday of the week
-- annotator: name of the annotator
-- submitted: submitted annotations
-- skipped: cancelled annotations
-- hours: lead time of both, in hours
-- hours_skipped: lead time of cancelled ones, in hours
-- cost: hours × rate
with weeks as (
    select
        date_trunc('week', day)::date as week,
        annotator_id,
        annotator_name,
        sum(submitted)::bigint as submitted,
        sum(skipped)::bigint as skipped,
        sum(coalesce(lead_time_total, 0) + coalesce(skipped_lead_time, 0)) / 3600 as hours,
        sum(coalesce(skipped_lead_time, 0)) / 3600 as hours_skipped
    from analytics.annotator_daily
    where $project_id is null or project_id = $project_id
    group by date_trunc('week', day), annotator_id, annotator_name
)

select
    week,
    annotator_name as annotator,
    submitted,
    skipped,
    hours,
    hours_skipped,
    hours * $hourly_rate as cost
from weeks
order by week desc, hours desc, annotator_id asc nulls last
