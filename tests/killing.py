"""Runs of the command that are started to be killed, at moments drawn by chance."""

import multiprocessing
import os
import re
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from office import Office
from real_label_studio import RealLabelStudio

#: Seconds that a run may take that nobody disturbs, and one that is told to end.
PATIENCE = 120

#: How runs are started, and how often each kind is.
MODES = {(): 4, ("--reconcile",): 2, ("--full",): 2}

#: What shows how far a run came, the last stage first.
STAGES = {
    "over": r" published ",
    "publishing": r" checked: ",
    "checking": r" loaded; ",
    "loading": r" fetched \d+ tasks, loading them",
    "fetching": r" runs Label Studio ",
    "loading what was left": r" loading what an interrupted run had fetched",
    "starting": "",
}

#: Stages that are aimed at, as they are too short to be met by chance often enough.
SHORT = ("loading", "checking", "publishing")


@dataclass
class Run:
    """A run of the command in a process of its own, as it ended."""

    pid: int
    exit_code: int
    said: str

    @property
    def stage(self) -> str:
        """How far it came."""
        return next(stage for stage, line in STAGES.items() if re.search(line, self.said))

    @property
    def is_on_record(self) -> bool:
        """It had the warehouse, so that `load_runs` must have a row for it."""
        return self.stage != "starting" or self.exit_code >= 0


class Runner:
    """Starts runs from a process that has everything imported already."""

    def __init__(
        self, folder: Path, server: RealLabelStudio, projects: Sequence[int], *arguments: str, **environment: str
    ) -> None:
        self.runs: list[Run] = []
        self._folder = folder
        self._arguments = [f"--project={project_id}" for project_id in projects]
        self._arguments += arguments
        self._environment = {
            "DLT_DATA_DIR": str(folder / "dlt"),
            "LABEL_STUDIO_URL": server.url,
            "LABEL_STUDIO_API_KEY": server.legacy_token,
            # with the minute that it is else, next to nothing would be older than what a run reads once more
            "SOURCES__LABEL_STUDIO__FETCH_OVERLAP": "2",
            **environment,
        }
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(
            ["dlt", "duckdb", "pipelines.run", "pipelines.tasks", "pipelines.summary", "pipelines.alarm", __name__]
        )

    def start(self, *mode: str) -> BaseProcess:
        """A run that begins now."""
        log = self._folder / f"{len(self.runs)}.log"
        arguments = (log, self._environment, [*self._arguments, *mode])
        process = self._context.Process(target=run_in_child, args=arguments, daemon=True)
        process.start()
        return process

    def wait_for(self, stage: str) -> None:
        """Waits until the run last started has come to a stage, or ended."""
        end = time.monotonic() + PATIENCE
        while not re.search(STAGES[stage], self._said()) and not re.search("^tasks.py: ", self._said(), re.MULTILINE):
            assert time.monotonic() < end, self._said()
            time.sleep(0.005)

    def end(self, process: BaseProcess, number: signal.Signals | None = None) -> Run:
        """Waits for the end of the run last started, after sending it a signal."""
        assert process.pid is not None
        if number is not None and process.is_alive():
            os.kill(process.pid, number)
        process.join(PATIENCE)
        if process.exitcode is None:
            process.kill()
            process.join()
            pytest.fail(f"a run did not end: {self._said()}")
        self.runs.append(Run(process.pid, process.exitcode, self._said()))
        return self.runs[-1]

    def undisturbed(self, *mode: str) -> float:
        """A run to its end, which must be a good one; gives its seconds."""
        begun = time.monotonic()
        run = self.end(self.start(*mode))
        assert run.exit_code == 0, run.said
        return time.monotonic() - begun

    def close(self) -> None:
        """Ends the process that runs are started from."""
        forkserver._forkserver._stop()  # type: ignore[attr-defined]  # there is no other way, but to end Python

    def _said(self) -> str:
        log = self._folder / f"{len(self.runs)}.log"
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


def run_in_child(log: Path, environment: dict[str, str], arguments: list[str]) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(descriptor, number)
    os.environ.update(environment)
    from pipelines.tasks import main

    sys.exit(main(arguments))


def kill(runner: Runner, office: Office, longest: dict[tuple[str, ...], float], *, at_work: bool) -> Run:
    """Starts a run and ends it at a moment drawn by chance; with `at_work`, people go on meanwhile."""
    random = office.random
    [mode] = random.choices(list(MODES), list(MODES.values()))
    number = signal.SIGTERM if random.random() < 0.2 else signal.SIGKILL
    office.see()
    aim = random.choice(SHORT) if random.random() < 0.4 else None
    end = time.monotonic() + random.uniform(0, longest[mode])
    process = runner.start(*mode)
    if aim:
        runner.wait_for(aim)
        end = time.monotonic() + random.uniform(0, 0.3)
    while (left := end - time.monotonic()) > 0:
        if at_work and left > 0.4 and random.random() < 0.5:
            office.work(1, in_sight=False)
        else:
            time.sleep(min(left, 0.1))
    return runner.end(process, number)


def wrong_records(rows: list[tuple[Any, ...]], runs: list[Run]) -> list[str]:
    """Each run that got as far has its row, with its exit code where it ended by itself."""
    recorded = {pid: (code, ended) for pid, code, ended in rows}
    found = [f"load_runs: {len(rows)} rows of {len(recorded)} processes"] if len(rows) != len(recorded) else []
    for run in runs:
        code, ended = recorded.pop(run.pid, (None, None))
        if ended is None:
            found += [f"load_runs: no row for {run}"] if run.is_on_record else []
        elif code not in ([run.exit_code] if run.exit_code >= 0 else [None, 0, 143]):
            found.append(f"load_runs: exit code {code} for {run}")
    return [*found, *(f"load_runs: a row of an unknown process {pid}" for pid in recorded)]


def ended(run: Run) -> str:
    """How a run ended: its exit code, or the signal with a minus."""
    return str(run.exit_code)
