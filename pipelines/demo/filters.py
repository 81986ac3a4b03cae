"""The Data Manager's `query` parameter: filters, ordering and selected items, as the real server reads them.

A client's mistake is a 500 there and a `BadQuery` here; an operator the server does not know compares for equality.
"""

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

Json = dict[str, Any]
Predicate = Callable[[Any], bool]

PREFIX = "filter:tasks:"
DATETIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
DATETIMES = {"created_at", "updated_at", "completed_at", "last_comment_updated_at"}
# not_equal and its kin drop the nulls of columns that the server computes, and keep those of stored ones;
# a field of `data` counts as computed
COMPUTED = {"completed_at", "predictions_score", "avg_lead_time"}
COLUMNS = DATETIMES | {
    "id", "inner_id", "project", "is_labeled", "overlap", "total_annotations", "cancelled_annotations",
    "total_predictions", "avg_lead_time", "predictions_score", "draft_exists", "file_upload", "storage_filename",
    "comment_count", "unresolved_comment_count", "annotations_ids", "predictions_model_versions",
}  # fmt: skip


class BadQuery(Exception):
    """The query is one that the server answers with a 500; the text is the answer's `detail`."""


@lru_cache(maxsize=65536)
def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def parse(text: str) -> Json:
    """The `query` parameter as an object; the server unquotes it once more before reading it."""
    try:
        query = json.loads(unquote(text))
    except json.JSONDecodeError as error:
        raise BadQuery("Expected object or value") from error
    if not isinstance(query, dict):
        raise BadQuery(f"'{type(query).__name__}' object has no attribute 'get'")
    return query


def select(tasks: Iterable[Json], query: Json) -> list[Json]:
    """The tasks that `query` asks for, in its order (by id where it names none)."""
    keep = _selected(query.get("selectedItems") or {"all": True, "excluded": []})
    match = _filters(query.get("filters"))
    try:
        found = [task for task in tasks if keep(task) and match(task)]
    except (TypeError, ValueError) as error:
        raise BadQuery(str(error)) from error
    return _order(found, query.get("ordering") or ["tasks:id"])


def _selected(items: Json) -> Predicate:
    if items.get("all"):
        excluded = set(items.get("excluded", []))
        return lambda task: task["id"] not in excluded
    included = set(items.get("included", []))
    return lambda task: task["id"] in included


def _order(tasks: list[Json], ordering: list[str]) -> list[Json]:
    name = ordering[0].lstrip("-+").removeprefix("tasks:")
    read = _column(name)
    present = [task for task in tasks if read(task) is not None]
    absent = [task for task in tasks if read(task) is None]
    return sorted(present, key=read, reverse=ordering[0].startswith("-")) + absent


def _filters(filters: Any) -> Predicate:
    if filters is None:
        return lambda _: True
    if not isinstance(filters, dict) or not isinstance(filters.get("items"), list):
        raise BadQuery("1 validation error for PrepareParams\nfilters\n  Input should be a valid dictionary")
    conjunction = filters.get("conjunction")
    if conjunction not in ("and", "or"):
        raise BadQuery("1 validation error for PrepareParams\nfilters.conjunction\n  Input should be 'or' or 'and'")
    matches = [_filter(item) for item in filters["items"]]
    combine = any if conjunction == "or" and matches else all
    return lambda task: combine(match(task) for match in matches)


def _filter(item: Json) -> Predicate:
    lacking = next((key for key in ("filter", "operator", "type") if key not in item), None)
    if lacking:
        raise BadQuery(f"1 validation error for PrepareParams\nfilters.items.0.{lacking}\n  Field required")
    if item.get("value") is None:
        raise BadQuery("6 validation errors for PrepareParams\nfilters.items.0.value.int\n  Input should be valid")
    if not item["filter"].startswith(PREFIX):
        raise BadQuery("reduce() of empty iterable with no initial value")
    name = item["filter"].removeprefix(PREFIX)
    read = _column(name)
    try:
        compare = _comparison(item["operator"], item["type"], item["value"])
    except (TypeError, ValueError, AttributeError) as error:
        raise BadQuery(str(error)) from error
    if item["operator"].startswith("not_") and (name in COMPUTED or name.startswith("data.")):
        return lambda task: read(task) is not None and compare(read(task))
    return lambda task: compare(read(task))


def _column(name: str) -> Callable[[Json], Any]:
    if name.startswith("data."):
        return lambda task: task["data"].get(name[5:])
    if name not in COLUMNS:
        raise BadQuery(f"Cannot resolve keyword '{name}' into field. Choices are: {', '.join(sorted(COLUMNS))}")
    if name in DATETIMES:
        return lambda task: task.get(name) and _moment(task[name])
    return lambda task: task.get(name)


def _cast(kind: str, value: Any) -> Any:
    if kind == "Number":
        return float(value)
    if kind == "Datetime":
        return datetime.strptime(value, DATETIME_FORMAT).replace(tzinfo=UTC)
    if kind == "Boolean":
        return _boolean(value)
    return value


def _boolean(value: Any) -> bool:
    return str(value).lower() in ("true", "1", "yes")


def _comparison(operator: str, kind: str, value: Any) -> Predicate:
    if operator == "empty":
        wanted = _boolean(value)
        return lambda cell: (cell is None) == wanted
    if operator.startswith("not_"):
        inner = _positive(operator.removeprefix("not_"), kind, value)
        return lambda cell: not inner(cell)
    return _positive(operator, kind, value)


def _positive(operator: str, kind: str, value: Any) -> Predicate:
    if operator == "in":
        if not isinstance(value, dict):
            raise BadQuery(f"'{type(_cast(kind, value)).__name__}' object has no attribute 'min'")
        low, high = _cast(kind, value["min"]), _cast(kind, value["max"])
        return lambda cell: cell is not None and low <= cell <= high
    if operator == "in_list":
        listed = {_cast(kind, element) for element in value}
        return lambda cell: cell in listed
    if operator == "regex":
        pattern = re.compile(str(value))
        return lambda cell: isinstance(cell, str) and bool(pattern.search(cell))
    return _single(operator, _cast(kind, value), kind == "Number")


def _as_number(text: str) -> float:
    """A text as SQLite casts it: 0 where it is no number."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def _single(operator: str, value: Any, numeric: bool) -> Predicate:
    def number(cell: Any) -> Any:
        return _as_number(cell) if numeric and isinstance(cell, str) else cell

    if operator == "less":
        return lambda cell: cell is not None and number(cell) < value
    if operator == "less_or_equal":
        return lambda cell: cell is not None and number(cell) <= value
    if operator == "greater":
        return lambda cell: cell is not None and number(cell) > value
    if operator == "greater_or_equal":
        return lambda cell: cell is not None and number(cell) >= value
    if operator == "contains":
        return lambda cell: str(value).lower() in str(cell).lower()
    return lambda cell: cell is not None and number(cell) == value
