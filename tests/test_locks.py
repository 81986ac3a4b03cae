"""One run at a time: the lock of a machine, and the lease in the warehouse for runs on others."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from faults import Fault, FaultyServer, before, status
from test_cli import SCRIPT, Shell

#: As pipelines.warehouse opens it: DuckDB lets one process open a file twice only in the same way.
CONFIG: dict[str, Any] = {"storage_compatibility_version": "v1.2.0"}


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line, with the sample behind it."""
    return Shell(tmp_path, monkeypatch, capsys)


def leases(shell: Shell) -> list[tuple[Any, ...]]:
    """The rows of the lease, also while a run of this process is at work."""
    with duckdb.connect(str(shell.database), config=CONFIG) as connection:
        return connection.execute("select run_id, host, pid, expires_at from label_studio.run_lease").fetchall()


def hold(shell: Shell, host: str, seconds: float) -> datetime:
    """Lets a run on a host hold the lease; gives its end."""
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    with duckdb.connect(str(shell.database), config=CONFIG) as connection:
        connection.execute("delete from label_studio.run_lease")
        columns = "run_id, host, pid, expires_at"
        connection.execute(f"insert into label_studio.run_lease ({columns}) values ('theirs', ?, 4711, ?)", [host, end])
    return end


@contextmanager
def stuck_run(shell: Shell) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own whose server is silent; it holds the locks."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        arguments = ["--project", "4", "--url", url, "--database", str(shell.database)]
        with subprocess.Popen([sys.executable, SCRIPT, *arguments], stderr=subprocess.PIPE, text=True) as process:
            connection, _ = silent.accept()
            try:
                yield process
            finally:
                process.kill()
                process.communicate()
                connection.close()


# on one machine


def test_a_second_process_leaves_at_once(shell: Shell) -> None:
    """While a run fetches, another one exits with 75 within moments, and names the process of the first."""
    with stuck_run(shell) as first:
        began = time.monotonic()
        code, out, err = shell.run("--project", "4", "--quiet")
        passed = time.monotonic() - began
    assert code == 75
    assert err == f"tasks.py: another run into this warehouse is in progress (process {first.pid}): let it end\n"
    assert out == ""
    assert passed < 5


def test_the_locks_of_a_killed_run_hold_nobody_up(shell: Shell) -> None:
    """After kill -9, the next run goes ahead at once, though the file of the lock and the lease are still there."""
    assert shell.run("--project", "4")[0] == 0
    with stuck_run(shell) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert [row[1:3] for row in leases(shell)] == [(socket.gethostname(), first.pid)]
    assert shell.run("--project", "4")[0] == 0
    assert leases(shell) == []


def test_runs_into_other_warehouses_do_not_wait(shell: Shell, tmp_path: Path) -> None:
    """A run into another file, or into another schema, is not held up."""
    with stuck_run(shell):
        other = ["--project", "4", "--database", str(tmp_path / "other.duckdb")]
        assert shell.run(*other, database=False)[0] == 0


def test_a_corrupt_file_in_a_folder_named_blocks_is_not_said_to_be_held(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is no database is named as such, whatever words its path holds."""
    monkeypatch.setenv("WAREHOUSE__LOCK_TIMEOUT", "0.5")
    file = tmp_path / "blocks" / "warehouse.duckdb"
    file.parent.mkdir()
    file.write_bytes(b"my notes\n" * 1000)
    code, _, err = shell.run("--project", "4", "--quiet", "--database", str(file), database=False)
    assert "can't be opened as a DuckDB file" in err
    assert code == 2


def test_a_damaged_database_is_not_said_to_be_held(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that was cut off is named as one that can't be opened, and not waited for."""
    monkeypatch.setenv("WAREHOUSE__LOCK_TIMEOUT", "0.5")
    assert shell.run("--project", "4")[0] == 0
    os.truncate(shell.database, 20_000)
    code, _, err = shell.run("--project", "4", "--quiet")
    assert "can't be opened as a DuckDB file" in err
    assert code == 2


# over several machines


def test_a_run_on_another_host_is_named(shell: Shell) -> None:
    """A lease that another host holds ends the run with 75, and with host, process and end of the lease."""
    assert shell.run("--project", "4")[0] == 0
    end = hold(shell, "elsewhere", 60)
    code, _, err = shell.run("--project", "4", "--quiet")
    assert code == 75
    assert err == (
        "tasks.py: another run into this warehouse is in progress (process 4711 on elsewhere): let it end;"
        f" if it is dead, its lease ends at {end:%H:%M:%S} UTC\n"
    )
    assert [row[0] for row in leases(shell)] == ["theirs"]


@pytest.mark.parametrize(("host", "seconds"), [("elsewhere", -1.0), (socket.gethostname(), 600.0)])
def test_a_dead_run_is_replaced(shell: Shell, host: str, seconds: float) -> None:
    """A lease of another host that has run out, or one of this host, is taken over at once, and given back."""
    assert shell.run("--project", "4")[0] == 0
    hold(shell, host, seconds)
    assert shell.run("--project", "4")[0] == 0
    assert leases(shell) == []


def test_the_lease_is_renewed_while_a_run_goes_on(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease names this run, and its end moves on as long as the run takes."""
    monkeypatch.setenv("WAREHOUSE__LEASE_SECONDS", "0.8")
    seen: list[list[tuple[Any, ...]]] = []

    def look() -> None:
        for _ in range(2):
            time.sleep(0.5)
            seen.append(leases(shell))

    shell.answer_with(FaultyServer(shell.fake, Fault(before(look), path="/api/users")))
    code, _, err = shell.run("--project", "4", "--quiet")
    assert (code, err) == (0, "")
    [[first], [second]] = seen
    assert first[:3] == second[:3]
    assert first[1:3] == (socket.gethostname(), os.getpid())
    assert first[3] < second[3]
    assert leases(shell) == []


def test_renewals_do_not_disturb_a_load(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease that is renewed hundreds of times a second while tables are made and filled meets no conflict."""
    monkeypatch.setenv("WAREHOUSE__LEASE_SECONDS", "0.01")
    for _ in range(2):
        code, _, err = shell.run("--project", "all", "--full", "--quiet")
        assert (code, err) == (0, "")
    assert shell.rows("select count(*) from label_studio.tasks") == [(300,)]


def test_a_failed_run_gives_the_lease_back(shell: Shell) -> None:
    """Where the server refuses the token, or a page breaks, no lease is left."""
    assert shell.run("--project", "4")[0] == 0
    shell.answer_with(FaultyServer(shell.fake, Fault(status(401), path="/api/projects", times=100)))
    assert shell.run("--project", "4")[0] == 2
    assert leases(shell) == []


def test_a_run_that_lost_its_lease_loads_nothing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another host took the warehouse over while this run was held up, it ends with 1 and changes no task."""
    monkeypatch.setenv("WAREHOUSE__LEASE_SECONDS", "0.2")
    assert shell.run("--project", "4")[0] == 0
    loads = shell.rows("select count(*) from label_studio._dlt_loads")

    def be_taken_over() -> None:
        hold(shell, "elsewhere", 60)
        time.sleep(0.5)

    shell.answer_with(FaultyServer(shell.fake, Fault(before(be_taken_over), path="/api/users")))
    code, _, err = shell.run("--project", "4", "--full", "--quiet")
    assert shell.rows("select count(*) from label_studio._dlt_loads") == loads
    assert "another run has taken over the warehouse while this one was held up" in err
    assert code == 1
    assert [row[0] for row in leases(shell)] == ["theirs"]


def test_a_lease_that_ends_at_once_is_refused(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease of no seconds could never be held: the setting is named, and the exit code is 2."""
    monkeypatch.setenv("WAREHOUSE__LEASE_SECONDS", "0")
    code, _, err = shell.run("--project", "4", "--quiet")
    assert code == 2
    assert "lease_seconds" in err
