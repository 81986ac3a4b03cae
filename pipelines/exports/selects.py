"""The SQL that reads a view or table for a file: values that the format can't hold become text."""

import re
from collections.abc import Sequence

from pipelines.queries import AS_TEXT

from .relations import Column, Relation, quoted

#: Integers that Parquet would round.
_HUGE = re.compile(r"\bU?HUGEINT\b")


def select_values(relation: Relation, projects: Sequence[int]) -> str:
    """The rows with values that Parquet holds, and Arrow; of these projects, where the relation tells."""
    return _select(relation, [_as_value(column) for column in relation.columns], projects)


def select_texts(relation: Relation, projects: Sequence[int]) -> str:
    """The rows as `query.py --format csv` writes them: every digit, moments in UTC, lists as JSON."""
    return _select(relation, [_as_text(column) for column in relation.columns], projects)


def projects_of(relation: Relation, projects: Sequence[int]) -> list[int] | None:
    """The projects that the rows are of; None where they are of all."""
    return list(projects) if projects and relation.project else None


def _select(relation: Relation, values: Sequence[str], projects: Sequence[int]) -> str:
    columns = ", ".join(
        f"{value} as {quoted(column.name)}" for value, column in zip(values, relation.columns, strict=True)
    )
    return f"select {columns} from {relation.qualified} as exported{_filter(relation, projects)}"


def _filter(relation: Relation, projects: Sequence[int]) -> str:
    if not projects or not relation.project:
        return ""
    column = f"exported.{quoted(relation.project)}"
    # a single number reaches the tables behind a view, a list does not
    if len(projects) == 1:
        return f" where {column} = {projects[0]:d}"
    return f" where {column} in ({', '.join(f'{project:d}' for project in projects)})"


def _as_value(column: Column) -> str:
    name = f"exported.{quoted(column.name)}"
    if AS_TEXT.search(column.type):
        return f"{name}::varchar"
    exact = _HUGE.sub("DECIMAL(38, 0)", column.type)
    return name if exact == column.type else f"{name}::{exact}"


def _as_text(column: Column) -> str:
    name = f"exported.{quoted(column.name)}"
    if column.type.endswith("]") or column.type.startswith(("STRUCT", "MAP")):
        return f"to_json({name})::varchar"
    if column.type == "BLOB":
        return f"lower(hex({name}))"
    if column.type.startswith("TIMESTAMP"):
        zone = "Z" if column.type == "TIMESTAMP WITH TIME ZONE" else ""
        moment = f"strftime({name}::timestamp, '%Y-%m-%d %H:%M:%S.%f')"
        return f"case when isfinite({name}) then regexp_replace({moment}, '\\.000000$', '') || '{zone}'" + (
            f" else {name}::varchar end"
        )
    return name
