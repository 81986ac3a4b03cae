with versions as (
    select
        *,
        as_timestamp(a.updated_at) as updated_at,
        coalesce(to_json(result)::varchar, no_result::varchar, 'null') as whole_result
    from parsed_annotations
    where id is not null
)

select
    id as annotation_id,
    task_id,
    project_id,
    updated_at,
    sha256(whole_result) as result_hash,
    coalesce(as_bigint(a.completed_by), as_bigint(json_extract(a.completed_by, '$.id'))) as completed_by_id,
    as_bigint(a.updated_by) as updated_by_id,
    as_boolean(a.was_cancelled) as was_cancelled,
    as_boolean(a.ground_truth) as ground_truth,
    as_double(a.lead_time) as lead_time,
    coalesce(len(result), 0) as result_count,
    whole_result as result,
    now() as seen_at
from versions
-- a version that does not say when it was made can't be told from another
where updated_at is not null
