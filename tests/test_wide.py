"""A project's data and meta as typed columns."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from analytics import Analytics
from annotating import task
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_cli import Shell

from pipelines.analytics.definitions import Schemas
from pipelines.analytics.wide import create_wide, create_wides


def wide(analytics: Analytics, *tasks: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the view of project 1, without the fixed columns."""
    analytics.load(*tasks)
    create_wide(analytics.connection, Schemas(), 1)
    fixed = ("task_id", "inner_id", "is_labeled", "created_at", "updated_at")
    rows = analytics.records("select * from analytics.task_meta_wide_1 order by task_id")
    return [{name: value for name, value in row.items() if name not in fixed} for row in rows]


def types(analytics: Analytics) -> dict[str, str]:
    """The types of the generated columns."""
    query = "select column_name, data_type from duckdb_columns() where table_name = 'task_meta_wide_1' offset 5"
    return dict(analytics.rows(query))


def test_each_task_of_the_project_is_a_row(analytics: Analytics) -> None:
    """Also one that has neither data nor meta; tasks of other projects are not in it."""
    analytics.load(
        task(1, inner_id=7, is_labeled=True, created_at="2026-03-01T10:00:00Z", data={"a": 1}),
        task(2),
        task(3, project=2, data={"b": 1}),
    )
    create_wide(analytics.connection, Schemas(), 1)
    created = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert [
        (*row[:3], row[3] and row[3].astimezone(UTC), *row[4:])
        for row in analytics.rows("select * from analytics.task_meta_wide_1 order by task_id")
    ] == [(1, 7, True, created, None, 1), (2, None, None, None, None, None)]


def test_a_column_has_the_type_that_holds_all_values(analytics: Analytics) -> None:
    """Whole numbers, numbers, truth values, days, moments with a zone, nested values as JSON, all else as text."""
    first = {
        "i": 1,
        "f": 1,
        "b": True,
        "d": "2026-01-02",
        "t": "2026-01-02T03:04:05+01:00",
        "j": {"k": [1.10]},
        "s": "x",
    }
    second = {"i": -(2**63), "f": 0.5, "b": False, "d": "2026-02-28", "t": "2026-01-02 03:04:05Z", "j": 1, "s": "1"}
    rows = wide(analytics, task(1, data=first), task(2, data=second))
    assert types(analytics) == {
        "data_b": "BOOLEAN",
        "data_d": "DATE",
        "data_f": "DOUBLE",
        "data_i": "BIGINT",
        "data_j": "JSON",
        "data_s": "VARCHAR",
        "data_t": "TIMESTAMP WITH TIME ZONE",
    }
    assert rows[0]["data_t"].astimezone(UTC) == datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)
    assert rows[1]["data_i"] == -(2**63)
    assert (rows[0]["data_d"], rows[0]["data_f"], rows[0]["data_j"]) == (date(2026, 1, 2), 1.0, '{"k":[1.1]}')


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["2026-02-30", "2026-01-01"], "VARCHAR"),  # no such day
        (["2026-01-02T03:04:05"], "VARCHAR"),  # no zone: it is not known which moment
        ([1, "1"], "VARCHAR"),
        ([True, 1], "VARCHAR"),
        ([2**63], "VARCHAR"),
        ([2**53 + 1, 0.5], "VARCHAR"),  # no double holds both
        ([2**53, 0.5], "DOUBLE"),
        ([[], 1], "JSON"),
        (["1"], "VARCHAR"),
        ([None, 3], "BIGINT"),
    ],
)
def test_a_type_that_would_change_a_value_is_not_taken(analytics: Analytics, values: list[Any], kind: str) -> None:
    """What does not convert exactly stays text."""
    wide(analytics, *(task(number, data={"k": value}) for number, value in enumerate(values, 1)))
    assert types(analytics) == {"data_k": kind}


def test_leaves_of_meta_are_columns(analytics: Analytics) -> None:
    """Whatever the depth; meta may be a list."""
    rows = wide(
        analytics,
        task(1, meta={"source": {"name": "web", "x.y": [1, 2]}, "tags": []}),
        task(2, meta=[{"ok": True}]),
    )
    assert rows[0] == {
        "meta_source_name": "web",
        "meta_source_x_y_0": 1,
        "meta_source_x_y_1": 2,
        "meta_tags": "[]",
        "meta_0_ok": None,
    }
    assert rows[1]["meta_0_ok"] is True


def test_names_are_plain_and_of_their_own(analytics: Analytics) -> None:
    """Spaces, signs, capitals and letters of the world; each column says where it comes from."""
    odd = {"a b": 1, "A-B": 2, "q\"'/~": 3, "Größe": 4, "日本": 5, "": 6, "$.a": 7}
    (row,) = wide(analytics, task(1, data=odd))
    assert sorted(row.values()) == [1, 2, 3, 4, 5, 6, 7]
    assert all(name.isascii() and name == name.lower() for name in row)
    assert (row["data_a_b"], row["data_a_b_2"]) == (2, 1)
    query = "select comment from duckdb_columns() where table_name = 'task_meta_wide_1' and column_name = 'data_gro_e'"
    assert analytics.rows(query.replace("gro_e", "groe")) == [
        ("key 'Größe' of data, as bigint; null where the task does not have it",)
    ]


def test_the_rarest_keys_are_left_out(analytics: Analytics) -> None:
    """Beyond 400 columns; the view says how many."""
    many = {f"k{number:03}": number for number in range(450)}
    rows = wide(analytics, task(1, data=many), task(2, data={"k449": 1}))
    assert len(rows[0]) == 400
    assert rows[1]["data_k449"] == 1
    ((comment,),) = analytics.rows("select comment from duckdb_views() where view_name = 'task_meta_wide_1'")
    assert "The 50 rarest of 450 keys are left out." in comment


def test_a_project_without_tasks_has_a_view_without_rows(analytics: Analytics) -> None:
    """So that a dashboard finds it."""
    assert wide(analytics) == []


def test_views_of_projects_that_are_not_asked_for_any_more_go(analytics: Analytics) -> None:
    """And those that somebody else made stay."""
    create_wides(analytics.connection, Schemas(), [1, 2])
    analytics.connection.execute("create view analytics.task_meta_wide_mine as select 1 as x")
    create_wides(analytics.connection, Schemas(), [2])
    query = "select view_name from duckdb_views() where starts_with(view_name, 'task_meta_wide_') order by 1"
    assert analytics.rows(query) == [("task_meta_wide_2",), ("task_meta_wide_mine",)]


SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
)
KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)


@pytest.fixture
def drawing() -> Iterator[Analytics]:
    """One warehouse for all examples: each replaces the task of the one before."""
    analytics = Analytics()
    yield analytics
    analytics.connection.close()


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(KEYS, SCALARS, max_size=4), min_size=1, max_size=3))
def test_every_scalar_of_data_is_read_back(drawing: Analytics, objects: list[dict[str, Any]]) -> None:
    """Exactly: a number as a number or as its text, a text as it is, or as what it says."""
    drawing.remove(1, 2, 3)
    rows = wide(drawing, *(task(number, data=data) for number, data in enumerate(objects, 1)))
    comments = dict(
        drawing.rows("select comment, column_name from duckdb_columns() where table_name = 'task_meta_wide_1'")
    )
    for data, row in zip(objects, rows, strict=True):
        for key, value in data.items():
            (name,) = [
                column for comment, column in comments.items() if comment.startswith(f"key {key!r} of data, as ")
            ]
            read = row[name]
            if isinstance(read, str) and not isinstance(value, str):
                read = json.loads(read)
            elif isinstance(read, date) and isinstance(value, str):
                continue
            assert read == value
            assert isinstance(read, bool) == isinstance(value, bool)


def test_a_run_makes_the_view_that_the_settings_ask_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the ids of projects; what is no id is one clear line."""
    shell = Shell(tmp_path, monkeypatch, capsys)
    monkeypatch.setenv("WAREHOUSE__WIDE_PROJECTS", "[3]")
    assert shell.run("--project", "3")[0] == 0
    assert shell.rows("select count(*) from analytics.task_meta_wide_3") == shell.rows(
        "select count(*) from label_studio.tasks"
    )
    for wrong in ("all", "cats"):
        monkeypatch.setenv("WAREHOUSE__WIDE_PROJECTS", wrong)
        code, _, err = shell.run("--project", "3")
        assert (code, err.count("\n")) == (2, 1)
