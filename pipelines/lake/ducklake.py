"""DuckLake: tables whose catalog is a database, so that a run changes all of them at once, and several runs may.

The catalog is a PostgreSQL database, or a SQLite file for one machine. Each run brings what it holds: all, or a shard.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import stamina
from filelock import FileLock

from pipelines.analytics.definitions import Schemas
from pipelines.analytics.kept import transaction
from pipelines.analytics.views import deploy_views
from pipelines.comments import comments, literal
from pipelines.label_studio.exceptions import ConfigurationError
from pipelines.label_studio.shards import Shard
from pipelines.label_studio.turns import turn

from .errors import LakeFailed
from .extensions import load_extension
from .ledger import DAY, Ledger, ids_of, share_of, within
from .sources import Source, sources

logger = logging.getLogger(__name__)

#: What the lake is called where it is attached.
_LAKE = "lake"

#: What the catalog's database is called where it is attached beside the lake.
_TURNS = "turns"

#: The table of the lake that says what each of those who write into it has brought.
_MARKS = "_marks"

_TIDY = (
    f"call ducklake_expire_snapshots('{_LAKE}', older_than => now() - interval 7 day)",
    f"call ducklake_merge_adjacent_files('{_LAKE}')",
    f"call ducklake_rewrite_data_files('{_LAKE}')",
    f"call ducklake_cleanup_old_files('{_LAKE}', older_than => now() - interval 7 day)",
)

#: Which rows a shard brings of the tables that don't go with tasks, where others bring theirs; {select} gives its own.
_OF_SHARD = {
    "users": "id in (select id from ({select}))",
    "_dlt_loads": "load_id in (select load_id from ({select}))",
    "load_runs": "run_id in (select run_id from ({select}))",
    # what it does not know, and nobody has tasks of, is gone
    "projects": "id in (select id from ({select}))"
    " or id not in (select project_id from {lake}.tasks where project_id is not null)",
    "project_labels": "project_id in (select project_id from ({select}))"
    " or project_id not in (select id from {lake}.projects)",
}


#: How DuckLake says, and what it keeps its catalog in, that another run was at the same.
_SIGNS = ("conflict", "maximum retry count", "database is locked", "already exists", "duplicate key", "concurrent")

T = TypeVar("T")


class DuckLake:
    """A lake of DuckLake's; `folder` is where its files go, `catalog` a PostgreSQL address or a SQLite file.

    Raises ConfigurationError where DuckDB, at `connection`, can't have the extensions that it takes.
    """

    def __init__(self, folder: str, catalog: str | None, shard: Shard | None, connection: Any) -> None:
        self._folder = folder
        self._catalog = catalog or _catalog_in(folder)
        self._kind = "postgres" if "://" in self._catalog else "sqlite"
        self._shard = shard
        for extension in ("ducklake", f"{self._kind}_scanner", *(["httpfs"] if "://" in folder else [])):
            load_extension(connection, extension)

    @property
    def place(self) -> str:
        """The folder of its files: the catalog's address may be a secret."""
        return f"{self._folder} (DuckLake)"

    def publish(self, connection: Any, schemas: Schemas) -> dict[str, int]:
        """Replaces blocks of tasks, in all tables at once, and makes the views. Raises LakeFailed."""
        connection.execute("set timezone = 'UTC'")
        name = f"ducklake {self._folder} {self._shard or ''}"
        ledger = Ledger(connection, schemas, name, self._shard)
        found = sources(connection, schemas)
        stale = ledger.stale(found)
        last_mark = max(ledger.marks(_MARKS), default=0)
        mark = time.time_ns()
        ledger.begin(mark, [_MARKS])
        with self._in_turn(connection), self._attached(connection):
            writer = Writer(connection, schemas, self._shard)
            _insisting(partial(writer.make_tables, found))
            if writer.mark() not in ledger.marks(_MARKS):
                writer.anew = True
                stale = {source.table.name: ledger.all_blocks(source.table.name) for source in found}
            rows: dict[str, int] = _insisting(partial(writer.replace_all, found, stale, mark))
            _insisting(partial(_make_views, connection, schemas))
            if last_mark // DAY != mark // DAY:
                _tidy(connection)
        ledger.end(mark, [_MARKS])
        return rows

    @contextmanager
    def _in_turn(self, connection: Any) -> Iterator[None]:
        """Inside, no other run writes: those that come at once would refuse each other again and again."""
        if self._kind == "sqlite":
            with FileLock(f"{self._catalog}.lock"):
                yield
            return
        with closing(connection.cursor()) as waiting:
            self._open(waiting, f"attach {literal(self._catalog)} as {_TURNS} (type postgres, read_only)")
            try:
                waiting.execute("begin")
                # DuckDB knows no type for what the lock itself gives
                lock = f"select 1 from (select pg_advisory_xact_lock({turn(self._folder)})) as taken"
                waiting.execute(f"from postgres_query('{_TURNS}', {literal(lock)})").fetchall()
                yield
            finally:
                waiting.execute("rollback")
                waiting.execute(f"detach {_TURNS}")

    @contextmanager
    def _attached(self, connection: Any) -> Iterator[None]:
        address = literal(f"ducklake:{self._kind}:{self._catalog}")
        self._open(connection, f"attach {address} as {_LAKE} (data_path {literal(self._folder)})")
        try:
            yield
        finally:
            connection.execute(f"detach {_LAKE}")

    def _open(self, connection: Any, attach: str) -> None:
        try:
            _insisting(partial(connection.execute, attach))
        except duckdb.Error as error:
            # what DuckDB says of it holds the address, and the address may hold a password
            said = str(error) if self._kind == "sqlite" else "its database refuses, or is not there"
            raise LakeFailed(f"loaded, but the catalog of {self.place} can't be opened ({said})") from None


class Writer:
    """Who replaces rows of an attached lake: all, or those of a shard."""

    def __init__(self, connection: Any, schemas: Schemas, shard: Shard | None) -> None:
        self._connection = connection
        self._schemas = schemas
        self._shard = shard
        self.anew = False

    def make_tables(self, found: list[Source]) -> None:
        """Makes the tables that are not there, with what they mean."""
        with transaction(self._connection):
            self._make_tables(found)

    def _make_tables(self, found: list[Source]) -> None:
        for schema in self._schemas:
            self._connection.execute(f'create schema if not exists {_LAKE}."{schema}"')
        marks = self._named(_MARKS, self._schemas.analytics)
        self._connection.execute(f"create table if not exists {marks} (writer varchar, mark bigint)")
        there = dict(
            self._connection.execute(
                "select table_name, list(column_name order by column_index) from duckdb_columns()"
                f" where database_name = '{_LAKE}' group by table_name"
            ).fetchall()
        )
        for source in found:
            table = source.table
            if table.name not in there:
                name = self._name(source)
                self._connection.execute(f"create table if not exists {name} as {source.select} limit 0")
                for statement in comments("table", name, table.description, table.columns):
                    self._connection.execute(statement)
            elif there[table.name] != table.schema.names:
                raise LakeFailed(
                    f"the lake's table {table.name} has other columns than are due: it is of another release; drop it,"
                    " and the next run writes it anew"
                )

    def mark(self) -> int | None:
        """What was noted when this one brought something last."""
        query = f"select mark from {self._named(_MARKS, self._schemas.analytics)} where writer = ?"
        found = self._connection.execute(query, [self._writer]).fetchone()
        return found[0] if found else None

    def replace_all(self, found: list[Source], stale: Mapping[str, list[int]], mark: int) -> dict[str, int]:
        """Replaces what is stale, or everything, and notes it by a mark: all, or nothing. Gives the rows by table."""
        rows = {}
        with transaction(self._connection):
            for source in found:
                if self.anew or stale[source.table.name]:
                    rows[source.table.name] = self._replace(source, stale[source.table.name])
            name = self._named(_MARKS, self._schemas.analytics)
            self._connection.execute(f"delete from {name} where writer = ?", [self._writer])
            self._connection.execute(f"insert into {name} values (?, ?)", [self._writer, mark])
        return rows

    def _replace(self, source: Source, blocks: list[int]) -> int:
        """Replaces the rows of blocks, or of a table that does not go with tasks; gives how many there are now."""
        name, column = self._name(source), source.table.task_column
        if column is None:
            self._connection.execute(f"delete from {name} where {self._brought(source)}")
            wanted = "true"
        else:
            here = share_of(self._shard, column)
            wanted = f"{within(column, ids_of(blocks))} and {here}"
            self._connection.execute(f"delete from {name} where {here if self.anew else wanted}")
        written = self._connection.execute(f"insert into {name} select * from ({source.select}) where {wanted}")
        return int(written.fetchone()[0])

    def _brought(self, source: Source) -> str:
        if self._shard is None:
            return "true"
        if source.table.name == "deleted_tasks":
            return self._shard.condition("task_id")
        lake = f'{_LAKE}."{self._schemas.dataset}"'
        return _OF_SHARD[source.table.name].format(select=source.select, lake=lake)

    @property
    def _writer(self) -> str:
        return str(self._shard or "all")

    def _name(self, source: Source) -> str:
        return self._named(source.table.name, source.schema)

    def _named(self, table: str, schema: str) -> str:
        return f'{_LAKE}."{schema}"."{table}"'


def _insisting(work: Callable[[], T]) -> T:
    """Does something once more where another run was at the same: who comes second is refused, and begins anew."""
    for attempt in stamina.retry_context(on=_is_conflict, attempts=None, timeout=600.0, wait_max=5.0):
        with attempt:
            return work()
    raise AssertionError("the last try either gives a result or raises")


def _is_conflict(error: Exception) -> bool:
    said = str(error).lower()
    return isinstance(error, duckdb.Error) and any(sign in said for sign in _SIGNS)


def _make_views(connection: Any, schemas: Schemas) -> None:
    [(here,)] = connection.execute("select current_database()").fetchall()
    connection.execute(f"use {_LAKE}")
    try:
        with transaction(connection):
            # DuckLake keeps no comments on the columns of a view
            deploy_views(connection, schemas, with_columns=False)
    finally:
        connection.execute(f'use "{here}".main')


def _tidy(connection: Any) -> None:
    """Lets go of what the lake was more than seven days ago, and puts small files together."""
    for statement in _TIDY:
        try:
            connection.execute(statement)
        except duckdb.Error as error:
            logger.warning("the lake is not tidied up today: %s", " ".join(str(error).split())[:200])
            return


def _catalog_in(folder: str) -> str:
    if "://" in folder:
        raise ConfigurationError("a lake that is not on this machine needs lake_catalog, the address of a PostgreSQL")
    Path(folder).mkdir(parents=True, exist_ok=True)
    return f"{folder}/catalog.sqlite"
