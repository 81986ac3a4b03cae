with elements as (
    select
        result_key,
        source,
        task_id,
        project_id,
        from_name,
        type,
        unnest(generate_series(0, len(labels) - 1)) as label_index,
        unnest(labels) as element
    from parsed_results
    where len(labels) > 0
),

-- a nested choice or a taxonomy's entry is a path of texts
paths as (
    select
        *,
        case
            when not starts_with(element::varchar, '[') then [as_text(element)]
            when all_texts(as_list(element)) then [as_text(step) for step in as_list(element)]
        end as path
    from elements
)

select
    result_key,
    source,
    task_id,
    project_id,
    from_name,
    type,
    label_index,
    path[-1] as label,
    array_to_string(path, ' / ') as label_path,
    case
        when type = 'choices' then 'choice'
        when type in ('taxonomy', 'relation') then type
        else 'label'
    end as kind
from paths
-- a label that no text column takes is a row, too: it can be read in the result's value
where starts_with(element::varchar, '"') or json_array_length(element) > 0
