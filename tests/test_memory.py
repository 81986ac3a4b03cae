"""Memory goes back to the system at the end of a step, and what can wait takes little of it."""

from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from test_cli import Shell

from pipelines.memory import give_back
from pipelines.warehouse import sparing


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line, with the sample behind it."""
    return Shell(tmp_path, monkeypatch, capsys)


def cached(connection: duckdb.DuckDBPyConnection) -> int:
    """Bytes of the file that DuckDB holds in memory."""
    query = "select coalesce(sum(memory_usage_bytes), 0)::bigint from duckdb_memory() where tag = 'BASE_TABLE'"
    return int(connection.execute(query).fetchall()[0][0])


def test_what_was_read_of_a_file_is_forgotten(tmp_path: Path) -> None:
    """The cache is emptied, the limit is the one that was set, and the table can be read again."""
    with duckdb.connect(str(tmp_path / "file.duckdb")) as connection:
        connection.execute("create table numbers as select random() as number from range(10_000_000)")
        connection.execute("checkpoint; set memory_limit = '700MiB'")
        total = connection.execute("select count(distinct number) > 0, sum(number) from numbers").fetchall()
        assert cached(connection) > 60e6
        give_back(connection)
        assert cached(connection) <= 32e6
        assert connection.execute("select current_setting('memory_limit')").fetchall() == [("700.0 MiB",)]
        again = connection.execute("select count(distinct number) > 0, sum(number) from numbers").fetchall()
        assert abs(float(again[0][1]) - float(total[0][1])) < 1


def test_what_is_in_use_stays(tmp_path: Path) -> None:
    """A temp table that is larger than the cache may be is whole afterwards."""
    with duckdb.connect(str(tmp_path / "file.duckdb")) as connection:
        connection.execute("create temp table numbers as select random()::varchar as number from range(5_000_000)")
        give_back(connection)
        assert connection.execute("select count(distinct number) > 4_000_000 from numbers").fetchall() == [(True,)]


class Client:
    """The part of dlt's SQL client that is needed."""

    def __init__(self, dialect: str = "duckdb") -> None:
        self.capabilities = SimpleNamespace(sqlglot_dialect=dialect)
        self.connection = duckdb.connect()

    def execute_sql(self, sql: str) -> None:
        """Runs a statement."""
        self.connection.execute(sql)

    @property
    def limit(self) -> str:
        """How much memory DuckDB may take."""
        ((limit,),) = self.connection.execute("select current_setting('memory_limit')").fetchall()
        return str(limit)


def test_what_can_wait_takes_no_more_than_a_gigabyte() -> None:
    """And afterwards there is as much as before, also where it failed; a limit that the user set stays."""
    client = Client()
    before = client.limit
    with suppress(ZeroDivisionError), sparing(client, None):
        assert client.limit == "953.6 MiB"
        raise ZeroDivisionError
    assert client.limit == before
    client.execute_sql("set memory_limit = '400MB'")
    with sparing(client, "400MB"):
        assert client.limit == "381.4 MiB"
    assert client.limit == "381.4 MiB"
    client.connection.close()


def test_a_server_s_memory_is_left_alone() -> None:
    """A warehouse that is no DuckDB file has an administrator."""
    client = Client("postgres")
    before = client.limit
    with sparing(client, None):
        assert client.limit == before
    client.connection.close()


def test_checks_spare_memory(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a run, and where they are asked for alone."""
    (tmp_path / "assert_limit.sql").write_text(
        "-- How much memory there is.\n-- severity: warning\nselect current_setting('memory_limit') as memory\n",
        encoding="utf-8",
    )
    monkeypatch.setattr("pipelines.checks.CHECKS", tmp_path)
    for arguments in (["--project", "4"], ["--check"]):
        code, out, err = shell.run(*arguments)
        assert code == 0
        assert "953.6 MiB" in out + err
