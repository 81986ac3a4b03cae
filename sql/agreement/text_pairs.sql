-- One row is two texts in the same place on two sides: of regions that could be the same one, or of the task.
-- text_a, text_b: null where the side has no text in that place
with of_regions as (
    select
        candidates.comparison,
        candidates.item_a,
        candidates.item_b,
        coalesce(a.place, b.place) as place,
        a.text as text_a,
        b.text as text_b
    from (select * from candidates where kind = 'text') as candidates
    inner join item_texts as a on candidates.item_a = a.item
    left join item_texts as b on candidates.item_b = b.item and a.place = b.place
    union
    select
        candidates.comparison,
        candidates.item_a,
        candidates.item_b,
        b.place,
        a.text as text_a,
        b.text as text_b
    from (select * from candidates where kind = 'text') as candidates
    inner join item_texts as b on candidates.item_b = b.item
    left join item_texts as a on candidates.item_a = a.item and b.place = a.place
),

of_tasks as (
    select
        comparison,
        slot_a,
        slot_b
    from comparisons
    where metric = 'text_similarity' and slot_a is not null and slot_b is not null
),

placed as (
    select
        of_tasks.comparison,
        a.item_index,
        a.place,
        a.text as text_a,
        null as text_b
    from of_tasks
    inner join item_texts as a on of_tasks.slot_a = a.slot
    where a.shape is null
    union all
    select
        of_tasks.comparison,
        b.item_index,
        b.place,
        null,
        b.text
    from of_tasks
    inner join item_texts as b on of_tasks.slot_b = b.slot
    where b.shape is null
)

select
    comparison,
    item_a,
    item_b,
    place,
    0 as item_index,
    text_a,
    text_b
from of_regions
union all
select
    comparison,
    null,
    null,
    place,
    item_index,
    max(text_a),
    max(text_b)
from placed
group by comparison, item_index, place
