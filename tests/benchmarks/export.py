"""Seconds and memory that an export takes, of a warehouse as million.py and views.py make it.

`uv run python tests/benchmarks/export.py PATH [--write]` exports all views, and then the loaded tables too, in each
format that a file of that size goes into. It prints a table; `--write` puts it into the README.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.readme import machine, write_table

SCRIPT = Path(__file__).resolve().parent.parent.parent / "pipelines" / "export.py"

#: What is exported: views alone, and with the loaded tables.
KINDS = {
    "all views, Parquet": ("--format", "parquet"),
    "all views, CSV": ("--format", "csv"),
    "all views and tables, Parquet": ("--format", "parquet", "--tables"),
}


class Timing(NamedTuple):
    """An export: rows and bytes of its files, its seconds, and the most memory that it took at once, in bytes."""

    what: str
    rows: int
    size: int
    seconds: float
    memory: int


def main() -> None:
    """Measures, prints the table and writes it where that is asked for."""
    parser = argparse.ArgumentParser(description="Times exports.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--write", action="store_true", help="write the table into the README")
    arguments = parser.parse_args()
    timings = []
    for what, options in KINDS.items():
        timings.append(_timed(arguments.path, what, options))
        print(timings[-1], file=sys.stderr)
    table = _table(arguments.path, timings)
    print(table)
    if arguments.write:
        write_table("export", table)


def _timed(path: Path, what: str, options: tuple[str, ...]) -> Timing:
    with TemporaryDirectory(dir=path.parent) as folder:
        command = [sys.executable, str(SCRIPT), "--database", str(path), "--output", folder, "--quiet", *options]
        started = time.perf_counter()
        process = subprocess.Popen(command)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"the export ended with {process.returncode}")
        manifest = json.loads((Path(folder) / "manifest.json").read_text(encoding="utf-8"))
    rows = sum(file["rows"] for file in manifest["files"])
    return Timing(what, rows, sum(file["bytes"] for file in manifest["files"]), seconds, used.ru_maxrss * 1024)


def _table(path: Path, timings: list[Timing]) -> str:
    lines = ["| what | rows | MB written | seconds | peak memory, MB |", "|---|--:|--:|--:|--:|"]
    for what, rows, size, seconds, memory in timings:
        lines.append(f"| {what} | {rows:,} | {size / 1e6:,.0f} | {seconds:,.0f} | {memory / 1e6:,.0f} |")
    with duckdb.connect(str(path), read_only=True) as connection:
        [(tasks, results)] = connection.execute(
            "select (select count(*) from label_studio.tasks), (select count(*) from label_studio.results)"
        ).fetchall()
    lines.append(
        f"\n{tasks:,} tasks with {results:,} results, a DuckDB file of {path.stat().st_size / 1e9:.1f} GB;"
        f" {machine('duckdb')}. One round."
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
