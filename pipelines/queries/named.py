"""The queries of sql/queries: what their headers say of them, of their parameters, and of their columns.

A header is the comment that a file begins with. Its first paragraph says which question is answered. The second one
declares the parameters, the third one tells the columns:

    -- Which annotators disagree most with ground truth.
    --
    -- $project_id bigint, required: the project
    -- $label varchar = null: only this label; all where null
    --
    -- annotator: e-mail of the annotator
"""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.headers import first_sentence, read_header

from .errors import QueryError
from .values import TYPES, read_value

QUERIES = Path(__file__).resolve().parent.parent.parent / "sql" / "queries"

_PARAMETER = re.compile(r"\$([a-z][a-z0-9_]*) ([a-z ]+?)(?:, required| = (.+?)): (.+)")
_COLUMN = re.compile(r"([a-z][a-z0-9_]*): (.+)")


class Parameter(NamedTuple):
    """A parameter of a query: `$name` in its SQL. `default` is text, or None where null is meant."""

    name: str
    type: str
    required: bool
    default: str | None
    meaning: str

    @property
    def usage(self) -> str:
        """How it is given: `--limit bigint = 20`."""
        return f"--{self.name} {self.type}" + ("" if self.required else f" = {self.default or 'null'}")

    def read(self, value: Any) -> Any:
        """A given value, as text or as Python has it, in the declared type. Raises QueryError."""
        if isinstance(value, str) and value == "null" and self.type != "varchar":
            value = None
        if value is None:
            if self.required:
                raise QueryError(f"{self.name} can't be null: it is {self.meaning}")
            return None
        try:
            return read_value(self.type, value)
        except (ValueError, TypeError) as error:
            raise QueryError(f"{self.name} is {value!r}: it takes {TYPES[self.type].meaning}") from error


class NamedQuery(NamedTuple):
    """A query of sql/queries."""

    name: str
    sql: str
    description: str
    parameters: dict[str, Parameter]
    columns: dict[str, str]

    @property
    def question(self) -> str:
        """The first sentence of its description."""
        return first_sentence(self.description)

    def values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A value for each parameter: as given, else its default. Raises QueryError."""
        for name in given:
            if name not in self.parameters:
                hint = did_you_mean(name, list(self.parameters))
                takes = ", ".join(self.parameters) or "none"
                raise QueryError(f"{self.name} has no parameter {name}{hint} It takes {takes}")
        return {name: self._value(parameter, given) for name, parameter in self.parameters.items()}

    def _value(self, parameter: Parameter, given: Mapping[str, Any]) -> Any:
        if parameter.name in given:
            return parameter.read(given[parameter.name])
        if parameter.required:
            raise QueryError(f"{self.name} needs --{parameter.name}: {parameter.meaning}")
        return None if parameter.default is None else parameter.read(parameter.default)


def named_queries() -> dict[str, NamedQuery]:
    """All queries, by name."""
    return {path.stem: _read(path) for path in sorted(QUERIES.glob("*.sql"))}


def find_query(text: str) -> NamedQuery | None:
    """The query of that name, with - for _ also; None where the text is SQL. Raises QueryError for an unknown name."""
    name = text.strip().replace("-", "_").lower()
    if not re.fullmatch(r"\w*", name):
        return None
    path = QUERIES / f"{name}.sql"
    if name and path.is_file():
        return _read(path)
    known = sorted(path.stem for path in QUERIES.glob("*.sql"))
    raise QueryError(f"there is no query {text.strip()!r}{did_you_mean(name, known)} --list names all")


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """What may have been meant: the end of one sentence, before the next."""
    # part of a name is how one remembers it
    part = [other for other in known if len(name) > 2 and name in other]
    close = get_close_matches(name, known, n=3, cutoff=0.6) + part
    return f": did you mean {' or '.join(dict.fromkeys(close[:3]))}?" if close else "."


def _read(path: Path) -> NamedQuery:
    sql = path.read_text(encoding="utf-8")
    description, lines = read_header(sql)
    parameters: dict[str, Parameter] = {}
    columns: dict[str, str] = {}
    for line in lines:
        if found := _PARAMETER.fullmatch(line):
            name, type_, default, meaning = found.groups()
            required = default is None
            parameters[name] = Parameter(name, type_, required, None if default == "null" else default, meaning)
        elif found := _COLUMN.fullmatch(line):
            columns[found[1]] = found[2]
    return NamedQuery(path.stem, sql, description, parameters, columns)
