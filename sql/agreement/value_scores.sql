-- One row is a comparison by a metric that asks for equal values, or measures values of the whole task.
with compared as (
    select *
    from comparisons
    where slot_a is not null and slot_b is not null
),

slot_weights as (
    select
        slot,
        sum(weight) as weight,
        sum(label_count) as label_count,
        count(*) as items
    from items
    group by slot
),

equal_choices as (
    select
        compared.comparison,
        'exact_match' as metric,
        case
            when compared.choices_a = compared.choices_b
                then coalesce(slot_weights.weight / nullif(slot_weights.label_count, 0), 1)
            else 0
        end as score
    from compared
    inner join slot_weights on compared.slot_a = slot_weights.slot
    where
        compared.metric = 'exact_match'
        and compared.choices_a is not null and compared.choices_b is not null
),

exact_counts as (
    select
        slot,
        item_index,
        exact,
        count(*) as items
    from items
    where exact is not null
    group by slot, item_index, exact
),

exact_shares as (
    select
        compared.comparison,
        sum(least(a.items, b.items)) as matches
    from compared
    inner join exact_counts as a on compared.slot_a = a.slot
    inner join exact_counts as b
        on compared.slot_b = b.slot and a.item_index = b.item_index and a.exact = b.exact
    where compared.metric = 'exact_match'
    group by compared.comparison
),

equal_values as (
    select
        compared.comparison,
        'exact_match' as metric,
        case when a.items = b.items then coalesce(exact_shares.matches, 0) / a.items else 0 end as score
    from compared
    inner join slot_weights as a on compared.slot_a = a.slot
    inner join slot_weights as b on compared.slot_b = b.slot
    left join exact_shares on compared.comparison = exact_shares.comparison
    where
        compared.metric = 'exact_match'
        and (compared.choices_a is null or compared.choices_b is null)
),

paths as (
    select distinct
        slot,
        item_index,
        unnest(string_split(labels, chr(31))) as label_path
    from items
    where shape is null and kind = 'choices'
),

path_counts as (
    select
        slot,
        count(*) as paths
    from paths
    group by slot
),

shared_paths as (
    select
        compared.comparison,
        count(*) as paths
    from compared
    inner join paths as a on compared.slot_a = a.slot
    inner join paths as b on compared.slot_b = b.slot and a.item_index = b.item_index and a.label_path = b.label_path
    group by compared.comparison
),

jaccard as (
    select
        compared.comparison,
        'jaccard' as metric,
        coalesce(shared_paths.paths, 0) / (a.paths + b.paths - coalesce(shared_paths.paths, 0)) as score
    from compared
    inner join path_counts as a on compared.slot_a = a.slot
    inner join path_counts as b on compared.slot_b = b.slot
    left join shared_paths on compared.comparison = shared_paths.comparison
    where compared.metric = 'exact_match' and compared.type in ('choices', 'taxonomy')
),

split_paths as (
    select
        compared.comparison,
        string_split(a.label_path, ' / ') as path_a,
        string_split(b.label_path, ' / ') as path_b
    from compared
    inner join paths as a on compared.slot_a = a.slot
    inner join paths as b on compared.slot_b = b.slot and a.item_index = b.item_index
    where compared.type = 'taxonomy' and compared.metric = 'exact_match'
),

shared_steps as (
    select
        comparison,
        len(path_a) as steps_a,
        len(path_b) as steps_b,
        list_sum(
            [
                (list_slice(path_a, 1, step) = list_slice(path_b, 1, step))::integer
                for step in generate_series(1, least(len(path_a), len(path_b)))
            ]
        ) as steps
    from split_paths
),

path_match as (
    select
        comparison,
        'path_match' as metric,
        least(max(steps / steps_a), max(steps / steps_b)) as score
    from shared_steps
    group by comparison
),

-- what the config does not offer is a leaf of its own
leaves as (
    select distinct
        paths.slot,
        paths.item_index,
        coalesce(taxonomy_leaves.leaf, paths.label_path) as leaf
    from paths
    inner join slots on paths.slot = slots.slot
    left join taxonomy_leaves
        on
            slots.project_id = taxonomy_leaves.project_id
            and slots.from_name = taxonomy_leaves.from_name
            and paths.label_path = taxonomy_leaves.label_path
    where slots.type = 'taxonomy'
),

leaf_counts as (
    select
        slot,
        count(*) as leaves
    from leaves
    group by slot
),

shared_leaves as (
    select
        compared.comparison,
        count(*) as leaves
    from compared
    inner join leaves as a on compared.slot_a = a.slot
    inner join leaves as b on compared.slot_b = b.slot and a.item_index = b.item_index and a.leaf = b.leaf
    group by compared.comparison
),

subtree_match as (
    select
        compared.comparison,
        'subtree_match' as metric,
        coalesce(shared_leaves.leaves, 0) / greatest(a.leaves, b.leaves) as score
    from compared
    inner join leaf_counts as a on compared.slot_a = a.slot
    inner join leaf_counts as b on compared.slot_b = b.slot
    left join shared_leaves on compared.comparison = shared_leaves.comparison
    where compared.metric = 'exact_match'
),

numbers as (
    select
        slot,
        item_index,
        place,
        number,
        said
    from items
    where shape is null and kind = 'number'
),

number_counts as (
    select
        slot,
        count(*) as numbers
    from numbers
    group by slot
),

-- without a range in the config, a difference counts in proportion to the larger number
near_numbers as (
    select
        compared.comparison,
        sum(
            case
                when a.number is null or b.number is null then coalesce(a.said = b.said, false)::integer
                else
                    greatest(
                        0,
                        1 - abs(a.number - b.number)
                        / coalesce(controls.span, nullif(greatest(abs(a.number), abs(b.number)), 0), 1)
                    )
            end
        ) as score
    from compared
    inner join numbers as a on compared.slot_a = a.slot
    inner join numbers as b on compared.slot_b = b.slot and a.item_index = b.item_index and a.place = b.place
    left join controls on compared.project_id = controls.project_id and compared.from_name = controls.from_name
    group by compared.comparison
),

numeric_difference as (
    select
        compared.comparison,
        'numeric_difference' as metric,
        coalesce(near_numbers.score, 0) / greatest(a.numbers, b.numbers) as score
    from compared
    inner join number_counts as a on compared.slot_a = a.slot
    inner join number_counts as b on compared.slot_b = b.slot
    left join near_numbers on compared.comparison = near_numbers.comparison
    where compared.metric = 'numeric_difference'
),

text_similarity as (
    select
        compared.comparison,
        'text_similarity' as metric,
        coalesce(text_similarities.similarity, 0) as score
    from compared
    left join text_similarities
        on compared.comparison = text_similarities.comparison and text_similarities.item_a is null
    where compared.metric = 'text_similarity'
)

select * from equal_choices
union all
select * from equal_values
union all
select * from jaccard
union all
select * from path_match
union all
select * from subtree_match
union all
select * from numeric_difference
union all
select * from text_similarity
