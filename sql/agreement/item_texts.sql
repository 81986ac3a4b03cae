-- One row is a text that a textarea holds. place: its place among the region's texts, or among those of the whole task.
with texts as (
    select
        result_texts.result_key,
        result_texts.text_index,
        result_texts.text
    from label_studio.result_texts
    inner join scope on result_texts.task_id = scope.task_id
    where result_texts.source <> 'draft'
)

select
    items.slot,
    items.item,
    items.item_index,
    items.shape,
    -- a text that is no list stands in the result's own column, what is no text in none
    coalesce(texts.text, nullif(items.text, ''), items.said, '') as text,
    row_number() over (
        partition by items.slot, items.item_index, case when items.shape is not null then items.item end
        order by items.place, texts.text_index
    ) as place
from items
left join texts on items.result_key = texts.result_key
where items.kind = 'text'
