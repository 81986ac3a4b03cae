"""Indexes: by them a load finds the rows that it replaces, and a question those of a task or project."""

from typing import Any

from pipelines.label_studio.tables import TABLES, Table, family

#: Rows that have an id of their own.
_OWN_IDS = ("tasks", "annotations", "predictions", "drafts", "users", "projects")

_THERE = "select table_name from information_schema.tables where table_schema = %s"


def make_indexes(connection: Any, dataset: str) -> None:
    """Makes those that are missing on tables that are there. `connection` is psycopg2's."""
    with connection.cursor() as cursor:
        cursor.execute(_THERE, (dataset,))
        there = {row[0] for row in cursor.fetchall()}
        for table, column in _indexes():
            if table in there:
                cursor.execute(f'create index if not exists "{table}_{column}" on "{dataset}"."{table}" ("{column}")')


def _indexes() -> list[tuple[str, str]]:
    children = [(table.name, "task_id") for table in family("tasks") if table.parent]
    projects = [(table.name, "project_id") for table in TABLES.values() if "project_id" in _columns(table)]
    return [*((name, "id") for name in _OWN_IDS), *children, *projects]


def _columns(table: Table) -> set[str]:
    return {column.name for column in table.columns}
