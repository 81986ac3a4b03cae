"""What the warehouse holds already: read through dlt's SQL client, in SQL that every warehouse speaks."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple, Self

from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.destinations.sql_client import SqlClientBase
from pyroaring import BitMap64

from .answers import Settings
from .outline import COLUMNS, Outline, moment, of_row
from .pieces import Interval, Runs
from .shards import Shard

#: Ids in one statement.
IDS_A_STATEMENT = 5000

_OUTLINE = ", ".join(COLUMNS)


class KnownProject(NamedTuple):
    """A project as it was loaded last, and how many of its tasks the warehouse holds."""

    tasks: int
    created_at: datetime | None = None
    model_version: str | None = None
    maximum_annotations: int | None = None
    overlap_cohort_percentage: float | None = None

    def is_other_project(self, now: Settings) -> bool:
        """The server has another project under this id: another server, or the id was given anew."""
        return self.created_at is not None and moment(now.created_at) != self.created_at

    def settings_differ(self, now: Settings) -> bool:
        """Settings were changed that change tasks without a trace: which model counts, or how many annotators."""
        names = ("model_version", "maximum_annotations", "overlap_cohort_percentage")
        return any(getattr(self, name) != getattr(now, name) for name in names)


class Known:
    """The tasks of a warehouse; of a `shard`, where one looks for what is gone. Not for use by two threads at once."""

    def __init__(self, client: SqlClientBase[Any] | None, shard: Shard | None = None) -> None:
        self.client = client
        self._own = f" and {shard.condition('id')}" if shard else ""

    @classmethod
    @contextmanager
    def of(cls, pipeline: Any, shard: Shard | None = None) -> Iterator[Self]:
        """What the warehouse of a pipeline holds; nothing, where there is no table of tasks yet, or no SQL."""
        job_client = pipeline.destination_client()
        if not isinstance(job_client, SqlJobClientBase):
            yield cls(None)
            return
        with job_client.sql_client as client:
            yield cls(
                client
                if {"tasks", "annotations", "predictions", "projects", "deleted_tasks"} <= _tables(client)
                else None,
                shard,
            )

    def __bool__(self) -> bool:
        """There are tables to look at."""
        return self.client is not None

    def projects(self) -> dict[int, KnownProject]:
        """The projects that were loaded, and those that tasks were loaded from."""
        tasks = self.count("tasks")
        names = ", ".join(KnownProject._fields[1:])
        rows = {row[0]: row[1:] for row in self.rows(f"select id, {names} from {{projects}}")}
        ids = sorted(project_id for project_id in tasks.keys() | rows.keys() if project_id is not None)
        return {project_id: KnownProject(tasks[project_id], *rows.get(project_id, ())) for project_id in ids}

    def count(self, table: str, task_ids: Iterable[int] | None = None) -> Counter[int | None]:
        """The number of rows of a table by project; of all tasks, or of these."""
        query = f"select project_id, count(*) from {{{table}}}"
        if task_ids is None:
            return Counter(dict(self.rows(f"{query} group by 1")))
        of_task = "id" if table == "tasks" else "task_id"
        counts: Counter[int | None] = Counter()
        for project_id, number in self._rows_of(f"{query} where {of_task} in ({{ids}}) group by 1", task_ids):
            counts[project_id] += number
        return counts

    def outlines(self, project_id: int, window: Interval) -> dict[int, Outline]:
        """The tasks of a project with ids in a window."""
        where = f"project_id = {project_id} and id between {window.first} and {window.last}{self._own}"
        return {row[0]: of_row(row[1:]) for row in self.rows(f"select id, {_OUTLINE} from {{tasks}} where {where}")}

    def outlines_of(self, task_ids: Iterable[int]) -> dict[int, Outline]:
        """Those of the tasks that are there."""
        query = f"select id, {_OUTLINE} from {{tasks}} where id in ({{ids}})"
        return {row[0]: of_row(row[1:]) for row in self._rows_of(query, task_ids)}

    def task_ids(self, project_id: int, outside: Interval | None = None) -> BitMap64:
        """The tasks of a project, or those with ids outside of a window."""
        beyond = f" and id not between {outside.first} and {outside.last}" if outside else ""
        return BitMap64(
            row[0] for row in self.rows(f"select id from {{tasks}} where project_id = {project_id}{beyond}{self._own}")
        )

    def projects_of(self, ids: Runs) -> dict[int, int | None]:
        """The project of each task with one of these ids."""
        if not ids:
            return {}
        window = f"id between {ids[0][0]} and {ids[-1][1]}"
        rows = self.rows(f"select id, project_id from {{tasks}} where {window}")
        return {task_id: project_id for task_id, project_id in rows if ids.between(task_id, task_id)}

    def holders(self, table: str, ids: Iterable[int]) -> dict[int, int | None]:
        """The tasks to which rows with these ids belong in a table, and their projects."""
        return dict(self._rows_of(f"select distinct task_id, project_id from {{{table}}} where id in ({{ids}})", ids))

    def has_column(self, table: str, column: str) -> bool:
        """Whether a table has a column."""
        query = (
            "select 1 from information_schema.columns where table_schema = %s and table_name = %s and column_name = %s"
        )
        client = self.client
        return bool(client and client.execute_sql(query, client.dataset_name, table, column))

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query; {tasks} stands for the table of that name. None where there is nothing to look at."""
        if self.client is None:
            return
        with self.client.execute_query(self.named(query)) as cursor:
            while rows := cursor.fetchmany(50_000):
                yield from rows

    def named(self, statement: str, **given: str) -> str:
        """A statement with the tables' full names in place of theirs in braces."""
        if self.client is None:
            raise ValueError("there is no warehouse to name tables of")
        return statement.format_map(_Names(self.client, given))

    def _rows_of(self, query: str, ids: Iterable[int]) -> Iterator[tuple[Any, ...]]:
        for some in in_lots(ids):
            yield from self.rows(query.replace("{ids}", some))


class _Names(dict[str, str]):
    def __init__(self, client: SqlClientBase[Any], given: dict[str, str]) -> None:
        super().__init__(given)
        self._client = client

    def __missing__(self, name: str) -> str:
        return self._client.make_qualified_table_name(name)


def in_lots(ids: Iterable[int]) -> Iterator[str]:
    """Ids as they stand in a statement, as many at a time as it may hold."""
    left = list(ids)
    for start in range(0, len(left), IDS_A_STATEMENT):
        yield ", ".join(map(str, left[start : start + IDS_A_STATEMENT]))


def _tables(client: SqlClientBase[Any]) -> set[str]:
    query = "select table_name from information_schema.tables where table_schema = %s"
    return {row[0] for row in client.execute_sql(query, client.dataset_name) or []}
