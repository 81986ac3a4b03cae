with lists as (
    select
        *,
        -- predictors send a bare text, too
        coalesce(as_list(v.text), case when type = 'textarea' and as_text(v.text) is not null then [v.text] end) as texts
    from parsed_results
)

select
    result_key,
    source,
    task_id,
    project_id,
    from_name,
    type,
    unnest(generate_series(0, len(texts) - 1)) as text_index,
    unnest([as_text(element) for element in texts]) as text
from lists
where len(texts) > 0
