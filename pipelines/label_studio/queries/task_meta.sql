with metas as (
    select
        task_id,
        project_id,
        t.meta as meta
    from parsed_tasks
    where t.meta is not null
),

leaves as (
    select
        metas.task_id,
        metas.project_id,
        tree.fullkey as path,
        tree.type,
        tree.value,
        -- the path without the list indexes at its end
        regexp_replace(tree.fullkey, '(\[\d+\])+$', '') as key_path
    from metas, json_tree(metas.meta) as tree
    where tree.type not in ('OBJECT', 'ARRAY') or tree.value::varchar in ('{}', '[]')
)

select
    task_id,
    project_id,
    replace(path, chr(0), chr(65533)) as path,
    case
        when key_path = '$' then null
        when ends_with(key_path, '"')
            then as_text(regexp_extract(key_path, '"(?:[^"\\]|\\.)*"$')::json)
        else regexp_extract(key_path, '[^.]*$')
    end as key,
    case type when 'VARCHAR' then as_text(value) when 'NULL' then null else value::varchar end as value,
    case type
        when 'VARCHAR' then 'string'
        when 'BOOLEAN' then 'boolean'
        when 'NULL' then 'null'
        when 'OBJECT' then 'object'
        when 'ARRAY' then 'array'
        else 'number'
    end as value_type,
    as_double(value) as number,
    as_boolean(value) as boolean
from leaves
