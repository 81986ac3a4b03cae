"""What the API says against what was loaded, key by key: the differences, one line each.

Written without looking at the queries: it goes from the API's answer to the rows that tables.md promises for it.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from loading import Warehouse

from pipelines.label_studio.tables import TABLES

Json = Any

_TASK = [
    "inner_id",
    "is_labeled",
    "overlap",
    "total_annotations",
    "cancelled_annotations",
    "total_predictions",
    "avg_lead_time",
    "predictions_score",
    "annotations_results",
    "predictions_results",
    "file_upload",
    "storage_filename",
    "draft_exists",
    "comment_count",
    "unresolved_comment_count",
]
_ANNOTATION = [
    "created_username",
    "was_cancelled",
    "ground_truth",
    "lead_time",
    "import_id",
    "last_action",
    "bulk_created",
]
_ANNOTATION_IDS = ["updated_by", "last_created_by", "parent_prediction", "parent_annotation"]
_RESULT = [
    "from_name",
    "to_name",
    "type",
    "origin",
    "score",
    "item_index",
    "original_width",
    "original_height",
    "image_rotation",
    "original_length",
    "readonly",
    "hidden",
    "is_positive",
    "direction",
]
_VALUE_NUMBERS = {
    "x": "x",
    "y": "y",
    "width": "width",
    "height": "height",
    "rotation": "rotation",
    "radiusX": "radius_x",
    "radiusY": "radius_y",
    "startOffset": "start_offset",
    "endOffset": "end_offset",
    "number": "number",
    "rating": "rating",
    "channel": "channel",
    "pageIndex": "page_index",
    "framesCount": "frames_count",
    "duration": "duration",
}
_TIMES = ("created_at", "updated_at", "draft_created_at", "completed_at", "last_comment_updated_at")
_DROPPED = {"created_ago"}


class Rows:
    """The rows of all tables, by the task or result that they belong to."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._tables: dict[tuple[str, Json], list[Json]] = defaultdict(list)
        for name, table in TABLES.items():
            keys = [key for key in ("task_id", "result_key", "id") if key in {column.name for column in table.columns}]
            for row in warehouse.records(f"select * from {name} order by {', '.join(table.key)}"):
                for key in keys:
                    self._tables[f"{name}.{key}", row[key]].append(row)

    def of(self, name: str, key: str, value: Json) -> list[Json]:
        """The rows of a table whose `key` is `value`."""
        return self._tables[f"{name}.{key}", value]


def differences(rows: Rows, task: Json, drafts: list[Json]) -> list[str]:
    """What the rows of a task say otherwise than the API's answer for it; `drafts` are those of all users."""
    return [f"task {task['id']}: {line}" for line in _differences(rows, {**task, "drafts": drafts})]


def _differences(rows: Rows, task: Json) -> Iterator[str]:
    task_id = task["id"]
    [row] = rows.of("tasks", "id", task_id)
    yield from _scalars("task", task, row, _TASK)
    yield from _check("project_id", row["project_id"], task["project"])
    for name in ("annotations_ids", "predictions_model_versions"):
        yield from _check(name, sorted((row[name] or "").split(",")), sorted((task[name] or "").split(",")))
    for name in ("data", "meta"):
        yield from _check(name, _loads(row[name]), task[name])
    yield from _check("task.extra", _loads(row["extra"]), None)
    yield from _users(rows, task)
    yield from _check("meta leaves", _leaves_of(rows, task_id), sorted(_leaves(task["meta"])))
    for source in ("annotation", "prediction", "draft"):
        yield from _owners(rows, task, source)


def _users(rows: Rows, task: Json) -> Iterator[str]:
    expected = [("annotator", i, user) for i, user in enumerate(task["annotators"])]
    expected += [("comment_author", i, user) for i, user in enumerate(task["comment_authors"])]
    expected += [("updated_by", i, user["user_id"]) for i, user in enumerate(task["updated_by"])]
    found = [(r["role"], r["position"], r["user_id"]) for r in rows.of("task_users", "task_id", task["id"])]
    yield from _check("task_users", sorted(found), sorted(expected))


def _owners(rows: Rows, task: Json, source: str) -> Iterator[str]:
    found = {row["id"]: row for row in rows.of(f"{source}s", "task_id", task["id"])}
    sent = {owner["id"]: owner for owner in task[f"{source}s"]}
    results = rows.of("results", "task_id", task["id"])
    yield from _check(f"{source} ids", sorted(found), sorted(sent))
    for owner_id in found.keys() & sent.keys():
        row, owner = found[owner_id], sent[owner_id]
        yield from _owner(source, row, owner)
        result = owner["result"] if isinstance(owner["result"], list) else []
        own = sorted((r for r in results if r[f"{source}_id"] == owner_id), key=lambda r: int(r["result_index"]))
        yield from _check(f"{source} {owner_id} result_count", row["result_count"], len(result))
        yield from _check(f"{source} {owner_id} results", [r["result_index"] for r in own], [*range(len(result))])
        for element, result_row in zip(result, own, strict=False):
            key = f"{source}/{owner_id}/{result_row['result_index']}"
            yield from _check("result_key", result_row["result_key"], key)
            yield from _result(rows, element, result_row)


def _owner(source: str, row: Json, owner: Json) -> Iterator[str]:
    where = f"{source} {owner['id']}"
    extra = _loads(row["extra"]) or {}
    expected_extra = {} if isinstance(owner["result"], list) else {"result": owner["result"]}
    yield from _check(f"{where} extra", extra, expected_extra)
    yield from _check(f"{where} project_id", row["project_id"], owner.get("project", row["project_id"]))
    if source == "annotation":
        yield from _scalars(where, owner, row, _ANNOTATION)
        person = owner["completed_by"] or {}
        yield from _check(
            f"{where} completed_by",
            (row["completed_by_id"], row["completed_by_email"]),
            (person.get("id"), person.get("email")),
        )
        for name in _ANNOTATION_IDS:
            yield from _check(f"{where} {name}", row[f"{name}_id"], owner[name])
    elif source == "prediction":
        yield from _scalars(where, owner, row, ("model_version", "score", "cluster", "mislabeling"))
        yield from _check(
            f"{where} model", (row["model_id"], row["model_run_id"]), (owner["model"], owner["model_run"])
        )
        yield from _check(f"{where} neighbors", _loads(row["neighbors"]), owner["neighbors"])
    else:
        yield from _scalars(where, owner, row, ("created_username", "lead_time", "was_postponed", "import_id"))
        yield from _check(
            f"{where} user", (row["user_email"], row["annotation_id"]), (owner["user"], owner["annotation"])
        )
    yield from _scalars(where, owner, row, [name for name in _TIMES if name in owner])


def _result(rows: Rows, element: Json, row: Json) -> Iterator[str]:
    where = row["result_key"]
    if not isinstance(element, dict):
        yield from _check(f"{where} element", _loads(row["extra"]), element)
        return
    known = {**element}
    extra = _loads(row["extra"]) or {}
    for name in _RESULT:
        yield from _read_or_kept(where, name, known.get(name), row[name], extra)
    for name, column in (
        ("id", "region_id"),
        ("parentID", "parent_region_id"),
        ("from_id", "from_region_id"),
        ("to_id", "to_region_id"),
    ):
        value = known.get(name)
        yield from _read_or_kept(where, name, str(value) if isinstance(value, int) else value, row[column], extra)
    yield from _check(f"{where} value", _loads(row["value"]), known.get("value"))
    yield from _check(f"{where} meta", _loads(row["meta"]), known.get("meta"))
    sent_value = known.get("value")
    value = sent_value if isinstance(sent_value, dict) else {}
    for name, column in _VALUE_NUMBERS.items():
        if _is_number(value.get(name)):
            yield from _check(f"{where} {column}", row[column], value[name])
    for name in ("start", "end"):
        sent = value.get(name)
        yield from _check(f"{where} {name}", row[name], sent if _is_number(sent) else None)
        yield from _check(f"{where} {name}_text", row[f"{name}_text"], sent if isinstance(sent, str) else None)
    yield from _check(f"{where} labels", _labels_of(rows, where), _labels(known, value))
    yield from _check(f"{where} points", _points_of(rows, where), _points(value))


def _read_or_kept(where: str, name: str, sent: Json, read: Json, extra: Json) -> Iterator[str]:
    """A value was read as it was sent, or stays under its name in extra."""
    if sent != read and not (read is None and name in extra):
        yield f"{where} {name}: {read!r} for {sent!r}"


def _labels(element: Json, value: Json) -> list[str | None]:
    kind = element.get("type")
    if kind == "relation":
        names = element.get("labels")
    else:
        own = [v for k, v in value.items() if k == kind and k not in ("ranker", "rating", "number")]
        names = next((v for v in [*own, value.get("labels")] if isinstance(v, list)), None)
        if kind in ("textarea", "pairwise", "datetime", "chatmessage", "reactcode"):
            names = None
    if not isinstance(names, list):
        return []
    return [_label(name) for name in names if isinstance(name, str | list)]


def _label(name: Json) -> str | None:
    """The path of a label; None where it is no text, or one with U+0000, which the typed columns do not take."""
    path = name if isinstance(name, list) else [name]
    return " / ".join(path) if path and all(isinstance(part, str) and "\0" not in part for part in path) else None


def _labels_of(rows: Rows, key: str) -> list[str | None]:
    return [row["label_path"] for row in rows.of("result_labels", "result_key", key)]


def _points(value: Json) -> list[tuple[float, float]]:
    points = [tuple(point) for point in value.get("points", [])]
    return points + [(vertex["x"], vertex["y"]) for vertex in value.get("vertices", [])]


def _points_of(rows: Rows, key: str) -> list[tuple[float, float]]:
    return [(row["x"], row["y"]) for row in rows.of("result_points", "result_key", key)]


def _leaves(value: Json) -> list[str]:
    """The leaves of a value, as compact JSON."""
    if isinstance(value, dict) and value:
        return [leaf for part in value.values() for leaf in _leaves(part)]
    if isinstance(value, list) and value:
        return [leaf for part in value for leaf in _leaves(part)]
    return [] if value is None else [json.dumps(value)]


def _leaves_of(rows: Rows, task_id: int) -> list[str]:
    leaves = [(row["value"], row["value_type"]) for row in rows.of("task_meta", "task_id", task_id)]
    # a number's text may be written otherwise: 1e300 for 1e+300
    return sorted(
        json.dumps(value if kind == "string" else json.loads(value)) for value, kind in leaves if kind != "null"
    )


def _scalars(where: str, sent: Json, row: Json, names: Any) -> Iterator[str]:
    for name in names:
        value = sent[name]
        if name in _TIMES and value is not None:
            value = datetime.fromisoformat(value)
        yield from _check(f"{where} {name}", row[name], value)


def _check(what: str, found: Json, expected: Json) -> Iterator[str]:
    if found != expected:
        yield f"{what}: {found!r} for {expected!r}"


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _loads(text: str | None) -> Json:
    return None if text is None else json.loads(text)
