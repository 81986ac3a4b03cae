"""What tables, views and columns mean, put into the database."""

from collections.abc import Mapping
from typing import Any

from pipelines.label_studio.tables import Table


def comment(client: Any, name: str, table: Table) -> None:
    """Comments a table, by its qualified name, and its columns. `client` is dlt's SQL client."""
    columns = {column.name: column.description for column in table.columns}
    for statement in comments("table", name, table.description, columns):
        client.execute_sql(statement)


def comments(kind: str, name: str, description: str, columns: Mapping[str, str]) -> list[str]:
    """The statements that comment a table or view, by its qualified name, and its columns."""
    return [
        f"comment on {kind} {name} is {literal(description)}",
        *(f'comment on column {name}."{column}" is {literal(text)}' for column, text in columns.items()),
    ]


def literal(text: str) -> str:
    """A text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"
