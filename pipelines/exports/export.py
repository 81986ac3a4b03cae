"""An export: all files from one state of the warehouse, put in place together."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.analytics.definitions import Schemas
from pipelines.comments import literal
from pipelines.memory import give_back
from pipelines.queries import interruptible, opened
from pipelines.settings import WarehouseSettings

from .errors import ExportFailed, reason
from .excel import write_excel
from .folder import put_in_place, staged
from .manifest import File, LeftOut, manifest_of, newest_load
from .names import file_names
from .relations import Relation, expect_projects, find_relations
from .selects import projects_of
from .writing import WRITERS

_WORKBOOK = "analytics.xlsx"


@dataclass(frozen=True)
class Request:
    """What is wanted: files of these formats in `folder`, of the views named or of all, `tables` too or not."""

    folder: Path
    formats: tuple[str, ...] = ("parquet",)
    views: tuple[str, ...] = ()
    projects: tuple[int, ...] = ()
    tables: bool = False


@dataclass(frozen=True)
class Export:
    """What was written. `size` is in bytes."""

    files: list[File]
    left_out: list[LeftOut]
    #: views and tables that hold all projects although some were named
    whole: list[str]
    size: int


def export(
    request: Request,
    warehouse: WarehouseSettings,
    database: Path | None = None,
    told: Callable[[File], None] = lambda _: None,
) -> Export:
    """Writes the files of a request, from `database`, else the readers' copy, else the warehouse itself.

    `told` hears of each file once it is written, not yet in its place. Raises QueryError for what can't be asked;
    ExportFailed where the files can't be written: then those of the export before are as they were; WarehouseBusy;
    AnotherRun.
    """
    schemas = Schemas.of(warehouse.dataset_name)
    # nobody can write to a file that is open here: all that is read is of one state
    with opened(warehouse, database, warehouse.memory_limit) as connection, _failing_as("the files"):
        return interruptible(connection, lambda: _Exporter(connection, schemas, request, told).run())


class _Exporter:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        schemas: Schemas,
        request: Request,
        told: Callable[[File], None],
    ) -> None:
        self._connection = connection
        self._schemas = schemas
        self._request = request
        self._told = told
        self._left_out: list[LeftOut] = []

    def run(self) -> Export:
        request, projects = self._request, self._request.projects
        relations = find_relations(self._connection, self._schemas, request.views, tables=request.tables)
        expect_projects(self._connection, self._schemas, projects)
        with staged(request.folder) as stage:
            # what memory has no room for goes where there must be room anyway
            self._connection.execute(f"set temp_directory = {literal(str(stage / 'spilled'))}")
            self._connection.execute("set preserve_insertion_order = false")
            files = []
            for file in self._write(stage, relations):
                self._told(file)
                files.append(file)
            load = newest_load(self._connection, self._schemas)
            with _failing_as(request.folder):
                manifest = manifest_of(stage, files, self._left_out, projects, self._schemas, load)
                put_in_place(stage, request.folder, manifest)
        sizes = {entry["name"]: entry["bytes"] for entry in manifest["files"]}
        whole = [relation.name for relation in relations if projects and not projects_of(relation, projects)]
        return Export(files, self._left_out, whole, sum(sizes.values()))

    def _write(self, stage: Path, relations: Sequence[Relation]) -> Iterator[File]:
        names = file_names(relation.name for relation in relations)
        for relation, name in zip(relations, names, strict=True):
            for format_, write in WRITERS.items():
                if format_ in self._request.formats:
                    path = stage / f"{name}.{format_}"
                    with _failing_as(path.name):
                        rows = write(self._connection, relation, self._request.projects, path)
                    give_back(self._connection)
                    yield File(path.name, relation, format_, rows)
        if "xlsx" in self._request.formats:
            yield from self._write_workbook(stage, relations)

    def _write_workbook(self, stage: Path, relations: Sequence[Relation]) -> Iterator[File]:
        with _failing_as(_WORKBOOK):
            sheets = write_excel(self._connection, relations, self._request.projects, stage / _WORKBOOK)
        for relation, sheet, rows, note in sheets:
            if sheet:
                yield File(_WORKBOOK, relation, "xlsx", rows, sheet, note)
            else:
                self._left_out.append(LeftOut(relation, "xlsx", note or ""))


@contextmanager
def _failing_as(what: str | Path) -> Iterator[None]:
    try:
        yield
    except (OSError, duckdb.Error) as error:
        raise ExportFailed(f"{what} can't be written: {reason(error)}") from error
