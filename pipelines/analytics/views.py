"""The views of `analytics`, put into the database."""

from typing import Any

from .definitions import Definition, Schemas, views


def deploy_views(connection: Any, schemas: Schemas) -> None:
    """Makes the views anew, with what they and their columns mean. `connection` is a DuckDB connection."""
    connection.execute(f'create schema if not exists "{schemas.analytics}"')
    for definition in views():
        name = f'"{schemas.analytics}"."{definition.name}"'
        connection.execute(f"create or replace view {name} as {schemas.named_in(definition.sql)}")
        describe(connection, "view", name, definition)


def describe(connection: Any, kind: str, name: str, definition: Definition) -> None:
    """Comments a view or table, by its qualified name, and its columns."""
    statements = [f"comment on {kind} {name} is {_literal(definition.description)}"]
    statements += [
        f'comment on column {name}."{column}" is {_literal(text)}' for column, text in definition.columns.items()
    ]
    connection.execute(";".join(statements))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
