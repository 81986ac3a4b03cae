"""The DuckDB file: opened by one program at a time, kept in order, and its tables commented."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import stamina

from pipelines.comments import comment
from pipelines.label_studio.exceptions import ConfigurationError, LabelStudioError
from pipelines.label_studio.flatten import DUCKDB_SETTINGS
from pipelines.label_studio.tables import OPTIONAL_TABLES, TABLES

logger = logging.getLogger(__name__)

#: Today's BI clients open files of this storage version; it counts when a file is created.
_STORAGE_VERSION = "v1.2.0"

#: How the system says that a file can't grow.
_FULL = ("No space left", "File too large", "quota exceeded")

#: Bytes of the headers with which a DuckDB file begins; no data come before their end.
_HEADERS = 3 * 4096

#: So many versions of dlt's state are kept.
_STATES = 100

#: Memory for what can wait; at a million tasks it takes a quarter longer than with all that there is.
_SPARE = "1GB"

_NAMES = "select table_name from information_schema.tables where table_schema = %s"


class WarehouseFull(LabelStudioError):
    """There is no room on the disk for the DuckDB file."""


class WarehouseBusy(LabelStudioError):
    """Another program holds the DuckDB file open."""


@contextmanager
def open_duckdb(
    path: Path, timeout: float, *, read_only: bool = False, memory_limit: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The DuckDB file, held open for writing, and made if it isn't there; or open for reading only.

    `memory_limit` is DuckDB's, such as "2GB"; without one it takes up to 80 % of the machine's memory.
    Waits up to `timeout` seconds for a file that another program holds. Raises WarehouseBusy where it goes on
    holding it, ConfigurationError where the file can't be one.
    """
    if not path.parent.is_dir():
        raise ConfigurationError(f"the folder {path.parent} does not exist: create it, or name another --database")
    if not read_only:
        _remove_stump(path)
    try:
        connection = _connect(path, timeout, read_only)
    except duckdb.Error as error:
        if _is_locked(error):
            raise WarehouseBusy(
                f"{path} is held open by another program ({_holder(error)}): close it there, or let it end"
            ) from error
        if any(word in str(error) for word in _FULL):
            raise WarehouseFull(f"{path} can't be made: {_line(error)}") from error
        raise ConfigurationError(f"{path} can't be opened as a DuckDB file: {_line(error)}") from error
    try:
        if memory_limit:
            _limit(connection, memory_limit)
        yield connection
    finally:
        connection.close()


@contextmanager
def sparing(client: Any, memory_limit: str | None) -> Iterator[None]:
    """Lets DuckDB use the disk rather than more than 1 GB of memory: for what goes through all rows and can wait.

    `memory_limit` is what the user set, which stays; a server's memory is its administrator's. `client` is dlt's SQL
    client.
    """
    if memory_limit or client.capabilities.sqlglot_dialect != "duckdb":
        yield
        return
    client.execute_sql(f"set memory_limit = '{_SPARE}'")
    try:
        yield
    finally:
        client.execute_sql("reset memory_limit")


def _limit(connection: duckdb.DuckDBPyConnection, memory_limit: str) -> None:
    try:
        connection.execute("set memory_limit = $limit", {"limit": memory_limit})
    except duckdb.Error as error:
        raise ConfigurationError(
            f"memory_limit is {memory_limit!r}: DuckDB takes sizes such as 2GB or 800MB ({_line(error)})"
        ) from error


def checkpoint(connection: duckdb.DuckDBPyConnection) -> None:
    """Writes DuckDB's log of changes into the file, which frees what was deleted, unless another cursor is at work."""
    with suppress(duckdb.TransactionException):
        connection.execute("checkpoint")


def comment_all(client: Any) -> None:
    """Puts what the source's tables and columns mean into the database. `client` is dlt's SQL client."""
    there = {row[0] for row in client.execute_sql(_NAMES, client.dataset_name)}
    for table in (TABLES | OPTIONAL_TABLES).values():
        if table.name in there:
            comment(client, client.make_qualified_table_name(table.name), table)


def keep_house(client: Any) -> None:
    """Drops old versions of the state that dlt keeps, one a run: in years of runs they would outgrow the tables."""
    table = client.make_qualified_table_name("_dlt_pipeline_state")
    client.execute_sql(
        f"delete from {table} as held where version <= (select max(newest.version) from {table} as newest"
        f" where newest.pipeline_name = held.pipeline_name) - {_STATES}"
    )


def _connect(path: Path, timeout: float, read_only: bool) -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = {} if read_only else {"storage_compatibility_version": _STORAGE_VERSION}
    for attempt in stamina.retry_context(on=_is_locked, attempts=None, timeout=timeout, wait_initial=0.2, wait_max=2.0):
        with attempt:
            connection = duckdb.connect(str(path), read_only=read_only, config=config)
            connection.execute(DUCKDB_SETTINGS)
            return connection
    raise AssertionError("the last try either gives a connection or raises")


def _remove_stump(path: Path) -> None:
    """Removes a DuckDB file that a full disk cut off while it was made: it holds nothing, and can't be opened."""
    if path.is_file() and 0 < path.stat().st_size < _HEADERS and path.read_bytes()[8:12] == b"DUCK":
        logger.warning("%s was cut off while it was made, and is made anew", path)
        path.unlink()


def _is_locked(error: Exception) -> bool:
    return isinstance(error, duckdb.IOException) and "Could not set lock on file" in str(error)


def _holder(error: Exception) -> str:
    found = re.search(r"PID (\d+)", str(error))
    return f"process {found[1]}" if found else "a process that it does not name"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def without_sql(error: Exception) -> str:
    """What DuckDB says of a query, in one line: it goes on to quote the SQL."""
    return " ".join(str(error).partition("\n\nLINE ")[0].split())[:300]
