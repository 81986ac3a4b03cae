"""The text project: customer messages with sentiment, named entities, relations and notes."""

from dataclasses import dataclass
from itertools import pairwise
from random import Random

from .sample_kinds import Kind, row
from .sample_people import Json, Skill, region_id

CONFIG = """<View>
  <Text name="text" value="$text"/>
  <Choices name="sentiment" toName="text" choice="single" required="true">
    <Choice value="positive"/>
    <Choice value="neutral"/>
    <Choice value="negative"/>
    <Choice value="mixed"/>
  </Choices>
  <Labels name="ner" toName="text">
    <Label value="PER" background="#f4a261"/>
    <Label value="ORG" background="#2a9d8f"/>
    <Label value="PRODUCT" background="#e9c46a"/>
    <Label value="PLACE" background="#457b9d"/>
    <Label value="MONEY" background="#6d6875"/>
    <Label value="LAW" background="#b5838d"/>
  </Labels>
  <Relations>
    <Relation value="works_for"/>
    <Relation value="made_by"/>
    <Relation value="located_in"/>
  </Relations>
  <TextArea name="notes" toName="text" rows="2" maxSubmissions="3" editable="true"/>
</View>"""

WORDS = {
    "PER": ("Mira Oldcastle", "Tobin Reed", "Ana Lindqvist", "Jonah Pike", "Zoë Marlowe", "Idris Vale"),
    "ORG": ("Northlight Bakery", "Brightwater Energy", "Kestrel Mobile", "Old Mill Books", "Harbour & Sons"),
    "PRODUCT": (
        "the Skylark kettle",
        "the Nimbus lamp",
        "a Pebble charger",
        "the Alder desk",
        "the Fjord jacket",
    ),
    "PLACE": ("Łódź", "Port Amber", "Greenhollow", "Saint Orla", "Westmarch"),
    "MONEY": ("12.50 euros", "89 euros", "three hundred crowns", "$40"),
}
TEMPLATES = {
    "positive": (
        "{PER} from {ORG} answered within minutes and solved everything.",
        "I bought {PRODUCT} in {PLACE} and would do it again tomorrow 🙂",
        "Great value: {PRODUCT} cost only {MONEY} and works perfectly.",
        "{ORG} replaced {PRODUCT} at once, thank you {PER}!",
    ),
    "neutral": (
        "{ORG} will open a second shop in {PLACE} next spring.",
        "{PER} asked when {PRODUCT} is going to be delivered to {PLACE}.",
        "The invoice from {ORG} says {MONEY} for {PRODUCT}.",
        "Please tell {PER} that the parcel is still in {PLACE}.",
    ),
    "negative": (
        "After two weeks {PRODUCT} broke, and {ORG} does not reply.",
        "{ORG} charged {MONEY} twice, and {PER} hung up on me.",
        "The branch in {PLACE} was dirty and {PER} was rude.",
        "Never again: {PRODUCT} arrived without a plug.",
    ),
    "mixed": (
        "{PRODUCT} is lovely, but {ORG} took a month to send it to {PLACE}.",
        "{PER} was kind, yet nobody at {ORG} gave me back my {MONEY}.",
    ),
}
RELATIONS = {("PER", "ORG"): "works_for", ("PRODUCT", "ORG"): "made_by", ("ORG", "PLACE"): "located_in"}
NOTES = (
    "Irony is likely.",
    "Two products in one message.",
    "Customer number removed.",
    "Unclear who is meant.",
)


@dataclass(frozen=True)
class Entity:
    """A mention in the text, `start` and `end` being character offsets."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Message:
    """What is true about one text."""

    text: str
    sentiment: str
    entities: tuple[Entity, ...]


def _fill(rng: Random, template: str) -> tuple[str, list[Entity]]:
    text, entities = "", []
    for piece in template.replace("}", "{").split("{"):
        if piece in WORDS:
            word = rng.choice(WORDS[piece])
            entities.append(Entity(len(text), len(text) + len(word), piece))
            text += word
        else:
            text += piece
    return text, entities


def _draw(rng: Random, number: int) -> tuple[Json, Message]:
    sentiment = rng.choices(list(TEMPLATES), (35, 25, 30, 10))[0]
    text, entities = "", []
    for template in rng.sample(TEMPLATES[sentiment], rng.choice((1, 2, 2))):
        offset = len(text) + 1 if text else 0
        sentence, found = _fill(rng, template)
        text += (" " if text else "") + sentence
        entities += [Entity(e.start + offset, e.end + offset, e.label) for e in found]
    data = {
        "text": text,
        "message_id": f"msg-{number:04d}",
        "channel": rng.choice(("mail", "chat", "review")),
    }
    return data, Message(text, sentiment, tuple(entities))


def _span(rng: Random, message: Message, entity: Entity, skill: Skill) -> Json:
    shift = 0 if rng.random() < skill.accuracy else rng.choice((-2, -1, 1, 3))
    start = max(0, entity.start + min(shift, 0))
    end = min(len(message.text), entity.end + max(shift, 0))
    label = skill.pick(rng, entity.label, list(WORDS))
    value = {"start": start, "end": end, "text": message.text[start:end], "labels": [label]}
    return row(rng, "ner", "text", "labels", value)


def _relations(rng: Random, spans: list[Json], skill: Skill) -> list[Json]:
    rows = []
    for left, right in pairwise(spans):
        name = RELATIONS.get((left["value"]["labels"][0], right["value"]["labels"][0]))
        if name and skill.sees(rng):
            link = {"type": "relation", "from_id": left["id"], "to_id": right["id"], "direction": "right"}
            rows.append({**link, "labels": [name]})
    return rows


def _mark(rng: Random, message: Message, skill: Skill) -> list[Json]:
    choice = skill.pick(rng, message.sentiment, list(TEMPLATES))
    rows = [row(rng, "sentiment", "text", "choices", {"choices": [choice]})]
    spans = [_span(rng, message, entity, skill) for entity in message.entities if skill.sees(rng)]
    rows += spans + _relations(rng, spans, skill)
    if rng.random() < 0.18:
        notes = rng.sample(NOTES, rng.choice((1, 1, 2)))
        rows.append(row(rng, "notes", "text", "textarea", {"text": notes}, id=region_id(rng)))
    return rows


TEXT = Kind(
    title="Customer messages",
    description="Sentiment, entities and relations in short messages",
    config=CONFIG,
    tasks=85,
    overlap=3,
    cohort=100,
    seconds=38,
    models=(("text-base-2026-09", 0.71), ("text-large-2026-10", 0.86), ("text-large-2026-11", 0.91)),
    draw=_draw,
    mark=_mark,
)
