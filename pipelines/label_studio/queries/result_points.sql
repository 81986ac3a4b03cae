with points as (
    select
        result_key,
        source,
        task_id,
        project_id,
        from_name,
        type,
        unnest(generate_series(0, len(points) - 1)) as point_index,
        unnest(points) as point
    from parsed_results
    where len(points) > 0
)

select
    result_key,
    source,
    task_id,
    project_id,
    from_name,
    type,
    point_index,
    coalesce(as_double(json_extract(point, '$[0]')), as_double(json_extract(point, '$.x'))) as x,
    coalesce(as_double(json_extract(point, '$[1]')), as_double(json_extract(point, '$.y'))) as y,
    as_key(json_extract(point, '$.id')) as vertex_id,
    as_key(json_extract(point, '$.prevPointId')) as prev_vertex_id,
    as_boolean(json_extract(point, '$.isBezier')) as is_bezier
from points
where json_type(point) in ('ARRAY', 'OBJECT')
