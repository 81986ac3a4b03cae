-- One row is two regions, or two sides, with how alike their texts are: the mean over places, 0 where one has no text.
select
    text_pairs.comparison,
    text_pairs.item_a,
    text_pairs.item_b,
    avg(
        case
            when text_pairs.text_a = text_pairs.text_b then 1.0
            else coalesce(text_measures.similarity, 0)
        end
    ) as similarity
from text_pairs
left join text_measures on text_pairs.text_a = text_measures.text_a and text_pairs.text_b = text_measures.text_b
group by text_pairs.comparison, text_pairs.item_a, text_pairs.item_b
