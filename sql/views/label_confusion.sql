-- One row is a label that one annotator gave, and what another one gave in its place: a confusion matrix of the
-- annotators among themselves. Each pair of labels is counted from both sides, so that the shares of a label add up
-- to 1, and what all agree on is counted twice. Regions stand opposite each other where they overlap by half or more
-- (region_matches says how they are matched). Pairs of annotations by the same person are left out.
--
-- project_id: projects.id
-- project_title: title of the project
-- from_name: name of the control tag
-- type: kind of the results, in lower case
-- label: what one annotator says; '' for a region without label
-- other_label: what the other says in its place; null where nothing
-- is_same: both say the same
-- times: how often
-- share: share of all times that somebody said the label
with opposite as (
    select
        project_id,
        from_name,
        type,
        label_a,
        label_b,
        sum(regions) as times
    from analytics.region_matches
    where source_b = 'annotation' and annotator_a_id is distinct from annotator_b_id
    group by project_id, from_name, type, label_a, label_b
),

sides as (
    select
        project_id,
        from_name,
        type,
        label_a as label,
        label_b as other_label,
        times
    from opposite
    union all
    select
        project_id,
        from_name,
        type,
        label_b,
        label_a,
        times
    from opposite
),

cells as (
    select
        project_id,
        from_name,
        max(type) as type,
        label,
        other_label,
        sum(times)::bigint as times
    from sides
    where label is not null
    group by project_id, from_name, label, other_label
)

select
    cells.project_id,
    projects.title as project_title,
    cells.from_name,
    cells.type,
    cells.label,
    cells.other_label,
    coalesce(cells.label = cells.other_label, false) as is_same,
    cells.times,
    cells.times / nullif(
        sum(cells.times) over (partition by cells.project_id, cells.from_name, cells.label), 0
    )::double as share
from cells
left join label_studio.projects on cells.project_id = projects.id
