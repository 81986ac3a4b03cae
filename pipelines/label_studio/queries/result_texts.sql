select
    result_key,
    source,
    task_id,
    project_id,
    from_name,
    type,
    unnest(generate_series(0, len(texts) - 1)) as text_index,
    unnest([as_text(element) for element in texts]) as text
from parsed_results
where len(texts) > 0
