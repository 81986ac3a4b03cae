-- json_tree would do, but its fullkey quotes odd keys from DuckDB 2.0 on only.
with recursive nodes as (
    select
        task_id,
        project_id,
        '$' as path,
        null::varchar as key,
        meta as node
    from parsed_tasks
    where meta is not null
    union all
    select
        nodes.task_id,
        nodes.project_id,
        nodes.path || case
            when starts_with(nodes.node::varchar, '[') then '[' || child.key || ']'
            when regexp_full_match(child.key, '[A-Za-z][A-Za-z0-9_]*') then '.' || child.key
            else '."' || replace(
                replace(replace(child.key, '\', '\\'), '"', '\"'),
                chr(0), '\u0000'
            ) || '"'
        end as path,
        case when starts_with(nodes.node::varchar, '[') then nodes.key else child.key end as key,
        child.value as node
    from nodes, json_each(nodes.node) as child
    where starts_with(nodes.node::varchar, '[') or starts_with(nodes.node::varchar, '{')
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
