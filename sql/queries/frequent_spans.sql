-- Which texts are marked most often with a label?
-- In submitted annotations; capital letters and spaces around count as nothing.
--
-- $label varchar, required: the label
-- $project_id bigint = null: only this project; all where null
-- $limit bigint = 50: rows at most
--
-- text: the marked text, in lower case
-- uses: how often it is marked with the label
-- tasks: tasks in which it is
-- annotators: people who marked it
-- other_labels: labels that it is marked with, too, in alphabetical order
with marked as (
    select
        lower(trim(results.text)) as text,
        result_labels.label,
        results.task_id,
        annotations.completed_by_id
    from label_studio.result_labels
    inner join label_studio.results
        on result_labels.task_id = results.task_id and result_labels.result_key = results.result_key
    inner join label_studio.annotations on results.annotation_id = annotations.id
    where
        results.source = 'annotation'
        and results.type <> 'textarea'
        and not coalesce(annotations.was_cancelled, false)
        and trim(coalesce(results.text, '')) <> ''
        and ($project_id is null or results.project_id = $project_id)
)

select
    text,
    count(*) filter (where label = $label) as uses,
    count(distinct case when label = $label then task_id end) as tasks,
    count(distinct case when label = $label then completed_by_id end) as annotators,
    string_agg(
        distinct case when label <> $label then label end, ', '
        order by case when label <> $label then label end
    ) as other_labels
from marked
group by text
having count(*) filter (where label = $label) > 0
order by uses desc, text asc
limit $limit
