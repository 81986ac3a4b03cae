with typed as (
    select
        *,
        as_bigint(d.annotation) as annotation_id,
        as_text(d.user) as user_email,
        as_text(d.created_username) as created_username,
        as_double(d.lead_time) as lead_time,
        as_boolean(d.was_postponed) as was_postponed,
        as_bigint(d.import_id) as import_id,
        as_timestamp(d.created_at) as created_at,
        as_timestamp(d.updated_at) as updated_at
    from parsed_drafts
    where id is not null
),

checked as (
    select
        *,
        concat_ws(
            ',',
            unread('task', d.task, nullif(as_bigint(d.task) = task_id, false)),
            unread('project', d.project, nullif(as_bigint(d.project) = project_id, false)),
            unread('annotation', d.annotation, annotation_id),
            unread('user', d.user, user_email),
            unread('created_username', d.created_username, created_username),
            unread('lead_time', d.lead_time, lead_time),
            unread('was_postponed', d.was_postponed, was_postponed),
            unread('import_id', d.import_id, import_id),
            unread('created_at', d.created_at, created_at),
            unread('updated_at', d.updated_at, updated_at),
            '"result":' || no_result::varchar
        ) as unread_members
    from typed
)

select
    id,
    task_id,
    project_id,
    annotation_id,
    user_email,
    created_username,
    lead_time,
    was_postponed,
    import_id,
    created_at,
    updated_at,
    coalesce(len(result), 0) as result_count,
    api_extra_of(unread_members, rest) as extra
from checked
