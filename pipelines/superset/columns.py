"""What the datasets of the bundle hold, as the warehouse says it of its views."""

from collections.abc import Sequence
from typing import Any

import duckdb

from pipelines.analytics.definitions import Schemas
from pipelines.label_studio.exceptions import ConfigurationError
from pipelines.warehouse import without_sql

_VIEW = "select comment from duckdb_views() where schema_name = $schema and view_name = $name"

_COLUMNS = """
    select column_name, data_type, comment
    from duckdb_columns()
    where schema_name = $schema and table_name = $name
    order by column_index
"""


def described(dataset: dict[str, Any], connection: duckdb.DuckDBPyConnection, schemas: Schemas) -> dict[str, Any]:
    """A dataset with the types and meanings of all columns; what the file says of a column counts before the view.

    Raises ConfigurationError where the warehouse does not have what the dataset reads.
    """
    filled = dataset | {"schema": schemas.analytics}
    if "sql" in dataset:
        filled["sql"] = schemas.named_in(dataset["sql"])
        found = _columns_of_sql(connection, filled["sql"], dataset["table_name"])
    else:
        view = {"schema": schemas.analytics, "name": dataset["table_name"]}
        found = connection.execute(_COLUMNS, view).fetchall()
        if not found:
            raise ConfigurationError(
                f"there is no view {schemas.analytics}.{dataset['table_name']} in the warehouse: run tasks.py once"
            )
        [(filled["description"],)] = connection.execute(_VIEW, view).fetchall()
    filled["columns"] = _merged(found, dataset["columns"])
    return filled


def _columns_of_sql(connection: duckdb.DuckDBPyConnection, sql: str, name: str) -> list[tuple[str, str, None]]:
    try:
        relation = connection.sql(sql)
    except duckdb.Error as error:
        raise ConfigurationError(
            f"the dataset {name} reads what is not in the warehouse: run tasks.py once ({without_sql(error)})"
        ) from error
    return [(column, str(type_), None) for column, type_ in zip(relation.columns, relation.types, strict=True)]


def _merged(found: Sequence[tuple[str, str, str | None]], given: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The columns of the view, with what is given of them, and the calculated ones."""
    by_name = {column["column_name"]: column for column in given}
    columns = [
        {
            "column_name": name,
            "type": type_,
            "is_dttm": type_.startswith(("DATE", "TIMESTAMP")),
            "description": meaning,
            **by_name.get(name, {}),
        }
        for name, type_, meaning in found
    ]
    return [*columns, *({"is_dttm": False, **column} for column in given if "expression" in column)]
