"""What the page is made of: sums by project, person, control tag, model version and day, small whatever the warehouse.

A fact is the answer to a query of sql/dashboard/facts, at the finest grain of time that leaves no more than so many
rows. All of its measures add up, so that whoever reads the page can take them together as they choose.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from pipelines.analytics.definitions import SQL, Schemas

#: Rows that a fact may have: all facts together are some megabytes then, compressed.
MOST_ROWS = 100_000

#: Rows of a list.
_MOST_LISTED = 2_000

#: What a fact's rows are grouped by; its other columns are measures.
DIMENSIONS = {
    "project_id",
    "from_name",
    "annotator_id",
    "other_id",
    "model_version",
    "source",
    "label_path",
    "label",
    "other_label",
    "predicted_label",
    "actual_label",
    "score_bin",
    "step",
    "finding",
    "severity",
}

#: From fine to coarse; with `all`, a fact has no days.
GRAINS = ("day", "week", "month", "year", "all")

_FOLDER = SQL / "dashboard"


class Fact(NamedTuple):
    """Columns of equal length: numbers, days since 1970 (the first of each week, month, year), or coded texts.

    Nulls are None. A coded text is its place in `values`: {"values": [str], "codes": [int | None]}.
    """

    grain: str
    columns: dict[str, Any]


def read_facts(
    connection: duckdb.DuckDBPyConnection, schemas: Schemas, projects: Collection[int] = (), most_rows: int = MOST_ROWS
) -> dict[str, Fact]:
    """All facts, by the names of their files; of some projects, where any are named."""
    for path in (_FOLDER / "steps").glob("*.sql"):
        connection.execute(f"create or replace temp view {path.stem} as {_sql(path, schemas, projects)}")
    paths = sorted((_FOLDER / "facts").glob("*.sql"))
    return {path.stem: _read_fact(connection, _sql(path, schemas, projects), most_rows) for path in paths}


def read_list(
    connection: duckdb.DuckDBPyConnection, schemas: Schemas, name: str, projects: Collection[int] = ()
) -> list[dict[str, Any]]:
    """The first rows of a query of sql/dashboard/lists; of some projects, where any are named and it is by project."""
    path = _FOLDER / "lists" / f"{name}.sql"
    columns = connection.sql(_sql(path, schemas, ())).columns
    sql = _sql(path, schemas, projects if "project_id" in columns else ())
    rows = connection.execute(f"select * from ({sql}\n) limit {_MOST_LISTED}").fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _sql(path: Path, schemas: Schemas, projects: Collection[int]) -> str:
    sql = schemas.named_in(path.read_text(encoding="utf-8"))
    if not projects:
        return sql
    return f"select * from ({sql}\n) where project_id in ({', '.join(map(str, projects))})"


def _read_fact(connection: duckdb.DuckDBPyConnection, sql: str, most_rows: int) -> Fact:
    connection.execute(f"create or replace temp table fact as {sql}")
    names = connection.sql("select * from temp.fact limit 0").columns
    for grain in GRAINS:
        # of its days, as weeks are not parts of months
        connection.execute(f"create or replace temp table coarse as {_grouped(names, grain)}")
        if grain == GRAINS[-1] or _count(connection) <= most_rows:
            break
    table = connection.sql("select * from temp.coarse order by all").to_arrow_table()
    connection.execute("drop table temp.fact; drop table temp.coarse")
    return Fact(grain, {name: _packed(table.column(name).combine_chunks()) for name in names})


def _grouped(names: list[str], grain: str) -> str:
    period = "null::integer" if grain == "all" else f"date_trunc('{grain}', day)::date - date '1970-01-01'"
    columns = [
        f"{period} as day" if name == "day" else name if name in DIMENSIONS else f"round(sum({name}), 4) as {name}"
        for name in names
    ]
    return f"select {', '.join(columns)} from temp.fact group by all"


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    return int(connection.execute("select count(*) from temp.coarse").fetchall()[0][0])


def _packed(column: Any) -> Any:
    if pa.types.is_string(column.type):
        coded = column.dictionary_encode()
        return {"values": coded.dictionary.to_pylist(), "codes": coded.indices.to_pylist()}
    if pa.types.is_decimal(column.type):
        # a sum of integers
        column = column.cast(pa.int64())
    return column.to_pylist()
