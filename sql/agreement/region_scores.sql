-- One row is a comparison of regions by a metric: each region's best likeness on the other side, the mean over a side's
-- regions, weighted by their labels, and of both sides' means the smaller.
-- score: in place; strict: where only equal ones count; rotated: by true corners
with likenesses as (
    select
        comparison,
        item_a as item,
        geometry * said as score,
        strict * said as strict,
        rotated * said as rotated
    from similarities
    union all
    select
        comparison,
        item_b,
        geometry * said,
        strict * said,
        rotated * said
    from similarities
),

best as (
    select
        comparison,
        item,
        max(score) as score,
        max(strict) as strict,
        max(rotated) as rotated
    from likenesses
    group by comparison, item
),

sums as (
    select
        best.comparison,
        items.slot,
        sum(best.score * items.weight) as score,
        sum(best.strict * items.weight) as strict,
        sum(best.rotated * items.weight) as rotated
    from best
    inner join items on best.item = items.item
    group by best.comparison, items.slot
),

weights as (
    select
        slot,
        sum(weight) as weight
    from items
    where shape is not null
    group by slot
),

sided as (
    select
        comparison,
        slot_a as slot
    from comparisons
    where slot_b is not null
    union all
    select
        comparison,
        slot_b
    from comparisons
    where slot_a is not null
),

means as (
    select
        sided.comparison,
        coalesce(sums.score, 0) / nullif(weights.weight, 0) as score,
        coalesce(sums.strict, 0) / nullif(weights.weight, 0) as strict,
        coalesce(sums.rotated, 0) / nullif(weights.weight, 0) as rotated
    from sided
    inner join weights on sided.slot = weights.slot
    left join sums on sided.comparison = sums.comparison and sided.slot = sums.slot
)

select
    comparison,
    min(score) as score,
    min(strict) as strict,
    min(rotated) as rotated
from means
group by comparison
-- both sides have regions
having count(*) = 2
