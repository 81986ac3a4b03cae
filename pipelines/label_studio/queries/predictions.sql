with typed as (
    select
        *,
        as_text(p.model_version) as model_version,
        as_double(p.score) as score,
        as_bigint(p.cluster) as cluster,
        as_double(p.mislabeling) as mislabeling,
        as_bigint(p.model) as model_id,
        as_bigint(p.model_run) as model_run_id,
        as_timestamp(p.created_at) as created_at,
        as_timestamp(p.updated_at) as updated_at
    from parsed_predictions
    where id is not null
),

checked as (
    select
        *,
        concat_ws(
            ',',
            unread('task', p.task, nullif(as_bigint(p.task) = task_id, false)),
            unread('project', p.project, nullif(as_bigint(p.project) = project_id, false)),
            unread('model_version', p.model_version, model_version),
            unread('score', p.score, score),
            unread('cluster', p.cluster, cluster),
            unread('mislabeling', p.mislabeling, mislabeling),
            unread('model', p.model, model_id),
            unread('model_run', p.model_run, model_run_id),
            unread('created_at', p.created_at, created_at),
            unread('updated_at', p.updated_at, updated_at),
            '"result":' || no_result::varchar
        ) as unread_members
    from typed
)

select
    id,
    task_id,
    project_id,
    model_version,
    score,
    cluster,
    p.neighbors as neighbors,
    mislabeling,
    model_id,
    model_run_id,
    created_at,
    updated_at,
    coalesce(len(result), 0) as result_count,
    api_extra_of(unread_members, rest) as extra
from checked
