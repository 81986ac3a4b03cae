"""An answer as a table for people."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from .answer import Answer
from .cells import for_people, is_number, rows

#: Columns between two columns, and the narrowest that one is cut to.
_GAP, _NARROWEST = 2, 8


def draw(answer: Answer, width: int | None = None) -> str:
    """The rows below their names; where they are wider than `width`, the widest columns are cut off."""
    lines = [list(map(for_people, answer.table.column_names))]
    lines += [list(map(for_people, row)) for row in rows(answer)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    if width:
        widest = _widest(widths, width)
        widths = [min(column, widest) for column in widths]
    numbers = [is_number(type_) for type_ in answer.types]
    lines.insert(1, ["-" * column for column in widths])
    text = "".join(f"{_line(cells, widths, numbers)}\n" for cells in lines)
    return text if answer.table.num_rows else f"{text}(no rows)\n"


def _widest(widths: Sequence[int], room: int) -> int:
    """How wide the widest columns may be, so that all fit."""
    widest = max(widths)
    room -= _GAP * (len(widths) - 1)
    while widest > _NARROWEST and sum(min(column, widest) for column in widths) > room:
        widest -= 1
    return widest


def _line(cells: Sequence[str], widths: Sequence[int], numbers: Sequence[bool]) -> str:
    parts = [_cell(*cell) for cell in zip(cells, widths, numbers, strict=True)]
    return (" " * _GAP).join(parts).rstrip()


def _cell(text: str, width: int, is_number_: bool) -> str:
    free = width - cell_len(text)
    if free < 0:
        return f"{set_cell_size(text, width - 1)}…"
    return " " * free + text if is_number_ else text + " " * free
