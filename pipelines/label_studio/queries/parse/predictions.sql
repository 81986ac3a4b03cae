-- One row a prediction of the batch, its keys apart and still JSON.
create or replace temp table parsed_predictions as
with elements as (
    select
        task_id,
        project_id,
        unnest(predictions) as raw
    from parsed_tasks
),

parsed as (
    select
        *,
        from_json(raw, structure(prediction_keys())) as p
    from elements
)

select
    task_id,
    project_id,
    raw,
    p,
    as_bigint(p.id) as id,
    as_list(p.result) as result
from parsed
where as_bigint(p.id) is not null;
