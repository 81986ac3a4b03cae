"""An answer as an Excel file."""

import math
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from .answer import Answer
from .cells import as_text, rows
from .errors import QueryError

#: What fits into a sheet and into a cell, as Microsoft says.
_ROWS, _COLUMNS, _CHARACTERS = 1_048_576, 16_384, 32_767

#: Excel's numbers are doubles, of which it shows so many digits.
_DIGITS = 10**15

#: Its calendar has a day too many before.
_FIRST_DAY = date(1900, 3, 1)

#: No XML can hold them, so Excel writes _x000C_, and what looks like that already as _x005F_x000C_.
_ESCAPED = re.compile("[\\x00-\\x08\\x0b-\\x1f\\ufffe\\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def write_workbook(answer: Answer, stream: BinaryIO) -> None:
    """Writes one sheet: moments in UTC, for Excel knows no zones; numbers of 16 and more digits as text.

    Raises QueryError where the answer is too large for Excel.
    """
    names = answer.table.column_names
    if answer.table.num_rows >= _ROWS or len(names) > _COLUMNS:
        raise QueryError(
            f"{answer.table.num_rows:,} rows and {len(names):,} columns are too many for Excel: use csv or parquet"
        )
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("query")
    sheet.freeze_panes = "A2"
    sheet.append([_text(sheet, name, name, bold=True) for name in names])
    try:
        for row in rows(answer):
            sheet.append([_cell(sheet, name, value) for name, value in zip(names, row, strict=True)])
    finally:
        # else openpyxl would go on writing to a file that is closed
        sheet.close()
    book.save(stream)


def _cell(sheet: Any, name: str, value: Any) -> Any:
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
    return _text(sheet, name, as_text(value) or "")


def _is_exact(number: Any) -> bool:
    """Whether Excel shows every digit of a number."""
    if isinstance(number, Decimal):
        return number.is_finite() and len(number.as_tuple().digits) <= 15
    return math.isfinite(number) and (isinstance(number, float) or abs(number) < _DIGITS)


def _moment(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def _text(sheet: Any, name: str, text: str, *, bold: bool = False) -> Any:
    """A cell that stays text, also where it begins like a formula."""
    if len(text) > _CHARACTERS:
        raise QueryError(f"{name} has a text of {len(text):,} characters, too long for Excel: use csv or parquet")
    cell = WriteOnlyCell(sheet, value=_ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text))
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell
