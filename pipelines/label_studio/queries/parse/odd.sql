-- The places of the batch's tasks that are no strict JSON; DuckDB itself would let NaN and infinities pass.
with sent as (
    select
        place,
        task as json
    from batch
    union all
    select
        place,
        drafts as json
    from batch
)

select distinct place
from sent
where
    not json_valid(json)
    or (
        (contains(json, 'NaN') or contains(json, 'Infinity'))
        and regexp_matches(json, '[\[:,]\s*-?(NaN|Infinity)')
    );
