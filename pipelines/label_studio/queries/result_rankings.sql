with rankers as (
    select
        result_key,
        source,
        task_id,
        project_id,
        from_name,
        type,
        ranker
    from parsed_results
    where starts_with(ranker::varchar, '{')
),

buckets as (
    select
        rankers.result_key,
        rankers.source,
        rankers.task_id,
        rankers.project_id,
        rankers.from_name,
        rankers.type,
        bucket.key as bucket,
        as_list(bucket.value) as items
    from rankers, json_each(rankers.ranker) as bucket
),

places as (
    select
        *,
        unnest(generate_series(0, len(items) - 1)) as rank,
        unnest(items) as item
    from buckets
    where len(items) > 0
)

select
    result_key,
    source,
    task_id,
    project_id,
    from_name,
    type,
    replace(bucket, chr(0), chr(65533)) as bucket,
    rank,
    as_key(item) as item_id
from places
