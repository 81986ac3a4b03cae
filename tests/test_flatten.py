"""A real answer that holds every result type, against rows written by hand from the API's documentation."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.label_studio.flatten import TASK_TABLES, Flattener, RawTask, arrow_schema
from pipelines.label_studio.tables import TABLES

Row = dict[str, Any]

CASE = json.loads(Path(__file__).with_name("cases").joinpath("every_result_type.json").read_bytes())

_IMAGE = {"original_width": 800, "original_height": 600, "image_rotation": 0.0}
_BOX = {**_IMAGE, "x": 10.5, "y": 20.25, "width": 30.0, "height": 12.75, "rotation": 0.0}
_REGION = {**_IMAGE, "x": 55.0, "y": 40.0, "width": 20.0, "height": 20.0, "rotation": 15.0}
_RLE = {**_IMAGE, "mask_format": "rle", "mask_length": 16}
_VIDEO = {"frames_count": 250, "duration": 10.0}
_SPOKEN = {"original_length": 12.75, "start": 1.5, "end": 3.25, "channel": 0}

# What each result of the case holds besides its names, in its order: the columns that are not null.
_TYPED: list[Row] = [
    {"score": 0.93, "start": 0.0, "end": 8.0, "text": "Ada Hill"},
    {"parent_region_id": "t1", "readonly": True, "hidden": True, "start": 18.0, "end": 26.0, "text": "Acme Ltd"},
    {
        "start_text": "/div[1]/h1[1]/text()[1]",
        "end_text": "/div[1]/h1[1]/text()[1]",
        "start_offset": 0,
        "end_offset": 5,
        "global_start": 0,
        "global_end": 5,
        "text": "Hello",
    },
    {"start_text": "0", "end_text": "1", "start_offset": 0, "end_offset": 4, "text": "Hi!\nOk"},
    {"start": 2.0, "end": 7.5, "instant": False},
    {"start_text": "2024-01-02 03:04:05", "end_text": "2024-01-02 03:04:05", "instant": True},
    _BOX,
    _BOX,
    _REGION,
    _REGION,
    {**_REGION, "text": "AB 123\nsecond line"},
    {**_REGION, "number": 12.5},
    {**_REGION, "rating": 3.0},
    {**_REGION, "datetime": "2024-05-06T07:08"},
    _REGION,
    {**_IMAGE, "x": 50.0, "y": 50.0, "radius_x": 10.0, "radius_y": 5.5, "rotation": 0.0},
    {**_IMAGE, "x": 20.0, "y": 30.0, "radius_x": 4.0, "radius_y": 4.0, "rotation": 30.0},
    {**_IMAGE, "closed": True},
    {**_IMAGE, "closed": False},
    {**_IMAGE, "x": 40.0, "y": 41.0, "width": 0.4},
    {**_IMAGE, "x": 42.5, "y": 43.0, "width": 0.4, "is_positive": True},
    _RLE,
    _RLE,
    _RLE,
    {**_IMAGE, "mask_length": 126},
    {**_IMAGE, "mask_length": 126},
    {**_IMAGE, "closed": False},
    {**_IMAGE, "closed": True},
    {**_BOX, "item_index": 1},
    {"item_index": 0},
    _VIDEO,
    {},
    _VIDEO,
    _VIDEO,
    _SPOKEN,
    {**_SPOKEN, "text": "hello there"},
    {},
    {},
    {},
    {"text": "line one\nline two"},
    {"text": "a bare string, as some predictors send"},
    {"rating": 4.0},
    {"number": -3.75},
    {"datetime": "2024-02-29"},
    {"selected": "left"},
    {},
    {},
    {},
    {"rating": 5.0},
    {"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.05, "rotation": 0.0, "page_index": 1},
    {},
    {"x": 1.0, "y": 2.0, "width": 4.0, "height": 5.0},
    {"from_region_id": "t1", "to_region_id": "t2", "direction": "right"},
    {"from_region_id": "t2", "to_region_id": "t1", "direction": "bi"},
    {"from_region_id": "b1", "to_region_id": "t1", "direction": "left"},
    {},
    {},
]

# The labels of each result of the case that names any: label, path and kind.
_LABELS: dict[int, list[tuple[str, str, str]]] = {
    0: [("PER", "PER", "label")],
    1: [("ORG", "ORG", "label"), ("PER", "PER", "label")],
    2: [("Title", "Title", "label")],
    3: [("Greeting", "Greeting", "label")],
    4: [("Run", "Run", "label")],
    5: [("Stop", "Stop", "label")],
    7: [("Bus", "Bus", "label")],
    8: [("Car", "Car", "label")],
    9: [("sharp", "sharp", "choice")],
    14: [("Car", "Vehicle / Car", "taxonomy")],
    16: [("Cell", "Cell", "label")],
    18: [("Roof", "Roof", "label")],
    20: [("Nose", "Nose", "label")],
    22: [("Road", "Road", "label")],
    25: [("Sky", "Sky", "label")],
    27: [("Lane", "Lane", "label")],
    28: [("Stamp", "Stamp", "label")],
    29: [("ok", "ok", "choice")],
    30: [("Dog", "Dog", "label")],
    31: [("Jump", "Jump", "label")],
    33: [("Path", "Path", "label")],
    34: [("Speech", "Speech", "label")],
    36: [("pos", "pos", "choice")],
    37: [("Football", "Sport / Football", "choice"), ("Politics", "Politics", "choice")],
    38: [("Cat", "Animal / Mammal / Cat", "taxonomy"), ("Plant", "Plant", "taxonomy")],
    49: [("Total", "Total", "label")],
    52: [("works_for", "works_for", "relation")],
}


@pytest.fixture(scope="module")
def tables() -> dict[str, list[Row]]:
    """The case, flattened: the rows of each table."""
    flattener = Flattener()
    flat = flattener.tasks([RawTask(CASE["id"], CASE["project"], json.dumps(CASE).encode())])
    users = flattener.users([])
    flattener.close()
    return {name: rows.to_pylist() for name, rows in {**flat, "users": users}.items()}


def _of_annotation(rows: list[Row], annotation_id: int = 4001) -> dict[int, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        source, source_id, place = row["result_key"].split("/")
        if (source, source_id) == ("annotation", str(annotation_id)):
            found[int(place)].append(row)
    return found


def _sent(row: Row, *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def test_each_result_type_fills_exactly_its_columns(tables: dict[str, list[Row]]) -> None:
    """Each of the 57 results fills the columns of its type with what was sent, and no other column."""
    sent = CASE["annotations"][0]["result"]
    rows = _of_annotation(tables["results"])
    generic = {"result_key", "source", "annotation_id", "task_id", "project_id", "result_index", "value", "meta"}
    generic |= {"region_id", "from_name", "to_name", "type", "origin", "extra"}
    assert len({result["type"] for result in sent}) == 36
    assert len(rows) == len(sent) == len(_TYPED)
    for place, expected in enumerate(_TYPED):
        typed = {k: v for k, v in rows[place][0].items() if v is not None and k not in generic}
        assert (place, sent[place]["type"], typed) == (place, sent[place]["type"], expected)


def test_each_result_keeps_its_names_and_json(tables: dict[str, list[Row]]) -> None:
    """Each result keeps its region, names, origin, value and meta as sent, and knows what it stands in."""
    for place, (row,) in _of_annotation(tables["results"]).items():
        sent = CASE["annotations"][0]["result"][place]
        names = _sent(row, "region_id", "from_name", "to_name", "type", "origin")
        assert names == tuple(sent.get(k) for k in ("id", "from_name", "to_name", "type", "origin"))
        assert row["value"] is None if "value" not in sent else json.loads(row["value"]) == sent["value"]
        assert row["meta"] is None if "meta" not in sent else json.loads(row["meta"]) == sent["meta"]
        owner = _sent(row, "source", "annotation_id", "prediction_id", "draft_id", "task_id", "project_id")
        assert owner == ("annotation", 4001, None, None, 2001, 2)
        assert row["result_key"] == f"annotation/4001/{place}"
        assert row["result_index"] == place


def test_keys_without_a_column_are_the_only_extras(tables: dict[str, list[Row]]) -> None:
    """Of all the case's objects, only a `locked` and a relation's `notes` have no column of their own."""
    rows = _of_annotation(tables["results"])
    extras = {place: json.loads(row["extra"]) for place, (row,) in rows.items() if row["extra"] is not None}
    assert extras == {1: {"locked": True}, 54: {"notes": "free text"}}
    for name in ("tasks", "annotations", "predictions", "task_users"):
        assert [row["extra"] for row in tables[name] if row["extra"] is not None] == []


def test_labels_choices_and_taxonomies_are_rows(tables: dict[str, list[Row]]) -> None:
    """A label, choice or taxonomy path is a row with its leaf, its whole path and its kind; an empty list has none."""
    rows = _of_annotation(tables["result_labels"])
    found = {place: [_sent(r, "label", "label_path", "kind") for r in labels] for place, labels in rows.items()}
    assert found == _LABELS
    assert [row["label_index"] for row in rows[37]] == [0, 1]


def test_texts_of_textareas_are_rows(tables: dict[str, list[Row]]) -> None:
    """A textarea's texts are rows in their order, a bare text is one row; the marked text of a span is none."""
    rows = _of_annotation(tables["result_texts"])
    assert {place: [_sent(r, "text_index", "text") for r in texts] for place, texts in rows.items()} == {
        10: [(0, "AB 123"), (1, "second line")],
        35: [(0, "hello there")],
        39: [(0, "line one"), (1, "line two")],
        40: [(0, "a bare string, as some predictors send")],
    }


def test_polygons_and_vectors_have_points(tables: dict[str, list[Row]]) -> None:
    """Polygon points have places, vector vertices have ids, predecessors and curves as well."""
    rows = _of_annotation(tables["result_points"])
    columns = ("point_index", "x", "y", "vertex_id", "prev_vertex_id", "is_bezier")
    vector = [(0, 25.0, 30.0, "v0", None, False), (1, 75.0, 70.0, "v1", "v0", True)]
    triangle = [(1.0, 1.0), (9.0, 1.0), (5.0, 8.5)]
    moved = [(11.0, 1.0), (19.0, 1.0), (15.0, 8.0)]
    assert {place: [_sent(r, *columns) for r in points] for place, points in rows.items()} == {
        17: [(i, x, y, None, None, None) for i, (x, y) in enumerate(triangle)],
        18: [(i, x, y, None, None, None) for i, (x, y) in enumerate(moved)],
        26: vector,
        27: vector,
    }


def test_video_regions_have_keyframes(tables: dict[str, list[Row]]) -> None:
    """A keyframe has its frame, time, visibility and box; that of a video vector has its vertices."""
    rows = _of_annotation(tables["result_keyframes"])
    columns = ("keyframe_index", "frame", "time", "enabled", "x", "y", "width", "height", "rotation", "vertices")
    assert sorted(rows) == [30, 32, 33]
    assert [_sent(r, *columns) for r in rows[30]] == [
        (0, 1, 0.04, True, 10.0, 10.0, 20.0, 20.0, 0.0, None),
        (1, 30, 1.2, True, 30.0, 12.0, 20.0, 20.0, 5.0, None),
        (2, 60, 2.4, False, 50.0, 14.0, 20.0, 20.0, 0.0, None),
    ]
    (first,) = rows[32]
    assert _sent(first, *columns[:5]) == (0, 1, 0.04, True, None)
    assert [vertex["id"] for vertex in json.loads(first["vertices"])] == ["v0", "v1"]


def test_timelines_have_ranges_and_rankers_have_places(tables: dict[str, list[Row]]) -> None:
    """A timeline's ranges are rows, and so is each item of a ranker's bucket; an empty bucket has no row."""
    ranges = _of_annotation(tables["result_ranges"])
    places = _of_annotation(tables["result_rankings"])
    assert {
        place: [_sent(r, "range_index", "start", "end", "enabled") for r in rows] for place, rows in ranges.items()
    } == {31: [(0, 3.0, 45.0, None), (1, 60.0, 61.0, None)]}
    assert {place: sorted(_sent(r, "bucket", "rank", "item_id") for r in rows) for place, rows in places.items()} == {
        45: [("rank", 0, "d2"), ("rank", 1, "d1"), ("rank", 2, "d3")],
        46: [("_", 0, "d2"), ("_", 1, "d3"), ("relevant", 0, "d1")],
    }


def test_every_prediction_has_the_rows_of_its_result(tables: dict[str, list[Row]]) -> None:
    """Annotations and predictions have as many rows as their result list is long, and say so."""
    for name, source in (("annotations", "annotation"), ("predictions", "prediction")):
        lengths = {owner["id"]: len(owner["result"]) for owner in CASE[name]}
        counts = dict.fromkeys(lengths, 0)
        for row in tables["results"]:
            if row["source"] == source:
                counts[row[f"{source}_id"]] += 1
        assert {row["id"]: row["result_count"] for row in tables[name]} == lengths == counts


def test_the_task_itself(tables: dict[str, list[Row]]) -> None:
    """A task's fields stand in their columns with the API's values, its times in UTC."""
    (task,) = tables["tasks"]
    same = ["id", "inner_id", "is_labeled", "overlap", "total_annotations", "cancelled_annotations", "annotations_ids"]
    same += ["total_predictions", "avg_lead_time", "predictions_score", "annotations_results", "predictions_results"]
    same += ["predictions_model_versions", "file_upload", "storage_filename", "draft_exists", "comment_count"]
    assert {name: task[name] for name in same} == {name: CASE[name] for name in same}
    assert task["project_id"] == 2
    assert json.loads(task["data"]) == CASE["data"]
    assert json.loads(task["meta"]) == CASE["meta"]
    assert task["created_at"] == datetime(2026, 11, 23, 14, 29, 55, 495256, UTC)
    assert task["completed_at"] == datetime(2026, 11, 23, 14, 29, 55, 505913, UTC)
    assert task["last_comment_updated_at"] is None


def test_the_leaves_of_meta(tables: dict[str, list[Row]]) -> None:
    """Each leaf of meta is a row with its path, last key, text form and type."""
    columns = ("path", "key", "value", "value_type", "number", "boolean")
    assert sorted(_sent(row, *columns) for row in tables["task_meta"]) == [
        ("$.batch", "batch", "7", "number", 7.0, None),
        ("$.nested.k[0]", "k", "1", "number", 1.0, None),
        ("$.nested.k[1].z", "z", None, "null", None, None),
    ]


def test_users_of_the_task(tables: dict[str, list[Row]]) -> None:
    """The task's lists of users are rows by role, and who made its annotations is a user."""
    assert sorted(_sent(r, "role", "position", "user_id", "extra") for r in tables["task_users"]) == [
        ("annotator", 0, 1, None),
        ("updated_by", 0, 1, None),
    ]
    (user,) = tables["users"]
    assert {k: v for k, v in user.items() if v is not None} == {
        "id": 1,
        "email": "admin@example.com",
        "first_name": "",
        "last_name": "",
        "initials": "ad",
    }


def test_annotations_have_their_fields(tables: dict[str, list[Row]]) -> None:
    """An annotation has its author's id and e-mail, times and flags; the cancelled one is there, too."""
    first, cancelled = sorted(tables["annotations"], key=lambda row: int(row["id"]))
    assert {k: v for k, v in first.items() if v is not None} == {
        "id": 4001,
        "task_id": 2001,
        "project_id": 2,
        "completed_by_id": 1,
        "completed_by_email": "admin@example.com",
        "created_username": " admin@example.com, 1",
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": datetime(2026, 11, 23, 14, 29, 55, 505776, UTC),
        "updated_at": datetime(2026, 11, 23, 14, 29, 55, 505823, UTC),
        "lead_time": 33.5,
        "bulk_created": False,
        "result_count": 57,
    }
    assert cancelled["was_cancelled"] is True


def test_no_batch_is_too_small() -> None:
    """Without any task, each table is there with its columns and types, and no row."""
    flattener = Flattener()
    flat = flattener.tasks([])
    flattener.close()
    assert {name: rows.schema for name, rows in flat.items()} == {t.name: arrow_schema(t) for t in TASK_TABLES}
    assert sum(rows.num_rows for rows in flat.values()) == 0
    assert arrow_schema(TABLES["results"]).field("score").type == pa.float64()
