-- Annotations, predictions and drafts that have another number of results than the API's list was long.
-- severity: error
with counted as (
    select
        annotation_id,
        prediction_id,
        draft_id,
        count(*) as row_count
    from results
    group by annotation_id, prediction_id, draft_id
)

select
    'annotation' as source,
    annotations.id,
    annotations.result_count,
    coalesce(counted.row_count, 0) as row_count
from annotations
left join counted on annotations.id = counted.annotation_id
where annotations.result_count <> coalesce(counted.row_count, 0)

union all

select
    'prediction',
    predictions.id,
    predictions.result_count,
    coalesce(counted.row_count, 0)
from predictions
left join counted on predictions.id = counted.prediction_id
where predictions.result_count <> coalesce(counted.row_count, 0)

union all

select
    'draft',
    drafts.id,
    drafts.result_count,
    coalesce(counted.row_count, 0)
from drafts
left join counted on drafts.id = counted.draft_id
where drafts.result_count <> coalesce(counted.row_count, 0)
