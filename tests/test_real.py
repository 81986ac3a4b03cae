"""Against the real Label Studio: what is loaded is what the API says."""

import json
from pathlib import Path

import pytest
from fidelity import Rows, differences
from loading import Warehouse
from real_label_studio import RealLabelStudio
from seeding import Seed

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
    """One by one through Get task, by range, by project and with either kind of token: the rows are the same."""
    ids = [*seeded.every_type.task_ids, *seeded.odd_rows.task_ids, *seeded.sentiment.task_ids]
    some = sorted(ids)[:20]
    roads = {
        "ids": (label_studio.personal_token, {"task_ids": some}),
        "range": (label_studio.legacy_token, {"task_ids": [f"{task_id}-{task_id}" for task_id in some]}),
        "project": (label_studio.personal_token, {"project_ids": "all", "task_ids": f"1-{max(seeded.task_ids) + 100}"}),
    }
    contents = {}
    for name, (token, selection) in roads.items():
        (tmp_path / name).mkdir()
        with Warehouse(tmp_path / name / "warehouse.duckdb") as warehouse:
            warehouse.load(label_studio.url, token, **selection)
            marks = ",".join(map(str, some))
            contents[name] = {
                table: sorted(
                    map(repr, warehouse.rows(f"select * exclude (_dlt_load_id) from {table} where {key} in ({marks})"))
                )
                for table, key in [
                    ("tasks", "id"),
                    *((child, "task_id") for child in ("annotations", "predictions", "drafts", "results", "task_meta")),
                    *((child, "task_id") for child in ("task_users", "result_labels", "result_texts", "result_points")),
                    *((child, "task_id") for child in ("result_keyframes", "result_ranges", "result_rankings")),
                ]
            }
    assert len(contents["ids"]["tasks"]) == len(some)
    assert contents["range"] == contents["ids"]
    assert contents["project"] == contents["ids"]


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
