"""Values as cells: as text for people and for CSV, and as JSON."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa

from .answer import Answer

_JSON = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS

#: What would break a line, steer a terminal, or turn the order of what follows.
_UNSEEN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]")


class Json(str):
    """Text that is JSON already."""

    __slots__ = ()


def rows(answer: Answer) -> Iterator[tuple[Any, ...]]:
    """The rows as Python's own values; JSON is told from text."""
    columns = zip(answer.table.columns, answer.types, strict=True)
    return zip(*(_values(column, type_) for column, type_ in columns), strict=True)


def as_text(value: Any) -> str | None:
    """A value as it stands in a CSV, every digit of it; None for null. Moments are in UTC."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return _moment(value, " ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | dict):
        return as_json(value).decode()
    return str(value)


def for_people(value: Any) -> str:
    """A value as it stands in a table: on one line, numbers rounded to four places."""
    if isinstance(value, float) and math.isfinite(value):
        return _rounded(value)
    if isinstance(value, datetime):
        return _moment(value.replace(microsecond=0), " ")
    return _UNSEEN.sub(lambda found: repr(found[0])[1:-1], as_text(value) or "")


def as_json(value: Any) -> bytes:
    """A value as JSON: JSON columns as they are, decimals with all digits, not-a-number as null."""
    return orjson.dumps(value, default=_for_json, option=_JSON)


def _for_json(value: Any) -> Any:
    if isinstance(value, Json):
        return orjson.Fragment(value.encode())
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}".encode())
    if isinstance(value, datetime):
        return _moment(value, "T")
    return value.hex() if isinstance(value, bytes) else str(value)


def _values(column: pa.ChunkedArray, type_: str) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist(maps_as_pydicts="strict")
    except (ValueError, OverflowError):  # Python knows no year 10000, and no infinity
        values = _far_values(column)
    if type_ == "JSON":
        return [None if value is None else Json(value) for value in values]
    if type_ == "JSON[]":
        return [value and [None if part is None else Json(part) for part in value] for value in values]
    return values


def _far_values(column: pa.ChunkedArray) -> list[str | None]:
    """Moments and days as text: DuckDB's infinity is the largest number that they can be told by."""
    width = pa.int32() if pa.types.is_date32(column.type) else pa.int64()
    largest = 2 ** (width.bit_width - 1) - 1
    infinite = {largest: "infinity", -largest: "-infinity"}
    texts = column.cast(pa.string()).to_pylist()
    return [infinite.get(number, text) for number, text in zip(column.cast(width).to_pylist(), texts, strict=True)]


def _moment(value: datetime, separator: str) -> str:
    if value.tzinfo is None:
        return value.isoformat(separator)
    return value.astimezone(UTC).isoformat(separator).replace("+00:00", "Z")


def _rounded(value: float) -> str:
    if value and abs(value) < 1e-3:
        return f"{value:.3g}"
    return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else repr(value)


def is_number(type_: str) -> bool:
    """Whether a column of that DuckDB type holds numbers."""
    return type_.startswith("DECIMAL") or type_.endswith("INT") or type_ in ("INTEGER", "UINTEGER", "DOUBLE", "FLOAT")
