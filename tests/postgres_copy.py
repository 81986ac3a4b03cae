"""A warehouse that tests filled in DuckDB, copied into PostgreSQL as a load would leave it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
import psycopg2
from analytics import Analytics
from psycopg2.extras import execute_values, register_default_json

from pipelines.analytics.definitions import ANALYTICS, DEPLOYED_VIEWS, Schemas
from pipelines.dialects import column_types


@contextmanager
def client_of(url: str, folder: Path, dataset: str = "label_studio") -> Iterator[Any]:
    """dlt's SQL client for a dataset in PostgreSQL; JSON comes as text, as from DuckDB."""
    pipeline = dlt.pipeline(
        "copied", destination=dlt.destinations.postgres(url), dataset_name=dataset, pipelines_dir=str(folder)
    )
    client: Any = pipeline.destination_client()
    with client.sql_client as sql_client:
        register_default_json(sql_client.native_connection, loads=str)
        yield sql_client


def copy_tables(analytics: Analytics, url: str) -> None:
    """Makes the loaded and the kept tables in an empty database, with their rows."""
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            for schema in Schemas.of(analytics.dataset):
                cursor.execute(f'create schema "{schema}"')
                for name in _tables(analytics, schema):
                    _copy(analytics, cursor, schema, name)
    finally:
        connection.close()


def _tables(analytics: Analytics, schema: str) -> list[str]:
    query = "select table_name from duckdb_tables() where schema_name = $schema and table_name <> $deployed"
    return [name for (name,) in analytics.rows(query, schema=schema, deployed=DEPLOYED_VIEWS)]


def _copy(analytics: Analytics, cursor: Any, schema: str, name: str) -> None:
    types = column_types(analytics.connection, schema, name, "postgres")
    columns = ", ".join(f'"{column}" {type_}' for column, type_ in types.items())
    cursor.execute(f'create table "{schema}"."{name}" ({columns})')
    if rows := analytics.rows(f'select * from "{schema}"."{name}"'):
        execute_values(cursor, f'insert into "{schema}"."{name}" values %s', rows, page_size=1000)


def view_types(client: Any, view: str, schema: str = ANALYTICS) -> dict[str, str]:
    """The columns of a view with their types; text is called varchar, as they are the same."""
    query = """
        select attname, format_type(atttypid, atttypmod)
        from pg_attribute
        where attrelid = %s::regclass and attnum > 0
        order by attnum
    """
    text = {"text": "varchar", "character varying": "varchar"}
    found = client.execute_sql(query, f'"{schema}"."{view}"')
    return {name: text.get(type_, type_) for name, type_ in found}
