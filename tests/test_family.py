"""What the merge of a table family rests on in dlt: each of these facts must hold in the version that is pinned."""

import json
from typing import Any

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from loading import Warehouse

from pipelines.demo import FakeLabelStudio
from pipelines.label_studio.tables import TABLES

PROJECT = 1


def _task_with_most(fake: FakeLabelStudio, kind: str) -> dict[str, Any]:
    return max((task for task in fake.tasks.values() if task["project"] == PROJECT), key=lambda task: len(task[kind]))


def _rows_of(warehouse: Warehouse, task_id: int) -> dict[str, int]:
    tables = [name for name, table in TABLES.items() if table.parent == "tasks"]
    return {
        name: warehouse.rows(f"select count(*) from {name} where task_id = $task", task=task_id)[0][0]
        for name in tables
    }


def test_loading_the_same_tasks_twice_changes_nothing(warehouse: Warehouse, fake: FakeLabelStudio) -> None:
    """A second load of the same tasks leaves every table as it was."""
    warehouse.load(fake=fake, project_ids="all")
    before = warehouse.contents()
    warehouse.load(fake=fake, project_ids="all")
    assert warehouse.contents() == before
    assert len(before["tasks"]) == len(fake.tasks)


def test_what_is_gone_from_a_task_is_gone_from_the_warehouse(warehouse: Warehouse, fake: FakeLabelStudio) -> None:
    """A task that has lost everything has no row left but its own."""
    task = _task_with_most(fake, "annotations")
    warehouse.load(fake=fake, project_ids=[PROJECT])
    others = _others(warehouse, task["id"])
    assert _rows_of(warehouse, task["id"])["results"] > 0
    task.update(annotations=[], predictions=[], meta=None, annotators=[], updated_by=[], comment_authors=[])
    fake.drafts[:] = [draft for draft in fake.drafts if draft["task"] != task["id"]]
    warehouse.load(fake=fake, task_ids=[task["id"]])
    assert set(_rows_of(warehouse, task["id"]).values()) == {0}
    assert warehouse.rows("select count(*) from tasks where id = $task", task=task["id"]) == [(1,)]
    assert _others(warehouse, task["id"]) == others


def _others(warehouse: Warehouse, task_id: int) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select task_id, result_key, value::varchar from results where task_id <> $task order by result_key",
        task=task_id,
    )


def test_a_batch_without_any_child_row_still_removes_the_old_ones(warehouse: Warehouse, fake: FakeLabelStudio) -> None:
    """Tables that get no row in a load are part of its merge all the same."""
    warehouse.load(fake=fake, project_ids=[PROJECT])
    for task in fake.tasks.values():
        if task["project"] == PROJECT:
            task.update(annotations=[], predictions=[], meta={}, annotators=[], updated_by=[], comment_authors=[])
    fake.drafts.clear()
    warehouse.load(fake=fake, project_ids=[PROJECT], fetch_mode="full")
    counts = warehouse.counts()
    assert counts["tasks"] == sum(task["project"] == PROJECT for task in fake.tasks.values())
    assert {name: count for name, count in counts.items() if name.startswith("result")} == dict.fromkeys(
        [name for name in TABLES if name.startswith("result")], 0
    )
    assert counts["annotations"] == counts["predictions"] == counts["drafts"] == 0


def test_a_merge_that_fails_changes_no_table(warehouse: Warehouse, fake: FakeLabelStudio) -> None:
    """When the last table of the family can't be written, all others stay as they were, and the next load mends it."""
    warehouse.load(fake=fake, project_ids=[PROJECT])
    before = warehouse.contents()
    task = _task_with_most(fake, "annotations")
    task["data"] = {"text": "changed"}
    warehouse.connection.execute("alter table label_studio.result_rankings rename to elsewhere")
    with pytest.raises(PipelineStepFailed):
        warehouse.load(fake=fake, task_ids=[task["id"]])
    warehouse.connection.execute("alter table label_studio.elsewhere rename to result_rankings")
    assert warehouse.contents() == before
    warehouse.pipeline.run()
    warehouse.load(fake=fake, task_ids=[task["id"]])
    [(data,)] = warehouse.rows("select data from tasks where id = $task", task=task["id"])
    assert json.loads(data) == {"text": "changed"}


def test_every_row_carries_the_load_of_its_task(warehouse: Warehouse, fake: FakeLabelStudio) -> None:
    """All rows of a task are of the load that brought the task, never a mixture of two."""
    warehouse.load(fake=fake, project_ids=[PROJECT])
    ids = [task["id"] for task in fake.tasks.values() if task["project"] == PROJECT]
    warehouse.load(fake=fake, task_ids=ids[:10])
    loads = warehouse.rows("select _dlt_load_id, count(*) from tasks group by all order by all")
    assert [count for _, count in loads] == [len(ids) - 10, 10]
    mixed = warehouse.rows(
        "select count(*) from results join tasks on results.task_id = tasks.id"
        " where results._dlt_load_id <> tasks._dlt_load_id"
    )
    assert mixed == [(0,)]


def test_every_declared_column_exists_after_a_load_that_brings_nothing(
    warehouse: Warehouse, fake: FakeLabelStudio
) -> None:
    """An empty load makes all tables, with every column of its declared type."""
    fake.tasks.clear()
    warehouse.load(fake=fake, task_ids="1-10")
    types = {
        "bigint": "BIGINT",
        "double": "DOUBLE",
        "boolean": "BOOLEAN",
        "text": "VARCHAR",
        "json": "JSON",
        "timestamp": "TIMESTAMP WITH TIME ZONE",
    }
    found = warehouse.rows(
        "select table_name, column_name, data_type from duckdb_columns()"
        " where schema_name = 'label_studio' and not starts_with(table_name, '_dlt')"
        " and not starts_with(column_name, '_dlt')"
    )
    expected = [(table.name, column.name, types[column.type]) for table in TABLES.values() for column in table.columns]
    assert sorted(found) == sorted(expected)


def test_labels_that_left_a_config_leave_the_warehouse(warehouse: Warehouse, fake: FakeLabelStudio) -> None:
    """The labels of a project are replaced with the project, also when none is left."""
    warehouse.load(fake=fake, project_ids=[PROJECT])
    assert warehouse.counts()["project_labels"] > 0
    fake.projects[PROJECT]["label_config"] = "<View></View>"
    warehouse.load(fake=fake, project_ids=[PROJECT])
    assert warehouse.counts()["project_labels"] == 0
    assert warehouse.counts()["projects"] == 1
