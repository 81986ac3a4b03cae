"""Seconds that the views and the kept tables of analytics take, on a warehouse as million.py makes it.

`uv run python tests/benchmarks/views.py PATH [--write] [--plans FOLDER] [NAME ...]` refreshes the kept tables in the
file at PATH, changes tasks in it and refreshes again, and then asks each view in a process of its own, three times, on
two cores. It prints the medians; `--write` puts them into the README. With names, only these views are asked, and
nothing is refreshed.
"""

import argparse
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.readme import write_table

from pipelines.analytics import refresh
from pipelines.analytics.definitions import views

ROUNDS = 3
THREADS = 2

#: Seconds that an aggregate may take, and a view of agreement that goes through all pairs.
TARGET, AGREEMENT_TARGET = 2.0, 60.0

# a number, as people and dashboards give it: a subquery would be no filter that reaches the tables
_TASK = "where task_id = 1007"
_PROJECT = "where project_id = 2 limit 100"
_FIRST = "where project_id = 1 order by place limit 100"

#: How views are asked that have a row for each of millions of things: the rows of a task, some of a project, or the
#: first ones. All others are read to their end.
ENTITIES: dict[str, tuple[str, ...]] = {
    "agreement_pairs": (_TASK, _PROJECT),
    "annotation_results": (_TASK, _PROJECT),
    "data_quality_issues": (_PROJECT,),
    "disagreements": (_FIRST,),
    "prediction_results": (_TASK, _PROJECT),
    "regions": (_TASK, _PROJECT),
    "relations": (_TASK, _PROJECT),
    "task_agreement": (_TASK, "where project_id = 1 order by agreement limit 100"),
    "task_overview": (_TASK, _PROJECT),
}

#: Views of agreement that are read to their end, too.
WHOLE = ("disagreements", "task_agreement")


class Timing(NamedTuple):
    """A query: its rows, the median of the seconds, and the most memory that its process took, in MB."""

    what: str
    rows: int
    seconds: float
    memory: float
    target: float | None = None


def main() -> None:
    """Measures, prints the table and writes it where that is asked for."""
    parser = argparse.ArgumentParser(description="Times the views and the kept tables of analytics.")
    parser.add_argument("path", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--write", action="store_true", help="write the table into the README")
    parser.add_argument("--plans", type=Path, help="a folder for the plans of the three slowest")
    arguments = parser.parse_args()
    timings = [] if arguments.names else [_alone(step, arguments.path) for step in _REFRESHES]
    asked = list(_queries(arguments.names))
    timings += [_alone(_ask, arguments.path, what, query, target) for what, query, target in asked]
    if arguments.plans:
        _explain(arguments.path, arguments.plans, asked, timings)
    table = _table(arguments.path, timings)
    print(table)
    if arguments.write:
        write_table("views", table)


def _queries(names: list[str]) -> Iterator[tuple[str, str, float | None]]:
    for name in sorted(definition.name for definition in views()):
        if names and name not in names:
            continue
        for rest in ENTITIES.get(name, ()):
            yield f"`{name}` {rest}", f"select * from analytics.{name} {rest}", TARGET
        if name in WHOLE:
            yield f"`{name}`", f"select * from analytics.{name}", AGREEMENT_TARGET
        elif name not in ENTITIES:
            yield f"`{name}`", f"select * from analytics.{name}", TARGET


def _alone(step: Callable[..., Timing], *arguments: Any) -> Timing:
    """A step in a process of its own: with no memory of the steps before, and its own use of memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        timing = pool.submit(step, *arguments).result()
    print(f"{timing.seconds:8.2f} s {timing.memory:7,.0f} MB {timing.rows:>10,} {timing.what}", file=sys.stderr)
    return timing


@contextmanager
def _opened(path: Path, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(path), read_only, config={"threads": THREADS, "memory_limit": "8GB"}) as connection:
        connection.execute("set timezone = 'UTC'; set enable_progress_bar = false")
        yield connection


def _ask(path: Path, what: str, query: str, target: float | None) -> Timing:
    seconds = []
    with _opened(path) as connection:
        for _ in range(ROUNDS):
            start = time.perf_counter()
            table: Any = connection.sql(query).to_arrow_table()
            seconds.append(time.perf_counter() - start)
    return Timing(what, table.num_rows, statistics.median(seconds), _memory(), target)


def _first_refresh(path: Path) -> Timing:
    with _opened(path, read_only=False) as connection:
        connection.execute("drop schema if exists analytics cascade")
    return _refresh(path, "first refresh of the kept tables")


def _unchanged_refresh(path: Path) -> Timing:
    return _refresh(path, "refresh where nothing changed")


def _small_refresh(path: Path) -> Timing:
    return _refresh(path, "refresh after 100 tasks changed", 100)


def _large_refresh(path: Path) -> Timing:
    return _refresh(path, "refresh after 10,000 tasks changed", 10_000)


_REFRESHES = (_first_refresh, _unchanged_refresh, _small_refresh, _large_refresh)


def _refresh(path: Path, what: str, changed: int = 0) -> Timing:
    """Refreshes after that many tasks, from all over the table, came with a load of their own."""
    with _opened(path, read_only=False) as connection:
        if changed:
            connection.execute(
                "update label_studio.tasks set _dlt_load_id = ? where id in"
                f" (select id from label_studio.tasks order by hash(id) limit {changed})",
                [str(time.time())],
            )
            connection.execute("checkpoint")
        start = time.perf_counter()
        rows = refresh(connection)
        return Timing(what, rows, time.perf_counter() - start, _memory())


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _explain(path: Path, folder: Path, asked: list[tuple[str, str, float | None]], timings: list[Timing]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    queries = {what: query for what, query, _ in asked}
    slowest = sorted((timing for timing in timings if timing.what in queries), key=lambda timing: -timing.seconds)
    with _opened(path) as connection:
        for place, timing in enumerate(slowest[:3], start=1):
            [(_, plan)] = connection.execute(f"explain analyze {queries[timing.what]}").fetchall()
            (folder / f"slowest_{place}.txt").write_text(f"{queries[timing.what]}\n\n{plan}\n", encoding="utf-8")


def _table(path: Path, timings: list[Timing]) -> str:
    lines = ["| what | rows | seconds | memory |", "|---|--:|--:|--:|"]
    for timing in timings:
        late = " (late)" if timing.target is not None and timing.seconds > timing.target else ""
        lines.append(f"| {timing.what} | {timing.rows:,} | {timing.seconds:.2f}{late} | {timing.memory:,.0f} MB |")
    with _opened(path) as connection:
        counts = [
            connection.execute(f"select count(*) from label_studio.{table}").fetchall()[0][0]
            for table in ("tasks", "annotations", "predictions", "results")
        ]
    versions = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "pyarrow"))
    lines.append(
        "\n{:,} tasks, {:,} annotations, {:,} predictions, {:,} results;".format(*counts)
        + f" a file of {path.stat().st_size / 1e9:.1f} GB. {min(THREADS, os.cpu_count() or 1)} cores,"
        f" Python {platform.python_version()}, {versions}. Views: medians of {ROUNDS} rounds, all rows read into"
        " Arrow; memory is the most that the process took."
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
