with keyframes as (
    select
        result_key,
        source,
        task_id,
        project_id,
        from_name,
        type,
        unnest(generate_series(0, len(keyframes) - 1)) as keyframe_index,
        unnest(keyframes) as keyframe
    from parsed_results
    where len(keyframes) > 0
),

parsed as (
    select
        *,
        from_json(
            keyframe, structure(['frame', 'time', 'enabled', 'x', 'y', 'width', 'height', 'rotation', 'vertices'], [])
        ) as k
    from keyframes
    where json_type(keyframe) = 'OBJECT'
)

select
    result_key,
    source,
    task_id,
    project_id,
    from_name,
    type,
    keyframe_index,
    as_bigint(k.frame) as frame,
    as_double(k.time) as time,
    as_boolean(k.enabled) as enabled,
    as_double(k.x) as x,
    as_double(k.y) as y,
    as_double(k.width) as width,
    as_double(k.height) as height,
    as_double(k.rotation) as rotation,
    k.vertices as vertices
from parsed
