with known as (
    select
        listed_users.user as raw,
        true as listed
    from listed_users
    union all
    select
        seen_users.user,
        false
    from seen_users
),

parsed as (
    select
        listed,
        from_json(raw, structure(user_keys(), [])) as u,
        rest_of(raw, user_keys()) as rest
    from known
),

typed as (
    select
        *,
        as_bigint(u.id) as id,
        as_text(u.email) as email,
        as_text(u.username) as username,
        as_text(u.first_name) as first_name,
        as_text(u.last_name) as last_name,
        as_text(u.initials) as initials,
        as_timestamp(u.last_activity) as last_activity,
        as_timestamp(u.date_joined) as date_joined
    from parsed
),

checked as (
    select
        *,
        concat_ws(
            ',',
            unread('email', u.email, email),
            unread('username', u.username, username),
            unread('first_name', u.first_name, first_name),
            unread('last_name', u.last_name, last_name),
            unread('initials', u.initials, initials),
            unread('last_activity', u.last_activity, last_activity),
            unread('date_joined', u.date_joined, date_joined)
        ) as unread_members
    from typed
)

select
    id,
    email,
    username,
    first_name,
    last_name,
    initials,
    last_activity,
    date_joined,
    api_extra_of(unread_members, rest) as extra
from checked
where id is not null
-- the organisation's own list knows more than an annotation does
qualify row_number() over (partition by id order by listed desc) = 1
