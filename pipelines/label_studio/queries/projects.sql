with parsed as (
    select
        from_json(batch_projects.project, structure(project_keys(), [])) as p,
        rest_of(batch_projects.project, project_keys()) as rest
    from batch_projects
),

typed as (
    select
        *,
        as_bigint(p.id) as id,
        as_text(p.title) as title,
        as_text(p.description) as description,
        as_text(p.label_config) as label_config,
        as_timestamp(p.created_at) as created_at,
        coalesce(as_bigint(p.created_by), as_bigint(json_extract(p.created_by, '$.id'))) as created_by_id,
        as_boolean(p.is_published) as is_published,
        as_bigint(p.maximum_annotations) as maximum_annotations,
        as_double(p.overlap_cohort_percentage) as overlap_cohort_percentage,
        as_bigint(p.task_number) as task_number,
        as_bigint(p.num_tasks_with_annotations) as num_tasks_with_annotations,
        as_bigint(p.total_annotations_number) as total_annotations_number,
        as_bigint(p.total_predictions_number) as total_predictions_number,
        as_bigint(p.skipped_annotations_number) as skipped_annotations_number,
        as_text(p.model_version) as model_version
    from parsed
),

checked as (
    select
        *,
        concat_ws(
            ',',
            unread('title', p.title, title),
            unread('description', p.description, description),
            unread('label_config', p.label_config, label_config),
            unread('created_at', p.created_at, created_at),
            unread('created_by', p.created_by, user_is_read(p.created_by)),
            unread('is_published', p.is_published, is_published),
            unread('maximum_annotations', p.maximum_annotations, maximum_annotations),
            unread('overlap_cohort_percentage', p.overlap_cohort_percentage, overlap_cohort_percentage),
            unread('task_number', p.task_number, task_number),
            unread('num_tasks_with_annotations', p.num_tasks_with_annotations, num_tasks_with_annotations),
            unread('total_annotations_number', p.total_annotations_number, total_annotations_number),
            unread('total_predictions_number', p.total_predictions_number, total_predictions_number),
            unread('skipped_annotations_number', p.skipped_annotations_number, skipped_annotations_number),
            unread('model_version', p.model_version, model_version)
        ) as unread_members
    from typed
)

select
    id,
    title,
    description,
    label_config,
    created_at,
    created_by_id,
    is_published,
    maximum_annotations,
    overlap_cohort_percentage,
    task_number,
    num_tasks_with_annotations,
    total_annotations_number,
    total_predictions_number,
    skipped_annotations_number,
    model_version,
    p.control_weights as control_weights,
    api_extra_of(unread_members, rest) as extra
from checked
where id is not null
