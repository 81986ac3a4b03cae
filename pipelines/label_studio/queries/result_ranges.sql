with ranges as (
    select
        result_key,
        source,
        task_id,
        project_id,
        from_name,
        type,
        unnest(generate_series(0, len(ranges) - 1)) as range_index,
        unnest(ranges) as range
    from parsed_results
    where len(ranges) > 0
)

select
    result_key,
    source,
    task_id,
    project_id,
    from_name,
    type,
    range_index,
    as_double(json_extract(range, '$.start')) as "start",
    as_double(json_extract(range, '$.end')) as "end",
    as_boolean(json_extract(range, '$.enabled')) as enabled
from ranges
where json_type(range) = 'OBJECT'
