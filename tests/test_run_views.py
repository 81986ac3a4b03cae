"""A run leaves views that answer, in the warehouse and in the readers' copy."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from test_cli import SCRIPT, Shell

from pipelines.analytics.definitions import views
from pipelines.settings import ROOT
from pipelines.warehouse import open_duckdb


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line, with the sample behind it."""
    return Shell(tmp_path, monkeypatch, capsys)


def test_the_readers_copy_has_every_view(shell: Shell) -> None:
    """Each one answers there, though the file was copied and is open for reading only."""
    assert shell.run("--project", "1")[0] == 0
    with duckdb.connect(str(shell.database.with_name("warehouse_readers.duckdb")), read_only=True) as readers:
        for view in views():
            readers.execute(f"select * from analytics.{view.name}").fetchall()
        (agreement,) = readers.execute("select avg(agreement) from analytics.task_agreement").fetchall()
    assert 0 < agreement[0] < 1


def test_agreement_is_worked_out_for_what_a_run_loads(shell: Shell) -> None:
    """A run says for how many tasks; one that loads nothing works out nothing."""
    tasks = sum(task["project"] == 1 for task in shell.fake.tasks.values())
    assert f"agreement was worked out for {tasks} tasks" in shell.run("--project", "1")[2]
    assert "agreement was worked out for 0 tasks" in shell.run("--project", "1")[2]


def test_a_task_that_is_gone_is_gone_from_the_kept_tables(shell: Shell) -> None:
    """Deletions reach them with the run that finds them."""
    shell.run("--project", "1")
    ((task_id,),) = shell.rows("select min(task_id) from analytics.agreement_scores")
    shell.fake.delete(int(str(task_id)))
    assert shell.run("--project", "1", "--reconcile")[0] == 0
    assert shell.rows(f"select count(*) from analytics.agreement_scores where task_id = {task_id}") == [(0,)]


def test_views_of_another_dataset_are_named_after_it(shell: Shell) -> None:
    """Two datasets in one file don't take each other's views."""
    assert shell.run("--project", "1")[0] == 0
    assert shell.run("--project", "3", "--dataset", "calls")[0] == 0
    assert shell.rows("select distinct project_id from analytics.task_overview") == [(1,)]
    assert shell.rows("select distinct project_id from calls_analytics.task_overview") == [(3,)]


def test_views_that_an_analyst_added_stay(shell: Shell) -> None:
    """A run replaces its own views only."""
    assert shell.run("--project", "1")[0] == 0
    with duckdb.connect(str(shell.database)) as connection:
        connection.execute("create view analytics.mine as select count(*) as n from analytics.task_overview")
    assert shell.run("--project", "3")[0] == 0
    assert shell.rows("select n from analytics.mine") == shell.rows("select count(*) from label_studio.tasks")


@pytest.mark.parametrize("name", ["views", "kept", "agreement", "checks"])
def test_the_files_of_sql_are_read_from_the_project(name: str) -> None:
    """Wherever a run is started from."""
    assert list((ROOT / "sql" / name).glob("*.sql"))


def test_a_run_as_a_process_says_nothing_of_its_libraries(tmp_path: Path) -> None:
    """No warning reaches the log, and the schema of the views is there."""
    database = tmp_path / "demo.duckdb"
    done = subprocess.run(
        [sys.executable, "-W", "error", SCRIPT, "--demo", "--quiet", "--database", str(database), "--no-publish"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("select count(*) from analytics.project_progress").fetchall() == [(5,)]


def test_no_long_query_draws_a_bar(tmp_path: Path) -> None:
    """What a run prints is for people and logs: neither its connection nor the cursors made of it show progress."""
    with open_duckdb(tmp_path / "x.duckdb", 1.0) as connection:
        for one in (connection, connection.cursor()):
            assert one.execute("select current_setting('enable_progress_bar')").fetchall() == [(False,)]


def test_a_run_makes_the_wide_views_that_the_settings_ask_for(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the ids of projects; what is no id is one clear line."""
    monkeypatch.setenv("WAREHOUSE__WIDE_PROJECTS", "[3]")
    assert shell.run("--project", "3")[0] == 0
    tasks = shell.rows("select count(*) from label_studio.tasks")
    assert shell.rows("select count(*) from analytics.task_meta_wide_3") == tasks
    for wrong in ("all", "cats"):
        monkeypatch.setenv("WAREHOUSE__WIDE_PROJECTS", wrong)
        code, _, err = shell.run("--project", "3")
        assert (code, err.count("\n")) == (2, 1)
