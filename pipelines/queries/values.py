"""Values of parameters: from text as it is typed, or from Python's own types, never rounded and never guessed."""

import operator
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

_LIMIT = 2**63


class Type(NamedTuple):
    """A type that parameters can have: what it takes, in words, and how it is read."""

    meaning: str
    read: Callable[[Any], Any]


def read_value(type_: str, value: Any) -> Any:
    """A value in one of `TYPES`, as DuckDB binds it. Raises ValueError or TypeError."""
    return TYPES[type_].read(value.strip() if isinstance(value, str) and type_ != "varchar" else value)


def _integer(value: Any) -> int:
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?[0-9]+", value):
            raise ValueError(value)
        number = int(value)
    elif isinstance(value, bool):
        raise TypeError(value)
    else:
        number = operator.index(value)
    if not -_LIMIT <= number < _LIMIT:
        raise ValueError(value)
    return number


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError(value)
    return float(value)


def _truth(value: Any) -> bool:
    words = {"true": True, "false": False, "yes": True, "no": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    if str(value) in ("True", "False"):
        return bool(value)
    raise ValueError(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        raise TypeError(value)
    return value if isinstance(value, date) else date.fromisoformat(value)


def _moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


TYPES = {
    "bigint": Type("a whole number", _integer),
    "double": Type("a number", _number),
    "boolean": Type("true or false", _truth),
    "varchar": Type("text", _text),
    "date": Type("a day, such as 2026-03-31", _day),
    "timestamp with time zone": Type("a moment, such as 2026-03-31T12:00Z; UTC where no zone is said", _moment),
}
