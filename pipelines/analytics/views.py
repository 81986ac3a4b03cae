"""The views of `analytics`, put into the database."""

from hashlib import sha256
from typing import Any

from pipelines.comments import comments

from .definitions import DEPLOYED_VIEWS, Definition, Schemas, views

#: The table in which a run notes the views that it has made, as the statement that makes it.
DEPLOYED = Definition(
    DEPLOYED_VIEWS,
    "create table if not exists analytics.deployed_views (view_name varchar, digest varchar)",
    "One row is a view as a run has made it: a later run leaves it alone, unless it comes with another text.",
    {"view_name": "name of the view", "digest": "SHA-256 of the text that it was made from"},
)

_FOUND = """
    select deployed.view_name, deployed.digest
    from analytics.deployed_views as deployed
    inner join duckdb_views() as present on deployed.view_name = present.view_name
    where present.database_name = current_database() and present.schema_name = ?
"""


def deploy_views(connection: Any, schemas: Schemas, *, with_columns: bool = True) -> None:
    """Makes the views that are not there, or were made from another text, with what they and their columns mean.

    `connection` is a DuckDB connection; `with_columns` is whether its database keeps comments on columns of views.
    """
    connection.execute(f'create schema if not exists "{schemas.analytics}"')
    connection.execute(schemas.named_in(DEPLOYED.sql))
    found = connection.execute(schemas.named_in(_FOUND), [schemas.analytics]).fetchall()
    wanted = {definition.name: sha256(definition.sql.encode()).hexdigest() for definition in views()}
    if dict(found) == wanted:
        return
    table = schemas.qualified(DEPLOYED.name)
    describe(connection, "table", table, DEPLOYED)
    for definition in views():
        name = schemas.qualified(definition.name)
        connection.execute(f"create or replace view {name} as {schemas.named_in(definition.sql)}")
        columns = definition.columns if with_columns else {}
        describe(connection, "view", name, definition._replace(columns=columns))
    connection.execute(f"delete from {table}")
    connection.executemany(f"insert into {table} values (?, ?)", [list(pair) for pair in wanted.items()])


def describe(connection: Any, kind: str, name: str, definition: Definition) -> None:
    """Comments a view or table, by its qualified name, and its columns."""
    connection.execute(";".join(comments(kind, name, definition.description, definition.columns)))
