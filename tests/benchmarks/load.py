"""Tasks a second where the server costs nothing: our run beside dlt left to itself, from the same pages.

`uv run python tests/benchmarks/load.py [tasks]` (default 20,000; about 11 KB and 36 results each) runs both in turn,
three rounds each, against a server that answers from memory. It prints the median of each and the ratio to our run,
and writes the table into the README.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.from_memory import Answers, from_memory
from benchmarks.readme import machine, write_table

ROOT = Path(__file__).resolve().parent.parent.parent
ROUNDS = 3

#: dlt alone takes so long for each task that fewer do.
ALONE = 1000

OURS = "this project, until all is loaded"


def main(tasks: int) -> None:
    """Runs both and prints the table."""
    rates: dict[str, list[float]] = {}
    with from_memory(Answers(tasks)) as url:
        for _ in range(ROUNDS):
            loaded, over = _ours(url)
            alone = _dlt_alone(url)
            for name, rate in (
                (OURS, tasks / loaded),
                ("this project, the whole run with agreement, views and checks", tasks / over),
                ("dlt alone: dicts in, nested tables, merge", ALONE / alone),
            ):
                rates.setdefault(name, []).append(rate)
    _print(tasks, rates)


def _ours(url: str) -> tuple[float, float]:
    """Seconds from the start of the process until all is loaded, and until it ended."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "pipelines" / "tasks.py"), "--project", "1", "--url", url]
        command += ["--database", f"{folder}/warehouse.duckdb", "--no-publish"]
        started = time.perf_counter()
        with subprocess.Popen(
            command,
            env={**os.environ, "LABEL_STUDIO_API_KEY": "x" * 40, "DLT_DATA_DIR": folder},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as run:
            lines = iter(run.stderr or ())
            loaded = next(time.perf_counter() for line in lines if " loaded; " in line)
            said = "".join(lines)
        if run.returncode:
            raise RuntimeError(said)
        return loaded - started, time.perf_counter() - started


def _dlt_alone(url: str) -> float:
    """Seconds that dlt takes for the first tasks, fetched as dicts."""

    def pages() -> Iterator[list[dict[str, Any]]]:
        with httpx.Client(base_url=url) as http:
            for first in range(1, ALONE + 1, 100):
                ids = {"filter": "filter:tasks:id", "value": {"min": first, "max": first + 99}}
                query = json.dumps({"filters": {"items": [ids]}, "ordering": ["tasks:id"]})
                yield http.get("/api/tasks", params={"page_size": 100, "query": query}).json()["tasks"]

    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "alone",
            destination=dlt.destinations.duckdb(f"{folder}/alone.duckdb"),
            dataset_name="tasks",
            pipelines_dir=folder,
        )
        started = time.perf_counter()
        pipeline.run(pages(), table_name="tasks", write_disposition="merge", primary_key="id")
        return time.perf_counter() - started


def _print(tasks: int, rates: dict[str, list[float]]) -> None:
    ours = statistics.median(rates[OURS])
    lines = ["| what | tasks/s | lowest to highest | our load against it |", "|---|--:|--:|--:|"]
    for name, found in rates.items():
        rate = statistics.median(found)
        lines.append(f"| {name} | {rate:,.0f} | {min(found):,.0f} to {max(found):,.0f} | {ours / rate:.2f} × |")
    lines.append(
        f"\n{tasks:,} tasks ({ALONE:,} for dlt alone) from a server that answers from memory, on the same machine;"
        f" {machine('dlt', 'duckdb', 'httpx')}. Medians of {ROUNDS} rounds."
    )
    table = "\n".join(lines)
    print(table)
    write_table("load", table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
