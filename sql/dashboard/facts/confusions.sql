-- One row is what a person said on a control tag, and what another person said in its place, on a UTC day: each pair of
-- labels is counted from both sides, as in label_confusion. It counts on the day on which the later of both annotations
-- was created.
--
-- project_id: projects.id
-- from_name: name of the control tag
-- label: what the person says; '' for a region without label
-- other_label: what the other says in its place; null where nothing
-- annotator_id: who says label: users.id; null after the user's deletion
-- day: the day; null where it is not known
-- times: how often
with opposite as (
    select
        region_matches.project_id,
        region_matches.from_name,
        region_matches.label_a,
        region_matches.label_b,
        region_matches.annotator_a_id,
        region_matches.annotator_b_id,
        (greatest(a.created_at, b.created_at) at time zone 'UTC')::date as day,
        sum(region_matches.regions) as times
    from analytics.region_matches
    left join label_studio.annotations as a on region_matches.annotation_a_id = a.id
    left join label_studio.annotations as b on region_matches.annotation_b_id = b.id
    where
        region_matches.source_b = 'annotation'
        and region_matches.annotator_a_id is distinct from region_matches.annotator_b_id
    group by
        region_matches.project_id,
        region_matches.from_name,
        region_matches.label_a,
        region_matches.label_b,
        region_matches.annotator_a_id,
        region_matches.annotator_b_id,
        (greatest(a.created_at, b.created_at) at time zone 'UTC')::date
),

sides as (
    select
        project_id,
        from_name,
        label_a as label,
        label_b as other_label,
        annotator_a_id as annotator_id,
        day,
        times
    from opposite
    union all
    select
        project_id,
        from_name,
        label_b,
        label_a,
        annotator_b_id,
        day,
        times
    from opposite
)

select
    project_id,
    from_name,
    label,
    other_label,
    annotator_id,
    day,
    sum(times)::bigint as times
from sides
where label is not null
group by project_id, from_name, label, other_label, annotator_id, day
