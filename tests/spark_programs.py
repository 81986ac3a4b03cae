"""Programs with PySpark or pysail, in environments of their own that uv makes and keeps."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from scheduling import installing, run, tool

from pipelines.settings import ROOT

TESTS = Path(__file__).parent


def start(*requirements: str) -> list[str]:
    """Begins a command in the project's own environment with packages laid over it; skips where they can't be had."""
    files = [word for name in requirements for word in ("--with-requirements", str(TESTS / name))]
    command = [tool("uv"), "run", "-q", "--isolated", "--no-dev", "--extra", "lake", *files]
    installed = run(*command, "python", "-c", "", env=environment(), cwd=ROOT, seconds=1200)
    if installed.returncode != 0 and os.environ.get("CI") != "true":
        pytest.skip(f"the packages can't be installed here: {installed.stderr[-500:]}")
    assert installed.returncode == 0, installed.stderr[-3000:]
    return command


def environment() -> dict[str, str]:
    """The environment of programs that import this project and its tests."""
    paths = os.pathsep.join([str(ROOT), str(TESTS)])
    return installing() | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "", "SPARK_LOCAL_IP": "127.0.0.1"}


def worked(command: list[str], worker: str, asked: dict[str, Any], seconds: float = 1500) -> dict[str, Any]:
    """What a worker answers."""
    done = subprocess.run(
        [*command, "python", str(TESTS / worker)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment(),
        timeout=seconds,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    assert asked["given"]["token"] not in done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told
