"""Raw tasks in, Arrow tables out: each file of `queries/` reads the tasks of a batch as the rows of one table."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import duckdb
import pyarrow as pa

from .masks import MaskCut, Masks
from .repair import repaired
from .report import Failure
from .tables import OPTIONAL_TABLES, TABLES, Column, Table, Type

logger = logging.getLogger(__name__)

#: The tables of a batch of tasks, roots before their children.
TASK_TABLES = [table for table in TABLES.values() if "tasks" in (table.name, table.parent)]

#: The steps that follow the parsing of the tasks themselves.
_STEPS = ("annotations", "predictions", "drafts", "results", "users")

_FORGET = "".join(f"drop table parsed_{name};" for name in ("tasks", *_STEPS[:-1]))

#: DuckDB's types, as the queries have them; JSON is text.
SQL_TYPES: dict[Type, str] = {
    "bigint": "bigint",
    "double": "double",
    "boolean": "boolean",
    "text": "varchar",
    "json": "varchar",
    "timestamp": "timestamptz",
}

_ARROW_TYPES: dict[Type, pa.DataType] = {
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "text": pa.string(),
    "json": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


#: How we use DuckDB everywhere: it draws no progress bar on stdout, and gives memory back soon after it was used.
DUCKDB_SETTINGS = """
    set enable_progress_bar = false;
    set allocator_flush_threshold = '8MB';
    set allocator_bulk_deallocation_flush_threshold = '16MB';
"""

#: What DuckDB raises for data; anything else is a mistake in a query.
_DATA_ERRORS = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.OutOfMemoryException,
)


class RawTask(NamedTuple):
    """A task as the server sent it: UTF-8 JSON; `drafts` is a JSON list that replaces the task's own."""

    id: int
    project_id: int | None
    task: bytes
    drafts: bytes | None = None


def arrow_schema(table: Table) -> pa.Schema:
    """The Arrow schema of a table's rows."""
    return pa.schema([pa.field(c.name, _ARROW_TYPES[c.type], nullable=c.nullable) for c in table.columns])


@cache
def _query(name: str) -> str:
    return files(__package__).joinpath("queries", f"{name}.sql").read_text(encoding="utf-8")


def _typed_query(table: Table) -> str:
    def cast(column: Column) -> str:
        return f'"{column.name}"::{SQL_TYPES[column.type]} as "{column.name}"'

    return f"select {', '.join(map(cast, table.columns))} from (\n{_query(table.name)}\n) as rows"


class Flattener:
    """Flattens batches one after the other, on a DuckDB connection of its own. Not for use by two threads at once.

    With `history`, each annotation also gives a row of `annotation_history`. `masks` says what becomes of the numbers
    of brush masks.
    """

    def __init__(self, *, history: bool = False, masks: Masks = "keep") -> None:
        self._cut = MaskCut(masks)
        self._tables = [*TASK_TABLES, OPTIONAL_TABLES["annotation_history"]] if history else TASK_TABLES
        self._connection = duckdb.connect(":memory:")
        # a batch is smaller than a row group: a second thread would only add overhead
        self._connection.execute("set threads = 1; set timezone = 'UTC'; set preserve_insertion_order = true")
        self._connection.execute(DUCKDB_SETTINGS)
        self._connection.execute(_query("parse/_keys") + _query("parse/_macros"))
        self._connection.execute("create table seen_users (id bigint primary key, user varchar)")
        #: tasks that nothing could read, with the reason
        self.unreadable: list[Failure] = []

    def close(self) -> None:
        self._connection.close()

    def tasks(self, batch: Sequence[RawTask]) -> dict[str, pa.Table]:
        """The rows of a batch of tasks, by table name: a table for each of `TASK_TABLES`, also where it has no rows;
        with `history`, `annotation_history` besides.

        Tasks that are no strict JSON (a lone surrogate, NaN) are repaired, the others are read as they are. What
        can't be read is noted in `unreadable` and left out.
        """
        without = [
            task._replace(task=self._cut.without(task.task), drafts=task.drafts and self._cut.without(task.drafts))
            for task in batch
        ]
        tables = self._flatten_or_split(self._strict(without))
        whole = {name: self._cut.put_back(rows) for name, rows in tables.items()}
        self._cut.forget()
        return whole

    def users(self, listed: Iterable[bytes]) -> pa.Table:
        """The rows of `users`: those `listed` by the server, and those met in annotations since the start."""
        users = pa.table({"user": pa.array(map(repaired, listed), pa.string())})
        with self._registered("listed_users", users):
            return self._read(TABLES["users"])

    def take_users_of(self, other: "Flattener") -> None:
        """Takes over the users that another flattener met."""
        seen = other._connection.sql("from seen_users").to_arrow_table()
        with self._registered("seen_elsewhere", seen):
            self._connection.execute("insert or ignore into seen_users from seen_elsewhere")

    def projects(self, projects: Sequence[bytes]) -> pa.Table:
        """The rows of `projects`, from the server's answers for single projects."""
        batch = pa.table({"project": pa.array(map(repaired, projects), pa.string())})
        with self._registered("batch_projects", batch):
            return self._read(TABLES["projects"])

    def _strict(self, batch: Sequence[RawTask]) -> Sequence[RawTask]:
        odd = self._odd_places(batch)
        if not odd:
            return batch
        logger.warning("%d of %d tasks are no strict JSON and are repaired", len(odd), len(batch))
        return [task for place, raw in enumerate(batch) if (task := self._repair(raw) if place in odd else raw)]

    def _odd_places(self, batch: Sequence[RawTask]) -> set[int]:
        try:
            rows = _arrow_batch(batch)
        except pa.ArrowInvalid:  # invalid UTF-8
            return set(range(len(batch)))
        with self._registered("batch", rows):
            return {place for (place,) in self._connection.execute(_query("parse/odd")).fetchall()}

    def _repair(self, task: RawTask) -> RawTask | None:
        try:
            return task._replace(task=repaired(task.task), drafts=repaired(task.drafts) if task.drafts else None)
        except (ValueError, RecursionError) as error:
            self._note_unreadable(task, error)
            return None

    def _note_unreadable(self, task: RawTask, error: BaseException) -> None:
        reason = f"can't be read: {_first_line(error)}"
        self.unreadable.append(Failure(f"task {task.id}", reason, task.project_id, task.id))

    def _flatten_or_split(self, batch: Sequence[RawTask]) -> dict[str, pa.Table]:
        try:
            return self._flatten(batch)
        except _DATA_ERRORS as error:
            if len(batch) < 2:
                self._note_unreadable(batch[0], error)
                return self._flatten([])
        half = len(batch) // 2
        parts = [self._flatten_or_split(batch[:half]), self._flatten_or_split(batch[half:])]
        return {table.name: pa.concat_tables([part[table.name] for part in parts]) for table in self._tables}

    def _flatten(self, batch: Sequence[RawTask]) -> dict[str, pa.Table]:
        with self._registered("batch", _arrow_batch(batch)):
            self._connection.execute(_query("parse/tasks"))
        for step in _STEPS:
            self._connection.execute(_query(f"parse/{step}"))
        tables = {table.name: self._read(table) for table in self._tables}
        # they take ten times as much as the JSON, until the next batch comes
        self._connection.execute(_FORGET)
        return tables

    @contextmanager
    def _registered(self, name: str, rows: pa.Table) -> Iterator[None]:
        self._connection.register(name, rows)
        try:
            yield
        finally:
            self._connection.unregister(name)

    def _read(self, table: Table) -> pa.Table:
        return self._connection.sql(_typed_query(table)).to_arrow_table().cast(arrow_schema(table))


def _arrow_batch(batch: Sequence[RawTask]) -> pa.Table:
    return pa.table(
        {
            "task": pa.array([task.task for task in batch], pa.string()),
            "drafts": pa.array([task.drafts for task in batch], pa.string()),
            "id": pa.array([task.id for task in batch], pa.int64()),
            "project_id": pa.array([task.project_id for task in batch], pa.int64()),
            "place": pa.array(range(len(batch)), pa.int64()),
        }
    )


def _first_line(error: BaseException) -> str:
    # DuckDB goes on to quote the whole input
    return str(error).partition("\n")[0].partition(" Input: ")[0]
