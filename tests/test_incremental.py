"""Runs that fetch what changed, compare what leaves no trace, and believe in deletions only when they are told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from faults import Fault, FaultyServer, answer, before, refused, status
from hypothesis import given
from hypothesis import strategies as st
from loading import Warehouse

from pipelines.demo import FakeLabelStudio
from pipelines.label_studio.cursors import Cursors, Progress, is_due
from pipelines.label_studio.exceptions import ConfigurationError, LabelStudioError
from pipelines.label_studio.report import Report

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TOKEN = "0123456789abcdef0123456789abcdef01234567"
URL = "https://label-studio.example.com"


class Clock:
    """The server's clock."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now.timestamp()

    def pass_by(self, **time: float) -> datetime:
        """Lets time pass; gives the new moment."""
        self.now += timedelta(**time)
        return self.now


class Office:
    """A server on which people work, and a warehouse that is loaded from it."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.clock = Clock()
        projects = [_project(project_id) for project_id in (1, 2)]
        self.fake = FakeLabelStudio([], projects, token=TOKEN, clock=self.clock)
        self.server: Any = self.fake
        self.add(*range(1, 31))
        self.add(*range(31, 41), project=2)

    def add(self, *task_ids: int, project: int = 1, **more: Any) -> None:
        """New tasks, each with an annotation and a prediction."""
        for task_id in task_ids:
            self.fake.put(_task(task_id, project, self.clock.now, **more))

    def edit(self, task_id: int, *, seen: bool = True, **changed: Any) -> None:
        """Changes a task; not `seen`: without a new updated_at."""
        task = self.fake.tasks[task_id]
        self.fake.put({**task, **changed, **({"updated_at": _text(self.clock.now)} if seen else {})})

    def load(self, **options: Any) -> Report:
        """A run, ten minutes after the last."""
        self.clock.pass_by(minutes=10)
        self.fake.requests.clear()
        selection = {} if "task_ids" in options else {"project_ids": "all"}
        given = selection | {"reconcile_every": "never"} | options
        return self.warehouse.load(fake=self.server, key=TOKEN, **given)

    def differences(self) -> list[str]:
        """What the warehouse holds otherwise than a new one would that is loaded now."""
        path = self.warehouse.path.with_name(f"fresh{len(list(self.warehouse.path.parent.iterdir()))}.duckdb")
        with Warehouse(path) as fresh:
            fresh.load(fake=self.fake, key=TOKEN, project_ids="all")
            expected = fresh.contents()
        held = self.warehouse.contents()
        return [name for name in expected if name != "deleted_tasks" and held[name] != expected[name]]

    def deleted(self) -> list[tuple[Any, ...]]:
        """The tasks that were noted as gone."""
        return self.warehouse.rows("select task_id, project_id from deleted_tasks order by all")


def _project(project_id: int, created_at: datetime = START) -> dict[str, Any]:
    return {
        "id": project_id,
        "title": f"Project {project_id}",
        "label_config": "<View></View>",
        "created_at": _text(created_at),
        "model_version": "",
        "maximum_annotations": 1,
        "overlap_cohort_percentage": 100,
        "task_number": 0,
        "total_annotations_number": 0,
        "skipped_annotations_number": 0,
        "total_predictions_number": 0,
    }


def _task(task_id: int, project: int, now: datetime, **more: Any) -> dict[str, Any]:
    moments = {"created_at": _text(now), "updated_at": _text(now)}
    result = [{"id": "r", "from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": ["a"]}}]
    return {
        "id": task_id,
        "project": project,
        "data": {"text": f"task {task_id}"},
        "meta": {},
        "overlap": 1,
        "is_labeled": True,
        "total_annotations": 1,
        "cancelled_annotations": 0,
        "total_predictions": 1,
        "predictions_score": 0.5,
        "predictions_model_versions": "m1",
        "draft_exists": False,
        "annotations": [{"id": 1000 + task_id, "task": task_id, "completed_by": 1, "result": result, **moments}],
        "predictions": [{"id": 2000 + task_id, "task": task_id, "model_version": "m1", "score": 0.5, "result": result}],
        "drafts": [],
        **moments,
        **more,
    }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.fixture
def office(warehouse: Warehouse) -> Office:
    """A server with thirty tasks in project 1 and ten in project 2, loaded once."""
    office = Office(warehouse)
    report = office.load()
    assert (report.mode, len(report.fetched), report.changed) == ("full", 40, 40)
    return office


# what changed


def test_nothing_changed_costs_a_few_requests(office: Office) -> None:
    """A run without changes fetches no task: it asks for the projects, what changed in each, and the users."""
    report = office.load()
    assert (report.mode, report.asked, len(report.fetched), report.changed) == ("incremental", 0, 0, 0)
    paths = [request.url.path for request in office.fake.requests]
    assert sorted(paths) == sorted(
        [
            "/api/version",
            "/api/projects",
            "/api/projects/1",
            "/api/projects/2",
            "/api/tasks",
            "/api/tasks",
            "/api/users",
        ]
    )


def test_only_what_changed_is_fetched(office: Office) -> None:
    """Edited and new tasks come, the others are not asked for."""
    office.edit(7, data={"text": "edited"})
    office.add(50, project=2)
    report = office.load()
    assert (report.mode, list(report.fetched), report.changed) == ("incremental", [7, 50], 2)
    assert office.differences() == []


def test_the_filter_is_written_as_the_server_takes_it(office: Office) -> None:
    """Times go to the server with six digits of the second and Z; anything else is a 500 there."""
    office.load()
    [query] = {request.url.params["query"] for request in office.fake.requests if request.url.path == "/api/tasks"}
    assert '"filter":"filter:tasks:updated_at","operator":"greater","type":"Datetime"' in query
    assert '"value":"2026-03-02T09:09:00.000000Z"' in query


def test_the_cursor_is_a_moment_of_the_servers_clock(office: Office) -> None:
    """The next run reads from the beginning of this one on, less the overlap, however old the newest change is."""
    office.edit(1, data={"text": "just before the scan"})
    office.load(fetch_overlap=0)
    office.edit(3, updated_at=_text(office.clock.now - timedelta(seconds=90)), seen=False, data={"text": "late"})
    assert list(office.load(fetch_overlap=120).fetched) == []
    office.edit(4, updated_at=_text(office.clock.now - timedelta(seconds=90)), seen=False, data={"text": "late"})
    assert list(office.load().fetched) == [4]


def test_a_task_that_is_edited_behind_the_scan_comes_with_the_next_run(office: Office) -> None:
    """While a later page is read, a task of an earlier one changes: the next run brings it."""
    for task_id in range(1, 31):
        office.edit(task_id, data={"text": "again"})
    paths: dict[str, Any] = {"path": r"/api/tasks$", "params": {"fields": "all", "project": "1"}}

    def edit_behind() -> None:
        office.clock.pass_by(seconds=20)
        office.edit(2, data={"text": "behind the scan"})

    office.server = FaultyServer(office.fake, Fault(before(edit_behind), skip=1, **paths))
    office.load(fetch_page_size=10, fetch_workers=1)
    assert office.differences() == ["tasks"]
    office.server = office.fake
    assert 2 in office.load().fetched
    assert office.differences() == []


def test_the_cursor_waits_for_a_piece_that_could_not_be_had(office: Office) -> None:
    """Where a part of a project can't be read, the next run reads from the same moment on; other projects go on."""
    office.edit(7, data={"text": "edited"})
    office.edit(35, data={"text": "edited"})
    broken: dict[str, Any] = {"path": r"/api/tasks$", "params": {"project": "1"}, "times": 1000}
    office.server = FaultyServer(office.fake, Fault(status(400), **broken))
    report = office.load()
    assert [failure.project_id for failure in report.failures] == [1]
    assert list(report.fetched) == [35]
    office.server = office.fake
    assert list(office.load().fetched) == [7]
    assert office.differences() == []


def test_a_task_that_could_not_be_had_is_asked_for_again(office: Office) -> None:
    """One task that the server fails on is tried again by the next runs, and holds nothing else up."""
    office.edit(7, data={"text": "edited"})
    office.edit(8, data={"text": "edited"})
    faults = [
        Fault(status(500), path=r"/api/tasks$", params={"fields": "all", "project": "1"}, times=1000),
        Fault(status(500), path=r"/api/tasks/7$", times=1000),
    ]
    office.server = FaultyServer(office.fake, *faults)
    report = office.load(fetch_attempts=1)
    assert (list(report.fetched), report.failed_tasks) == ([8], {7})
    office.server = office.fake
    office.clock.pass_by(hours=1)
    assert list(office.load().fetched) == [7]
    assert office.differences() == []
    assert list(office.load().fetched) == []


def test_a_server_that_names_no_date_is_read_from_the_same_moment_again(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a Date in the answers the cursor stays: more is read than need be, and nothing is missed."""

    async def undated(request: httpx.Request) -> httpx.Response:
        response = await office.fake(request)
        del response.headers["Date"]
        return response

    office.edit(7, data={"text": "edited"})
    undated.token = TOKEN  # type: ignore[attr-defined]
    office.server = undated
    assert list(office.load().fetched) == [7]
    assert "names no date in its answers" in caplog.text
    assert list(office.load().fetched) == [7]


def test_a_load_that_fails_leaves_the_cursor(office: Office) -> None:
    """The cursor is committed with the data: a run that ends early does not move it."""
    office.edit(7, data={"text": "edited"})
    refusal = answer(lambda: httpx.Response(401, json={"detail": "no"}))
    office.server = FaultyServer(office.fake, Fault(refusal, path=r"/api/tasks$", params={"fields": "all"}, times=99))
    with pytest.raises(Exception, match="the server refuses the token"):
        office.load()
    office.server = office.fake
    assert list(office.load().fetched) == [7]


def test_a_fresh_machine_goes_on_where_the_last_one_stopped(office: Office, tmp_path: Path) -> None:
    """The cursor stands in the warehouse: another working folder continues incrementally."""
    office.edit(7, data={"text": "edited"})
    office.warehouse.connection.close()
    moved = tmp_path / "elsewhere" / office.warehouse.path.name
    moved.parent.mkdir()
    office.warehouse.path.rename(moved)
    with Warehouse(moved) as warehouse:
        office.warehouse = warehouse
        report = office.load()
        assert (report.mode, list(report.fetched)) == ("incremental", [7])
        assert office.differences() == []


# what leaves no trace


INVISIBLE: dict[str, Callable[[Office], object]] = {
    "a draft": lambda office: office.fake.drafts.append(_draft(7)),
    "more predictions": lambda office: office.edit(
        7, seen=False, total_predictions=2, predictions=[*office.fake.tasks[7]["predictions"], {"id": 9, "result": []}]
    ),
    "other predictions": lambda office: office.edit(
        7, seen=False, predictions_model_versions="m2", predictions=[{"id": 9, "result": [], "model_version": "m2"}]
    ),
    "no predictions, but a counter that was left": lambda office: office.edit(
        7, seen=False, predictions=[], predictions_score=None, predictions_model_versions=""
    ),
    "another overlap": lambda office: office.edit(7, seen=False, overlap=3, is_labeled=False),
    "a comment": lambda office: office.edit(7, seen=False, comment_count=1, unresolved_comment_count=1),
}


@pytest.mark.parametrize("change", INVISIBLE.values(), ids=INVISIBLE)
def test_a_reconciliation_finds_what_moves_no_updated_at(office: Office, change: Callable[[Office], object]) -> None:
    """What an incremental run can't see is found by comparing, and only that is fetched."""
    change(office)
    assert list(office.load().fetched) == []
    report = office.load(fetch_mode="reconcile")
    assert (report.mode, list(report.fetched)) == ("reconcile", [7])
    assert office.differences() == []


def test_an_edited_draft_is_found(office: Office) -> None:
    """Tasks with drafts are fetched by each reconciliation, as nothing tells that a draft was edited."""
    draft = _draft(7)
    office.fake.drafts.append(draft)
    office.load(fetch_mode="reconcile")
    draft["result"] = []
    assert list(office.load(fetch_mode="reconcile").fetched) == [7]
    assert office.differences() == []
    office.fake.drafts.clear()
    office.load(fetch_mode="reconcile")
    assert office.warehouse.counts()["drafts"] == 0


def test_deleted_tasks_leave_every_table_and_are_noted(office: Office) -> None:
    """A task that is gone leaves no row but the one in deleted_tasks, with its last updated_at."""
    office.fake.delete(1, 15, 30, 40)
    assert list(office.load().deleted) == []
    report = office.load(fetch_mode="reconcile")
    assert list(report.deleted) == [1, 15, 30, 40]
    assert office.differences() == []
    assert office.deleted() == [(1, 1), (15, 1), (30, 1), (40, 2)]
    [(seconds,)] = office.warehouse.rows("select distinct epoch(last_updated_at) from deleted_tasks")
    assert seconds == START.timestamp()


def test_a_removal_is_whole_or_not_at_all(office: Office) -> None:
    """Where one table can't be written, the task stays in all of them, and is not noted; the next run removes it."""
    office.fake.delete(5)
    office.warehouse.connection.execute("alter table label_studio.task_meta rename to elsewhere")
    with pytest.raises(Exception, match="task_meta"):
        office.load(fetch_mode="reconcile")
    office.warehouse.connection.execute("alter table label_studio.elsewhere rename to task_meta")
    assert office.deleted() == []
    assert office.warehouse.rows("select count(*) from results where task_id = 5") == [(2,)]
    assert list(office.load(fetch_mode="reconcile").deleted) == [5]
    assert office.deleted() == [(5, 1)]


def test_full_reads_everything_and_removes_what_is_gone(office: Office) -> None:
    """`full` fetches every task and finds deletions, too."""
    office.fake.delete(5)
    report = office.load(fetch_mode="full")
    assert (len(report.fetched), report.changed, list(report.deleted)) == (39, 0, [5])
    assert office.differences() == []


@pytest.mark.parametrize("selection", [[5, 6], "1-10"], ids=["single ids", "a range"])
def test_ids_are_exact(office: Office, selection: Any) -> None:
    """An id that was loaded before and is a JSON 404 now is a deletion; ids that were not asked for are left alone."""
    office.fake.delete(5, 20)
    report = office.load(task_ids=selection)
    assert (report.mode, list(report.deleted)) == ("ids", [5])
    assert office.deleted() == [(5, 1)]
    assert 20 in [task_id for (task_id,) in office.warehouse.rows("select id from tasks")]


def test_an_id_in_another_project_is_no_deletion(office: Office) -> None:
    """Ids narrowed to a project say nothing about the tasks of another."""
    report = office.load(task_ids="1-40", project_ids=[2])
    assert (len(report.fetched), list(report.deleted)) == (10, [])


# the server's counters


def test_a_deletion_shows_in_the_projects_counters(office: Office) -> None:
    """Where the server counts fewer tasks than there should be, the same run compares the project whole."""
    office.fake.delete(5)
    office.edit(6, data={"text": "edited"})
    report = office.load(reconcile_every="day")
    assert (report.mode, list(report.fetched), list(report.deleted)) == ("reconcile", [6], [5])
    assert office.differences() == []


def test_a_deletion_is_seen_though_a_task_is_made_in_the_second_in_which_the_run_begins(office: Office) -> None:
    """The server names whole seconds: one task less, and one more that may be counted already, is no equal number."""
    bare: dict[str, Any] = {"annotations": [], "predictions": [], "total_annotations": 0, "total_predictions": 0}
    office.add(50, **bare)
    office.load()
    office.fake.delete(50)
    office.clock.pass_by(minutes=1, milliseconds=400)
    made = office.clock.now + timedelta(minutes=10)
    office.add(51, **bare | {"created_at": _text(made), "updated_at": _text(made)})
    office.clock.pass_by(milliseconds=300)
    report = office.load(reconcile_every="day")
    assert (report.mode, list(report.fetched), list(report.deleted)) == ("reconcile", [51], [50])
    assert office.differences() == []


def test_predictions_made_in_bulk_show_in_the_projects_counters(office: Office) -> None:
    """Where the server counts other predictions than there should be, the same run finds them."""
    office.edit(7, seen=False, predictions=[], predictions_score=None, predictions_model_versions="")
    report = office.load(reconcile_every="day")
    assert list(report.fetched) == [7]
    assert office.differences() == []


def test_annotations_that_were_deleted_with_a_date_of_the_past_show_in_the_counters(office: Office) -> None:
    """Label Studio dates what it deletes in bulk by its machine's own time, which can be hours ago: it is found."""
    past = _text(office.clock.now - timedelta(hours=5))
    office.edit(7, seen=False, updated_at=past, annotations=[], total_annotations=0)
    report = office.load(reconcile_every="day")
    assert (report.mode, list(report.fetched)) == ("reconcile", [7])
    assert office.differences() == []


def test_new_tasks_are_no_cause_for_suspicion(office: Office) -> None:
    """Counters that the scan explains lead to nothing more."""
    office.add(60, 61)
    office.edit(6, predictions=[], predictions_score=None)
    report = office.load(reconcile_every="day")
    assert (report.mode, list(report.fetched)) == ("incremental", [6, 60, 61])


def test_work_that_goes_on_is_no_cause_for_suspicion(office: Office) -> None:
    """A task that is made during the scan is not taken for a difference."""
    office.server = FaultyServer(office.fake, Fault(before(lambda: office.add(70)), path=r"/api/tasks$"))
    assert office.load(reconcile_every="day").mode == "incremental"


def test_a_difference_that_comparing_can_not_explain_is_compared_once(office: Office) -> None:
    """Counters that are wrong for good cost one comparison, not one each run."""
    counters = type(office.fake)._counters
    office.fake._counters = lambda *given: {**counters(office.fake, *given), "task_number": 5}  # type: ignore[method-assign]
    modes = [office.load(reconcile_every="day").mode for _ in range(3)]
    assert modes == ["reconcile", "incremental", "incremental"]
    assert office.deleted() == []


def test_settings_of_a_project_that_change_its_tasks_lead_to_a_comparison(office: Office) -> None:
    """A project whose model version or number of annotators was changed is compared whole."""
    office.fake.projects[1]["maximum_annotations"] = 2
    office.edit(9, seen=False, overlap=2, is_labeled=False)
    report = office.load()
    assert (report.mode, list(report.fetched)) == ("reconcile", [9])


# what is no deletion


def test_an_inventory_that_comes_back_empty_deletes_nothing(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """A project that lists no task at all is reported; its rows stay."""
    office.fake.delete(*range(1, 31))
    for mode in ("reconcile", "full"):
        assert list(office.load(fetch_mode=mode).deleted) == []
    assert office.warehouse.counts()["tasks"] == 40
    assert "project 1 has no tasks any more, and 30 in the warehouse: nothing is removed" in caplog.text
    assert len(office.load(fetch_mode="reconcile", prune_projects=True).deleted) == 30
    assert office.differences() == []


def test_a_list_that_lies_deletes_nothing(office: Office) -> None:
    """Tasks that a list leaves out and Get task still gives stay, and the run says so."""

    async def forgetful(request: httpx.Request) -> httpx.Response:
        response = await office.fake(request)
        outline = "updated_at" in request.url.params.get("include", "") and request.url.params["project"] == "1"
        if outline and "in_list" not in request.url.params["query"]:
            body = response.json()
            body["tasks"] = [task for task in body["tasks"] if task["id"] > 3]
            body["total"] = len(body["tasks"])
            return httpx.Response(200, json=body, headers={"Date": response.headers["Date"]})
        return response

    forgetful.token = TOKEN  # type: ignore[attr-defined]
    office.server = forgetful
    report = office.load(fetch_mode="reconcile")
    assert list(report.deleted) == []
    assert [failure.what for failure in report.failures] == ["deleted tasks of project 1"]
    assert office.warehouse.counts()["tasks"] == 40


@pytest.mark.parametrize("mode", ["reconcile", "full"])
def test_an_inventory_that_is_cut_short_deletes_nothing(office: Office, mode: str) -> None:
    """Where a part of the inventory can't be had, nothing of that project is taken for deleted."""
    office.fake.delete(5)
    broken: dict[str, Any] = {"path": r"/api/tasks$", "params": {"project": "1", "fields": "all"}, "times": 1000}
    office.server = FaultyServer(
        office.fake, Fault(status(400), skip=1, **broken), Fault(refused(), path=r"/api/tasks/\d+$", times=1000)
    )
    report = office.load(fetch_mode=mode, fetch_page_size=8, fetch_attempts=1)
    assert report.failures
    assert list(report.deleted) == []
    office.server = office.fake
    assert list(office.load(fetch_mode=mode).deleted) == [5]


def test_a_project_that_is_gone_is_reported_and_its_rows_stay(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """A project that the server does not show any more is no mass deletion, unless that is asked for."""
    del office.fake.projects[2]
    office.fake.delete(*range(31, 41))
    for options in ({}, {"fetch_mode": "reconcile"}, {"fetch_mode": "full"}, {"task_ids": "1-40"}, {"task_ids": [35]}):
        report = office.load(**options)
        assert list(report.deleted) == []
        assert list(report.lost_projects) == [2]
        assert report.failures == []
    assert "project 2 is gone, or the token may not see it any more: its 10 tasks stay" in caplog.text
    assert office.warehouse.counts()["tasks"] == 40
    assert len(office.load(prune_projects=True).deleted) == 10
    assert office.warehouse.counts()["projects"] == 1
    assert office.differences() == []
    assert len(office.deleted()) == 10


def test_a_project_that_was_named_and_is_gone_is_a_failure(office: Office) -> None:
    """Who names a project wants it: the run fails on it, and loads the others."""
    del office.fake.projects[2]
    office.edit(7, data={"text": "edited"})
    report = office.load(project_ids=[1, 2])
    assert [failure.what for failure in report.failures] == ["project 2"]
    assert list(report.fetched) == [7]
    report = office.load(project_ids=[1, 2], prune_projects=True)
    assert (len(report.deleted), report.failures) == (10, [])


def test_a_token_that_sees_nothing_prunes_nothing(office: Office) -> None:
    """A server that shows no project at all is no reason to remove any."""
    office.fake.projects.clear()
    report = office.load(prune_projects=True)
    assert list(report.deleted) == []
    assert office.warehouse.counts()["tasks"] == 40


def test_a_project_that_may_not_be_seen_is_no_deletion(office: Office) -> None:
    """A 403 for a project leaves its rows as they are."""
    forbidden = Fault(answer(lambda: httpx.Response(403, json={"detail": "no"})), path="/api/projects/2$", times=1000)
    office.server = FaultyServer(office.fake, forbidden)
    report = office.load(fetch_mode="reconcile", prune_projects=True)
    assert [failure.what for failure in report.failures] == ["project 2"]
    assert list(report.deleted) == []


def test_ids_of_a_project_that_may_not_be_seen_are_no_deletion(office: Office) -> None:
    """Where the server does not say whether a project is there, its tasks stay, and the run says so."""
    office.fake.delete(35)
    forbidden = Fault(answer(lambda: httpx.Response(403, json={"detail": "no"})), path="/api/projects/2$", times=1000)
    office.server = FaultyServer(office.fake, forbidden)
    report = office.load(task_ids=[35], prune_projects=True)
    assert [failure.what for failure in report.failures] == ["project 2"]
    assert list(report.deleted) == []


# ids that a server hands out again


def test_a_task_id_that_is_given_anew_in_the_same_project(office: Office) -> None:
    """The new task replaces the old one, which is noted as gone."""
    office.fake.delete(30)
    office.clock.pass_by(minutes=1)
    office.add(30, data={"text": "another task"}, annotations=[], total_annotations=0)
    report = office.load()
    assert list(report.fetched) == [30]
    assert office.differences() == []
    assert office.deleted() == [(30, 1)]


def test_a_task_id_that_is_given_anew_in_another_project(office: Office) -> None:
    """The old rows go, the new ones come, no mixture."""
    office.fake.delete(40)
    office.clock.pass_by(minutes=1)
    office.add(40, project=1, data={"text": "another task"}, predictions=[], annotations=[])
    office.load()
    assert office.differences() == []
    assert office.deleted() == [(40, 2)]


@pytest.mark.parametrize("kind", ["annotations", "predictions"])
def test_an_id_of_a_part_that_is_given_anew(office: Office, kind: str) -> None:
    """Where an annotation's or prediction's id comes with another task, the task that held it is fetched again."""
    [part] = office.fake.tasks[30][kind]
    none: dict[str, Any] = {kind: []}
    office.edit(30, seen=False, **none)
    both: dict[str, Any] = {kind: [*office.fake.tasks[7][kind], {**part, "task": 7}]}
    office.edit(7, **both)
    report = office.load()
    assert list(report.fetched) == [7, 30]
    assert office.differences() == []


def test_an_id_of_a_part_of_a_deleted_task_that_is_given_anew(office: Office) -> None:
    """The task that held it is found deleted by the same run."""
    [part] = office.fake.tasks[30]["annotations"]
    office.fake.delete(30)
    office.edit(7, annotations=[*office.fake.tasks[7]["annotations"], {**part, "task": 7}])
    report = office.load()
    assert (list(report.fetched), list(report.deleted)) == ([7], [30])
    assert office.differences() == []


def test_an_id_of_a_part_of_a_project_that_is_gone(office: Office) -> None:
    """An id that was given anew proves that the lost project's task is gone; its other tasks stay."""
    [part] = office.fake.tasks[40]["annotations"]
    del office.fake.projects[2]
    office.fake.delete(*range(31, 41))
    office.edit(7, annotations=[*office.fake.tasks[7]["annotations"], {**part, "task": 7}])
    report = office.load()
    assert list(report.deleted) == [40]
    assert office.warehouse.rows("select count(*) from tasks where project_id = 2") == [(9,)]


def test_a_project_id_that_is_given_anew(office: Office) -> None:
    """Another project under an old id is read whole, and the old one's tasks go."""
    office.fake.delete(*range(31, 41))
    office.clock.pass_by(minutes=1)
    office.fake.projects[2] = _project(2, office.clock.now)
    office.add(80, 81, project=2)
    report = office.load()
    assert (report.mode, list(report.fetched)) == ("full", [80, 81])
    assert list(report.deleted) == list(range(31, 41))
    assert office.differences() == []


def test_another_server_is_refused(office: Office) -> None:
    """Tasks of another server can't be told apart from those of the first: nothing is loaded, nothing removed."""
    other = FakeLabelStudio([], [_project(1, START + timedelta(days=1))], token=TOKEN, clock=office.clock)
    with pytest.raises(Exception, match=r"holds the tasks of https://label-studio\.example\.com") as caught:
        office.warehouse.load("https://other.example.com", TOKEN, fake=other, project_ids="all")
    assert isinstance(_root(caught.value), ConfigurationError)
    assert office.warehouse.counts()["tasks"] == 40


def test_a_server_that_has_moved_is_known_by_its_projects(office: Office) -> None:
    """Under a new address the same projects are the same server, and the run goes on incrementally."""
    office.clock.pass_by(minutes=10)
    report = office.warehouse.load(
        "https://moved.example.com", TOKEN, fake=office.fake, project_ids="all", reconcile_every="never"
    )
    assert (report.mode, len(report.fetched)) == ("incremental", 0)


def _root(error: BaseException) -> BaseException:
    while not isinstance(error, LabelStudioError) and error.__cause__:
        error = error.__cause__
    return error


# history and pseudonyms


def test_history_keeps_every_version(office: Office) -> None:
    """Each version of an annotation is a row for ever; what is seen again adds none."""
    office.load(annotation_history=True, fetch_mode="full")
    [annotation] = office.fake.tasks[7]["annotations"]
    changed = {**annotation, "updated_at": _text(office.clock.now), "result": []}
    office.edit(7, annotations=[changed])
    for _ in range(2):
        office.load(annotation_history=True, fetch_mode="full")
    office.fake.delete(7)
    office.load(annotation_history=True, fetch_mode="full")
    versions = office.warehouse.rows(
        "select result_count, json_array_length(result) from annotation_history where annotation_id = 1007"
        " order by updated_at"
    )
    assert versions == [(1, 1), (0, 0)]
    assert office.warehouse.rows("select count(*) from annotation_history") == [(41,)]


def test_history_is_off_by_default(office: Office) -> None:
    """Without the setting there is no such table."""
    tables = {name for (name,) in office.warehouse.rows("select table_name from duckdb_tables()")}
    assert "annotation_history" not in tables


def test_pseudonyms_are_on_for_a_whole_warehouse_or_not_at_all(office: Office) -> None:
    """A warehouse with names takes no pseudonyms: the names would stay in it."""
    with pytest.raises(Exception, match="was loaded without pseudonyms") as caught:
        office.load(pseudonymize_users=True, pseudonym_key="0123456789abcdef")
    assert isinstance(_root(caught.value), ConfigurationError)


# when to compare


DAY = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "last", "due"),
    [
        ("day", DAY.replace(hour=0, minute=0), False),
        ("day", DAY - timedelta(hours=13), True),
        ("hour", DAY - timedelta(minutes=30), False),
        ("hour", DAY - timedelta(minutes=31), True),
        ("week", DAY - timedelta(days=2), False),
        ("week", DAY - timedelta(days=3), True),
        ("run", DAY, True),
        ("never", DAY - timedelta(days=1000), False),
    ],
)
def test_a_comparison_is_due_with_the_first_run_of_a_period(every: Any, last: datetime, due: bool) -> None:
    """Hours, days and weeks begin by the clock, in UTC, weeks on Monday."""
    assert is_due(every, last, DAY) is due


def test_the_first_run_of_a_day_reconciles(office: Office) -> None:
    """With the default setting, a run after midnight compares everything, the next one does not."""
    office.clock.pass_by(hours=16)
    assert office.load(reconcile_every="day").mode == "reconcile"
    assert office.load(reconcile_every="day").mode == "incremental"


moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@given(
    st.dictionaries(
        st.integers(1, 10**12), st.builds(Progress, moments, moments, moments, st.just((1, 2)), st.just((3, 0, -5)))
    )
)
def test_progress_survives_its_storage(stored: dict[int, Progress]) -> None:
    """What is noted of a project is read again as it was."""
    cursors = Cursors({})
    for project_id, progress in stored.items():
        cursors.put(project_id, progress)
    assert dict(cursors.items()) == stored


@pytest.mark.parametrize("stored", [None, {}, {"read_at": 5}, "x", {"read_at": "never"}])
def test_progress_that_another_release_wrote_is_no_progress(stored: Any) -> None:
    """What can't be read is taken as not read yet: the project is read whole."""
    assert Cursors({"projects": {"1": stored}}).get(1) is None


def _draft(task_id: int) -> dict[str, Any]:
    return {"id": 5, "task": task_id, "user": "someone@example.com", "result": [{"id": "r"}]}
