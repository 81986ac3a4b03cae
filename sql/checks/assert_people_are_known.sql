-- Persons who made annotations, and who are not among the users.
-- severity: warning
select
    annotations.completed_by_id as user_id,
    count(*) as annotation_count
from annotations
where
    annotations.completed_by_id is not null
    and not exists (select 1 from users where users.id = annotations.completed_by_id)
group by annotations.completed_by_id
