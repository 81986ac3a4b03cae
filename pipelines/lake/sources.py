"""What a lake is made of: the warehouse's tables, and those that are worked out of them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pipelines.analytics.definitions import Definition, Schemas, kept_tables
from pipelines.dialects.columns import duckdb_types
from pipelines.label_studio.flatten import SQL_TYPES
from pipelines.label_studio.tables import OPTIONAL_TABLES, TABLES, Table
from pipelines.load_runs import LOAD_RUNS

from .tables import LakeTable

#: dlt's table, from which views read when tasks were loaded.
_LOADS = Definition(
    "_dlt_loads",
    "",
    "One row is a load that brought rows.",
    {
        "load_id": "when it began, in seconds since 1970",
        "schema_name": "dlt's name of what was loaded",
        "status": "0: all of it is there",
        "inserted_at": "when it was done",
        "schema_version_hash": "of the tables' columns as they were then",
    },
)


class Source(NamedTuple):
    """A table of the lake, and what selects its rows in the warehouse."""

    table: LakeTable
    #: the schema that it is in
    schema: str
    select: str


def sources(connection: Any, schemas: Schemas) -> list[Source]:
    """All that there is for a lake, tasks last: once they are there, so is what belongs to them.

    `connection` is a cursor of the warehouse's. What a release before this one did not have is null.
    """
    known = [*TABLES.values(), *OPTIONAL_TABLES.values(), LOAD_RUNS]
    own = [each for table in reversed(known) if (each := _own(connection, schemas, table))]
    return [_loads(connection, schemas), *_kept(connection, schemas), *own]


def _own(connection: Any, schemas: Schemas, table: Table) -> Source | None:
    there = duckdb_types(connection, schemas.dataset, table.name)
    if not there:
        return None
    columns = [
        ("null" if column.name not in there else f'"{column.name}"') + f'::{SQL_TYPES[column.type]} as "{column.name}"'
        for column in table.columns
    ]
    select = f'select {", ".join(columns)} from "{schemas.dataset}"."{table.name}"'
    return Source(LakeTable.of(table), schemas.dataset, select)


def _loads(connection: Any, schemas: Schemas) -> Source:
    return _as_it_is(connection, schemas.dataset, _LOADS, None)


def _kept(connection: Any, schemas: Schemas) -> Iterator[Source]:
    for definition in kept_tables():
        yield _as_it_is(connection, schemas.analytics, definition, "task_id")


def _as_it_is(connection: Any, schema: str, definition: Definition, task_column: str | None) -> Source:
    """A table with the columns that it has in the warehouse."""
    columns = [
        f'"{name}"' + ("::varchar" if kind == "JSON" else "") + f' as "{name}"'
        for name, kind in duckdb_types(connection, schema, definition.name).items()
    ]
    select = f'select {", ".join(columns)} from "{schema}"."{definition.name}"'
    arrow = connection.sql(f"{select} limit 0").to_arrow_table().schema
    table = LakeTable(definition.name, definition.description, arrow, definition.columns, task_column)
    return Source(table, schema, select)
