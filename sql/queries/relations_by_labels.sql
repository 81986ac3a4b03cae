-- Which labels are connected by relations?
-- In submitted annotations, by the labels of both ends.
--
-- $project_id bigint = null: only this project; all where null
--
-- project_id: projects.id
-- from_labels: labels of the region that the relation starts from
-- relation: labels of the relation; null where it has none
-- to_labels: labels of the region that it leads to
-- relations: how often
-- tasks: tasks in which it is
-- example: the texts of both ends of one of them, where they are spans of text
select
    project_id,
    from_labels,
    labels as relation,
    to_labels,
    count(*) as relations,
    count(distinct task_id) as tasks,
    min(from_text || ' → ' || to_text) as example
from analytics.relations
where
    source = 'annotation'
    and not was_cancelled
    and ($project_id is null or project_id = $project_id)
group by project_id, from_labels, labels, to_labels
order by relations desc, project_id asc, from_labels asc nulls last, relation asc nulls last, to_labels asc nulls last
