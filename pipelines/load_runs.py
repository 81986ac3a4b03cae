"""The table `load_runs`: one row per run, also of those that failed."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import msgspec

from pipelines.comments import comment
from pipelines.exits import explained
from pipelines.label_studio.report import Report
from pipelines.label_studio.tables import Column, Table

LOAD_RUNS = Table(
    "load_runs",
    "One row is a run of pipelines/tasks.py. A row without an end is of a run in progress, or of one that was killed.",
    ("run_id",),
    (
        Column("run_id", "text", "Id of the run; its log lines carry it.", nullable=False),
        Column("started_at", "timestamp", "When the run began, by the clock of its machine.", nullable=False),
        Column("ended_at", "timestamp", "When it ended; null while it goes on, and where it was killed."),
        Column("mode", "text", "ids, incremental, reconcile or full; of several projects, the most thorough."),
        Column("tasks_fetched", "bigint", "Tasks that were fetched."),
        Column("tasks_changed", "bigint", "Fetched tasks that were new, or other than the warehouse held them."),
        Column("tasks_deleted", "bigint", "Tasks that were removed, as they are gone from Label Studio."),
        Column("tasks_failed", "bigint", "Tasks, pieces of projects and other things that could not be had."),
        Column("requests", "bigint", "Requests to the server, tries again included."),
        Column("retries", "bigint", "Requests that were tries again."),
        Column("bytes", "bigint", "Bytes of the answers, compressed where the server compresses."),
        Column("version", "text", "Version of this project."),
        Column("host", "text", "Machine or container that it ran on."),
        Column("pid", "bigint", "Its process there."),
        Column("exit_code", "bigint", "Its exit code; null while it goes on, and where it was killed."),
        Column("error", "text", "What ended it early, in one line."),
        Column("shard", "text", "The share of the ids that it loaded, such as 3/8; null where it loaded all."),
    ),
)

_COLUMNS = "select column_name from information_schema.columns where table_schema = %s and table_name = %s"

_SQL_TYPES = {"text": "varchar", "bigint": "bigint", "timestamp": "timestamp with time zone"}


@dataclass
class RunRecord:
    """A row of `load_runs`."""

    run_id: str
    started_at: datetime
    ended_at: datetime | None = None
    mode: str | None = None
    tasks_fetched: int = 0
    tasks_changed: int = 0
    tasks_deleted: int = 0
    tasks_failed: int = 0
    requests: int = 0
    retries: int = 0
    bytes: int = 0
    version: str = ""
    host: str = ""
    pid: int = 0
    exit_code: int | None = None
    error: str | None = None
    shard: str | None = None

    @classmethod
    def begun(cls, run_id: str, shard: str | None = None) -> Self:
        """The record of a run that begins now, in this process."""
        return cls(
            run_id,
            _now(),
            version=version("label-studio-warehouse"),
            host=socket.gethostname(),
            pid=os.getpid(),
            shard=shard,
        )

    def end(self, report: Report, exit_code: int, error: str | None = None) -> None:
        """Notes how the run ended, and its figures."""
        self.ended_at, self.exit_code, self.error = _now(), exit_code, error
        self.mode = report.mode or None
        self.tasks_fetched, self.tasks_changed = len(report.fetched), report.changed
        self.tasks_deleted, self.tasks_failed = len(report.deleted), len(report.failures)
        self.requests, self.retries, self.bytes = report.requests, report.retries, report.bytes


def write(client: Any, *records: RunRecord) -> None:
    """Puts records into the table, in place of those with the same run_id. `client` is dlt's SQL client."""
    table = client.make_qualified_table_name(LOAD_RUNS.name)
    columns = [column.name for column in LOAD_RUNS.columns]
    casts = [f"cast(%s as {_SQL_TYPES[column.type]})" for column in LOAD_RUNS.columns]
    with client.begin_transaction():
        for record in records:
            client.execute_sql(f"delete from {table} where run_id = %s", record.run_id)
            values = [_plain(getattr(record, name)) for name in columns]
            client.execute_sql(f"insert into {table} ({', '.join(columns)}) values ({', '.join(casts)})", *values)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def create_table(client: Any, table: Table) -> None:
    """Makes a table that a run writes itself, with its comments, and its schema, where they are not there yet.

    To be called before anything else writes into the table: a comment changes the table.
    """
    columns = ", ".join(
        f"{column.name} {_SQL_TYPES[column.type]}{'' if column.nullable else ' not null'}" for column in table.columns
    )
    client.execute_sql(f"create schema if not exists {client.fully_qualified_dataset_name()}")
    name = client.make_qualified_table_name(table.name)
    client.execute_sql(f"create table if not exists {name} ({columns})")
    there = {row[0] for row in client.execute_sql(_COLUMNS, client.dataset_name, table.name)}
    for column in table.columns:
        # of a release that did not have it yet
        if column.name not in there:
            client.execute_sql(f"alter table {name} add column {column.name} {_SQL_TYPES[column.type]}")
    comment(client, name, table)


class Journal:
    """Keeps the record of a run: in the warehouse, or in a file for the next run where the warehouse can't be had."""

    def __init__(self, record: RunRecord, report: Report, folder: Path) -> None:
        self._record = record
        self._report = report
        self._folder = folder / "unrecorded"
        self.run_id = record.run_id

    @contextmanager
    def written_to(self, client: Any) -> Iterator[None]:
        """Writes into the warehouse what earlier runs could not, and the error that ends this one."""
        self._write_kept(client)
        try:
            yield
        except BaseException as error:
            self.keep(error)
            raise
        finally:
            # what ended the run may keep the warehouse from being written, too
            with suppress(Exception):
                self._write_kept(client)

    @property
    def started_at(self) -> datetime:
        """When the run began."""
        return self._record.started_at

    def last_was_good(self, client: Any) -> bool:
        """Whether the run before ended well, its checks included. To be asked before this one begins."""
        name = client.make_qualified_table_name(LOAD_RUNS.name)
        return bool(client.execute_sql(f"select exit_code from {name} order by started_at desc limit 1") == [(0,)])

    def begin(self, client: Any) -> None:
        """Notes that the run is at work."""
        write(client, self._record)

    def end(self, client: Any, exit_code: int, error: str | None = None) -> None:
        """Notes how the run ended."""
        self._record.end(self._report, exit_code, error)
        write(client, self._record)

    def keep(self, error: BaseException) -> None:
        """Keeps what ended the run, in a file. One that can't be written is given up: the outcome matters more."""
        reason, exit_code = explained(error)
        if (self._record.exit_code, self._record.error) == (exit_code, reason):
            return
        self._record.end(self._report, exit_code, reason)
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{self.run_id}.json").write_bytes(msgspec.json.encode(self._record))

    def _write_kept(self, client: Any) -> None:
        kept = dict(self._kept())
        write(client, *kept.values())
        for path in kept:
            path.unlink(missing_ok=True)

    def _kept(self) -> Iterator[tuple[Path, RunRecord]]:
        for path in sorted(self._folder.glob("*.json")):
            try:
                yield path, msgspec.json.decode(path.read_bytes(), type=RunRecord)
            except (ValueError, OSError):
                # cut off by a full disk: there is nothing to be learnt from it
                path.unlink(missing_ok=True)


def _now() -> datetime:
    return datetime.now(UTC)
