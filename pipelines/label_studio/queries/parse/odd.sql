-- The places of the batch's tasks that are no strict JSON; DuckDB itself would let NaN and infinities pass.
with numbered as (
    select
        row_number() over () - 1 as place,
        concat_ws(' ', task, drafts) as sent,
        json_valid(task) and coalesce(json_valid(drafts), true) as is_valid
    from batch
)

select place
from numbered
where
    not is_valid
    or (
        (contains(sent, 'NaN') or contains(sent, 'Infinity'))
        and regexp_matches(sent, '[\[:,]\s*-?(NaN|Infinity)')
    );
