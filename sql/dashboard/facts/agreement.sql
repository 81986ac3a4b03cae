-- One row is two people in a project on a UTC day, and a control tag or all of them: how far their annotations of the
-- same tasks agree. A pair of annotations counts on the day on which the later of both was created. Pairs by the same
-- person are in it; both are the same then.
--
-- project_id: projects.id
-- from_name: name of the control tag; null for all control tags together, by their weights
-- annotator_id: the person with the smaller users.id; null where neither is known
-- other_id: the other person; null where one is not known
-- day: the day; null where it is not known
-- pairs: pairs of annotations that have a score
-- score: their scores together, each from 0 to 1
select
    project_id,
    from_name,
    least(annotator_a_id, annotator_b_id) as annotator_id,
    case
        when annotator_a_id is not null and annotator_b_id is not null then greatest(annotator_a_id, annotator_b_id)
    end as other_id,
    day,
    count(*) as pairs,
    sum(score) as score
from people_scores
group by project_id, from_name, least(annotator_a_id, annotator_b_id), other_id, day
