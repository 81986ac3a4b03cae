-- json_tree would do, but its fullkey quotes odd keys from DuckDB 2.0 on only, and it takes the square of a list's
-- length, which an embedding in meta makes long.
with recursive nodes as (
    select
        task_id,
        project_id,
        '$' as path,
        null::varchar as key,
        t.meta as node
    from parsed_tasks
    where t.meta is not null
    union all
    (
        select
            task_id,
            project_id,
            path || '[' || unnest(generate_series(0, json_array_length(node)::bigint - 1)) || ']' as path,
            key,
            coalesce(unnest(as_list(node)), 'null'::json) as node
        from nodes
        where starts_with(node::varchar, '[') and node::varchar <> '[]'
        union all
        select
            nodes.task_id,
            nodes.project_id,
            nodes.path || case
                when regexp_full_match(child.key, '[A-Za-z][A-Za-z0-9_]*') then '.' || child.key
                else '."' || replace(
                    replace(replace(child.key, '\', '\\'), '"', '\"'),
                    chr(0), '\u0000'
                ) || '"'
            end as path,
            child.key as key,
            child.value as node
        from nodes, json_each(nodes.node) as child
        where starts_with(nodes.node::varchar, '{')
    )
)

select
    task_id,
    project_id,
    path,
    case when not contains(key, chr(0)) then key end as key,
    case
        when starts_with(node::varchar, '"') then as_text(node)
        when node <> 'null' then node::varchar
    end as value,
    case left(node::varchar, 1)
        when '"' then 'string'
        when 't' then 'boolean'
        when 'f' then 'boolean'
        when 'n' then 'null'
        when '{' then 'object'
        when '[' then 'array'
        else 'number'
    end as value_type,
    as_double(node) as number,
    as_boolean(node) as boolean
from nodes
where node::varchar in ('{}', '[]') or left(node::varchar, 1) not in ('{', '[')
