with named as (
    select
        result_key,
        source,
        task_id,
        project_id,
        from_name,
        type,
        case when type in ('choices', 'relation', 'taxonomy') then type else 'labels' end as list_name,
        case type
            when 'relation' then as_list(r.labels)
            when 'choices' then as_list(v.choices)
            when 'taxonomy' then as_list(v.taxonomy)
            else as_list(coalesce(
                v.hypertextlabels, v.paragraphlabels, v.timeserieslabels, v.timelinelabels, v.rectanglelabels,
                v.ellipselabels, v.polygonlabels, v.keypointlabels, v.brushlabels, v.bitmasklabels, v.vectorlabels,
                v.videovectorlabels, v.ocrlabels, v.htmllabels, v.labels,
                -- a type that is not known here keeps its labels under its own name, as all the others do
                case
                    when ends_with(type, 'labels')
                        then json_extract(r.value, '/' || replace(replace(type, '~', '~0'), '/', '~1'))
                end
            ))
        end as labels
    from parsed_results
),

elements as (
    select
        *,
        unnest(generate_series(0, len(labels) - 1)) as label_index,
        unnest(labels) as element
    from named
    where len(labels) > 0
),

paths as (
    select
        *,
        case
            when all_texts(element) then [as_text(step) for step in as_list(element)]
            when as_text(element) is not null then [as_text(element)]
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
    case list_name when 'choices' then 'choice' when 'labels' then 'label' else list_name end as kind
from paths
where path is not null
