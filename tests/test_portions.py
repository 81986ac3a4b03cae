"""A load in portions: the same tables as from one load, whatever ends it between two of them."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import dlt
import pytest
from loading import Contents, contents_of, sample_project
from test_cli import Shell

from pipelines.label_studio.portions import Family, Portions


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line, with the sample behind it; ten tasks make a portion."""
    monkeypatch.setattr("pipelines.run.PORTION_BYTES", 1)
    monkeypatch.setattr("pipelines.label_studio.flatteners.HANDOVER_BYTES", 1)
    monkeypatch.setattr("pipelines.label_studio.resource.BATCH_TASKS", 10)
    return Shell(tmp_path, monkeypatch, capsys)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """What the tables hold once project 4 of the sample was loaded by one load."""
    return sample_project(4, tmp_path_factory.mktemp("expected"))


def loads(shell: Shell) -> int:
    """How many loads brought the tasks that are there."""
    return int(str(shell.rows("select count(distinct _dlt_load_id) from label_studio.tasks")[0][0]))


def test_portions_make_the_tables_of_one_load(shell: Shell, expected: Contents) -> None:
    """Thirty tasks come in three loads; rows, checks and the readers' copy are those of one load."""
    code, out, err = shell.run("--project", "4")
    assert code == 0, err
    assert loads(shell) == 3
    assert contents_of(shell.database) == expected
    assert "10 tasks so far, loading them while others are fetched" in err
    assert "20 tasks so far, loading them while others are fetched" in err
    assert "fetched 30 tasks, loading them" in err
    assert shell.database.with_name("warehouse_readers.duckdb").exists()
    assert "tasks                      30           30" in out


def test_the_last_portion_notes_how_far_the_project_was_read(shell: Shell) -> None:
    """After all portions the next run asks for what changed alone."""
    assert shell.run("--project", "4", "--quiet")[0] == 0
    assert shell.run("--project", "4", "--quiet")[0] == 0
    query = "select mode, tasks_fetched from label_studio.load_runs order by started_at"
    assert shell.rows(query) == [("full", 30), ("incremental", 0)]


def test_what_was_loaded_stays_when_a_later_portion_fails(
    shell: Shell, expected: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted at its second load, a run leaves its first portion whole; the next run reads all of the project."""
    load = dlt.Pipeline.load
    begun = []

    def interrupted(self: dlt.Pipeline, *arguments: Any, **named: Any) -> Any:
        begun.append(self)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return load(self, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(dlt.Pipeline, "load", interrupted)
        code, _, _ = shell.run("--project", "4", "--quiet")
    assert code == 130
    assert shell.rows("select count(*) from label_studio.tasks") == [(10,)]
    code, _, err = shell.run("--project", "4", "--quiet")
    assert code == 0, err
    assert contents_of(shell.database) == expected
    query = "select mode, tasks_fetched from label_studio.load_runs order by started_at"
    assert shell.rows(query)[-1] == ("full", 30)


def test_deletions_are_found_by_a_load_in_portions(shell: Shell) -> None:
    """A task that is gone leaves the warehouse at the end of a comparison, whatever portion its neighbours came in."""
    assert shell.run("--project", "4", "--quiet")[0] == 0
    gone = min(task_id for task_id, task in shell.fake.tasks.items() if task["project"] == 4)
    del shell.fake.tasks[gone]
    assert shell.run("--project", "4", "--full", "--quiet")[0] == 0
    assert shell.rows("select task_id from label_studio.deleted_tasks") == [(gone,)]
    assert shell.rows("select count(*) from label_studio.tasks") == [(29,)]


def test_a_task_under_the_id_of_a_deleted_one_stays(shell: Shell) -> None:
    """Where ids were given anew, the old tasks are noted as deleted, and the new ones are there, in every portion."""
    assert shell.run("--project", "4", "--quiet")[0] == 0
    ids = sorted(task_id for task_id, task in shell.fake.tasks.items() if task["project"] == 4)
    anew = [ids[0], ids[15], ids[-1]]
    for task_id in anew:
        shell.fake.tasks[task_id] |= dict.fromkeys(("created_at", "updated_at"), "2026-11-24T08:00:00.000000Z")
        shell.fake.tasks[task_id]["data"] = {"video": "another.mp4"}
    code, _, err = shell.run("--project", "4", "--full", "--quiet")
    assert code == 0, err
    assert loads(shell) == 3
    assert shell.rows("select count(*) from label_studio.tasks") == [(30,)]
    assert shell.rows("select id from label_studio.tasks where data like '%another%' order by id") == [
        (task_id,) for task_id in anew
    ]
    assert shell.rows("select task_id from label_studio.deleted_tasks order by 1") == [(task_id,) for task_id in anew]


class Sizes:
    """A source of families of given sizes, each of one item; notes what it is asked to do."""

    def __init__(self, *sizes: int) -> None:
        self._sizes = sizes
        self.noted: list[str] = []

    def families(self) -> Generator[Family]:
        """A family for each size."""
        try:
            for size in self._sizes:
                yield Family([size], size)
        finally:
            self.noted.append("ended")

    def settle(self) -> None:
        """Notes it."""
        self.noted.append("settled")


def test_a_portion_ends_with_the_family_that_fills_it() -> None:
    """Families are never cut in two; a family larger than a portion is one of its own. Each is settled but the last."""
    source = Sizes(3, 3, 9, 1, 0)
    with Portions(5) as portions:
        given = []
        while not portions.over:
            given.append(list(portions.next(lambda: source)))
    assert given == [[3, 3], [9], [1, 0]]
    assert source.noted == ["settled", "settled", "ended"]


def test_a_portion_ends_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """From a slow server a portion is what came in its seconds; families without tasks, however late, make none."""
    moments = iter([0, 8, 16, 24, 100, 105, 121, 130, 200, 300])
    monkeypatch.setattr("pipelines.label_studio.portions.time.monotonic", lambda: next(moments))
    source = Sizes(1, 1, 1, 1, 1, 0, 0)
    with Portions(100, seconds=20) as portions:
        given = []
        while not portions.over:
            given.append(list(portions.next(lambda: source)))
    assert given == [[1, 1, 1], [1, 1], [0, 0]]


def test_what_gives_the_families_is_ended_with_the_portions() -> None:
    """A run that stops between two portions leaves no connection to the server open behind it."""
    source = Sizes(1, 1)
    with Portions(1) as portions:
        assert list(portions.next(lambda: source)) == [1]
        assert source.noted == ["settled"]
    assert source.noted == ["settled", "ended"]
