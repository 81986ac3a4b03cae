"""The file that questions are put to, opened so that nobody can change it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb

from pipelines.analytics.definitions import Schemas
from pipelines.settings import WarehouseSettings
from pipelines.warehouse import open_duckdb

from .errors import QueryError

#: Seconds to wait for a file that a run holds open for a moment.
_WAIT = 5.0

T = TypeVar("T")


def place_asked(warehouse: WarehouseSettings, database: Path | None = None) -> Path:
    """The file that is asked: `database`, else the readers' copy, else the warehouse, which need not be there."""
    copy = warehouse.readers_copy
    return database or (copy if copy and copy.exists() else warehouse.database)


@contextmanager
def opened(
    warehouse: WarehouseSettings, database: Path | None = None, memory_limit: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """`database`, else the readers' copy, else the warehouse itself where there is no copy, open for reading only.

    Moments are in UTC, and tables need no schema. Raises QueryError where there is no such file, WarehouseBusy where
    it goes on being held.
    """
    place = place_asked(warehouse, database)
    if not place.is_file():
        raise QueryError(f"there is no warehouse {place}: fill it with tasks.py, or name another --database")
    with open_duckdb(place, _WAIT, read_only=True, memory_limit=memory_limit) as connection:
        _set_up(connection, Schemas.of(warehouse.dataset_name))
        yield connection


def interruptible(connection: duckdb.DuckDBPyConnection, run: Callable[[], T]) -> T:
    """Lets another thread run it: DuckDB 2.0 hears Ctrl-C only now and then, but always what a thread tells it."""
    with ThreadPoolExecutor(1) as executor:
        answer = executor.submit(run)
        try:
            # a wait without end would not hear it everywhere either
            while not answer.done():
                wait([answer], 0.2)
        except KeyboardInterrupt:
            while not answer.done():
                connection.interrupt()
                wait([answer], 0.1)
            raise
        return answer.result()


def _set_up(connection: duckdb.DuckDBPyConnection, schemas: Schemas) -> None:
    connection.execute("set timezone = 'UTC'")
    there = {name for (name,) in connection.execute("select schema_name from duckdb_schemas()").fetchall()}
    path = ",".join(f'"{name}"' for name in (*schemas, "main") if name in there)
    connection.execute(f"set search_path = '{path}'")
