"""After a small run the checks look at the tasks that it brought: what is wrong with these is found all the same."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from analytics import Analytics
from annotating import annotation, choice, prediction, task
from test_checks import client_of
from test_cli import Shell

from pipelines.check_scope import Since
from pipelines.checks import run_checks

#: The run before brought load 1; this one began at noon, and brought load 2.
SINCE = Since("1", datetime(2026, 3, 2, 12, tzinfo=UTC))


@pytest.fixture
def analytics() -> Iterator[Analytics]:
    """Twenty tasks of which task 20 came with the last load, and nothing wrong with them."""
    analytics = Analytics()
    for number in range(1, 21):
        made = task(
            number,
            annotation(number, 3, choice("A")),
            predictions=[prediction(100 + number, "m1", choice("A"))],
            total_annotations=1,
            cancelled_annotations=0,
            total_predictions=1,
        )
        analytics.load(made, load_id="2" if number == 20 else "1")
    analytics.insert("users", id=3, email="ada@example.com")
    analytics.insert("projects", id=1)
    analytics.insert("_dlt_loads", load_id="2", status=0, inserted_at=datetime.now(UTC))
    analytics.refresh()
    yield analytics
    analytics.connection.close()


def found(analytics: Analytics, folder: Path, since: Since | None) -> dict[str, int]:
    """The checks that found something, and how many rows."""
    with client_of(analytics, folder) as client:
        return {
            result.name.removeprefix("assert_"): result.found for result in run_checks(client, since) if result.found
        }


def test_the_good_rows_of_a_scope_pass_every_check(analytics: Analytics, tmp_path: Path) -> None:
    """Tables that hold a part of the tasks are no fault to any check, and are gone afterwards."""
    assert found(analytics, tmp_path, SINCE) == {}
    assert analytics.rows("select count(*) from label_studio.results") == [(40,)]
    assert analytics.rows("select table_name from duckdb_tables() where temporary") == []


def test_what_is_wrong_with_a_task_that_was_brought_is_found(analytics: Analytics, tmp_path: Path) -> None:
    """A doubled row, one without its result, one of another load, one less than the API's list was long."""
    for table in ("result_labels", "annotations"):
        analytics.connection.execute(f"insert into label_studio.{table} from label_studio.{table} where task_id = 20")
    analytics.connection.execute("update label_studio.annotations set _dlt_load_id = '1' where task_id = 20")
    analytics.connection.execute("delete from label_studio.results where task_id = 20 and prediction_id is not null")
    wrong = found(analytics, tmp_path, SINCE)
    assert wrong == found(analytics, tmp_path, None)
    assert {"keys_are_unique", "children_have_parents", "tasks_are_of_one_load", "result_counts_hold"} <= set(wrong)


@pytest.mark.parametrize(("table", "brought", "other"), [("annotations", 20, 7), ("predictions", 120, 107)])
def test_an_id_under_two_tasks_is_found_whichever_was_brought(
    analytics: Analytics, tmp_path: Path, table: str, brought: int, other: int
) -> None:
    """Also where the other task came long before."""
    analytics.connection.execute(f"update label_studio.{table} set id = {other} where id = {brought}")
    assert found(analytics, tmp_path, SINCE)["keys_are_unique"] == 1


def test_rows_of_a_task_that_was_deleted_are_found(analytics: Analytics, tmp_path: Path) -> None:
    """A task that went with the run, and left rows behind."""
    analytics.connection.execute("delete from label_studio.tasks where id = 4")
    analytics.insert("deleted_tasks", task_id=4, project_id=1, detected_at=datetime(2026, 3, 2, 13, tzinfo=UTC))
    analytics.refresh()
    wrong = found(analytics, tmp_path, SINCE)
    assert wrong == found(analytics, tmp_path, None)
    assert wrong["deleted_tasks_are_gone"] >= 3


def test_what_came_before_is_not_looked_at_again(analytics: Analytics, tmp_path: Path) -> None:
    """A row that is wrong and old is found by the checks of all rows alone."""
    analytics.connection.execute("insert into label_studio.results from label_studio.results where task_id = 4")
    assert "keys_are_unique" not in found(analytics, tmp_path, SINCE)
    assert found(analytics, tmp_path, None)["keys_are_unique"] == 2


def test_where_most_tasks_changed_all_are_looked_at(analytics: Analytics, tmp_path: Path) -> None:
    """More than one task in five: the whole tables are read."""
    analytics.connection.execute("insert into label_studio.results from label_studio.results where task_id = 4")
    for table in ("tasks", "annotations", "predictions", "results", "result_labels", "task_users", "task_meta"):
        column = "id" if table == "tasks" else "task_id"
        analytics.connection.execute(f"update label_studio.{table} set _dlt_load_id = '2' where {column} > 15")
    analytics.refresh()
    assert found(analytics, tmp_path, SINCE)["keys_are_unique"] == 2


def test_a_fault_is_found_by_every_run_until_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a run that found something the next one looks at all rows, though it brings no task."""
    shell = Shell(tmp_path, monkeypatch, capsys)
    arguments = ["--project", "4", "--quiet"]
    assert shell.run(*arguments)[0] == 0
    twice = "insert into label_studio.results from label_studio.results limit 1"
    with duckdb.connect(str(shell.database)) as connection:
        connection.execute(twice)
        connection.execute("update label_studio.load_runs set exit_code = 3")
    assert [shell.run(*arguments)[0] for _ in range(2)] == [3, 3]
    with duckdb.connect(str(shell.database)) as connection:
        connection.execute(
            "delete from label_studio.results where rowid = (select max(rowid) from label_studio.results)"
        )
    assert [shell.run(*arguments)[0] for _ in range(2)] == [0, 0]
