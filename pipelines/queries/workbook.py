"""Rows as sheets of an Excel file."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO, NamedTuple

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from .cells import as_text
from .errors import QueryError

#: What fits into a sheet and into a cell, as Microsoft says.
ROWS, _COLUMNS, _CHARACTERS = 1_048_576, 16_384, 32_767

#: Excel's numbers are doubles, of which it shows so many digits.
_DIGITS = 10**15

#: Its calendar has a day too many before.
_FIRST_DAY = date(1900, 3, 1)

#: No XML can hold them, so Excel writes _x000C_, and what looks like that already as _x005F_x000C_.
_ESCAPED = re.compile("[\\x00-\\x08\\x0b-\\x1f\\ufffe\\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


class Sheet(NamedTuple):
    """A sheet: its name, the names of its columns, and its rows. One that `leads` comes before those made earlier."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]
    leads: bool = False


def refuse(_: Sheet, column: str, text: str) -> str:
    """What becomes of a text that is too long for a cell, unless something else is said. Raises QueryError."""
    raise QueryError(f"{column} has a text of {len(text):,} characters, too long for Excel: use csv or parquet")


def expect_room(rows: int, columns: int) -> None:
    """Raises QueryError where so many rows and columns are too many for a sheet."""
    if rows >= ROWS or columns > _COLUMNS:
        raise QueryError(f"{rows:,} rows and {columns:,} columns are too many for Excel: use csv or parquet")


def write_workbook(
    sheets: Iterable[Sheet], stream: BinaryIO, shortened: Callable[[Sheet, str, str], str] = refuse
) -> None:
    """Writes sheets: moments in UTC, for Excel knows no zones; numbers of 16 and more digits as text.

    The rows are taken one by one, and no sheet may have more than `expect_room` allows. `shortened` gives what stands
    in place of a text that is too long for a cell, by its sheet and column.
    """
    book = Workbook(write_only=True)
    for sheet in sheets:
        _Writer(book, sheet, shortened).write()
    book.save(stream)


class _Writer:
    """Writes a sheet."""

    def __init__(self, book: Workbook, sheet: Sheet, shortened: Callable[[Sheet, str, str], str]) -> None:
        self._to: Any = book.create_sheet(sheet.name, 0 if sheet.leads else None)
        self._sheet = sheet
        self._shortened = shortened

    def write(self) -> None:
        self._to.freeze_panes = "A2"
        try:
            self._to.append([self._text(name, name, bold=True) for name in self._sheet.columns])
            for row in self._sheet.rows:
                self._to.append([self._cell(*pair) for pair in zip(self._sheet.columns, row, strict=True)])
        finally:
            # else openpyxl would go on writing to a file that is closed
            self._to.close()

    def _cell(self, name: str, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float | Decimal):
            if _is_exact(value):
                return value
        elif isinstance(value, datetime):
            if value.date() > _FIRST_DAY:
                return _moment(value)
        elif isinstance(value, time) or (isinstance(value, date) and value > _FIRST_DAY):
            return value
        return self._text(name, as_text(value) or "")

    def _text(self, name: str, text: str, *, bold: bool = False) -> Any:
        """A cell that stays text, also where it begins like a formula."""
        escaped = _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
        if len(escaped) > _CHARACTERS:
            escaped = self._shortened(self._sheet, name, text)
        cell = WriteOnlyCell(self._to, value=escaped)
        cell.data_type = "s"
        if bold:
            cell.font = Font(bold=True)
        return cell


def _is_exact(number: Any) -> bool:
    """Whether Excel shows every digit of a number."""
    if isinstance(number, Decimal):
        return number.is_finite() and len(number.as_tuple().digits) <= 15
    return math.isfinite(number) and (isinstance(number, float) or abs(number) < _DIGITS)


def _moment(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
