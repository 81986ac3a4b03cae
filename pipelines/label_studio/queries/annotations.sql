with typed as (
    select
        *,
        coalesce(as_bigint(a.completed_by), as_bigint(json_extract(a.completed_by, '$.id'))) as completed_by_id,
        as_text(json_extract(a.completed_by, '$.email')) as completed_by_email,
        as_text(a.created_username) as created_username,
        as_boolean(a.was_cancelled) as was_cancelled,
        as_boolean(a.ground_truth) as ground_truth,
        as_timestamp(a.created_at) as created_at,
        as_timestamp(a.updated_at) as updated_at,
        as_timestamp(a.draft_created_at) as draft_created_at,
        as_double(a.lead_time) as lead_time,
        as_bigint(a.import_id) as import_id,
        as_text(a.last_action) as last_action,
        as_boolean(a.bulk_created) as bulk_created,
        as_bigint(a.updated_by) as updated_by_id,
        as_bigint(a.last_created_by) as last_created_by_id,
        as_bigint(a.parent_prediction) as parent_prediction_id,
        as_bigint(a.parent_annotation) as parent_annotation_id
    from parsed_annotations
    where id is not null
),

checked as (
    select
        *,
        concat_ws(
            ',',
            unread('task', a.task, nullif(as_bigint(a.task) = task_id, false)),
            unread('project', a.project, nullif(as_bigint(a.project) = project_id, false)),
            unread('completed_by', a.completed_by, user_is_read(a.completed_by)),
            unread('created_username', a.created_username, created_username),
            unread('was_cancelled', a.was_cancelled, was_cancelled),
            unread('ground_truth', a.ground_truth, ground_truth),
            unread('created_at', a.created_at, created_at),
            unread('updated_at', a.updated_at, updated_at),
            unread('draft_created_at', a.draft_created_at, draft_created_at),
            unread('lead_time', a.lead_time, lead_time),
            unread('import_id', a.import_id, import_id),
            unread('last_action', a.last_action, last_action),
            unread('bulk_created', a.bulk_created, bulk_created),
            unread('updated_by', a.updated_by, updated_by_id),
            unread('last_created_by', a.last_created_by, last_created_by_id),
            unread('parent_prediction', a.parent_prediction, parent_prediction_id),
            unread('parent_annotation', a.parent_annotation, parent_annotation_id),
            '"result":' || no_result::varchar
        ) as unread_members
    from typed
)

select
    id,
    task_id,
    project_id,
    completed_by_id,
    completed_by_email,
    created_username,
    was_cancelled,
    ground_truth,
    created_at,
    updated_at,
    draft_created_at,
    lead_time,
    import_id,
    last_action,
    bulk_created,
    updated_by_id,
    last_created_by_id,
    parent_prediction_id,
    parent_annotation_id,
    coalesce(len(result), 0) as result_count,
    api_extra_of(unread_members, rest) as extra
from checked
