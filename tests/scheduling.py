"""What the tests of the README's schedules stand on: its code blocks, real programs, and a server on a real socket."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from pipelines.demo import FakeLabelStudio
from pipelines.reference import README
from pipelines.settings import ROOT

PLACE = "/srv/label-studio-warehouse"
BLOCKS = re.findall(r"<!-- schedule: (.+?) -->\n```\w+\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def block(name: str) -> str:
    """The README's code block of this name."""
    [text] = [text for given, text in BLOCKS if given == name]
    return str(text)


def tool(name: str) -> str:
    """The path of a program; without it, the test is skipped, or fails in CI."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None and os.environ.get("CI") != "true":
        pytest.skip(f"{name} is not installed here")
    assert found, f"{name} is not installed"
    return found


def run(
    *command: str, env: Mapping[str, str], cwd: Path | None = None, seconds: float = 240
) -> subprocess.CompletedProcess[str]:
    """Runs a program with no other environment than `env` and what cron gives."""
    given = {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"], **env}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=given, cwd=cwd, timeout=seconds)


def installing() -> dict[str, str]:
    """The environment that uv needs to find packages on this machine, without the one that the tests run in."""
    return {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")}


def rows(settings: Mapping[str, str], query: str = "select count(*) from label_studio.tasks") -> list[Any]:
    """The first column of a query's rows."""
    with duckdb.connect(settings["WAREHOUSE__DUCKDB_PATH"], read_only=True) as connection:
        return [row[0] for row in connection.execute(query).fetchall()]


@contextmanager
def on_a_socket(fake: FakeLabelStudio) -> Iterator[str]:
    """The fake server on a real socket, while the block runs; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = f"http://{self.headers['Host']}{self.path}"
            answer = asyncio.run(fake(httpx.Request("GET", asked, headers=self.headers.items())))
            self.send_response_only(answer.status_code)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def lay_out(place: Path) -> None:
    """Makes the project appear in a folder."""
    place.mkdir()
    (place / ".venv").symlink_to(sys.prefix)
    for name in ("pipelines", "sql", ".dlt", "pyproject.toml", "uv.lock", "README.md"):
        (place / name).symlink_to(ROOT / name)


@contextmanager
def another_run(settings: Mapping[str, str]) -> Iterator[int]:
    """While the block runs, a run into the same warehouse waits for a server that is silent; gives its process."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        waiting = {**os.environ, **settings, "LABEL_STUDIO_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        command = [sys.executable, str(ROOT / "pipelines" / "tasks.py"), "--quiet"]
        with subprocess.Popen(command, env=waiting, stderr=subprocess.DEVNULL) as process:
            try:
                connection, _ = silent.accept()
                with connection:
                    yield process.pid
            finally:
                process.kill()


def python(code: str, *arguments: str, packages: list[str], env: Mapping[str, str]) -> list[str]:
    """The lines that code prints after `result: ` with other packages; skips where they can't be installed."""
    start = [tool("uv"), "run", "-q", "--isolated", *packages, "python", "-c"]
    install = run(*start, "", env=installing(), cwd=ROOT)
    if install.returncode != 0 and os.environ.get("CI") != "true":
        pytest.skip(f"the packages can't be installed here: {install.stderr[-500:]}")
    result = run(*start, code, *arguments, env=installing() | dict(env), cwd=ROOT)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return re.findall(r"^result: (.+)$", result.stdout, re.MULTILINE)
