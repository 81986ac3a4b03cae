"""The readers' copy: whole loads only, whatever the readers do, and the last good one where a run fails."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from test_cli import Shell

from pipelines import readers

#: One value of `round` in all tasks, and every task whole: what each load has, and a mixture of two has not.
ROUND = """
    select
        count(distinct data ->> '$.round'),
        max((data ->> '$.round')::int),
        count(*),
        (select count(*) from label_studio.results) - (select sum(result_count)::bigint from label_studio.annotations)
            - (select sum(result_count)::bigint from label_studio.predictions)
            - (select coalesce(sum(result_count)::bigint, 0) from label_studio.drafts)
    from label_studio.tasks
"""

#: Reads until its standard input ends: through a connection for each query (new), or through one for all (same).
READER = f"""
import duckdb, json, select, sys, time
path, kind = sys.argv[1:]
opened = lambda: duckdb.connect(path, read_only=True)
connection = opened()
print("reading", flush=True)
seen, errors = [], []
while not select.select([sys.stdin], [], [], 0.05)[0]:
    try:
        if kind == "new":
            connection.close()
            connection = opened()
        seen.append(connection.execute('''{ROUND}''').fetchone())
    except Exception as error:
        errors.append(str(error))
print(json.dumps([seen, errors]))
"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line, with the sample behind it."""
    return Shell(tmp_path, monkeypatch, capsys)


def copy_of(shell: Shell) -> Path:
    """Where the readers' copy goes unless something else is said."""
    return shell.database.with_name("warehouse_readers.duckdb")


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query on a file."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


def work_on_all(shell: Shell, number: int) -> None:
    """Changes every task of project 4 on the server, at once."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    for task in shell.fake.tasks.values():
        if task["project"] == 4:
            task["data"] = {**task["data"], "round": number}
            task["updated_at"] = now


def left_over(shell: Shell) -> list[str]:
    """The files beside the database that nobody asked for."""
    wanted = {shell.database, copy_of(shell), shell.database.with_name("dlt")}
    return [path.name for path in shell.database.parent.iterdir() if path not in wanted]


# while people read


@contextmanager
def reading(path: Path, kind: str) -> Iterator[Callable[[], Any]]:
    """A process that reads all the time; the function ends it, and gives what it saw and its errors."""
    arguments = [sys.executable, "-c", READER, str(path), kind]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()

        def ended() -> Any:
            return json.loads(process.communicate("end", timeout=30)[0])

        try:
            yield ended
        finally:
            process.kill()


@pytest.mark.timeout(900)
def test_readers_meet_no_error_and_whole_loads_only(shell: Shell) -> None:
    """During twenty runs, who opens the copy for each query sees one load after the other, who keeps it open the first.

    Every task changes before each run; a query that met two values, or a task without its results, met half a load.
    """
    work_on_all(shell, 0)
    assert shell.run("--project", "4", "--quiet")[0] == 0
    with reading(copy_of(shell), "new") as each_time, reading(copy_of(shell), "same") as once:
        for number in range(1, 21):
            work_on_all(shell, number)
            assert shell.run("--project", "4", "--quiet")[0] == 0
        (new, new_errors), (same, same_errors) = each_time(), once()
    assert (new_errors, same_errors) == ([], [])
    assert {(values, tasks, astray) for values, _, tasks, astray in new} == {(1, 30, 0)}
    numbers = [number for _, number, _, _ in new]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) >= 15
    assert {tuple(row) for row in same} == {(1, 0, 30, 0)}
    assert rows(copy_of(shell), ROUND) == [(1, 20, 30, 0)]


def test_the_copy_is_all_that_the_database_is(shell: Shell) -> None:
    """The copy has the tables, the rows, the comments and the run's own row; the summary names it."""
    code, out, err = shell.run("--project", "4")
    assert code == 0
    for query in (
        "select * from label_studio.results order by result_key",
        "select * from label_studio.load_runs",
        "select table_name, comment from duckdb_tables() where schema_name = 'label_studio' order by all",
        "select table_name, column_name, comment from duckdb_columns() where comment is not null order by all",
    ):
        assert rows(copy_of(shell), query) == rows(shell.database, query) != []
    assert rows(copy_of(shell), "select exit_code from label_studio.load_runs") == [(0,)]
    assert f"for readers: {copy_of(shell)}" in out
    assert f"published {copy_of(shell)}" in err
    assert left_over(shell) == []


def test_the_warehouse_stays_locked_while_it_is_copied(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the run is over, no other process can open the database for writing, also once the copy was made."""
    said = []
    made_sure_of = readers.make_sure_of

    def look(path: Path) -> None:
        script = f"import duckdb; duckdb.connect({str(shell.database)!r}); print('opened')"
        result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        said.append(result.stdout + result.stderr)
        made_sure_of(path)

    monkeypatch.setattr(readers, "make_sure_of", look)
    assert shell.run("--project", "4")[0] == 0
    assert said
    assert all("Could not set lock" in line for line in said)


# where it goes


def test_a_flag_or_a_setting_says_where_it_goes(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--publish wins over publish_path, which wins over the place beside the database; --no-publish writes none."""
    (tmp_path / "dashboards").mkdir()
    flag, setting = tmp_path / "dashboards" / "flag.duckdb", tmp_path / "dashboards" / "setting.duckdb"
    assert shell.run("--project", "4", "--no-publish")[0] == 0
    assert not copy_of(shell).exists()
    monkeypatch.setenv("WAREHOUSE__PUBLISH_PATH", str(setting))
    assert shell.run("--project", "4")[0] == 0
    assert (setting.exists(), flag.exists(), copy_of(shell).exists()) == (True, False, False)
    before = setting.stat().st_mtime_ns
    assert shell.run("--project", "4", "--publish", str(flag))[0] == 0
    assert rows(flag, "select count(*) from label_studio.tasks") == [(30,)]
    assert (setting.stat().st_mtime_ns, copy_of(shell).exists()) == (before, False)


def test_the_demo_leaves_the_readers_copy_of_the_warehouse_alone(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--demo never puts the sample in place of the copy that the settings name: people's dashboards read there."""
    copy = tmp_path / "dashboards.duckdb"
    monkeypatch.setenv("WAREHOUSE__PUBLISH_PATH", str(copy))
    assert shell.run("--project", "4")[0] == 0
    before = copy.read_bytes()
    demo = ["--demo", "--project", "1", "--database", str(tmp_path / "demo.duckdb")]
    assert shell.run(*demo, database=False)[0] == 0
    assert copy.read_bytes() == before


BAD_PLACES = {
    "a folder": ("folder", "the readers' copy can't be"),
    "a folder that does not exist": ("nowhere/copy.duckdb", "name a file in a folder that exists"),
    "the database itself": ("warehouse.duckdb", "can't be the database itself"),
    "the database by another name": ("link.duckdb", "can't be the database itself"),
    "a file named like the dataset": ("label_studio.duckdb", "is named like its dataset"),
}


@pytest.mark.parametrize(("name", "message"), BAD_PLACES.values(), ids=BAD_PLACES)
def test_a_place_that_cannot_be_is_refused(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    """A bad place for the copy exits with 2 and one line, before anything is fetched, by flag or setting."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.duckdb").symlink_to(shell.database)
    place = str(tmp_path / name)
    monkeypatch.setenv("WAREHOUSE__PUBLISH_PATH", place)
    code, _, err = shell.run("--project", "4", "--quiet")
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    monkeypatch.delenv("WAREHOUSE__PUBLISH_PATH")
    assert shell.run("--project", "4", "--quiet", "--publish", place)[0] == 2
    assert shell.fake.requests == []
    assert not shell.database.exists()


def test_publish_and_no_publish_exclude_each_other(shell: Shell) -> None:
    """Both flags at once exit with 2."""
    code, _, err = shell.run("--project", "4", "--publish", "x.duckdb", "--no-publish")
    assert code == 2
    assert "--publish and --no-publish: give one of the two" in err


# where a run fails


def test_a_failed_check_leaves_the_last_copy(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The copy is not replaced by a load that a check objects to; the log says so; a warning replaces it."""
    work_on_all(shell, 1)
    assert shell.run("--project", "4")[0] == 0
    checks = tmp_path / "checks"
    checks.mkdir()
    monkeypatch.setattr("pipelines.checks.CHECKS", checks)
    check = "-- Some.\n-- severity: {}\nselect id from annotations\n"
    (checks / "assert_some.sql").write_text(check.format("error"), encoding="utf-8")
    work_on_all(shell, 2)
    code, out, err = shell.run("--project", "4")
    assert code == 3
    assert f"the readers' copy is not replaced, as a check failed: {copy_of(shell)}" in err
    assert "for readers" not in out
    assert rows(copy_of(shell), ROUND)[0][1] == 1
    (checks / "assert_some.sql").write_text(check.format("warning"), encoding="utf-8")
    assert shell.run("--project", "4")[0] == 0
    assert rows(copy_of(shell), ROUND)[0][1] == 2


def test_a_full_disk_leaves_the_last_copy(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the copy can't be written to its end, the run exits with 1, and the last copy is whole and alone."""
    work_on_all(shell, 1)
    assert shell.run("--project", "4")[0] == 0
    copy = readers._copy
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def copy_on_full_disk(source: Path, target: Path) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        try:
            copy(source, target)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    monkeypatch.setattr(readers, "_copy", copy_on_full_disk)
    work_on_all(shell, 2)
    code, _, err = shell.run("--project", "4", "--quiet")
    assert code == 1
    assert err.startswith(f"tasks.py: loaded, but the readers' copy {copy_of(shell)} can't be written (")
    assert err.count("\n") == 1
    assert rows(shell.database, ROUND)[0][1] == 2
    assert rows(copy_of(shell), ROUND)[0][1] == 1
    assert left_over(shell) == []
    monkeypatch.setattr(readers, "_copy", copy)
    assert shell.run("--project", "4")[0] == 0
    assert rows(copy_of(shell), ROUND)[0][1] == 2
    assert [row[0] for row in shell.rows("select exit_code from label_studio.load_runs order by started_at")] == [
        0,
        1,
        0,
    ]


def test_a_folder_that_vanished_is_said(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the copy's folder goes while the run is at work, the tables are loaded, and the exit code is 1."""
    place = tmp_path / "mounted"
    place.mkdir()
    publish = readers.publish

    def unmount(*arguments: Any) -> None:
        place.rmdir()
        publish(*arguments)

    monkeypatch.setattr("pipelines.destinations.duckdb_file.publish", unmount)
    code, _, err = shell.run("--project", "4", "--quiet", "--publish", str(place / "copy.duckdb"))
    assert code == 1
    assert "can't be written" in err
    assert err.count("\n") == 1
    assert rows(shell.database, "select count(*) from label_studio.tasks") == [(30,)]


def test_what_lies_beside_the_copy_does_not_matter(shell: Shell) -> None:
    """A log that someone who wrote into the copy left, and the beginnings of a killed run's copy, are removed."""
    work_on_all(shell, 1)
    assert shell.run("--project", "4")[0] == 0
    copy = copy_of(shell)
    copy.chmod(0o644)
    # ended without closing, a writer leaves its log behind
    write = "c.execute('create table mine as select 1')"
    script = f"import duckdb, os; c = duckdb.connect({str(copy)!r}); {write}; os._exit(0)"
    subprocess.run([sys.executable, "-c", script], check=True)
    log, begun = copy.with_name(f"{copy.name}.wal"), copy.with_name(f".{copy.name}.new")
    assert log.exists()
    begun.write_bytes(b"half a copy")
    work_on_all(shell, 2)
    assert shell.run("--project", "4")[0] == 0
    assert left_over(shell) == []
    assert rows(copy, ROUND)[0][1] == 2
    assert rows(copy, "select 1 from duckdb_tables() where table_name = 'mine'") == []
