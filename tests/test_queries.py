"""The queries of sql/queries: on rows worked out by hand, on the sample, and on an empty warehouse."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from analytics import Analytics
from annotating import Json, annotation, box, choice, prediction, task

from pipelines.demo import load_sample
from pipelines.queries import NamedQuery, named_queries

#: Values for the required parameters of every query, such that the sample has rows.
EXAMPLES: dict[str, dict[str, Any]] = {
    "boxes_in_pixels": {"project_id": 2},
    "consensus_values": {"project_id": 1, "from_name": "sentiment"},
    "frequent_spans": {"label": "ORG"},
    "label_by_meta_value": {"project_id": 3, "path": "$.source.name"},
    "model_learning_curve": {"project_id": 1},
    "predictions_to_review_first": {"project_id": 1},
    "progress_by_meta_value": {"project_id": 3, "path": "$.source.name"},
    "tasks_with_label": {"label": "ORG"},
    "transcriptions": {"project_id": 3},
}

QUERIES = named_queries()


def asked(analytics: Analytics, name: str, **given: Any) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return analytics.rows(QUERIES[name].sql, **QUERIES[name].values(given))


@pytest.fixture
def team(analytics: Analytics) -> Analytics:
    """A project, and two people who have names and addresses."""
    analytics.insert("projects", id=1, title="Mail")
    for person, name in ((1, "Ada"), (2, "Bo")):
        analytics.insert("users", id=person, email=f"{name.lower()}@example.com", first_name=name, last_name="")
    return analytics


@pytest.fixture(scope="module")
def sample() -> Iterator[Analytics]:
    """The sample."""
    analytics = Analytics.holding(load_sample())
    analytics.insert("_dlt_loads", load_id="2", status=0, inserted_at=datetime(2026, 11, 25, tzinfo=UTC))
    analytics.refresh()
    yield analytics
    analytics.connection.close()


@pytest.fixture(scope="module")
def empty() -> Iterator[Analytics]:
    """A warehouse in which there is nothing."""
    analytics = Analytics()
    analytics.refresh()
    yield analytics
    analytics.connection.close()


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_every_query_has_a_header_that_is_true(query: NamedQuery, sample: Analytics) -> None:
    """Its parameters are those of the SQL, its columns those of the answer, and the sample has one."""
    body = "\n".join(line for line in query.sql.splitlines() if not line.startswith("--"))
    assert set(re.findall(r"\$([a-z_]+)", re.sub(r"'[^']*'", "", body))) == query.parameters.keys()
    assert query.question.endswith("?")
    rows = sample.records(query.sql, **query.values(EXAMPLES.get(query.name, {})))
    assert rows
    assert list(rows[0]) == list(query.columns)


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_every_query_answers_on_an_empty_warehouse(query: NamedQuery, empty: Analytics) -> None:
    """With no rows, and no error."""
    assert empty.rows(query.sql, **query.values(EXAMPLES.get(query.name, {}))) == []


def against_truth(task_id: int, truth: str, said: str | None) -> Json:
    """Person 1 made the ground truth, person 2 says something."""
    truths = annotation(task_id * 10, 1, choice(truth), ground_truth=True)
    return task(task_id, truths, annotation(task_id * 10 + 1, 2, *([choice(said)] if said else [])))


def test_annotators_against_ground_truth(team: Analytics) -> None:
    """Of three times A, one was found, one was called B and one was left out; a C was called A."""
    team.load(
        against_truth(1, "A", "A"), against_truth(2, "A", "B"), against_truth(3, "A", None), against_truth(4, "C", "A")
    )
    team.refresh()
    assert asked(team, "annotators_against_ground_truth", label="A") == [
        ("bo@example.com", 3, 1, 1, 1, 1, pytest.approx(1 / 3), 0.5, "A → B")
    ]
    assert asked(team, "annotators_against_ground_truth") == [
        ("bo@example.com", 4, 1, 2, 1, 2, 0.25, pytest.approx(1 / 3), "A → B")
    ]


def test_tasks_to_reannotate(team: Analytics) -> None:
    """Of tasks without agreement the one that was skipped comes first; one that agrees is not there."""
    skip = annotation(23, 3, was_cancelled=True)
    team.load(
        task(1, annotation(11, 1, choice("A")), annotation(12, 2, choice("B")), inner_id=1),
        task(2, annotation(21, 1, choice("A")), annotation(22, 2, choice("B"), ground_truth=True), skip, inner_id=2),
        task(3, annotation(31, 1, choice("A")), annotation(32, 2, choice("A")), inner_id=3),
    )
    team.refresh()
    assert asked(team, "tasks_to_reannotate") == [
        (1, 2, 2, 0.0, 0.0, "mood", 0.0, 2, 1, True),
        (1, 1, 1, 0.0, 0.0, "mood", 0.0, 2, 0, False),
    ]


def test_model_learning_curve(team: Analytics) -> None:
    """The second version is right where the first was wrong."""
    later = {"created_at": "2026-03-09T10:00:00Z"}
    team.load(
        task(
            1,
            annotation(1, 1, choice("A")),
            predictions=[prediction(1, "m1", choice("B")), prediction(2, "m2", choice("A"), **later)],
        )
    )
    team.refresh()
    assert asked(team, "model_learning_curve", project_id=1) == [
        ("m1", date(2026, 3, 1), 1, 0.0, 0.0, 0.0, 0.0, 0, None, 0, 0),
        ("m2", date(2026, 3, 9), 1, 1.0, 1.0, 1.0, 1.0, 1, 1.0, 1, 0),
    ]


def test_predictions_to_review_first(team: Analytics) -> None:
    """The least sure comes first; a prediction's own score counts before its results'; annotated tasks are left out."""
    team.load(
        task(1, predictions=[prediction(1, "m1", box(0, "Car", score=0.5), box(9, "Car", score=0.75))], inner_id=1),
        task(2, predictions=[prediction(2, "m1", choice("A"), score=0.25)], inner_id=2),
        task(3, annotation(3, 1, choice("A")), predictions=[prediction(3, "m1", choice("A"), score=0.1)], inner_id=3),
        task(4, annotation(4, 1, was_cancelled=True), predictions=[prediction(4, "m1", score=0.875)], inner_id=4),
    )
    team.refresh()
    assert asked(team, "predictions_to_review_first", project_id=1) == [
        (2, 2, "m1", 0.25, None, 1),
        (1, 1, "m1", 0.625, 0.5, 2),
        (4, 4, "m1", 0.875, None, 0),
    ]


def test_slowest_tasks(team: Analytics) -> None:
    """The median of 10, 20 and 60 seconds is 20."""
    team.load(
        *(
            task(number, annotation(number, 1, choice("A"), lead_time=seconds), inner_id=number)
            for number, seconds in ((1, 10.0), (2, 60.0), (3, 20.0))
        )
    )
    team.refresh()
    assert asked(team, "slowest_tasks", limit=2) == [(1, 2, 2, 60.0, 3.0, 1, 1), (1, 3, 3, 20.0, 1.0, 1, 1)]


def test_time_per_label(team: Analytics) -> None:
    """Thirty seconds for two cars and a bus are ten each."""
    team.load(task(1, annotation(1, 1, box(0, "Car"), box(20, "Car"), box(40, "Bus"), lead_time=30.0)))
    team.refresh()
    assert asked(team, "time_per_label") == [
        (1, "box", "Car", 2, 10.0, pytest.approx(20 / 3600)),
        (1, "box", "Bus", 1, 10.0, pytest.approx(10 / 3600)),
    ]


def test_weekly_hours(team: Analytics) -> None:
    """Sunday belongs to the week before; skipped time counts, too."""
    sunday, monday = {"created_at": "2026-03-08T23:59:00Z"}, {"created_at": "2026-03-09T00:01:00Z"}
    team.load(
        task(
            1,
            annotation(1, 1, choice("A"), lead_time=1800.0, **sunday),
            annotation(2, 1, lead_time=900.0, was_cancelled=True, **sunday),
            annotation(3, 1, choice("A"), lead_time=3600.0, **monday),
        )
    )
    team.refresh()
    assert asked(team, "weekly_hours", hourly_rate=20) == [
        (date(2026, 3, 9), "Ada", 1, 0, 1.0, 0.0, 20.0),
        (date(2026, 3, 2), "Ada", 1, 1, 0.75, 0.25, 15.0),
    ]


def test_label_and_progress_by_meta_value(team: Analytics) -> None:
    """Two tasks have a source, one has none."""
    team.load(
        task(1, annotation(1, 1, choice("A")), meta={"source": "web"}, is_labeled=True, overlap=1),
        task(2, annotation(2, 1, choice("B")), meta={"source": "web"}, is_labeled=False, overlap=2),
        task(3, annotation(3, 1, choice("A")), is_labeled=False, overlap=1),
    )
    team.refresh()
    assert asked(team, "label_by_meta_value", project_id=1, path="$.source") == [
        ("web", "mood", "A", 1, 0.5),
        ("web", "mood", "B", 1, 0.5),
        (None, "mood", "A", 1, 1.0),
    ]
    assert asked(team, "progress_by_meta_value", project_id=1, path="$.source") == [
        ("web", 2, 1, 0.5, 1, None),
        (None, 1, 0, 0.0, 0, None),
    ]


def test_tasks_with_label(team: Analytics) -> None:
    """Two annotations come before one; a prediction is counted beside them; skipped ones are not."""
    team.load(
        task(1, annotation(11, 1, box(0, "Car"), box(9, "Car")), predictions=[prediction(1, "m1", box(0, "Car"))]),
        task(2, annotation(21, 1, box(0, "Car")), annotation(22, 2, box(0, "Car"))),
        task(3, annotation(31, 1, box(0, "Car"), was_cancelled=True)),
    )
    team.refresh()
    assert asked(team, "tasks_with_label", label="Car") == [(1, 2, "box", 2, 2, 0), (1, 1, "box", 1, 2, 1)]


def test_label_confusions(team: Analytics) -> None:
    """A and B were confused once; A was said five times in all, B once."""
    both = [
        task(number, annotation(number * 10, 1, choice(a)), annotation(number * 10 + 1, 2, choice(b)))
        for number, (a, b) in enumerate([("A", "A"), ("A", "A"), ("B", "A")], 1)
    ]
    team.load(*both)
    team.refresh()
    assert asked(team, "label_confusions") == [(1, "mood", "A", "B", 1, 0.2, 1.0)]


def test_consensus_values(team: Analytics) -> None:
    """Two of three win; one against one has no winner; ground truth stands beside."""
    team.load(
        task(1, annotation(11, 1, choice("A")), annotation(12, 2, choice("A")), annotation(13, 3, choice("B"))),
        task(2, annotation(21, 1, choice("A")), annotation(22, 2, choice("B"), ground_truth=True)),
    )
    team.refresh()
    assert asked(team, "consensus_values", project_id=1, from_name="mood") == [
        (1, 0, "A", 2, 3, pytest.approx(2 / 3), None),
        (2, 0, None, 1, 2, 0.5, "B"),
    ]
    assert [row[0] for row in asked(team, "consensus_values", project_id=1, from_name="mood", at_least=2)] == [1]


def span(text: str, label: str) -> Json:
    """A marked text."""
    value = {"start": 0, "end": len(text), "text": text, "labels": [label]}
    return {"from_name": "ner", "to_name": "t", "type": "labels", "value": value, "id": f"{text}{label}"}


def test_frequent_spans(team: Analytics) -> None:
    """Letters' case and spaces are nothing; the other label of a text is named."""
    team.load(
        task(1, annotation(1, 1, span("Acme", "ORG")), annotation(2, 2, span("acme ", "ORG"), span("Bo", "PER"))),
        task(2, annotation(3, 1, span("ACME", "PER"), span("Port", "ORG"))),
    )
    team.refresh()
    assert asked(team, "frequent_spans", label="ORG") == [("acme", 2, 1, 2, "PER"), ("port", 1, 1, 1, None)]


def test_boxes_in_pixels(team: Analytics) -> None:
    """Ten percent of 640 by 480."""
    sized = {**box(50, "Car"), "original_width": 640, "original_height": 480, "id": "b"}
    team.load(
        task(1, annotation(1, 1, sized), annotation(2, 2, sized, was_cancelled=True), data={"image": "a.png"}),
        task(2, annotation(3, 1, sized, ground_truth=True), data={}),
    )
    team.refresh()
    rows = asked(team, "boxes_in_pixels", project_id=1)
    assert rows == [
        (1, "a.png", None, 1, "b", "Car", 320.0, 0.0, 64.0, 48.0, 0.0, 640, 480),
        (2, None, None, 3, "b", "Car", 320.0, 0.0, 64.0, 48.0, 0.0, 640, 480),
    ]
    assert asked(team, "boxes_in_pixels", project_id=1, only_ground_truth=True) == rows[1:]


def test_relations_by_labels(team: Analytics) -> None:
    """From a person to a company."""
    relation = {"type": "relation", "from_id": "AdaPER", "to_id": "AcmeORG", "direction": "right", "labels": ["at"]}
    team.load(task(1, annotation(1, 1, span("Ada", "PER"), span("Acme", "ORG"), relation)))
    team.refresh()
    assert asked(team, "relations_by_labels") == [(1, "PER", "at", "ORG", 1, 1, "Ada → Acme")]


def test_skipped_tasks(team: Analytics) -> None:
    """Two skips come before one; a task that nobody skipped is not there."""
    skipped = {"was_cancelled": True}
    team.load(
        task(1, annotation(11, 1, **skipped), annotation(12, 2, choice("A")), inner_id=1),
        task(2, annotation(21, 2, **skipped), annotation(22, 1, **skipped), inner_id=2),
        task(3, annotation(31, 1, choice("A")), inner_id=3),
    )
    team.refresh()
    assert asked(team, "skipped_tasks") == [(1, 2, 2, 2, 0, "Ada, Bo", 20.0), (1, 1, 1, 1, 1, "Ada", 10.0)]


def test_drafts_left_behind(team: Analytics) -> None:
    """The data is of noon on 31 March 2026: ten days, and half a day, which is too young."""
    drafts = [
        {"id": 1, "user": "ada@example.com", "lead_time": 5.0, "result": [], "updated_at": "2026-03-21T12:00:00Z"},
        {"id": 2, "user": "bo@example.com", "lead_time": 5.0, "result": [], "updated_at": "2026-03-31T00:00:00Z"},
    ]
    team.load(task(1, drafts=drafts))
    team.refresh()
    touched = datetime(2026, 3, 21, 12, tzinfo=UTC)
    assert [(*row[:-2], row[-2].astimezone(UTC), row[-1]) for row in asked(team, "drafts_left_behind")] == [
        (1, 1, 1, "ada@example.com", None, 0, 5.0, touched, 10.0)
    ]


def test_transcriptions(team: Analytics) -> None:
    """Each text of a list is a row, with the region that it belongs to."""
    value = {"start": 1.5, "end": 2, "text": ["hello", "again"]}
    spoken = {"from_name": "said", "to_name": "t", "type": "textarea", "value": value, "id": "s"}
    team.load(task(1, annotation(1, 3, spoken)))
    team.refresh()
    assert asked(team, "transcriptions", project_id=1) == [
        (1, "said", 1, "user 3", "s", 1.5, 0, "hello"),
        (1, "said", 1, "user 3", "s", 1.5, 1, "again"),
    ]
