"""Every kind of change that Label Studio can make, against the real server: what each kind of run brings of it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from loading import Warehouse
from real_label_studio import RealLabelStudio

from pipelines.label_studio import Report
from pipelines.label_studio.tables import family

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

CONFIG = """<View>
  <Text name="text" value="$text"/>
  <Choices name="mood" toName="text"><Choice value="good"/><Choice value="bad"/></Choices>
</View>"""

TABLES = [*(table.name for table in family("tasks")), *(table.name for table in family("projects"))]

Json = dict[str, Any]


def _result(mood: str) -> list[Json]:
    return [{"id": "m", "from_name": "mood", "to_name": "text", "type": "choices", "value": {"choices": [mood]}}]


class Studio:
    """A project on the real server, with people who work in it."""

    def __init__(self, server: RealLabelStudio) -> None:
        self.server = server
        self.project = int(server.api("POST", "/api/projects/", {"title": "Changes", "label_config": CONFIG})["id"])
        annotations = [
            {"result": _result(mood), "ground_truth": False, "completed_by": server.user_id, "lead_time": 2}
            for mood in ("good", "bad")
        ]
        predictions = [{"result": _result("good"), "score": 0.5, "model_version": "one"}]
        self.import_tasks(
            [
                {"data": {"text": f"text {number}"}, "annotations": annotations, "predictions": predictions}
                for number in range(12)
            ]
        )
        self.tasks = [task["id"] for task in self.outline()]

    def outline(self) -> list[Json]:
        """The tasks, in outline."""
        page = self.server.api("GET", f"/api/tasks?project={self.project}&page_size=1000&include=id,total_annotations")
        return list(page["tasks"])

    def import_tasks(self, tasks: list[Json]) -> None:
        """Imports tasks."""
        self.server.api("POST", f"/api/projects/{self.project}/import", tasks)

    def task(self, place: int) -> Json:
        """A task, whole."""
        return dict(self.server.api("GET", f"/api/tasks/{self.tasks[place]}/"))

    def patch_task(self, place: int, changed: Json) -> None:
        """Changes a task."""
        self.server.api("PATCH", f"/api/tasks/{self.tasks[place]}/", changed)

    def annotate(self, place: int, **more: Any) -> None:
        """Submits an annotation."""
        given = {"result": _result("bad"), "lead_time": 3.5} | more
        self.server.api("POST", f"/api/tasks/{self.tasks[place]}/annotations/", given)

    def patch_annotation(self, place: int, changed: Json) -> None:
        """Changes the first annotation of a task."""
        annotation = self.task(place)["annotations"][0]["id"]
        self.server.api("PATCH", f"/api/annotations/{annotation}/", changed)

    def delete_annotation(self, place: int) -> None:
        """Deletes the first annotation of a task."""
        self.server.api("DELETE", f"/api/annotations/{self.task(place)['annotations'][0]['id']}/")

    def predict(self, place: int) -> None:
        """Makes one prediction."""
        prediction = {"task": self.tasks[place], "result": _result("bad"), "score": 0.25, "model_version": "two"}
        self.server.api("POST", "/api/predictions/", prediction)

    def import_predictions(self, *places: int) -> None:
        """Imports predictions in bulk."""
        made = [
            {"task": self.tasks[place], "result": _result("bad"), "score": 0.75, "model_version": "bulk"}
            for place in places
        ]
        self.server.api("POST", f"/api/projects/{self.project}/import/predictions", made)

    def act(self, action: str, *places: int) -> None:
        """An action of the Data Manager on some tasks."""
        chosen = {"selectedItems": {"all": False, "included": [self.tasks[place] for place in places]}}
        self.server.api("POST", f"/api/dm/actions?id={action}&project={self.project}", chosen)

    def draft(self, place: int) -> None:
        """The other user begins a draft."""
        path = f"/api/tasks/{self.tasks[place]}/drafts"
        self.server.api("POST", path, {"result": _result("good"), "lead_time": 1}, self.server.other_legacy_token)

    def drafts(self, place: int) -> list[Json]:
        """The drafts of a task, everybody's."""
        return list(self.server.api("GET", f"/api/tasks/{self.tasks[place]}/drafts"))

    def edit_draft(self, place: int) -> None:
        """The other user goes on with the draft."""
        path = f"/api/drafts/{self.drafts(place)[0]['id']}/"
        self.server.api("PATCH", path, {"result": _result("bad"), "lead_time": 9}, self.server.other_legacy_token)

    def delete_draft(self, place: int) -> None:
        """The other user throws the draft away."""
        token = self.server.other_legacy_token
        self.server.api("DELETE", f"/api/drafts/{self.drafts(place)[0]['id']}/", None, token)

    def delete(self, place: int) -> None:
        """Deletes a task."""
        self.server.api("DELETE", f"/api/tasks/{self.tasks[place]}/")

    def reuse_id(self) -> None:
        """Deletes the newest task and imports another, which gets its id, and those of its annotations."""
        newest = self.outline()[-1]["id"]
        self.server.api("DELETE", f"/api/tasks/{newest}/")
        annotation = {"result": _result("bad"), "ground_truth": False, "completed_by": self.server.user_id}
        self.import_tasks([{"data": {"text": "another"}, "annotations": [annotation]}])
        assert self.outline()[-1]["id"] == newest

    def set_project(self, **changed: Any) -> None:
        """Changes the project's settings."""
        self.server.api("PATCH", f"/api/projects/{self.project}/", changed)


class Seen(NamedTuple):
    """Which runs bring a change: one that asks for what changed; the same, heeding the counters; a reconciliation."""

    incremental: bool
    counters: bool
    reconcile: bool = True


ALWAYS, COUNTED, COMPARED = Seen(True, True), Seen(False, True), Seen(False, False)

CHANGES: dict[str, tuple[Callable[[Studio], object], Seen]] = {
    "task: data edited": (lambda at: at.patch_task(0, {"data": {"text": "edited"}}), ALWAYS),
    "task: meta edited": (lambda at: at.patch_task(0, {"meta": {"origin": ["x", {"y": 1}]}}), ALWAYS),
    "tasks imported": (lambda at: at.import_tasks([{"data": {"text": "new"}}]), ALWAYS),
    "annotation submitted": (lambda at: at.annotate(1), ALWAYS),
    "task skipped": (lambda at: at.annotate(1, was_cancelled=True, result=[]), ALWAYS),
    "annotation edited": (lambda at: at.patch_annotation(2, {"result": _result("bad")}), ALWAYS),
    "annotation saved unchanged": (lambda at: at.patch_annotation(2, {}), ALWAYS),
    "annotation cancelled": (lambda at: at.patch_annotation(3, {"was_cancelled": True}), ALWAYS),
    "ground truth set": (lambda at: at.patch_annotation(2, {"ground_truth": True}), ALWAYS),
    "annotation deleted": (lambda at: at.delete_annotation(3), ALWAYS),
    "annotations deleted in bulk": (lambda at: at.act("delete_tasks_annotations", 4, 5), ALWAYS),
    "prediction made": (lambda at: at.predict(4), ALWAYS),
    "predictions imported in bulk": (lambda at: at.import_predictions(5, 6), COUNTED),
    "predictions to annotations": (lambda at: at.act("predictions_to_annotations", 5), ALWAYS),
    "predictions deleted in bulk": (lambda at: at.act("delete_tasks_predictions", 6, 7), COUNTED),
    "draft begun": (lambda at: at.draft(8), COMPARED),
    "draft edited": (lambda at: at.edit_draft(8), COMPARED),
    "draft deleted": (lambda at: at.delete_draft(8), COMPARED),
    "number of annotators changed": (lambda at: at.set_project(maximum_annotations=3), ALWAYS),
    "project renamed": (lambda at: at.set_project(title="Changes, renamed"), ALWAYS),
    "labels changed": (lambda at: at.set_project(label_config=CONFIG.replace("bad", "poor")), ALWAYS),
    "task deleted": (lambda at: at.delete(9), COUNTED),
    "newest task deleted, its id given anew": (lambda at: at.reuse_id(), ALWAYS),
}


@pytest.fixture(scope="module")
def studio(label_studio: RealLabelStudio) -> Iterator[Studio]:
    """A project of this module's own."""
    studio = Studio(label_studio)
    yield studio
    label_studio.api("DELETE", f"/api/projects/{studio.project}/")


def _contents(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    contents = warehouse.contents()
    return {name: contents[name] for name in TABLES}


def _load(warehouse: Warehouse, studio: Studio, **options: Any) -> Report:
    report = warehouse.load(
        studio.server.url, studio.server.legacy_token, project_ids=[studio.project], fetch_overlap=2, **options
    )
    assert report.failures == []
    return report


@pytest.mark.parametrize("name", CHANGES)
def test_each_kind_of_change_arrives(name: str, studio: Studio, tmp_path: Path) -> None:
    """A change comes with the first run that can see it: by its time, by the counters, or by comparing everything."""
    change, seen = CHANGES[name]
    options: dict[str, Json] = {
        "incremental": {"reconcile_every": "never"},
        "counters": {"reconcile_every": "week"},
        "reconcile": {"fetch_mode": "reconcile"},
    }
    arrived = {}
    # the newest task of the whole server, for the one kind that needs it
    studio.import_tasks([{"data": {"text": "newest"}}])
    with Warehouse(tmp_path / "before.duckdb") as before:
        _load(before, studio)
    change(studio)
    with Warehouse(tmp_path / "fresh.duckdb") as fresh:
        _load(fresh, studio)
        expected = _contents(fresh)
    for kind, given in options.items():
        path = tmp_path / f"{kind}.duckdb"
        path.write_bytes((tmp_path / "before.duckdb").read_bytes())
        with Warehouse(path) as warehouse:
            _load(warehouse, studio, **given)
            arrived[kind] = _contents(warehouse) == expected
    assert Seen(**arrived) == seen


def test_deletions_are_noted(studio: Studio, tmp_path: Path) -> None:
    """Of the tasks that are gone, and of those whose id was given anew, the old rows are noted with their project."""
    studio.import_tasks([{"data": {"text": "newest"}}])
    with Warehouse(tmp_path / "warehouse.duckdb") as warehouse:
        _load(warehouse, studio)
        newest = int(studio.outline()[-1]["id"])
        studio.delete(0)
        studio.reuse_id()
        _load(warehouse, studio, fetch_mode="reconcile")
        noted = warehouse.rows("select task_id, project_id from deleted_tasks order by all")
        assert noted == [(studio.tasks[0], studio.project), (newest, studio.project)]


def test_a_task_that_is_edited_behind_the_scan_comes_with_the_next_run(studio: Studio, tmp_path: Path) -> None:
    """While the second page is fetched, a task of the first one changes: the next run brings it."""
    first = int(studio.outline()[0]["id"])

    class EditsBehind(httpx.AsyncHTTPTransport):
        pages = 0

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            self.pages += "fields=all" in str(request.url)
            if self.pages == 2:
                self.pages += 1
                studio.server.api("PATCH", f"/api/tasks/{first}/", {"data": {"text": "behind the scan"}})
            return await super().handle_async_request(request)

    text = f"select data->>'text' from tasks where id = {first}"
    with Warehouse(tmp_path / "warehouse.duckdb") as warehouse:
        _load(warehouse, studio, transport=EditsBehind(), fetch_page_size=4, fetch_workers=1)
        assert warehouse.rows(text) != [("behind the scan",)]
        assert _load(warehouse, studio).mode == "incremental"
        assert warehouse.rows(text) == [("behind the scan",)]
