"""A run of ours, watched from outside: how long it took, and the most memory and disk that it had at once."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent

MB = 2**20


class Seen(NamedTuple):
    """`seconds` until all was `loaded` and until the process ended, and the CPU's (`cpu`) until then; `memory` and
    `disk` at their highest, `file` at the end: bytes."""

    loaded: float
    cpu: float
    seconds: float
    memory: int
    disk: int
    file: int


def run_watched(url: str, folder: Path, *arguments: str, **environment: str) -> Seen:
    """Loads project 1 into `folder`. Raises RuntimeError with what was said where it fails."""
    database = folder / "warehouse.duckdb"
    command = [sys.executable, str(ROOT / "pipelines" / "tasks.py"), "--project", "1", "--url", url]
    command += ["--database", str(database), "--no-publish", *arguments]
    log = folder / "run.log"
    started = time.perf_counter()
    with log.open("w") as out:
        process = subprocess.Popen(
            command,
            env={**os.environ, "LABEL_STUDIO_API_KEY": "x" * 40, "DLT_DATA_DIR": str(folder), **environment},
            stdout=subprocess.DEVNULL,
            stderr=out,
        )
    memory = disk = 0
    loaded = cpu = 0.0
    while process.poll() is None:
        memory = max(memory, _resident(process.pid))
        # unlike Path.rglob, os.walk does not mind a folder that goes away meanwhile
        files = (os.path.join(place, name) for place, _, names in os.walk(folder) for name in names)  # noqa: PTH118
        disk = max(disk, sum(map(_size, files)))
        if not loaded and " loaded; " in log.read_text(encoding="utf-8"):
            loaded, cpu = time.perf_counter() - started, _cpu_seconds(process.pid)
        time.sleep(0.1)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(log.read_text(encoding="utf-8"))
    return Seen(loaded or seconds, cpu, seconds, memory, disk, database.stat().st_size)


def run_timed(
    url: str, token: str, *arguments: str, environment: Mapping[str, str] = os.environ
) -> tuple[float, float]:
    """Seconds from the start of the process until all is loaded, and until it ended, into a warehouse of its own.

    Raises RuntimeError with what was said where it fails.
    """
    with TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "pipelines" / "tasks.py"), *arguments]
        command += ["--url", url, "--database", f"{folder}/warehouse.duckdb", "--no-publish"]
        started = time.perf_counter()
        with subprocess.Popen(
            command,
            env={**environment, "LABEL_STUDIO_API_KEY": token, "DLT_DATA_DIR": folder},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as run:
            lines = iter(run.stderr or ())
            loaded = next((time.perf_counter() for line in lines if " loaded; " in line), 0.0)
            said = "".join(lines)
        if run.returncode or not loaded:
            raise RuntimeError(said)
        return loaded - started, time.perf_counter() - started


def _cpu_seconds(pid: int) -> float:
    """What a process has taken so far, all of its threads together; 0 once it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS")), 0)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:
        return 0
