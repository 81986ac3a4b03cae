"""What a warehouse can be asked for: its views and tables as they stand in it, or as a run will make them."""

import re
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipelines.analytics.definitions import Schemas, kept_tables, views
from pipelines.headers import first_sentence
from pipelines.label_studio.tables import TABLES
from pipelines.settings import WarehouseSettings
from pipelines.warehouse import WarehouseBusy

from .opening import opened, place_asked

#: The tables in which a run notes for itself what it has made.
_OURS = ("deployed_views", "kept_tasks")

_VIEWS = """
    select view_name, coalesce(comment, '')
    from duckdb_views()
    where database_name = current_database() and schema_name = ?
    order by view_name
"""

_TABLES = """
    select table_name
    from duckdb_tables()
    where database_name = current_database() and schema_name = ? and not starts_with(table_name, '_dlt')
    order by table_name
"""


class Contents(NamedTuple):
    """What the file at `place` holds; views with what one of their rows is.

    `oldest` is the oldest DuckDB that opens the file, such as 1.2, and None where the file could not be looked into.
    Why it could not, or what is to be known of it, is said in `remark`.
    """

    place: Path
    schemas: Schemas
    views: dict[str, str]
    kept: list[str]
    tables: list[str]
    oldest: str | None
    remark: str


def contents(warehouse: WarehouseSettings, database: Path | None = None) -> Contents:
    """What the file that would be asked holds; where there is none yet, or a run holds it, what a run makes.

    Raises QueryError where `database` does not exist, ConfigurationError where it is no DuckDB file.
    """
    schemas = Schemas.of(warehouse.dataset_name)
    place = place_asked(warehouse, database)
    if database is None and not place.is_file():
        return _defined(
            warehouse.readers_copy or place, schemas, "There is no warehouse yet; this is what one will have."
        )
    try:
        with opened(warehouse, database) as connection:
            return _found(connection, place, schemas, is_copy=place == warehouse.readers_copy)
    except WarehouseBusy as error:
        return _defined(place, schemas, f"This is what a run makes, as the file can't be looked into: {error}.")


def _found(connection: duckdb.DuckDBPyConnection, place: Path, schemas: Schemas, *, is_copy: bool) -> Contents:
    described = connection.execute(_VIEWS, [schemas.analytics]).fetchall()
    kept, tables = (
        [name for (name,) in connection.execute(_TABLES, [schema]).fetchall() if name not in _OURS]
        for schema in (schemas.analytics, schemas.dataset)
    )
    if not described:
        remark = f"It has no views in {schemas.analytics}: run tasks.py once, or name its dataset in .dlt/config.toml."
    elif is_copy:
        remark = "It is the readers' copy: a run puts a new one in its place, and never waits for who has it open."
    else:
        remark = "It is no readers' copy: a run can't write to it while it is open elsewhere."
    meanings = {name: first_sentence(comment) for name, comment in described}
    return Contents(place, schemas, meanings, kept, tables, _oldest(connection), remark)


def _defined(place: Path, schemas: Schemas, remark: str) -> Contents:
    meanings = {view.name: first_sentence(view.description) for view in sorted(views())}
    kept = sorted(table.name for table in kept_tables())
    return Contents(place, schemas, meanings, kept, sorted(TABLES), None, remark)


def _oldest(connection: duckdb.DuckDBPyConnection) -> str | None:
    query = "select tags::varchar from duckdb_databases() where database_name = current_database()"
    (tags,) = connection.execute(query).fetchone() or ("",)
    found = re.search(r"storage_version=v(\d+\.\d+)", tags)
    return found[1] if found else None
