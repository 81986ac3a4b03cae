-- Which labels do annotators take for each other?
-- Pairs of labels that two annotators give in the same place, the most frequent first.
--
-- $project_id bigint = null: only this project; all where null
-- $from_name varchar = null: only this control tag; all where null
-- $limit bigint = 20: rows at most
--
-- project_id: projects.id
-- from_name: name of the control tag
-- label: one label
-- other_label: the other one
-- times: how often one annotator gave the one, and another the other
-- share_of_label: share of all times that somebody gave the first one
-- share_of_other: share of all times that somebody gave the other one
select
    one.project_id,
    one.from_name,
    one.label,
    one.other_label,
    one.times,
    one.share as share_of_label,
    other.share as share_of_other
from analytics.label_confusion as one
inner join analytics.label_confusion as other
    on
        one.project_id = other.project_id
        and one.from_name = other.from_name
        and one.label = other.other_label
        and one.other_label = other.label
where
    one.label < one.other_label
    and ($project_id is null or one.project_id = $project_id)
    and ($from_name is null or one.from_name = $from_name)
order by one.times desc, one.project_id asc, one.from_name asc, one.label asc, one.other_label asc
limit $limit
