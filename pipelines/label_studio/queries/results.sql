with typed as (
    select
        *,
        as_key(r.id) as region_id,
        as_key(r."parentID") as parent_region_id,
        as_text(r.to_name) as to_name,
        as_text(r.origin) as origin,
        as_double(r.score) as score,
        as_bigint(r.item_index) as item_index,
        as_bigint(r.original_width) as original_width,
        as_bigint(r.original_height) as original_height,
        as_double(r.image_rotation) as image_rotation,
        as_double(r.original_length) as original_length,
        as_boolean(r.readonly) as readonly,
        as_boolean(r.hidden) as hidden,
        as_boolean(r.is_positive) as is_positive,
        as_key(r.from_id) as from_region_id,
        as_key(r.to_id) as to_region_id,
        as_text(r.direction) as direction
    from parsed_results
),

checked as (
    select
        *,
        concat_ws(
            ',',
            unread('id', r.id, region_id),
            unread('parentID', r."parentID", parent_region_id),
            unread('from_name', r.from_name, from_name),
            unread('to_name', r.to_name, to_name),
            unread('type', r.type, type),
            unread('origin', r.origin, origin),
            unread('score', r.score, score),
            unread('item_index', r.item_index, item_index),
            unread('original_width', r.original_width, original_width),
            unread('original_height', r.original_height, original_height),
            unread('image_rotation', r.image_rotation, image_rotation),
            unread('original_length', r.original_length, original_length),
            unread('readonly', r.readonly, readonly),
            unread('hidden', r.hidden, hidden),
            unread('is_positive', r.is_positive, is_positive),
            unread('from_id', r.from_id, from_region_id),
            unread('to_id', r.to_id, to_region_id),
            unread('direction', r.direction, direction),
            -- a relation's labels are rows of result_labels, when they are texts
            case
                when type is distinct from 'relation' or labels is null or (labels <> [] and all_texts(labels) is null)
                    then '"labels":' || r.labels::varchar
            end
        ) as unread_members
    from typed
)

select
    result_key,
    source,
    case when source = 'annotation' then source_id end as annotation_id,
    case when source = 'prediction' then source_id end as prediction_id,
    case when source = 'draft' then source_id end as draft_id,
    task_id,
    project_id,
    result_index,
    region_id,
    parent_region_id,
    from_name,
    to_name,
    type,
    origin,
    score,
    item_index,
    original_width,
    original_height,
    image_rotation,
    original_length,
    readonly,
    hidden,
    is_positive,
    as_double(v.x) as x,
    as_double(v.y) as y,
    as_double(v.width) as width,
    as_double(v.height) as height,
    as_double(v.rotation) as rotation,
    as_double(v."radiusX") as radius_x,
    as_double(v."radiusY") as radius_y,
    as_boolean(v.closed) as closed,
    as_double(v."start") as "start",
    as_double(v."end") as "end",
    as_text(v."start") as start_text,
    as_text(v."end") as end_text,
    as_bigint(v."startOffset") as start_offset,
    as_bigint(v."endOffset") as end_offset,
    as_bigint(json_extract(v."globalOffsets", '$.start')) as global_start,
    as_bigint(json_extract(v."globalOffsets", '$.end')) as global_end,
    as_bigint(v.channel) as channel,
    as_boolean(v.instant) as instant,
    case
        when texts is null then as_text(v.text)
        else coalesce(array_to_string([as_text(element) for element in texts], chr(10)), '')
    end as text,
    as_double(v.number) as number,
    as_double(v.rating) as rating,
    as_text(v.datetime) as datetime,
    as_text(v.selected) as selected,
    as_bigint(v."pageIndex") as page_index,
    as_bigint(v."framesCount") as frames_count,
    as_double(v.duration) as duration,
    as_text(v.format) as mask_format,
    case
        -- what masks.py put in their place
        when
            contains(r.value::varchar, '"md5:')
            and starts_with(coalesce(r.value ->> '$.rle', r.value ->> '$.imageDataURL'), 'md5:')
            then try_cast(split_part(coalesce(r.value ->> '$.rle', r.value ->> '$.imageDataURL'), ':', 3) as bigint)
        when as_text(v."imageDataURL") is not null then len(as_text(v."imageDataURL"))
        when contains(r.value::varchar, '"rle"') and json_type(r.value, '$.rle') = 'ARRAY'
            then json_array_length(r.value, '$.rle')
    end as mask_length,
    from_region_id,
    to_region_id,
    direction,
    r.value as value,
    r.meta as meta,
    extra_of(unread_members, rest) as extra
from checked
