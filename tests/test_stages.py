"""What a run says while it goes on: one line for each stage, and each with the run's id."""

import json
import re
from pathlib import Path

import pytest
from test_cli import Shell

#: The stages of a run, in order.
STAGES = [
    r"https://label-studio\.example\.com runs Label Studio [\d.]+",
    r"30 tasks to fetch \(full\)",
    r"fetched 30 tasks, loading them",
    r"loaded; 30 tasks are new or changed, 0 are gone",
    r"views are up to date, agreement was worked out for 30 tasks",
    r"checked: nothing is wrong",
    r"published .*warehouse_readers\.duckdb",
]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line, with the sample behind it."""
    return Shell(tmp_path, monkeypatch, capsys)


def expect_stages(said: list[str], stages: list[str]) -> None:
    """Each line is of a stage, and they come in order."""
    assert len(said) == len(stages), said
    for line, stage in zip(said, stages, strict=True):
        assert re.fullmatch(stage, line), line


def run_id(shell: Shell) -> object:
    """The id of the newest run, as the warehouse has it."""
    return shell.rows("select run_id from label_studio.load_runs order by started_at desc limit 1")[0][0]


def test_each_stage_is_one_line(shell: Shell) -> None:
    """In plain text a line is moment, level, run id and message; a run that goes well has one line a stage, no more."""
    code, _, err = shell.run("--project", "4")
    assert code == 0
    lines = [line.split(" ", 4) for line in err.splitlines()]
    assert {(level, run) for _, _, level, run, _ in lines} == {("INFO", run_id(shell))}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", f"{day} {time}") for day, time, *_ in lines)
    expect_stages([message for *_, message in lines], STAGES)


def test_each_stage_is_one_object(shell: Shell) -> None:
    """As JSON each line is an object of its own with time, level, logger, run_id and message."""
    code, _, err = shell.run("--project", "4", "--log-json")
    assert code == 0
    lines = [json.loads(line) for line in err.splitlines()]
    assert {tuple(sorted(line)) for line in lines} == {("level", "logger", "message", "run_id", "time")}
    assert {(line["level"], line["run_id"]) for line in lines} == {("INFO", run_id(shell))}
    assert all(line["logger"].startswith("pipelines.") for line in lines)
    expect_stages([line["message"] for line in lines], STAGES)


def test_a_later_run_says_what_it_does_otherwise(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later run says how few it fetches, a failed check takes the place of the publication, ids are no project."""
    monkeypatch.setenv("SOURCES__LABEL_STUDIO__RECONCILE_EVERY", "never")
    assert shell.run("--project", "4")[0] == 0
    server, _, _, _, _, checked, published = STAGES
    task_id = next(task["id"] for task in shell.fake.tasks.values() if task["project"] == 4)
    for arguments, mode, fetched in ((["--project", "4"], "incremental", 0), (["--ids", str(task_id)], "ids", 1)):
        code, _, err = shell.run(*arguments, "--log-json")
        assert code == 0
        said = [json.loads(line)["message"] for line in err.splitlines()]
        counts = [rf"{fetched} tasks to fetch \({mode}\)", rf"fetched {fetched} tasks, loading them"]
        loaded = r"loaded; 0 tasks are new or changed, 0 are gone"
        views = rf"views are up to date, agreement was worked out for {fetched} tasks"
        expect_stages(said, [server, *counts, loaded, views, checked, published])


def test_two_runs_have_two_ids(shell: Shell) -> None:
    """Each run has an id of its own, of twelve hexadecimal digits."""
    ids = set()
    for _ in range(2):
        _, _, err = shell.run("--project", "4", "--log-json")
        ids |= {json.loads(line)["run_id"] for line in err.splitlines()}
    assert len(ids) == 2
    assert all(re.fullmatch(r"[0-9a-f]{12}", each) for each in ids)


def test_what_went_wrong_carries_the_id(shell: Shell) -> None:
    """Warnings and errors of a run are objects with its id as well; the last line is for people."""
    code, _, err = shell.run("--ids", "999999", "--log-json")
    assert code == 0
    lines = [json.loads(line) for line in err.splitlines()]
    [warning] = [line for line in lines if line["level"] == "WARNING"]
    assert warning["message"] == "not found: tasks 999999"
    assert {line["run_id"] for line in lines} == {run_id(shell)}
