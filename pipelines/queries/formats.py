"""Answers as files and as text: what `--format` names."""

import re
from collections.abc import Callable, Iterable
from typing import BinaryIO

from .answer import Answer
from .cells import as_json, as_text, for_people, is_number, rows
from .drawing import draw

#: Formats that no terminal can show.
BINARY = ("parquet", "xlsx")


def write(answer: Answer, format_: str, stream: BinaryIO) -> None:
    """Writes an answer in one of `FORMATS`, in UTF-8 where it is text."""
    FORMATS[format_](answer, stream)


def _table(answer: Answer, stream: BinaryIO) -> None:
    stream.write(draw(answer).encode())


def _markdown(answer: Answer, stream: BinaryIO) -> None:
    def line(cells: Iterable[str]) -> bytes:
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n".encode()

    stream.write(line(map(for_people, answer.table.column_names)))
    stream.write(line("--:" if is_number(type_) else "---" for type_ in answer.types))
    stream.writelines(line(map(for_people, row)) for row in rows(answer))


def _csv(answer: Answer, stream: BinaryIO) -> None:
    """RFC 4180, with a header; null is nothing, an empty text is ""."""

    def line(cells: Iterable[str | None]) -> bytes:
        return (",".join("" if cell is None else _quoted(cell) for cell in cells) + "\r\n").encode()

    stream.write(line(answer.table.column_names))
    stream.writelines(line(map(as_text, row)) for row in rows(answer))


def _json(answer: Answer, stream: BinaryIO) -> None:
    """A list of objects, one a line."""
    names = answer.table.column_names
    before = b"[\n"
    for row in rows(answer):
        stream.write(before + as_json(dict(zip(names, row, strict=True))))
        before = b",\n"
    stream.write(b"\n]\n" if answer.table.num_rows else b"[]\n")


def _parquet(answer: Answer, stream: BinaryIO) -> None:
    import pyarrow.parquet as pq

    pq.write_table(answer.table, stream, compression="zstd")


def _xlsx(answer: Answer, stream: BinaryIO) -> None:
    from .workbook import Sheet, expect_room, write_workbook

    expect_room(answer.table.num_rows, answer.table.num_columns)
    write_workbook([Sheet("query", answer.table.column_names, rows(answer))], stream)


def _quoted(cell: str) -> str:
    if cell and not re.search(r'[",\r\n]', cell):
        return cell
    return '"' + cell.replace('"', '""') + '"'


#: The formats, by the names that files of them end with, too.
FORMATS: dict[str, Callable[[Answer, BinaryIO], None]] = {
    "table": _table,
    "csv": _csv,
    "parquet": _parquet,
    "json": _json,
    "xlsx": _xlsx,
    "md": _markdown,
}
