"""What lakes hold, read by the libraries of their makers, and held against the DuckDB file that they follow."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import DeltaTable
from pyiceberg.catalog.sql import SqlCatalog

#: What runs note for themselves, beside the tables that people read.
_OWN = ("kept_tasks", "deployed_views", "lake_ledger", "run_lease")

_TABLES = """
    select schema_name || '.' || table_name, table_name
    from duckdb_tables()
    where
        database_name = current_database()
        and schema_name in ('label_studio', 'analytics')
        and (not starts_with(table_name, '_') or table_name = '_dlt_loads')
        and table_name not in (select unnest($own))
"""

Rows = Counter[tuple[Any, ...]]


Read = Callable[[str, str], pa.Table]


def delta_table(folder: str, name: str) -> pa.Table:
    """The rows of a Delta table."""
    return DeltaTable(f"{folder}/{name}").to_pyarrow_table()


def iceberg_table(folder: str, name: str) -> pa.Table:
    """The rows of an Iceberg table, whose catalog lies in the folder."""
    catalog = SqlCatalog("label_studio", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}")
    return catalog.load_table(("label_studio", name)).scan().to_arrow()


READ: dict[str, Read] = {"delta": delta_table, "iceberg": iceberg_table}


def unlike_file(folder: str, read: Read, database: Path) -> list[str]:
    """The tables in which a lake is not as the file that it follows, with numbers of rows."""
    found = []
    for name, columns, expected in in_file(database):
        held = read(folder, name)
        rows = counted(tuple(row[column] for column in columns) for row in held.to_pylist())
        if held.column_names != columns or rows != expected:
            found.append(
                f"{name}: {rows.total()} rows for {expected.total()},"
                f" {(rows - expected).total()} too many, {(expected - rows).total()} missing"
            )
    return found


def in_file(database: Path) -> Iterator[tuple[str, list[str], Rows]]:
    """The tables of a DuckDB file that are for people: names, columns, rows."""
    with duckdb.connect(str(database), read_only=True) as connection:
        for whole_name, name in connection.execute(_TABLES, {"own": list(_OWN)}).fetchall():
            rows = connection.execute(f"select columns('^[^_]') from {whole_name}")
            yield name, [column[0] for column in rows.description or []], counted(rows.fetchall())


def counted(rows: Iterable[tuple[Any, ...]]) -> Rows:
    """Rows in no order; lists can't be counted."""
    return Counter(tuple(tuple(value) if isinstance(value, list) else value for value in row) for row in rows)
