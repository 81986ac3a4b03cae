"""SIGINT, SIGTERM and a full disk: a run ends within seconds and in one line, and the next one makes all good."""

import asyncio
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dlt
import duckdb
import httpx
import pytest
from faults import Fault, FaultyServer, before
from loading import Contents, contents_of, sample_project
from test_cli import SCRIPT, Shell

from pipelines import readers
from pipelines.demo import FakeLabelStudio
from pipelines.label_studio.tables import TABLES
from pipelines.settings import ROOT
from pipelines.stopping import GRACE

#: Seconds within which a run is to end: the grace, and what a busy machine adds.
SOON = 13

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
LINES = {
    signal.SIGINT: "tasks.py: interrupted: nothing is lost, run again",
    signal.SIGTERM: "tasks.py: terminated: nothing is lost, run again",
}


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line, with the sample behind it."""
    return Shell(tmp_path, monkeypatch, capsys)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """What the tables hold once project 4 of the sample was loaded."""
    return sample_project(4, tmp_path_factory.mktemp("expected"))


def expect_good_end(shell: Shell, expected: Contents) -> None:
    """The next run ends well, and the tables hold all, in the database and in the readers' copy."""
    code, _, err = shell.run("--project", "4", "--quiet")
    assert code == 0, err
    for path in (shell.database, shell.database.with_name("warehouse_readers.duckdb")):
        held = contents_of(path)
        for name in TABLES:
            assert held[name] == expected[name], name
        with duckdb.connect(str(path), read_only=True) as connection:
            assert connection.execute("select count(*) from label_studio.run_lease").fetchall() == [(0,)]


# at each stage


def kill(number: int) -> None:
    """The signal comes, to this process."""
    os.kill(os.getpid(), number)


def stop_fetching(shell: Shell, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The signal comes while the server answers."""
    del monkeypatch
    shell.answer_with(FaultyServer(shell.fake, Fault(before(lambda: kill(number)), path="/api/users")))


def _stop_in(name: str) -> Callable[[Shell, pytest.MonkeyPatch, int], None]:
    def stop(_: Shell, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        works = getattr(dlt.Pipeline, name)

        def killed(self: dlt.Pipeline, *arguments: Any, **named: Any) -> Any:
            monkeypatch.setattr(dlt.Pipeline, name, works)
            kill(number)
            return works(self, *arguments, **named)

        monkeypatch.setattr(dlt.Pipeline, name, killed)

    return stop


def stop_a_job(_: Shell, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The signal comes while a table is filled, in a thread of dlt's."""
    from dlt.destinations.impl.duckdb.duck import DuckDbCopyJob

    works = DuckDbCopyJob.run

    def killed(self: DuckDbCopyJob) -> None:
        monkeypatch.setattr(DuckDbCopyJob, "run", works)
        kill(number)
        works(self)

    monkeypatch.setattr(DuckDbCopyJob, "run", killed)


def stop_publishing(_: Shell, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The signal comes when half of the readers' copy is written."""
    works = readers._copy

    def killed(source: Path, target: Path) -> None:
        monkeypatch.setattr(readers, "_copy", works)
        target.write_bytes(bytes(100_000))
        kill(number)
        works(source, target)

    monkeypatch.setattr(readers, "_copy", killed)


STAGES = {
    "fetching": (signal.SIGTERM, stop_fetching),
    "preparing": (signal.SIGTERM, _stop_in("normalize")),
    "loading": (signal.SIGINT, _stop_in("load")),
    "filling a table": (signal.SIGTERM, stop_a_job),
    "publishing": (signal.SIGINT, stop_publishing),
}


@pytest.mark.parametrize(("number", "stop"), STAGES.values(), ids=STAGES)
def test_a_signal_ends_a_run_at_every_stage(
    shell: Shell, expected: Contents, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, stop: Callable[..., None]
) -> None:
    """Whatever the run was doing, the exit code is the signal's, stderr has one line, and the next run ends well."""
    stop(shell, monkeypatch, number)
    code, out, err = shell.run("--project", "4", "--quiet")
    assert (code, err, out) == (CODES[number], f"{LINES[number]}\n", "")
    assert not list(shell.database.parent.glob("*.new"))
    shell.answer_with(shell.fake)
    expect_good_end(shell, expected)
    [(first, line), (second, _)] = shell.rows("select exit_code, error from label_studio.load_runs order by started_at")
    assert (first, second) == (CODES[number], 0)
    assert f"tasks.py: {line}" == LINES[number]


# a process of its own


@contextmanager
def served(fake: FakeLabelStudio, pause: float) -> Iterator[tuple[str, list[str]]]:
    """A server on a real socket that takes a while for each page; gives its address, and what it was asked."""
    asked_for: list[str] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked_for.append(self.path)
            if "expand" in self.path:
                over.wait(pause)
            response = asyncio.run(fake(httpx.Request("GET", f"http://server{self.path}", headers=dict(self.headers))))
            with suppress(ConnectionError):
                self.send_response(response.status_code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(response.content)))
                self.end_headers()
                self.wfile.write(response.content)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked_for
        finally:
            over.set()
            server.shutdown()
            thread.join()


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A Python process, which ends with the block at the latest."""
    with subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def expect_ended(run: subprocess.Popen[str], number: signal.Signals) -> None:
    """The run ends soon, with the signal's code and its line alone."""
    began = time.monotonic()
    _, err = run.communicate(timeout=25)
    assert time.monotonic() - began < SOON
    assert (err, run.returncode) == (f"{LINES[number]}\n", CODES[number])


def test_a_terminated_run_waits_for_no_silent_server(shell: Shell, expected: Contents) -> None:
    """SIGTERM while the server is silent ends the process within seconds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        arguments = ["--project", "4", "--url", url, "--database", str(shell.database), "--quiet"]
        with process(SCRIPT, *arguments) as run:
            connection, _ = silent.accept()
            with connection:
                run.send_signal(signal.SIGTERM)
                expect_ended(run, signal.SIGTERM)
    expect_good_end(shell, expected)


def test_an_interrupted_run_leaves_its_pages(shell: Shell, expected: Contents, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGINT in the middle of many pages ends the process within seconds; none of its tasks is in the warehouse."""
    monkeypatch.setenv("SOURCES__LABEL_STUDIO__FETCH_PAGE_SIZE", "2")
    with served(shell.fake, 0.5) as (url, asked_for):
        arguments = ["--project", "4", "--url", url, "--database", str(shell.database), "--workers", "4", "--quiet"]
        with process(SCRIPT, *arguments) as run:
            while sum("expand" in target for target in asked_for) < 6 and run.poll() is None:
                time.sleep(0.02)
            run.send_signal(signal.SIGINT)
            expect_ended(run, signal.SIGINT)
    assert shell.rows("select 1 from duckdb_tables() where table_name = 'tasks'") == []
    expect_good_end(shell, expected)


#: The demo, with a statement of minutes in the thread of dlt's that fills a table; takes the seconds of its grace.
STUCK = f"""
import os, runpy, sys, threading
sys.path.insert(0, {str(ROOT)!r})
import pipelines.stopping
pipelines.stopping.GRACE = float(sys.argv[2])
from dlt.destinations.impl.duckdb.duck import DuckDbCopyJob

def run(self):
    # in one piece, as several jobs may say it at once
    threading.Timer(0.5, os.write, (1, b"stuck\\n")).start()
    statement = "select sum(a.range * b.range % 7) from range(10000000) a, range(10000000) b"
    self._job_client.sql_client.execute_sql(statement)

DuckDbCopyJob.run = run
sys.argv[1:] = ["--demo", "--project", "4", "--quiet", "--database", sys.argv[1]]
runpy.run_path({SCRIPT!r}, run_name="__main__")
"""


def test_a_statement_that_takes_minutes_is_not_waited_for(shell: Shell, expected: Contents) -> None:
    """Where the warehouse is at a statement that can't be ended, the process ends after its grace, and says so."""
    with process("-c", STUCK, str(shell.database), str(GRACE)) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "stuck\n"
        run.send_signal(signal.SIGTERM)
        expect_ended(run, signal.SIGTERM)
    expect_good_end(shell, expected)
    query = "select exit_code, error is not null from label_studio.load_runs order by started_at"
    assert shell.rows(query) == [(143, True), (0, False)]


def test_a_second_signal_ends_a_run_at_once(shell: Shell, expected: Contents) -> None:
    """Who presses Ctrl-C twice waits for nothing; the next run ends well all the same."""
    with process("-c", STUCK, str(shell.database), "60") as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "stuck\n"
        run.send_signal(signal.SIGINT)
        time.sleep(1)
        assert run.poll() is None
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=60)
        assert time.monotonic() - began < 5
    assert (run.returncode, err) == (130, f"{LINES[signal.SIGINT]}\n")
    expect_good_end(shell, expected)


#: The demo, with a check in the main thread that takes minutes.
CHECKING = f"""
import runpy, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
import pipelines.checks
pipelines.checks.CHECKS = Path(sys.argv[2])
sys.argv[1:] = ["--demo", "--project", "4", "--database", sys.argv[1]]
runpy.run_path({SCRIPT!r}, run_name="__main__")
"""


def test_a_check_that_takes_minutes_is_ended(shell: Shell, expected: Contents, tmp_path: Path) -> None:
    """A signal ends a query of the run's own as well; what was loaded stays."""
    query = "select sum(a.range * b.range % 7) as i from range(10000000) a, range(10000000) b having i is null"
    (tmp_path / "assert_slow.sql").write_text(query, encoding="utf-8")
    with process("-c", CHECKING, str(shell.database), str(tmp_path)) as run:
        assert run.stderr is not None
        lines = iter(run.stderr.readline, "")
        assert any("loaded; 30 tasks" in line for line in lines)
        time.sleep(1)
        run.send_signal(signal.SIGTERM)
        began = time.monotonic()
        _, err = run.communicate(timeout=60)
        assert time.monotonic() - began < SOON
    assert (err.splitlines()[-1:], run.returncode) == ([LINES[signal.SIGTERM]], 143)
    expect_good_end(shell, expected)


# a full disk


#: The demo, with files that can't grow beyond a number of bytes, as on a disk that is full.
FULL = f"""
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
sys.argv[1:] = ["--demo", "--project", "4", "--quiet", "--database", sys.argv[1]]
runpy.run_path({SCRIPT!r}, run_name="__main__")
"""


@pytest.mark.parametrize("size", [1_000, 20_000, 60_000, 300_000, 800_000])
def test_a_full_disk_is_one_line_and_costs_nothing(shell: Shell, expected: Contents, size: int) -> None:
    """Wherever the disk is full, the run exits with 1 and one line; with room again, the next one makes all good."""
    with process("-c", FULL, str(shell.database), str(size)) as run:
        _, err = run.communicate(timeout=60)
    assert run.returncode == 1, err
    assert err.count("\n") == 1, err
    assert err.startswith("tasks.py: ")
    assert "nothing is lost, run again" in err
    expect_good_end(shell, expected)


def test_a_disk_that_is_full_later_keeps_what_was_there(shell: Shell, expected: Contents) -> None:
    """Where an existing warehouse can't grow, the run exits with 1, its rows stay, and the next run ends well."""
    assert shell.run("--project", "1", "--quiet")[0] == 0
    before_it = shell.rows("select id, data from label_studio.tasks order by id")
    size = shell.database.stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, hard))
    try:
        code, _, err = shell.run("--project", "4", "--quiet")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert code == 1
    assert err.count("\n") == 1
    assert shell.rows("select id, data from label_studio.tasks where project_id = 1 order by id") == before_it
    assert shell.run("--project", "4", "--quiet")[0] == 0
    held = shell.rows("select id, data from label_studio.tasks where project_id = 4 order by id")
    assert len(held) == len(expected["tasks"])
