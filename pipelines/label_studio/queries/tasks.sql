with no_rows as (
    select
        task_id,
        'annotations' as name,
        no_annotation as element
    from parsed_annotations
    where no_annotation is not null
    union all
    select
        task_id,
        'predictions',
        no_prediction
    from parsed_predictions
    where no_prediction is not null
    union all
    select
        task_id,
        'drafts',
        no_draft
    from parsed_drafts
    where no_draft is not null
),

-- The elements of a task's lists that have no id, and so no row of their own.
odd_lists as (
    select
        task_id,
        name,
        '"' || name || '":[' || string_agg(element::varchar, ',') || ']' as member
    from no_rows
    group by task_id, name
),

odd as (
    select
        task_id,
        string_agg(member, ',' order by name) as odd_members
    from odd_lists
    group by task_id
),

typed as (
    select
        *,
        as_bigint(t.inner_id) as inner_id,
        as_timestamp(t.created_at) as created_at,
        as_timestamp(t.updated_at) as updated_at,
        as_timestamp(t.completed_at) as completed_at,
        as_boolean(t.is_labeled) as is_labeled,
        as_bigint(t.overlap) as overlap,
        as_bigint(t.total_annotations) as total_annotations,
        as_bigint(t.cancelled_annotations) as cancelled_annotations,
        as_bigint(t.total_predictions) as total_predictions,
        as_double(t.avg_lead_time) as avg_lead_time,
        as_double(t.predictions_score) as predictions_score,
        coalesce(as_text(t.annotations_results), '') as annotations_results,
        coalesce(as_text(t.predictions_results), '') as predictions_results,
        as_text(t.annotations_ids) as annotations_ids,
        as_text(t.predictions_model_versions) as predictions_model_versions,
        as_text(t.file_upload) as file_upload,
        as_text(t.storage_filename) as storage_filename,
        as_boolean(t.draft_exists) as draft_exists,
        as_bigint(t.comment_count) as comment_count,
        as_bigint(t.unresolved_comment_count) as unresolved_comment_count,
        as_timestamp(t.last_comment_updated_at) as last_comment_updated_at
    from parsed_tasks
    left join odd using (task_id)
),

checked as (
    select
        *,
        concat_ws(
            ',',
            unread('id', t.id, as_bigint(t.id)),
            unread('project', t.project, as_bigint(t.project)),
            unread('inner_id', t.inner_id, inner_id),
            unread('created_at', t.created_at, created_at),
            unread('updated_at', t.updated_at, updated_at),
            unread('completed_at', t.completed_at, completed_at),
            unread('is_labeled', t.is_labeled, is_labeled),
            unread('overlap', t.overlap, overlap),
            unread('total_annotations', t.total_annotations, total_annotations),
            unread('cancelled_annotations', t.cancelled_annotations, cancelled_annotations),
            unread('total_predictions', t.total_predictions, total_predictions),
            unread('avg_lead_time', t.avg_lead_time, avg_lead_time),
            unread('predictions_score', t.predictions_score, predictions_score),
            unread('annotations_results', t.annotations_results, as_text(t.annotations_results)),
            unread('predictions_results', t.predictions_results, as_text(t.predictions_results)),
            unread('annotations_ids', t.annotations_ids, annotations_ids),
            unread('predictions_model_versions', t.predictions_model_versions, predictions_model_versions),
            unread('file_upload', t.file_upload, file_upload),
            unread('storage_filename', t.storage_filename, storage_filename),
            unread('draft_exists', t.draft_exists, draft_exists),
            unread('comment_count', t.comment_count, comment_count),
            unread('unresolved_comment_count', t.unresolved_comment_count, unresolved_comment_count),
            unread('last_comment_updated_at', t.last_comment_updated_at, last_comment_updated_at),
            unread('annotators', t.annotators, as_list(t.annotators)),
            unread('comment_authors', t.comment_authors, as_list(t.comment_authors)),
            unread('updated_by', t.updated_by, as_list(t.updated_by)),
            '"annotations":' || no_annotations::varchar,
            '"predictions":' || no_predictions::varchar,
            '"drafts":' || no_drafts::varchar,
            odd_members
        ) as unread_members
    from typed
)

select
    task_id as id,
    project_id,
    inner_id,
    t.data as data,
    t.meta as meta,
    created_at,
    updated_at,
    completed_at,
    is_labeled,
    overlap,
    total_annotations,
    cancelled_annotations,
    total_predictions,
    avg_lead_time,
    predictions_score,
    annotations_results,
    predictions_results,
    annotations_ids,
    predictions_model_versions,
    file_upload,
    storage_filename,
    draft_exists,
    comment_count,
    unresolved_comment_count,
    last_comment_updated_at,
    api_extra_of(unread_members, rest) as extra
from checked
