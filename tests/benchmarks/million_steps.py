"""How million.py makes the rows of a range of tasks, step by step, in SQL.

Names in {braces} stand for what differs between ranges and kinds of projects. The temp tables: `made_tasks`,
`all_sides` (annotations, predictions and drafts), `sides` (those with results), `regions` (a side and an object that it
saw), `made` (results, with the labels, texts and points that become rows of other tables).
"""

# a hash of small texts differs in few bits, so it is hashed again
MACROS = """
    create temp macro chance(a, b, c) as (hash(hash(a, b, c)) >> 11) / 9007199254740992.0;
    create temp macro noise(a, b, c) as
        sqrt(-2 * ln(1 - chance(a, b, c))) * cos(2 * pi() * chance(b, a, c));
    create temp macro pick(list, chance) as list[1 + floor(len(list) * chance)::integer];
    create temp macro told(seed, task_id, wrong, object, what) as
        chance(case when chance(seed, object, what || '?') < wrong then seed else task_id end, object, what);
    create temp macro region(seed, object) as left(format('{:016x}', hash(hash(seed, object))), 10);
"""

MADE_TASKS = """
    create or replace temp table made_tasks as
    select
        *,
        least_objects + floor((most_objects - least_objects + 1) * chance(task_id, 0, 'objects'))::bigint as objects,
        {data}::json as data,
        case when chance(task_id, 0, 'overlap') < 0.65 then 1 when chance(task_id, 0, 'overlap') < 0.95 then 2 else 3
            end as overlap,
        json_object(
            'batch', inner_id // 500, 'source', json_object('name', source_name), 'camera', json_object('id', camera),
            'priority', priority, 'checked', checked
        ) as meta
    from (
        select
            task_id,
            task_id - {first} + 1 as inner_id,
            {least}::bigint as least_objects,
            {most}::bigint as most_objects,
            (task_id - {first}) / {size} as progress,
            {moment} - to_seconds(86400 * (400 - 395 * (task_id - {first}) / {size})
                - 3600 * chance(task_id, 0, 'created')) as created_at,
            pick(['crawl', 'upload', 'partner'], chance(task_id, 0, 'source')) as source_name,
            floor(40 * chance(task_id, 0, 'camera'))::bigint as camera,
            1 + floor(3 * chance(task_id, 0, 'priority'))::bigint as priority,
            chance(task_id, 0, 'checked') < 0.2 as checked
        from range({low}, {high}) as numbers (task_id)
    )
"""

# a tenth of the tasks was not begun; a further annotation in 20 tasks was skipped; a tenth of the predictions was made
# again by the next version
ALL_SIDES = """
    create or replace temp table all_sides as
    with annotated as (
        select
            *,
            task_id * 4 + place as id,
            (1 + (floor(60 * pow(chance(task_id, 0, 'annotator'), 1.5)) + 17 * place) % 60)::bigint as annotator_id,
            place = 3 as was_cancelled,
            place = 0 and chance(task_id, 0, 'ground truth') < 0.03 as ground_truth,
            created_at + to_seconds(86400 * 8 * (0.02 + place / 2 - ln(1 - chance(task_id, place, 'begun'))))
                as made_at
        from made_tasks
        cross join range(4) as places (place)
        where
            chance(task_id, 0, 'left out') >= 0.1
            and (place < overlap or place = 3 and chance(task_id, 0, 'skipped') < 0.05)
    ),
    versions as (
        select
            *,
            least(3, further + greatest(0, floor(4 * progress + 0.3 * noise(task_id, 0, 'version')))) as version,
            created_at + interval 1 hour + further * interval 60 day as made_at
        from made_tasks
        cross join range(2) as predictions (further)
        where chance(task_id, 0, 'predicted') < 0.7 and (further = 0 or chance(task_id, 0, 'compared') < 0.1)
    ),
    made_sides as (
        select
            'annotation' as source, id, task_id, objects, data, place, annotator_id, was_cancelled, ground_truth,
            null::varchar as model_version, made_at,
            case when ground_truth then 0.3 else 0.5 + 2 * chance(annotator_id, 0, 'hand') end as jitter,
            case when ground_truth then 0.01 else 0.02 + 0.06 * chance(annotator_id, 0, 'eye') end as wrong,
            was_cancelled or chance(id, 0, 'empty') < 0.003 as is_empty
        from annotated
        where made_at < {moment}
        union all
        select
            'prediction', task_id * 2 + further, task_id, objects, data, further, null, false, false,
            '{model}-' || (1 + version)::integer, made_at, 2.2 - 0.4 * version, 0.11 - 0.03 * version, false
        from versions
        where made_at < {moment}
        union all
        select
            'draft', task_id, task_id, objects, data, 0, 1 + task_id % 60, false, false, null,
            created_at + interval 2 day, 1.5, 0.05, false
        from made_tasks
        where chance(task_id, 0, 'drafted') < 0.01 and created_at + interval 2 day < {moment}
    )
    select *, hash(source, id) as seed from made_sides
"""

REGIONS = """
    create or replace temp table sides as select * from all_sides where not is_empty;
    create or replace temp table regions as
    select
        *,
        case when source = 'prediction' then
            round(least(0.999, greatest(0.05, 1 - 0.12 * jitter * abs(noise(seed, object, 'score'))
                - 0.35 * (chance(seed, object, 'label?') < wrong)::integer)), 4)
        end as score
    from (select *, unnest(range(objects)) as object from sides)
    where chance(seed, object, 'dropped') >= 0.05
"""

MADE = """
    create or replace temp table made as
    select *, row_number() over (partition by source, id order by object, part) - 1 as result_index
    from ({results})
"""

#: Columns of `made` that are rows of other tables.
APART = ("id", "seed", "object", "part", "labels", "kind", "texts", "points")

INSERTS = {
    "results": """
        select
            * exclude ({apart}),
            source || '/' || id || '/' || result_index as result_key,
            case when source = 'annotation' then id end as annotation_id,
            case when source = 'prediction' then id end as prediction_id,
            case when source = 'draft' then id end as draft_id,
            case when type <> 'relation' then region(seed, object) end as region_id,
            case when source <> 'prediction' and type <> 'relation' then 'manual' end as origin
        from made
    """,
    "result_labels": """
        select * exclude (labels), string_split(label_path, ' / ')[-1] as label
        from (
            select
                source || '/' || id || '/' || result_index as result_key, source, task_id, from_name, type, kind,
                labels,
                generate_subscripts(labels, 1) - 1 as label_index, unnest(labels) as label_path
            from made
            where labels is not null
        )
    """,
    "result_texts": """
        select
            source || '/' || id || '/' || result_index as result_key, source, task_id, from_name, type,
            0 as text_index, texts[1] as text
        from made
        where texts is not null
    """,
    "result_points": """
        select * exclude (point), point[1] as x, point[2] as y
        from (
            select
                source || '/' || id || '/' || result_index as result_key, source, task_id, from_name, type,
                generate_subscripts(points, 1) - 1 as point_index, unnest(points) as point
            from made
            where points is not null
        )
    """,
    "annotations": """
        select
            id, task_id, annotator_id as completed_by_id,
            'annotator' || annotator_id || '@example.org' as completed_by_email,
            'Annotator ' || annotator_id || ' annotator' || annotator_id || '@example.org, ' || annotator_id
                as created_username,
            was_cancelled, ground_truth, made_at as created_at, made_at as updated_at, false as bulk_created,
            round(exp(ln(20 + 9 * objects) + 0.8 * noise(seed, 0, 'lead time')), 3) as lead_time,
            annotator_id as updated_by_id, coalesce(results, 0) as result_count
        from all_sides
        left join counts using (source, id)
        where source = 'annotation'
    """,
    "predictions": """
        select
            id, task_id, model_version, round(greatest(0.05, 1 - 0.13 * jitter * chance(seed, 0, 'score')), 4) as score,
            0.0 as mislabeling, made_at as created_at, made_at as updated_at, coalesce(results, 0) as result_count
        from all_sides
        left join counts using (source, id)
        where source = 'prediction'
    """,
    "drafts": """
        select
            id, task_id, 'annotator' || annotator_id || '@example.org' as user_email, 30.0 as lead_time,
            false as was_postponed, made_at as created_at, made_at as updated_at, coalesce(results, 0) as result_count
        from all_sides
        left join counts using (source, id)
        where source = 'draft'
    """,
    "tasks": """
        with summed as (
            select
                task_id,
                count(*) filter (where source = 'annotation' and not was_cancelled) as total_annotations,
                count(*) filter (where was_cancelled) as cancelled_annotations,
                count(*) filter (where source = 'prediction') as total_predictions,
                count(*) filter (where source = 'draft') > 0 as draft_exists,
                string_agg(id::varchar, ',' order by id) filter (where source = 'annotation') as annotations_ids,
                max(model_version) as predictions_model_versions,
                max(made_at) filter (where source = 'annotation') as annotated_at
            from all_sides
            group by task_id
        )
        select
            task_id as id, inner_id, made_tasks.data, meta, created_at,
            coalesce(annotated_at, created_at) as updated_at,
            coalesce(total_annotations >= overlap, false) as is_labeled,
            case when is_labeled then annotated_at end as completed_at, overlap,
            coalesce(total_annotations, 0) as total_annotations,
            coalesce(cancelled_annotations, 0) as cancelled_annotations,
            coalesce(total_predictions, 0) as total_predictions, coalesce(annotations_ids, '') as annotations_ids,
            '' as annotations_results, '' as predictions_results,
            coalesce(predictions_model_versions, '') as predictions_model_versions,
            coalesce(draft_exists, false) as draft_exists, 0 as comment_count, 0 as unresolved_comment_count
        from made_tasks
        left join summed using (task_id)
    """,
    "task_meta": """
        select
            task_id, leaf.path, leaf.key, leaf.value, leaf.value_type,
            case when leaf.value_type = 'number' then try_cast(leaf.value as double) end as number,
            case when leaf.value_type = 'boolean' then try_cast(leaf.value as boolean) end as boolean
        from (
            select task_id, unnest([
                {{'path': '$.batch', 'key': 'batch', 'value': (inner_id // 500)::varchar, 'value_type': 'number'}},
                {{'path': '$.source.name', 'key': 'name', 'value': source_name, 'value_type': 'string'}},
                {{'path': '$.camera.id', 'key': 'id', 'value': camera::varchar, 'value_type': 'number'}},
                {{'path': '$.priority', 'key': 'priority', 'value': priority::varchar, 'value_type': 'number'}},
                {{'path': '$.checked', 'key': 'checked', 'value': checked::varchar, 'value_type': 'boolean'}}
            ]) as leaf
            from made_tasks
        )
    """,
    "task_users": """
        select
            task_id, 'annotator' as role, row_number() over (partition by task_id order by place) - 1 as position,
            annotator_id as user_id
        from all_sides
        where source = 'annotation'
        union all
        select task_id, 'updated_by', 0, max_by(annotator_id, made_at)
        from all_sides
        where source = 'annotation'
        group by task_id
    """,
    # ids above those that are there
    "deleted_tasks": """
        select
            1000000000 + task_id as task_id, created_at + interval 1 day as detected_at, created_at as last_updated_at
        from made_tasks
        where task_id % 1000 = 0
    """,
}

COUNT_PROJECTS = """
    update label_studio.projects
    set
        task_number = counted.tasks,
        num_tasks_with_annotations = counted.annotated,
        total_annotations_number = counted.annotations,
        skipped_annotations_number = counted.skipped,
        total_predictions_number = counted.predictions
    from (
        select
            project_id,
            count(*) as tasks,
            count(*) filter (where total_annotations > 0) as annotated,
            sum(total_annotations) as annotations,
            sum(cancelled_annotations) as skipped,
            sum(total_predictions) as predictions
        from label_studio.tasks
        group by project_id
    ) as counted
    where projects.id = counted.project_id
"""
