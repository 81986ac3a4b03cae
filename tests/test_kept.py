"""The kept tables follow the loaded ones, at the cost of what changed."""

from typing import Any

import pytest
from analytics import Analytics
from annotating import annotation, choice, prediction, task

from pipelines.analytics import kept
from pipelines.analytics.definitions import Schemas, kept_tables

PAIRS = "select task_id, score from analytics.agreement_pairs where is_default order by task_id, score"


@pytest.fixture
def two_tasks(analytics: Analytics) -> Analytics:
    """Two tasks that two people agree on."""
    analytics.insert("projects", id=1, title="Mail", label_config="<View/>")
    for number in (1, 2):
        first, second = (annotation(number * 10 + person, person, choice("A")) for person in (1, 2))
        analytics.load(task(number, first, second))
    analytics.refresh()
    return analytics


def contents(analytics: Analytics) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all kept tables."""
    return {
        definition.name: analytics.rows(f"select * from analytics.{definition.name} order by all")
        for definition in kept_tables()
    }


def test_nothing_changed_is_nothing_to_do(two_tasks: Analytics) -> None:
    """A second refresh works out no task."""
    before = contents(two_tasks)
    assert two_tasks.refresh() == 0
    assert contents(two_tasks) == before


def test_only_tasks_that_were_loaded_again_are_worked_out(two_tasks: Analytics) -> None:
    """The other task's rows stay as they are, even where they would be worked out otherwise now."""
    two_tasks.connection.execute("update analytics.agreement_scores set score = 0.25 where task_id = 2")
    two_tasks.load(task(1, annotation(11, 1, choice("A")), annotation(12, 2, choice("B"))), load_id="2")
    assert two_tasks.refresh() == 1
    assert two_tasks.rows(PAIRS) == [(1, 0.0), (2, 0.25)]


def test_a_task_that_lost_its_annotations_loses_its_rows(two_tasks: Analytics) -> None:
    """None of what was worked out before stays."""
    two_tasks.load(task(1), load_id="2")
    assert two_tasks.refresh() == 1
    for name, rows in contents(two_tasks).items():
        tasks = {row[0] for row in two_tasks.rows(f"select distinct task_id from analytics.{name}")}
        assert 1 not in tasks, (name, rows)


def test_a_task_that_is_gone_leaves_the_kept_tables(two_tasks: Analytics) -> None:
    """Also where nothing else changed."""
    two_tasks.remove(1)
    assert two_tasks.refresh() == 0
    assert two_tasks.rows(PAIRS) == [(2, 1.0)]
    assert two_tasks.rows("select task_id from analytics.kept_tasks") == [(2,)]


def test_other_weights_work_out_the_tasks_of_their_project(two_tasks: Analytics) -> None:
    """And only those."""
    two_tasks.insert("projects", id=2, label_config="<View/>")
    two_tasks.load(task(3, annotation(31, 1, choice("A")), annotation(32, 2, choice("A")), project=2))
    assert two_tasks.refresh() == 1
    two_tasks.connection.execute(
        "update label_studio.projects set control_weights = ? where id = 1", ['{"mood": {"labels": {"A": 0.5}}}']
    )
    assert two_tasks.refresh() == 2
    assert two_tasks.rows(PAIRS) == [(1, 0.5), (2, 0.5), (3, 1.0)]


def test_another_config_works_out_the_tasks_of_its_project(two_tasks: Analytics) -> None:
    """A control tag that it offers, and that nobody used, is a match from now on."""
    two_tasks.connection.execute(
        "update label_studio.projects set label_config = ?",
        ['<View><TextArea name="note" toName="t"/><Text name="t"/></View>'],
    )
    assert two_tasks.refresh() == 2
    assert two_tasks.rows("select distinct from_name, score from analytics.agreement_pairs order by all") == [
        ("mood", 1.0),
        ("note", 1.0),
    ]


def test_a_project_that_arrives_later_works_out_its_tasks(analytics: Analytics) -> None:
    """Tasks can come by id, before their project is known."""
    analytics.load(task(1, annotation(1, 1, choice("A")), annotation(2, 2, choice("A"))))
    assert analytics.refresh() == 1
    analytics.insert("projects", id=1, control_weights='{"mood": {"overall": 5}}')
    assert analytics.refresh() == 1
    assert analytics.rows("select distinct weight from analytics.agreement_pairs") == [(5.0,)]


def test_another_formula_works_out_all(two_tasks: Analytics, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new version of a file of sql/ is a new formula."""
    original = kept_tables

    def changed() -> list[Any]:
        first, *rest = original()
        return [first._replace(sql=first.sql + "\n-- changed"), *rest]

    before = contents(two_tasks)
    monkeypatch.setattr(kept, "kept_tables", changed)
    assert two_tasks.refresh() == 2
    assert two_tasks.refresh() == 0
    assert contents(two_tasks) == before


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_chunks_give_what_all_at_once_gives(analytics: Analytics, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    """However many tasks are worked out together."""
    for number in range(1, 6):
        made = [annotation(number * 10 + person, person, choice("AB"[number * person % 2])) for person in (1, 2, 3)]
        analytics.load(task(number, *made, predictions=[prediction(number, "m1", choice("A"))]))
    analytics.refresh()
    whole = contents(analytics)
    assert all(whole[name] for name in ("agreement_scores", "annotation_values", "pair_agreement", "region_matches"))
    analytics.connection.execute("drop schema analytics cascade")
    monkeypatch.setattr(kept, "_CHUNK", chunk)
    assert analytics.refresh() == 5
    assert contents(analytics) == whole


def test_a_refresh_that_is_cut_off_goes_on_where_it_was(analytics: Analytics, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk is in all kept tables or in none; the next refresh works out the rest."""
    for number in (1, 2, 3):
        analytics.load(
            task(number, annotation(number * 10, 1, choice("A")), annotation(number * 10 + 1, 2, choice("A")))
        )
    analytics.connection.execute("drop schema analytics cascade")
    original = kept._replace

    def cut_off(*arguments: Any, **options: Any) -> None:
        original(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(kept, "_CHUNK", 1)
    with monkeypatch.context() as patched:
        patched.setattr(kept, "_replace", cut_off)
        with pytest.raises(KeyboardInterrupt):
            analytics.refresh()
    for name in ("agreement_scores", "annotation_values", "annotation_labels", "pair_agreement", "region_matches"):
        assert analytics.rows(f"select distinct task_id from analytics.{name}") == [(1,)]
    assert analytics.rows("select task_id from analytics.kept_tasks") == [(1,)]
    assert analytics.refresh() == 2
    assert analytics.rows(PAIRS) == [(1, 1.0), (2, 1.0), (3, 1.0)]


def test_two_datasets_have_views_of_their_own() -> None:
    """The views of a dataset that is called otherwise stand in a schema named after it."""
    other = Analytics("photos")
    other.load(task(1, annotation(1, 1, choice("A")), annotation(2, 2, choice("A"))))
    assert other.refresh() == 1
    assert other.rows("select agreement from photos_analytics.task_agreement") == [(1.0,)]
    assert other.rows("select count(*) from duckdb_schemas() where schema_name in ('analytics', 'label_studio')") == [
        (0,)
    ]
    other.connection.close()


def test_no_temporary_table_is_left(two_tasks: Analytics) -> None:
    """What the steps made is gone when they are done."""
    cursor = two_tasks.connection.cursor()
    kept.refresh_kept(cursor, Schemas())
    assert cursor.execute("select table_name from duckdb_tables() where temporary").fetchall() == []


def test_ids_beyond_32_bits_are_kept(analytics: Analytics) -> None:
    """Up to the largest id that JSON numbers can hold."""
    large = 2**53
    analytics.load(task(large, annotation(large - 1, 1, choice("A")), annotation(large, 2, choice("A"))))
    analytics.refresh()
    assert analytics.rows("select task_id, annotation_b_id from analytics.pair_agreement") == [(large, large)]
