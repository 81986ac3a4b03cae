with lists as (
    select
        task_id,
        project_id,
        'annotator' as role,
        as_list(t.annotators) as members
    from parsed_tasks
    union all
    select
        task_id,
        project_id,
        'comment_author',
        as_list(t.comment_authors)
    from parsed_tasks
    union all
    select
        task_id,
        project_id,
        'updated_by',
        as_list(t.updated_by)
    from parsed_tasks
),

members as (
    select
        task_id,
        project_id,
        role,
        unnest(generate_series(0, len(members) - 1)) as position,
        unnest(members) as member
    from lists
    where len(members) > 0
)

select
    task_id,
    project_id,
    role,
    position,
    coalesce(as_bigint(member), as_bigint(json_extract(member, '$.user_id')), as_bigint(json_extract(member, '$.id'))) as user_id,
    case
        when as_bigint(member) is not null then null
        when as_bigint(json_extract(member, '$.user_id')) is not null then rest_of(member, ['user_id'], [])
        when as_bigint(json_extract(member, '$.id')) is not null then rest_of(member, ['id'], [])
        else member::varchar
    end as extra
from members
