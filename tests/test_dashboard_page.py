"""The page in a real browser: it asks for nothing, its numbers are those of the views, and its filters act."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from analytics import Analytics
from axe_playwright_python.sync_playwright import Axe
from browser import Shown, chromium
from playwright.sync_api import Browser

from pipelines import tasks
from pipelines.analytics import Schemas
from pipelines.checks import CheckResult
from pipelines.dashboards.board import read_board
from pipelines.dashboards.page import render

_DAY = timedelta(days=1)

URL = "https://label-studio.example.com"

#: What eyes see that lack the cones for red, green, blue: Machado, Oliveira and Fernandes 2009, on linear sRGB.
_CONES_MISSING = [
    np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
]

FIGURES = {
    "Burn-up",
    "Throughput",
    "Remaining by project",
    "Performance",
    "Speed and agreement",
    "Time per task",
    "Agreement between people",
    "Labels: annotations beside predictions",
    "Labels that people confuse",
    "Drift by week",
    "Precision, recall and F1 by version",
    "Calibration",
    "What models say, and what annotations say",
    "Findings",
    "Data checks",
    "Newest findings",
    "Worst disagreements",
    "Last runs",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, loaded by a run that draws it: demo.duckdb and demo.html."""
    folder = tmp_path_factory.mktemp("dashboard")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        files = ["--database", str(folder / "demo.duckdb"), "--dashboard", str(folder / "demo.html")]
        assert tasks.main(["--demo", "--quiet", "--no-publish", *files]) == 0
    return folder


@pytest.fixture(scope="module")
def shown(browser: Browser, folder: Path) -> Iterator[Shown]:
    """The sample's page."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield Shown(page, folder / "demo.html")
    page.close()


class Views:
    """The warehouse that the page was drawn from."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with duckdb.connect(str(self._path), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            return connection.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        """The only value of a query."""
        ((value,),) = self.rows(sql)
        return value


@pytest.fixture(scope="module")
def views(folder: Path) -> Views:
    """What the views say."""
    return Views(folder / "demo.duckdb")


def number(shown: float | None) -> str:
    """A number as the page shows it."""
    if shown is None:
        return "–"
    rounded = round(shown, 1) if abs(shown) < 100 else round(shown)
    return f"{rounded:,.1f}".removesuffix(".0") if isinstance(rounded, float) else f"{rounded:,}"


def percent(share: float | None) -> str:
    """A share as the page shows it."""
    return "–" if share is None else f"{round(100 * share, 1):,.1f}".removesuffix(".0") + " %"


def near(shown: str, share: float | None) -> bool:
    """Whether a percentage is a share, up to the last digit: half of it is rounded one way or the other."""
    if share is None or shown == "–":
        return share is None and shown == "–"
    return abs(float(shown.split(" %")[0].replace(",", "")) - 100 * share) <= 0.0501


def test_it_opens_from_disk_and_asks_for_nothing(shown: Shown, folder: Path) -> None:
    """No message on the console, no request but for the file itself, and every figure shows something."""
    assert shown.said == []
    asked = [url for url in shown.requests if not url.startswith(("data:", "blob:"))]
    assert asked == [(folder / "demo.html").as_uri()]
    assert {heading.inner_text() for heading in shown.page.locator("figure h3").all()} == FIGURES
    assert shown.page.locator("figure .empty").all_inner_texts() == [
        "All checks passed: nothing is lost, doubled or out of step."
    ]


def test_the_page_forbids_requests(folder: Path) -> None:
    """Whatever a task's text would make it do."""
    text = (folder / "demo.html").read_text(encoding="utf-8")
    assert "Content-Security-Policy\" content=\"default-src 'none'" in text
    assert len(text) < 2e6


def test_the_overview_is_that_of_the_views(shown: Shown, views: Views) -> None:
    """Tasks, done ones, annotations, people and agreement."""
    shown.filter()
    assert shown.tile("Tasks") == number(views.value("select count(*) from analytics.task_overview"))
    assert shown.tile("Done") == number(views.value("select sum(tasks_done) from analytics.project_progress"))
    assert shown.tile("Annotations") == number(views.value("select sum(submitted) from analytics.annotator_daily"))
    assert shown.tile("People") == number(
        views.value("select count(distinct annotator_id) from analytics.annotator_daily")
    )
    mean = "select avg(agreement) from analytics.pair_agreement where source_b = 'annotation'"
    assert near(shown.tile("Mean agreement").replace("\u00a0", " "), views.value(mean))


def test_dates_narrow_the_overview_and_show_the_time_before(shown: Shown, views: Views) -> None:
    """A range of days is set beside the range of the same length that ends before it."""
    last = views.value("select max(day) from analytics.annotator_daily where submitted > 0")
    shown.filter(**{"from": last - 13 * _DAY, "to": last})
    both = [
        views.value(
            f"select sum(submitted) from analytics.annotator_daily where day between date '{last}' - {first} and"
            f" date '{last}' - {end}"
        )
        for first, end in ((13, 0), (27, 14))
    ]
    assert shown.tile("Annotations") == number(both[0])
    change = shown.tile("Annotations", ".change")
    assert f": {number(both[0])}, before: {number(both[1])}" in change
    rows = shown.rows("Throughput")
    assert {row[0] for row in rows} <= {str(last - day * _DAY) for day in range(14)}
    assert sum(int(row[2]) for row in rows) == both[0]


def test_progress_is_that_of_the_views(shown: Shown, views: Views) -> None:
    """Burn-up, forecast and what is left, of a project."""
    for project, tasks_all, done, day in views.rows(
        "select project_id, tasks, tasks_done, forecast_date from analytics.remaining_tasks order by all"
    ):
        shown.filter(project=project)
        text = shown.text("Burn-up")
        assert f"{done} of {tasks_all} tasks are done" in text
        assert f"are done on {day}" in text
        dates = views.rows(f"select day, tasks_done_total from analytics.throughput_daily where project_id = {project}")
        shown_totals = {row[0]: int(row[2]) for row in shown.rows("Burn-up") if row[1] == "done"}
        totals = {str(each): total for each, total in dates}
        assert {each: total for each, total in shown_totals.items() if total} == {
            each: totals[each] for each, total in shown_totals.items() if total
        }
        assert max(shown_totals.values()) == done
    shown.filter()
    assert sorted(tuple(map(int, row[1:6])) for row in shown.rows("Remaining by project")) == views.rows(
        "select count(*), count(*) filter (where state = 'done'), count(*) filter (where state = 'in progress'),"
        " count(*) filter (where state = 'skipped'), count(*) filter (where state = 'not started')"
        " from analytics.task_overview group by project_id order by all"
    )


def test_people_are_those_of_the_performance_view(shown: Shown, views: Views) -> None:
    """Of each project; medians are right to 6 %."""
    for (project,) in views.rows("select id from label_studio.projects"):
        shown.filter(project=project)
        performance = views.rows(
            "select annotator_name, submitted, skipped, skip_rate, lead_time_median, agreement, agreement_pairs,"
            " ground_truth_agreement, prediction_agreement"
            f" from analytics.annotator_performance where project_id = {project}"
        )
        people = {row[0]: row[1:] for row in shown.rows("Performance")}
        assert people.keys() == {row[0] for row in performance}
        for name, submitted, skipped, rate, median, agreement, pairs, truth, prediction in performance:
            cells = people[name]
            assert cells[:2] == [number(submitted), number(skipped)]
            assert near(cells[2], rate)
            assert _seconds(cells[6]) == pytest.approx(median, rel=0.065)
            assert near(cells[7], agreement)
            assert agreement is None or cells[7].endswith(f"({pairs})")
            assert near(cells[8], truth)
            assert near(cells[9], prediction)


def test_the_matrix_is_that_of_the_view(shown: Shown, views: Views) -> None:
    """Each two people of a project, from both sides."""
    shown.filter(project=2)
    names = dict(views.rows("select annotator_id, name from analytics.annotators"))
    cells = {
        (names[one], names[other]): round(100 * agreement)
        for one, other, agreement in views.rows(
            "select annotator_id, other_annotator_id, agreement from analytics.annotator_agreement_matrix"
            " where project_id = 2 and other_source = 'annotation'"
        )
    }
    rows = shown.rows("Agreement between people")
    people = [row[0] for row in rows]
    found = {
        (row[0], people[place]): int(cell)
        for row in rows
        for place, cell in enumerate(row[1:])
        if cell not in ("", "–")
    }
    assert found == cells
    assert len(found) > 10


def test_labels_are_those_of_the_views(shown: Shown, views: Views) -> None:
    """How often annotations and predictions use them, and which of them people confuse."""
    shown.filter(project=1)
    distribution = views.rows(
        "select from_name || ' · ' || label_path, annotation_uses, annotation_use_share, prediction_uses,"
        " prediction_use_share from analytics.label_distribution"
        " where project_id = 1 and annotation_uses + prediction_uses > 0 order by all"
    )
    rows = sorted(shown.rows("Labels: annotations beside predictions"))
    assert [(row[0], row[1], row[3]) for row in rows] == [
        (row[0], number(row[1]), number(row[3])) for row in distribution
    ]
    for row, (_, _, annotation_share, _, prediction_share) in zip(rows, distribution, strict=True):
        assert near(row[2], annotation_share)
        assert near(row[4], prediction_share or 0)
    confused = views.rows(
        "select label, coalesce(other_label, 'nothing'), times::varchar, share from analytics.label_confusion"
        " where project_id = 1 and not is_same order by all"
    )
    rows = sorted(shown.rows("Labels that people confuse"))
    assert sorted(tuple(row[:3]) for row in rows) == sorted(row[:3] for row in confused)
    shares = {row[:2]: row[3] for row in confused}
    assert all(near(row[3], shares[row[0], row[1]]) for row in rows)


def test_a_control_tag_and_a_person_narrow_labels(shown: Shown, views: Views) -> None:
    """To what the person said on the control tag."""
    person = views.value("select min(annotator_id) from analytics.annotation_labels where source = 'annotation'")
    shown.filter(person=person, control="ner")
    counted = views.rows(
        "select label_path, sum(uses) from analytics.annotation_labels where source = 'annotation'"
        f" and annotator_id = {person} and from_name = 'ner' group by label_path order by all"
    )
    rows = sorted(shown.rows("Labels: annotations beside predictions"))
    assert [(row[0], row[1]) for row in rows if row[1] != "0"] == [(label, number(uses)) for label, uses in counted]
    mean = (
        "select avg(score) from analytics.agreement_scores where source_b = 'annotation' and is_default"
        f" and from_name = 'ner' and {person} in (annotator_a_id, annotator_b_id)"
    )
    assert near(shown.tile("Mean agreement").replace("\u00a0", " "), views.value(mean))
    assert "control tag ner" in shown.page.locator("#filtered").inner_text()


def test_drift_is_that_of_the_view(shown: Shown, views: Views) -> None:
    """Shares by week, of the control tag that has most."""
    shown.filter(project=1, control="sentiment")
    drift = views.rows(
        "select week::varchar, label_path, uses::varchar, share from analytics.label_drift"
        " where project_id = 1 and from_name = 'sentiment' and source = 'annotation' order by all"
    )
    rows = sorted(shown.rows("Drift by week"))
    assert [tuple(row[:3]) for row in rows] == [row[:3] for row in drift]
    assert all(near(row[3], share) for row, (_, _, _, share) in zip(rows, drift, strict=True))


def test_models_are_those_of_the_views(shown: Shown, views: Views) -> None:
    """Precision, recall, F1 and agreement of versions; calibration and confusion of one of them."""
    for project, model in views.rows("select project_id, max(model_version) from label_studio.predictions group by 1"):
        shown.filter(project=project)
        compared = views.rows(
            "select model_version, predictions, tasks_compared, agreement, precision, recall, f1"
            f" from analytics.model_comparison where project_id = {project} order by first_predicted_at"
        )
        rows = shown.rows("Precision, recall and F1 by version")
        assert [(row[0], row[1], row[3]) for row in rows] == [
            (name, number(a), number(b)) for name, a, b, *_ in compared
        ]
        for row, (_, _, _, *shares) in zip(rows, compared, strict=True):
            assert all(near(cell, share) for cell, share in zip(row[4:], shares, strict=True))
        shown.filter(project=project, model=model)
        of = f"where project_id = {project} and model_version = '{model}'"
        calibration = views.rows(
            "select sum(predicted), sum(matches) / sum(predicted) from analytics.prediction_calibration"
            f" {of} group by score_from order by score_from"
        )
        rows = shown.rows("Calibration")
        assert [row[3] for row in rows] == [number(predicted) for predicted, _ in calibration]
        assert all(near(row[2], accuracy) for row, (_, accuracy) in zip(rows, calibration, strict=True))
        confusion = {
            (actual, predicted): number(times)
            for actual, predicted, times in views.rows(
                "select coalesce(actual_label, 'nothing'), coalesce(predicted_label, 'nothing'), sum(times)"
                f" from analytics.prediction_confusion {of} group by all"
            )
        }
        title = "What models say, and what annotations say"
        heads = shown.figure(title).locator("thead th").all_inner_texts()
        cells = {
            (row[0], head): cell for row in shown.rows(title) for head, cell in zip(heads, row, strict=True) if cell
        }
        shown_cells = {key: cell for key, cell in cells.items() if key[1] != heads[0]}
        assert shown_cells.items() <= confusion.items()
        left = {actual for actual, _ in confusion} - {actual for actual, _ in shown_cells}
        assert not left or f"{len(left)} rarer label" in shown.text(title)


def test_quality_is_that_of_the_views(shown: Shown, views: Views) -> None:
    """Findings, the worst disagreements with links to their tasks, and the last run."""
    shown.filter()
    findings = views.rows(
        "select replace(finding, '_', ' '), severity, count(*)::varchar from analytics.data_quality_issues"
        " group by all order by all"
    )
    assert sorted(map(tuple, shown.rows("Findings"))) == findings
    assert len(shown.rows("Worst disagreements")) == views.value(
        "select count(*) from analytics.disagreements where place <= 100"
    )
    links = {
        link.get_attribute("href")
        for title in ("Newest findings", "Worst disagreements")
        for link in shown.figure(title).locator("a").all()
    }
    tasks_known = {
        f"{URL}/projects/{project}/data?task={task}"
        for project, task in views.rows("select project_id, id from label_studio.tasks")
    }
    assert len(links) > 100
    assert links <= tasks_known
    shown.filter(project=1)
    worst = views.rows(
        "select 'task ' || task_id, from_name from analytics.disagreements"
        " where project_id = 1 and place <= 100 order by place"
    )
    assert [(row[0], row[2]) for row in shown.rows("Worst disagreements")] == worst
    assert [row[2:5] for row in shown.rows("Last runs")] == [["full", "300", "300"]]


def test_a_model_version_narrows_all_to_its_projects(shown: Shown, views: Views) -> None:
    """Also what knows no model version, and the page says so."""
    shown.filter(model="boxes-v2")
    count = views.value(
        "select count(*) from label_studio.tasks where project_id in"
        " (select project_id from label_studio.predictions where model_version = 'boxes-v2')"
    )
    assert shown.tile("Tasks") == number(count)
    assert "are of the projects in which there is such a one" in shown.page.locator("#filtered").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_accessible(browser: Browser, folder: Path, scheme: Any, width: int) -> None:
    """axe finds nothing (contrast, names, roles, keyboard), and nothing is wider than the screen."""
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True)
    shown = Shown(context.new_page(), folder / "demo.html")
    found = Axe().run(shown.page)
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found.response["violations"]] == []
    assert shown.page.evaluate("document.documentElement.scrollWidth") == width
    for chart in shown.page.locator(".chart[role=img]").all():
        assert len(chart.get_attribute("aria-label") or "") > 40
        assert chart.locator("svg").count() == 1
    context.close()


def test_it_is_used_by_keyboard(browser: Browser, folder: Path) -> None:
    """The first stop leads past the filters; a filter is chosen and a table is opened without a mouse."""
    shown = Shown(browser.new_page(), folder / "demo.html")
    shown.page.keyboard.press("Tab")
    assert shown.page.evaluate("document.activeElement.getAttribute('href')") == "#overview"
    before = shown.tile("Tasks")
    shown.page.locator("[name=project]").focus()
    shown.page.keyboard.press("ArrowDown")
    shown.page.wait_for_function(f"document.querySelector('.tiles .value').textContent !== '{before}'")
    summary = shown.figure("Burn-up").locator("summary")
    summary.focus()
    shown.page.keyboard.press("Enter")
    assert shown.figure("Burn-up").locator("table").is_visible()
    shown.page.close()


def test_headers_sort(shown: Shown) -> None:
    """Down at the first press, up at the second, and the header says which."""
    shown.filter()
    figure = shown.figure("Performance")
    button = figure.get_by_role("button", name="submitted")
    for order, down in (("descending", True), ("ascending", False)):
        button.click()
        assert figure.locator("th[aria-sort]").get_attribute("aria-sort") == order
        submitted = [int(row[1]) for row in shown.rows("Performance")]
        assert submitted == sorted(submitted, reverse=down)


def test_nothing_was_said_or_asked_for_meanwhile(shown: Shown) -> None:
    """After all of these filters."""
    assert shown.said == []
    assert len([url for url in shown.requests if not url.startswith(("data:", "blob:"))]) == 1


def _seconds(text: str) -> float:
    value, unit = text.split(" ")
    return float(value.replace(",", "")) * {"s": 1, "min": 60, "h": 3600}[unit]


def test_what_looks_like_html_is_shown_and_not_run(browser: Browser, tmp_path: Path) -> None:
    """Labels, names, titles, versions and texts of tasks, wherever they stand on the page."""
    hostile = "</script><script>alert('run')</script><img src=x onerror=alert('run')>"
    analytics = Analytics()
    config = '<View><Text name="t" value="$t"/><Choices name="mood" toName="t"><Choice value="a"/></Choices></View>'
    analytics.insert("projects", id=1, title=f"project {hostile}", label_config=config)
    for person in (1, 2):
        analytics.insert(
            "users", id=person, email=f"{person}{hostile}@example.org", first_name=f"person {person} {hostile}"
        )
    said = {1: f"label {hostile}", 2: "=1+1"}
    choices = {
        person: [
            {"from_name": "mood", "to_name": "t", "type": "choices", "value": {"choices": [said[person]]}, "score": 0.7}
        ]
        for person in said
    }
    annotations = [
        {
            "id": person,
            "completed_by": person,
            "created_at": "2026-03-02T10:00:00Z",
            "lead_time": 5,
            "was_cancelled": False,
            "result": choices[person],
        }
        for person in said
    ]
    prediction = {
        "id": 1,
        "model_version": f"model {hostile}",
        "score": 0.7,
        "created_at": "2026-03-01T00:00:00Z",
        "result": choices[2],
    }
    analytics.load(
        {
            "id": 9007199254740993,
            "project": 1,
            "annotations": annotations,
            "predictions": [prediction],
            "drafts": [],
            "created_at": "2026-03-01T00:00:00Z",
        }
    )
    analytics.refresh()
    check = CheckResult("assert_x", hostile, "error", 1)
    path = tmp_path / "page.html"
    path.write_text(render(read_board(analytics.connection, Schemas()), None, [check]), encoding="utf-8")
    analytics.connection.close()
    shown = Shown(browser.new_page(), path)
    shown.filter(person=1)
    shown.filter(project=1)
    shown.page.mouse.move(400, 700)
    text = shown.page.locator("body").inner_text()
    for what in ("label", "person 1", "model"):
        assert f"{what} {hostile}" in text.replace("\u00a0", " "), what
    options = shown.page.locator("option").all_inner_texts()
    assert f"project {hostile} (1)" in options
    assert f"model {hostile}" in options
    assert shown.rows("Data checks") == [["assert x", "error", "1", hostile]]
    assert shown.rows("Worst disagreements")[0][0] == "task 9007199254740993"
    assert shown.said == []
    assert len([url for url in shown.requests if not url.startswith(("data:", "blob:"))]) == 1
    shown.page.close()


def test_an_empty_warehouse_says_how_to_fill_it(browser: Browser, tmp_path: Path) -> None:
    """Every figure says what is missing; none is left blank, and nothing goes wrong."""
    analytics = Analytics()
    path = tmp_path / "page.html"
    path.write_text(render(read_board(analytics.connection, Schemas()), None, None), encoding="utf-8")
    analytics.connection.close()
    shown = Shown(browser.new_page(), path)
    assert shown.said == []
    assert shown.page.locator("figure").count() == shown.page.locator("figure .empty").count() == len(FIGURES)
    assert "annotate tasks in Label Studio, then run pipelines/tasks.py again" in shown.text("Throughput")
    assert "give the project an overlap" in shown.text("Agreement between people")
    assert "dashboard.py --check runs them" in shown.text("Data checks")
    assert shown.tile("Tasks") == "0"
    shown.page.close()


def test_colours_can_be_told_apart_by_the_colour_blind(browser: Browser, folder: Path) -> None:
    """Each two of a chart's first four colours stay apart for eyes without red, green or blue cones, light and dark."""
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.goto((folder / "demo.html").as_uri())
        style = "getComputedStyle(document.documentElement).getPropertyValue('--series-' + n).trim()"
        colours = page.evaluate(f"[1, 2, 3, 4].map(n => {style})")
        page.close()
        for matrix in _CONES_MISSING:
            seen = [_lab(matrix @ _linear(colour)) for colour in colours]
            for one, other in combinations(seen, 2):
                assert float(np.linalg.norm(one - other)) > 12


def _linear(colour: str) -> Any:
    """Linear red, green and blue from #rrggbb."""
    levels = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def _lab(linear: Any) -> Any:
    """CIE L*a*b* of linear sRGB, D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratios = to_xyz @ np.clip(linear, 0, 1) / np.array([0.9505, 1.0, 1.089])
    x, y, z = np.where(ratios > 0.008856, np.cbrt(ratios), 7.787 * ratios + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
