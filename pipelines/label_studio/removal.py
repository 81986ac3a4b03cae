"""Tasks that are gone leave every table, and are noted as gone, in one transaction."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import dlt

from .known import Known, in_lots
from .tables import family
from .turns import turn


def remove(known: Known, task_ids: Iterable[int], project_ids: Iterable[int] = ()) -> None:
    """Removes tasks with all of their rows, and projects with theirs; the tasks are noted in `deleted_tasks`.

    All or nothing. The source does it itself, when everything is fetched and before dlt loads: dlt has no word for it.
    """
    client = known.client
    statements = [*_task_statements(known, task_ids), *_project_statements(known, project_ids)]
    if client is None or not statements:
        return
    with client.begin_transaction():
        if client.capabilities.sqlglot_dialect == "postgres":
            # not while another run works out what is kept of tasks, and checks it
            client.execute_sql(f"select pg_advisory_xact_lock({turn(client.dataset_name)})")
        for statement in statements:
            client.execute_sql(statement)


def _task_statements(known: Known, task_ids: Iterable[int]) -> Iterator[str]:
    now = datetime.now(UTC).isoformat(sep=" ", timespec="microseconds")
    load_id = dlt.current.load_package_state()["load_id"]
    with_load_id = known.has_column("deleted_tasks", "_dlt_load_id")
    for ids in in_lots(task_ids):
        yield known.named(
            "insert into {deleted_tasks} (task_id, project_id, detected_at, last_updated_at{column})"
            f" select id, project_id, cast('{now}' as timestamp with time zone), updated_at{{value}} from {{tasks}}"
            f" where id in ({ids})",
            column=", _dlt_load_id" if with_load_id else "",
            value=f", '{load_id}'" if with_load_id else "",
        )
        for table in reversed(family("tasks")):
            column = "task_id" if table.parent else "id"
            yield known.named(f"delete from {{{table.name}}} where {column} in ({ids})")


def _project_statements(known: Known, project_ids: Iterable[int]) -> Iterator[str]:
    for ids in in_lots(project_ids):
        for table in reversed(family("projects")):
            column = "project_id" if table.parent else "id"
            yield known.named(f"delete from {{{table.name}}} where {column} in ({ids})")
