"""A question put to the warehouse, which it can't change."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from pipelines.analytics.definitions import Schemas
from pipelines.label_studio.exceptions import LabelStudioError
from pipelines.settings import WarehouseSettings
from pipelines.warehouse import without_sql

from .errors import QueryError
from .named import NamedQuery, find_query
from .opening import interruptible, opened

#: What neither pandas nor Parquet can hold, and people read as text.
AS_TEXT = re.compile(r"\b(INTERVAL|BIT|UNION|TIME WITH TIME ZONE|TIMETZ|BIGNUM|VARINT|VARIANT|GEOMETRY)\b")


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
    with opened(warehouse, database) as connection:

        def run() -> Answer:
            if query:
                return _run(connection, schemas.named_in(query.sql), values)
            _expect(connection, text, values)
            return _run(connection, text, values)

        try:
            return interruptible(connection, run)
        except duckdb.Error as error:
            raise _explained(error, query) from error


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
    if any(AS_TEXT.search(type_) for type_ in types):
        relation = relation.project(
            ", ".join(
                f"#{place}::varchar as c{place}" if AS_TEXT.search(type_) else f"#{place} as c{place}"
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
    said = without_sql(error)
    if query and isinstance(error, duckdb.CatalogException):
        return QueryError(f"{query.name} reads what this warehouse does not have yet: run tasks.py once ({said})")
    if isinstance(error, duckdb.OutOfMemoryException | duckdb.InternalException | duckdb.FatalException):
        return LabelStudioError(said)
    return QueryError(said)
