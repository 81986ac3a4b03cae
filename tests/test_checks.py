"""The checks: what each of them finds, and how they are run."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from analytics import Analytics
from annotating import Json, annotation, box, choice, prediction, task
from test_cli import Shell
from test_status import held

from pipelines.checks import CHECKS, CheckResult, failed_checks, run_checks
from pipelines.label_studio.labeling_config import offered_labels
from pipelines.label_studio.tables import TABLES

CONFIG = """<View>
  <RectangleLabels name="box" toName="t"><Label value="Car"/><Label value="Bus"/></RectangleLabels>
  <Choices name="mood" toName="t"><Choice value="A"/></Choices>
</View>"""


def given(kind: str, **value: Any) -> Json:
    """A result whose control tag is named like its kind."""
    return {"id": f"r-{kind}", "from_name": kind, "to_name": "t", "type": kind, "value": value}


RESULTS = (
    box(0, "Car"),
    given("polygon", points=[[1, 1], [9, 1], [9, 9]], closed=True),
    given("textarea", text=["yes"]),
    given("ranker", ranker={"best": ["a"]}),
    given("timelinelabels", ranges=[{"start": 1, "end": 2}]),
    given(
        "videorectangle",
        framesCount=9,
        sequence=[{"frame": 1, "enabled": True, "x": 1, "y": 1, "width": 5, "height": 5}],
    ),
)


def good(dataset: str = "label_studio") -> Analytics:
    """A warehouse with a row in each table, in which nothing is wrong."""
    analytics = Analytics(dataset)
    analytics.insert("projects", id=1, title="Streets", label_config=CONFIG)
    for label in offered_labels(1, CONFIG):
        analytics.insert("project_labels", **label._asdict())
    analytics.insert("users", id=3, email="ada@example.com")
    draft = {"id": 5, "user": "ada@example.com", "result": [choice("A")]}
    counted: Json = {
        "total_annotations": 1,
        "cancelled_annotations": 1,
        "total_predictions": 1,
        "created_at": "2026-03-01T09:00:00Z",
    }
    analytics.load(
        task(
            7,
            annotation(1, 3, *RESULTS),
            annotation(2, 3, was_cancelled=True),
            predictions=[prediction(4, "m1", choice("A"))],
            drafts=[draft],
            annotators=[3],
            meta={"from": "crawl"},
            **counted,
        )
    )
    # of an id that was given anew
    before = datetime(2026, 2, 1, tzinfo=UTC)
    analytics.insert("deleted_tasks", task_id=7, project_id=1, detected_at=before, last_updated_at=before)
    now = datetime.now(UTC)
    analytics.connection.execute(f'update "{dataset}"._dlt_loads set inserted_at = ?', [now])
    analytics.refresh()
    return analytics


@pytest.fixture
def analytics() -> Iterator[Analytics]:
    """A warehouse in which nothing is wrong."""
    analytics = good()
    yield analytics
    analytics.connection.close()


@contextmanager
def client_of(analytics: Analytics, folder: Path) -> Iterator[Any]:
    """dlt's SQL client for a warehouse."""
    pipeline = dlt.pipeline(
        "checked",
        destination=dlt.destinations.duckdb(analytics.connection),
        dataset_name=analytics.dataset,
        pipelines_dir=str(folder),
    )
    client: Any = pipeline.destination_client()
    with client.sql_client as sql_client:
        yield sql_client


def found_by(analytics: Analytics, folder: Path, name: str) -> CheckResult:
    """What a check finds."""
    with client_of(analytics, folder) as client:
        [result] = [result for result in run_checks(client) if result.name == f"assert_{name}"]
    return result


#: What each kind of doubled row is called.
KEYS = {
    "tasks": "7",
    "task_meta": "7 $.from",
    "task_users": "7 annotator 0",
    "annotations": "1",
    "predictions": "4",
    "drafts": "5",
    "results": "annotation/1/0",
    "result_labels": "annotation/1/0 0",
    "result_texts": "annotation/1/2 0",
    "result_points": "annotation/1/1 0",
    "result_keyframes": "annotation/1/5 0",
    "result_ranges": "annotation/1/4 0",
    "result_rankings": "annotation/1/3 best 0",
    "users": "3",
    "projects": "1",
    "project_labels": "1 box Bus",
    "deleted_tasks": "7 2026-02-01 00:00:00+00",
}


def test_every_table_has_a_row_that_can_be_doubled() -> None:
    """The test of keys knows every table."""
    assert KEYS.keys() == TABLES.keys()


@pytest.mark.parametrize("table", KEYS)
def test_a_doubled_row_is_found(analytics: Analytics, tmp_path: Path, table: str) -> None:
    """In each table, a row that stands there twice is named by its key."""
    key = ", ".join(f'"{name}"' for name in TABLES[table].key)
    first = f"select * from label_studio.{table} order by {key} limit 1"
    analytics.connection.execute(f"insert into label_studio.{table} {first}")
    found = found_by(analytics, tmp_path, "keys_are_unique")
    assert (found.severity, found.found, found.rows) == ("error", 1, ((table, KEYS[table], 2),))


#: What is missing for the children, once the rows of a table are gone.
MISSING = {
    "tasks": [(name, "task 7") for name in TABLES if TABLES[name].parent == "tasks"],
    "annotations": [("results", "annotation 1")],
    "predictions": [("results", "prediction 4")],
    "drafts": [("results", "draft 5")],
    "results": [
        ("result_keyframes", "result annotation/1/5"),
        ("result_labels", "result annotation/1/0"),
        ("result_labels", "result draft/5/0"),
        ("result_labels", "result prediction/4/0"),
        ("result_points", "result annotation/1/1"),
        ("result_ranges", "result annotation/1/4"),
        ("result_rankings", "result annotation/1/3"),
        ("result_texts", "result annotation/1/2"),
    ],
    "projects": [("project_labels", "project 1")],
}


@pytest.mark.parametrize("table", MISSING)
def test_rows_without_a_parent_are_found(analytics: Analytics, table: str) -> None:
    """Whatever is missing is named for every table that has rows of it."""
    analytics.connection.execute(f"delete from label_studio.{table}")
    text = (CHECKS / "assert_children_have_parents.sql").read_text(encoding="utf-8")
    analytics.connection.execute("set schema = 'label_studio'")
    rows = analytics.rows(text)
    assert sorted((name, missing) for name, missing, _ in rows) == sorted(MISSING[table])
    assert [count for name, _, count in rows if name == "result_points"] in ([], [3])


def test_rows_of_another_project_are_found(analytics: Analytics, tmp_path: Path) -> None:
    """A row that names another project than its task does, or none, in whichever table of the family."""
    children = sorted(name for name in TABLES if TABLES[name].parent == "tasks")
    for table in children:
        analytics.connection.execute(f"update label_studio.{table} set project_id = 2")
    analytics.connection.execute("update label_studio.drafts set project_id = null")
    found = found_by(analytics, tmp_path, "projects_agree")
    assert (found.severity, found.found, len(found.rows)) == ("error", len(children), 5)
    analytics.connection.execute("set schema = 'label_studio'")
    rows = analytics.rows((CHECKS / "assert_projects_agree.sql").read_text(encoding="utf-8"))
    assert sorted(row[0] for row in rows) == children
    assert ("drafts", 7, 1, None, 1) in rows
    assert ("annotations", 7, 1, 2, 2) in rows


@pytest.mark.parametrize("table", sorted(name for name in TABLES if TABLES[name].parent))
def test_rows_of_another_load_are_found(analytics: Analytics, tmp_path: Path, table: str) -> None:
    """Rows that another load brought than the one of their task, or project, are counted."""
    analytics.connection.execute(f"update label_studio.{table} set _dlt_load_id = '2'")
    parent = "project 1" if table == "project_labels" else "task 7"
    number = analytics.rows(f"select count(*) from label_studio.{table}")[0][0]
    found = found_by(analytics, tmp_path, "tasks_are_of_one_load")
    assert (found.severity, found.rows) == ("error", ((table, parent, number),))


#: What makes a check find something; its name, its severity and what it finds.
BAD: list[tuple[str, str, str, list[tuple[Any, ...]]]] = [
    (
        "delete from label_studio.results where result_index = 0 and source = 'annotation'",
        "result_counts_hold",
        "error",
        [("annotation", 1, 6, 5)],
    ),
    (
        "update label_studio.predictions set result_count = 2",
        "result_counts_hold",
        "error",
        [("prediction", 4, 2, 1)],
    ),
    ("update label_studio.drafts set result_count = 0", "result_counts_hold", "error", [("draft", 5, 0, 1)]),
    (
        "update label_studio.tasks set total_annotations = 2, total_predictions = 0",
        "counters_hold",
        "warning",
        [(7, 2, 1, 1, 1, 0, 1)],
    ),
    (
        "update label_studio.results set draft_id = 5 where result_key = 'prediction/4/0'",
        "results_have_one_source",
        "error",
        [("prediction/4/0", "prediction", None, 4, 5)],
    ),
    (
        "update label_studio.results set draft_id = null where source = 'draft'",
        "results_have_one_source",
        "error",
        [("draft/5/0", "draft", None, None, None)],
    ),
    (
        "update label_studio.results set source = 'annotation' where source = 'draft'",
        "results_have_one_source",
        "error",
        [("draft/5/0", "annotation", None, None, 5)],
    ),
    (
        "update label_studio._dlt_loads set status = 1",
        "loads_are_complete",
        "warning",
        [("1", 1)],
    ),
    (
        "delete from analytics.kept_tasks",
        "kept_tables_are_in_step",
        "error",
        [(7, "1", None)],
    ),
    (
        "update analytics.kept_tasks set load_id = '0'",
        "kept_tables_are_in_step",
        "error",
        [(7, "1", "0")],
    ),
    (
        "insert into analytics.kept_tasks values (8, '1', 0)",
        "kept_tables_are_in_step",
        "error",
        [(8, None, "1")],
    ),
    ("delete from label_studio.projects", "projects_are_there", "warning", [(1, 1)]),
    ("delete from label_studio.users", "people_are_known", "warning", [(3, 2)]),
    (
        "insert into label_studio.deleted_tasks (task_id, detected_at) values (8, now());"
        "insert into label_studio.task_meta (task_id, path) values (8, '$.a'), (8, '$.b')",
        "deleted_tasks_are_gone",
        "error",
        [("task_meta", 8, 2)],
    ),
]


@pytest.mark.parametrize(("statement", "name", "severity", "rows"), BAD)
def test_bad_rows_are_found(
    analytics: Analytics, tmp_path: Path, statement: str, name: str, severity: str, rows: list[tuple[Any, ...]]
) -> None:
    """Each check shows the rows that are wrong, and no others."""
    analytics.connection.execute(statement)
    found = found_by(analytics, tmp_path, name)
    assert (found.severity, found.found, list(found.rows)) == (severity, len(rows), rows)
    assert found.meaning.endswith(".")


@pytest.mark.parametrize("table", ["tasks", "annotations", "predictions", "drafts"])
@pytest.mark.parametrize("column", ["created_at", "updated_at"])
def test_rows_of_the_future_are_found(analytics: Analytics, tmp_path: Path, table: str, column: str) -> None:
    """What was made more than an hour after the last load; half an hour can be the difference of two clocks."""
    later = "(select max(inserted_at) from label_studio._dlt_loads) + interval"
    analytics.connection.execute(f"update label_studio.{table} set {column} = {later} '30 minutes'")
    assert found_by(analytics, tmp_path, "nothing_is_of_the_future").found == 0
    analytics.connection.execute(f"update label_studio.{table} set {column} = {later} '2 hours' where id <> 2")
    found = found_by(analytics, tmp_path, "nothing_is_of_the_future")
    number = analytics.rows(f"select id from label_studio.{table} where id <> 2")[0][0]
    assert (found.severity, [row[:2] for row in found.rows]) == ("warning", [(table, number)])


def test_labels_that_nobody_offers_are_found(analytics: Analytics, tmp_path: Path) -> None:
    """Labels are held against the config as it is now; annotations and predictions are counted."""
    analytics.load(
        task(
            7,
            annotation(1, 3, box(0, "Van"), choice("Z")),
            annotation(2, 3, choice("Z")),
            predictions=[prediction(4, "m", choice("Z"))],
        ),
        load_id="2",
    )
    analytics.refresh()
    found = found_by(analytics, tmp_path, "labels_are_offered")
    assert (found.severity, sorted(found.rows)) == ("warning", [(1, "box", "Van", 1, 0), (1, "mood", "Z", 2, 1)])


@pytest.mark.parametrize(("days", "rows"), [(6, 0), (8, 1)])
def test_old_loads_are_found(analytics: Analytics, tmp_path: Path, days: int, rows: int) -> None:
    """Seven days after the last load that came to its end, it is old; a load that did not makes nothing fresher."""
    last = datetime.now(UTC) - timedelta(days=days, hours=1)
    analytics.connection.execute("update label_studio._dlt_loads set inserted_at = ?", [last])
    analytics.insert("_dlt_loads", load_id="2", status=1, inserted_at=datetime.now(UTC))
    found = found_by(analytics, tmp_path, "loads_are_fresh")
    assert (found.severity, found.found) == ("warning", rows)
    assert [(row[0], row[1]) for row in found.rows] == [(last, days)] * rows


SAME = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("loaded", "detected", "updated", "found"),
    [
        # it was loaded, then found gone, and is still there
        (100, 200, SAME, True),
        (100, 200, None, True),
        # it came back with a later load: somebody may see it again
        (300, 200, SAME, False),
        # it was created after the last change of the one that was deleted
        (100, 200, SAME - timedelta(days=1), False),
    ],
)
def test_tasks_that_were_deleted_are_found(
    analytics: Analytics, tmp_path: Path, loaded: int, detected: int, updated: datetime | None, found: bool
) -> None:
    """A deleted task that still has rows is found in each table; an id that was given anew is another task's."""
    analytics.connection.execute("delete from label_studio.deleted_tasks")
    moment = datetime.fromtimestamp(detected, UTC)
    analytics.insert("deleted_tasks", task_id=7, project_id=1, detected_at=moment, last_updated_at=updated)
    for table in ("tasks", "annotations"):
        analytics.connection.execute(f"update label_studio.{table} set _dlt_load_id = '{loaded}.5'")
    rows = found_by(analytics, tmp_path, "deleted_tasks_are_gone")
    tables = ["tasks", *(name for name in TABLES if TABLES[name].parent == "tasks")]
    assert rows.found == (len(tables) if found else 0)


# all of them


@pytest.mark.parametrize("dataset", ["label_studio", "elsewhere"])
def test_good_rows_pass_every_check(tmp_path: Path, dataset: str) -> None:
    """Where nothing is wrong, nothing is found, whatever the dataset is called; and every check did run."""
    analytics = good(dataset)
    with client_of(analytics, tmp_path) as client:
        results = run_checks(client)
        assert failed_checks(client) == []
    assert [result.found for result in results] == [0] * len(results)
    assert len(results) == len(list(CHECKS.glob("*.sql")))
    analytics.connection.close()


def test_an_empty_warehouse_passes_every_check(tmp_path: Path) -> None:
    """Tables without rows are all right."""
    analytics = Analytics()
    analytics.connection.execute("delete from label_studio._dlt_loads")
    analytics.refresh()
    with client_of(analytics, tmp_path) as client:
        assert [result.found for result in run_checks(client)] == [0] * len(list(CHECKS.glob("*.sql")))
    analytics.connection.close()


def test_without_views_some_checks_can_not_run(analytics: Analytics, tmp_path: Path) -> None:
    """What reads tables of analytics does not run where there are none yet, and is no failure."""
    analytics.connection.execute("drop schema analytics cascade")
    with client_of(analytics, tmp_path) as client:
        assert {result.name for result in run_checks(client) if result.found is None} == {
            "assert_kept_tables_are_in_step",
            "assert_labels_are_offered",
        }
        assert failed_checks(client) == []


@pytest.mark.parametrize("path", sorted(CHECKS.glob("*.sql")), ids=lambda path: path.stem)
def test_every_check_says_what_it_means(path: Path) -> None:
    """A check opens with its meaning, in sentences, and its severity."""
    header = re.match(r"((?:-- .+\n)+)-- severity: (?:error|warning)\n(?!--)", path.read_text(encoding="utf-8"))
    assert header
    assert header[1].rstrip().endswith(".")
    assert path.stem.startswith("assert_")


# alone: --check


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line, with the sample behind it."""
    return Shell(tmp_path, monkeypatch, capsys)


@pytest.fixture
def loaded(shell: Shell) -> Shell:
    """The command line, after a run on project 4."""
    assert shell.run("--project", "4", "--quiet")[0] == 0
    return shell


def spoil(shell: Shell, statement: str) -> None:
    """Changes the warehouse."""
    with duckdb.connect(str(shell.database)) as connection:
        connection.execute(statement)


def test_all_checks_are_told(loaded: Shell) -> None:
    """Each has its name, severity, what it found and what it means; the exit code is 0, and nothing is fetched."""
    before = len(loaded.fake.requests)
    code, out, err = loaded.run("--check", "--quiet")
    assert (code, err) == (0, "")
    assert re.findall(r"^(assert_\w+) \((?:error|warning)\): found 0\n    \S", out, re.MULTILINE) == sorted(
        path.stem for path in CHECKS.glob("*.sql")
    )
    assert f"looked at: {loaded.database}\n" in out
    assert len(loaded.fake.requests) == before


def test_an_error_exits_with_3(loaded: Shell) -> None:
    """What a check found is counted, and the first five rows of it are shown."""
    spoil(loaded, "insert into label_studio.users select * from label_studio.users; drop schema analytics cascade")
    code, out, err = loaded.run("--check", "--quiet")
    assert (code, err) == (3, "")
    [said] = re.findall(r"^assert_keys_are_unique \(error\): found 6\n((?:    .+\n)+)", out, re.MULTILINE)
    lines = [line.strip() for line in said.splitlines()]
    assert lines[0] == "Keys that stand in a table more than once: a row was doubled."
    assert len(lines) == 6
    assert all(re.fullmatch(r"table_name users, key \d, row_count 2", line) for line in lines[1:])
    assert "assert_labels_are_offered (warning): not run, the views are not there yet\n" in out


def test_a_warning_exits_with_0(loaded: Shell) -> None:
    """Warnings are shown, and change no exit code."""
    spoil(loaded, "delete from label_studio.users where id = 2")
    code, out, _ = loaded.run("--check")
    assert code == 0
    assert re.search(
        r"^assert_people_are_known \(warning\): found 1\n    .+\n    user_id 2, annotation_count \d+\n",
        out,
        re.MULTILINE,
    )


def test_nothing_is_written(loaded: Shell) -> None:
    """The checks change neither the warehouse nor the working folder, and note no run."""
    folder = loaded.database.parent
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert loaded.run("--check")[0] == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == files


def _first_run_failed(shell: Shell) -> str:
    duckdb.connect(str(shell.database)).close()
    return f"{shell.database} holds no tables in label_studio: load tasks, or name another --dataset"


def _never_run(shell: Shell) -> str:
    return f"{shell.database} does not exist: load tasks, or name another --database"


@pytest.mark.parametrize("prepare", [_never_run, _first_run_failed])
def test_without_a_warehouse_it_exits_with_2(shell: Shell, prepare: Callable[[Shell], str]) -> None:
    """Before the first load there is nothing to check: one line says so, and no file appears."""
    reason = prepare(shell)
    there = shell.database.exists()
    assert shell.run("--check", "--quiet") == (2, "", f"tasks.py: {reason}\n")
    assert shell.database.exists() == there


def test_another_dataset_is_checked(shell: Shell) -> None:
    """The checks look into the dataset that is named, and the views that go with it."""
    assert shell.run("--project", "4", "--quiet", "--dataset", "other")[0] == 0
    code, out, _ = shell.run("--check", "--dataset", "other")
    assert (code, "not run" in out) == (0, False)
    assert shell.run("--check")[0] == 2


def test_while_a_run_is_at_work_its_copy_is_checked(loaded: Shell) -> None:
    """While another process holds the warehouse, the readers' copy is checked, at once."""
    with held(loaded):
        code, out, _ = loaded.run("--check")
    assert code == 0
    assert f"looked at: {loaded.database.with_name('warehouse_readers.duckdb')}\n" in out


def test_status_and_checks_are_asked_for_one_by_one(shell: Shell) -> None:
    """--check with --status exits with 2."""
    code, _, err = shell.run("--check", "--status")
    assert (code, err) == (2, "tasks.py: --status and --check: give one of the two\n")
