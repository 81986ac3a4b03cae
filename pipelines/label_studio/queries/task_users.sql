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
),

typed as (
    select
        *,
        as_bigint(member) as own_id,
        as_bigint(json_extract(member, '$.user_id')) as user_id,
        as_bigint(json_extract(member, '$.id')) as object_id
    from members
),

checked as (
    select
        *,
        case
            when own_id is not null then null
            when user_id is not null then rest_of(member, ['user_id'])
            when object_id is not null then rest_of(member, ['id'])
            else coalesce(member::varchar, 'null')
        end as rest
    from typed
)

select
    task_id,
    project_id,
    role,
    position,
    coalesce(own_id, user_id, object_id) as user_id,
    api_extra_of('', rest) as extra
from checked
