"""How far tasks and projects have come, worked out by hand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from analytics import Analytics

CONFIG = """
<View>
  <Text name="text" value="$text"/>
  <Choices name="mood" toName="text"><Choice value="good"/><Choice value="bad"/></Choices>
</View>
"""
CREATED = "2026-02-27T12:00:00Z"


def _at(day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def _annotation(number: int, user: int, created: datetime, lead_time: float | None, mood: str = "", **more: Any) -> Any:
    """An annotation that says how the mood is, or a cancelled one."""
    choice = {"from_name": "mood", "to_name": "text", "type": "choices", "value": {"choices": [mood]}}
    return {
        "id": number,
        "completed_by": user,
        "created_at": created.isoformat(),
        "updated_at": created.isoformat(),
        "lead_time": lead_time,
        "was_cancelled": not mood,
        "ground_truth": False,
        "result": [choice] if mood else [],
    } | more


def _task(number: int, *annotations: Any, overlap: int | None = 1, **more: Any) -> Any:
    return {
        "id": number,
        "project": 1,
        "inner_id": number,
        "overlap": overlap,
        "is_labeled": False,
        "created_at": CREATED,
        "updated_at": CREATED,
        "annotations": list(annotations),
    } | more


TASKS = (
    _task(
        1,
        _annotation(11, 1, _at(1, 23, 30), 10, "good", ground_truth=True, updated_at="2026-03-31T10:00:00Z"),
        _annotation(12, 2, _at(2, 0, 30), 30, "good"),
        _annotation(13, 3, _at(2, 8), 5),
        overlap=2,
        is_labeled=True,
        completed_at="2026-03-02T08:00:00Z",
        predictions=[{"id": 1, "result": []}, {"id": 2, "result": []}],
    ),
    _task(2, _annotation(21, 1, _at(20), 20, "good"), _annotation(22, 2, _at(30), 40, "bad"), overlap=3),
    _task(3, drafts=[{"id": 1, "user": "ada@example.com", "result": []}]),
    _task(4, _annotation(41, 1, _at(30, 11), 7)),
    _task(
        5,
        overlap=2,
        meta={"a": 1},
        comment_count=3,
        unresolved_comment_count=2,
        last_comment_updated_at="2026-03-05T00:00:00Z",
        file_upload="a.csv",
        storage_filename="b.json",
    ),
    # done without a date: the overlap was filled by the first annotation, or by a skip
    _task(6, _annotation(61, 1, _at(25), 60, "bad"), _annotation(62, 1, _at(26), None, "bad"), is_labeled=True),
    _task(7, _annotation(71, 2, _at(31, 9), 3), is_labeled=True),
)


@pytest.fixture(scope="module")
def progress() -> Iterator[Analytics]:
    """Seven tasks of a project, in every state, and a project without tasks."""
    analytics = Analytics()
    analytics.insert("projects", id=1, title="Moods", label_config=CONFIG)
    analytics.insert("projects", id=2, title="Empty", label_config=CONFIG)
    analytics.load(*TASKS)
    analytics.refresh()
    yield analytics
    analytics.connection.close()


def test_a_task_has_its_state_and_counts(progress: Analytics) -> None:
    """Done is what Label Studio calls labeled; a draft is progress, a skip alone is none."""
    assert progress.rows(
        """
        select task_id, state, overlap, submitted, annotations_left, skipped, annotators, ground_truths, predictions,
            drafts, results
        from analytics.task_overview
        order by task_id
        """
    ) == [
        (1, "done", 2, 2, 0, 1, 2, 1, 2, 0, 2),
        (2, "in progress", 3, 2, 1, 0, 2, 0, 0, 0, 2),
        (3, "in progress", 1, 0, 1, 0, 0, 0, 0, 1, 0),
        (4, "skipped", 1, 0, 1, 1, 0, 0, 0, 0, 0),
        (5, "not started", 2, 0, 2, 0, 0, 0, 0, 0, 0),
        (6, "done", 1, 2, 0, 0, 1, 0, 0, 0, 2),
        (7, "done", 1, 0, 0, 1, 0, 0, 0, 0, 0),
    ]


def test_a_task_has_its_lead_times_and_agreement(progress: Analytics) -> None:
    """Of submitted annotations; lead times of skipped ones stand apart, and one annotation agrees with nothing."""
    assert progress.rows(
        """
        select task_id, lead_time_total, lead_time_mean, skipped_lead_time, agreement, agreement_pairs
        from analytics.task_overview
        order by task_id
        """
    ) == [
        (1, 40, 20, 5, 1, 1),
        (2, 60, 30, None, 0, 1),
        (3, None, None, None, None, 0),
        (4, None, None, 7, None, 0),
        (5, None, None, None, None, 0),
        (6, 60, 60, None, 1, 1),
        (7, None, None, 3, None, 0),
    ]


def test_a_task_has_its_dates(progress: Analytics) -> None:
    """A done task without completed_at was done when its overlap was filled, or else with its newest annotation."""
    assert progress.rows(
        """
        select task_id, first_annotation_at, last_annotation_at, done_at, age_days
        from analytics.task_overview
        order by task_id
        """
    ) == [
        (1, _at(1, 23, 30), _at(2, 0, 30), _at(2, 8), 32),
        (2, _at(20), _at(30), None, 32),
        (3, None, None, None, 32),
        (4, None, None, None, 32),
        (5, None, None, None, 32),
        (6, _at(25), _at(26), _at(25), 32),
        (7, None, None, _at(31, 9), 32),
    ]


def test_a_task_has_what_came_with_it(progress: Analytics) -> None:
    """Its project's title, its comments, files and metadata."""
    assert progress.rows(
        """
        select project_title, inner_id, comments, unresolved_comments, last_comment_at, file_upload, storage_filename,
            meta
        from analytics.task_overview
        where task_id = 5
        """
    ) == [("Moods", 5, 3, 2, _at(5, 0), "a.csv", "b.json", '{"a":1}')]


def test_a_project_has_its_progress(progress: Analytics) -> None:
    """The states of its tasks, its annotations, lead times and agreement."""
    records = progress.records("select * from analytics.project_progress order by project_id")
    assert records[0] == {
        "project_id": 1,
        "project_title": "Moods",
        "tasks": 7,
        "tasks_done": 3,
        "tasks_in_progress": 2,
        "tasks_skipped": 1,
        "tasks_not_started": 1,
        "share_done": pytest.approx(3 / 7),
        "submitted": 6,
        "skipped": 3,
        "annotations_left": 5,
        "predictions": 2,
        "drafts": 1,
        "annotators": 3,
        "lead_time_total": 160,
        "lead_time_mean": 32,
        "lead_time_median": 30,
        "skipped_lead_time": 15,
        "agreement": pytest.approx(2 / 3),
        "agreement_tasks": 3,
        "first_activity_at": _at(1, 23, 30),
        "last_activity_at": _at(31, 10),
        "loaded_at": _at(31, 12),
    }
    assert {name: value for name, value in records[1].items() if value} == {
        "project_id": 2,
        "project_title": "Empty",
        "loaded_at": _at(31, 12),
    }
    assert len(records) == 2


@pytest.mark.parametrize("timezone", ["UTC", "America/Los_Angeles"])
def test_every_day_has_its_row(progress: Analytics, timezone: str) -> None:
    """From the first annotation to the day that the data is of, zeros included; days are UTC days everywhere."""
    progress.connection.execute(f"set timezone = '{timezone}'")
    rows = progress.rows(
        """
        select day, tasks_done, tasks_done_total, submitted, skipped, lead_time_total, skipped_lead_time, annotators
        from analytics.throughput_daily
        order by day
        """
    )
    progress.connection.execute("set timezone = 'UTC'")
    assert [row[0] for row in rows] == [date(2026, 3, day) for day in range(1, 32)]
    assert [(row[0].day, *row[1:]) for row in rows if any((row[1], *row[3:]))] == [
        (1, 0, 0, 1, 0, 10, 0, 1),
        (2, 1, 1, 1, 1, 30, 5, 2),
        (20, 0, 1, 1, 0, 20, 0, 1),
        (25, 1, 2, 1, 0, 60, 0, 1),
        (26, 0, 2, 1, 0, 0, 0, 1),
        (30, 0, 2, 1, 1, 40, 7, 2),
        (31, 1, 3, 0, 1, 0, 3, 1),
    ]


def test_what_is_left_is_forecast_from_the_last_28_days(progress: Analytics) -> None:
    """Two tasks in 28 days leave 56 days for four; a project without tasks has nothing left."""
    records = progress.records("select * from analytics.remaining_tasks order by project_id")
    assert records == [
        {
            "project_id": 1,
            "project_title": "Moods",
            "tasks": 7,
            "tasks_done": 3,
            "tasks_left": 4,
            "annotations_left": 5,
            "pace_days": 28,
            "tasks_per_day": pytest.approx(2 / 28),
            "annotations_per_day": pytest.approx(4 / 28),
            "days_left": 56,
            "forecast_date": date(2026, 5, 26),
            "lead_time_median": 30,
            "lead_time_hours_left": pytest.approx(5 * 30 / 3600),
        },
        {
            "project_id": 2,
            "project_title": "Empty",
            "tasks": 0,
            "tasks_done": 0,
            "tasks_left": 0,
            "annotations_left": 0,
            "pace_days": 0,
            "tasks_per_day": 0,
            "annotations_per_day": 0,
            "days_left": 0,
            "forecast_date": None,
            "lead_time_median": None,
            "lead_time_hours_left": None,
        },
    ]


def test_a_project_is_forecast_by_its_own_pace(analytics: Analytics) -> None:
    """Days before its first annotation do not slow a young project down; a resting or very slow one has no date."""
    done: dict[str, Any] = {"overlap": 1, "is_labeled": True}
    for project_id, day in ((1, datetime(2026, 3, 30, tzinfo=UTC)), (2, datetime(2026, 1, 5, tzinfo=UTC))):
        owner = {"project_id": project_id, "completed_at": day} | done
        analytics.insert("tasks", id=project_id, **owner)
        analytics.insert("tasks", id=100 + project_id, project_id=project_id, overlap=1)
        analytics.insert(
            "annotations", id=project_id, task_id=project_id, project_id=project_id, created_at=day, result_count=0
        )
    # one task on the only day, and 40,000 to come
    today = datetime(2026, 3, 31, tzinfo=UTC)
    analytics.insert("tasks", id=3, project_id=3, completed_at=today, **done)
    analytics.connection.execute(
        "insert into label_studio.tasks (id, project_id) select 1000 + range, 3 from range(40000)"
    )
    # all done
    analytics.insert("tasks", id=4, project_id=4, completed_at=today, **done)
    analytics.refresh()
    assert analytics.rows(
        """
        select project_id, tasks_left, pace_days, tasks_per_day, days_left, forecast_date
        from analytics.remaining_tasks
        order by project_id
        """
    ) == [
        (1, 1, 2, 0.5, 2, date(2026, 4, 2)),
        (2, 1, 28, 0, None, None),
        (3, 40_000, 1, 1, 40_000, None),
        (4, 0, 1, 1, 0, None),
    ]


def test_tasks_of_a_project_that_was_not_loaded_are_counted(analytics: Analytics) -> None:
    """They stand under the project's id, without a title; an overlap that is not known is taken for one."""
    analytics.load(_task(1, _annotation(11, 1, _at(1), 10, "good"), overlap=None), _task(2, overlap=None))
    analytics.refresh()
    assert analytics.rows(
        "select project_id, project_title, tasks, annotations_left from analytics.project_progress"
    ) == [(1, None, 2, 1)]
    assert analytics.rows("select project_id, tasks_left from analytics.remaining_tasks") == [(1, 2)]
    assert analytics.rows("select count(*) from analytics.throughput_daily where project_id = 1") == [(31,)]


def test_activity_after_the_load_has_its_day(analytics: Analytics) -> None:
    """A server whose clock is ahead loses nothing."""
    analytics.load(_task(1, _annotation(11, 1, datetime(2026, 4, 2, tzinfo=UTC), 10, "good")))
    analytics.refresh()
    assert analytics.rows("select day, submitted from analytics.throughput_daily") == [(date(2026, 4, 2), 1)]
