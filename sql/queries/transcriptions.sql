-- What did people write into a text area?
-- Texts of submitted annotations, with the region that they belong to.
--
-- $project_id bigint, required: the project
-- $from_name varchar = null: only this control tag; all where null
-- $limit bigint = 1000: rows at most
--
-- task_id: tasks.id
-- from_name: name of the control tag
-- annotation_id: annotations.id
-- annotator: e-mail of who wrote it, or 'user' and the id
-- region_id: id of the region; of the text itself where it is of the whole task
-- start: where the region begins, in seconds or characters; null for others
-- text_index: place among the texts, from 0
-- text: the text
select
    result_texts.task_id,
    result_texts.from_name,
    results.annotation_id,
    coalesce(users.email, 'user ' || annotations.completed_by_id) as annotator,
    results.region_id,
    results."start" as "start",
    result_texts.text_index,
    result_texts.text
from label_studio.result_texts
inner join label_studio.results
    on result_texts.task_id = results.task_id and result_texts.result_key = results.result_key
inner join label_studio.annotations on results.annotation_id = annotations.id
left join label_studio.users on annotations.completed_by_id = users.id
where
    result_texts.project_id = $project_id
    and result_texts.source = 'annotation'
    and not coalesce(annotations.was_cancelled, false)
    and ($from_name is null or result_texts.from_name = $from_name)
order by
    result_texts.task_id asc,
    results.annotation_id asc,
    results.result_index asc,
    result_texts.text_index asc
limit $limit
