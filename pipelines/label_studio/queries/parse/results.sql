-- One row an element of a result list of the batch: r holds its keys, v those of its value, still JSON; the lists that
-- further tables unfold stand beside them.
create or replace temp table parsed_results as
with owners as (
    select
        'annotation' as source,
        id,
        task_id,
        project_id,
        result
    from parsed_annotations
    union all
    select
        'prediction',
        id,
        task_id,
        project_id,
        result
    from parsed_predictions
    union all
    select
        'draft',
        id,
        task_id,
        project_id,
        result
    from parsed_drafts
),

elements as (
    select
        source,
        id as source_id,
        task_id,
        project_id,
        unnest(generate_series(0, len(result) - 1)) as result_index,
        unnest(result) as raw
    from owners
    where id is not null and len(result) > 0
),

parsed as (
    select
        *,
        from_json(raw, structure(result_keys(), [])) as r
    from elements
),

valued as (
    select
        *,
        as_text(r.type) as type,
        from_json(r.value, structure(value_keys(), value_lists())) as v
    from parsed
)

select
    source || '/' || source_id || '/' || result_index as result_key,
    source,
    source_id,
    task_id,
    project_id,
    result_index,
    as_text(r.from_name) as from_name,
    type,
    r,
    rest_of(raw, result_keys()) as rest,
    v,
    case type
        when 'relation' then as_list(r.labels)
        when 'choices' then v.choices
        when 'taxonomy' then v.taxonomy
        else coalesce(
            -- a region keeps its labels under its own type's name, also where that type is not known here
            case
                when ends_with(type, 'labels')
                    then as_list(json_extract(r.value, '/' || replace(replace(type, '~', '~0'), '/', '~1')))
            end,
            v.labels, v.hypertextlabels, v.paragraphlabels, v.timeserieslabels, v.timelinelabels, v.rectanglelabels,
            v.ellipselabels, v.polygonlabels, v.keypointlabels, v.brushlabels, v.bitmasklabels, v.vectorlabels,
            v.videovectorlabels, v.ocrlabels, v.htmllabels
        )
    end as labels,
    -- predictors send a bare text, too
    case
        when starts_with(v.text::varchar, '[') then as_list(v.text)
        when type = 'textarea' and as_text(v.text) is not null then [v.text]
    end as texts,
    coalesce(v.points, v.vertices) as points,
    v.sequence as keyframes,
    v.ranges as ranges,
    v.ranker as ranker
from valued;
