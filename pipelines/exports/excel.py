"""One Excel file of views and tables: a sheet for each, and before them one that says what they are."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from pipelines.queries import Answer, QueryError
from pipelines.queries.cells import rows
from pipelines.queries.workbook import Sheet, expect_room, write_workbook

from .errors import ExportFailed, reason
from .names import sheet_names
from .relations import Relation
from .selects import select_values

#: Rows that are read at once: DuckDB hands out no fewer.
_BATCH = 2048

_CONTENTS = "contents"


class ExcelSheet(NamedTuple):
    """What became of a view or table in a workbook. Without a sheet's name it is left out, and the note says why."""

    relation: Relation
    sheet: str | None
    rows: int
    note: str | None


def write_excel(
    connection: duckdb.DuckDBPyConnection, relations: Sequence[Relation], projects: Sequence[int], path: Path
) -> list[ExcelSheet]:
    """Writes a workbook. A view that is too large for a sheet is left out, and so is a text too long for a cell.

    Rows are streamed, so that memory stays flat. Raises ExportFailed, OSError.
    """
    workbook = _Workbook(connection, projects)
    names = sheet_names([relation.name for relation in relations], [_CONTENTS])
    with path.open("wb") as stream:
        sheets = workbook.sheets(dict(zip(names, relations, strict=True)))
        write_workbook(sheets, stream, workbook.shortened)
    return workbook.written


class _Workbook:
    def __init__(self, connection: duckdb.DuckDBPyConnection, projects: Sequence[int]) -> None:
        self._connection = connection
        self._projects = projects
        #: of each sheet, how many texts of each column were too long
        self._long: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.written: list[ExcelSheet] = []

    def sheets(self, relations: dict[str, Relation]) -> Iterator[Sheet]:
        for name, relation in relations.items():
            select = select_values(relation, self._projects)
            count = self._count(relation, select)
            try:
                expect_room(count, len(relation.columns))
            except QueryError as error:
                self.written.append(ExcelSheet(relation, None, count, str(error)))
                continue
            yield Sheet(name, [column.name for column in relation.columns], self._rows(relation, select))
            self.written.append(ExcelSheet(relation, name, count, self._note(name)))
        yield Sheet(_CONTENTS, ("sheet", "rows", "meaning", "note"), self._contents(), leads=True)

    def shortened(self, sheet: Sheet, column: str, text: str) -> str:
        """What stands in place of a text that is too long: no half of a document that one may take for a whole."""
        self._long[sheet.name][column] += 1
        return f"({len(text):,} characters: too long for Excel)"

    def _count(self, relation: Relation, select: str) -> int:
        try:
            [(count,)] = self._connection.execute(f"select count(*) from ({select})").fetchall()
        except duckdb.Error as error:
            raise _unreadable(relation, error) from error
        return int(count)

    def _rows(self, relation: Relation, select: str) -> Iterator[tuple[Any, ...]]:
        try:
            found = self._connection.sql(select)
            types = [str(type_) for type_ in found.types]
            for batch in found.to_arrow_reader(_BATCH):
                yield from rows(Answer(pa.Table.from_batches([batch]), types))
        except duckdb.Error as error:
            raise _unreadable(relation, error) from error

    def _note(self, name: str) -> str | None:
        texts = [f"{count:,} of {column}" for column, count in self._long[name].items()]
        if not texts:
            return None
        return f"texts too long for a cell are left out: {', '.join(texts)}; csv and parquet have them"

    def _contents(self) -> Iterator[tuple[Any, ...]]:
        for relation, sheet, count, note in self.written:
            yield sheet or f"{relation.name} (left out)", count, relation.comment, note


def _unreadable(relation: Relation, error: duckdb.Error) -> ExportFailed:
    return ExportFailed(f"{relation.schema}.{relation.name} can't be read: {reason(error)}")
