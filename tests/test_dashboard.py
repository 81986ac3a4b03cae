"""What the dashboard is made of: facts that add up to the views, small at any size; and the command that draws it."""

import base64
import gzip
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from analytics import Analytics
from test_cli import Shell

from pipelines import dashboard, tasks
from pipelines.analytics import Schemas
from pipelines.analytics.definitions import SQL
from pipelines.dashboards.board import read_board
from pipelines.dashboards.errors import NothingToShow
from pipelines.dashboards.facts import DIMENSIONS, Fact, read_facts
from pipelines.dashboards.page import render
from pipelines.demo import load_sample
from pipelines.headers import read_header

FACTS = sorted((SQL / "dashboard" / "facts").glob("*.sql"))

#: What measures of a fact add up to, in the views.
TOTALS = {
    "tasks": {
        "created": "select count(*) from analytics.task_overview",
        "done": "select sum(tasks_done) from analytics.project_progress",
    },
    "annotations": {
        "submitted": "select sum(submitted) from analytics.annotator_performance",
        "skipped": "select sum(skipped) from analytics.annotator_performance",
        "results": "select sum(results) from analytics.annotator_performance",
        "lead_time": "select sum(lead_time_total) from analytics.annotator_performance",
    },
    "lead_times": {
        "annotations": "select count(lead_time) from label_studio.annotations where not was_cancelled",
    },
    "labels": {
        "uses": "select sum(annotation_uses + prediction_uses) from analytics.label_distribution",
        "items": "select sum(annotations + predictions) from analytics.label_distribution",
    },
    "confusions": {"times": "select sum(times) from analytics.label_confusion"},
    "predictions": {"predictions": "select sum(predictions) from analytics.model_comparison"},
    "model_matches": {
        "regions": "select sum(times) from analytics.prediction_confusion",
    },
    "calibration": {
        "predicted": "select sum(predicted) from analytics.prediction_calibration",
        "matches": "select sum(matches) from analytics.prediction_calibration",
    },
    "findings": {"findings": "select count(*) from analytics.data_quality_issues"},
    "ground_truth": {
        "pairs": "select 2 * sum(ground_truth_pairs) from analytics.annotator_performance",
    },
    "agreement": {
        "pairs": "select (select sum(agreement_pairs) from analytics.task_overview) + (select count(*) from"
        " analytics.agreement_scores where source_b = 'annotation' and is_default and score is not null)",
    },
    "model_agreement": {
        "compared": "select sum(tasks_compared) from analytics.model_comparison",
    },
}


@pytest.fixture(scope="module")
def sample() -> Iterator[Analytics]:
    """The sample's tasks, with their views."""
    analytics = Analytics.holding(load_sample())
    analytics.refresh()
    yield analytics
    analytics.connection.close()


@pytest.fixture(scope="module")
def facts_of(sample: Analytics) -> Callable[[int], dict[str, Fact]]:
    """The sample's facts, by how many rows one may have."""
    return cache(lambda most_rows: read_facts(sample.connection, Schemas(), (), most_rows))


def total(fact: Fact, measure: str) -> float:
    """A measure over all rows."""
    return sum(value or 0 for value in fact.columns[measure])


@pytest.mark.parametrize(("name", "measure"), [(name, each) for name, sums in TOTALS.items() for each in sums])
@pytest.mark.parametrize("most_rows", [100_000, 300, 20, 0])
def test_facts_add_up_to_the_views(
    sample: Analytics, facts_of: Callable[[int], dict[str, Fact]], name: str, measure: str, most_rows: int
) -> None:
    """By day, and where there are too many rows by week, month, year or not at all."""
    ((expected,),) = sample.rows(TOTALS[name][measure])
    fact = facts_of(most_rows)[name]
    found = total(fact, measure)
    if name == "ground_truth":
        # of all control tags together, and of each
        found = 2 * sum(
            pairs
            for pairs, code in zip(fact.columns["pairs"], fact.columns["from_name"]["codes"], strict=True)
            if code is None
        )
    if name == "model_agreement":
        found = sum(
            compared
            for compared, code in zip(fact.columns["compared"], fact.columns["from_name"]["codes"], strict=True)
            if code is None
        )
    assert expected > 0
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_fact_is_as_fine_as_its_rows_allow(facts_of: Callable[[int], dict[str, Fact]]) -> None:
    """And has no more rows than it may have, while it still has days."""
    fine, coarse = facts_of(100_000), facts_of(100)
    assert {fact.grain for fact in fine.values()} == {"day"}
    assert {fact.grain for fact in coarse.values()} > {"day", "all"}
    for fact in coarse.values():
        assert fact.grain == "all" or len(fact.columns["project_id"]) <= 100


@pytest.mark.parametrize("path", FACTS, ids=lambda path: path.stem)
def test_the_header_of_a_fact_names_its_columns(facts_of: Callable[[int], dict[str, Fact]], path: Path) -> None:
    """In their order; those that are no dimensions are numbers, which add up."""
    description, lines = read_header(path.read_text(encoding="utf-8"))
    fact = facts_of(100_000)[path.stem]
    assert description.startswith("One row is ")
    assert [line.partition(":")[0] for line in lines] == [*fact.columns]
    for name in fact.columns.keys() - DIMENSIONS - {"day"}:
        assert all(isinstance(value, int | float) for value in fact.columns[name])


def test_some_projects_show_nothing_of_others(sample: Analytics) -> None:
    """Neither their figures nor the names of those who work in them alone."""
    board = read_board(sample.connection, Schemas(), (4,))
    assert {project for fact in board.facts.values() for project in fact.columns["project_id"]} == {4}
    assert [project["project_id"] for project in board.lists["projects"]] == [4]
    assert {row["project_id"] for row in board.lists["disagreements"]} == {4}
    people = {
        id_ for (id_,) in sample.rows("select annotator_id from analytics.annotator_performance where project_id = 4")
    }
    assert {person["annotator_id"] for person in board.lists["people"]} == people - {None}
    with pytest.raises(NothingToShow, match="the warehouse has no project 17; it has 1, 2, 3, 4, 5"):
        read_board(sample.connection, Schemas(), (17,))


def test_a_dataset_has_a_page_of_its_own() -> None:
    """Whatever the name of its schema."""
    analytics = Analytics("reviews")
    analytics.load({"id": 1, "project": 7, "annotations": [], "predictions": [], "drafts": []})
    analytics.refresh()
    board = read_board(analytics.connection, Schemas.of("reviews"))
    assert board.facts["tasks"].columns["created"] == [1]
    analytics.connection.close()


def test_the_page_holds_no_secret(sample: Analytics) -> None:
    """Not even where the address has a password in it."""
    html = render(read_board(sample.connection, Schemas()), "https://me:hunter2@label-studio.example.com/ls/", [])
    content = unpacked(html)
    assert content["url"] == "https://label-studio.example.com/ls"
    assert "hunter2" not in html + json.dumps(content)


@pytest.mark.parametrize("url", [None, "", "label-studio:8080", "javascript:alert(1)", "file:///etc/passwd"])
def test_links_lead_to_web_addresses_only(sample: Analytics, url: str | None) -> None:
    """What is none gives no links."""
    assert unpacked(render(read_board(sample.connection, Schemas(), (4,)), url, []))["url"] is None


def unpacked(html: str) -> Any:
    """What a page shows."""
    found = re.search('id="content">([^<]*)</script>', html)
    assert found
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with a project of the sample."""
    folder = tmp_path_factory.mktemp("loaded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        database = folder / "warehouse.duckdb"
        files = ["--database", str(database), "--no-publish"]
        assert tasks.main(["--demo", "--project", "4", "--quiet", *files]) == 0
    return database


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line, with the sample behind it."""
    return Shell(tmp_path, monkeypatch, capsys)


@pytest.fixture
def draw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs the command; gives its exit code, and what it said on stderr."""

    def run(*arguments: str) -> tuple[int, str]:
        output = [] if "--output" in arguments else ["--output", str(tmp_path / "page.html")]
        code = dashboard.main([*output, *arguments])
        return code, capsys.readouterr().err

    return run


def test_the_command_draws_what_a_run_published(
    shell: Shell,
    draw: Callable[..., tuple[int, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The readers' copy, and not the warehouse, which a run may hold."""
    assert shell.run("--project", "1")[0] == 0
    monkeypatch.setenv("WAREHOUSE__DUCKDB_PATH", str(shell.database))
    code, said = draw("--project", "1")
    assert (code, said) == (0, f"1.0 MB written to {tmp_path / 'page.html'}\n")
    shell.database.unlink()
    assert draw("--check")[0] == 0
    assert unpacked((tmp_path / "page.html").read_text(encoding="utf-8"))["checks"] == []
    assert draw()[0] == 0
    content = unpacked((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert [project["tasks"] for project in content["projects"]] == [85]
    assert content["checks"] is None
    assert content["url"].startswith("https://")
    assert [run["exit_code"] for run in content["runs"]] == [0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--project", "x"], "--project 'x' is no id: give the number in the project's address"),
        (["--project", "99"], "the warehouse has no project 99; it has 4"),
        (["--output", "/nowhere/page.html"], "the folder of /nowhere/page.html does not exist"),
        (["--database", "/nowhere/file.duckdb"], "there is no warehouse /nowhere/file.duckdb: fill it with tasks.py"),
        (["--dataset", "other"], "there are no views in the schema other_analytics yet: run tasks.py once"),
    ],
)
def test_bad_input_gets_a_line(
    loaded: Path,
    draw: Callable[..., tuple[int, str]],
    tmp_path: Path,
    arguments: list[str],
    said: str,
) -> None:
    """With exit code 2, and the page that was there stays."""
    (tmp_path / "page.html").write_text("the last one", encoding="utf-8")
    database = [] if "--database" in arguments else ["--database", str(loaded)]
    code, line = draw(*database, *arguments)
    assert code == 2
    assert line.startswith(f"dashboard.py: {said}")
    assert line.count("\n") == 1
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == "the last one"
    assert not list(tmp_path.glob(".page*"))


def test_a_run_draws_the_page(shell: Shell, tmp_path: Path) -> None:
    """After each load, with what the load brought; a page that can't be written fails the run and loses nothing."""
    page = tmp_path / "page.html"
    code, out, _ = shell.run("--project", "1", "--dashboard", str(page))
    assert code == 0
    assert f"dashboard: {page}" in out
    assert [project["tasks"] for project in unpacked(page.read_text(encoding="utf-8"))["projects"]] == [85]
    code, _, said = shell.run("--project", "1", "--dashboard", str(tmp_path / "none" / "page.html"))
    assert code == 2
    assert "the dashboard can't be" in said
    blocked = tmp_path / ".page.html.new"
    blocked.mkdir()
    code, _, said = shell.run("--project", "1", "--dashboard", str(page))
    assert code == 1
    assert f"the dashboard {page} can't be written" in said
    assert shell.rows("select count(*) from label_studio.tasks") == [(85,)]


def test_a_failed_check_leaves_the_last_page(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As it leaves the last readers' copy; a warning is shown on the page."""
    page, checks = tmp_path / "page.html", tmp_path / "checks"
    assert shell.run("--project", "4", "--dashboard", str(page))[0] == 0
    before = page.read_bytes()
    checks.mkdir()
    monkeypatch.setattr("pipelines.checks.CHECKS", checks)
    check = "-- Some <b>tasks</b>.\n-- severity: {}\nselect id from annotations\n"
    (checks / "assert_some.sql").write_text(check.format("error"), encoding="utf-8")
    code, _, said = shell.run("--project", "4", "--full", "--dashboard", str(page))
    assert code == 3
    assert f"the dashboard is not replaced, as a check failed: {page}" in said
    assert page.read_bytes() == before
    (checks / "assert_some.sql").write_text(check.format("warning"), encoding="utf-8")
    assert shell.run("--project", "4", "--full", "--dashboard", str(page))[0] == 0
    (found,) = unpacked(page.read_text(encoding="utf-8"))["checks"]
    assert (found["name"], found["severity"], found["meaning"]) == ("assert_some", "warning", "Some <b>tasks</b>.")
    assert found["found"] > 0
