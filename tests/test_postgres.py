"""PostgreSQL as the warehouse: the same tables, the same promises."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from equality import in_warehouse
from loading import Warehouse
from postgres_server import PASSWORD, PostgresServer
from postgres_warehouse import PostgresWarehouse
from test_cli import SCRIPT, Shell
from test_real import test_every_task_is_loaded_as_the_api_gives_it as test_fidelity  # noqa: F401

from pipelines.analytics.definitions import kept_tables, views
from pipelines.demo import load_sample
from pipelines.label_studio.tables import TABLES, family

CREDENTIALS = "DESTINATION__POSTGRES__CREDENTIALS"


@pytest.fixture
def warehouse(postgres_warehouse: PostgresWarehouse) -> PostgresWarehouse:
    """For the tests of DuckDB files that pass unchanged on PostgreSQL."""
    return postgres_warehouse


class PostgresShell(Shell):
    """The command line, with PostgreSQL set as the warehouse."""

    warehouse: PostgresWarehouse

    def load(self, *arguments: str) -> None:
        """A run that must end well."""
        code, _, err = self.run("--project", "all", "--quiet", *arguments)
        assert code == 0, err

    def run(self, *arguments: str, database: bool = False) -> tuple[int, str, str]:
        """The exit code, what was said on stdout, and what on stderr; the password never is."""
        code, out, err = super().run(*arguments, database=database)
        assert PASSWORD not in out + err
        return code, out, err


def _shell(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> PostgresShell:
    monkeypatch.setenv(CREDENTIALS, url)
    monkeypatch.setenv("WAREHOUSE__DESTINATION_NAME", "postgres")
    return PostgresShell(folder, monkeypatch, capsys)


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], postgres: PostgresServer
) -> Iterator[PostgresShell]:
    """The command line, with the sample behind it and an empty database before it."""
    url = postgres.new_database()
    shell = _shell(url, tmp_path, monkeypatch, capsys)
    with PostgresWarehouse(url, tmp_path) as shell.warehouse:
        yield shell


@pytest.fixture(scope="module")
def sample(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database into which a run has loaded the sample."""
    url = postgres.new_database()
    environment = {**os.environ, CREDENTIALS: url, "DLT_DATA_DIR": str(tmp_path_factory.mktemp("dlt"))}
    command = [sys.executable, SCRIPT, "--demo", "--destination", "postgres", "--quiet"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return url.rpartition("/")[2]


@pytest.fixture
def loaded(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    postgres: PostgresServer,
    sample: str,
) -> Iterator[PostgresShell]:
    """The command line, with the sample behind it and loaded already."""
    url = postgres.new_database(like=sample)
    shell = _shell(url, tmp_path, monkeypatch, capsys)
    with PostgresWarehouse(url, tmp_path) as shell.warehouse:
        yield shell


# what is loaded


def test_the_sample_is_the_same_as_in_a_file(loaded: PostgresShell) -> None:
    """All rows of all tables, and of the kept ones, are those that a DuckDB file holds."""
    file = Shell.run(loaded, "--project", "all", "--quiet", "--destination", "duckdb", database=True)
    assert file[0] == 0
    with Warehouse(loaded.database) as expected:
        found = in_warehouse(loaded.warehouse)
        assert found == in_warehouse(expected)
        assert min(map(len, found.values())) > 0
        for definition in kept_tables():
            columns = ", ".join(definition.columns)
            query = f"select {columns} from analytics.{definition.name}"
            assert _rounded(loaded.warehouse.rows(query)) == _rounded(expected.rows(query))


def _rounded(rows: list[tuple[Any, ...]]) -> list[str]:
    """Rows in their order; sums of numbers have no fixed last digit."""
    return sorted(repr(list(map(_plain, row))) for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return float(f"{value:.9g}") if isinstance(value, float) else value


ODD_TEXTS = [
    "",
    " ",
    '"',
    "a\nb",
    "\\.",
    "x\n\\.\ny",
    "\\N",
    "NULL",
    "null",
    "a,b",
    "\r\n",
    "\t",
    "é😀",
    "\\u0000",
    "'",
]


def test_odd_texts_arrive_as_they_were_sent(postgres_warehouse: PostgresWarehouse) -> None:
    """An empty text is no null, and what COPY gives a meaning to has none."""
    fake = load_sample()
    task = next(task for task in fake.tasks.values() if task["annotations"])
    [annotation, *_] = task["annotations"]
    annotation["result"] = [
        {
            "id": str(place),
            "from_name": text,
            "type": "choices",
            "value": {"choices": [text], "text": text},
            "meta": text,
        }
        for place, text in enumerate(ODD_TEXTS)
    ]
    postgres_warehouse.load(fake=fake, task_ids=[task["id"]])
    rows = postgres_warehouse.rows(
        f"select from_name, text from results where annotation_id = {annotation['id']} order by result_index"
    )
    assert rows == [(text, text) for text in ODD_TEXTS]
    labels = f"select label from result_labels where result_key like 'annotation/{annotation['id']}/%' order by 1"
    assert sorted(postgres_warehouse.rows(labels)) == sorted((text,) for text in ODD_TEXTS)


@pytest.mark.parametrize("odd", ["\0", 1e308, 10**400, {"\0": [0]}, "\ud83d", 2**63, {"a": {"b": [None, 1.10]}}])
def test_odd_json_costs_no_load(postgres_warehouse: PostgresWarehouse, tmp_path: Path, odd: Any) -> None:
    """What jsonb would refuse stays readable, as in a DuckDB file."""
    fake = load_sample()
    task = next(iter(fake.tasks.values()))
    task["data"], task["meta"] = {"odd": odd}, {"odd": odd}
    postgres_warehouse.load(fake=fake, task_ids=[task["id"]])
    with Warehouse(tmp_path / "same.duckdb") as file:
        file.load(fake=fake, task_ids=[task["id"]])
        assert in_warehouse(postgres_warehouse) == in_warehouse(file)


def test_children_that_vanish_leave_no_rows(loaded: PostgresShell) -> None:
    """A task that is loaded again replaces all of its rows, also where it has none left, and nothing else."""
    before = in_warehouse(loaded.warehouse)
    emptied = [task for task in loaded.fake.tasks.values() if task["annotations"]][:5]
    for task in emptied:
        task |= {"annotations": [], "predictions": [], "meta": None, "drafts": [], "total_annotations": 0}
    ids = {task["id"] for task in emptied}
    assert loaded.run("--ids", ",".join(map(str, ids)), "--quiet")[0] in (0, 3)
    after = in_warehouse(loaded.warehouse)
    for name in [table.name for table in family("tasks") if table.name not in ("tasks", "task_users", "drafts")]:
        assert not [key for key, rows in after[name].items() if rows[0]["task_id"] in ids], name
        assert after[name] == {key: rows for key, rows in before[name].items() if rows[0]["task_id"] not in ids}


def test_a_deleted_task_leaves_every_table(loaded: PostgresShell) -> None:
    """It is noted in `deleted_tasks`, and gone from what is kept of it, too."""
    gone = next(task_id for task_id, task in loaded.fake.tasks.items() if len(task["annotations"]) > 1)
    del loaded.fake.tasks[gone]
    assert loaded.run("--project", "all", "--reconcile", "--quiet")[0] in (0, 3)
    assert loaded.warehouse.rows("select task_id from deleted_tasks") == [(gone,)]
    for table in family("tasks"):
        column = "task_id" if table.parent else "id"
        assert loaded.warehouse.rows(f"select 1 from {table.name} where {column} = {gone}") == []
    for definition in kept_tables():
        assert loaded.warehouse.rows(f"select 1 from analytics.{definition.name} where task_id = {gone}") == []


def test_a_merge_that_fails_changes_nothing(loaded: PostgresShell) -> None:
    """All tables of a load change, or none; the next run makes it good."""
    before = in_warehouse(loaded.warehouse)
    refuse = "create function refuse() returns trigger language plpgsql as $$ begin raise 'no room'; end $$"
    loaded.warehouse.execute(refuse)
    loaded.warehouse.execute(
        "create trigger refused before insert on result_rankings for each row execute function refuse()"
    )
    code, _, err = loaded.run("--project", "all", "--full", "--quiet")
    assert code == 1
    assert re.fullmatch(r"tasks\.py: the load step failed: .*no room.*; nothing is lost, run again\n", err, re.DOTALL)
    assert in_warehouse(loaded.warehouse) == before
    loaded.warehouse.execute("drop trigger refused on result_rankings")
    loaded.load("--full")
    assert in_warehouse(loaded.warehouse) == before
    codes = loaded.warehouse.rows("select exit_code from load_runs order by started_at")
    assert codes == [(0,), (1,), (0,)]


# what is made of it


def test_tables_are_found_by_index(loaded: PostgresShell) -> None:
    """Rows of a task, and of a project, are looked up, in every table."""
    indexes = {
        (table, column)
        for table, definition in loaded.warehouse.rows(
            "select tablename, indexdef from pg_indexes where schemaname = 'label_studio'"
        )
        for column in re.findall(r"\((\w+)\)$", definition)
    }
    assert {(table.name, "task_id") for table in family("tasks") if table.parent} <= indexes
    assert {(name, "id") for name in ("tasks", "annotations", "predictions", "drafts")} <= indexes


def test_everything_says_what_it_is(loaded: PostgresShell) -> None:
    """Every table, view and column has a comment."""
    told = {
        (schema, name, column): text
        for schema, name, column, text in loaded.warehouse.rows(
            "select namespace.nspname, class.relname, attribute.attname,"
            " coalesce(col_description(class.oid, attribute.attnum), '')"
            " from pg_class as class inner join pg_namespace as namespace on class.relnamespace = namespace.oid"
            " inner join pg_attribute as attribute on class.oid = attribute.attrelid"
            " where namespace.nspname in ('label_studio', 'analytics') and attribute.attnum > 0"
            " and class.relkind in ('r', 'v')"
        )
    }
    for table in TABLES.values():
        for column in table.columns:
            assert told["label_studio", table.name, column.name] == column.description
    for definition in (*views(), *kept_tables()):
        for name, text in definition.columns.items():
            assert told["analytics", definition.name, name] == text
    described = loaded.warehouse.rows("select obj_description('label_studio.tasks'::regclass)")
    assert described == [(TABLES["tasks"].description,)]


def test_only_what_changed_is_worked_out_again(shell: PostgresShell) -> None:
    """A run without changes works out nothing; a new labeling config works out the tasks of its project."""
    _, _, err = shell.run("--project", "all")
    assert "agreement was worked out for 300 tasks" in err
    shell.fake.projects[4]["label_config"] += " "
    _, _, err = shell.run("--project", "4")
    [worked_out] = re.findall(r"worked out for (\d+) tasks", err)
    [(tasks,)] = shell.warehouse.rows("select count(*) from tasks where project_id = 4")
    assert int(worked_out) == tasks < 300


# one run at a time


def _hold(shell: PostgresShell, host: str, seconds: float) -> None:
    shell.warehouse.execute("delete from run_lease")
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    shell.warehouse.execute(
        f"insert into run_lease (run_id, host, pid, expires_at) values ('x', '{host}', 4711, '{end}')"
    )


def test_a_run_on_another_host_is_waited_for(shell: PostgresShell) -> None:
    """Its lease turns others away until it ends, or goes stale."""
    assert shell.run("--project", "4", "--quiet")[0] == 0
    _hold(shell, "elsewhere", 60)
    code, _, err = shell.run("--project", "4", "--quiet")
    assert code == 75
    assert "another run into this warehouse is in progress (process 4711 on elsewhere)" in err
    _hold(shell, "elsewhere", -1)
    assert shell.run("--project", "4", "--quiet")[0] == 0
    assert shell.warehouse.rows("select * from run_lease") == []


# looking without loading


def test_status_and_checks_look_at_the_server(shell: PostgresShell) -> None:
    """They name the place, and write nothing."""
    code, out, _ = shell.run("--status", "--project", "4")
    assert code == 4
    code, _, err = shell.run("--check")
    assert code == 2
    assert "holds no tables in label_studio" in err
    shell.load()
    code, out, _ = shell.run("--status", "--project", "4", "--max-age", "1h")
    assert code == 0
    assert "looked at: PostgreSQL at " in out
    code, out, _ = shell.run("--check")
    assert code == 0
    assert "assert_keys_are_unique (error): found 0" in out
    assert "not run" not in out
    assert shell.run("--project", "4", "--dry-run")[0] == 0


def test_a_check_that_finds_something_says_so(loaded: PostgresShell) -> None:
    """The exit code is 3, as with a DuckDB file, and the rows are shown."""
    loaded.warehouse.execute("insert into annotations select * from annotations order by id limit 1")
    code, out, _ = loaded.run("--check")
    assert code == 3
    assert "assert_keys_are_unique (error): found 1" in out
    assert loaded.run("--project", "all", "--reconcile", "--quiet")[0] == 3


# what can't be


def test_without_an_address_it_says_what_to_set(shell: PostgresShell, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, exit code 2."""
    monkeypatch.delenv(CREDENTIALS)
    code, _, err = shell.run("--project", "4")
    assert code == 2
    assert err.splitlines()[-1].startswith(
        "tasks.py: no PostgreSQL database is named: set DESTINATION__POSTGRES__CREDENTIALS, or credentials under"
    )


@pytest.mark.parametrize(
    "address",
    [
        "garbage",
        f"mysql://someone:{PASSWORD}@127.0.0.1/warehouse",
        f"postgresql://someone:{PASSWORD}@127.0.0.1:port/warehouse",
        f"postgresql://someone:{PASSWORD}@127.0.0.1/warehouse?wrong={PASSWORD}",
    ],
)
def test_an_address_that_can_not_be_read_is_not_shown(
    shell: PostgresShell, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """One line says how it is written, with exit code 2, and --verbose says no more of it."""
    monkeypatch.setenv(CREDENTIALS, address)
    code, _, err = shell.run("--project", "4", "--verbose")
    assert code == 2
    assert err.splitlines()[-1].startswith(
        "tasks.py: the address of the PostgreSQL database can't be read, and is not shown"
    )
    assert "127.0.0.1" not in err


@contextmanager
def _closed_port() -> Iterator[int]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_a_server_that_is_not_there_is_a_failure(shell: PostgresShell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1: it may be there again the next time."""
    with _closed_port() as port:
        monkeypatch.setenv(CREDENTIALS, f"postgresql://someone:{PASSWORD}@127.0.0.1:{port}/warehouse")
        code, _, err = shell.run("--project", "4", "--quiet")
    assert code == 1
    assert err.startswith(f"tasks.py: PostgreSQL at 127.0.0.1:{port}/warehouse can't be reached (")
    assert err.endswith("; nothing is lost, run again\n")


def test_a_database_that_does_not_exist_is_a_mistake(
    shell: PostgresShell, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    """Exit code 2: running again changes nothing."""
    monkeypatch.setenv(CREDENTIALS, postgres.url("nowhere"))
    code, _, err = shell.run("--project", "4", "--quiet")
    assert code == 2
    assert re.fullmatch(
        r"tasks\.py: PostgreSQL at \S+/nowhere refuses the connection"
        r' \(.*database "nowhere" does not exist\): check the credentials\n',
        err,
    )


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("PUBLISH_PATH", "copy.duckdb", "a readers' copy is made"),
        ("DASHBOARD_PATH", "page.html", "the dashboard is drawn"),
        ("WIDE_PROJECTS", "[4]", "wide views are made"),
    ],
)
def test_what_only_a_file_has_is_refused(
    shell: PostgresShell, monkeypatch: pytest.MonkeyPatch, name: str, value: str, what: str
) -> None:
    """It is not left out in silence."""
    monkeypatch.setenv(f"WAREHOUSE__{name}", value)
    code, _, err = shell.run("--project", "4", "--quiet")
    assert code == 2
    assert err == (f"tasks.py: {what} of a DuckDB file only: with destination postgres, leave {name.lower()} out\n")


def test_the_password_is_in_no_file(shell: PostgresShell, tmp_path: Path) -> None:
    """Neither dlt's notes on a run nor a table holds it."""
    assert shell.run("--project", "4", "--verbose")[0] == 0
    for path in filter(Path.is_file, tmp_path.rglob("*")):
        assert PASSWORD.encode() not in path.read_bytes(), path
    with pytest.raises(psycopg2.errors.UndefinedTable):
        shell.warehouse.rows("select 1 from nothing_of_that_name")
