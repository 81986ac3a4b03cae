-- One row a prediction of the batch, its keys apart and still JSON; without an id, where the element is none.
create or replace temp table parsed_predictions as
with elements as (
    select
        task_id,
        project_id,
        unnest(t.predictions) as raw
    from parsed_tasks
),

parsed as (
    select
        *,
        from_json(raw, structure(prediction_keys(), ['result'])) as p
    from elements
)

select
    task_id,
    project_id,
    p,
    as_bigint(p.id) as id,
    p.result as result,
    instead_of(p.result, raw, '$.result') as no_result,
    rest_of(raw, prediction_keys() || ['result']) as rest,
    case when as_bigint(p.id) is null then coalesce(raw, 'null') end as no_prediction
from parsed;
