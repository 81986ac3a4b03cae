"""Copies all that a DuckLake holds, tables and views, into a DuckDB file that other releases can read.

Takes {"catalog", "data", "target"} as JSON on stdin; prints the comments of tables and views, by name.
"""

import json
import sys

import duckdb

from pipelines.lake.extensions import load_extension


def main(catalog: str, data: str, target: str) -> None:
    """Copies, and prints."""
    with duckdb.connect(target, config={"storage_compatibility_version": "v1.2.0"}) as connection:
        for extension in ("ducklake", "postgres_scanner", "sqlite_scanner"):
            load_extension(connection, extension)
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"attach 'ducklake:{catalog}' as lake (data_path '{data}')")
        [(here,)] = connection.execute("select current_database()").fetchall()
        found = connection.execute(
            "select schema_name, table_name, comment from duckdb_tables() where database_name = 'lake'"
            " union all select schema_name, view_name, comment from duckdb_views() where database_name = 'lake'"
        ).fetchall()
        connection.execute("use lake")
        for schema, name, _ in found:
            connection.execute(f'create schema if not exists "{here}"."{schema}"')
            connection.execute(f'create table "{here}"."{schema}"."{name}" as select * from "{schema}"."{name}"')
    print(json.dumps({f"{schema}.{name}": comment for schema, name, comment in found}))


if __name__ == "__main__":
    main(**json.load(sys.stdin))
