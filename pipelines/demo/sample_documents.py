"""The document project: topics, fields, a comparison and boxes on the pages of scanned letters."""

from dataclasses import dataclass
from random import Random

from .sample_kinds import Kind, row
from .sample_people import Json, Skill, region_id

CONFIG = """<View>
  <Image name="pages" valueList="$pages"/>
  <RectangleLabels name="field" toName="pages">
    <Label value="Total"/>
    <Label value="Date"/>
    <Label value="Sender"/>
    <Label value="Stamp"/>
    <Label value="Signature"/>
  </RectangleLabels>
  <TextArea name="reading" toName="pages" perRegion="true"/>
  <Choices name="page_state" toName="pages" perItem="true">
    <Choice value="fine"/>
    <Choice value="crooked"/>
    <Choice value="unreadable"/>
  </Choices>
  <Text name="summary_a" value="$summary_a"/>
  <Text name="summary_b" value="$summary_b"/>
  <Pairwise name="better" toName="summary_a,summary_b"/>
  <Taxonomy name="topic" toName="summary_a">
    <Choice value="Money">
      <Choice value="Invoice"/>
      <Choice value="Reminder"/>
      <Choice value="Refund"/>
    </Choice>
    <Choice value="Law">
      <Choice value="Contract">
        <Choice value="Lease"/>
        <Choice value="Sale"/>
      </Choice>
      <Choice value="Notice"/>
    </Choice>
    <Choice value="Other"/>
  </Taxonomy>
  <Choices name="region" toName="summary_a" allowNested="true">
    <Choice value="North"><Choice value="Coast"/><Choice value="Hills"/></Choice>
    <Choice value="South"><Choice value="Plain"/></Choice>
    <Choice value="Abroad"/>
  </Choices>
  <Number name="amount" toName="summary_a" min="0" max="5000"/>
  <DateTime name="issued" toName="summary_a" only="date"/>
  <List name="drafts" value="$answers"/>
  <Ranker name="ranking" toName="drafts"><Bucket name="usable"/><Bucket name="wrong"/></Ranker>
</View>"""

TOPICS = (
    ("Money", "Invoice"), ("Money", "Reminder"), ("Money", "Refund"),
    ("Law", "Contract", "Lease"), ("Law", "Contract", "Sale"), ("Law", "Notice"), ("Other",),
)  # fmt: skip
REGIONS = (("North", "Coast"), ("North", "Hills"), ("South", "Plain"), ("Abroad",))
FIELDS = ("Total", "Date", "Sender", "Stamp")
STATES = ("fine", "crooked", "unreadable")
SENDERS = ("Amberfield Council", "Quill & Daughters", "Lantern Housing", "Three Rivers Water")
ACTS = ("asks for payment of", "confirms the amount of", "takes back its claim of", "offers a discount of")
ANSWERS = ("Pay within two weeks.", "Ask for a copy first.", "Nothing to do.", "Call the sender.")
PIXELS = {"original_width": 1240, "original_height": 1754, "image_rotation": 0}


@dataclass(frozen=True)
class Letter:
    """What is true about one letter; `boxes` are (page, field, x, y, text)."""

    pages: tuple[str, ...]
    boxes: tuple[tuple[int, str, float, float, str], ...]
    topic: tuple[str, ...]
    region: tuple[str, ...]
    amount: float
    issued: str
    better: str
    usable: tuple[str, ...]
    wrong: tuple[str, ...]


def _boxes(rng: Random, pages: int, texts: dict[str, str]) -> tuple[tuple[int, str, float, float, str], ...]:
    names = rng.sample(FIELDS, rng.choice((1, 2, 3)))
    return tuple(
        (rng.randrange(pages), name, rng.uniform(5, 65), rng.uniform(5, 88), texts.get(name, "")) for name in names
    )


def _draw(rng: Random, number: int) -> tuple[Json, Letter]:
    amount, sender = round(rng.uniform(5, 1200), 2), rng.choice(SENDERS)
    issued = f"2026-{rng.randrange(3, 10):02d}-{rng.randrange(1, 29):02d}"
    pages = rng.choice((1, 2, 2, 3))
    act = rng.choice(ACTS)
    items = [{"id": f"a{n}", "title": f"Answer {n}", "body": body} for n, body in enumerate(ANSWERS, 1)]
    data: Json = {
        "pages": [f"https://example.org/letters/{number:04d}/page-{page + 1}.png" for page in range(pages)],
        "summary_a": f"{sender} {act} {amount:.2f} euros, dated {issued}.",
        "summary_b": f"A letter of {issued} in which {sender} {act} about {round(amount)} euros.",
        "answers": items,
    }
    order = rng.sample([item["id"] for item in items], 4)
    letter = Letter(
        tuple(rng.choices(STATES, (7, 2, 1))[0] for _ in range(pages)),
        _boxes(rng, pages, {"Total": f"{amount:.2f}", "Date": issued, "Sender": sender}),
        rng.choice(TOPICS),
        rng.choice(REGIONS),
        amount,
        issued,
        rng.choice(("left", "left", "right")),
        tuple(order[:2]),
        (order[2],),
    )
    return data, letter


def _fields(rng: Random, letter: Letter, skill: Skill) -> list[Json]:
    rows = []
    for page, name, x, y, text in letter.boxes:
        if not skill.sees(rng):
            continue
        place = {"x": skill.near(rng, x), "y": skill.near(rng, y), "width": skill.near(rng, 22, low=3)}
        value = {**place, "height": skill.near(rng, 4, 0.3, 1), "rotation": 0}
        more = {"id": region_id(rng), "item_index": page, **PIXELS}
        labels = {"rectanglelabels": [skill.pick(rng, name, FIELDS)]}
        rows.append(row(rng, "field", "pages", "rectanglelabels", {**value, **labels}, **more))
        if text:
            reading = text if rng.random() < skill.accuracy else text.replace("1", "7").replace("e", "c")
            rows.append(row(rng, "reading", "pages", "textarea", {**value, "text": [reading]}, **more))
    return rows


def _pages(rng: Random, letter: Letter, skill: Skill) -> list[Json]:
    return [
        row(
            rng,
            "page_state",
            "pages",
            "choices",
            {"choices": [skill.pick(rng, state, STATES)]},
            item_index=page,
        )
        for page, state in enumerate(letter.pages)
    ]


def _facts(rng: Random, letter: Letter, skill: Skill) -> list[Json]:
    topics = [list(skill.pick(rng, letter.topic, TOPICS))]
    region = list(skill.pick(rng, letter.region, REGIONS))
    digits = (letter.amount, round(letter.amount), round(letter.amount * 10, 2), round(letter.amount / 10, 2))
    month, day = letter.issued[5:7], letter.issued[8:]
    dates = (
        letter.issued,
        f"2026-{day}-{month}" if int(day) <= 12 else f"2025-{month}-{day}",
        f"2026-{month}-01",
    )
    issued = skill.pick(rng, letter.issued, dates) if dates[2] != letter.issued else letter.issued
    return [
        row(rng, "topic", "summary_a", "taxonomy", {"taxonomy": topics}),
        row(rng, "region", "summary_a", "choices", {"choices": [region]}),
        row(rng, "amount", "summary_a", "number", {"number": skill.pick(rng, letter.amount, digits)}),
        row(rng, "issued", "summary_a", "datetime", {"datetime": issued}),
    ]


def _judgements(rng: Random, letter: Letter, skill: Skill) -> list[Json]:
    better = skill.pick(rng, letter.better, ("left", "right"))
    usable, wrong = list(letter.usable), list(letter.wrong)
    if rng.random() > skill.accuracy:
        usable.reverse()
    if rng.random() > skill.accuracy:
        wrong.append(usable.pop())
    left = [answer for answer in ("a1", "a2", "a3", "a4") if answer not in usable + wrong]
    ranker = {"usable": usable, "wrong": wrong, "_": left}
    return [
        row(rng, "better", "summary_a,summary_b", "pairwise", {"selected": better}),
        row(rng, "ranking", "drafts", "ranker", {"ranker": ranker}),
    ]


def _mark(rng: Random, letter: Letter, skill: Skill) -> list[Json]:
    rows = _fields(rng, letter, skill) + _pages(rng, letter, skill) + _facts(rng, letter, skill)
    return rows + _judgements(rng, letter, skill)


DOCUMENTS = Kind(
    title="Scanned letters",
    description="Fields, topics and summaries of letters",
    config=CONFIG,
    tasks=60,
    overlap=2,
    cohort=80,
    seconds=120,
    models=(("letters-2026-09", 0.69), ("letters-2026-11", 0.87)),
    draw=_draw,
    mark=_mark,
)
