"""One row per run in `load_runs`, whatever became of the run."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from faults import Fault, FaultyServer, dropped, refused, status
from filelock import FileLock
from test_cli import SCRIPT, Shell

REFUSED_TOKEN = "fedcba98765432100123456789abcdef01234567"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line, with the sample behind it."""
    return Shell(tmp_path, monkeypatch, capsys)


def runs(shell: Shell) -> list[dict[str, Any]]:
    """All runs, the first one first."""
    with duckdb.connect(str(shell.database), read_only=True) as connection:
        found = connection.execute("select * from label_studio.load_runs order by started_at")
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def folder() -> Path:
    """The working folder of the warehouse."""
    [found] = Path(os.environ["DLT_DATA_DIR"]).glob("pipelines/*")
    return found


# good runs


def test_a_table_of_an_older_release_gets_what_is_new(shell: Shell) -> None:
    """A column that it lacks is added, and its rows stay."""
    assert shell.run("--project", "4")[0] == 0
    with duckdb.connect(str(shell.database)) as connection:
        for table in ("load_runs", "run_lease"):
            connection.execute(f"alter table label_studio.{table} drop column shard")
    assert shell.run("--project", "4")[0] == 0
    assert [(run["exit_code"], run["shard"]) for run in runs(shell)] == [(0, None), (0, None)]


def test_a_run_notes_its_figures(shell: Shell) -> None:
    """A run's row says when, where and with what it ran, how much it fetched, and how it ended."""
    before = datetime.now(UTC)
    assert shell.run("--project", "4")[0] == 0
    [run] = runs(shell)
    assert before <= run["started_at"] <= run["ended_at"] <= datetime.now(UTC)
    assert run["ended_at"] - run["started_at"] < timedelta(minutes=1)
    assert (run["host"], run["pid"]) == (socket.gethostname(), os.getpid())
    assert run["version"] == version("label-studio-warehouse")
    assert (run["mode"], run["exit_code"], run["error"]) == ("full", 0, None)
    figures = ("tasks_fetched", "tasks_changed", "tasks_deleted", "tasks_failed", "retries")
    assert [run[name] for name in figures] == [30, 30, 0, 0, 0]
    assert run["requests"] == len(shell.fake.requests)
    assert run["bytes"] > 10_000


def test_the_run_id_is_that_of_the_log(shell: Shell) -> None:
    """The row's id is the one that each log line carries."""
    _, _, err = shell.run("--project", "4", "--log-json")
    assert {json.loads(line)["run_id"] for line in err.splitlines()} == {runs(shell)[0]["run_id"]}


def test_what_changed_and_what_is_gone_is_counted(shell: Shell) -> None:
    """A later run counts the tasks that it found changed, and those that it removed; its mode is how it looked."""
    assert shell.run("--project", "4")[0] == 0
    first, second, *_ = sorted(task["id"] for task in shell.fake.tasks.values() if task["project"] == 4)
    shell.fake.delete(first)
    shell.fake.tasks[second] |= {"data": {"text": "new"}, "updated_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"}
    assert shell.run("--project", "4", "--reconcile")[0] == 0
    assert shell.run("--ids", str(second))[0] == 0
    _, compared, by_id = runs(shell)
    assert (compared["mode"], compared["tasks_changed"], compared["tasks_deleted"]) == ("reconcile", 1, 1)
    assert (by_id["mode"], by_id["tasks_fetched"], by_id["tasks_changed"]) == ("ids", 1, 0)


def test_retries_and_failed_tasks_are_counted(shell: Shell) -> None:
    """A run that had to ask again, and could not have one task, says so in its figures; its exit code is 1."""
    task_id = next(task["id"] for task in shell.fake.tasks.values() if task["project"] == 4)
    listed = Fault(status(500), path=r"/api/tasks$", params={"project": "4", "fields": "all"}, times=10_000)
    lost = Fault(status(500), path=rf"/api/tasks/{task_id}$", times=10_000)
    server = FaultyServer(shell.fake, Fault(status(503), path="/api/users"), listed, lost)
    shell.answer_with(server)
    assert shell.run("--project", "4")[0] == 1
    [run] = runs(shell)
    assert (run["tasks_fetched"], run["tasks_failed"], run["exit_code"]) == (29, 1, 1)
    assert run["retries"] >= 2
    assert run["requests"] == len(server.requests)


# runs that failed


def test_a_failed_check_is_noted(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A run whose check failed has its figures and exit code 3."""
    check = "-- Skipped.\n-- severity: error\nselect id from annotations\n"
    (tmp_path / "assert_none.sql").write_text(check, encoding="utf-8")
    monkeypatch.setattr("pipelines.checks.CHECKS", tmp_path)
    assert shell.run("--project", "4")[0] == 3
    [run] = runs(shell)
    assert (run["exit_code"], run["tasks_fetched"]) == (3, 30)
    assert run["ended_at"] is not None


FAILURES = {
    "the server is gone": (refused(), 1, "no connection to https://label-studio.example.com"),
    "the server breaks off every answer": (dropped(), 1, "the connection to https://label-studio.example.com broke"),
    "the server refuses the token": (status(401), 2, "the server refuses the token (401"),
}


@pytest.mark.parametrize(("act", "code", "reason"), FAILURES.values(), ids=FAILURES)
def test_a_failed_run_is_noted_when_it_ends(shell: Shell, act: Any, code: int, reason: str) -> None:
    """A run that failed on the server has an end, its exit code and its reason in one line, as soon as it is over."""
    shell.answer_with(FaultyServer(shell.fake, Fault(act, path="/api/projects/4", times=10_000)))
    assert shell.run("--project", "4")[0] == code
    [run] = runs(shell)
    assert (run["exit_code"], run["tasks_fetched"]) == (code, 0)
    assert run["ended_at"] is not None
    assert run["error"].startswith(reason)
    assert "\n" not in run["error"]


def test_a_failed_run_is_still_noted_after_the_next(shell: Shell) -> None:
    """The next run leaves a failed one's row as it is, and adds its own: two runs, two rows."""
    shell.answer_with(FaultyServer(shell.fake, Fault(refused(), path="/api/projects/4", times=10_000)))
    assert shell.run("--project", "4")[0] == 1
    shell.answer_with(shell.fake)
    assert shell.run("--project", "4")[0] == 0
    failed, good = runs(shell)
    assert (failed["exit_code"], good["exit_code"]) == (1, 0)
    assert failed["error"].startswith("no connection to")
    assert failed["requests"] >= 1
    assert list((folder() / "unrecorded").iterdir()) == []


def test_a_run_that_could_not_open_the_warehouse_is_noted_by_the_next(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that met a warehouse held by another program is kept in the working folder, and its row comes later."""
    monkeypatch.setenv("WAREHOUSE__LOCK_TIMEOUT", "0.3")
    assert shell.run("--project", "4")[0] == 0
    while_held(shell, lambda: shell.run("--project", "4"))
    assert len(list((folder() / "unrecorded").iterdir())) == 1
    assert len(runs(shell)) == 1
    assert shell.run("--project", "4")[0] == 0
    _, busy, _ = runs(shell)
    assert busy["exit_code"] == 1
    assert "is held open by another program" in busy["error"]
    assert list((folder() / "unrecorded").iterdir()) == []


def while_held(shell: Shell, act: Callable[[], Any]) -> Any:
    """What `act` gives while another process holds the warehouse open."""
    hold = f"import duckdb, sys; c = duckdb.connect({str(shell.database)!r}); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        try:
            return act()
        finally:
            holder.communicate()


def test_a_run_that_met_another_one_is_noted_by_the_next(shell: Shell) -> None:
    """A run that left with 75 has a row, once a run can write it."""
    assert shell.run("--project", "4")[0] == 0
    with FileLock(folder() / "run.lock"):
        assert shell.run("--project", "4")[0] == 75
    assert shell.run("--project", "4")[0] == 0
    _, busy, _ = runs(shell)
    assert busy["exit_code"] == 75
    assert busy["error"].startswith("another run into this warehouse is in progress")
    assert (busy["requests"], busy["mode"]) == (0, None)


def test_a_killed_run_has_a_row_without_an_end(shell: Shell) -> None:
    """Of a run that was killed the row says when and where it began; the next run leaves it so."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        arguments = ["--project", "4", "--url", url, "--database", str(shell.database), "--quiet"]
        with subprocess.Popen([sys.executable, SCRIPT, *arguments]) as process:
            connection, _ = silent.accept()
            process.send_signal(signal.SIGKILL)
            process.wait()
            connection.close()
    for _ in range(2):
        killed, *_ = runs(shell)
        assert (killed["pid"], killed["ended_at"], killed["exit_code"]) == (process.pid, None, None)
        assert shell.run("--project", "4")[0] == 0
    assert len(runs(shell)) == 3


# what is kept for the next run


def test_broken_records_are_dropped(shell: Shell) -> None:
    """Records that a full disk or a power failure broke are removed; those beside them are written."""
    assert shell.run("--project", "4")[0] == 0
    with FileLock(folder() / "run.lock"):
        assert shell.run("--project", "4")[0] == 75
    kept = folder() / "unrecorded"
    [good] = kept.iterdir()
    whole = good.read_text(encoding="utf-8")
    broken = {"cut": whole[:40], "empty": "", "list": "[]", "null": "null", "none": "{}", "zeros": "\0" * 100}
    for name, text in broken.items():
        (kept / f"{name}.json").write_text(text, encoding="utf-8")
    (kept / "bytes.json").write_bytes(b"\xff\xfe{")
    assert shell.run("--project", "4")[0] == 0
    assert [run["exit_code"] for run in runs(shell)] == [0, 75, 0]
    assert list(kept.iterdir()) == []


def test_a_record_of_another_release_is_written(shell: Shell) -> None:
    """A record with a field that this release does not know is written without it."""
    assert shell.run("--project", "4")[0] == 0
    record = {"run_id": "other", "started_at": "2026-01-01T00:00:00+00:00", "exit_code": 1, "colour": "red"}
    kept = folder() / "unrecorded"
    kept.mkdir(exist_ok=True)
    (kept / "other.json").write_text(json.dumps(record), encoding="utf-8")
    assert shell.run("--project", "4")[0] == 0
    oldest, *_ = runs(shell)
    assert (oldest["run_id"], oldest["exit_code"]) == ("other", 1)


def test_a_record_with_a_wrong_value_stops_no_run(shell: Shell) -> None:
    """A record whose values are none of the table's is dropped, so that it does not fail every run from then on."""
    assert shell.run("--project", "4")[0] == 0
    kept = folder() / "unrecorded"
    kept.mkdir(exist_ok=True)
    (kept / "odd.json").write_text('{"run_id": "odd", "started_at": "yesterday"}', encoding="utf-8")
    assert shell.run("--project", "4")[0] == 0


def test_a_folder_that_cannot_be_written_costs_the_row_only(shell: Shell) -> None:
    """Where a record can't be kept, the run's own exit code and line are what they are."""
    assert shell.run("--project", "4")[0] == 0
    (folder() / "unrecorded").write_text("in the way", encoding="utf-8")
    with FileLock(folder() / "run.lock"):
        code, _, err = shell.run("--project", "4", "--quiet")
    assert code == 75
    assert err.count("\n") == 1
    assert shell.run("--project", "4")[0] == 0


# secrets


def test_no_secret_stands_in_a_record(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a refused token, nor one that is none, nor an error that repeats it, brings it into table or folder."""

    def parrot(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"detail": f"Invalid token {request.headers['Authorization']}."})

    for token in (REFUSED_TOKEN, f"{REFUSED_TOKEN}\u00e9", f"{REFUSED_TOKEN}\nX-Evil: 1"):
        monkeypatch.setenv("LABEL_STUDIO_API_KEY", token)
        assert shell.run("--project", "4")[0] == 2
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", REFUSED_TOKEN)
    shell.answer_with(lambda request: parrot(request) if request.url.path != "/api/version" else shell.fake(request))
    code, _, err = shell.run("--project", "4", "--verbose")
    assert code == 2
    assert REFUSED_TOKEN not in err
    kept = "".join(path.read_text(encoding="utf-8") for path in (folder() / "unrecorded").iterdir())
    assert REFUSED_TOKEN not in kept + str(runs(shell))
