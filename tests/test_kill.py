"""Runs that are killed at moments drawn by chance, against the real Label Studio: the next one makes all good."""

import multiprocessing
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Any

import equality
import pytest
from equality import Opened, Server
from real_label_studio import RealLabelStudio

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

SEED = 20_250_917
ROUNDS = 24

#: Seconds that a run may take that nobody disturbs, and one that is told to end.
PATIENCE = 120

#: How runs are started, and how often each kind is.
MODES = {(): 4, ("--reconcile",): 2, ("--full",): 2}

#: What shows how far a run came, the last stage first.
STAGES = {
    "over": r" published ",
    "publishing": r" checked: ",
    "checking": r" loaded; ",
    "loading": r" fetched \d+ tasks, loading them",
    "fetching": r" runs Label Studio ",
    "loading what was left": r" loading what an interrupted run had fetched",
    "starting": "",
}

#: Stages that are aimed at, as they are too short to be met by chance often enough.
SHORT = ("loading", "checking", "publishing")

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


@dataclass
class Run:
    """A run of the command in a process of its own, as it ended."""

    pid: int
    exit_code: int
    said: str

    @property
    def stage(self) -> str:
        """How far it came."""
        return next(stage for stage, line in STAGES.items() if re.search(line, self.said))

    @property
    def is_on_record(self) -> bool:
        """It had the warehouse, so that `load_runs` must have a row for it."""
        return self.stage != "starting" or self.exit_code >= 0


class Runner:
    """Starts runs from a process that has everything imported already."""

    def __init__(self, folder: Path, server: RealLabelStudio, projects: list[int]) -> None:
        self.database = folder / "warehouse" / "warehouse.duckdb"
        self.database.parent.mkdir()
        self.runs: list[Run] = []
        self._folder = folder
        self._arguments = [f"--project={project_id}" for project_id in projects]
        self._arguments += ["--database", str(self.database)]
        self._environment = {
            "DLT_DATA_DIR": str(folder / "dlt"),
            "LABEL_STUDIO_URL": server.url,
            "LABEL_STUDIO_API_KEY": server.legacy_token,
            # with the minute that it is else, next to nothing would be older than what a run reads once more
            "SOURCES__LABEL_STUDIO__FETCH_OVERLAP": "2",
        }
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(
            ["dlt", "duckdb", "pipelines.run", "pipelines.tasks", "pipelines.summary", "pipelines.alarm", __name__]
        )

    def start(self, *mode: str) -> BaseProcess:
        """A run that begins now."""
        log = self._folder / f"{len(self.runs)}.log"
        arguments = (log, self._environment, [*self._arguments, *mode])
        process = self._context.Process(target=_run_in_child, args=arguments, daemon=True)
        process.start()
        return process

    def wait_for(self, stage: str) -> None:
        """Waits until the run last started has come to a stage, or ended."""
        end = time.monotonic() + PATIENCE
        while not re.search(STAGES[stage], self._said()) and not re.search("^tasks.py: ", self._said(), re.MULTILINE):
            assert time.monotonic() < end, self._said()
            time.sleep(0.005)

    def end(self, process: BaseProcess, number: signal.Signals | None = None) -> Run:
        """Waits for the end of the run last started, after sending it a signal."""
        assert process.pid is not None
        if number is not None and process.is_alive():
            os.kill(process.pid, number)
        process.join(PATIENCE)
        if process.exitcode is None:
            process.kill()
            process.join()
            pytest.fail(f"a run did not end: {self._said()}")
        self.runs.append(Run(process.pid, process.exitcode, self._said()))
        return self.runs[-1]

    def undisturbed(self, *mode: str) -> float:
        """A run to its end, which must be a good one; gives its seconds."""
        begun = time.monotonic()
        run = self.end(self.start(*mode))
        assert run.exit_code == 0, run.said
        return time.monotonic() - begun

    def close(self) -> None:
        """Ends the process that runs are started from."""
        forkserver._forkserver._stop()  # type: ignore[attr-defined]  # there is no other way, but to end Python

    def _said(self) -> str:
        log = self._folder / f"{len(self.runs)}.log"
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


def _run_in_child(log: Path, environment: dict[str, str], arguments: list[str]) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(descriptor, number)
    os.environ.update(environment)
    from pipelines.tasks import main

    sys.exit(main(arguments))


@pytest.fixture
def office(label_studio: RealLabelStudio) -> Iterator[Office]:
    """The projects, and people at work in them."""
    with Server(label_studio) as server:
        office = Office(server, Random(SEED))
        try:
            office.open("Killed", (35, 25))
            yield office
        finally:
            office.close()


@pytest.fixture
def runner(tmp_path: Path, label_studio: RealLabelStudio, office: Office) -> Iterator[Runner]:
    """What starts the runs."""
    runner = Runner(tmp_path, label_studio, office.projects)
    try:
        yield runner
    finally:
        runner.close()


def kill(runner: Runner, office: Office, longest: dict[tuple[str, ...], float], *, at_work: bool) -> Run:
    """Starts a run and ends it at a moment drawn by chance; with `at_work`, people go on meanwhile."""
    random = office.random
    [mode] = random.choices(list(MODES), list(MODES.values()))
    number = signal.SIGTERM if random.random() < 0.2 else signal.SIGKILL
    office.see()
    aim = random.choice(SHORT) if random.random() < 0.4 else None
    end = time.monotonic() + random.uniform(0, longest[mode])
    process = runner.start(*mode)
    if aim:
        runner.wait_for(aim)
        end = time.monotonic() + random.uniform(0, 0.3)
    while (left := end - time.monotonic()) > 0:
        if at_work and left > 0.4 and random.random() < 0.5:
            office.work(1, in_sight=False)
        else:
            time.sleep(min(left, 0.1))
    return runner.end(process, number)


def wrong(runner: Runner, office: Office, sample: int) -> list[str]:
    """All that is not as it should be once a run has ended well."""
    some = office.random.sample(sorted(office.living), min(sample, len(office.living)))
    found = equality.wrong(runner.database, office.server, office.projects, some)
    found += equality.wrong_deletions(runner.database, *office.gone())
    with Opened(runner.database) as warehouse:
        rows = warehouse.rows("select pid, exit_code, ended_at is not null from load_runs")
    return [*found, *_wrong_records(rows, runner.runs)]


def _wrong_records(rows: list[tuple[Any, ...]], runs: list[Run]) -> list[str]:
    """Each run that got as far has its row, with its exit code where it ended by itself."""
    recorded = {pid: (code, ended) for pid, code, ended in rows}
    found = [f"load_runs: {len(rows)} rows of {len(recorded)} processes"] if len(rows) != len(recorded) else []
    for run in runs:
        code, ended = recorded.pop(run.pid, (None, None))
        if ended is None:
            found += [f"load_runs: no row for {run}"] if run.is_on_record else []
        elif code not in ([run.exit_code] if run.exit_code >= 0 else [None, 0, 143]):
            found.append(f"load_runs: exit code {code} for {run}")
    return [*found, *(f"load_runs: a row of an unknown process {pid}" for pid in recorded)]


def test_whenever_a_run_is_killed_the_next_one_makes_everything_right(
    runner: Runner, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """After runs that were killed at any moment, one that ends well leaves every row as the server has it."""
    random = office.random
    runner.undisturbed()
    longest = {mode: runner.undisturbed(*mode) for mode in MODES}
    office.see()
    assert wrong(runner, office, 5) == []
    office.trust()
    hit: Counter[str] = Counter()
    for number in range(ROUNDS):
        compared = random.random() < 0.5
        office.work(random.randint(1, 6), in_sight=not compared)
        for _ in range(2 if random.random() < 0.3 else 1):
            run = kill(runner, office, longest, at_work=compared)
            hit[f"{run.stage} ({_ended(run)})"] += 1
        office.see()
        # an incremental run must do where it can see all that has changed
        runner.undisturbed(*(["--reconcile"] if compared else []))
        found = wrong(runner, office, 2)
        # working all out anew takes a second
        found += equality.stale_kept_tables(runner.database) if number % 6 == 0 else []
        assert found == [], f"round {number}, {'compared' if compared else 'incremental'}, after {run}"
        office.trust()
    assert wrong(runner, office, len(office.living)) == []
    assert equality.stale_kept_tables(runner.database) == []
    with capsys.disabled():
        print(f"\nkilled in {ROUNDS} rounds:", ", ".join(f"{stage} {n}" for stage, n in hit.most_common()))
    for stage in ("fetching", "loading"):
        assert hit[f"{stage} (-9)"] > 0


def _ended(run: Run) -> str:
    return str(run.exit_code)
