"""Whatever JSON stands where any JSON may stand, it comes back from the JSON columns, and it costs no other row.

Equal means here: equal when both sides are parsed by Python. So the order of keys and how a number is written do not
count: 1.10 is 1.1, -0 is 0, and of a number with a fraction or an exponent a double's precision is kept; integers
keep all their digits, and a number that no double holds (1e999) keeps its text.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.label_studio.flatten import Flattener, RawTask
from pipelines.label_studio.tables import TABLES

Row = dict[str, Any]

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_NUMBER = (
    st.integers(-9, 9)
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), -(2**63) - 1, 1e300, 1e-320, -0.0])
)
_SCALAR = st.none() | st.booleans() | _NUMBER | _TEXT | st.sampled_from(["", "\0", "\\", '"', "$", "a.b", "[0]", "😀"])


def _json(keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        _SCALAR,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )


_ANY = _json(_TEXT)

# No names of the API, and none that is taken for a credential's.
_UNKNOWN_KEY = _TEXT.map(lambda text: f"x {text}")
_HARMLESS = _json(_UNKNOWN_KEY)
_UNKNOWN = st.dictionaries(_UNKNOWN_KEY, _HARMLESS, max_size=3)

_RESULT_KEYS = ["id", "parentID", "from_name", "to_name", "type", "origin", "score", "item_index", "original_width"]
_RESULT_KEYS += ["image_rotation", "readonly", "from_id", "direction", "labels", "value", "meta"]
_VALUE_KEYS = ["x", "closed", "start", "channel", "text", "number", "datetime", "globalOffsets", "format", "rle"]
_VALUE_KEYS += ["imageDataURL", "points", "vertices", "sequence", "ranges", "ranker", "choices", "taxonomy", "labels"]
_TYPES = ["labels", "choices", "taxonomy", "relation", "textarea", "ranker", "a/b~labels", "polygonlabels"]

_VALUE = _ANY | st.dictionaries(st.sampled_from(_VALUE_KEYS), _ANY, max_size=6)
_RESULT = _ANY | st.builds(
    lambda known, value, type_, unknown: {**unknown, **known, "value": value, "type": type_},
    st.dictionaries(st.sampled_from(_RESULT_KEYS), _ANY, max_size=4),
    _VALUE,
    st.sampled_from(_TYPES) | _ANY,
    _UNKNOWN,
)

_SETTINGS = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.fixture(scope="module")
def flattener() -> Iterator[Flattener]:
    """A flattener for all batches, as in a run."""
    flattener = Flattener()
    yield flattener
    flattener.close()


def _flat(flattener: Flattener, tasks: list[Row]) -> dict[str, list[Row]]:
    # no escapes but those that JSON needs, as servers write it
    batch = [RawTask(task["id"], 2, json.dumps(task, ensure_ascii=False).encode()) for task in tasks]
    flat = flattener.tasks(batch)
    assert flattener.unreadable == []
    for name, table in flat.items():
        _assert_keys_are_unique(name, table.to_pylist())
    return {name: table.to_pylist() for name, table in flat.items()}


def _assert_keys_are_unique(name: str, rows: list[Row]) -> None:
    keys = [tuple(row[column] for column in TABLES[name].key) for row in rows]
    assert len(set(keys)) == len(keys)


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _by_id(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: int(row["id"]))


@_SETTINGS
@given(sent=st.lists(st.tuples(_ANY, _ANY, _UNKNOWN), min_size=1, max_size=15))
def test_tasks_come_back(flattener: Flattener, sent: list[tuple[Any, Any, Row]]) -> None:
    """Each task is a row whose data, meta and extra are what was sent."""
    tasks = [{"id": i, "data": data, "meta": meta, **unknown} for i, (data, meta, unknown) in enumerate(sent)]
    rows = _by_id(_flat(flattener, tasks)["tasks"])
    assert [(_parsed(row["data"]), _parsed(row["meta"]), _parsed(row["extra"]) or {}) for row in rows] == sent


@_SETTINGS
@given(lists=st.lists(st.tuples(st.lists(_RESULT, max_size=5), _UNKNOWN), min_size=1, max_size=8))
def test_results_come_back(flattener: Flattener, lists: list[tuple[list[Any], Row]]) -> None:
    """Each element of each result list is a row with its value and meta as sent, and each owner counts its own."""
    owners = [{"id": i, "result": result, **unknown} for i, (result, unknown) in enumerate(lists)]
    tasks = [{"id": 1, "annotations": owners, "predictions": owners}, {"id": 2, "drafts": owners}]
    flat = _flat(flattener, tasks)
    for name in ("annotations", "predictions", "drafts"):
        rows = _by_id(flat[name])
        assert [row["result_count"] for row in rows] == [len(result) for result, _ in lists]
        assert [_parsed(row["extra"]) or {} for row in rows] == [unknown for _, unknown in lists]
        _assert_results(flat["results"], name[:-1], lists)


def _assert_results(rows: list[Row], source: str, lists: list[tuple[list[Any], Row]]) -> None:
    found = {row["result_key"]: row for row in rows if row["source"] == source}
    sent = {f"{source}/{i}/{place}": r for i, (result, _) in enumerate(lists) for place, r in enumerate(result)}
    assert found.keys() == sent.keys()
    for key, result in sent.items():
        extra = _parsed(found[key]["extra"])
        if not isinstance(result, dict):
            assert extra == result
            continue
        assert _parsed(found[key]["value"]) == result.get("value")
        assert _parsed(found[key]["meta"]) == result.get("meta")
        _assert_nothing_is_lost(found[key], result, extra or {})


#: A result's own keys and their columns; any other key, also one named like a column, belongs into extra.
_COLUMNS = {
    "id": "region_id",
    "parentID": "parent_region_id",
    "from_id": "from_region_id",
    "to_id": "to_region_id",
    **{
        name: name
        for name in (
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
        )
    },
}


def _assert_nothing_is_lost(row: Row, result: Row, extra: Row) -> None:
    for key in result.keys() - {"value", "meta", "labels"}:
        typed = row[_COLUMNS[key]] if key in _COLUMNS else None
        if typed is None:
            assert (result[key] is None and key in _COLUMNS) or extra[key] == result[key]
        else:
            assert key not in extra
            assert isinstance(typed, bool) == isinstance(result[key], bool)
            assert typed in (result[key], str(result[key]))


@_SETTINGS
@given(results=st.lists(_HARMLESS, min_size=1, max_size=15))
def test_any_result_is_counted_or_kept(flattener: Flattener, results: list[Any]) -> None:
    """A result that is no list stays in the owner's extra, and one that is has its length for a count."""
    owners = [{"id": i, "result": result} for i, result in enumerate(results)]
    for row, result in zip(_by_id(_flat(flattener, [{"id": 1, "drafts": owners}])["drafts"]), results, strict=True):
        if isinstance(result, list):
            assert (row["result_count"], row["extra"]) == (len(result), None)
        else:
            assert (row["result_count"], json.loads(row["extra"])) == (0, {"result": result})


@_SETTINGS
@given(metas=st.lists(_ANY, min_size=1, max_size=15))
def test_leaves_rebuild_meta(flattener: Flattener, metas: list[Any]) -> None:
    """The leaves of task_meta alone give back meta; only texts with U+0000 are null in it."""
    rows = _flat(flattener, [{"id": i, "meta": meta} for i, meta in enumerate(metas)])["task_meta"]
    for i, meta in enumerate(metas):
        assert _rebuilt([row for row in rows if row["task_id"] == i]) == _without_nul(meta)


def _without_nul(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nul(element) for key, element in value.items()}
    if isinstance(value, list):
        return [_without_nul(element) for element in value]
    return None if isinstance(value, str) and "\0" in value else value


_STEP = re.compile(r'\[(\d+)\]|\.([A-Za-z][A-Za-z0-9_]*)|\."((?:[^"\\]|\\.)*)"', re.DOTALL)


def _rebuilt(leaves: list[Row]) -> Any:
    root: dict[Any, Any] = {}
    for leaf in leaves:
        node, steps = root, _steps(leaf["path"])
        for step in ["$", *steps[:-1]] if steps else []:
            node = node.setdefault(step, {})
        node[steps[-1] if steps else "$"] = _leaf(leaf)
    # no leaf: there is no meta
    return _with_lists(root["$"]) if leaves else None


def _steps(path: str) -> list[int | str]:
    found = list(_STEP.finditer(path, 1))
    assert "$" + "".join(step[0] for step in found) == path
    return [int(s[1]) if s[1] else s[2] or _unescaped(s[3]) for s in found]


def _unescaped(step: str) -> str:
    return re.sub(r"\\(u0000|.)", lambda escape: "\0" if escape[1] == "u0000" else escape[1], step, flags=re.DOTALL)


class _Leaf(list[Any]):
    """An empty list or object that was a leaf, or a scalar: nothing to look into."""


def _leaf(row: Row) -> _Leaf:
    value = row["value"]
    if row["value_type"] == "boolean":
        assert row["boolean"] is (value == "true")
    if row["value_type"] == "number":
        assert row["number"] is None or math.isclose(row["number"], float(value))
    is_text = row["value_type"] in ("string", "null")
    return _Leaf([value if is_text else json.loads(value)])


def _with_lists(node: Any) -> Any:
    if isinstance(node, _Leaf):
        return node[0]
    if all(isinstance(step, int) for step in node):
        return [_with_lists(node[place]) for place in range(len(node))]
    return {key: _with_lists(element) for key, element in node.items()}


@_SETTINGS
@given(odd=st.lists(_ANY, max_size=4), texts=st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_odd_tasks_cost_no_others(flattener: Flattener, odd: list[Any], texts: list[str]) -> None:
    """Tasks of any JSON or with lone surrogates load beside good ones, and the good ones are as if alone."""
    good = {"id": 1000, "data": {"a": 1}, "annotations": [{"id": 1, "result": [{"id": "r"}]}]}
    raw = [json.dumps(value).encode() for value in [*odd, *({"data": text} for text in texts)]]
    batch = [RawTask(i, 2, task) for i, task in enumerate([*raw, json.dumps(good).encode()], 2000)]
    flat = flattener.tasks(batch)
    alone = _flat(flattener, [good])
    assert flattener.unreadable == []
    assert flat["tasks"].num_rows == len(batch)
    (task,) = [row for row in flat["tasks"].to_pylist() if row["id"] == 1000 and row["data"] == '{"a":1}']
    assert [task] == alone["tasks"]
    assert [row for row in flat["results"].to_pylist() if row["task_id"] == 1000] == alone["results"]
