"""Seconds that a lake takes to follow a warehouse, beside those in which DuckDB alone writes the same rows as Parquet.

`uv run python tests/benchmarks/lake.py [tasks]` (default 50,000) loads so many tasks from a server that answers from
memory, brings them into a lake of each kind, once more without a change, and after 100 tasks have changed.
It writes the table into the README.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.from_memory import Answers, change, from_memory
from benchmarks.readme import machine, write_table
from benchmarks.watch import run_watched

from pipelines.analytics import Schemas
from pipelines.lake import FORMATS
from pipelines.lake.following import FileLake
from pipelines.lake.sources import sources

TASKS = 50_000

#: Tasks that change.
CHANGED = 100


def main(tasks: int) -> None:
    """Runs all, and writes the table."""
    with TemporaryDirectory() as name, from_memory(Answers(tasks)) as url:
        folder = Path(name)
        run_watched(url, folder)
        plain, size = _as_parquet(folder)
        first = [_follow(folder, kind) for kind in FORMATS]
        none = [_follow(folder, kind) for kind in FORMATS]
        change(url, range(tasks // 2, tasks // 2 + CHANGED))
        run_watched(url, folder)
        some = [_follow(folder, kind) for kind in FORMATS]
    lines = [f"| what | {' | '.join(f'{kind}, s' for kind in FORMATS)} |", f"|---|{'--:|' * len(FORMATS)}"]
    for what, seconds in (("everything", first), ("nothing changed", none), (f"{CHANGED} tasks changed", some)):
        lines.append(f"| {what} | {' | '.join(f'{each:,.1f}' for each in seconds)} |")
    lines.append(
        f"\n{tasks:,} tasks of 36 results in blocks of 20,000 ids. DuckDB alone takes {plain:,.1f} s to write the same"
        f" rows as Parquet ({size / 1e6:,.0f} MB, zstd), a file for each table;"
        f" {machine('duckdb', 'deltalake', 'pyiceberg')}. One round."
    )
    print("\n".join(lines))
    write_table("lake", "\n".join(lines))


def _as_parquet(folder: Path) -> tuple[float, int]:
    """The seconds of DuckDB alone, and the bytes of its files."""
    target = folder / "parquet"
    target.mkdir()
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        started = time.perf_counter()
        for table, _, select in sources(connection, Schemas()):
            connection.execute(f"copy ({select}) to '{target / table.name}.parquet' (format parquet, compression zstd)")
        seconds = time.perf_counter() - started
    return seconds, sum(path.stat().st_size for path in target.iterdir())


def _follow(folder: Path, kind: str) -> float:
    """The seconds in which a lake is brought up to date."""
    lake = FileLake(str(folder / kind), kind, None)
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        started = time.perf_counter()
        rows = lake.publish(connection, Schemas())
        seconds = time.perf_counter() - started
    print(f"{kind}: {sum(rows.values()):,} rows in {len(rows)} tables, {seconds:.1f} s", flush=True)
    return seconds


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TASKS)
