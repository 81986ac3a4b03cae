-- One row is a relation of an annotation, prediction or draft, with the two regions that it joins. Where a region is
-- gone, its columns are null and from_found or to_found is false. Relations of cancelled (skipped) annotations are in.
-- A filter on project_id or task_id is fast.
--
-- result_key: the relation's own result: results.result_key
-- project_id: projects.id
-- project_title: title of the project
-- task_id: tasks.id
-- inner_id: number of the task within its project
-- source: annotation, prediction or draft
-- annotation_id: annotations.id, where source is annotation
-- prediction_id: predictions.id, where source is prediction
-- draft_id: drafts.id, where source is draft
-- annotator_id: who made the annotation or draft: users.id
-- annotator_email: e-mail of who made the annotation or draft
-- annotator_name: first and last name of who made the annotation or draft; else the e-mail, or 'user' and the id
-- was_cancelled: the annotator skipped the task; false for predictions and drafts
-- ground_truth: the annotation is marked as ground truth; false for predictions and drafts
-- model_version: model that predicted
-- direction: right (from the first region to the second), left (the other way), bi (both ways)
-- label: the relation's first label
-- labels: the relation's labels in their order, joined by ' | '
-- from_region_id: region where the relation starts
-- from_found: the region is there
-- from_control: control tag of that region
-- from_type: kind of that region, as rectanglelabels
-- from_labels: labels of that region, joined by ' | '
-- from_text: marked text of that region, or else the text written on it
-- to_region_id: region where the relation ends
-- to_found: the region is there
-- to_control: control tag of that region
-- to_type: kind of that region, as rectanglelabels
-- to_labels: labels of that region, joined by ' | '
-- to_text: marked text of that region, or else the text written on it
with ends as (
    select
        project_id,
        task_id,
        result_key,
        source,
        coalesce(annotation_id, prediction_id, draft_id) as source_id,
        sides.side,
        case sides.side when 'from' then from_region_id else to_region_id end as region_id
    from label_studio.results
    cross join (values ('from'), ('to')) as sides (side)
    where type = 'relation'
),

-- a detail is what is said of a region that another control drew
rows_of_regions as (
    select
        project_id,
        task_id,
        result_key,
        source,
        coalesce(annotation_id, prediction_id, draft_id) as source_id,
        region_id,
        from_name,
        type,
        text,
        result_index,
        coalesce(type in ('choices', 'taxonomy', 'textarea', 'number', 'rating', 'datetime'), false) as is_detail
    from label_studio.results
    where region_id is not null
),

labels_of_regions as (
    select
        project_id,
        task_id,
        result_key,
        label_index,
        label_path
    from label_studio.result_labels
    where kind = 'label'
),

joined as (
    select
        ends.project_id,
        ends.task_id,
        ends.result_key,
        ends.side,
        (list(from_name order by is_detail, result_index))[1] as control,
        (list(type order by is_detail, result_index))[1] as type,
        (list(text order by is_detail, result_index) filter (where text is not null))[1] as text,
        string_agg(label_path, ' | ' order by is_detail, result_index, label_index) as labels,
        count(rows_of_regions.result_key) > 0 as is_found
    from ends
    left join rows_of_regions
        on
            ends.task_id = rows_of_regions.task_id
            and ends.project_id = rows_of_regions.project_id
            and ends.source = rows_of_regions.source
            and ends.source_id = rows_of_regions.source_id
            and ends.region_id = rows_of_regions.region_id
    left join labels_of_regions
        on
            rows_of_regions.result_key = labels_of_regions.result_key
            and ends.task_id = labels_of_regions.task_id
            and ends.project_id = labels_of_regions.project_id
    group by ends.project_id, ends.task_id, ends.result_key, ends.side
),

paired as (
    select
        project_id,
        task_id,
        result_key,
        bool_or(is_found) filter (where side = 'from') as from_found,
        max(control) filter (where side = 'from') as from_control,
        max(type) filter (where side = 'from') as from_type,
        max(labels) filter (where side = 'from') as from_labels,
        max(text) filter (where side = 'from') as from_text,
        bool_or(is_found) filter (where side = 'to') as to_found,
        max(control) filter (where side = 'to') as to_control,
        max(type) filter (where side = 'to') as to_type,
        max(labels) filter (where side = 'to') as to_labels,
        max(text) filter (where side = 'to') as to_text
    from joined
    group by project_id, task_id, result_key
),

named as (
    select
        project_id,
        task_id,
        result_key,
        min(label) filter (where label_index = 0) as label,
        string_agg(label_path, ' | ' order by label_index) as labels
    from label_studio.result_labels
    where type = 'relation'
    group by project_id, task_id, result_key
)

select
    results.result_key,
    results.project_id,
    projects.title as project_title,
    results.task_id,
    tasks.inner_id,
    results.source,
    results.annotation_id,
    results.prediction_id,
    results.draft_id,
    coalesce(annotations.completed_by_id, drafters.id) as annotator_id,
    coalesce(users.email, annotations.completed_by_email, drafts.user_email) as annotator_email,
    coalesce(
        nullif(trim(concat_ws(' ', users.first_name, users.last_name)), ''),
        nullif(trim(concat_ws(' ', drafters.first_name, drafters.last_name)), ''),
        users.email,
        annotations.completed_by_email,
        drafts.user_email,
        'user ' || annotations.completed_by_id
    ) as annotator_name,
    coalesce(annotations.was_cancelled, false) as was_cancelled,
    coalesce(annotations.ground_truth, false) as ground_truth,
    predictions.model_version,
    results.direction,
    named.label,
    named.labels,
    results.from_region_id,
    paired.from_found,
    paired.from_control,
    paired.from_type,
    paired.from_labels,
    paired.from_text,
    results.to_region_id,
    paired.to_found,
    paired.to_control,
    paired.to_type,
    paired.to_labels,
    paired.to_text
from label_studio.results
left join paired
    on
        results.result_key = paired.result_key
        and results.task_id = paired.task_id
        and results.project_id = paired.project_id
left join named
    on
        results.result_key = named.result_key
        and results.task_id = named.task_id
        and results.project_id = named.project_id
left join label_studio.annotations
    on results.annotation_id = annotations.id and results.task_id = annotations.task_id
left join label_studio.predictions
    on results.prediction_id = predictions.id and results.task_id = predictions.task_id
left join label_studio.drafts on results.draft_id = drafts.id and results.task_id = drafts.task_id
left join label_studio.tasks on results.task_id = tasks.id
left join label_studio.projects on results.project_id = projects.id
left join label_studio.users on annotations.completed_by_id = users.id
left join label_studio.users as drafters on drafts.user_email = drafters.email
where results.type = 'relation'
