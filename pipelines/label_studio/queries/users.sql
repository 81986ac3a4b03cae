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
        raw::json as raw,
        listed,
        from_json(raw, structure(user_keys())) as u
    from known
),

typed as (
    select
        *,
        as_bigint(u.id) as id,
        as_timestamp(u.last_activity) as last_activity,
        as_timestamp(u.date_joined) as date_joined
    from parsed
)

select
    id,
    as_text(u.email) as email,
    as_text(u.username) as username,
    as_text(u.first_name) as first_name,
    as_text(u.last_name) as last_name,
    as_text(u.initials) as initials,
    last_activity,
    date_joined,
    rest_of(
        without_credentials(raw),
        user_keys(),
        compact([
            unread('email', u.email, as_text(u.email)),
            unread('username', u.username, as_text(u.username)),
            unread('first_name', u.first_name, as_text(u.first_name)),
            unread('last_name', u.last_name, as_text(u.last_name)),
            unread('initials', u.initials, as_text(u.initials)),
            unread('last_activity', u.last_activity, last_activity),
            unread('date_joined', u.date_joined, date_joined)
        ])
    ) as extra
from typed
where id is not null
-- the organisation's own list knows more than an annotation does
qualify row_number() over (partition by id order by listed desc) = 1
