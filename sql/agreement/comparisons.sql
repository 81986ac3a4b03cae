-- One row is a control tag on which two sides are compared: those of the config, and those that a side names.
-- slot_a, slot_b: what each side says; null where it says nothing
with known as (
    select
        project_id,
        from_name,
        type,
        per_region,
        weight
    from controls
    where compared
    union all
    select
        slots.project_id,
        slots.from_name,
        max(slots.type),
        false,
        coalesce(max(controls.weight), 1.0)
    from slots
    left join controls on slots.project_id = controls.project_id and slots.from_name = controls.from_name
    where not coalesce(controls.compared, false)
    group by slots.project_id, slots.from_name
),

-- what the control tag would be compared by, had anybody said anything
defaults as (
    select
        *,
        case
            when per_region and type in ('choices', 'taxonomy') then 'region_choices'
            when per_region and type = 'textarea' then 'region_text'
            when per_region then 'region_value'
            when type in ('rectangle', 'rectanglelabels', 'ocrlabels') then 'iou'
            when type in ('polygon', 'polygonlabels') then 'polygon_iou'
            when type in ('labels', 'timeserieslabels', 'timelinelabels') then 'span_iou'
            when type in ('hypertextlabels', 'paragraphlabels') then 'html_span_iou'
            when type = 'textarea' then 'text_similarity'
            when type in ('number', 'rating') then 'numeric_difference'
            when type = 'videorectangle' then 'frame_match'
            else 'exact_match'
        end as metric
    from known
)

select
    pairs.pair,
    pairs.project_id,
    pairs.task_id,
    pairs.side_a,
    pairs.side_b,
    pairs.is_matched,
    defaults.from_name,
    coalesce(slots_a.type, slots_b.type, defaults.type) as type,
    defaults.weight,
    coalesce(greatest(slots_a.metric, slots_b.metric), defaults.metric) as metric,
    slots_a.slot as slot_a,
    slots_b.slot as slot_b,
    slots_a.choices as choices_a,
    slots_b.choices as choices_b,
    row_number() over () as comparison
from pairs
inner join defaults on pairs.project_id = defaults.project_id
left join slots as slots_a on pairs.side_a = slots_a.side and defaults.from_name = slots_a.from_name
left join slots as slots_b on pairs.side_b = slots_b.side and defaults.from_name = slots_b.from_name
