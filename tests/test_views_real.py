"""The views on the real Label Studio's data, against counts made of the API's own answers."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from loading import Warehouse
from real_label_studio import RealLabelStudio
from seeding import Seed

from pipelines.analytics import refresh
from pipelines.analytics.definitions import Definition, views

pytestmark = pytest.mark.real

LISTING = "/api/tasks?fields=all&resolve_uri=false&page_size=1000&project="

#: Views that find nothing in what the tests put into Label Studio.
EMPTY: set[str] = set()

#: A value with one of these says where a region is.
PLACES = ("x", "points", "vertices", "rle", "imageDataURL", "sequence", "ranges", "start", "startOffset")

Json = dict[str, Any]


@pytest.fixture(scope="module")
def loaded(
    label_studio: RealLabelStudio, seeded: Seed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """All projects, with the views."""
    assert seeded.task_ids
    folder = tmp_path_factory.mktemp("views")
    with pytest.MonkeyPatch.context() as patch, Warehouse(folder / "warehouse.duckdb") as warehouse:
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        patch.setenv("SECRETS_TOML", "")
        warehouse.load(label_studio.url, label_studio.personal_token, project_ids="all")
        refresh(warehouse.connection)
        yield warehouse


@pytest.fixture(scope="module")
def tasks(label_studio: RealLabelStudio, seeded: Seed) -> list[Json]:
    """All tasks as the API gives them."""
    return [task for project in seeded.projects for task in label_studio.api("GET", f"{LISTING}{project.id}")["tasks"]]


@pytest.mark.parametrize("definition", views(), ids=lambda definition: definition.name)
def test_every_view_answers(loaded: Warehouse, definition: Definition) -> None:
    """With the columns of its header, and with rows, where there is something to find."""
    cursor = loaded.connection.execute(f"select * from analytics.{definition.name}")
    assert [column[0] for column in cursor.description or []] == [*definition.columns]
    assert (cursor.fetchall() == []) == (definition.name in EMPTY)


def test_projects_have_the_progress_that_the_api_tells(loaded: Warehouse, seeded: Seed, tasks: list[Json]) -> None:
    """Tasks, done tasks, annotations, skips, predictions, drafts and lead times of each project."""
    expected = []
    for project in seeded.projects:
        own = [task for task in tasks if task["project"] == project.id]
        annotations = [annotation for task in own for annotation in task["annotations"]]
        submitted = [annotation for annotation in annotations if not annotation["was_cancelled"]]
        lead_times = [annotation["lead_time"] for annotation in submitted if annotation["lead_time"] is not None]
        expected.append(
            (
                project.title,
                len(own),
                sum(task["is_labeled"] for task in own),
                len(submitted),
                len(annotations) - len(submitted),
                sum(len(task["predictions"]) for task in own),
                project.drafts,
                pytest.approx(sum(lead_times)) if lead_times else None,
                len({annotation["completed_by"] for annotation in annotations}),
            )
        )
    assert (
        loaded.rows(
            """
            select project_title, tasks, tasks_done, submitted, skipped, predictions, drafts, lead_time_total,
                annotators
            from analytics.project_progress
            order by project_id
            """
        )
        == expected
    )


def test_every_task_is_in_one_state(loaded: Warehouse, tasks: list[Json]) -> None:
    """The states of a project's tasks add up to its tasks; done tasks have the API's date."""
    assert (
        loaded.rows(
            """
        select project_id
        from analytics.project_progress
        where tasks <> tasks_done + tasks_in_progress + tasks_skipped + tasks_not_started
        """
        )
        == []
    ), "a task is in no state, or in two"
    done = dict(loaded.rows("select task_id, done_at from analytics.task_overview where state = 'done'"))
    assert done.keys() == {task["id"] for task in tasks if task["is_labeled"]}
    completed = dict(loaded.rows("select id, completed_at from tasks where completed_at is not null"))
    assert completed.keys() == {task["id"] for task in tasks if task["completed_at"]}
    assert completed.items() <= done.items()


def test_days_add_up_to_the_project(loaded: Warehouse) -> None:
    """What was done on single days, and by single people, is what was done in all."""
    columns = "project_id, submitted, skipped, coalesce(lead_time_total, 0)"
    expected = loaded.rows(
        f"select {columns} from analytics.project_progress where submitted + skipped > 0 order by project_id"
    )
    for view in ("throughput_daily", "annotator_daily", "annotator_performance"):
        sums = loaded.rows(
            f"""
            select project_id, sum(submitted), sum(skipped), sum(lead_time_total)
            from analytics.{view}
            group by project_id
            order by project_id
            """
        )
        assert sums == [pytest.approx(row) for row in expected]
    assert loaded.rows("select sum(tasks_done) from analytics.throughput_daily") == loaded.rows(
        "select count(*) from analytics.task_overview where done_at is not null"
    )


def test_people_have_the_annotations_that_the_api_tells(
    loaded: Warehouse, label_studio: RealLabelStudio, tasks: list[Json]
) -> None:
    """Submitted and skipped ones of each user."""
    made = Counter(
        (annotation["completed_by"], annotation["was_cancelled"])
        for task in tasks
        for annotation in task["annotations"]
    )
    assert loaded.rows("select annotator_id, email, submitted, skipped from analytics.annotators order by 1") == [
        (user, email, made[user, False], made[user, True])
        for user, email in (
            (label_studio.user_id, "admin@example.com"),
            (label_studio.other_user_id, "annotator@example.com"),
        )
    ]


@pytest.mark.parametrize("source", ["annotation", "prediction"])
def test_every_result_and_region_is_there(loaded: Warehouse, tasks: list[Json], source: str) -> None:
    """Results one by one; regions are the different ids among results that say where something is."""
    owners = [owner for task in tasks for owner in task[f"{source}s"]]
    results, regions, relations = Counter[int](), Counter[int](), 0
    for owner in owners:
        rows = owner["result"] or []
        results[owner["id"]] += len(rows)
        relations += sum(isinstance(row, dict) and row.get("type") == "relation" for row in rows)
        found = {_region(row, place) for place, row in enumerate(rows) if _is_placed(row)}
        regions[owner["id"]] += len(found)
    assert +results == dict(loaded.rows(f"select {source}_id, count(*) from analytics.{source}_results group by all"))
    assert +regions == dict(
        loaded.rows(f"select {source}_id, count(*) from analytics.regions where source = '{source}' group by all")
    )
    assert [(relations,)] == loaded.rows(f"select count(*) from analytics.relations where source = '{source}'")


def _is_placed(row: Any) -> bool:
    value = row.get("value") if isinstance(row, dict) else None
    return isinstance(value, dict) and any(value.get(key) is not None for key in PLACES)


def _region(row: Json, place: int) -> str:
    return f"row {place}" if row.get("id") is None else f"region {row['id']}"


def test_every_kind_of_region_has_its_shape(loaded: Warehouse, seeded: Seed) -> None:
    """All result types that draw something are told apart."""
    assert dict(
        loaded.rows(
            """
            select shape, string_agg(distinct type, ' ' order by type)
            from analytics.regions
            where project_id = $project_id and source = 'annotation'
            group by shape
            """,
            project_id=seeded.every_type.id,
        )
    ) == {
        "box": "ocrlabels rectangle rectanglelabels",
        "cube": "cube",
        "ellipse": "ellipse ellipselabels",
        "keypoint": "keypoint keypointlabels",
        "mask": "bitmask bitmasklabels brush brushlabels magicwand",
        "polygon": "polygon polygonlabels",
        "span": "hypertextlabels labels paragraphlabels timeserieslabels",
        "timeline": "timelinelabels",
        "vector": "vector vectorlabels",
        "video": "videorectangle videovector videovectorlabels",
    }


def test_tasks_agree_as_task_agreement_says(loaded: Warehouse) -> None:
    """Two views that work out the same from the pairs and from the control tags say the same."""
    pairs = loaded.rows(
        """
        select task_overview.agreement, task_agreement.agreement
        from analytics.task_overview
        inner join analytics.task_agreement on task_overview.task_id = task_agreement.task_id
        """
    )
    assert pairs
    for overview, agreement in pairs:
        assert overview == pytest.approx(agreement)
