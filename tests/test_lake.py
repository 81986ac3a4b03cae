"""A lake that follows the warehouse: Delta or Iceberg tables that hold what the DuckDB file does, after each run."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest
from deltalake import DeltaTable, write_deltalake
from equality import Server, keyed, on_server, unlike
from lakes import READ, unlike_file
from office import Office
from real_label_studio import RealLabelStudio
from test_cli import SCRIPT, Shell

from pipelines.checks import CheckResult
from pipelines.label_studio.tables import TABLES
from pipelines.lake import FORMATS, ledger
from pipelines.lake.delta import DeltaLake

# beside other tests, a run takes its time
pytestmark = pytest.mark.timeout(900)


class LakeShell(Shell):
    """The command line, with a lake that follows the file."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
    ) -> None:
        super().__init__(folder, monkeypatch, capsys)
        self.kind = kind
        self.project = "all"
        self.lake = folder / "lake"
        monkeypatch.setenv("WAREHOUSE__DESTINATION_NAME", "filesystem")
        monkeypatch.setenv("WAREHOUSE__LAKE_URL", str(self.lake))
        monkeypatch.setenv("WAREHOUSE__LAKE_FORMAT", kind)

    def load(self, *arguments: str) -> str:
        """A run that must end well, and leave the lake as the file is; gives what was said on stdout."""
        code, out, err = self.run("--project", self.project, "--quiet", *arguments)
        assert code == 0, err
        assert self.unlike() == []
        return out

    @property
    def ids(self) -> list[int]:
        """The tasks on the server, of the project if it is one."""
        tasks = self.fake.tasks.values()
        return sorted(task["id"] for task in tasks if self.project in ("all", str(task["project"])))

    def unlike(self) -> list[str]:
        """Where the lake is not as the file."""
        return unlike_file(str(self.lake), READ[self.kind], self.database)

    def files(self, name: str) -> set[str]:
        """The files that a Delta table consists of."""
        return set(DeltaTable(self.lake / name).file_uris())


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> LakeShell:
    """The command line, with the sample behind it and a lake of Delta tables; blocks are small."""
    monkeypatch.setattr(ledger, "BLOCK", 4)
    shell = LakeShell(tmp_path, monkeypatch, capsys, "delta")
    shell.project = "4"
    return shell


# what it holds


@pytest.mark.parametrize("kind", FORMATS)
def test_a_lake_follows_the_warehouse(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All tables are there with the same rows: after a first run, after one that brings nothing, after changes."""
    monkeypatch.setattr(ledger, "BLOCK", 50)
    shell = LakeShell(tmp_path, monkeypatch, capsys, kind)
    out = shell.load()
    assert f"lake: {shell.lake} ({kind})" in out
    names = {*TABLES, "load_runs", "agreement_scores"}
    assert all(READ[kind](str(shell.lake), name).num_rows for name in names - {"deleted_tasks"})
    shell.load()
    first, *others = shell.ids
    shell.fake.delete(first, others[40])
    changed = shell.fake.tasks[others[20]]
    shell.fake.put({**changed, "data": {**changed["data"], "more": "text"}, "updated_at": "2030-01-01T00:00:00Z"})
    shell.load("--reconcile")
    assert READ[kind](str(shell.lake), "deleted_tasks").num_rows == 2
    assert any("more" in data for data in READ[kind](str(shell.lake), "tasks")["data"].to_pylist())


def test_what_means_what_is_in_the_tables(shell: LakeShell) -> None:
    """Delta tables carry the descriptions of tables and columns."""
    shell.load()
    delta = DeltaTable(shell.lake / "tasks")
    assert delta.metadata().description == TABLES["tasks"].description
    fields = {field.name: field.metadata["comment"] for field in delta.schema().fields}
    assert fields == {column.name: column.description for column in TABLES["tasks"].columns}


def test_only_what_changed_is_replaced(shell: LakeShell) -> None:
    """A change replaces the files of its block, in the tables that it touches; a run without changes, none."""
    shell.load()
    before = {name: shell.files(name) for name in ("tasks", "results", "annotations", "users")}
    versions = {name: DeltaTable(shell.lake / name).version() for name in before}
    shell.load("--reconcile")
    assert {name: DeltaTable(shell.lake / name).version() for name in before} == versions
    task_id = shell.ids[-1]
    changed = shell.fake.tasks[task_id]
    shell.fake.put({**changed, "data": {**changed["data"], "more": "text"}, "updated_at": "2030-01-01T00:00:00Z"})
    shell.load("--reconcile")
    after = {name: shell.files(name) for name in before}
    assert len(before["tasks"] - after["tasks"]) == 1
    assert len(before["tasks"] & after["tasks"]) > 5
    assert {name: files for name, files in after.items() if name != "tasks"} == {
        name: files for name, files in before.items() if name != "tasks"
    }


# what goes wrong


def test_what_was_left_undone_is_done_by_the_next_run(shell: LakeShell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lake that fails between two tables is said so, exit code 1; it is completed, also where nothing changed."""
    shell.load()
    task_id = shell.ids[3]
    shell.fake.delete(task_id)
    replace, calls = DeltaLake.replace, []

    def failing(self: DeltaLake, table: Any, *given: Any) -> None:
        calls.append(table.name)
        if len(calls) > 3:
            raise OSError("no space left on device")
        replace(self, table, *given)

    monkeypatch.setattr(DeltaLake, "replace", failing)
    code, _, err = shell.run("--project", shell.project, "--reconcile", "--quiet")
    assert code == 1
    [line] = [line for line in err.splitlines() if line.startswith("tasks.py:")]
    assert line == (
        f"tasks.py: loaded, but the lake {shell.lake} (delta) can't be brought up to date (no space left on device);"
        " nothing is lost, run again"
    )
    assert shell.unlike() != []
    parts = {path.name for path in shell.lake.rglob("part-*.parquet")}
    monkeypatch.setattr(DeltaLake, "replace", replace)
    shell.load()
    assert {Path(file).name for file in shell.files("tasks")} <= {path.name for path in shell.lake.rglob("*.parquet")}
    assert parts


@pytest.mark.parametrize("gone", ["lake", "a table", "warehouse"])
def test_what_does_not_go_together_is_written_anew(gone: str, shell: LakeShell) -> None:
    """Where the lake or the file was replaced, the lake still is as the file is then."""
    shell.load()
    shell.fake.delete(*shell.ids[:12])
    if gone == "lake":
        shutil.rmtree(shell.lake)
    elif gone == "a table":
        shutil.rmtree(shell.lake / "annotations")
    else:
        shell.database.unlink()
    shell.load("--reconcile")


def test_a_failed_check_leaves_the_lake(shell: LakeShell, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it leaves the readers' copy."""
    shell.load()
    found = CheckResult("assert_x", "what must not be", "error", 1, ("a",), ((1,),))
    monkeypatch.setattr("pipelines.run.failed_checks", lambda *_: [found])
    version = DeltaTable(shell.lake / "load_runs").version()
    code, _, err = shell.run("--project", shell.project, "--quiet")
    assert code == 3
    assert f"the lake is left as it is, as a check failed: {shell.lake} (delta)" in err
    assert DeltaTable(shell.lake / "load_runs").version() == version


def test_tables_of_another_release_are_refused(shell: LakeShell) -> None:
    """One line says which, and what to do."""
    shell.load()
    table = DeltaTable(shell.lake / "users")
    rows = table.to_pyarrow_table()
    shutil.rmtree(shell.lake / "users")
    write_deltalake(shell.lake / "users", rows.drop_columns(["email"]))
    code, _, err = shell.run("--project", shell.project, "--quiet")
    assert code == 1
    assert "the lake's table users has the columns id, " in err
    assert "remove it, and the next run writes it anew" in err
    shutil.rmtree(shell.lake / "users")
    shell.load()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--destination", "filesystem", "--lake", ""], "destination filesystem needs a place for its tables"),
        (["--destination", "duckdb"], "a lake goes with destination filesystem or ducklake, not with duckdb"),
        (["--lake-format", "hudi"], "lake_format is 'hudi': it takes delta or iceberg"),
        (["--lake", "s3://key:geheim@bucket/lake"], "the lake's address must hold no credentials"),
        (["--shard", "1/2"], "can't be loaded into destination filesystem, which takes one run at a time"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], said: str, shell: LakeShell) -> None:
    """Before anything is fetched, in one line, with exit code 2; a secret is not shown."""
    code, _, err = shell.run("--project", "1", "--quiet", *arguments)
    assert code == 2
    [line] = err.splitlines()
    assert said in line
    assert "geheim" not in line
    assert not shell.fake.requests


@pytest.mark.parametrize(
    ("destination", "catalog", "said"),
    [
        ("ducklake", "dbname=lake password=geheim", "lake_catalog can't be read, and is not shown"),
        ("ducklake", "mysql://me:geheim@host/lake", "lake_catalog can't be read, and is not shown"),
        ("filesystem", "geheim", "Delta tables have no catalog"),
    ],
)
def test_a_catalog_that_makes_no_sense_is_refused(
    destination: str, catalog: str, said: str, shell: LakeShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line that does not show it."""
    monkeypatch.setenv("WAREHOUSE__LAKE_CATALOG", catalog)
    code, _, err = shell.run("--project", "1", "--quiet", "--destination", destination)
    assert code == 2
    [line] = err.splitlines()
    assert said in line
    assert "geheim" not in line


# the real server


@pytest.mark.real
@pytest.mark.parametrize("kind", FORMATS)
def test_a_lake_is_as_the_server(kind: str, tmp_path: Path, label_studio: RealLabelStudio) -> None:
    """People work, and runs are killed while they write the lake: in the end, it holds what the server does."""
    run = Runs(tmp_path, label_studio, kind)
    with Server(label_studio) as server:
        office = Office(server, Random(5))
        office.open(f"Lake {kind}", (40, 40))
        try:
            run.to_the_end(office.projects)
            for moment in range(2):
                office.work(12, in_sight=False)
                run.killed_in_the_lake(office.projects, 0.1 + 0.4 * moment)
            office.work(12, in_sight=False)
            run.to_the_end(office.projects)
            assert unlike_file(str(run.lake), READ[kind], run.database) == []
            names = [name for name in TABLES if name != "deleted_tasks"]
            found = {name: keyed(name, READ[kind](str(run.lake), name).to_pylist()) for name in names}
            assert unlike(found, on_server(server, office.projects)) == []
        finally:
            office.close()


class Runs:
    """Runs of the command as processes of their own."""

    def __init__(self, folder: Path, server: RealLabelStudio, kind: str) -> None:
        self.database, self.lake = folder / "warehouse.duckdb", folder / "lake"
        self._command = [sys.executable, SCRIPT, "--database", str(self.database), "--no-publish", "--full"]
        self._command += ["--destination", "filesystem", "--lake", str(self.lake), "--lake-format", kind]
        self._environment = os.environ | {
            "LABEL_STUDIO_URL": server.url,
            "LABEL_STUDIO_API_KEY": server.legacy_token,
            "DLT_DATA_DIR": str(folder / "dlt"),
        }

    def to_the_end(self, projects: list[int]) -> None:
        """A run that must end well."""
        process = self._start(projects)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said

    def killed_in_the_lake(self, projects: list[int], seconds: float) -> None:
        """A run that is killed so many seconds after it began to write the lake, if it is not over by then."""
        process = self._start(projects)
        assert process.stderr
        for line in process.stderr:
            if "checked: " in line:
                break
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)

    def _start(self, projects: list[int]) -> subprocess.Popen[str]:
        chosen = [word for project_id in projects for word in ("--project", str(project_id))]
        return subprocess.Popen(
            [*self._command, *chosen],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
