"""Temp tables from Arrow."""

from typing import Any

import pyarrow as pa


def write_temporary(connection: Any, name: str, rows: pa.Table) -> None:
    """Makes a temp table of these rows, in place of the one before. `connection` is a DuckDB connection."""
    connection.register("written", rows)
    connection.execute(f"create or replace temp table {name} as select * from written")
    connection.unregister("written")
