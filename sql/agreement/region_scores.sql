-- One row is a comparison of regions by a metric: each region's best likeness on the other side, the mean over a side's
-- regions, weighted by their labels, and of both sides' means the smaller.
-- score: in place; strict: where only equal ones count; rotated: by true corners
with weights as (
    select
        slot,
        sum(weight) as weight
    from items
    where shape is not null
    group by slot
),

best_a as (
    select
        comparison,
        item_a as item,
        max(geometry * said) as score,
        max(strict * said) as strict,
        max(rotated * said) as rotated
    from similarities
    group by comparison, item_a
),

best_b as (
    select
        comparison,
        item_b as item,
        max(geometry * said) as score,
        max(strict * said) as strict,
        max(rotated * said) as rotated
    from similarities
    group by comparison, item_b
),

sums_a as (
    select
        best_a.comparison,
        sum(best_a.score * items.weight) as score,
        sum(best_a.strict * items.weight) as strict,
        sum(best_a.rotated * items.weight) as rotated
    from best_a
    inner join items on best_a.item = items.item
    group by best_a.comparison
),

sums_b as (
    select
        best_b.comparison,
        sum(best_b.score * items.weight) as score,
        sum(best_b.strict * items.weight) as strict,
        sum(best_b.rotated * items.weight) as rotated
    from best_b
    inner join items on best_b.item = items.item
    group by best_b.comparison
)

select
    comparisons.comparison,
    least(
        coalesce(sums_a.score, 0) / nullif(weights_a.weight, 0), coalesce(sums_b.score, 0) / nullif(weights_b.weight, 0)
    ) as score,
    least(
        coalesce(sums_a.strict, 0) / nullif(weights_a.weight, 0),
        coalesce(sums_b.strict, 0) / nullif(weights_b.weight, 0)
    ) as strict,
    least(
        coalesce(sums_a.rotated, 0) / nullif(weights_a.weight, 0),
        coalesce(sums_b.rotated, 0) / nullif(weights_b.weight, 0)
    ) as rotated
from comparisons
inner join weights as weights_a on comparisons.slot_a = weights_a.slot
inner join weights as weights_b on comparisons.slot_b = weights_b.slot
left join sums_a on comparisons.comparison = sums_a.comparison
left join sums_b on comparisons.comparison = sums_b.comparison
