"""Tasks a second where the server costs nothing: our run beside dlt left to itself, and beside DuckDB alone.

`uv run python tests/benchmarks/load.py [tasks]` (default 20,000; about 11 KB and 36 results each) runs all in turn,
three rounds each, against a server that answers from memory. It prints the median of each and the ratio to our load,
and writes the table into the README. `--check` writes nothing, and fails where a ratio is half of what it was.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dlt
import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.from_memory import Answers, from_memory
from benchmarks.readme import machine, write_table
from benchmarks.watch import run_timed

ROUNDS = 3

#: dlt alone takes so long for each task that fewer do.
ALONE = 1000

LOADED = "this project, until all is loaded"
WHOLE = "this project, the whole run with agreement, views and checks"
PLAIN = "the same queries into a DuckDB file, one transaction, nothing else"
NESTED = "dlt alone: dicts in, nested tables, merge"
FILES = "dlt alone, with parquet files"

#: For `--check`: tasks, rounds, and our load against others as it was measured with them.
SMALL = 3000
FEW = 2
MEASURED = {PLAIN: 0.62, NESTED: 7.8}


def main(tasks: int, *, check: bool) -> None:
    """Runs all and prints the table; raises SystemExit where `check` finds that we became slow."""
    rates = _measured(tasks, FEW if check else ROUNDS)
    print(_table(tasks, rates))
    if not check:
        return write_table("load", _table(tasks, rates))
    ours = statistics.median(rates[LOADED])
    for name, measured in MEASURED.items():
        ratio = ours / statistics.median(rates[name])
        if ratio < measured / 2:
            raise SystemExit(f"our load is {ratio:.2f} × as fast as «{name}»; it was {measured} ×")


def _measured(tasks: int, rounds: int) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {name: [] for name in (LOADED, WHOLE, PLAIN, NESTED, FILES)}
    with from_memory(Answers(tasks)) as url:
        for _ in range(rounds):
            loaded, over = run_timed(url, "x" * 40, "--project", "1")
            rates[LOADED].append(tasks / loaded)
            rates[WHOLE].append(tasks / over)
            rates[PLAIN].append(tasks / _plain(url, tasks))
            rates[NESTED].append(ALONE / _dlt_alone(url, None))
            rates[FILES].append(ALONE / _dlt_alone(url, "parquet"))
    return rates


def _plain(url: str, tasks: int) -> float:
    """Seconds of a script that does nothing but fetch, flatten and insert."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(__file__).with_name("plain.py")
        started = time.perf_counter()
        subprocess.run([sys.executable, str(script), url, f"{folder}/plain.duckdb", str(tasks)], check=True)
        return time.perf_counter() - started


def _dlt_alone(url: str, file_format: Any) -> float:
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
        options = {"write_disposition": "merge", "primary_key": "id", "loader_file_format": file_format}
        return _seconds(lambda: pipeline.run(pages(), table_name="tasks", **options))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _table(tasks: int, rates: dict[str, list[float]]) -> str:
    ours = statistics.median(rates[LOADED])
    lines = ["| what | tasks/s | lowest to highest | our load against it |", "|---|--:|--:|--:|"]
    for name, found in rates.items():
        rate = statistics.median(found)
        lines.append(f"| {name} | {rate:,.0f} | {min(found):,.0f} to {max(found):,.0f} | {ours / rate:.2f} × |")
    lines.append(
        f"\n{tasks:,} tasks ({ALONE:,} for dlt alone) from a server that answers from memory, on the same machine;"
        f" {machine('dlt', 'duckdb', 'httpx')}. Medians of {len(rates[LOADED])} rounds."
    )
    return "\n".join(lines)


if __name__ == "__main__":
    checks = "--check" in sys.argv
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    main(numbers[0] if numbers else SMALL if checks else 20_000, check=checks)
