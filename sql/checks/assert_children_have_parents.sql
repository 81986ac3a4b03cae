-- Rows whose task, annotation, prediction, draft, result or project is not there.
-- severity: error
with task_ids as (
    select 'annotations' as table_name, task_id from annotations
    union all
    select 'predictions', task_id from predictions
    union all
    select 'drafts', task_id from drafts
    union all
    select 'task_meta', task_id from task_meta
    union all
    select 'task_users', task_id from task_users
    union all
    select 'results', task_id from results
    union all
    select 'result_labels', task_id from result_labels
    union all
    select 'result_texts', task_id from result_texts
    union all
    select 'result_points', task_id from result_points
    union all
    select 'result_keyframes', task_id from result_keyframes
    union all
    select 'result_ranges', task_id from result_ranges
    union all
    select 'result_rankings', task_id from result_rankings
),

result_keys as (
    select 'result_labels' as table_name, result_key from result_labels
    union all
    select 'result_texts', result_key from result_texts
    union all
    select 'result_points', result_key from result_points
    union all
    select 'result_keyframes', result_key from result_keyframes
    union all
    select 'result_ranges', result_key from result_ranges
    union all
    select 'result_rankings', result_key from result_rankings
),

missing as (
    select
        table_name,
        'task ' || task_id as parent
    from task_ids
    where not exists (select 1 from tasks where tasks.id = task_ids.task_id)
    union all
    select
        'results',
        'annotation ' || annotation_id
    from results
    where
        annotation_id is not null
        and not exists (select 1 from annotations where annotations.id = results.annotation_id)
    union all
    select
        'results',
        'prediction ' || prediction_id
    from results
    where
        prediction_id is not null
        and not exists (select 1 from predictions where predictions.id = results.prediction_id)
    union all
    select
        'results',
        'draft ' || draft_id
    from results
    where draft_id is not null and not exists (select 1 from drafts where drafts.id = results.draft_id)
    union all
    select
        table_name,
        'result ' || result_key
    from result_keys
    where not exists (select 1 from results where results.result_key = result_keys.result_key)
    union all
    select
        'project_labels',
        'project ' || project_id
    from project_labels
    where not exists (select 1 from projects where projects.id = project_labels.project_id)
)

select
    table_name,
    parent as missing,
    count(*) as row_count
from missing
group by table_name, parent
