"""Memory and speed with heavy tasks: brush masks of 120,000 numbers, three a task, and `data` of 5 MB.

`uv run python tests/benchmarks/heavy.py` loads them from a server that answers from memory, with each setting of
`masks`, three rounds each, and writes the table into the README.
"""

import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.from_memory import Answers, from_memory
from benchmarks.readme import machine, write_table
from benchmarks.watch import MB, Seen, run_watched

ROUNDS = 3

#: What is loaded: the answers, and the setting of `masks`.
LOADS = {
    'three masks a task, `masks = "keep"`': (Answers(200, masks=3), "keep"),
    'three masks a task, `masks = "blob"`': (Answers(200, masks=3), "blob"),
    'three masks a task, `masks = "drop"`': (Answers(200, masks=3), "drop"),
    "data of 5 MB a task": (Answers(100, heavy=5_000_000), "keep"),
}


def main() -> None:
    """Runs all and prints the table."""
    lines = ["| what | MB of JSON/s | peak memory, MB | DuckDB file, MB |", "|---|--:|--:|--:|"]
    for name, (answers, masks) in LOADS.items():
        size = sum(len(answers.task(task_id)) for task_id in range(1, answers.tasks + 1)) / MB
        seen = [_load(answers, masks) for _ in range(ROUNDS)]
        speed = statistics.median(size / each.loaded for each in seen)
        memory = [each.memory // MB for each in seen]
        lines.append(f"| {name} | {speed:.0f} | {min(memory):,} to {max(memory):,} | {seen[0].file // MB} |")
        print(lines[-1], flush=True)
    lines.append(
        f"\n200 tasks with masks, 1.3 MB of JSON each, and 100 with large data, until all is loaded;"
        f" {machine('dlt', 'duckdb')}. Medians of {ROUNDS} rounds, memory from lowest to highest."
    )
    write_table("heavy", "\n".join(lines))


def _load(answers: Answers, masks: str) -> Seen:
    with TemporaryDirectory() as folder, from_memory(answers) as url:
        return run_watched(url, Path(folder), SOURCES__LABEL_STUDIO__MASKS=masks)


if __name__ == "__main__":
    main()
