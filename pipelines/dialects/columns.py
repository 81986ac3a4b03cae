"""The types that DuckDB's tables have on other engines."""

from collections.abc import Mapping
from typing import Any

from .carrying import NotCarried

#: DuckDB's types; what is no part of the tables is not here.
_TYPES: Mapping[str, Mapping[str, str]] = {
    "postgres": {
        "BIGINT": "bigint",
        "INTEGER": "integer",
        "UBIGINT": "numeric(20)",
        "DOUBLE": "double precision",
        "BOOLEAN": "boolean",
        "VARCHAR": "varchar",
        "JSON": "json",
        "DATE": "date",
        "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    },
    "spark": {
        "BIGINT": "bigint",
        "INTEGER": "int",
        "UBIGINT": "decimal(20)",
        "DOUBLE": "double",
        "BOOLEAN": "boolean",
        "VARCHAR": "string",
        "JSON": "string",
        "DATE": "date",
        "TIMESTAMP WITH TIME ZONE": "timestamp",
    },
}

_LISTS = {"postgres": "{}[]", "spark": "array<{}>"}

_COLUMNS = """
    select column_name, data_type
    from duckdb_columns()
    where database_name = current_database() and schema_name = ? and table_name = ?
    order by column_index
"""


def column_types(connection: Any, schema: str, table: str, dialect: str) -> dict[str, str]:
    """The columns of one of DuckDB's tables or views, in their order, with their types on postgres or spark.

    `connection` is a DuckDB connection. There are no columns where there is no such table. Raises NotCarried for a
    type that our tables don't have.
    """
    return {name: type_in(type_, dialect) for name, type_ in duckdb_types(connection, schema, table).items()}


def duckdb_types(connection: Any, schema: str, table: str) -> dict[str, str]:
    """The columns of one of DuckDB's tables or views, in their order, with their types; none where it is not there."""
    return dict(connection.execute(_COLUMNS, [schema, table]).fetchall())


def type_in(type_: str, dialect: str) -> str:
    """One of DuckDB's types on postgres or spark. Raises NotCarried for one that our tables don't have."""
    if type_.endswith("[]"):
        return _LISTS[dialect].format(type_in(type_.removesuffix("[]"), dialect))
    if type_ not in _TYPES[dialect]:
        raise NotCarried(f"the type {type_} can't be carried to {dialect}")
    return _TYPES[dialect][type_]
