"""Tasks a second with 1, 2 and 4 executors of Spark beside our plain run, and what 1,000 tasks take.

`uv run python tests/benchmarks/spark.py [tasks]` (default 20,000) runs the job into Delta tables, from a server that
answers from memory at once, from one that takes a second for a page, and from a real Label Studio; it writes the tables
into the README of the data source. It needs Java, and installs PySpark in an environment of its own.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.from_memory import Answers, from_memory
from benchmarks.readme import machine, write_table
from benchmarks.server import import_tasks
from benchmarks.watch import run_timed
from real_label_studio import VERSION, real_label_studio
from spark_programs import start, worked
from spark_source_worker import descendants

from pipelines.settings import ROOT

README = ROOT / "pipelines" / "spark_source" / "README.md"

EXECUTORS = (1, 2, 4)

#: Seconds that the slower server takes for a page; executors then ask for one page at once, as the plain run does.
PAUSE = 1.0

#: Workers of the real server, and executors that read from it.
REAL = 2

#: Of the real server so many are read: to import them takes longest.
FEW = 5000

KB = 1024


class Run(NamedTuple):
    """A run: tasks, what the job said of it, and the CPU seconds of the server, where that was watched."""

    tasks: int
    told: dict[str, Any]
    server: float = 0.0

    @property
    def rate(self) -> float:
        """Tasks a second, once Spark was there."""
        return self.tasks / float(self.told["seconds"])


def main(tasks: int) -> None:
    """Runs all, and writes both tables."""
    command = start("spark_source_requirements.txt")
    with from_memory(Answers(tasks)) as url:
        at_once = _rates(command, url, tasks, {})
    _write_needs(at_once[2], _real(command, min(tasks, FEW)))
    with from_memory(Answers(tasks, pause=PAUSE)) as url:
        later = _rates(command, url, tasks, {"workers": "1"})
    _write_rates(tasks, at_once, later)


def _rates(command: list[str], url: str, tasks: int, more: dict[str, str]) -> dict[int, Run]:
    """A run with each number of executors; with none, the plain run."""
    flags = [word for name, value in more.items() for word in (f"--{name}", value)]
    loaded, _ = run_timed(url, "x" * 40, "--project", "1", *flags)
    runs = {0: Run(tasks, {"seconds": loaded})}
    for executors in EXECUTORS:
        runs[executors] = Run(tasks, _run(command, executors, url, "x" * 40, 1, more))
        print(f"{executors} executors: {runs[executors].rate:,.0f} tasks/s", flush=True)
    return runs


def _run(
    command: list[str], executors: int, url: str, token: str, project: int, more: dict[str, str]
) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        given = {"url": url, "token": token, "project": str(project), "numPartitions": str(executors), **more}
        return worked(
            command, "benchmarks/spark_worker.py", {"executors": executors, "given": given, "folder": folder}, 3600
        )


def _real(command: list[str], tasks: int) -> Run:
    with real_label_studio(REAL) as server:
        project, _, _ = import_tasks(server, tasks)
        with _cpu_of_server() as cpu:
            told = _run(command, REAL, server.url, server.legacy_token, project, {"workers": "1"})
        return Run(tasks, told, cpu[0])


@contextmanager
def _cpu_of_server() -> Iterator[list[float]]:
    """The CPU seconds that the server's processes take while the block runs."""
    pids = [pid for pid in descendants(os.getpid()) if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    before, cpu = _ticks(pids), [0.0]
    yield cpu
    cpu[0] = (_ticks(pids) - before) / os.sysconf("SC_CLK_TCK")


def _ticks(pids: list[int]) -> int:
    stats = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids)
    return sum(int(fields[11]) + int(fields[12]) for fields in stats)


def _write_rates(tasks: int, at_once: dict[int, Run], later: dict[int, Run]) -> None:
    lines = [
        f"| what | server that answers at once, tasks/s | server that takes {PAUSE:g} s for a page, tasks/s |",
        "|---|--:|--:|",
    ]
    for executors, run in at_once.items():
        name = f"{executors} executor{'s' if executors > 1 else ''}" if executors else "plain run, until all is loaded"
        lines.append(f"| {name} | {run.rate:,.0f} | {later[executors].rate:,.0f} |")
    starts = [run.told["start"] for run in (*at_once.values(), *later.values()) if "start" in run.told]
    lines.append(
        f"\n{tasks:,} tasks of 36 results, from memory on the same machine, into Delta tables, a partition for each"
        f" executor. Spark's own start is not in it ({min(starts):.0f} to {max(starts):.0f} s). Of the slower server"
        f" everybody asks for one page at once. {_machine()}. One round."
    )
    _told("spark", lines)


def _write_needs(memory: Run, real: Run) -> None:
    lines = ["| for 1,000 tasks | from memory | from Label Studio |", "|---|--:|--:|"]
    for name, of in _NEEDS.items():
        lines.append(f"| {name} | {of(memory)} | {of(real)} |")
    lines.append(
        f"\n{memory.tasks:,} tasks from memory, {real.tasks:,} from Label Studio {VERSION} (SQLite, gunicorn with"
        f" {REAL} workers), {real.rate:,.0f} tasks/s with {REAL} executors, all on the same machine; {_machine()}."
    )
    _told("sizing", lines)


def _per_thousand(run: Run, amount: float) -> float:
    return 1000 * amount / run.tasks


_NEEDS: dict[str, Any] = {
    "results": lambda run: f"{_per_thousand(run, run.told['results']):,.0f}",
    "requests": lambda run: f"{_per_thousand(run, run.told['figures']['requests']):,.1f}",
    "KB received": lambda run: f"{_per_thousand(run, run.told['figures']['received'] / KB):,.0f}",
    "KB of Parquet in the lake": lambda run: f"{_per_thousand(run, run.told['lake'] / KB):,.0f}",
    "CPU seconds of the executors' Python": lambda run: f"{_per_thousand(run, run.told['figures']['cpu']):.2f}",
    "CPU seconds of all that Spark runs": lambda run: f"{_per_thousand(run, run.told['cpu']):.2f}",
    "peak memory of a Python of an executor, MB": lambda run: f"{run.told['figures']['memory'] / KB:,.0f}",
    "CPU seconds of the server": lambda run: f"{_per_thousand(run, run.server):.2f}" if run.server else "–",
}


def _machine() -> str:
    return f"{machine('duckdb', 'httpx')}, PySpark 4.3.0"


def _told(name: str, lines: list[str]) -> None:
    table = "\n".join(lines)
    print(table, flush=True)
    write_table(name, table, README)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
