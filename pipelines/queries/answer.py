"""A question put to the warehouse, which it can't change."""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from pipelines.analytics.definitions import Schemas
from pipelines.label_studio.exceptions import LabelStudioError
from pipelines.settings import WarehouseSettings
from pipelines.warehouse import open_duckdb

from .errors import QueryError
from .named import NamedQuery, find_query

#: Seconds to wait for a file that a run holds open for a moment.
_WAIT = 5.0

#: What neither pandas nor Parquet can hold, and people read as text.
_AS_TEXT = re.compile(r"\b(INTERVAL|BIT|UNION|TIME WITH TIME ZONE|TIMETZ|BIGNUM|VARINT|VARIANT|GEOMETRY)\b")


class Answer(NamedTuple):
    """The rows of a query; `types` are DuckDB's names of the columns' types. No two columns have the same name."""

    table: pa.Table
    types: list[str]


def ask(text: str, given: Mapping[str, Any], warehouse: WarehouseSettings, database: Path | None = None) -> Answer:
    """Runs a query of sql/queries, by its name, or SQL, with the values of its $parameters.

    It is put to `database`, else to the readers' copy, else to the warehouse itself where there is no copy; all are
    opened for reading only. In SQL, `tasks` does as well as `label_studio.tasks`. Raises QueryError;
    LabelStudioError where the machine can't work it out.
    """
    query = find_query(text)
    values = query.values(given) if query else dict(given)
    schemas = Schemas.of(warehouse.dataset_name)
    with open_duckdb(_place(warehouse, database), _WAIT, read_only=True) as connection:

        def run() -> Answer:
            _set_up(connection, schemas)
            if query:
                return _run(connection, schemas.named_in(query.sql), values)
            _expect(connection, text, values)
            return _run(connection, text, values)

        try:
            return _interruptible(connection, run)
        except duckdb.Error as error:
            raise _explained(error, query) from error


def _interruptible(connection: duckdb.DuckDBPyConnection, run: Callable[[], Answer]) -> Answer:
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


def _place(warehouse: WarehouseSettings, database: Path | None) -> Path:
    copy = warehouse.readers_copy
    place = database or (copy if copy and copy.exists() else warehouse.database)
    if not place.is_file():
        raise QueryError(f"there is no warehouse {place}: fill it with tasks.py, or name another --database")
    return place


def _set_up(connection: duckdb.DuckDBPyConnection, schemas: Schemas) -> None:
    connection.execute("set timezone = 'UTC'")
    there = {name for (name,) in connection.execute("select schema_name from duckdb_schemas()").fetchall()}
    path = ",".join(f'"{name}"' for name in (*schemas, "main") if name in there)
    connection.execute(f"set search_path = '{path}'")


def _expect(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Any]) -> None:
    """Raises QueryError unless the SQL ends with a question, and has the parameters that values are given for."""
    statements = connection.extract_statements(sql)
    if not statements or statements[-1].expected_result_type != [duckdb.ExpectedResultType.QUERY_RESULT]:
        raise QueryError("this only reads: end the SQL with a select")
    named = {name for statement in statements for name in statement.named_parameters}
    missing = sorted(named - values.keys())
    if missing:
        raise QueryError(f"the SQL needs --{missing[0]}: it says ${missing[0]}")
    unknown = sorted(values.keys() - named)
    if unknown:
        takes = ", ".join(f"${name}" for name in sorted(named)) or "no parameters"
        raise QueryError(f"the SQL has no ${unknown[0]}: it has {takes}")


def _run(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Any]) -> Answer:
    relation = connection.sql(sql, params=dict(values) or None)
    types = [str(type_) for type_ in relation.types]
    names = _unique(relation.columns)
    if any(_AS_TEXT.search(type_) for type_ in types):
        relation = relation.project(
            ", ".join(
                f"#{place}::varchar as c{place}" if _AS_TEXT.search(type_) else f"#{place} as c{place}"
                for place, type_ in enumerate(types, 1)
            )
        )
    table = relation.to_arrow_table().rename_columns(names)
    for place, type_ in enumerate(types):
        if type_ in ("HUGEINT", "UHUGEINT"):
            table = _with_integers(table, place)
    return Answer(table, types)


def _with_integers(table: pa.Table, place: int) -> pa.Table:
    """A sum of integers comes as a decimal of 38 digits: back to an integer, where it is not too large for one."""
    try:
        integers = table.column(place).cast(pa.int64())
    except pa.ArrowInvalid:
        return table
    return table.set_column(place, table.column_names[place], integers)


def _unique(names: list[str]) -> list[str]:
    """Names of which none comes twice: a second `id` is `id_2`."""
    unique: list[str] = []
    for name in names:
        number, candidate = 1, name
        while candidate in unique or (number > 1 and candidate in names):
            number += 1
            candidate = f"{name}_{number}"
        unique.append(candidate)
    return unique


def _explained(error: duckdb.Error, query: NamedQuery | None) -> LabelStudioError:
    # DuckDB goes on to quote the SQL
    said = " ".join(str(error).partition("\n\nLINE ")[0].split())[:300]
    if query and isinstance(error, duckdb.CatalogException):
        return QueryError(f"{query.name} reads what this warehouse does not have yet: run tasks.py once ({said})")
    if isinstance(error, duckdb.OutOfMemoryException | duckdb.InternalException | duckdb.FatalException):
        return LabelStudioError(said)
    return QueryError(said)
