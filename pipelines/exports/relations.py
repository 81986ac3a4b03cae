"""What can be exported, as the database itself has it: the views and kept tables of `analytics`, the loaded tables."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import duckdb

from pipelines.analytics.definitions import DEPLOYED_VIEWS, KEPT_TASKS, LAKE_LEDGER, Schemas
from pipelines.queries import QueryError, did_you_mean

from .errors import ExportFailed, reason

#: dlt's own tables begin with this.
_DLT = "_dlt"

#: Views come before loaded tables: of two with one name, the view is meant.
_NAMES = """
    with views_and_tables as (
        select schema_name, view_name as name, comment
        from duckdb_views()
        where database_name = current_database() and not internal
        union all
        select schema_name, table_name as name, comment
        from duckdb_tables()
        where database_name = current_database() and not internal
    )

    select schema_name, name, comment
    from views_and_tables
    where schema_name in ($analytics, $dataset)
    order by schema_name = $dataset, name
"""

_COMMENTS = """
    select column_name, comment
    from duckdb_columns()
    where database_name = current_database() and schema_name = ? and table_name = ?
"""


class Column(NamedTuple):
    """A column of a view or table, with DuckDB's name of its type."""

    name: str
    type: str
    comment: str | None


class Relation(NamedTuple):
    """A view or table. `project` is the column that says which project a row is of; None where there is none."""

    schema: str
    name: str
    comment: str | None
    columns: tuple[Column, ...]
    project: str | None

    @property
    def qualified(self) -> str:
        """Its whole name, as SQL has it."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"


def find_relations(
    connection: duckdb.DuckDBPyConnection, schemas: Schemas, names: Sequence[str], *, tables: bool
) -> list[Relation]:
    """The views and tables of these names; without names, all of `analytics`; with `tables`, the loaded tables, too.

    Left out is what runs and dlt keep for themselves. Raises QueryError for a name that is none, and where there is
    nothing.
    """
    found = list(_there(connection, schemas))
    if not any(schema == schemas.analytics for schema, _, _ in found):
        raise QueryError(f"there is nothing to export: the warehouse has no schema {schemas.analytics}; run tasks.py")
    wanted = set(_chosen(names, found) if names else [key for key in map(_key, found) if key[0] == schemas.analytics])
    if tables:
        wanted |= {key for key in map(_key, found) if key[0] == schemas.dataset}
    return [
        _described(connection, schemas, schema, name, comment)
        for schema, name, comment in found
        if (schema, name) in wanted
    ]


def expect_projects(connection: duckdb.DuckDBPyConnection, schemas: Schemas, projects: Sequence[int]) -> None:
    """Raises QueryError for a project that the warehouse does not have."""
    if not projects:
        return
    columns = {(schemas.dataset, "projects"): "id", (schemas.dataset, "tasks"): "project_id"}
    there = {
        project
        for schema, name, _ in _there(connection, schemas)
        if (column := columns.get((schema, name)))
        for (project,) in connection.execute(f"select distinct {column} from {quoted(schema)}.{name}").fetchall()
    }
    missing = [project for project in projects if project not in there]
    if missing:
        has = ", ".join(map(str, sorted(there - {None})[:20])) or "none"
        raise QueryError(f"there is no project {missing[0]} in the warehouse: it has {has}")


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def _there(connection: duckdb.DuckDBPyConnection, schemas: Schemas) -> Iterator[tuple[str, str, str | None]]:
    values = {"analytics": schemas.analytics, "dataset": schemas.dataset}
    for schema, name, comment in connection.execute(_NAMES, values).fetchall():
        own = (KEPT_TASKS, DEPLOYED_VIEWS, LAKE_LEDGER) if schema == schemas.analytics else ()
        if name not in own and not name.startswith(_DLT):
            yield schema, name, comment


def _key(found: tuple[str, str, str | None]) -> tuple[str, str]:
    return found[:2]


def _chosen(names: Sequence[str], found: Sequence[tuple[str, str, str | None]]) -> Iterator[tuple[str, str]]:
    for given in names:
        for name in (given, given.strip().replace("-", "_").lower()):
            match = next((schema for schema, other, _ in found if other == name), None)
            if match:
                yield match, name
                break
        else:
            known = [name for _, name, _ in found]
            raise QueryError(
                f"there is no view or table {given!r}{did_you_mean(given.strip().lower(), known)}"
                " sql/README.md names the views"
            )


def _described(
    connection: duckdb.DuckDBPyConnection, schemas: Schemas, schema: str, name: str, comment: str | None
) -> Relation:
    comments = dict(connection.execute(_COMMENTS, [schema, name]).fetchall())
    try:
        # what a view gives now, whatever it was made for
        rows = connection.sql(f"select * from {quoted(schema)}.{quoted(name)}")
    except duckdb.Error as error:
        raise ExportFailed(f"{schema}.{name} can't be read: {reason(error)}") from error
    columns = tuple(
        Column(column, str(type_), comments.get(column)) for column, type_ in zip(rows.columns, rows.types, strict=True)
    )
    whole = {column.name for column in columns if column.type.endswith("INT")}
    key = "id" if (schema, name) == (schemas.dataset, "projects") else "project_id"
    return Relation(schema, name, comment, columns, key if key in whole else None)
