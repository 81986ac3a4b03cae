-- Which annotators disagree most with ground truth, on a label or on all?
-- Each label of a ground-truth annotation is held against what the annotator says in its place; annotations of who made
-- the ground truth are left out. Least agreement comes first.
--
-- $project_id bigint = null: only this project; all where null
-- $label varchar = null: only this label; all where null
-- $from_name varchar = null: only this control tag; all where null
-- $limit bigint = 50: rows at most
--
-- annotator: e-mail of the annotator, or 'user' and the id
-- in_ground_truth: how often ground truth has the label on tasks of the annotator
-- matches: how often the annotator says the same
-- others: how often the annotator says another label
-- missed: how often the annotator says nothing there
-- added: how often the annotator says the label where ground truth has another one, or nothing
-- recall: matches ÷ in_ground_truth
-- precision: matches ÷ all times that the annotator says the label
-- worst_confusion: what the annotator says most often instead
with opposite as (
    select
        project_id,
        from_name,
        annotator_b_id as annotator_id,
        label_a as truth,
        label_b as said,
        regions
    from analytics.region_matches
    where source_b = 'annotation' and ground_truth_a and not ground_truth_b and annotator_a_id <> annotator_b_id
    union all
    select
        project_id,
        from_name,
        annotator_a_id,
        label_b,
        label_a,
        regions
    from analytics.region_matches
    where source_b = 'annotation' and ground_truth_b and not ground_truth_a and annotator_a_id <> annotator_b_id
),

wanted as (
    select
        annotator_id,
        truth,
        said,
        sum(regions) as times
    from opposite
    where
        ($project_id is null or project_id = $project_id)
        and ($from_name is null or from_name = $from_name)
        and ($label is null or truth = $label or said = $label)
    group by annotator_id, truth, said
),

counted as (
    select
        annotator_id,
        sum(
            case when truth is not null and ($label is null or truth = $label) then times else 0 end
        ) as in_ground_truth,
        sum(case when truth = said then times else 0 end) as matches,
        sum(
            case when truth <> said and ($label is null or truth = $label) then times else 0 end
        ) as others,
        sum(case when truth is not null and said is null then times else 0 end) as missed,
        sum(
            case
                when said is not null and coalesce(truth, '') <> said and ($label is null or said = $label) then times
                else 0
            end
        ) as added
    from wanted
    group by annotator_id
),

confusions as (
    select
        annotator_id,
        truth || ' → ' || said as confusion,
        row_number() over (partition by annotator_id order by times desc, truth asc, said asc) as place
    from wanted
    where truth <> said and ($label is null or truth = $label)
)

select
    coalesce(users.email, 'user ' || counted.annotator_id) as annotator,
    counted.in_ground_truth::bigint as in_ground_truth,
    counted.matches::bigint as matches,
    counted.others::bigint as others,
    counted.missed::bigint as missed,
    counted.added::bigint as added,
    counted.matches / nullif(counted.in_ground_truth, 0)::double as recall,
    counted.matches / nullif(counted.matches + counted.added, 0)::double as precision,
    confusions.confusion as worst_confusion
from counted
left join label_studio.users on counted.annotator_id = users.id
left join confusions on counted.annotator_id = confusions.annotator_id and confusions.place = 1
order by recall asc nulls last, counted.in_ground_truth desc, annotator asc
limit $limit
