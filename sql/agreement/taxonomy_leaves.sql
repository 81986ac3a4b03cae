-- One row is a path that a taxonomy of the labeling config offers, and a leaf beneath it: itself where it is one.
with split as (
    select
        project_id,
        from_name,
        label_path,
        string_split(label_path, ' / ') as steps
    from label_studio.project_labels
    where type = 'taxonomy'
),

numbered as (
    select
        *,
        unnest(generate_series(1, len(steps))) as step
    from split
),

beneath as (
    select
        project_id,
        from_name,
        label_path,
        array_to_string(list_slice(steps, 1, step), ' / ') as ancestor
    from numbered
),

inner_paths as (
    select distinct
        project_id,
        from_name,
        ancestor
    from beneath
    where ancestor <> label_path
)

select
    beneath.project_id,
    beneath.from_name,
    beneath.ancestor as label_path,
    beneath.label_path as leaf
from beneath
left join inner_paths
    on
        beneath.project_id = inner_paths.project_id
        and beneath.from_name = inner_paths.from_name
        and beneath.label_path = inner_paths.ancestor
where inner_paths.ancestor is null
