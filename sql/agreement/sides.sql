-- One row is a side that agrees or disagrees: a submitted annotation or a prediction.
-- is_reference: the annotation that predictions are measured against: ground truth before others, then the newest.
with submitted as (
    select
        annotations.id,
        annotations.task_id,
        annotations.project_id,
        annotations.completed_by_id as annotator_id,
        annotations.created_at,
        coalesce(annotations.ground_truth, false) as ground_truth,
        coalesce(annotations.updated_at, annotations.created_at) as changed_at
    from label_studio.annotations
    inner join scope on annotations.task_id = scope.task_id
    where not coalesce(annotations.was_cancelled, false)
),

ranked as (
    select
        *,
        row_number() over (
            partition by task_id
            order by ground_truth desc, changed_at desc nulls last, id desc
        ) as place
    from submitted
),

both_kinds as (
    select
        'annotation' as source,
        id,
        task_id,
        project_id,
        annotator_id,
        ground_truth,
        place = 1 as is_reference,
        null::varchar as model_version,
        created_at,
        null::double as score
    from ranked
    union all
    select
        'prediction',
        predictions.id,
        predictions.task_id,
        predictions.project_id,
        null::bigint,
        false,
        false,
        predictions.model_version,
        predictions.created_at,
        predictions.score
    from label_studio.predictions
    inner join scope on predictions.task_id = scope.task_id
)

select
    *,
    row_number() over () as side
from both_kinds
