"""All benchmarks that the READMEs have tables of, one after the other: `uv run python tests/benchmarks/everything.py`.

It takes some three hours, most of them with a million tasks. One that fails does not keep the others from running.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

_FOLDER = Path(__file__).resolve().parent


def main() -> int:
    """Runs all; gives the number of those that failed."""
    with TemporaryDirectory() as folder:
        million = f"{folder}/million.duckdb"
        commands = [["start.py"], ["load.py"], ["server.py"], ["heavy.py"], ["growth.py"], ["spark.py"], ["lake.py"]]
        commands += [["million.py", million], ["views.py", million, "--write"]]
        failed = [name for name, *rest in commands if _run(name, *rest)]
    print("failed: " + ", ".join(failed) if failed else "all done: README.md has the tables")
    return len(failed)


def _run(name: str, *arguments: str) -> int:
    print(f"== {name}", flush=True)
    return subprocess.run([sys.executable, str(_FOLDER / name), *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
