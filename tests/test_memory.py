"""Memory goes back to the system at the end of a step."""

from pathlib import Path

import duckdb

from pipelines.memory import give_back


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
