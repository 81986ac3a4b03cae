-- Tasks that count other numbers of annotations or predictions than were loaded with them.
-- Label Studio updates its counters a moment after the rows, so a task that is being worked on can show up once.
-- severity: warning
with submitted as (
    select
        task_id,
        sum(case when was_cancelled then 0 else 1 end) as annotation_count,
        sum(case when was_cancelled then 1 else 0 end) as cancelled_count
    from annotations
    group by task_id
),

predicted as (
    select
        task_id,
        count(*) as prediction_count
    from predictions
    group by task_id
)

select
    tasks.id,
    tasks.total_annotations,
    coalesce(submitted.annotation_count, 0) as annotation_count,
    tasks.cancelled_annotations,
    coalesce(submitted.cancelled_count, 0) as cancelled_count,
    tasks.total_predictions,
    coalesce(predicted.prediction_count, 0) as prediction_count
from tasks
left join submitted on tasks.id = submitted.task_id
left join predicted on tasks.id = predicted.task_id
where
    tasks.total_annotations <> coalesce(submitted.annotation_count, 0)
    or tasks.cancelled_annotations <> coalesce(submitted.cancelled_count, 0)
    or tasks.total_predictions <> coalesce(predicted.prediction_count, 0)
