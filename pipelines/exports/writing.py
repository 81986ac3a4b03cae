"""Files of views and tables: DuckDB streams them, so that memory stays flat, however many rows there are."""

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from pipelines.comments import literal

from .relations import Relation
from .selects import select_texts, select_values

#: A row group ends after so many bytes, too: single values can have megabytes.
_PARQUET = "format parquet, compression zstd, row_group_size_bytes '64MB'"

#: RFC 4180: null is nothing, an empty text is "".
_CSV = "format csv, header, delimiter ',', quote '\"', escape '\"', nullstr '', new_line e'\\r\\n'"

#: The formats; those of xlsx go into one workbook.
FORMATS = ("parquet", "csv", "xlsx")


def write_parquet(
    connection: duckdb.DuckDBPyConnection, relation: Relation, projects: Sequence[int], path: Path
) -> int:
    """Writes a Parquet file; gives its rows."""
    return _copy(connection, select_values(relation, projects), path, _PARQUET)


def write_csv(connection: duckdb.DuckDBPyConnection, relation: Relation, projects: Sequence[int], path: Path) -> int:
    """Writes a CSV as `query.py` does; gives its rows."""
    return _copy(connection, select_texts(relation, projects), path, _CSV)


def _copy(connection: duckdb.DuckDBPyConnection, select: str, path: Path, options: str) -> int:
    [(rows,)] = connection.execute(f"copy ({select}) to {literal(str(path))} ({options})").fetchall()
    return int(rows)


#: What writes a file of its own for each view or table.
WRITERS: dict[str, Callable[[duckdb.DuckDBPyConnection, Relation, Sequence[int], Path], int]] = {
    "parquet": write_parquet,
    "csv": write_csv,
}
