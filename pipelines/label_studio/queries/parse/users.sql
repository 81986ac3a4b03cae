-- Who made the annotations of the batch, where the server sends more than an id.
insert or ignore into seen_users
select
    as_bigint(json_extract(a.completed_by, '$.id')) as id,
    any_value(a.completed_by) as user
from parsed_annotations
where as_bigint(json_extract(a.completed_by, '$.id')) is not null
group by 1;
