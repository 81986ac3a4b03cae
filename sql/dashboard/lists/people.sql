-- One row is a person.
--
-- annotator_id: users.id
-- name: first and last name; else the e-mail, or 'user' and the id
-- email: e-mail address
select
    annotator_id,
    name,
    email
from analytics.annotators
where submitted > 0 or skipped > 0
order by name, annotator_id
