"""What a run checks: all rows, or those of the tasks that it brought where the others were found good before.

The checks look at the tables by their plain names. While they look at a scope, temporary tables of these names hold
the rows of its tasks, and hide the whole tables.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from pipelines.label_studio.tables import family

#: Rows that have an id of their own: one under two tasks must be seen, whichever of the two was brought.
_OWN_IDS = ("annotations", "predictions", "drafts")

#: A scope that holds more than one in so many tasks is no gain.
_SHARE = 5


class Since(NamedTuple):
    """What came after the load `load_id`, and was deleted from `moment` on."""

    load_id: str
    moment: datetime


@contextmanager
def narrowed(client: Any, since: Since | None) -> Iterator[None]:
    """Inside, the tables of the task family hold only tasks that came, changed or went since, and all of their rows.

    They stay whole where `since` is None, or most tasks changed. `client` is dlt's SQL client.
    """
    made: list[str] = []
    temporary = "pg_temp" if client.capabilities.sqlglot_dialect == "postgres" else "temp"
    try:
        if since and _find(client, since, made):
            for table in family("tasks"):
                column = "task_id" if table.parent else "id"
                whole = client.make_qualified_table_name(table.name)
                client.execute_sql(
                    f"create temp table {table.name} as"
                    f" select * from {whole} where {column} in (select scope.task_id from scope)"
                )
                made.append(table.name)
        yield
    finally:
        for name in reversed(made):
            client.execute_sql(f"drop table {temporary}.{name}")


def _find(client: Any, since: Since, made: list[str]) -> bool:
    """Makes the table `scope` of the tasks; gives whether it is worth it."""
    name = client.make_qualified_table_name
    client.execute_sql(
        f"create temp table brought as select id as task_id from {name('tasks')} where _dlt_load_id > %s"
        f" union select task_id from {name('deleted_tasks')} where detected_at >= %s",
        since.load_id,
        since.moment,
    )
    made.append("brought")
    [[brought, all_tasks]] = client.execute_sql(
        f"select (select count(*) from brought), (select count(*) from {name('tasks')})"
    )
    if brought * _SHARE > all_tasks:
        return False
    sharing = " union ".join(
        f"select task_id from {name(table)} where id in"
        f" (select id from {name(table)} where task_id in (select brought.task_id from brought))"
        for table in _OWN_IDS
    )
    client.execute_sql(f"create temp table scope as select task_id from brought union {sharing}")
    made.append("scope")
    return True
