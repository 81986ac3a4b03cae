"""Against the real Label Studio: what is loaded is what the API says."""

import json
from pathlib import Path
from typing import Any

import pytest
from fidelity import Rows, differences
from loading import Warehouse
from real_label_studio import RealLabelStudio
from seeding import Seed

from pipelines.label_studio.tables import TABLES, family

FAMILY = [table.name for table in family("tasks")]

pytestmark = pytest.mark.real


def test_every_task_is_loaded_as_the_api_gives_it(
    warehouse: Warehouse, label_studio: RealLabelStudio, seeded: Seed
) -> None:
    """Each key of each task, annotation, prediction, draft and result is in the warehouse, and nothing else is."""
    report = warehouse.load(label_studio.url, label_studio.personal_token, project_ids="all")
    ids = list(seeded.task_ids)
    assert [task_id for (task_id,) in warehouse.rows("select id from tasks order by id")] == ids
    rows = Rows(warehouse)
    found = []
    for task_id in ids:
        task = label_studio.api("GET", f"/api/tasks/{task_id}?resolve_uri=false")
        drafts = label_studio.api("GET", f"/api/tasks/{task_id}/drafts")
        found += differences(rows, task, drafts)
    assert found == []
    assert report.failures == []
    assert len(report.fetched) == len(ids)


def test_all_roads_load_equal_rows(tmp_path: Path, label_studio: RealLabelStudio, seeded: Seed) -> None:
    """One by one through Get task, by range and by project, with either kind of token: the rows are the same."""
    projects = (seeded.every_type, seeded.sentiment, seeded.odd_rows)
    some = [task_id for project in projects for task_id in project.task_ids][:20]
    personal, legacy = label_studio.personal_token, label_studio.legacy_token
    contents = [
        _rows_of(some, tmp_path / "ids.duckdb", label_studio.url, personal, task_ids=some),
        _rows_of(some, tmp_path / "ids_legacy.duckdb", label_studio.url, legacy, task_ids=some),
        _rows_of(some, tmp_path / "range.duckdb", label_studio.url, legacy, task_ids=f"{min(some)}-{max(some)}"),
        _rows_of(some, tmp_path / "projects.duckdb", label_studio.url, personal, project_ids=[p.id for p in projects]),
        _rows_of(some, tmp_path / "all.duckdb", label_studio.url, personal, project_ids="all"),
    ]
    assert len(contents[0]["tasks"]) == len(some)
    assert min(len(contents[0][name]) for name in ("annotations", "predictions", "drafts", "result_rankings")) > 0
    for other in contents[1:]:
        assert other == contents[0]


def _rows_of(tasks: list[int], path: Path, url: str, token: str, **selection: Any) -> dict[str, list[Any]]:
    """The rows of the tasks in all tables of their family, after a load of a selection into a new warehouse."""
    with Warehouse(path) as warehouse:
        warehouse.load(url, token, **selection)
        rows = {
            name: warehouse.records(f"select * from {name} order by {', '.join(TABLES[name].key)}") for name in FAMILY
        }
    return {
        name: [
            {column: value for column, value in row.items() if not column.startswith("_dlt")}
            for row in rows[name]
            if row["id" if name == "tasks" else "task_id"] in tasks
        ]
        for name in FAMILY
    }


def test_drafts_of_every_user_are_loaded(warehouse: Warehouse, label_studio: RealLabelStudio, seeded: Seed) -> None:
    """The lists hold the token's own drafts only; the warehouse holds everyone's."""
    warehouse.load(label_studio.url, label_studio.personal_token, project_ids=[seeded.sentiment.id])
    users = warehouse.rows("select distinct user_email from drafts order by all")
    assert users == [("admin@example.com",), ("annotator@example.com",)]
    assert warehouse.counts()["drafts"] == seeded.sentiment.drafts


def test_users_projects_and_labels_are_loaded(
    warehouse: Warehouse, label_studio: RealLabelStudio, seeded: Seed
) -> None:
    """Users and touched projects come with each load, without what opens other doors."""
    warehouse.load(label_studio.url, label_studio.legacy_token, project_ids=[seeded.sentiment.id])
    assert warehouse.rows("select id, email from users order by id") == [
        (label_studio.user_id, "admin@example.com"),
        (label_studio.other_user_id, "annotator@example.com"),
    ]
    sent = label_studio.api("GET", f"/api/projects/{seeded.sentiment.id}")
    [row] = warehouse.records("select * from projects")
    for name in ("title", "description", "label_config", "is_published", "maximum_annotations", "task_number"):
        assert row[name] == sent[name]
    extra = json.loads(row["extra"])
    assert {"sampling", "show_instruction"} <= extra.keys()
    assert not {"task_data_login", "task_data_password", "token"} & extra.keys()
    labels = warehouse.rows("select distinct from_name from project_labels")
    assert labels


def test_ids_that_do_not_exist_are_reported(warehouse: Warehouse, label_studio: RealLabelStudio, seeded: Seed) -> None:
    """A JSON 404 is a task that does not exist: the others are loaded."""
    present = seeded.boxes.task_ids[0]
    gone = sorted(seeded.boxes.deleted)
    report = warehouse.load(label_studio.url, label_studio.personal_token, task_ids=[present, *gone])
    assert sorted(report.missing) == gone
    assert warehouse.rows("select id from tasks") == [(present,)]


def test_no_resolved_url_reaches_the_warehouse(
    warehouse: Warehouse, label_studio: RealLabelStudio, seeded: Seed
) -> None:
    """The data is what was imported, never a URL that the server made of it."""
    warehouse.load(label_studio.url, label_studio.personal_token, project_ids=[seeded.every_type.id])
    [(data,)] = warehouse.rows("select data from tasks where id = $id", id=seeded.every_type.task_ids[0])
    case = json.loads((Path(__file__).parent / "cases" / "every_result_type.json").read_text(encoding="utf-8"))
    assert json.loads(data) == case["data"]
