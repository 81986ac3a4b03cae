-- One row is a pair of labels of a control tag that stand together in at least one submitted annotation.
-- Each pair is listed once, label_a before label_b; how often a label is used within an annotation does not matter.
--
-- project_id: projects.id
-- project_title: title of the project
-- from_name: name of the control tag
-- label_a: label path, root to leaf joined by ' / '; the first of both in alphabetical order
-- label_b: label path of the other
-- annotations_both: submitted annotations that use both
-- annotations_a: submitted annotations that use label_a, with or without label_b
-- annotations_b: submitted annotations that use label_b, with or without label_a
-- annotations: submitted annotations that use the control tag
-- jaccard: annotations with both ÷ annotations with one of them at least; 1 where they never stand apart
-- lift: how many times as often they stand together as two labels would that have nothing to do with each other;
--   1 where they are independent of each other
with label_sets as (
    select
        project_id,
        from_name,
        label_set,
        count(*) as annotations
    from analytics.annotation_labels
    where source = 'annotation' and label_set is not null
    group by project_id, from_name, label_set
),

members as (
    select
        project_id,
        from_name,
        label_set,
        annotations,
        unnest(label_set) as label_path
    from label_sets
),

singles as (
    select
        project_id,
        from_name,
        label_path,
        sum(annotations) as annotations
    from members
    group by project_id, from_name, label_path
),

totals as (
    select
        project_id,
        from_name,
        sum(annotations) as annotations
    from label_sets
    group by project_id, from_name
),

partners as (
    select
        project_id,
        from_name,
        annotations,
        label_path as label_a,
        unnest(label_set) as label_b
    from members
),

pairs as (
    select
        project_id,
        from_name,
        label_a,
        label_b,
        sum(annotations) as annotations_both
    from partners
    where label_a collate "C" < label_b
    group by project_id, from_name, label_a, label_b
)

select
    pairs.project_id,
    projects.title as project_title,
    pairs.from_name,
    pairs.label_a,
    pairs.label_b,
    pairs.annotations_both::bigint as annotations_both,
    a.annotations::bigint as annotations_a,
    b.annotations::bigint as annotations_b,
    totals.annotations::bigint as annotations,
    pairs.annotations_both::double / (a.annotations + b.annotations - pairs.annotations_both) as jaccard,
    pairs.annotations_both::double * totals.annotations / (a.annotations::double * b.annotations) as lift
from pairs
inner join singles as a
    on pairs.project_id = a.project_id and pairs.from_name = a.from_name and pairs.label_a = a.label_path
inner join singles as b
    on pairs.project_id = b.project_id and pairs.from_name = b.from_name and pairs.label_b = b.label_path
inner join totals on pairs.project_id = totals.project_id and pairs.from_name = totals.from_name
left join label_studio.projects on pairs.project_id = projects.id
