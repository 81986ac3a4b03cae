"""The dashboards in a real Superset: every chart shows what the warehouse says, and nothing can be written."""

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import duckdb
import pytest
import yaml
from analytics import Analytics
from annotating import annotation, choice, task
from scheduling import installing, run, tool
from superset_questions import QUESTIONS
from superset_worker import SET

from pipelines import tasks
from pipelines.analytics.definitions import views
from pipelines.superset.__main__ import main as pack

TESTS = Path(__file__).parent

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The readers' copy of the sample, in a folder whose name is awkward in a URI."""
    folder = tmp_path_factory.mktemp("demo")
    copy = folder / "50 % & more" / "demo_readers.duckdb"
    copy.parent.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        patch.setenv("SECRETS_TOML", "")
        given = ["--database", str(folder / "demo.duckdb"), "--publish", str(folder / "copy.duckdb")]
        assert tasks.main(["--demo", "--quiet", *given]) == 0
    return (folder / "copy.duckdb").rename(copy)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with one task."""
    return _warehouse(tmp_path_factory.mktemp("small") / "small.duckdb")


@pytest.fixture(scope="module")
def superset(demo: Path, small: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Superset says after it has taken a bundle for a smaller warehouse, and then the one for the sample."""
    folder = tmp_path_factory.mktemp("superset")
    bundles = [str(folder / "first.zip"), str(folder / "second.zip")]
    assert pack(["--database", str(small), "--output", bundles[0]]) == 0
    assert pack(["--database", str(demo), "--output", bundles[1]]) == 0
    requirements = str(TESTS / "superset_requirements.txt")
    start = [tool("uv"), "run", "-q", "--isolated", "--no-project", "--with-requirements", requirements, "python"]
    # without compiled modules Superset takes half a minute to start
    quick = installing() | {"PYTHONDONTWRITEBYTECODE": ""}
    installed = run(*start, "-c", "", env=quick, seconds=900)
    if installed.returncode != 0 and os.environ.get("CI") != "true":
        pytest.skip(f"Superset can't be installed here: {installed.stderr[-500:]}")
    (folder / "home").mkdir()
    worker = str(TESTS / "superset_worker.py")
    done = run(*start, worker, str(folder / "home"), *bundles, env=quick, seconds=900)
    assert done.returncode == 0, done.stderr[-5000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _warehouse(path: Path, dataset: str = "label_studio") -> Path:
    """A warehouse with one task, as a file."""
    analytics = Analytics(dataset)
    analytics.insert("projects", id=1, title="Mail")
    analytics.load(task(1, annotation(11, 1, choice("A")), annotation(12, 2, choice("A"))))
    analytics.refresh()
    analytics.connection.execute(f"attach '{path}' as file; copy from database memory to file; detach file")
    analytics.connection.close()
    return path


def _rows(answer: Any) -> Rows:
    """The rows of a chart's answer, in the order of its columns."""
    [result] = answer["result"]
    assert result["rejected_filters"] == []
    return [tuple(row[name] for name in result["colnames"]) for row in result["data"]]


def _asked(database: Path, sql: str) -> Rows:
    """The rows of a query, with days and moments as Superset gives them: in milliseconds since 1970."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return [tuple(map(_as_superset, row)) for row in connection.execute(sql).fetchall()]


def _as_superset(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).timestamp() * 1000
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp() * 1000
    return value


def _sorted(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: [f"{each:.6e}" if isinstance(each, float | int) else str(each) for each in row])


def _near(value: Any) -> Any:
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


def _assert_same(shown: Rows, expected: Rows) -> None:
    assert _sorted(shown) == [tuple(map(_near, row)) for row in _sorted(expected)]


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_chart_shows_what_the_warehouse_says(superset: dict[str, Any], demo: Path, name: str) -> None:
    """Row by row, the same question put to DuckDB in other words has the same answer."""
    expected = _asked(demo, QUESTIONS[name])
    assert expected
    _assert_same(_rows(superset["charts"][name]), expected)


def test_the_dashboard_shows_every_chart(superset: dict[str, Any]) -> None:
    """All charts of the bundle are on it, and all of them are compared above."""
    assert sorted(superset["on the dashboard"]) == sorted(QUESTIONS) == sorted(superset["charts"])


def test_filters_reach_the_charts_in_their_scope(superset: dict[str, Any]) -> None:
    """No chart in the scope of a filter lacks its column."""
    filtered = superset["filtered"]
    assert filtered.keys() == SET.keys()
    assert filtered["Project"].keys() == QUESTIONS.keys()
    for charts in filtered.values():
        assert charts
        for answer in charts.values():
            _rows(answer)


@pytest.mark.parametrize(
    ("native", "chart", "sql"),
    [
        ("Project", "Tasks", "select count(*) from label_studio.tasks where project_id = 2"),
        ("Project", "Agreement", "select avg(agreement) from analytics.task_overview where project_id = 2"),
        (
            "Time range",
            "Annotations a day",
            f"""
            from ({QUESTIONS["Annotations a day"]}) as days (day, person, annotations)
            where day >= '2026-10-05' and day < '2026-11-02'
        """,
        ),
        (
            "Time range",
            "Shares of labels by week",
            f"""
            from ({QUESTIONS["Shares of labels by week"]}) as weeks (week, label, share)
            where week >= '2026-10-05' and week < '2026-11-02'
        """,
        ),
        (
            "Person",
            "Performance",
            f"""
            from ({QUESTIONS["Performance"]}) as people (person)
            where person = 'quick@example.com'
        """,
        ),
        (
            "Control tag of the confusion",
            "Confusion of models",
            QUESTIONS["Confusion of models"].replace("where ", "where from_name = 'box' and "),
        ),
    ],
)
def test_a_filter_leaves_out_the_rest(superset: dict[str, Any], demo: Path, native: str, chart: str, sql: str) -> None:
    """A filtered chart shows what the warehouse says of what is left."""
    expected = _asked(demo, sql)
    assert expected
    _assert_same(_rows(superset["filtered"][native][chart]), expected)


def test_a_bundle_can_be_imported_again(superset: dict[str, Any]) -> None:
    """Nothing is there twice, by Superset's command or by its API, which brings the new warehouse and columns in."""
    once, twice, updated = superset["counts"]
    assert once == twice == updated == {"database": 1, "dataset": 16, "chart": len(QUESTIONS), "dashboard": 1}
    assert superset["update"] == {"message": "OK"}
    assert _rows(superset["first"]) == [(1,)]
    assert _rows(superset["charts"]["Tasks"]) == [(300,)]


def test_superset_only_reads(superset: dict[str, Any]) -> None:
    """SQL Lab answers questions; it changes nothing, and sees no other files of its machine."""
    told = superset["sql"]
    assert told["count"]["data"] == [{"tasks": 300}]
    for name in ("delete", "create"):
        assert told[name]["errors"][0]["error_type"] == "DML_NOT_ALLOWED_ERROR"
    assert "file system operations are disabled" in told["read a file"]["errors"][0]["message"]


def test_every_column_says_what_it_means(superset: dict[str, Any]) -> None:
    """Superset has all columns of the views, with a type and the meaning that the view gives it."""
    meanings = {view.name: view.columns for view in views()}
    for dataset in superset["datasets"]:
        assert dataset["description"]
        for column in [*dataset["columns"], *dataset["metrics"]]:
            assert column["description"], (dataset["table_name"], column)
        if dataset["sql"] is None:
            columns = {each["column_name"]: each for each in dataset["columns"] if not each["expression"]}
            assert {name: each["description"] for name, each in columns.items()} == meanings[dataset["table_name"]]
            assert all(each["type"] for each in columns.values())


def _bundle(path: Path) -> dict[str, Any]:
    with ZipFile(path) as archive:
        return {name: yaml.load(archive.read(name), yaml.CSafeLoader) for name in archive.namelist()}


def test_another_dataset_gets_a_dashboard_of_its_own(small: Path, tmp_path: Path) -> None:
    """Its views have another schema; names and ids differ, so that Superset takes both bundles."""
    files = []
    for dataset, file in {"label_studio": small, "photos": _warehouse(tmp_path / "x.duckdb", "photos")}.items():
        output = tmp_path / f"{dataset}.zip"
        assert pack(["--database", str(file), "--dataset", dataset, "--output", str(output)]) == 0
        files.append(_bundle(output))
    own, other = files
    assert own.keys() == other.keys()
    for name in own.keys() - {"label_studio/metadata.yaml"}:
        assert own[name]["uuid"] != other[name]["uuid"]
    datasets = [config for name, config in other.items() if "/datasets/" in name]
    assert {config["schema"] for config in datasets} == {"photos_analytics"}
    sql = " ".join(config.get("sql", "") for config in datasets)
    assert '"photos_analytics".pair_agreement' in sql
    assert "label_studio." not in sql
    assert other["label_studio/databases/label_studio.yaml"]["database_name"] == "Label Studio: photos"
    dashboard = other["label_studio/dashboards/label_studio.yaml"]
    assert (dashboard["dashboard_title"], dashboard["slug"]) == ("Label Studio: photos", "label-studio-photos")
    charts = {config["uuid"] for name, config in other.items() if "/charts/" in name}
    placed = {
        item["meta"]["uuid"]
        for item in dashboard["position"].values()
        if isinstance(item, dict) and item["type"] == "CHART"
    }
    assert placed == charts


def test_superset_may_see_the_file_elsewhere(small: Path, tmp_path: Path) -> None:
    """As in a container: the URI names the path that is given, for reading only."""
    output = tmp_path / "x.zip"
    assert pack(["--database", str(small), "--path", "/data/x.duckdb", "--output", str(output)]) == 0
    database = _bundle(output)["label_studio/databases/label_studio.yaml"]
    assert database["sqlalchemy_uri"] == "duckdb:////data/x.duckdb?access_mode=READ_ONLY"
    assert not database["allow_dml"]


def test_the_readers_copy_is_what_superset_reads(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no file is named, it is that of the settings."""
    monkeypatch.setenv("WAREHOUSE__DUCKDB_PATH", str(tmp_path / "warehouse.duckdb"))
    copy, output = tmp_path / "warehouse_readers.duckdb", tmp_path / "x.zip"
    copy.symlink_to(small)
    assert pack(["--output", str(output)]) == 0
    database = _bundle(output)["label_studio/databases/label_studio.yaml"]
    assert database["sqlalchemy_uri"] == f"duckdb:///{copy}?access_mode=READ_ONLY"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--database", "none.duckdb"], "none.duckdb: fill it with tasks.py, or name another --database"),
        (["--database", "text.duckdb"], "can't be opened as a DuckDB file"),
        (["--database", "empty.duckdb"], "run tasks.py once"),
        (["--database", "x.duckdb", "--dataset", "photos"], "there is no view photos_analytics."),
        (["--database", "x.duckdb", "--dataset", "Photos"], "can't be the schema of the tables"),
        (["--database", "x.duckdb", "--path", "data/x.duckdb"], "is no absolute path"),
        (["--database", "x.duckdb", "--path", "/data/x?.duckdb"], "has a question mark"),
        (["--database", "x.duckdb", "--output", "nowhere/x.zip"], "nowhere/x.zip can't be written: No such file"),
    ],
)
def test_bad_input_gets_one_line(
    arguments: list[str],
    line: str,
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And exit code 2, and no bundle."""
    monkeypatch.chdir(tmp_path)
    Path("x.duckdb").symlink_to(small)
    duckdb.connect("empty.duckdb").close()
    Path("text.duckdb").write_text("no database", encoding="utf-8")
    assert pack(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("pipelines.superset: ")
    assert line in err
    assert err.count("\n") == 1
    assert list(tmp_path.glob("*.zip")) == []
