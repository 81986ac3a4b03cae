"""The five kinds of projects that million.py makes: their labeling configs, and SQL that makes the results.

What is true of a task hangs on its id alone. Each side (annotation, prediction or draft) sees it with errors of its
own: `jitter` says how shaky its hand is, `wrong` how often it names something else.
"""

from dataclasses import dataclass

WORDS = (
    "the", "a", "our", "this", "order", "invoice", "parcel", "bill", "street", "north", "river", "bakery", "water",
    "coffee", "van", "late", "early", "broken", "missing", "new", "cold", "green", "Monday", "Friday", "please",
    "still", "never", "again", "very", "much", "thanks", "refund", "call", "answer", "waits", "asks", "sends",
    "pays",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A kind of project: `share` of all tasks, `objects` the fewest and the most of a task, `data` what was imported.

    `results` is a select over `sides` and `regions` (a side and an object that it saw), `config` the labeling config.
    """

    title: str
    share: float
    model: str
    objects: tuple[int, int]
    config: str
    data: str
    results: str


def _options(tag: str, *values: str) -> str:
    return "".join(f'<{tag} value="{value}"/>' for value in values)


def _list(*values: str) -> str:
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"


def _words(seed: str, object_: str, count: int) -> str:
    picked = (f"pick({_list(*WORDS)}, chance({seed}, {object_}, 'word {place}'))" for place in range(count))
    return f"concat_ws(' ', {', '.join(picked)})"


_STREET = ("Car", "Pedestrian", "Bus", "Bicycle", "Sign", "Traffic light", "Tram", "Dog")
_SEEN = ("clear", "occluded", "cut off")
_LIGHT = ("day", "dusk", "night")

STREETS = Kind(
    title="Street scenes",
    share=0.40,
    model="detector",
    objects=(2, 13),
    config=f"""<View>
  <Image name="image" value="$image"/>
  <RectangleLabels name="box" toName="image">{_options("Label", *_STREET)}</RectangleLabels>
  <Choices name="visibility" toName="image" perRegion="true">{_options("Choice", *_SEEN)}</Choices>
  <Choices name="light" toName="image">{_options("Choice", *_LIGHT)}</Choices>
  <Rating name="sharpness" toName="image" maxRating="5"/>
</View>""",
    data="json_object('image', 'https://example.org/streets/' || task_id || '.jpg')",
    results=f"""
    with drawn as (
        select
            *,
            2 + 23 * pow(chance(task_id, object, 'width'), 2) as true_width,
            3 + 30 * pow(chance(task_id, object, 'height'), 2) as true_height,
            round(greatest(0, (100 - true_width) * chance(task_id, object, 'x')
                + 0.03 * jitter * true_width * noise(seed, object, 'x')), 3) as x,
            round(greatest(0, (100 - true_height) * chance(task_id, object, 'y')
                + 0.03 * jitter * true_height * noise(seed, object, 'y')), 3) as y,
            -- a box in 4,000 was only clicked
            round(case when chance(seed, object, 'clicked') < 0.00025 then 0
                else least(100 - x, true_width * exp(0.04 * jitter * noise(seed, object, 'width'))) end, 3) as width,
            round(least(100 - y, true_height * exp(0.04 * jitter * noise(seed, object, 'height'))), 3) as height,
            case when chance(task_id, object, 'turned') < 0.05 then round(8 * noise(seed, object, 'turned'), 1) else 0
                end::double as rotation,
            -- a label that was renamed since
            case when chance(seed, object, 'old') < 0.0001 then 'Van'
                else pick({_list(*_STREET)}, pow(told(seed, task_id, wrong, object, 'label'), 1.7)) end as label,
            pick({_list(*_SEEN)}, told(seed, task_id, wrong, object, 'seen')) as seen
        from regions
    )
    select
        source, id, seed, task_id, object, 0 as part, 'box' as from_name, 'image' as to_name,
        'rectanglelabels' as type, score, 1920 as original_width, 1080 as original_height, 0.0 as image_rotation,
        x, y, width, height, rotation, [label] as labels, 'label' as kind,
        json_object('x', x, 'y', y, 'width', width, 'height', height, 'rotation', rotation,
            'rectanglelabels', [label]) as value
    from drawn
    union all by name
    select
        source, id, seed, task_id, object, 1 as part, 'visibility' as from_name, 'image' as to_name,
        'choices' as type, 1920 as original_width, 1080 as original_height, 0.0 as image_rotation,
        x, y, width, height, rotation, [seen] as labels, 'choice' as kind,
        json_object('x', x, 'y', y, 'width', width, 'height', height, 'rotation', rotation, 'choices', [seen]) as value
    from drawn
    union all by name
    select
        source, id, seed, task_id, 1000 as object, 0 as part, 'light' as from_name, 'image' as to_name,
        'choices' as type, [pick({_list(*_LIGHT)}, told(seed, task_id, wrong, 0, 'light'))] as labels,
        'choice' as kind, json_object('choices', labels) as value
    from sides
    union all by name
    select
        source, id, seed, task_id, 1001 as object, 0 as part, 'sharpness' as from_name, 'image' as to_name,
        'rating' as type, 1.0 + floor(5 * told(seed, task_id, wrong * 3, 0, 'sharpness')) as rating,
        json_object('rating', rating) as value
    from sides
    """,
)

_ENTITIES = ("PERSON", "ORG", "PLACE", "PRODUCT", "DATE", "MONEY")
_MOODS = ("neutral", "negative", "positive", "mixed")
_REASONS = ("delivery", "billing", "complaint", "praise", "question")

MESSAGES = Kind(
    title="Customer messages",
    share=0.25,
    model="tagger",
    objects=(4, 12),
    config=f"""<View>
  <Text name="text" value="$text"/>
  <Labels name="entity" toName="text">{_options("Label", *_ENTITIES)}</Labels>
  <Choices name="sentiment" toName="text">{_options("Choice", *_MOODS)}</Choices>
  <Choices name="reason" toName="text" choice="multiple">{_options("Choice", *_REASONS)}</Choices>
  <Relations/>
</View>""",
    data=f"json_object('text', left(repeat({_words('task_id', '0', 12)} || '. ', 12), 45 * objects + 45))",
    results=f"""
    with marked as (
        select
            *,
            object * 45.0 + floor(15 * chance(task_id, object, 'start')) as true_start,
            true_start + case when chance(seed, object, 'start') < 0.1 * jitter
                then round(2 * noise(seed, object, 'begin')) else 0 end as first,
            true_start + 4 + floor(16 * chance(task_id, object, 'end')) + case
                when chance(seed, object, 'end') < 0.1 * jitter then round(2 * noise(seed, object, 'stop')) else 0
                end as true_end,
            greatest(0, first) as start,
            -- a span in 4,000 goes backwards
            case when chance(seed, object, 'backwards') < 0.00025 then start - 3 else greatest(start + 1, true_end) end
                as "end",
            substring(data ->> '$.text', start::integer + 1, ("end" - start)::integer) as text,
            pick({_list(*_ENTITIES)}, pow(told(seed, task_id, wrong, object, 'label'), 1.4)) as label,
            lead(object) over (partition by source, id order by object) as next_object
        from regions
    )
    select
        source, id, seed, task_id, object, 0 as part, 'entity' as from_name, 'text' as to_name, 'labels' as type,
        score, start, "end", text, [label] as labels, 'label' as kind,
        json_object('start', start::bigint, 'end', "end"::bigint, 'text', text, 'labels', [label]) as value
    from marked
    union all by name
    select
        source, id, seed, task_id, 1000 + object as object, 0 as part, 'relation' as type,
        region(seed, object) as from_region_id, region(seed, next_object) as to_region_id, 'right' as direction
    from marked
    where object % 4 = 0 and next_object is not null
    union all by name
    select
        source, id, seed, task_id, 2000 as object, 0 as part, 'sentiment' as from_name, 'text' as to_name,
        'choices' as type, [pick({_list(*_MOODS)}, told(seed, task_id, wrong, 0, 'sentiment'))] as labels,
        'choice' as kind, json_object('choices', labels) as value
    from sides
    union all by name
    select
        source, id, seed, task_id, 2001 as object, 0 as part, 'reason' as from_name, 'text' as to_name,
        'choices' as type, list_sort(list_distinct([
            pick({_list(*_REASONS)}, told(seed, task_id, wrong, 0, 'reason')),
            pick({_list(*_REASONS)}, pow(told(seed, task_id, wrong, 1, 'reason'), 2))
        ])) as labels, 'choice' as kind, json_object('choices', labels) as value
    from sides
    """,
)

_SPEAKERS = ("Caller", "Agent", "Music", "Silence")

CALLS = Kind(
    title="Phone calls",
    share=0.15,
    model="listener",
    objects=(4, 12),
    config=f"""<View>
  <Audio name="audio" value="$audio"/>
  <Labels name="speaker" toName="audio">{_options("Label", *_SPEAKERS)}</Labels>
  <TextArea name="transcription" toName="audio" perRegion="true"/>
</View>""",
    data="json_object('audio', 'https://example.org/calls/' || task_id || '.wav', 'length', 8 * objects + 5)",
    results=f"""
    with heard as (
        select
            *,
            8.0 * objects + 5 as length,
            round(greatest(0, object * 8 + 2 * chance(task_id, object, 'start')
                + 0.12 * jitter * noise(seed, object, 'start')), 3) as start,
            round(least(length, object * 8 + 5 + 3 * chance(task_id, object, 'end')
                + 0.12 * jitter * noise(seed, object, 'end')), 3) as "end",
            object % 2 as channel,
            pick({_list(*_SPEAKERS)}, pow(told(seed, task_id, wrong, object, 'label'), 2)) as label,
            concat_ws(' ', {_words("task_id", "object", 3)},
                case when chance(seed, object, 'misheard') < 0.15 * jitter then {_words("seed", "object", 1)} end,
                {_words("task_id", "object + 100", 4)}) as said
        from regions
    )
    select
        source, id, seed, task_id, object, 0 as part, 'speaker' as from_name, 'audio' as to_name, 'labels' as type,
        score, length as original_length, start, "end", channel, [label] as labels, 'label' as kind,
        json_object('start', start, 'end', "end", 'channel', channel, 'labels', [label]) as value
    from heard
    union all by name
    select
        source, id, seed, task_id, object, 1 as part, 'transcription' as from_name, 'audio' as to_name,
        'textarea' as type, length as original_length, start, "end", channel, said as text, [said] as texts,
        json_object('start', start, 'end', "end", 'channel', channel, 'text', [said]) as value
    from heard
    """,
)

_TOPICS = {
    "Money": ("Invoice", "Reminder", "Refund"),
    "Contract": ("New", "Change", "End"),
    "People": ("Application", "Complaint"),
}
_TOPIC_PATHS = tuple(f"{above} / {topic}" for above, topics in _TOPICS.items() for topic in topics)
_STATES = ("fine", "crooked", "stained", "unreadable")

LETTERS = Kind(
    title="Letters",
    share=0.17,
    model="reader",
    objects=(0, 0),
    config=f"""<View>
  <Text name="letter" value="$letter"/><Text name="left" value="$left"/><Text name="right" value="$right"/>
  <Taxonomy name="topic" toName="letter">{
        "".join(f'<Choice value="{above}">{_options("Choice", *topics)}</Choice>' for above, topics in _TOPICS.items())
    }</Taxonomy>
  <Number name="amount" toName="letter" min="0" max="5000"/>
  <DateTime name="issued" toName="letter" only="date"/>
  <Choices name="state" toName="letter">{_options("Choice", *_STATES)}</Choices>
  <Pairwise name="better" toName="left,right"/>
</View>""",
    data=f"json_object('letter', repeat({_words('task_id', '0', 12)} || '. ', 5),"
    f" 'left', {_words('task_id', '1', 8)}, 'right', {_words('task_id', '2', 8)})",
    results=f"""
    select
        source, id, seed, task_id, 0 as object, 0 as part, 'topic' as from_name, 'letter' as to_name,
        'taxonomy' as type, [pick({_list(*_TOPIC_PATHS)}, told(seed, task_id, wrong, 0, 'topic'))] as labels,
        'taxonomy' as kind, json_object('taxonomy', [string_split(labels[1], ' / ')]) as value
    from sides
    union all by name
    select
        source, id, seed, task_id, 1 as object, 0 as part, 'amount' as from_name, 'letter' as to_name,
        'number' as type, round(5000 * pow(told(seed, task_id, wrong, 0, 'amount'), 3), 2) as number,
        json_object('number', number) as value
    from sides
    union all by name
    select
        source, id, seed, task_id, 2 as object, 0 as part, 'issued' as from_name, 'letter' as to_name,
        'datetime' as type,
        (date '2025-01-01' + (400 * told(seed, task_id, wrong, 0, 'issued'))::integer)::varchar as datetime,
        json_object('datetime', datetime) as value
    from sides
    union all by name
    select
        source, id, seed, task_id, 3 as object, 0 as part, 'state' as from_name, 'letter' as to_name,
        'choices' as type, [pick({_list(*_STATES)}, pow(told(seed, task_id, wrong, 0, 'state'), 2))] as labels,
        'choice' as kind, json_object('choices', labels) as value
    from sides
    union all by name
    select
        source, id, seed, task_id, 4 as object, 0 as part, 'better' as from_name, 'left,right' as to_name,
        'pairwise' as type, pick(['left', 'right'], told(seed, task_id, wrong * 2, 0, 'better')) as selected,
        json_object('selected', selected) as value
    from sides
    """,
)

_COVERS = ("Wheat", "Forest", "Water", "Houses")

FIELDS = Kind(
    title="Fields from above",
    share=0.03,
    model="outliner",
    objects=(3, 9),
    config=f"""<View>
  <Image name="image" value="$image"/>
  <PolygonLabels name="area" toName="image">{_options("Label", *_COVERS)}</PolygonLabels>
</View>""",
    data="json_object('image', 'https://example.org/fields/' || task_id || '.png')",
    results=f"""
    with corners as (
        select
            *,
            unnest(range(6 + (4 * chance(task_id, object, 'corners'))::integer)) as corner,
            6 + (4 * chance(task_id, object, 'corners'))::integer as corners,
            100 * object + corner as vertex,
            (4 + 8 * chance(task_id, object, 'size')) * (0.7 + 0.6 * chance(task_id, vertex, 'corner'))
                * (1 + 0.04 * jitter * noise(seed, vertex, 'corner')) as radius,
            [
                round(20 + 60 * chance(task_id, object, 'x') + radius * cos(2 * pi() * corner / corners), 3),
                round(20 + 60 * chance(task_id, object, 'y') + radius * sin(2 * pi() * corner / corners), 3)
            ] as point
        from regions
    ),
    outlined as (
        select
            source, id, seed, task_id, object, any_value(score) as score, list(point order by corner) as points,
            any_value(pick({_list(*_COVERS)}, told(seed, task_id, wrong, object, 'label'))) as label
        from corners
        group by source, id, seed, task_id, object
    )
    select
        source, id, seed, task_id, object, 0 as part, 'area' as from_name, 'image' as to_name,
        'polygonlabels' as type, score, 2048 as original_width, 2048 as original_height, 0.0 as image_rotation,
        true as closed, points, [label] as labels, 'label' as kind,
        json_object('points', points, 'closed', true, 'polygonlabels', [label]) as value
    from outlined
    """,
)

KINDS = (STREETS, MESSAGES, CALLS, LETTERS, FIELDS)
