"""How time, memory and disk grow with the number of tasks, and what a run takes that brings little or nothing.

`uv run python tests/benchmarks/growth.py [tasks…]` (default 10,000, 100,000 and 1,000,000: takes an hour and 4 GB of
disk) loads so many tasks from a server that answers from memory, into a new warehouse each; then 100 changed tasks and
none into the last one. It writes the table into the README.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.from_memory import Answers, change, from_memory
from benchmarks.readme import machine, write_table
from benchmarks.watch import MB, Seen, run_watched

SIZES = (10_000, 100_000, 1_000_000)

#: Tasks that change between two runs.
CHANGED = 100


def main(sizes: tuple[int, ...]) -> None:
    """Runs all and prints the table."""
    lines = [
        "| tasks | until loaded, s | µs/task | CPU, µs/task | whole run, s | peak memory, MB | peak disk ÷ file |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for size in sizes:
        with TemporaryDirectory() as folder, from_memory(Answers(size)) as url:
            lines.append(_line(f"{size:,}", size, run_watched(url, Path(folder))))
            print(lines[-1], flush=True)
            if size == sizes[-1]:
                lines.append(_line("none changed", 0, run_watched(url, Path(folder))))
                change(url, range(size // 2, size // 2 + CHANGED))
                lines.append(_line(f"{CHANGED} changed", CHANGED, run_watched(url, Path(folder))))
                lines.append(_line("none changed", 0, run_watched(url, Path(folder))))
                print("\n".join(lines[-3:]))
    lines.append(
        "\nTasks of 11 KB and 36 results each, from a server that answers from memory, on this machine; changed ones in"
        f" the last warehouse; without a readers' copy; {machine('dlt', 'duckdb')}. One round."
    )
    write_table("growth", "\n".join(lines))


def _line(what: str, tasks: int, seen: Seen) -> str:
    each, cpu = (f"{1e6 * seconds / tasks:,.0f}" if tasks else "" for seconds in (seen.loaded, seen.cpu))
    most = f"{seen.memory // MB:,} | {seen.disk / seen.file:.2f}"
    return f"| {what} | {seen.loaded:,.1f} | {each} | {cpu} | {seen.seconds:,.1f} | {most} |"


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
