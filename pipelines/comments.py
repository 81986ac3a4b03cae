"""What tables and columns mean, put into the database."""

from typing import Any

from pipelines.label_studio.tables import Table


def comment(client: Any, name: str, table: Table) -> None:
    """Comments a table, by its qualified name, and its columns. `client` is dlt's SQL client."""
    client.execute_sql(f"comment on table {name} is {_literal(table.description)}")
    for column in table.columns:
        client.execute_sql(f'comment on column {name}."{column.name}" is {_literal(column.description)}')


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
