"""What people did and how well they agree, worked out by hand."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from analytics import Analytics

CONFIG = """
<View>
  <Text name="text" value="$text"/>
  <Choices name="mood" toName="text"><Choice value="good"/><Choice value="bad"/></Choices>
  <Choices name="tone" toName="text"><Choice value="calm"/><Choice value="loud"/></Choices>
</View>
"""
#: The mood counts three times as much as the tone.
WEIGHTS = json.dumps({"mood": {"overall": 3}})


def _at(day: int, hour: int = 10) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def _choices(mood: str, tone: str) -> Any:
    said = (("mood", mood), ("tone", tone))
    return [
        {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": [choice]}}
        for name, choice in said
    ]


def _annotation(number: int, user: Any, created: datetime, lead_time: float, *choices: str, **more: Any) -> Any:
    """An annotation that says the mood and the tone, or a cancelled one."""
    return {
        "id": number,
        "completed_by": user,
        "created_at": created.isoformat(),
        "updated_at": created.isoformat(),
        "lead_time": lead_time,
        "was_cancelled": not choices,
        "ground_truth": False,
        "result": _choices(*choices) if choices else [],
    } | more


def _task(number: int, *annotations: Any, **more: Any) -> Any:
    return {"id": number, "project": 1, "annotations": list(annotations)} | more


CARL = {"id": 3, "email": "carl@example.com"}
TASKS = (
    _task(
        1,
        _annotation(1, 1, _at(1), 8, "good", "calm", ground_truth=True),
        _annotation(2, 2, _at(1), 10, "good", "loud"),
        _annotation(3, 2, _at(2), 20, "bad", "calm"),
        predictions=[{"id": 1, "model_version": "v1", "result": _choices("good", "loud")}],
        drafts=[{"id": 1, "user": "bo@example.com", "result": []}],
    ),
    _task(
        2,
        _annotation(4, CARL, _at(3), 5, "good", "calm"),
        _annotation(5, None, _at(3), 6, "good", "calm"),
        _annotation(6, 1, _at(3), 2),
        _annotation(9, 2, _at(2, 23), 4),
    ),
    _task(
        3,
        _annotation(7, 1, _at(4), 9, "good", "calm", ground_truth=True),
        _annotation(8, 2, _at(4), 60, "bad", "loud", ground_truth=True, updated_at="2026-03-09T10:00:00Z"),
    ),
)


@pytest.fixture(scope="module")
def people() -> Iterator[Analytics]:
    """Three annotators, of whom one is no user any more, an annotation by nobody, and a user without any."""
    analytics = Analytics()
    analytics.insert("projects", id=1, title="Moods", label_config=CONFIG, control_weights=WEIGHTS)
    analytics.insert(
        "users",
        id=1,
        email="ada@example.com",
        first_name="Ada",
        last_name="Hill",
        last_activity=_at(5),
        date_joined=_at(1),
    )
    analytics.insert("users", id=2, email="bo@example.com", first_name="", last_name="")
    analytics.insert("users", id=4, email="dora@example.com", first_name="Dora")
    analytics.load(*TASKS)
    analytics.refresh()
    yield analytics
    analytics.connection.close()


def test_people_have_their_counts(people: Analytics) -> None:
    """Users without annotations, and annotators who are no users, are there; annotations of nobody are not."""
    assert people.rows(
        """
        select annotator_id, email, name, is_user, projects, tasks, submitted, skipped, ground_truths, results, drafts,
            lead_time_total, skipped_lead_time
        from analytics.annotators
        order by annotator_id
        """
    ) == [
        (1, "ada@example.com", "Ada Hill", True, 1, 3, 2, 1, 2, 4, 0, 17, 2),
        (2, "bo@example.com", "bo@example.com", True, 1, 3, 3, 1, 1, 6, 1, 90, 4),
        (3, "carl@example.com", "carl@example.com", False, 1, 1, 1, 0, 0, 2, 0, 5, 0),
        (4, "dora@example.com", "Dora", True, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    ]
    assert people.rows(
        """
        select annotator_id, first_annotation_at, last_annotation_at, last_activity_at, joined_at
        from analytics.annotators
        order by annotator_id
        """
    ) == [
        (1, _at(1), _at(4), _at(5), _at(1)),
        (2, _at(1), _at(4), None, None),
        (3, _at(3), _at(3), None, None),
        (4, None, None, None, None),
    ]


def test_people_have_their_work(people: Analytics) -> None:
    """Counts and lead times of submitted annotations; skipped ones stand apart."""
    assert people.records(
        """
        select * exclude (agreement, ground_truth_agreement, prediction_agreement)
        from analytics.annotator_performance
        where annotator_id = 2
        """
    ) == [
        {
            "project_id": 1,
            "project_title": "Moods",
            "annotator_id": 2,
            "annotator_email": "bo@example.com",
            "annotator_name": "bo@example.com",
            "submitted": 3,
            "skipped": 1,
            "skip_rate": 0.25,
            "tasks": 3,
            "results": 6,
            "results_per_annotation": 2,
            "lead_time_total": 90,
            "lead_time_mean": 30,
            "lead_time_median": 20,
            "lead_time_p90": pytest.approx(52),
            "skipped_lead_time": 4,
            "first_annotation_at": _at(1),
            "last_active_at": _at(9),
            "agreement_pairs": 3,
            "ground_truth_pairs": 2,
            "prediction_pairs": 2,
        }
    ]


def test_people_agree_with_others(people: Analytics) -> None:
    """The mood counts three times: 3/4 where only it is the same, 1/4 where only the tone is.

    Pairs of one person, and those of nobody, are left out; ground truth is compared with what is none.
    """
    assert people.rows(
        """
        select annotator_id, agreement, agreement_pairs, ground_truth_agreement, ground_truth_pairs,
            prediction_agreement, prediction_pairs
        from analytics.annotator_performance
        order by annotator_id nulls last
        """
    ) == [
        # annotations 1 and 2: 3/4, 1 and 3: 1/4, 7 and 8: 0
        (1, pytest.approx(1 / 3), 3, None, 0, 0.75, 1),
        (2, pytest.approx(1 / 3), 3, 0.5, 2, 0.5, 2),
        (3, None, 0, None, 0, None, 0),
        (None, None, 0, None, 0, None, 0),
    ]


def test_people_have_their_days(people: Analytics) -> None:
    """Only days on which somebody made an annotation are there; a change on a later day makes none."""
    assert people.rows(
        """
        select annotator_id, annotator_name, day, submitted, skipped, tasks, lead_time_total, lead_time_median,
            skipped_lead_time, results
        from analytics.annotator_daily
        order by annotator_id nulls last, day
        """
    ) == [
        (1, "Ada Hill", date(2026, 3, 1), 1, 0, 1, 8, 8, 0, 2),
        (1, "Ada Hill", date(2026, 3, 3), 0, 1, 1, 0, None, 2, 0),
        (1, "Ada Hill", date(2026, 3, 4), 1, 0, 1, 9, 9, 0, 2),
        (2, "bo@example.com", date(2026, 3, 1), 1, 0, 1, 10, 10, 0, 2),
        (2, "bo@example.com", date(2026, 3, 2), 1, 1, 2, 20, 20, 4, 2),
        (2, "bo@example.com", date(2026, 3, 4), 1, 0, 1, 60, 60, 0, 2),
        (3, "carl@example.com", date(2026, 3, 3), 1, 0, 1, 5, 5, 0, 2),
        (None, None, date(2026, 3, 3), 1, 0, 1, 6, 6, 0, 2),
    ]


def test_days_are_those_of_utc(people: Analytics) -> None:
    """What was done at 23 o'clock UTC is of that day, wherever the reader is."""
    people.connection.execute("set timezone = 'Asia/Tokyo'")
    days = people.rows("select day from analytics.annotator_daily where skipped = 1 order by day")
    people.connection.execute("set timezone = 'UTC'")
    assert days == [(date(2026, 3, 2),), (date(2026, 3, 3),)]


def test_somebody_of_whom_only_the_id_is_known_has_a_name(analytics: Analytics) -> None:
    """Charts need a name for everybody."""
    analytics.load(_task(1, _annotation(1, 8, _at(1), 5, "good", "calm")))
    analytics.refresh()
    for view in ("annotator_daily", "annotator_performance", "annotation_results"):
        query = f"select distinct annotator_id, annotator_email, annotator_name from analytics.{view}"
        assert analytics.rows(query) == [(8, None, "user 8")]
    assert analytics.rows("select annotator_id, email, name from analytics.annotators") == [(8, None, "user 8")]
