"""Delta tables: a commit to each table's log removes files and adds others, at once. Java has no part in it."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from .files import Written, file_name, place
from .replaced import Bounds, Fate, Replaced
from .tables import Known, LakeTable

#: The key of a commit's metadata that names the run.
RUN = "label_studio_run"

#: Whose marks a table's log keeps.
_OURS = "label_studio_warehouse"

_ID_COLUMNS = ("id", "task_id", "project_id")

#: Hours for which files stay that no table names any more, for those who read it as it was.
_KEPT_HOURS = 7 * 24


@dataclass(frozen=True)
class _File:
    """A file of a table, as its log has it."""

    path: str
    size: int
    partition: dict[str, str | None]
    bounds: Bounds


class DeltaLake:
    """Delta tables in a folder, each in one of its name."""

    def __init__(self, folder: str) -> None:
        self._folder = folder if "://" in folder else str(Path(folder).absolute())
        self._system, self._root = place(folder)

    def replace(
        self,
        table: LakeTable,
        replaced: Replaced,
        written: list[Written],
        rows: pa.Table | None,
        run: str,
        mark: int | None = None,
    ) -> None:
        """Puts files that were written, or a few `rows`, in place of what is replaced: all of it, or nothing.

        The `mark` can be asked for afterwards.
        """
        delta = self._opened(table)
        actions: list[AddAction | RemoveAction] = [_added(table, file) for file in written]
        if rows is not None and rows.num_rows:
            actions.append(self._saved(table, rows, {}, run))
        for file in _files(delta):
            actions += self._actions(table, file, replaced, run)
        delta.create_write_transaction(
            actions,
            "append",
            delta.schema(),
            partition_by=delta.metadata().partition_columns,
            commit_properties=CommitProperties(
                custom_metadata={RUN: run}, app_transactions=[] if mark is None else [Transaction(_OURS, mark)]
            ),
        )

    def known(self, table: LakeTable) -> Known | None:
        """What a table of the lake says of itself; None where it is not there."""
        there = self._found(table)
        if there is None:
            return None
        return Known([field.name for field in there.schema().fields], there.transaction_version(_OURS))

    def tidy(self, table: LakeTable) -> None:
        """Removes files that no version of the last seven days names."""
        DeltaTable(self._uri(table)).vacuum(_KEPT_HOURS, dry_run=False)

    def _found(self, table: LakeTable) -> DeltaTable | None:
        try:
            return DeltaTable(self._uri(table))
        except TableNotFoundError:
            return None

    def _uri(self, table: LakeTable) -> str:
        return f"{self._folder}/{table.name}"

    def _opened(self, table: LakeTable) -> DeltaTable:
        return DeltaTable.create(
            self._uri(table),
            table.described("comment"),
            mode="ignore",
            partition_by=["project_id"] if table.task_column else None,
            name=table.name,
            description=table.description,
        )

    def _actions(
        self, table: LakeTable, file: _File, replaced: Replaced, run: str
    ) -> Iterator[AddAction | RemoveAction]:
        fate = replaced.fate(file.bounds)
        if fate is Fate.KEPT:
            return
        if fate is Fate.CUT:
            rows = self._read(table, file)
            kept = replaced.without(rows)
            if kept.num_rows == rows.num_rows:
                return
            if kept.num_rows:
                yield self._saved(table, kept, file.partition, run)
        yield RemoveAction(file.path, True, _now(), file.size, file.partition)

    def _read(self, table: LakeTable, file: _File) -> pa.Table:
        rows = pq.read_table(f"{self._root}/{table.name}/{file.path}", filesystem=self._system, partitioning=None)
        if table.task_column:
            value = file.partition["project_id"]
            project_id = pa.scalar(None if value is None else int(value), pa.int64())
            rows = rows.append_column("project_id", pa.repeat(project_id, rows.num_rows))
        return rows.select(table.schema.names)

    def _saved(self, table: LakeTable, rows: pa.Table, partition: dict[str, str | None], run: str) -> AddAction:
        """Writes a file of rows of one partition."""
        folder = "".join(f"{name}={value}/" for name, value in partition.items())
        path = f"{folder}{file_name(run, 'kept')}"
        self._system.create_dir(f"{self._root}/{table.name}/{folder}")
        whole = f"{self._root}/{table.name}/{path}"
        pq.write_table(rows.drop_columns(list(partition)), whole, filesystem=self._system, compression="zstd")
        size = self._system.get_file_info(whole).size
        column = table.task_column
        bounds = {column: _bounds(rows, column)} if column else {}
        return _add(path, size, partition, rows.num_rows, bounds)


def _bounds(rows: pa.Table, column: str) -> tuple[int, int]:
    bounds = pc.min_max(rows[column]).as_py()
    return bounds["min"], bounds["max"]


def _added(table: LakeTable, file: Written) -> AddAction:
    partition = {"project_id": None if file.project_id is None else str(file.project_id)}
    path = file.path.removeprefix(f"{table.name}/")
    return _add(path, file.bytes, partition, file.rows, {table.task_column or "": (file.first_id, file.last_id)})


def _add(path: str, size: int, partition: dict[str, str | None], rows: int, bounds: Bounds) -> AddAction:
    stats = {
        "numRecords": rows,
        "minValues": {name: low for name, (low, _) in bounds.items()},
        "maxValues": {name: high for name, (_, high) in bounds.items()},
        "nullCount": dict.fromkeys(bounds, 0),
    }
    return AddAction(path, size, partition, _now(), True, json.dumps(stats))


def _files(delta: DeltaTable) -> Iterator[_File]:
    partitions = delta.metadata().partition_columns
    for row in pa.table(delta.get_add_actions(flatten=True)).to_pylist():
        partition: dict[str, Any] = {name: row[f"partition.{name}"] for name in partitions}
        bounds = {
            name: (row[f"min.{name}"], row[f"max.{name}"]) for name in _ID_COLUMNS if row.get(f"min.{name}") is not None
        }
        bounds |= {name: (int(value), int(value)) for name, value in partition.items() if value is not None}
        texts = {name: None if value is None else str(value) for name, value in partition.items()}
        yield _File(row["path"], row["size_bytes"], texts, bounds)


def _now() -> int:
    return time.time_ns() // 1_000_000
