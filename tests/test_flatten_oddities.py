"""What no API should send, and some do: it loads, it costs no other row, and it stays readable."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pipelines.label_studio.flatten import Flattener, RawTask

Row = dict[str, Any]


@pytest.fixture(scope="module")
def flattener() -> Iterator[Flattener]:
    """A flattener for all tests of the module, as a run uses one for all its batches."""
    flattener = Flattener()
    yield flattener
    flattener.close()


@pytest.fixture(autouse=True)
def _all_was_readable(request: pytest.FixtureRequest, flattener: Flattener) -> Iterator[None]:
    yield
    unreadable = flattener.unreadable[:]
    flattener.unreadable.clear()
    if "unreadable" not in request.node.name:
        assert unreadable == []


def _task(task_id: int = 1, /, **fields: Any) -> Row:
    empty: Row = {"data": {}, "meta": {}, "annotations": [], "predictions": [], "drafts": []}
    return {"id": task_id, "project": 2, **empty, **fields}


def _flat(flattener: Flattener, *tasks: Row | bytes, drafts: Any = None) -> dict[str, list[Row]]:
    def raw(place: int, task: Row | bytes) -> RawTask:
        sent = task if isinstance(task, bytes) else json.dumps(task).encode()
        return RawTask(place, 2, sent, None if drafts is None else json.dumps(drafts).encode())

    flat = flattener.tasks([raw(place, task) for place, task in enumerate(tasks, 1)])
    return {name: rows.to_pylist() for name, rows in flat.items()}


def _results(flattener: Flattener, *results: Any) -> list[Row]:
    task = _task(annotations=[{"id": 7, "result": list(results)}])
    return sorted(_flat(flattener, task)["results"], key=lambda row: int(row["result_index"]))


def _filled(row: Row) -> Row:
    names = {"task_id", "project_id", "result_key", "source", "annotation_id", "result_index", "result_count"}
    return {k: v for k, v in row.items() if v is not None and k not in names}


def test_elements_that_are_no_objects_are_rows(flattener: Flattener) -> None:
    """A text, number, list or null in a result list is a row without values, and stands in `extra`."""
    rows = _results(flattener, None, "text", 5, [1], True, {})
    assert [row["extra"] for row in rows] == [None, '"text"', "5", "[1]", "true", None]
    assert [set(_filled(row)) - {"extra"} for row in rows] == [set()] * 6
    assert [row["result_key"] for row in rows] == [f"annotation/7/{place}" for place in range(6)]


@pytest.mark.parametrize("source", ["annotation", "prediction", "draft"])
def test_a_result_that_is_no_list(flattener: Flattener, source: str) -> None:
    """A `result` that is null or no list makes no rows and a count of 0, and stays in `extra`."""
    sent: list[Any] = [None, 5, "text", {"a": [1]}, True, [{}]]
    owners: Row = {f"{source}s": [{"id": i, "result": result} for i, result in enumerate(sent)]}
    flat = _flat(flattener, _task(**owners))
    rows = sorted(flat[f"{source}s"], key=lambda row: int(row["id"]))
    for row, result in zip(rows[:-1], sent[:-1], strict=True):
        assert row["result_count"] == 0
        assert json.loads(row["extra"]) == {"result": result}
    assert (rows[-1]["result_count"], rows[-1]["extra"]) == (1, None)
    assert [row["result_key"] for row in flat["results"]] == [f"{source}/5/0"]


def test_a_result_that_is_missing_is_no_extra(flattener: Flattener) -> None:
    """Without a `result` there is a count of 0 and nothing to keep."""
    (row,) = _flat(flattener, _task(annotations=[{"id": 7}]))["annotations"]
    assert (row["result_count"], row["extra"]) == (0, None)


_ODD_RESULTS: list[tuple[str, str | None, Any]] = [
    ("id", "region_id", 1.5),
    ("id", "region_id", ["a"]),
    ("parentID", "parent_region_id", {"a": 1}),
    ("from_name", "from_name", 5),
    ("to_name", "to_name", ["a"]),
    ("type", "type", 5),
    ("origin", "origin", False),
    ("score", "score", "0.5"),
    ("score", "score", True),
    ("item_index", "item_index", 1.5),
    ("item_index", "item_index", 2**63),
    ("original_width", "original_width", "800"),
    ("original_height", "original_height", 600.5),
    ("image_rotation", "image_rotation", [90]),
    ("original_length", "original_length", "12"),
    ("readonly", "readonly", 1),
    ("hidden", "hidden", "true"),
    ("is_positive", "is_positive", 0),
    ("from_id", "from_region_id", {}),
    ("to_id", "to_region_id", True),
    ("direction", "direction", 1),
    ("labels", None, ["stray"]),
    ("locked", None, True),
    ("from_name", "from_name", "a\0b"),
]


def test_wrong_types_at_the_result_are_null_and_extra(flattener: Flattener) -> None:
    """A result-level value of the wrong JSON type is null in its column and stands in `extra`, alone."""
    rows = _results(flattener, *({key: odd} for key, _, odd in _ODD_RESULTS))
    for row, (key, column, odd) in zip(rows, _ODD_RESULTS, strict=True):
        assert set(_filled(row)) == {"extra"}
        assert json.loads(row["extra"]) == {key: odd}
        assert column is None or row[column] is None


_ODD_VALUES: list[Any] = [
    {"x": "5"},
    {"x": [5]},
    {"closed": "true"},
    {"closed": 1},
    {"channel": 1.5},
    {"pageIndex": "1"},
    {"framesCount": 10**30},
    {"startOffset": 2**63},
    {"globalOffsets": {"start": "0", "end": None}},
    {"globalOffsets": 5},
    {"text": {"a": 1}},
    {"text": "U+0000: \0"},
    {"number": "12"},
    {"rating": None},
    {"datetime": 20240101},
    {"imageDataURL": 5},
    {"rle": "0,1"},
    {"nested": {"rle": [1]}},
    {"labels": "Car"},
    {"points": "0,0"},
    {"sequence": {"frame": 1}},
    {"ranges": 5},
    {"ranker": ["d1"]},
    {"X": 5, "Start": 1},
    [1, 2],
    "text",
    5,
    True,
]


def test_wrong_types_in_the_value_are_null_and_readable(flattener: Flattener) -> None:
    """A wrong JSON type in a `value` is null in its column, makes no child row, and is readable in `value`."""
    results = [{"type": "labels", "value": value} for value in _ODD_VALUES]
    flat = _flat(flattener, _task(annotations=[{"id": 7, "result": results}]))
    rows = sorted(flat["results"], key=lambda row: int(row["result_index"]))
    for row, value in zip(rows, _ODD_VALUES, strict=True):
        assert set(_filled(row)) == {"type", "value"}
        assert json.loads(row["value"]) == value
    assert sum(len(rows) for name, rows in flat.items() if name.startswith("result_")) == 0


def test_numbers_are_never_rounded_into_integers(flattener: Flattener) -> None:
    """12.0 is the integer 12 and int64 goes to its ends, but neither 12.7 nor 2**63 is read."""
    sent = [12.0, 2**63 - 1, -(2**63), 12.7, 2**63, -(2**63) - 1, 1e300, 1e16]
    rows = _results(flattener, *({"item_index": number} for number in sent))
    assert [row["item_index"] for row in rows] == [12, 2**63 - 1, -(2**63), None, None, None, None, None]
    assert [json.loads(row["extra"])["item_index"] for row in rows[3:]] == sent[3:]


def test_huge_numbers_are_doubles_while_doubles_hold_them(flattener: Flattener) -> None:
    """1e300 is a double; 1e999 is none and stays in `extra` with all its digits."""
    task = b'{"id":1,"avg_lead_time":1e300,"predictions_score":1e999,"data":{"n":-1e999}}'
    (row,) = _flat(flattener, task)["tasks"]
    assert row["avg_lead_time"] == 1e300
    assert row["predictions_score"] is None
    assert row["extra"] == '{"predictions_score":1e999}'
    assert row["data"] == '{"n":-1e999}'


def test_ids_of_regions_may_be_integers(flattener: Flattener) -> None:
    """An integer id of a region is kept as its digits, however many."""
    rows = _results(flattener, {"id": 7}, {"id": 12345678901234567890123}, {"parentID": 0})
    assert [row["region_id"] for row in rows] == ["7", "12345678901234567890123", None]
    assert [row["parent_region_id"] for row in rows] == [None, None, "0"]
    assert [row["extra"] for row in rows] == [None, None, None]


def test_a_value_that_is_null_or_missing(flattener: Flattener) -> None:
    """A `value` that is null or missing leaves a row without values and with nothing in `extra`."""
    rows = _results(flattener, {"type": "choices", "value": None}, {"type": "choices"})
    assert [_filled(row) for row in rows] == [{"type": "choices"}] * 2


def test_two_results_may_share_an_id(flattener: Flattener) -> None:
    """Results that share a region id are rows of their own, told apart by their place."""
    rows = _results(flattener, {"id": "r"}, {"id": "r"})
    assert [(row["region_id"], row["result_key"]) for row in rows] == [("r", "annotation/7/0"), ("r", "annotation/7/1")]


def test_labels_of_odd_lists(flattener: Flattener) -> None:
    """Texts and paths are labels, null where no text column takes them; all keep their places."""
    choices = [["a", "b"], "c", [], 5, None, ["d", 1], {"x": 1}, "e\0", "f"]
    task = _task(annotations=[{"id": 7, "result": [{"type": "choices", "value": {"choices": choices}}]}])
    rows = [(row["label_index"], row["label"], row["label_path"]) for row in _flat(flattener, task)["result_labels"]]
    unread = [(5, None, None), (7, None, None)]
    assert sorted(rows) == sorted([(0, "b", "a / b"), (1, "c", "c"), *unread, (8, "f", "f")])


def test_where_labels_stand(flattener: Flattener) -> None:
    """Labels stand under the type's own name first, also where the type is not known, else under another's."""
    sent: list[tuple[str, Any]] = [
        ("pdflabels", {"pdflabels": ["A"]}),
        ("a/b~labels", {"a/b~labels": ["A"]}),
        ("hypertextlabels", {"htmllabels": ["A"]}),
        ("labels", {"labels": ["A"], "rectanglelabels": ["B"]}),
        ("rectanglelabels", {"labels": ["B"], "rectanglelabels": ["A"]}),
        ("rectanglelabels", {"labels": ["A"], "rectanglelabels": 5}),
        ("rectangle", {"rectanglelabels": ["A"]}),
        ("videorectangle", {"labels": ["A"]}),
    ]
    results = [{"type": type_, "value": value} for type_, value in sent]
    flat = _flat(flattener, _task(annotations=[{"id": 7, "result": results}]))
    assert [(row["label"], row["kind"]) for row in flat["result_labels"]] == [("A", "label")] * len(sent)


def test_labels_of_relations(flattener: Flattener) -> None:
    """A relation's labels are rows; those that are not all texts stand in `extra` as well, an empty list does not."""
    lists: list[Any] = [["a"], [], ["a", 5], "a"]
    results = [{"type": "relation", "labels": labels} for labels in lists]
    flat = _flat(flattener, _task(annotations=[{"id": 7, "result": results}]))
    assert [(r["result_key"], r["label"], r["kind"]) for r in flat["result_labels"]] == [
        ("annotation/7/0", "a", "relation"),
        ("annotation/7/2", "a", "relation"),
    ]
    extras = [row["extra"] for row in sorted(flat["results"], key=lambda row: int(row["result_index"]))]
    assert extras == [None, None, '{"labels":["a",5]}', '{"labels":"a"}']


def test_texts_of_odd_lists(flattener: Flattener) -> None:
    """An element of a textarea that is no text is a row without one, and left out of the joined text."""
    task = _task(annotations=[{"id": 7, "result": [{"type": "textarea", "value": {"text": ["a", 5, None, "b"]}}]}])
    flat = _flat(flattener, task)
    assert [(row["text_index"], row["text"]) for row in flat["result_texts"]] == [
        (0, "a"),
        (1, None),
        (2, None),
        (3, "b"),
    ]
    assert flat["results"][0]["text"] == "a\nb"


def test_children_of_odd_lists(flattener: Flattener) -> None:
    """Points, keyframes and ranges that are none are left out, wrong types in the others are null, places stay."""
    value = {
        "points": ["0,0", [1, "2"], None, {"x": 3, "id": 4}],
        "sequence": [5, {"frame": 1.5, "enabled": "yes", "x": 2}],
        "ranges": [None, {"start": "1", "end": 2}],
        "ranker": {"a": 5, "b": ["i", 7, None]},
    }
    flat = _flat(flattener, _task(annotations=[{"id": 7, "result": [{"value": value}]}]))
    points = [(r["point_index"], r["x"], r["y"], r["vertex_id"]) for r in flat["result_points"]]
    assert points == [(1, 1.0, None, None), (3, 3.0, None, "4")]
    assert [(r["keyframe_index"], r["frame"], r["enabled"], r["x"]) for r in flat["result_keyframes"]] == [
        (1, None, None, 2.0)
    ]
    assert [(r["range_index"], r["start"], r["end"]) for r in flat["result_ranges"]] == [(1, None, 2.0)]
    assert [(r["bucket"], r["rank"], r["item_id"]) for r in flat["result_rankings"]] == [
        ("b", 0, "i"),
        ("b", 1, "7"),
        ("b", 2, None),
    ]


@pytest.mark.parametrize("name", ["annotations", "predictions", "drafts"])
def test_elements_without_an_id_stand_in_the_tasks_extra(flattener: Flattener, name: str) -> None:
    """An annotation, prediction or draft without an integer id is no row; the task's `extra` keeps it, and only it."""
    odd: list[Any] = [{"id": "5", "result": [1]}, None, 7, {"x": 1}]
    lists: Row = {name: [{"id": 3, "result": [{}]}, *odd]}
    flat = _flat(flattener, _task(**lists), _task(2))
    first, second = sorted(flat["tasks"], key=lambda row: int(row["id"]))
    assert json.loads(first["extra"]) == {name: odd}
    assert second["extra"] is None
    assert [row["id"] for row in flat[name]] == [3]
    assert len(flat["results"]) == 1


@pytest.mark.parametrize("sent", [5, "text", {"id": 1}])
def test_lists_of_the_task_that_are_none(flattener: Flattener, sent: Any) -> None:
    """Where a list of the task is no list, there are no rows, and `extra` keeps what was sent."""
    lists: Row = dict.fromkeys(
        ["annotations", "predictions", "drafts", "annotators", "comment_authors", "updated_by"], sent
    )
    flat = _flat(flattener, _task(**lists))
    assert json.loads(flat["tasks"][0]["extra"]) == lists
    assert sum(len(rows) for table, rows in flat.items() if table not in ("tasks", "task_meta")) == 0


def test_null_lists_of_the_task_are_no_extra(flattener: Flattener) -> None:
    """A list of the task that is null is read as one without elements."""
    lists: Row = dict.fromkeys(["annotations", "predictions", "drafts", "annotators", "comment_authors", "updated_by"])
    (row,) = _flat(flattener, _task(**lists))["tasks"]
    assert row["extra"] is None


_ODD_FIELDS: list[tuple[str, str, Any]] = [
    ("project", "project_id", "2"),
    ("inner_id", "inner_id", 1.5),
    ("is_labeled", "is_labeled", 1),
    ("created_at", "created_at", "yesterday"),
    ("created_at", "created_at", "2024-01-02T03:04:05"),
    ("created_at", "created_at", "2024-01-02T03:04:05.1234567Z"),
    ("created_at", "created_at", "2024-02-30T03:04:05Z"),
    ("updated_at", "updated_at", 1704164645),
    ("avg_lead_time", "avg_lead_time", "33.5"),
    ("file_upload", "file_upload", {"name": "a"}),
    ("storage_filename", "storage_filename", 5),
]


def test_wrong_types_at_the_task_are_null_and_extra(flattener: Flattener) -> None:
    """A task's value of the wrong type is null and stands in `extra`: a time without a zone is no point in time."""
    rows = _flat(flattener, *(_task(i, **{key: odd}) for i, (key, _, odd) in enumerate(_ODD_FIELDS)))["tasks"]
    for row, (key, column, odd) in zip(sorted(rows, key=lambda row: int(row["id"])), _ODD_FIELDS, strict=True):
        # the run knows in which project it asked
        assert row[column] == (2 if column == "project_id" else None)
        assert json.loads(row["extra"]) == {key: odd}


def test_times_have_zones(flattener: Flattener) -> None:
    """A time is read with its zone and kept in UTC."""
    sent = ["2024-01-02T05:04:05.5+02:00", "2024-01-02 03:04:05.500000Z", "2024-01-02T03:04:05.5+00"]
    for row in _flat(flattener, *(_task(place, created_at=text) for place, text in enumerate(sent)))["tasks"]:
        assert row["created_at"].isoformat() == "2024-01-02T03:04:05.500000+00:00"
        assert row["extra"] is None


def test_a_container_of_another_task_or_project(flattener: Flattener) -> None:
    """A child belongs to the task that it came in; what else it says of itself stands in `extra`."""
    same = {"id": 1, "task": 1, "project": 2, "result": []}
    other = {"id": 2, "task": 9, "project": 8, "result": []}
    rows = sorted(_flat(flattener, _task(annotations=[same, other]))["annotations"], key=lambda row: int(row["id"]))
    assert [(row["task_id"], row["project_id"]) for row in rows] == [(1, 2)] * 2
    assert [row["extra"] for row in rows] == [None, '{"task":9,"project":8}']


def test_unknown_keys_stand_in_extra_where_they_were(flattener: Flattener) -> None:
    """Fields of the Enterprise edition and of later releases land in the `extra` of their own row, nulls included."""
    unknown: Row = {"state": "NEEDS_REVIEW", "reviews": [{"id": 1, "accepted": None}], "allow_skip": None}
    container = {"id": 7, "result": [unknown], **unknown}
    lists: Row = {name: [container] for name in ("annotations", "predictions", "drafts")}
    flat = _flat(flattener, _task(**lists, **unknown))
    for name in ("tasks", *lists, "results"):
        assert {json.dumps(json.loads(row["extra"])) for row in flat[name]} == {json.dumps(unknown)}


def test_users_in_lists_may_be_objects(flattener: Flattener) -> None:
    """A user in a list is an id or an object with one, whose other keys stand in `extra`; others have no id."""
    members = [1, {"user_id": 2, "reviewed": True}, {"id": 3, "n": None}, {"user_id": 4}, "5", None, {"x": 1}]
    rows = _flat(flattener, _task(annotators=members))["task_users"]
    assert [(row["role"], row["position"], row["user_id"], row["extra"]) for row in rows] == [
        ("annotator", 0, 1, None),
        ("annotator", 1, 2, '{"reviewed":true}'),
        ("annotator", 2, 3, '{"n":null}'),
        ("annotator", 3, 4, None),
        ("annotator", 4, None, '"5"'),
        ("annotator", 5, None, "null"),
        ("annotator", 6, None, '{"x":1}'),
    ]


def test_who_made_an_annotation(flattener: Flattener) -> None:
    """completed_by is an id or an object; an object with more in it than the tables hold stands in `extra`."""
    authors: list[Any] = [
        5,
        {"id": 6, "email": "e", "avatar": "http://a"},
        None,
        {"id": 7, "email": 1},
        {"id": 8, "x": 1},
    ]
    authors += ["9", {"email": "f"}]
    annotations = [{"id": place, "result": [], "completed_by": author} for place, author in enumerate(authors)]
    rows = sorted(_flat(flattener, _task(annotations=annotations))["annotations"], key=lambda row: int(row["id"]))
    assert [(row["completed_by_id"], row["completed_by_email"]) for row in rows] == [
        (5, None),
        (6, "e"),
        (None, None),
        (7, None),
        (8, None),
        (None, None),
        (None, "f"),
    ]
    extras = [json.loads(row["extra"])["completed_by"] if row["extra"] else None for row in rows]
    assert extras == [None, None, None, authors[3], authors[4], "9", {"email": "f"}]


_SECRETS: Row = {
    "created_ago": "1 minute",
    "avatar": "http://avatar",
    "token": "s3cret",
    "access_token": {"value": "s3cret"},
    "task_data_login": "s3cret",
    "task_data_password": "s3cret",
    "aws_secret_access_key": "s3cret",
    "apiKey": "s3cret\\",
    "credentials": ['s3cret"', "s3cret]"],
    "url": "https://bucket/key?X-Amz-Signature=s3cret",
}


def test_credentials_land_nowhere() -> None:
    """Credentials, avatars, signed URLs and what changes on every read are not loaded, at whatever depth they stand."""
    odd = {**_SECRETS, "kept": 1, "nested": [{**_SECRETS, "kept": ',"token":"not one"'}, _SECRETS], "tokens_used": 5}
    container = {"id": 7, "result": [], **odd, "completed_by": {"id": 1, **odd}}
    lists: Row = {name: [container, {**container, "id": "none"}] for name in ("annotations", "predictions", "drafts")}
    flattener = Flattener()
    flat = _flat(flattener, _task(**lists, **odd, annotators=[odd]))
    flat["users"] = flattener.users([json.dumps({"id": 1, **odd}).encode()]).to_pylist()
    project = {"id": 2, "created_by": {"id": 1, **odd}, **odd}
    flat["projects"] = flattener.projects([json.dumps(project).encode()]).to_pylist()
    flattener.close()
    for name in ("tasks", "annotations", "predictions", "drafts", "task_users", "users", "projects"):
        (row,) = flat[name]
        extra = json.loads(row["extra"])
        assert extra["nested"] == [{"kept": ',"token":"not one"'}, {}]
        assert (extra["kept"], extra["tokens_used"]) == (1, 5)
        assert not set(_SECRETS) & set(extra)
        assert "s3cret" not in row["extra"]
        assert "http" not in row["extra"]


def test_an_object_of_credentials_only_has_no_extra(flattener: Flattener) -> None:
    """Where all that is left are credentials, `extra` is null."""
    project = {"id": 2, "task_data_login": "me", "task_data_password": None}
    (row,) = flattener.projects([json.dumps(project).encode()]).to_pylist()
    assert row["extra"] is None


def test_projects_have_their_fields(flattener: Flattener) -> None:
    """A project's fields stand in their columns; its creator is an id; what has no column stands in `extra`."""
    project = {
        "id": 2,
        "title": "Trees",
        "label_config": "<View/>",
        "created_at": "2024-01-02T03:04:05Z",
        "created_by": {"id": 1, "first_name": "", "last_name": "", "email": "e", "avatar": None},
        "is_published": True,
        "task_number": "many",
        "control_weights": {"a": {"overall": 1.0}},
        "color": "#FFF",
    }
    (row,) = flattener.projects([json.dumps(project).encode()]).to_pylist()
    filled = {k: v for k, v in row.items() if v is not None and k not in ("created_at", "extra")}
    assert filled == {
        "id": 2,
        "title": "Trees",
        "label_config": "<View/>",
        "created_by_id": 1,
        "is_published": True,
        "control_weights": '{"a":{"overall":1.0}}',
    }
    assert json.loads(row["extra"]) == {"task_number": "many", "color": "#FFF"}


def test_a_listed_user_wins_over_one_met_in_an_annotation() -> None:
    """A user who is listed and met in an annotation is one row, the listed one; one who left is there, too."""
    flattener = Flattener()
    authors = [{"id": 1, "email": "old"}, {"id": 2, "email": "left"}]
    _flat(flattener, _task(annotations=[{"id": i, "result": [], "completed_by": a} for i, a in enumerate(authors)]))
    rows = flattener.users([b'{"id":1,"email":"new","username":"n","date_joined":"soon"}']).to_pylist()
    flattener.close()
    assert sorted((row["id"], row["email"], row["username"], row["extra"]) for row in rows) == [
        (1, "new", "n", '{"date_joined":"soon"}'),
        (2, "left", None, None),
    ]


def test_drafts_of_all_users_replace_the_tasks_own(flattener: Flattener) -> None:
    """Drafts fetched apart stand for the task's own, unless they are no list."""
    own = _task(drafts=[{"id": 1, "result": []}])
    everyone = [{"id": 1, "result": []}, {"id": 2, "user": "e", "result": [{}]}]
    assert [row["id"] for row in _flat(flattener, own, drafts=everyone)["drafts"]] == [1, 2]
    assert [row["id"] for row in _flat(flattener, own, drafts={"detail": "?"})["drafts"]] == [1]
    assert _flat(flattener, own, drafts=[])["drafts"] == []


def test_text_that_is_no_strict_json_is_repaired(flattener: Flattener) -> None:
    """NaN, infinities, lone surrogates and broken UTF-8 are repaired in the tasks that hold them, and in no other."""
    odd = [b'{"id":1,"data":{"n":NaN,"i":[-Infinity]}}', b'{"id":2,"data":"\\ud83d"}', b'{"id":3,"data":"\xff"}']
    rows = _flat(flattener, *odd[:2], b'{"id":9,"data":1e999}')["tasks"] + _flat(flattener, odd[2])["tasks"]
    assert {row["id"]: row["data"] for row in rows} == {
        1: '{"n":"NaN","i":["-Infinity"]}',
        2: '"\ufffd"',
        9: "1e999",
        3: '"\ufffd"',
    }


def test_a_text_about_nan_is_no_nan(flattener: Flattener) -> None:
    """The letters NaN inside of a text are a text."""
    (row,) = _flat(flattener, _task(data={"text": "a [NaN] is :Infinity"}))["tasks"]
    assert json.loads(row["data"]) == {"text": "a [NaN] is :Infinity"}


def test_unreadable_tasks_are_named_and_cost_no_other(flattener: Flattener) -> None:
    """A task that is no JSON at all is left out and named; the others of its batch are read."""
    rows = _flat(flattener, _task(1), b"<html>", _task(3), b'{"id":4,"data":{')["tasks"]
    assert [row["id"] for row in rows] == [1, 3]
    assert [failure.what for failure in flattener.unreadable] == ["task 2", "task 4"]
    assert "Expecting value" in flattener.unreadable[0].reason


def test_a_task_that_is_no_object(flattener: Flattener) -> None:
    """A task that is no object is a row under the id that was asked for, and stands in `extra`."""
    rows = _flat(flattener, b"[1]", b" null", b'{"id":"3"}')["tasks"]
    assert [(row["id"], row["project_id"], row["extra"]) for row in rows] == [
        (1, 2, "[1]"),
        (2, 2, " null"),
        (3, 2, '{"id":"3"}'),
    ]


def test_odd_meta_keys_have_paths_of_their_own(flattener: Flattener) -> None:
    """Keys with dots, quotes, brackets and the like are quoted, so that no two leaves share a path."""
    meta = {
        "a": {"b": 1},
        "a.b": 2,
        'a"."b': 3,
        "": 4,
        "$": 5,
        "[0]": 6,
        "\\": 7,
        "é": 8,
        "_a": 9,
        "n\n": 10,
        "z\0": 11,
    }
    rows = _flat(flattener, _task(meta=meta))["task_meta"]
    assert sorted((int(row["value"]), row["path"], row["key"]) for row in rows if row["key"] is not None) == [
        (1, "$.a.b", "b"),
        (2, '$."a.b"', "a.b"),
        (3, r'$."a\".\"b"', 'a"."b'),
        (4, '$.""', ""),
        (5, '$."$"', "$"),
        (6, '$."[0]"', "[0]"),
        (7, r'$."\\"', "\\"),
        (8, '$."é"', "é"),
        (9, '$."_a"', "_a"),
        (10, '$."n\n"', "n\n"),
    ]
    assert [row["path"] for row in rows if row["key"] is None] == [r'$."z\u0000"']


def test_roots_and_empty_leaves_of_meta(flattener: Flattener) -> None:
    """A scalar or empty meta is one leaf at `$`, an empty object or list a leaf wherever it stands; null is none."""
    sent: list[tuple[Any, tuple[Any, ...]]] = [
        ({}, ("$", None, "{}", "object", None, None)),
        ([], ("$", None, "[]", "array", None, None)),
        ("text", ("$", None, "text", "string", None, None)),
        (5, ("$", None, "5", "number", 5.0, None)),
        ([[False]], ("$[0][0]", None, "false", "boolean", None, False)),
        ({"k": [[{}]]}, ("$.k[0][0]", "k", "{}", "object", None, None)),
        ("a\0", ("$", None, None, "string", None, None)),
    ]
    nothing = _task(len(sent), meta=None)
    rows = _flat(flattener, *(_task(i, meta=meta) for i, (meta, _) in enumerate(sent)), nothing)["task_meta"]
    columns = ("path", "key", "value", "value_type", "number", "boolean")
    found = {row["task_id"]: tuple(row[name] for name in columns) for row in rows}
    assert found == {place: leaf for place, (_, leaf) in enumerate(sent)}


def test_without_meta_there_are_no_leaves(flattener: Flattener) -> None:
    """A task that has no meta at all has no leaves."""
    assert _flat(flattener, b'{"id":1}')["task_meta"] == []


@pytest.mark.parametrize("depth", [500, 50_000])
def test_deep_nesting_is_read(flattener: Flattener, depth: int) -> None:
    """JSON that is nested deeper than most readers go is kept wherever any JSON may stand."""
    deep = "[" * depth + "]" * depth
    result = f'{{"value":{deep},"meta":{deep},"id":"r","u":{deep}}}'
    task = f'{{"id":1,"data":{deep},"x":{deep},"annotations":[{{"id":7,"k":{deep},"result":[{result},{deep}]}}]}}'
    flat = _flat(flattener, task.encode(), _task(2))
    assert [row["data"] for row in flat["tasks"]] == [deep, "{}"]
    assert flat["tasks"][0]["extra"] == f'{{"x":{deep}}}'
    assert flat["annotations"][0]["extra"] == f'{{"k":{deep}}}'
    assert [(r["region_id"], r["value"], r["extra"]) for r in flat["results"]] == [
        ("r", deep, f'{{"u":{deep}}}'),
        (None, None, deep),
    ]


def test_deep_meta_has_a_leaf(flattener: Flattener) -> None:
    """A meta as deep as a server of Python's can send has its leaf."""
    (row,) = _flat(flattener, _task(meta=json.loads("[" * 400 + "]" * 400)))["task_meta"]
    assert (row["path"], row["value"]) == ("$" + "[0]" * 399, "[]")


def test_only_the_first_of_two_equal_keys_counts(flattener: Flattener) -> None:
    """Where an object names a key twice, the first one is read and the batch goes on."""
    task = b'{"id":1,"id":2,"annotations":[{"id":1,"id":3,"result":[{"type":"a","type":"b"}]}]}'
    flat = _flat(flattener, task, _task(2))
    assert [row["id"] for row in flat["tasks"]] == [1, 2]
    assert [(row["result_key"], row["type"]) for row in flat["results"]] == [("annotation/1/0", "a")]
