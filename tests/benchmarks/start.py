"""How long a command takes before it does anything: `--help`, and a run until its first request.

`uv run python tests/benchmarks/start.py [rounds]` (default 9) sets them beside a Python that only imports dlt, duckdb
and httpx, and writes the table into the README.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.from_memory import Answers, from_memory
from benchmarks.readme import machine, write_table
from benchmarks.watch import ROOT

_TASKS = str(ROOT / "pipelines" / "tasks.py")


def main(rounds: int) -> None:
    """Runs all and prints the table."""
    contestants = {
        "Python, which imports dlt, duckdb and httpx": _imports,
        "`tasks.py --help`": _help,
        "a run until its first request": _first_request,
    }
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, timed in contestants.items():
            times[name].append(timed())
    base = median(next(iter(times.values())))
    lines = ["| what | seconds | lowest to highest | against the imports |", "|---|--:|--:|--:|"]
    lines += [
        f"| {name} | {median(each):.2f} | {min(each):.2f} to {max(each):.2f} | {median(each) / base:.2f} × |"
        for name, each in times.items()
    ]
    lines.append(f"\n{machine('dlt', 'duckdb', 'httpx')}. Medians of {rounds} rounds.")
    print("\n".join(lines))
    write_table("start", "\n".join(lines))


def _imports() -> float:
    return _timed("-c", "import dlt, duckdb, httpx")


def _help() -> float:
    return _timed(_TASKS, "--help")


def _timed(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - started


def _first_request() -> float:
    with TemporaryDirectory() as folder, from_memory(Answers(10)) as url:
        command = [sys.executable, _TASKS, "--project", "1", "--url", url, "--verbose"]
        command += ["--database", f"{folder}/warehouse.duckdb", "--no-publish"]
        environment = {**os.environ, "LABEL_STUDIO_API_KEY": "x" * 40, "DLT_DATA_DIR": folder}
        started = time.perf_counter()
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as run:
            answered = next((time.perf_counter() for line in run.stderr or () if "GET " in line), None)
            said = "".join(run.stderr or ())
        if run.returncode or answered is None:
            raise RuntimeError(said)
        return answered - started


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 9)
