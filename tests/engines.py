"""What the tests of other engines share: rows, plain and odd, and how those of an engine are held against DuckDB's."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from analytics import Analytics
from annotating import Json, annotation, box, choice, prediction, rating, task

from pipelines.demo import FakeLabelStudio, load_sample
from pipelines.label_studio.labeling_config import offered_labels
from pipelines.label_studio.tables import TABLES, Table

Rows = list[tuple[Any, ...]]

#: The day that the data is of: the sample's last one.
LOADED_AT = datetime(2026, 11, 25, 12, tzinfo=UTC)

CONFIG = """<View>
  <Image name='t' value="$image"/><Audio value="$audio" name="sound"/>
  <RectangleLabels toName="t" name="box"><Label value="Car"/><Label value="ärger"/></RectangleLabels>
  <Choices name = "mood" toName="t"><Choice value="A"/><Choice value="a"/><Choice value="B"/></Choices>
</View>"""


def odd_sample() -> Analytics:
    """The sample, with rows beside it that lack all that can be missing, or have what nobody expects."""
    fake = load_sample()
    analytics = Analytics.holding(fake)
    _insert_people_and_labels(analytics, fake)
    analytics.connection.execute("update label_studio._dlt_loads set inserted_at = ?", [LOADED_AT])
    _insert_odd_projects(analytics)
    analytics.load(*_odd_tasks())
    for table in TABLES.values():
        analytics.insert(table.name, **_empty_row(table))
    analytics.refresh()
    return analytics


def _insert_people_and_labels(analytics: Analytics, fake: FakeLabelStudio) -> None:
    for user in fake.users.values():
        names = {name: user[name] for name in ("id", "email", "first_name", "last_name")}
        analytics.insert("users", **names)
    for project in fake.projects.values():
        for label in offered_labels(project["id"], project["label_config"]):
            analytics.insert("project_labels", **label._asdict())


def _insert_odd_projects(analytics: Analytics) -> None:
    """One without tasks, one with a config that is no XML, and one that counts skipped tasks as done."""
    analytics.insert("projects", id=90)
    analytics.insert("projects", id=91, title="50 % \\ 'quoted'", label_config="<View><Image name='t")
    extra = '{"skip_queue": "IGNORE_SKIPPED"}'
    analytics.insert("projects", id=92, title="", label_config=CONFIG, extra=extra)
    for label in offered_labels(92, CONFIG):
        analytics.insert("project_labels", **label._asdict())
    analytics.insert("users", id=900, email="nameless@example.com", first_name="", last_name=None)
    analytics.insert("users", id=901, email=None, first_name=" Bo ", last_name="")


def _odd_tasks() -> list[Json]:
    """Tasks of a project whose annotators are unknown, gone or nobody, and which were done in no time or in years."""
    odd: Json = {"project": 92, "created_at": "2026-10-01T23:59:59.5Z", "overlap": 2, "is_labeled": False}
    relation: Json = {"type": "relation", "from_id": "gone", "to_id": None, "labels": ["é", "Z"], "value": {}}
    detail = {**choice("A", "B", name="quality"), "id": "r1"}
    text = {"from_name": "said", "to_name": "t", "type": "textarea", "id": "r1", "value": {"text": ["a\nb", ""]}}
    car = {**box(1, "Car", width=0), "id": "r1", "original_width": 0, "original_height": 480}
    early, late = {"lead_time": 0.05}, {"lead_time": 12345678.25, "updated_at": "2027-01-01T00:00:00Z"}
    return [
        task(9001, **odd),
        task(9002, annotation(90021, None, choice("A"), **early), annotation(90022, 999, choice("a")), **odd),
        task(
            9003,
            annotation(90031, 900, car, detail, text, relation, lead_time=-3.25),
            annotation(90032, 901, box(1, "ärger"), choice("B"), rating(5), **late),
            annotation(90033, 900, choice("A"), lead_time=None, was_cancelled=True),
            annotation(90034, 900, choice("a"), lead_time=0, ground_truth=True),
            predictions=[
                prediction(90031, None, box(1, "Car", score=0), score=1.2),
                prediction(90032, "", box(1, "Car", score=1), score=-0.12345),
                prediction(90033, "v1", choice("A"), created_at="2026-10-31T23:59:59.999999Z", score=1.5),
                prediction(90034, "V1", choice("a"), created_at="2026-10-31T23:59:59.999999Z"),
            ],
            **{**odd, "is_labeled": True, "overlap": 9},
        ),
        task(9004, annotation(90041, 900, was_cancelled=True), **{**odd, "overlap": 1}),
        task(9005, annotation(90051, 900), annotation(90052, 900), **{**odd, "is_labeled": True, "overlap": 0}),
        task(9006, annotation(90061, None), drafts=[{"id": 9006, "user": None, "result": [choice("B")]}], project=93),
    ]


def _empty_row(table: Table) -> dict[str, Any]:
    """A row with nothing but its key, which no other row has."""
    values: dict[str, Any] = {"bigint": 99999, "text": "annotation/99999/0", "timestamp": LOADED_AT}
    return {column.name: values[column.type] for column in table.columns if column.name in table.key}


def assert_same_rows(found: Iterable[tuple[Any, ...]], expected: Iterable[tuple[Any, ...]]) -> int:
    """Holds rows against each other, whatever their order; gives their number. Floats may differ by 10⁻⁹ of them."""
    rows, others = sorted(found, key=_place), sorted(expected, key=_place)
    assert len(rows) == len(others)
    for row, other in zip(rows, others, strict=True):
        assert len(row) == len(other)
        assert all(map(_is_same, row, other)), (row, other)
    return len(rows)


def _is_same(value: Any, other: Any) -> bool:
    if isinstance(value, float) and isinstance(other, float):
        return math.isclose(value, other, rel_tol=1e-9, abs_tol=1e-12)
    # a decimal is no double, and a date is no moment
    assert not isinstance(value, Decimal) or isinstance(other, Decimal)
    return type(value) is type(other) and bool(value == other)


def _place(row: tuple[Any, ...]) -> list[str]:
    """Floats, which may differ, come last."""
    exact = ["" if isinstance(value, float) else _text(value) for value in row]
    return exact + [f"{value:.6e}" for value in row if isinstance(value, float)]


def _text(value: Any) -> str:
    """The same text for the same moment, whatever zone it is given in."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else repr(value)
