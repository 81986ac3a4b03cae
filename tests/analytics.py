"""A warehouse filled by hand, for tests of views, checks and queries."""

import atexit
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, ClassVar

import duckdb

from pipelines.analytics import refresh
from pipelines.demo import FakeLabelStudio
from pipelines.label_studio.flatten import TASK_TABLES, Flattener, RawTask
from pipelines.label_studio.masks import Masks
from pipelines.label_studio.tables import TABLES, Table

#: The moment that the data is of, where a test says nothing else.
LOADED_AT = datetime(2026, 3, 31, 12, tzinfo=UTC)

_TYPES = {
    "text": "varchar",
    "bigint": "bigint",
    "double": "double",
    "boolean": "boolean",
    "timestamp": "timestamp with time zone",
    "json": "json",
}


class Analytics:
    """A DuckDB in memory with the loaded tables, empty, and what is made of them."""

    #: Of each dataset a file with empty tables and all views: to copy it takes less time than to make it.
    _templates: ClassVar[dict[str, Path]] = {}

    def __init__(self, dataset: str = "label_studio") -> None:
        self.dataset = dataset
        if dataset not in self._templates:
            self._templates[dataset] = _make_template(dataset)
        self.connection = duckdb.connect()
        self.connection.execute("set timezone = 'UTC'")
        self.connection.execute(
            f"attach '{self._templates[dataset]}' as template (read_only);"
            " copy from database template to memory; detach template"
        )

    @classmethod
    def holding(cls, fake: FakeLabelStudio) -> "Analytics":
        """What a fake server has: its projects, and its tasks with everybody's drafts; not refreshed yet."""
        analytics = cls()
        for project in fake.projects.values():
            analytics.insert("projects", id=project["id"], title=project["title"], label_config=project["label_config"])
        drafts = {task_id: [draft for draft in fake.drafts if draft["task"] == task_id] for task_id in fake.tasks}
        analytics.load(*({**task, "drafts": drafts[task_id]} for task_id, task in fake.tasks.items()))
        return analytics

    def insert(self, table: str, **values: Any) -> None:
        """A row; columns that are not named are null, and the load's id is '1'."""
        if table != "_dlt_loads":
            values.setdefault("_dlt_load_id", "1")
        names = ", ".join(f'"{name}"' for name in values)
        places = ", ".join("?" for _ in values)
        self.connection.execute(
            f'insert into "{self.dataset}"."{table}" ({names}) values ({places})', list(values.values())
        )

    def load(self, *tasks: dict[str, Any], load_id: str = "1", masks: Masks = "keep") -> None:
        """Tasks as the API gives them, flattened; what was loaded of them before is replaced."""
        flattener = Flattener(masks=masks)
        try:
            rows = flattener.tasks([RawTask(task["id"], task["project"], json.dumps(task).encode()) for task in tasks])
        finally:
            flattener.close()
        for name, table in rows.items():
            self.remove(*(task["id"] for task in tasks), table=name)
            self.connection.register("flattened", table)
            self.connection.execute(
                f'insert into "{self.dataset}"."{name}" by name select *, \'{load_id}\' as _dlt_load_id from flattened'
            )
            self.connection.unregister("flattened")

    def remove(self, *task_ids: int, table: str = "") -> None:
        """Removes tasks from all tables, or from one."""
        for name in [table] if table else [table.name for table in TASK_TABLES]:
            key = "id" if name == "tasks" else "task_id"
            self.connection.execute(
                f'delete from "{self.dataset}"."{name}" where {key} in (select unnest(?))', [list(task_ids)]
            )

    def refresh(self) -> int:
        """Brings kept tables and views up to date; gives the number of tasks that were worked out."""
        return refresh(self.connection, self.dataset)

    def rows(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.connection.execute(query, parameters or None).fetchall()

    def records(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query, by column name."""
        cursor = self.connection.execute(query, parameters or None)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _make_template(dataset: str) -> Path:
    folder = Path(mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "template.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f'create schema "{dataset}"')
        for table in TABLES.values():
            connection.execute(f'create table "{dataset}"."{table.name}" ({_columns(table)})')
        connection.execute(
            f'create table "{dataset}"._dlt_loads (load_id varchar, status bigint, inserted_at timestamptz)'
        )
        connection.execute(f'insert into "{dataset}"._dlt_loads values (?, ?, ?)', ["1", 0, LOADED_AT])
        refresh(connection, dataset)
    return path


def _columns(table: Table) -> str:
    columns = [f'"{column.name}" {_TYPES[column.type]}' for column in table.columns]
    return ", ".join([*columns, "_dlt_load_id varchar", "_dlt_id varchar"])
