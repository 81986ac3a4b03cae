"""The rows of a portion as Parquet files, one for each table and project, written where a lake's tables are.

A file has a name that no other try has, and counts once a table names it. So it does not matter how often a portion is
read, nor what is left behind by an executor that is gone.
"""

import json
import resource
import time
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs

from pipelines.label_studio.flatten import TASK_TABLES, arrow_schema
from pipelines.label_studio.report import Report
from pipelines.label_studio.tables import Table

from .options import Options, Place
from .reading import Portion, reading

#: What is said of a file; or, without a path, in `content`: users as Arrow, or the figures of a portion as JSON.
ROWS = pa.schema(
    {
        "table_name": pa.string(),
        "project_id": pa.int64(),
        "path": pa.string(),
        "rows": pa.int64(),
        "bytes": pa.int64(),
        "first_id": pa.int64(),
        "last_id": pa.int64(),
        "content": pa.binary(),
    }
)

#: What `content` holds, in place of a file's table: the users met in annotations, and the figures of a portion.
USERS, FIGURES = "users", "figures"


class Written(NamedTuple):
    """A file: its table, project and path from the lake's folder on, and from which task to which it goes."""

    table_name: str
    project_id: int | None
    path: str
    rows: int
    bytes: int
    first_id: int
    last_id: int


def place(folder: str) -> tuple[fs.FileSystem, str]:
    """The file system of a folder, and its path there."""
    if "://" in folder:
        system, path = fs.FileSystem.from_uri(folder)
        return system, path
    return fs.LocalFileSystem(), str(Path(folder).absolute())


def task_column(table: Table) -> str:
    """The column that names the task."""
    return "id" if table.name == "tasks" else "task_id"


def write(options: Options, where: Place, portion: Portion) -> pa.Table:
    """Reads a portion and writes the files; what is said of them, as rows like `ROWS`."""
    report = Report()
    cpu, begun = time.process_time(), time.monotonic()
    with Files(where) as files, reading(options, portion, report) as (batches, met):
        for tables in batches:
            for table in TASK_TABLES:
                files.add(table, tables[table.name])
        users = met()
    figures = {
        "tasks": len(report.fetched),
        "requests": report.requests,
        "retries": report.retries,
        "received": report.bytes,
        "cpu": time.process_time() - cpu,
        "seconds": time.monotonic() - begun,
        # in KB, on Linux
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
    rows: list[dict[str, Any]] = [each._asdict() for each in files.written]
    rows.append({"table_name": USERS, "rows": users.num_rows, "content": _as_bytes(users)})
    rows.append({"table_name": FIGURES, "content": json.dumps(figures).encode()})
    return pa.Table.from_pylist(rows, schema=ROWS)


class Files:
    """Parquet files that grow batch by batch; a context manager, after which `written` tells of them."""

    def __init__(self, where: Place) -> None:
        self._system, self._root = place(where.folder)
        self._where = where
        self._open: dict[tuple[str, int | None], _File] = {}
        self.written: list[Written] = []

    def __enter__(self) -> "Files":
        return self

    def __exit__(self, *exc_info: object) -> None:
        for file in self._open.values():
            file.writer.close()
        if exc_info[0] is None:
            self.written = [self._told(file) for file in self._open.values()]
        else:
            for file in self._open.values():
                self._system.delete_file(f"{self._root}/{file.path}")

    def add(self, table: Table, rows: pa.Table) -> None:
        """Adds rows to the files of a table."""
        for project_id, part in _by_project(rows):
            key = table.name, project_id
            if key not in self._open:
                self._open[key] = self._new(table, project_id)
            self._open[key].add(part)

    def _new(self, table: Table, project_id: int | None) -> "_File":
        schema, folder = arrow_schema(table), "data"
        if self._where.format == "delta":
            # there, the name of the folder says it
            schema = schema.remove(schema.get_field_index("project_id"))
            folder = f"project_id={project_id}"
        path = f"{table.name}/{folder}/{file_name(self._where.run)}"
        return _File(self._system, self._root, path, table, project_id, schema)

    def _told(self, file: "_File") -> Written:
        size = self._system.get_file_info(f"{self._root}/{file.path}").size
        return Written(file.table.name, file.project_id, file.path, file.rows, size, file.first, file.last)


def file_name(run: str, kind: str = "part") -> str:
    """The name of a new file of a run: a part of what was read, or of another kind."""
    return f"{kind}-{run}-{uuid4().hex}.parquet"


def remove_parts(where: Place, but: Container[str]) -> int:
    """Removes the parts that a run wrote, but for some paths from the folder on; gives how many there were.

    They are those of tries that failed, or were not needed.
    """
    system, root = place(where.folder)
    found = system.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
    parts = [each.path for each in found if each.is_file and each.base_name.startswith(f"part-{where.run}-")]
    surplus = [path for path in parts if path.removeprefix(f"{root}/") not in but]
    for path in surplus:
        system.delete_file(path)
    return len(surplus)


class _File:
    def __init__(
        self,
        system: fs.FileSystem,
        root: str,
        path: str,
        table: Table,
        project_id: int | None,
        schema: pa.Schema,
    ) -> None:
        self.path, self.table, self.project_id = path, table, project_id
        self.rows, self.first, self.last = 0, 2**63 - 1, 0
        system.create_dir(f"{root}/{path}".rpartition("/")[0])
        self.writer = pq.ParquetWriter(f"{root}/{path}", schema, filesystem=system, compression="zstd")

    def add(self, rows: pa.Table) -> None:
        bounds = pc.min_max(rows[task_column(self.table)]).as_py()
        self.rows += rows.num_rows
        self.first, self.last = min(self.first, bounds["min"]), max(self.last, bounds["max"])
        self.writer.write_table(rows.select(self.writer.schema.names))


def _by_project(rows: pa.Table) -> Iterator[tuple[int | None, pa.Table]]:
    project_ids = pc.unique(rows["project_id"]).to_pylist() if rows.num_rows else []
    for project_id in project_ids:
        if len(project_ids) == 1:
            yield project_id, rows
        elif project_id is None:
            yield None, rows.filter(pc.is_null(rows["project_id"]))
        else:
            yield project_id, rows.filter(pc.equal(rows["project_id"], project_id))


def _as_bytes(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue().to_pybytes())
