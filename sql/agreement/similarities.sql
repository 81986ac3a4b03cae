-- One row is two regions of two sides that could be the same one, with how far they are.
-- geometry: how far they are in the same place; strict: where only equal ones count; rotated: by their true corners
-- said: how far the same is said of them
select
    candidates.comparison,
    candidates.item_a,
    candidates.item_b,
    candidates.kind,
    candidates.same_labels,
    coalesce(
        candidates.geometry, polygon_measures.geometry, mask_measures.geometry, frame_measures.geometry, 0
    ) as geometry,
    case
        when candidates.shape in ('keypoint', 'mask') then candidates.is_exact::integer
        when candidates.shape = 'video' then coalesce(frame_measures.equal, 0)
        else coalesce(candidates.geometry, polygon_measures.geometry, 0)
    end as strict,
    coalesce(rotated_measures.geometry, candidates.geometry, 0) as rotated,
    case
        when candidates.kind in ('labels', 'choices') then candidates.same_labels::integer
        when candidates.kind = 'text' then coalesce(text_similarities.similarity, 0)
        when candidates.kind = 'number' then coalesce(a.number = b.number, false)::integer
        else coalesce(a.said = b.said, false)::integer
    end as said
from candidates
inner join items as a on candidates.item_a = a.item
inner join items as b on candidates.item_b = b.item
left join polygon_measures
    on candidates.item_a = polygon_measures.item_a and candidates.item_b = polygon_measures.item_b
left join rotated_measures
    on candidates.item_a = rotated_measures.item_a and candidates.item_b = rotated_measures.item_b
left join mask_measures on candidates.item_a = mask_measures.item_a and candidates.item_b = mask_measures.item_b
left join frame_measures on candidates.item_a = frame_measures.item_a and candidates.item_b = frame_measures.item_b
left join text_similarities
    on candidates.item_a = text_similarities.item_a and candidates.item_b = text_similarities.item_b
