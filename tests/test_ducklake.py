"""DuckLake that follows the warehouse, on the DuckDB that its extensions are packaged for."""

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from equality import Contents, Server, keyed, on_server, unlike
from lakes import counted, in_file
from postgres_server import PASSWORD, PostgresServer
from real_label_studio import RealLabelStudio
from seeding import Seed
from spark_programs import TESTS, environment, start
from test_cli import SCRIPT
from test_shards import project  # noqa: F401  # a fixture

from pipelines.analytics.definitions import views
from pipelines.label_studio.shards import Shard
from pipelines.label_studio.tables import TABLES
from pipelines.settings import ROOT

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def older() -> list[str]:
    """Begins a command with DuckLake."""
    return start("ducklake_requirements.txt")


class Lake:
    """A DuckLake, and the runs that write into it; `catalog` is as DuckLake has it."""

    def __init__(self, folder: Path, command: list[str], server: RealLabelStudio, catalog: str) -> None:
        self.folder = folder
        self.data = folder / "lake"
        self._command = command
        self._catalog = catalog
        self._address = catalog.partition(":")[2]
        self._environment = environment() | {
            "LABEL_STUDIO_URL": server.url,
            "LABEL_STUDIO_API_KEY": server.legacy_token,
            "WAREHOUSE__LAKE_CATALOG": self._address,
        }
        self._copies = 0

    def start(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        """A run that begins now, with a file and a working folder of its own, as on a machine of its own."""
        return subprocess.Popen(
            [
                *[*self._command, "python", SCRIPT, "--destination", "ducklake", "--lake", str(self.data)],
                *["--no-publish", "--database", str(self.folder / f"{name}.duckdb"), *arguments],
            ],
            cwd=ROOT,
            env=self._environment | {"DLT_DATA_DIR": str(self.folder / name)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, run: subprocess.Popen[str]) -> str:
        """What a run says, which must end well."""
        _, said = run.communicate(timeout=600)
        assert run.returncode == 0, said
        assert PASSWORD not in said
        return said

    def copy(self) -> tuple[Path, dict[str, str]]:
        """A DuckDB file with all that the lake holds, and its comments by name."""
        self._copies += 1
        target = self.folder / f"copy {self._copies}.duckdb"
        done = subprocess.run(
            [*self._command, "python", str(TESTS / "ducklake_worker.py")],
            input=json.dumps({"catalog": self._catalog, "data": str(self.data), "target": str(target)}),
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env=self._environment,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        comments: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        return target, comments

    def contents(self) -> Contents:
        """The rows of the loaded tables."""
        target, _ = self.copy()
        return {name: keyed(name, rows(target, f"label_studio.{name}")) for name in TABLES if name != "deleted_tasks"}


def rows(database: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a table or view."""
    with duckdb.connect(str(database), read_only=True) as connection:
        cursor = connection.execute(f"from {name}")
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_a_lake_is_as_the_file_that_it_follows(
    tmp_path: Path, older: list[str], label_studio: RealLabelStudio, seeded: Seed
) -> None:
    """All tables with their comments, and all views with the same rows; the catalog is a SQLite file."""
    lake = Lake(tmp_path, older, label_studio, f"sqlite:{tmp_path}/catalog.sqlite")
    chosen = [word for project_id in seeded.project_ids.values() for word in ("--project", str(project_id))]
    lake.end(lake.start("one", *chosen))
    # the tasks that changed last are read again
    lake.end(lake.start("one", *chosen))
    target, comments = lake.copy()
    database = tmp_path / "one.duckdb"
    expected = {name: found for name, _, found in in_file(database)}
    assert len(expected) > len(TABLES)
    for name, _, found in in_file(target):
        if name in expected:
            assert found == expected.pop(name), name
    assert expected == {}
    assert comments["label_studio.tasks"] == TABLES["tasks"].description
    for view in views():
        assert comments[f"analytics.{view.name}"] == view.description
        name = f"analytics.{view.name}"
        held, due = (counted(tuple(row.values()) for row in rows(path, name)) for path in (target, database))
        assert rounded(held) == rounded(due), view.name


def rounded(found: Any) -> list[str]:
    """Rows in their order; sums of numbers have no fixed last digit.

    Twelve digits are more than a mean of scores has: with fewer, one may lie halfway, and be rounded either way.
    """
    return sorted(repr([f"{v:.12g}" if isinstance(v, float) else v for v in row]) for row in found.elements())


def test_four_shards_at_once_fill_one_lake(
    tmp_path: Path,
    older: list[str],
    postgres: PostgresServer,
    label_studio: RealLabelStudio,
    project: tuple[Server, int],  # noqa: F811  # the fixture
) -> None:
    """The catalog is a PostgreSQL database; one run is killed and run again. The rows are those of the server."""
    server, project_id = project
    lake = Lake(tmp_path, older, label_studio, f"postgres:{postgres.new_database()}")
    shards = {number: ("--project", str(project_id), "--shard", f"{number}/4") for number in (1, 2, 3, 4)}
    runs = {number: lake.start(str(number), *arguments) for number, arguments in shards.items()}
    kill_once_it_is_checked(runs.pop(3))
    for run in runs.values():
        lake.end(run)
    lake.end(lake.start("3", *shards[3]))
    assert unlike(lake.contents(), on_server(server, [project_id])) == []
    # one task is deleted, one changed: whose they are finds it
    ids = sorted(key[0] for key in lake.contents()["tasks"])
    server.api("DELETE", f"/api/tasks/{ids[5]}/")
    server.api("PATCH", f"/api/tasks/{ids[-5]}/", {"data": {"t": "changed"}})
    whose = [number for number in shards if any(Shard(number, 4).holds(ids[place]) for place in (5, -5))]
    runs = {number: lake.start(str(number), *shards[number], "--reconcile") for number in whose}
    for run in runs.values():
        lake.end(run)
    assert unlike(lake.contents(), on_server(server, [project_id])) == []
    target, _ = lake.copy()
    assert [row["task_id"] for row in rows(target, "label_studio.deleted_tasks")] == [ids[5]]
    assert {row["shard"] for row in rows(target, "label_studio.load_runs")} == {f"{number}/4" for number in shards}
    held = {row["task_id"] for row in rows(target, "analytics.annotation_labels")}
    assert held == set(ids) - {ids[5]}


def kill_once_it_is_checked(run: subprocess.Popen[str]) -> None:
    """Kills a run while it brings the lake up to date."""
    assert run.stderr
    for line in run.stderr:
        if "checked: " in line:
            break
    time.sleep(0.5)
    run.send_signal(signal.SIGKILL)
    run.communicate(timeout=60)


def test_a_catalog_that_is_not_there_is_said_without_its_password(
    tmp_path: Path, older: list[str], label_studio: RealLabelStudio
) -> None:
    """One line, exit code 1, and the warehouse is loaded."""
    address = f"postgresql://somebody:{PASSWORD}@127.0.0.1:1/nowhere"
    lake = Lake(tmp_path, older, label_studio, f"postgres:{address}")
    run = lake.start("one", "--ids", "1", "--quiet")
    _, said = run.communicate(timeout=600)
    assert run.returncode == 1, said
    assert f"the catalog of {lake.data} (DuckLake) can't be opened" in said
    assert PASSWORD not in said
    assert "Traceback" not in said
