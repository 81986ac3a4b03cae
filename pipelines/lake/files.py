"""Rows of a lake's tables as Parquet files, one for each table and project, written where the tables are.

A file has a name that no other try has, and counts once a table names it. So it does not matter what is left behind by
whoever wrote it and is gone.
"""

import logging
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs

from .tables import LakeTable

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where files are written: a folder, for which kind of tables, under the id of a run."""

    folder: str
    format: str
    run: str


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

    def add(self, table: LakeTable, rows: pa.Table) -> None:
        """Adds rows to the files of a table."""
        for project_id, part in _by_project(rows):
            key = table.name, project_id
            if key not in self._open:
                self._open[key] = self._new(table, project_id)
            self._open[key].add(part)

    def _new(self, table: LakeTable, project_id: int | None) -> "_File":
        schema, folder = table.schema, "data"
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


def clean_up(where: Place, kept: Container[str]) -> None:
    """Removes the parts that a run wrote, but for some; what can't be removed is logged, and no reason to fail."""
    try:
        if surplus := remove_parts(where, kept):
            logger.info("removed %d files that no table names", surplus)
    except OSError as error:
        logger.warning("files that no table names are left behind: %s", error)


class _File:
    def __init__(
        self,
        system: fs.FileSystem,
        root: str,
        path: str,
        table: LakeTable,
        project_id: int | None,
        schema: pa.Schema,
    ) -> None:
        self.path, self.table, self.project_id = path, table, project_id
        self.rows, self.first, self.last = 0, 2**63 - 1, 0
        system.create_dir(f"{root}/{path}".rpartition("/")[0])
        self.writer = pq.ParquetWriter(f"{root}/{path}", schema, filesystem=system, compression="zstd")

    def add(self, rows: pa.Table) -> None:
        bounds = pc.min_max(rows[self.table.task_column]).as_py()
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
