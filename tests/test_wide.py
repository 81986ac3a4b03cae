"""`task_meta_wide_…`: the tasks of a project with the keys of their data and meta as typed columns."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from analytics import Analytics
from annotating import task
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.wide import create_wide, refresh_wide, wide_view

Columns = dict[str, tuple[str, list[Any]]]


def load(analytics: Analytics, *data: Any, metas: tuple[Any, ...] = ()) -> None:
    """Tasks 1, 2, … of project 1 with these data; or, where there are metas, with these."""
    if metas:
        analytics.load(*(task(number, data={}, meta=meta) for number, meta in enumerate(metas, 1)))
    else:
        analytics.load(*(task(number, data=values, meta={}) for number, values in enumerate(data, 1)))


def wide(analytics: Analytics, project_id: int = 1, limit: int = 400) -> Columns:
    """The type and the values, in the order of the tasks, of each column that data and meta gave."""
    view = wide_view(analytics.connection, analytics.dataset, project_id, limit)
    cursor = analytics.connection.execute(f"select * from ({view.sql}) order by task_id")
    rows = cursor.fetchall()
    assert [column[0] for column in cursor.description or []] == list(view.columns)
    return {
        column[0]: (str(column[1]), [row[place] for row in rows])
        for place, column in enumerate(cursor.description or [])
        if column[0].startswith(("data_", "meta"))
    }


def comments(analytics: Analytics, view: str) -> dict[str, str]:
    """What the database says of the columns of a view."""
    return dict(
        analytics.rows(
            "select column_name, comment from duckdb_columns() where table_name = $view order by column_index",
            view=view,
        )
    )


def test_a_task_is_a_row_with_its_own_columns(analytics: Analytics) -> None:
    """The columns of `tasks` come first, then data, then meta; where a task lacks a key, there is null."""
    analytics.insert("projects", id=1, title="Ann's letters")
    analytics.load(
        task(1, inner_id=1, is_labeled=True, data={"price": 12, "text": "a"}, meta={"source": {"batch": 1}}),
        task(2, inner_id=2, is_labeled=False, data={"text": "b"}, meta={"source": {"batch": 2, "name": "x"}}),
        task(3, project=2, data={"other": 1}, meta={}),
    )
    assert create_wide(analytics.connection, "label_studio", 1) == "task_meta_wide_1"
    named = "task_id, project_id, inner_id, is_labeled, columns('data_.*'), columns('meta_.*')"
    assert analytics.records(f"select {named} from analytics.task_meta_wide_1 order by 1") == [
        {
            "task_id": 1,
            "project_id": 1,
            "inner_id": 1,
            "is_labeled": True,
            "data_price": 12,
            "data_text": "a",
            "meta_source_batch": 1,
            "meta_source_name": None,
        },
        {
            "task_id": 2,
            "project_id": 1,
            "inner_id": 2,
            "is_labeled": False,
            "data_price": None,
            "data_text": "b",
            "meta_source_batch": 2,
            "meta_source_name": "x",
        },
    ]
    assert list(comments(analytics, "task_meta_wide_1"))[12:] == [
        "data_price",
        "data_text",
        "meta_source_batch",
        "meta_source_name",
    ]


def test_every_column_says_where_it_comes_from(analytics: Analytics) -> None:
    """View and columns carry comments: the project, the key or path, the kinds of values, and how often."""
    analytics.insert("projects", id=1, title="Ann's letters")
    load(analytics, {"price": 12, "by": "it's"}, {"price": "n/a"}, {"nothing": None})
    create_wide(analytics.connection, "label_studio", 1)
    said = comments(analytics, "task_meta_wide_1")
    assert all(said.values())
    assert said["task_id"] == "tasks.id"
    assert said["data_price"] == 'key "price" of data: strings and numbers, in 2 of 3 tasks'
    assert said["data_nothing"] == 'key "nothing" of data: null only, in 0 of 3 tasks'
    [(text,)] = analytics.rows("select comment from duckdb_views() where view_name = 'task_meta_wide_1'")
    assert text.startswith("One row is a task of project 1 (Ann's letters). ")


NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)

TYPED: dict[str, tuple[list[Any], str, list[Any]]] = {
    "integers": ([1, None, -(2**63)], "BIGINT", [1, None, -(2**63)]),
    "integers beyond 64 bits stay text, digit by digit": (
        [1, 2**63, 10**30],
        "VARCHAR",
        ["1", str(2**63), str(10**30)],
    ),
    "decimals": ([1.5, 2, -0.25, 1e300], "DOUBLE", [1.5, 2.0, -0.25, 1e300]),
    "decimals beside an integer that no double holds": ([0.5, 2**53 + 1], "VARCHAR", ["0.5", str(2**53 + 1)]),
    "decimals beside the largest that it holds": ([0.5, -(2**53)], "DOUBLE", [0.5, -(2.0**53)]),
    "truth values": ([True, False, None], "BOOLEAN", [True, False, None]),
    "truth values and numbers": ([True, 1], "VARCHAR", ["true", "1"]),
    "strings that look like numbers": (["007", "1", ""], "VARCHAR", ["007", "1", ""]),
    "strings that look like null and truth": (["null", "true", None], "VARCHAR", ["null", "true", None]),
    "moments with a zone": (
        ["2026-03-31T12:00:00Z", "2026-03-31 14:00:00.5+02:00"],
        "TIMESTAMP WITH TIME ZONE",
        [NOON, NOON.replace(microsecond=500_000)],
    ),
    "times without": (["2026-03-31T12:00:00.000001"], "TIMESTAMP", [datetime(2026, 3, 31, 12, 0, 0, 1)]),
    "days": (["2026-03-31", None], "DATE", [date(2026, 3, 31), None]),
    "days and moments": (["2026-03-31", "2026-03-31T12:00:00Z"], "VARCHAR", ["2026-03-31", "2026-03-31T12:00:00Z"]),
    "a day that no calendar has": (["2026-02-30"], "VARCHAR", ["2026-02-30"]),
    "a seventh digit of the second": (["2026-03-31T12:00:00.1234567Z"], "VARCHAR", ["2026-03-31T12:00:00.1234567Z"]),
    "a day and more": (["2026-03-31\nand more"], "VARCHAR", ["2026-03-31\nand more"]),
    "null alone": ([None], "VARCHAR", [None]),
}


@pytest.mark.parametrize("place", ["data", "meta"])
@pytest.mark.parametrize(("values", "type_", "expected"), TYPED.values(), ids=TYPED.keys())
def test_a_column_is_typed_where_every_value_converts_exactly(
    values: list[Any], type_: str, expected: list[Any], place: str, analytics: Analytics
) -> None:
    """The type holds all values of the project without loss; else the column is text."""
    records = tuple({"k": value} for value in values)
    load(analytics, *records, metas=records if place == "meta" else ())
    assert wide(analytics)[f"{place}_k"] == (type_, expected)


def test_nested_data_stay_json(analytics: Analytics) -> None:
    """Lists and objects of data are JSON, and so is what stands beside them; JSON null is null."""
    load(analytics, {"k": [1, {"a": None}]}, {"k": 'a "b"'}, {"k": None}, {"k": 1.5}, {"k": {}}, {})
    assert wide(analytics)["data_k"] == ("JSON", ['[1,{"a":null}]', '"a \\"b\\""', None, "1.5", "{}", None])


def test_leaves_of_meta_have_columns_and_what_is_above_them_has_none(analytics: Analytics) -> None:
    """A list's elements have a column each; one that is empty is JSON; meta may be a list or a scalar itself."""
    load(analytics, metas=({"tags": ["a", "b"], "x": 1}, {"tags": [], "x": {"y": 2}}, ["s"], 7, None))
    assert wide(analytics) == {
        "meta": ("BIGINT", [None, None, None, 7, None]),
        "meta_0": ("VARCHAR", [None, None, "s", None, None]),
        "meta_tags": ("JSON", [None, "[]", None, None, None]),
        "meta_tags_0": ("VARCHAR", ["a", None, None, None, None]),
        "meta_tags_1": ("VARCHAR", ["b", None, None, None, None]),
        "meta_x": ("BIGINT", [1, None, None, None, None]),
        "meta_x_y": ("BIGINT", [None, 2, None, None, None]),
    }


def test_a_text_is_told_from_an_object_of_other_tasks(analytics: Analytics) -> None:
    """A string that looks like an object is a leaf; an object in another task is none."""
    load(analytics, metas=({"x": '{"y": 1}'}, {"x": {"y": 1}}, {"x": "[]"}))
    assert wide(analytics) == {
        "meta_x": ("VARCHAR", ['{"y": 1}', None, "[]"]),
        "meta_x_y": ("BIGINT", [None, 1, None]),
    }


def test_names_are_safe_and_tell_all_keys_apart(analytics: Analytics) -> None:
    """Lower-case letters, digits and _; a key that needs no change has its own name, whatever it collides with."""
    keys = [
        "a b",
        "a.b",
        "A_B",
        "a_b",
        "a_b_2",
        'q"uo"te',
        "it's",
        "a/b~",
        "",
        "$",
        "*",
        "日本",
        "Straße",
        "[0]",
        "x" * 200,
    ]
    load(analytics, {key: place for place, key in enumerate(keys)}, {"x" * 199: 1})
    found = {name: values[0] for name, (_, values) in wide(analytics).items() if name.startswith("data_")}
    assert found == {
        "data_a_b": keys.index("a_b"),
        "data_a_b_2": keys.index("a_b_2"),
        "data_a_b_3": keys.index("A_B"),
        "data_a_b_4": keys.index("a b"),
        "data_a_b_5": keys.index("a.b"),
        "data_a_b_6": keys.index("a/b~"),
        "data_q_uo_te": keys.index('q"uo"te'),
        "data_it_s": keys.index("it's"),
        "data_key": keys.index(""),
        "data_key_2": keys.index("$"),
        "data_key_3": keys.index("*"),
        "data_日本": keys.index("日本"),
        "data_straße": keys.index("Straße"),
        "data_0": keys.index("[0]"),
        f"data_{'x' * 56}": None,
        f"data_{'x' * 56}_2": keys.index("x" * 200),
    }


def test_a_key_named_like_a_column_of_tasks_is_no_collision(analytics: Analytics) -> None:
    """Keys have a prefix, so that task_id stays the task's."""
    load(analytics, {"task_id": "mine", "id": 5})
    create_wide(analytics.connection, "label_studio", 1)
    assert analytics.rows("select task_id, data_task_id, data_id from analytics.task_meta_wide_1") == [(1, "mine", 5)]


def test_of_too_many_the_most_frequent_have_columns(analytics: Analytics) -> None:
    """Beyond the limit the rarest are left out, lists before others, and the view's comment names them."""
    load(analytics, metas=({"often": 1, "rare": 1, "list": list(range(30))}, {"often": 2}))
    assert list(wide(analytics, limit=3)) == ["meta_list_0", "meta_often", "meta_rare"]
    view = wide_view(analytics.connection, "label_studio", 1, limit=3)
    assert view.description.endswith(" $.list[20] of meta and 9 more.")
    assert "Left out are the rarest 29: $.list[1] of meta, $.list[2] of meta, " in view.description


def test_many_columns_are_read_in_parts(analytics: Analytics) -> None:
    """More keys than are read at once all have their own values."""
    load(analytics, {f"k{number}": number if number % 3 else [number] for number in range(100)})
    found = {name: values for name, (_, [values]) in wide(analytics).items() if name.startswith("data_")}
    assert found == {f"data_k{number}": number if number % 3 else f"[{number}]" for number in range(100)}


def test_a_project_without_tasks_has_a_view_without_rows(analytics: Analytics) -> None:
    """Where nothing was loaded, the columns of tasks are there all the same."""
    create_wide(analytics.connection, "label_studio", 9)
    assert analytics.rows("select * from analytics.task_meta_wide_9") == []
    assert list(comments(analytics, "task_meta_wide_9"))[:4] == ["task_id", "project_id", "inner_id", "is_labeled"]


def test_it_stands_beside_the_views_of_its_dataset() -> None:
    """Dataset and schema of views may be called otherwise."""
    analytics = Analytics("photos")
    load(analytics, {"k": 1})
    create_wide(analytics.connection, "photos", 1, "photos_analytics")
    assert analytics.rows("select data_k from photos_analytics.task_meta_wide_1") == [(1,)]
    analytics.connection.close()


def test_views_follow_the_projects_that_are_asked_for(analytics: Analytics) -> None:
    """Made anew with the columns that there are now; those of projects that are asked for no more go, others stay."""
    load(analytics, {"k": 1})
    analytics.connection.execute(
        "create schema if not exists analytics; create view analytics.task_meta_wide_mine as select 1 as one"
    )
    assert refresh_wide(analytics.connection, "label_studio", [2, 1]) == ["task_meta_wide_1", "task_meta_wide_2"]
    load(analytics, {"k": "one", "l": 2})
    assert refresh_wide(analytics.connection, "label_studio", [1]) == ["task_meta_wide_1"]
    assert analytics.rows("select data_k, data_l from analytics.task_meta_wide_1") == [("one", 2)]
    names = "select view_name from duckdb_views() where starts_with(view_name, 'task_meta_wide_') order by all"
    assert analytics.rows(names) == [("task_meta_wide_1",), ("task_meta_wide_mine",)]


def test_a_value_that_changed_since_fails_no_query(analytics: Analytics) -> None:
    """Until the view is made anew, a value of another type is null."""
    load(analytics, {"k": 1}, {"k": 2})
    create_wide(analytics.connection, "label_studio", 1)
    load(analytics, {"k": "one"}, {"k": 2})
    assert analytics.rows("select data_k from analytics.task_meta_wide_1 order by task_id") == [(None,), (2,)]


def test_the_view_travels_with_the_file(tmp_path: Path, analytics: Analytics) -> None:
    """A copy of the file under another name has the view, too."""
    load(analytics, {"k": 1})
    create_wide(analytics.connection, "label_studio", 1)
    analytics.connection.execute(
        f"attach '{tmp_path / 'one.duckdb'}' as one; copy from database memory to one; detach one"
    )
    (tmp_path / "one.duckdb").rename(tmp_path / "other.duckdb")
    with duckdb.connect(str(tmp_path / "other.duckdb"), read_only=True) as copy:
        assert copy.execute("select data_k from analytics.task_meta_wide_1").fetchall() == [(1,)]


_KEYS = st.text(max_size=4) | st.sampled_from(
    ["a", "A", "a b", "*", "", "0", "a.b", '"', "\\", "'", "$", "[0]", "null"]
)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["2026-03-31", "2026-03-31T12:00:00Z", "{}", "null"])
)
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=8
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Analytics]:
    """A warehouse that many examples share."""
    analytics = Analytics()
    yield analytics
    analytics.connection.close()


@settings(max_examples=60, deadline=None)
@given(tasks=st.lists(st.tuples(st.dictionaries(_KEYS, _JSON, max_size=4), _JSON), min_size=1, max_size=4))
def test_no_value_is_lost_or_changed(shared: Analytics, tasks: list[tuple[dict[str, Any], Any]]) -> None:
    """Whatever data and meta hold, each value stands in the column of its key or path, and nothing else does."""
    shared.remove(1, 2, 3, 4)
    shared.load(*(task(number, data=data, meta=meta) for number, (data, meta) in enumerate(tasks, 1)))
    view = wide_view(shared.connection, "label_studio", 1)
    rows = shared.records(f"select * from ({view.sql}) order by task_id")
    assert len(rows) == len(tasks)
    assert len({name.lower() for name in view.columns}) == len(view.columns)
    places = {_place(text): name for name, text in view.columns.items() if name.startswith(("data_", "meta"))}
    for row, (data, meta) in zip(rows, tasks, strict=True):
        expected = {("data", key): value for key, value in data.items() if "\0" not in key}
        expected |= {("meta", path): value for path, value in _leaves(meta) if r"\u0000" not in path.replace(r"\\", "")}
        assert {place for place, value in expected.items() if value is not None} <= places.keys()
        for place, name in places.items():
            assert name == name.lower()
            assert _is(row[name], expected.get(place)), (place, row[name], expected.get(place))


def _place(comment: str) -> tuple[str, str]:
    found = re.fullmatch(r'(?:key "(.*)" of data|(\$.*) of meta): [a-z ]+, in \d of \d tasks', comment, re.DOTALL)
    assert found, comment
    return ("meta", found[2]) if found[1] is None else ("data", found[1])


def _leaves(node: Any, path: str = "$") -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict) and node:
        for key, value in node.items():
            escaped = key.replace("\\", "\\\\").replace('"', '\\"').replace("\0", "\\u0000")
            plain = re.fullmatch("[A-Za-z][A-Za-z0-9_]*", key)
            yield from _leaves(value, f"{path}.{key}" if plain else f'{path}."{escaped}"')
    elif isinstance(node, list) and node:
        for place, value in enumerate(node):
            yield from _leaves(value, f"{path}[{place}]")
    else:
        yield path, node


def _is(found: Any, expected: Any) -> bool:
    """Whether a column's value is the JSON value, in the column's type or in its text."""
    if expected is None or found is None:
        return found is expected
    if isinstance(found, datetime | date):
        return isinstance(expected, str) and expected.startswith(f"{found:%Y-%m-%d}")
    if not isinstance(found, str):
        return isinstance(found, bool) == isinstance(expected, bool) and bool(found == expected)
    return found == expected or bool(json.loads(found) == expected)


def test_an_element_of_a_list_is_no_key(analytics: Analytics) -> None:
    """Data that are a list have nothing in a column that is named like a place in it."""
    analytics.load(task(1, data={"0": "mine"}), task(2, data=[5, 6]))
    create_wide(analytics.connection, "label_studio", 1)
    query = "select data_0 from analytics.task_meta_wide_1 order by task_id"
    assert analytics.rows(query) == [("mine",), (None,)]


def test_a_view_that_somebody_else_made_stays(analytics: Analytics) -> None:
    """Even where it is named like one of ours."""
    analytics.connection.execute("create view analytics.task_meta_wide_7 as select 1 as x")
    refresh_wide(analytics.connection, "label_studio", [])
    assert analytics.rows("select x from analytics.task_meta_wide_7") == [(1,)]
