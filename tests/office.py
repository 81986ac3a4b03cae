"""People at work in the real Label Studio: every kind of change that they make, drawn by chance."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from equality import Server

CONFIG = """<View>
  <Text name="text" value="$text"/>
  <Choices name="mood" toName="text"><Choice value="good"/><Choice value="bad"/></Choices>
  <Labels name="entity" toName="text"><Label value="PER"/><Label value="LOC"/></Labels>
</View>"""

#: Tasks that a project keeps: one that is emptied is another matter.
FEWEST = 15

Json = dict[str, Any]


@dataclass
class Made:
    """A task that was made on the server."""

    project_id: int
    #: it was there while a run went on, which may have loaded it
    seen: bool = False
    #: it was there when a warehouse was found equal, which then held it
    loaded: bool = False


@dataclass
class Office:
    """Two projects in which people work as it comes; it knows which tasks there are, and which there were."""

    server: Server
    random: Random
    projects: list[int] = field(default_factory=list)
    living: dict[int, Made] = field(default_factory=dict)
    deleted: list[tuple[int, Made]] = field(default_factory=list)
    #: a run is at work
    running: bool = False

    def open(self, title: str, sizes: tuple[int, ...]) -> None:
        """Makes the projects, with so many tasks each."""
        for size in sizes:
            made = self.server.api("POST", "/api/projects/", {"title": title, "label_config": CONFIG})
            self.projects.append(int(made["id"]))
            self._import(self.projects[-1], size)
        for _ in range(4):
            self.draft()

    def close(self) -> None:
        """Deletes the projects."""
        for project_id in self.projects:
            self.server.api("DELETE", f"/api/projects/{project_id}/")

    def work(self, times: int, *, in_sight: bool) -> None:
        """Changes something so many times; with `in_sight`, only what an incremental run sees."""
        for _ in range(times):
            self.random.choice(IN_SIGHT if in_sight else IN_SIGHT + OUT_OF_SIGHT)(self)

    def see(self) -> None:
        """A run begins."""
        self.running = True
        for made in self.living.values():
            made.seen = True

    def trust(self) -> None:
        """The warehouse was found equal."""
        self.running = False
        for made in self.living.values():
            made.loaded = True

    def gone(self) -> tuple[Counter[tuple[int, int]], Counter[tuple[int, int]]]:
        """Task and project of what was deleted: of what a warehouse held, and of what a run may have loaded."""
        loaded = Counter((task_id, made.project_id) for task_id, made in self.deleted if made.loaded)
        return loaded, Counter((task_id, made.project_id) for task_id, made in self.deleted if made.seen)

    # what an incremental run sees

    def edit_data(self) -> None:
        """A text is corrected."""
        self.server.api("PATCH", self._task_path(), {"data": {"text": self._words()}})

    def edit_meta(self) -> None:
        """The metadata are replaced."""
        self.server.api("PATCH", self._task_path(), {"meta": self._meta()})

    def annotate(self) -> None:
        """Somebody submits an annotation."""
        given = {"result": self._result(), "lead_time": self.random.uniform(1, 60)}
        self._by_somebody("POST", f"{self._task_path()}annotations/", given)

    def skip(self) -> None:
        """Somebody skips a task."""
        self._by_somebody("POST", f"{self._task_path()}annotations/", {"result": [], "was_cancelled": True})

    def edit_annotation(self) -> None:
        """An annotation is changed."""
        self._at_annotation("PATCH", {"result": self._result(), "lead_time": self.random.uniform(1, 60)})

    def set_ground_truth(self) -> None:
        """An annotation becomes ground truth, or is none any more."""
        self._at_annotation("PATCH", {"ground_truth": self.random.random() < 0.7})

    def delete_annotation(self) -> None:
        """An annotation is deleted."""
        self._at_annotation("DELETE")

    def delete_annotations_in_bulk(self) -> None:
        """The annotations of two tasks are deleted at once."""
        self._act("delete_tasks_annotations")

    def predict(self) -> None:
        """A model makes a prediction."""
        self.server.api("POST", "/api/predictions/", self._prediction() | {"task": self._task()})

    def delete_prediction(self) -> None:
        """A prediction is deleted."""
        predictions = self.server.api("GET", f"/api/predictions/?task={self._task()}")
        if predictions:
            self.server.api("DELETE", f"/api/predictions/{self.random.choice(predictions)['id']}/")

    def import_tasks(self) -> None:
        """Some tasks are imported; on SQLite they take the ids of the newest that were deleted."""
        self._import(self.random.choice(self.projects), self.random.randint(1, 3))

    def delete_task(self) -> None:
        """A task is deleted."""
        self._delete(self._task())

    def replace_newest(self) -> None:
        """The newest task is deleted, and another takes its id, in one project or the other."""
        self._delete(max(self.living))
        self.import_tasks()

    # what only a comparison sees

    def import_predictions(self) -> None:
        """Predictions are imported in bulk."""
        project_id = self.random.choice(self.projects)
        tasks = self.random.sample(self._tasks_of(project_id), 3)
        predictions = [self._prediction() | {"task": task_id} for task_id in tasks]
        self.server.api("POST", f"/api/projects/{project_id}/import/predictions", predictions)

    def delete_predictions_in_bulk(self) -> None:
        """The predictions of two tasks are deleted at once."""
        self._act("delete_tasks_predictions")

    def draft(self) -> None:
        """Somebody begins a draft."""
        self._by_somebody("POST", f"{self._task_path()}drafts", {"result": self._result(), "lead_time": 1.5})

    def edit_draft(self) -> None:
        """A draft is gone on with."""
        self._at_draft("PATCH", {"result": self._result(), "lead_time": self.random.uniform(2, 9)})

    def delete_draft(self) -> None:
        """A draft is thrown away."""
        self._at_draft("DELETE")

    def _import(self, project_id: int, size: int) -> None:
        answer = self.server.api(
            "POST", f"/api/projects/{project_id}/import?return_task_ids=true", [self._new_task() for _ in range(size)]
        )
        for task_id in answer["task_ids"]:
            assert task_id not in self.living
            self.living[task_id] = Made(project_id, seen=self.running)

    def _delete(self, task_id: int) -> None:
        if len(self._tasks_of(self.living[task_id].project_id)) > FEWEST:
            self.server.api("DELETE", f"/api/tasks/{task_id}/")
            self.deleted.append((task_id, self.living.pop(task_id)))

    def _act(self, action: str) -> None:
        project_id = self.random.choice(self.projects)
        chosen = {"all": False, "included": self.random.sample(self._tasks_of(project_id), 2)}
        self.server.api("POST", f"/api/dm/actions?id={action}&project={project_id}", {"selectedItems": chosen})

    def _at_annotation(self, method: str, changed: Json | None = None) -> None:
        annotations = self.server.api("GET", f"{self._task_path()}annotations/")
        if annotations:
            self._by_somebody(method, f"/api/annotations/{self.random.choice(annotations)['id']}/", changed)

    def _at_draft(self, method: str, changed: Json | None = None) -> None:
        drafted = self.server.api(
            "GET",
            f"/api/tasks?project={self.random.choice(self.projects)}&page_size=1000&fields=all&include=id,draft_exists",
        )
        with_drafts = [task["id"] for task in drafted["tasks"] if task["draft_exists"]]
        if with_drafts:
            [draft, *_] = self.server.api("GET", f"/api/tasks/{self.random.choice(with_drafts)}/drafts")
            user = int(draft["user"] != "admin@example.com")
            self.server.api(method, f"/api/drafts/{draft['id']}/", changed, user=user)

    def _by_somebody(self, method: str, path: str, content: Json | None) -> None:
        self.server.api(method, path, content, user=self.random.randrange(2))

    def _tasks_of(self, project_id: int) -> list[int]:
        return [task_id for task_id, made in self.living.items() if made.project_id == project_id]

    def _task(self) -> int:
        return self.random.choice(list(self.living))

    def _task_path(self) -> str:
        return f"/api/tasks/{self._task()}/"

    def _words(self) -> str:
        return " ".join(self.random.choices(("Ada", "Łódź", "soup", "犬", "👍🏽", "never"), k=4))

    def _meta(self) -> Json:
        return {"row": self.random.randrange(1000), "tags": self.random.choices("abc", k=2), "of": {"file": "a.csv"}}

    def _result(self) -> list[Json]:
        """A choice, and some spans."""
        mood = {"id": "mood", "from_name": "mood", "to_name": "text", "type": "choices"}
        spans = [
            {
                "id": f"span {number}",
                "from_name": "entity",
                "to_name": "text",
                "type": "labels",
                "value": {
                    "start": number,
                    "end": number + 1,
                    "text": "x",
                    "labels": [self.random.choice(("PER", "LOC"))],
                },
            }
            for number in range(self.random.randrange(4))
        ]
        return [mood | {"value": {"choices": [self.random.choice(("good", "bad"))]}}, *spans]

    def _prediction(self) -> Json:
        model = self.random.choice(("one", "two"))
        return {"result": self._result(), "score": round(self.random.random(), 3), "model_version": model}

    def _new_task(self) -> Json:
        annotations = [
            {
                "result": self._result(),
                "completed_by": user,
                "lead_time": round(self.random.uniform(1, 60), 3),
                "ground_truth": False,
                "was_cancelled": self.random.random() < 0.1,
            }
            for user in self.server.users[: self.random.randrange(3)]
        ]
        predictions = [self._prediction() for _ in range(self.random.randrange(3))]
        new = {"data": {"text": self._words()}, "annotations": annotations, "predictions": predictions}
        return new | ({"meta": self._meta()} if self.random.random() < 0.5 else {})


Change = Callable[[Office], None]

IN_SIGHT: tuple[Change, ...] = (
    Office.edit_data,
    Office.edit_meta,
    Office.annotate,
    Office.annotate,
    Office.skip,
    Office.edit_annotation,
    Office.set_ground_truth,
    Office.delete_annotation,
    Office.predict,
    Office.delete_prediction,
    Office.import_tasks,
    Office.import_tasks,
    Office.delete_task,
    Office.replace_newest,
)
OUT_OF_SIGHT: tuple[Change, ...] = (
    # it deletes drafts, too, and dates only tasks that had annotations
    Office.delete_annotations_in_bulk,
    Office.import_predictions,
    Office.delete_predictions_in_bulk,
    Office.draft,
    Office.draft,
    Office.edit_draft,
    Office.delete_draft,
)
