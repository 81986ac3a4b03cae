"""--status: is the warehouse fresh, and what waits on the server?"""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from faults import Fault, FaultyServer, answer, refused, status
from test_cli import Shell

import pipelines.status
from pipelines.label_studio.tables import family


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line, with the sample behind it."""
    return Shell(tmp_path, monkeypatch, capsys)


@pytest.fixture
def loaded(shell: Shell) -> Shell:
    """The command line, after a run on project 4, which has thirty tasks."""
    assert shell.run("--project", "4", "--quiet")[0] == 0
    return shell


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Lets the status be asked for later than now."""

    def wait(passed: timedelta) -> None:
        class Later(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return datetime.now(tz) + passed

        monkeypatch.setattr(pipelines.status, "datetime", Later)

    return wait


def projects(out: str) -> dict[int, list[str]]:
    """What is said of each project: tasks, day, hour, age, changes up to, compared, waiting."""
    lines = [line.split() for line in out.splitlines() if re.match(r"\d+ ", line)]
    return {int(line[0]): line[1:] for line in lines}


def waiting(out: str) -> str:
    """How many tasks of project 4 wait."""
    return projects(out)[4][-1]


def change(shell: Shell, *task_ids: int) -> None:
    """Somebody works on tasks."""
    for task_id in task_ids:
        # the answers' dates have whole seconds, so what was done in the second of the run may count as waiting
        shell.fake.tasks[task_id]["updated_at"] = f"{datetime.now(UTC) + timedelta(minutes=1):%Y-%m-%dT%H:%M:%S.%fZ}"


@contextmanager
def held(shell: Shell) -> Iterator[int]:
    """Another process holds the warehouse open for writing; gives its id."""
    hold = f"import duckdb, sys; c = duckdb.connect({str(shell.database)!r}); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        try:
            yield holder.pid
        finally:
            holder.communicate()


# fresh or not


def test_no_warehouse_is_not_fresh(shell: Shell) -> None:
    """Before the first run the exit code is 4, a line says why, and no file appears."""
    code, out, err = shell.run("--status", "--quiet")
    assert (code, err) == (4, "")
    assert "looked at: no warehouse yet" in out
    assert not shell.database.exists()


def test_a_warehouse_that_was_read_is_fresh(loaded: Shell) -> None:
    """After a run the exit code is 0, and each project has a line with its tasks, moments and what waits."""
    code, out, err = loaded.run("--status", "--quiet")
    assert (code, err) == (0, "")
    assert f"looked at: {loaded.database}\n" in out
    [(project, said)] = projects(out).items()
    assert (project, said[0], said[-1]) == (4, "30", "0")
    assert said[1] == f"{datetime.now(UTC):%Y-%m-%d}"
    assert re.fullmatch(r"0:00:\d\d", said[3])


def test_an_old_warehouse_is_not_fresh(loaded: Shell, later: Callable[[timedelta], None]) -> None:
    """Longer after the last run than --max-age the exit code is 4, before it 0; without it, age does not matter."""
    later(timedelta(hours=3))
    assert loaded.run("--status", "--max-age", "2h")[0] == 4
    assert loaded.run("--status", "--max-age", "4h")[0] == 0
    code, out, _ = loaded.run("--status")
    assert code == 0
    assert re.fullmatch(r"3:00:\d\d", projects(out)[4][3])


def test_a_failed_run_makes_nothing_fresher(loaded: Shell, later: Callable[[timedelta], None]) -> None:
    """The age counts from the last run that read the project, not from one that failed."""
    loaded.answer_with(FaultyServer(loaded.fake, Fault(refused(), path="/api/projects/4", times=10_000)))
    assert loaded.run("--project", "4")[0] == 1
    later(timedelta(hours=3))
    loaded.answer_with(loaded.fake)
    assert loaded.run("--status", "--max-age", "2h")[0] == 4


AGES = ["1d", "1D", "1w", "1 day", "2h", "90min", "90m", "2h30m", "30s"]


@pytest.mark.parametrize("age", AGES)
def test_ages_are_read(shell: Shell, age: str) -> None:
    """The ways in which people write a time, those of --help among them, are read without a word."""
    code, _, err = shell.run("--status", "--quiet", "--max-age", age)
    assert (code, err) == (4, "")


@pytest.mark.parametrize("age", ["2", "-2h", "0h", "soon", "nat", "inf", "1e400h", "99999999999h", "2 fortnights", "h"])
def test_an_age_that_is_none_is_refused(shell: Shell, age: str) -> None:
    """What is no time exits with 2 and one line that shows how to write one."""
    code, out, err = shell.run("--status", "--quiet", f"--max-age={age}")
    assert code == 2
    assert err == f"tasks.py: --max-age {age!r} is no time: write 2h, 90min or 1d\n"
    assert out == ""


def test_max_age_alone_is_refused(shell: Shell) -> None:
    """--max-age without --status exits with 2."""
    code, _, err = shell.run("--project", "4", "--max-age", "2h")
    assert code == 2
    assert "--max-age goes with --status" in err


# which projects


def test_a_project_that_was_never_read_is_not_fresh(loaded: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project that is named, by flag or setting, and is not in the warehouse has a line that says never."""
    code, out, _ = loaded.run("--status", "--project", "4", "--project", "3")
    assert code == 4
    assert projects(out)[3] == ["0", "never", "-", "never", "never", "?"]
    assert projects(out)[4][0] == "30"
    monkeypatch.setenv("SOURCES__LABEL_STUDIO__PROJECT_IDS", "[3, 4]")
    code, out, _ = loaded.run("--status")
    assert (code, set(projects(out))) == (4, {3, 4})
    assert loaded.run("--status", "--project", "4")[0] == 0


def test_the_setting_counts_without_a_token(loaded: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the watching machine has no token, a project that the settings select and nobody read is missed."""
    monkeypatch.setenv("SOURCES__LABEL_STUDIO__PROJECT_IDS", "[3, 4]")
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    code, out, _ = loaded.run("--status")
    assert set(projects(out)) == {3, 4}
    assert code == 4


def test_a_run_of_ids_counts_for_their_project(shell: Shell) -> None:
    """A project of which only some tasks were loaded, by id, is as old as the run that loaded them."""
    assert shell.run("--ids", str(_first_of(shell, 4)))[0] == 0
    code, out, _ = shell.run("--status", "--max-age", "2h")
    assert code == 0
    assert (projects(out)[4][0], projects(out)[4][1]) == ("1", f"{datetime.now(UTC):%Y-%m-%d}")


def test_a_run_of_ids_makes_no_other_project_fresh(shell: Shell) -> None:
    """A project whose tasks were last loaded three days ago is that old, whatever was loaded of others since."""
    assert shell.run("--ids", str(_first_of(shell, 4)))[0] == 0
    with duckdb.connect(str(shell.database)) as connection:
        older = f"_dlt_load_id = (_dlt_load_id::decimal(20, 7) - {3 * 24 * 3600})::varchar"
        for table in family("tasks"):
            connection.execute(f"update label_studio.{table.name} set {older}")
    assert shell.run("--ids", str(_first_of(shell, 1)))[0] == 0
    assert shell.run("--status", "--project", "1", "--max-age", "2h")[0] == 0
    assert shell.run("--status", "--project", "4", "--max-age", "2h")[0] == 4


def _first_of(shell: Shell, project: int) -> object:
    return next(task["id"] for task in shell.fake.tasks.values() if task["project"] == project)


def test_all_projects_are_meant_where_none_is_named(loaded: Shell) -> None:
    """--project all is as no --project at all: every project of the warehouse."""
    code, out, _ = loaded.run("--status", "--project", "all")
    assert (code, set(projects(out))) == (0, {4})


def test_a_project_that_is_no_number_is_refused(loaded: Shell) -> None:
    """A name in place of a project's id exits with 2."""
    code, _, err = loaded.run("--status", "--project", "cats")
    assert code == 2
    assert "'cats' is no project id" in err


# what waits on the server


def test_what_changed_since_waits(loaded: Shell) -> None:
    """Tasks that changed on the server since the last run are counted, and gone from the count after the next."""
    first, second, *_ = [task["id"] for task in loaded.fake.tasks.values() if task["project"] == 4]
    change(loaded, first, second)
    before = len(loaded.fake.requests)
    code, out, _ = loaded.run("--status")
    assert (code, waiting(out)) == (0, "2")
    assert not any("fields" in request.url.params for request in loaded.fake.requests[before:])


def test_without_address_and_token_it_works(loaded: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that only watches needs neither: what waits is unknown, and nothing is said on stderr."""
    monkeypatch.delenv("LABEL_STUDIO_URL")
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    code, out, err = loaded.run("--status", "--max-age", "2h")
    assert (code, err) == (0, "")
    assert waiting(out) == "?"


def _unavailable() -> Any:
    return answer(lambda: httpx.Response(503, text="down"))


@pytest.mark.parametrize("act", [refused(), _unavailable(), status(401)], ids=["gone", "down", "refused"])
def test_a_server_that_does_not_answer_is_a_warning(loaded: Shell, act: Any) -> None:
    """A server that is down or refuses the token is one warning; the age is told, and decides."""
    loaded.answer_with(FaultyServer(loaded.fake, Fault(act, times=10_000)))
    code, out, err = loaded.run("--status", "--max-age", "2h")
    assert (code, waiting(out)) == (0, "?")
    assert projects(out)[4][0] == "30"
    assert err.count("the server can't be compared with: ") == 1
    assert "Traceback" not in err


def test_a_project_that_is_gone_hides_no_other(shell: Shell) -> None:
    """Where one project is gone from the server, what waits in the others is still told."""
    assert shell.run("--project", "3", "--project", "4")[0] == 0
    change(shell, next(task["id"] for task in shell.fake.tasks.values() if task["project"] == 4))
    del shell.fake.projects[3]
    code, out, _ = shell.run("--status")
    assert (code, projects(out)[3][-1], waiting(out)) == (0, "?", "1")


# while a run is at work


def test_a_warehouse_that_is_held_is_looked_at_in_its_copy(loaded: Shell) -> None:
    """While another process holds the warehouse, the readers' copy is looked at, at once."""
    with held(loaded):
        began = time.monotonic()
        code, out, err = loaded.run("--status", "--max-age", "2h")
        passed = time.monotonic() - began
    assert (code, err) == (0, "")
    assert f"looked at: {loaded.database.with_name('warehouse_readers.duckdb')}" in out
    assert projects(out)[4][0] == "30"
    assert passed < 10


def test_a_warehouse_that_is_held_and_has_no_copy_exits_with_1(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no copy, the holder is waited for, then named."""
    monkeypatch.setenv("WAREHOUSE__LOCK_TIMEOUT", "0.5")
    assert shell.run("--project", "4", "--no-publish")[0] == 0
    with held(shell) as pid:
        code, _, err = shell.run("--status", "--quiet")
    assert code == 1
    assert f"is held open by another program (process {pid})" in err
    assert err.count("\n") == 1


def test_what_a_killed_writer_left_is_read(loaded: Shell) -> None:
    """A write-ahead log of a process that was killed does not keep the status from reading, and is not touched."""
    write = "c.execute('create table label_studio.mine as select 1 as i')"
    script = f"import duckdb, os; c = duckdb.connect({str(loaded.database)!r}); {write}; os._exit(0)"
    subprocess.run([sys.executable, "-c", script], check=True)
    log = loaded.database.with_name(f"{loaded.database.name}.wal")
    before = log.read_bytes()
    code, out, _ = loaded.run("--status")
    assert (code, projects(out)[4][0]) == (0, "30")
    assert log.read_bytes() == before


def test_nothing_is_written(loaded: Shell) -> None:
    """The status changes neither the warehouse nor the working folder, and notes no run."""
    folder = loaded.database.parent
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert loaded.run("--status")[0] == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == files


def test_a_warehouse_whose_first_run_failed_is_not_fresh(shell: Shell) -> None:
    """A file without tables, as a failed first run leaves it, is exit code 4 and no error."""
    shell.answer_with(FaultyServer(shell.fake, Fault(refused(), times=10_000)))
    assert shell.run("--project", "4")[0] == 1
    code, out, err = shell.run("--status", "--quiet")
    assert (code, err) == (4, "")
    assert projects(out) == {}
