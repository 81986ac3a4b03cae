"""What a run leaves undone, and the next one makes of it: whatever happened in between, the tables become right."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from loading import Warehouse
from test_cli import Shell

from pipelines.label_studio.tables import TABLES

LOADING = "loading what an interrupted run had fetched"
CHANGED = "what an interrupted run had fetched is fetched again: the warehouse has changed since"
BROKEN = "what an interrupted run had fetched is fetched again: it can't be loaded"
RUN = ("--project", "4")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line, with the sample behind it; without a readers' copy."""
    monkeypatch.setenv("WAREHOUSE__PUBLISH", "false")
    # a day may begin between two runs
    monkeypatch.setenv("SOURCES__LABEL_STUDIO__RECONCILE_EVERY", "never")
    return Shell(tmp_path, monkeypatch, capsys)


def folder() -> Path:
    """The working folder of the warehouse."""
    [found] = Path(os.environ["DLT_DATA_DIR"]).glob("pipelines/*/label_studio")
    return found


def ids(shell: Shell) -> list[int]:
    """The tasks of project 4 on the server."""
    return sorted(task["id"] for task in shell.fake.tasks.values() if task["project"] == 4)


def change(shell: Shell, *task_ids: int, text: str) -> None:
    """Somebody works on tasks, now by the server's clock."""
    now = f"{datetime.fromtimestamp(shell.fake.clock(), UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    for task_id in task_ids:
        task = shell.fake.tasks[task_id]
        shell.fake.put({**task, "data": {**task["data"], "text": text}, "updated_at": now})


def pass_by(shell: Shell) -> None:
    """Lets an hour pass on the server: what changed up to now is older than what a run reads once more."""
    clock = shell.fake.clock
    shell.fake.clock = lambda: clock() + 3600


def texts(shell: Shell, *task_ids: int) -> list[Any]:
    """The texts of tasks in the warehouse."""
    some = ", ".join(map(str, task_ids))
    query = f"select data ->> '$.text' from label_studio.tasks where id in ({some}) order by id"
    return [row[0] for row in shell.rows(query)]


def fail_once(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Lets the next call of a step of dlt's pipeline fail."""
    works = getattr(dlt.Pipeline, step)

    def fail(*_: Any, **__: Any) -> Any:
        monkeypatch.setattr(dlt.Pipeline, step, works)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dlt.Pipeline, step, fail)


def expect_the_servers(shell: Shell) -> None:
    """The tables hold what a new warehouse would."""
    with Warehouse(shell.database.with_name("fresh.duckdb")) as fresh:
        fresh.load(fake=shell.fake, project_ids=[4])
        expected = fresh.contents()
    fresh.path.unlink()
    shutil.rmtree(fresh.path.with_suffix(".pipelines"))
    with duckdb.connect(str(shell.database)) as connection:
        connection.execute("set schema = 'label_studio'")
        for name in TABLES:
            columns = ", ".join(f'"{column.name}"' for column in TABLES[name].columns)
            query = f"select {columns} from {name} order by {', '.join(TABLES[name].key)}"
            if name != "deleted_tasks":
                assert connection.execute(query).fetchall() == expected[name], name


# what is still good


@pytest.mark.parametrize("step", ["normalize", "load"])
def test_what_was_fetched_is_loaded_by_the_next_run(shell: Shell, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """A package that a failed run left behind is loaded first, and no task of it is fetched a second time."""
    fail_once(monkeypatch, step)
    code, _, err = shell.run(*RUN, "--quiet")
    assert code == 1
    assert err == (
        "tasks.py: OSError: [Errno 28] No space left on device; nothing is lost, run again; --verbose tells more\n"
    )
    shell.fake.requests.clear()
    code, out, err = shell.run(*RUN)
    assert code == 0
    assert LOADING in err
    assert re.search(r"^tasks loaded +0$", out, re.MULTILINE)
    assert not any("expand" in request.url.params for request in shell.fake.requests)
    expect_the_servers(shell)


def test_a_load_that_the_warehouse_refuses_is_one_line(shell: Shell) -> None:
    """Where a table stands in the way of the load, the run exits with 1, and the tables stay; later all is well."""
    assert shell.run(*RUN)[0] == 0
    with duckdb.connect(str(shell.database)) as connection:
        connection.execute("alter table label_studio.results rename to hidden")
        connection.execute("create view label_studio.results as select * from label_studio.hidden")
    change(shell, *ids(shell)[:3], text="new")
    code, _, err = shell.run(*RUN, "--quiet")
    assert code == 1
    assert "nothing is lost, run again" in err
    assert err.count("\n") == 1
    assert "new" not in texts(shell, *ids(shell)[:3])
    with duckdb.connect(str(shell.database)) as connection:
        connection.execute("drop view label_studio.results")
        connection.execute("alter table label_studio.hidden rename to results")
    assert shell.run(*RUN)[0] == 0
    expect_the_servers(shell)


def test_nothing_is_lost_while_another_program_holds_the_file(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that waits outlasts runs that can't open the file; the first one that can loads it."""
    monkeypatch.setenv("WAREHOUSE__LOCK_TIMEOUT", "0.5")
    fail_once(monkeypatch, "load")
    assert shell.run(*RUN)[0] == 1
    hold = f"import duckdb, sys; c = duckdb.connect({str(shell.database)!r}); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        code, _, err = shell.run(*RUN, "--quiet")
        holder.communicate()
    assert code == 1
    assert f"is held open by another program (process {holder.pid}): close it there, or let it end" in err
    code, _, err = shell.run(*RUN)
    assert code == 0
    assert LOADING in err
    expect_the_servers(shell)


# what is good no more


def cut(pattern: str) -> Callable[[], None]:
    """Damages what lies in the working folder, as a full disk or a power failure does."""

    def damage() -> None:
        found = [path for path in folder().glob(pattern) if path.is_file()]
        assert found, sorted(path.relative_to(folder()) for path in folder().rglob("*"))
        for path in found:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return damage


DAMAGES = {
    "fetched files": ("normalize", cut("normalize/extracted/*/new_jobs/*.parquet")),
    "prepared files": ("load", cut("load/normalized/*/new_jobs/*.parquet")),
    "the prepared schema": ("load", cut("load/normalized/*/schema.json")),
    "the state": ("load", cut("state.json")),
    "the schemas": ("load", cut("schemas/*")),
}


@pytest.mark.parametrize(("step", "damage"), DAMAGES.values(), ids=DAMAGES)
def test_what_can_never_be_loaded_is_fetched_again(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, step: str, damage: Callable[[], Any]
) -> None:
    """A package that is damaged on the disk, at whatever stage, is thrown away with a warning, and fetched again."""
    fail_once(monkeypatch, step)
    assert shell.run(*RUN)[0] == 1
    damage()
    code, _, err = shell.run(*RUN)
    assert code == 0, err
    assert "Traceback" not in err
    expect_the_servers(shell)


def test_a_broken_working_folder_is_begun_anew(shell: Shell) -> None:
    """Where the working folder can't be read and nothing waits in it, the next run goes on incrementally."""
    assert shell.run(*RUN)[0] == 0
    pass_by(shell)
    state = folder() / "state.json"
    state.write_bytes(state.read_bytes()[:40])
    code, out, _ = shell.run(*RUN)
    assert code == 0
    assert re.search(r"^mode +incremental$", out, re.MULTILINE)
    expect_the_servers(shell)


def test_what_was_fetched_for_an_older_copy_is_thrown_away(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an older copy of the warehouse was put back, the package that waits does not go with it any more."""
    first, second, *_ = ids(shell)
    assert shell.run(*RUN)[0] == 0
    older = shell.database.read_bytes()
    pass_by(shell)
    change(shell, first, text="second run")
    assert shell.run(*RUN)[0] == 0
    pass_by(shell)
    change(shell, second, text="third run")
    fail_once(monkeypatch, "load")
    assert shell.run(*RUN)[0] == 1
    shell.database.write_bytes(older)
    code, _, err = shell.run(*RUN)
    assert code == 0
    assert CHANGED in err
    assert texts(shell, first, second) == ["second run", "third run"]
    expect_the_servers(shell)


def test_what_was_fetched_before_another_machines_load_is_thrown_away(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A package that waits on one machine while another one loads never puts old rows over new ones."""
    first, *_ = ids(shell)
    assert shell.run(*RUN)[0] == 0
    change(shell, first, text="old")
    fail_once(monkeypatch, "load")
    assert shell.run(*RUN)[0] == 1
    change(shell, first, text="new")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "elsewhere"))
    assert shell.run(*RUN)[0] == 0
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    # by now nothing tells the server's change from one that was read long ago
    pass_by(shell)
    code, _, err = shell.run(*RUN)
    assert code == 0
    assert CHANGED in err
    assert texts(shell, first) == ["new"]
    expect_the_servers(shell)


def test_what_was_fetched_for_a_deleted_file_is_thrown_away(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the warehouse was deleted while a package waited, everything is fetched anew."""
    assert shell.run(*RUN)[0] == 0
    fail_once(monkeypatch, "load")
    assert shell.run(*RUN)[0] == 1
    shell.database.unlink()
    code, _, err = shell.run(*RUN)
    assert code == 0
    assert CHANGED in err
    expect_the_servers(shell)


# what the warehouse says counts


def test_an_older_copy_of_the_warehouse_is_brought_up_to_date(shell: Shell) -> None:
    """After an older copy was put back, the next run reads on from where that copy was."""
    first, *_ = ids(shell)
    assert shell.run(*RUN)[0] == 0
    older = shell.database.read_bytes()
    pass_by(shell)
    change(shell, first, text="in between")
    assert shell.run(*RUN)[0] == 0
    pass_by(shell)
    shell.database.write_bytes(older)
    code, out, _ = shell.run(*RUN)
    assert code == 0
    assert re.search(r"^mode +incremental$", out, re.MULTILINE)
    assert texts(shell, first) == ["in between"]
    expect_the_servers(shell)


def test_another_machine_goes_on_where_the_first_was(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With an empty working folder, a run reads only what changed since the last one, wherever that ran."""
    first, *_ = ids(shell)
    assert shell.run(*RUN)[0] == 0
    pass_by(shell)
    change(shell, first, text="new")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "elsewhere"))
    code, out, _ = shell.run(*RUN)
    assert code == 0
    assert re.search(r"^mode +incremental$", out, re.MULTILINE)
    assert re.search(r"^tasks loaded +1$", out, re.MULTILINE)
    expect_the_servers(shell)


def test_a_deleted_warehouse_is_filled_anew(shell: Shell) -> None:
    """Where the file is gone, the next run is a full one."""
    assert shell.run(*RUN)[0] == 0
    shell.database.unlink()
    code, out, _ = shell.run(*RUN)
    assert code == 0
    assert re.search(r"^mode +full$", out, re.MULTILINE)
    expect_the_servers(shell)


def test_a_folder_that_was_half_emptied_is_begun_anew(shell: Shell) -> None:
    """A run that was killed while it emptied the folder leaves a state without its schema: no harm is done."""
    assert shell.run("--project", "4")[0] == 0
    [schemas] = Path(os.environ["DLT_DATA_DIR"]).glob("pipelines/*/label_studio/schemas")
    for schema in schemas.iterdir():
        schema.unlink()
    code, _, err = shell.run("--project", "4")
    assert code == 0
    assert "can't be read and is begun anew" in err


def test_a_kill_while_a_package_is_thrown_away_leaves_no_half_of_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is thrown away is out of reach before its first file is deleted, and the next run deletes the rest."""
    assert shell.run(*RUN)[0] == 0
    working = folder()

    def killed(path: Path, **_: object) -> None:
        assert path != working
        if path.exists():
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.leftovers.shutil.rmtree", killed)
        assert shell.run(*RUN)[0] == 130
    assert not working.exists()
    assert (working.parent / "discarded").exists()
    assert shell.run(*RUN)[0] == 0
    assert not (working.parent / "discarded").exists()
