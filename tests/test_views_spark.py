"""The views on a real Spark: the same rows as on DuckDB, from the same tables as Parquet files."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from analytics import Analytics
from dialect_cases import CASES
from engines import Rows, assert_same_rows, odd_sample
from scheduling import installing, run, tool

from pipelines.analytics.definitions import DEPLOYED_VIEWS, Definition, Schemas, views
from pipelines.dialects import carried

TESTS = Path(__file__).parent

#: Where days are others than in UTC at most hours.
ELSEWHERE = {
    "America/New_York": ["annotator_daily", "remaining_tasks"],
    "Asia/Tokyo": ["throughput_daily", "task_overview"],
}


@pytest.fixture(scope="module")
def sample() -> Iterator[Analytics]:
    """The sample, and odd rows."""
    analytics = odd_sample()
    yield analytics
    analytics.connection.close()


@pytest.fixture(scope="module")
def spark(sample: Analytics, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what Spark answers."""
    folder = tmp_path_factory.mktemp("spark")
    _export(sample, folder / "tables")
    asked = {
        "views": {f"analytics.{view.name}": carried(view.sql, "spark") for view in views()},
        "selects": {name: carried(sql, "spark") for name, sql in CASES.items()},
        "elsewhere": {zone: [f"analytics.{name}" for name in names] for zone, names in ELSEWHERE.items()},
    }
    (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    assert _answered(folder) == {}
    return folder / "rows"


def _export(analytics: Analytics, folder: Path) -> None:
    """Writes the loaded and the kept tables."""
    query = "select table_name from duckdb_tables() where schema_name = $schema and table_name <> $deployed"
    for schema in Schemas():
        for (name,) in analytics.rows(query, schema=schema, deployed=DEPLOYED_VIEWS):
            # Spark does not see files whose names begin with _
            file = folder / schema / name / "rows.parquet"
            file.parent.mkdir(parents=True)
            analytics.connection.execute(f"copy {schema}.{name} to '{file}' (format parquet)")


def _answered(folder: Path) -> dict[str, str]:
    """Lets Spark answer; gives what failed."""
    tool("java")
    requirements = str(TESTS / "spark_requirements.txt")
    start = [tool("uv"), "run", "-q", "--isolated", "--no-project", "--with-requirements", requirements, "python"]
    installed = run(*start, "-c", "", env=installing(), seconds=900)
    if installed.returncode != 0 and os.environ.get("CI") != "true":
        pytest.skip(f"Spark can't be installed here: {installed.stderr[-500:]}")
    done = run(*start, str(TESTS / "spark_views_worker.py"), str(folder), env=installing(), seconds=600)
    assert done.returncode == 0, done.stderr[-5000:]
    failed: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return failed


def _read(place: Path) -> tuple[Rows, list[str]]:
    """The rows of an answer, and the types of its columns."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        cursor: Any = connection.execute(f"from read_parquet('{place}/*.parquet')")
        return cursor.fetchall(), [str(column[1]) for column in cursor.description]


def _rows_and_types(analytics: Analytics, query: str) -> tuple[Rows, list[str]]:
    cursor = analytics.connection.execute(query)
    types = [str(column[1]) for column in cursor.description or []]
    # JSON is text in Spark
    return cursor.fetchall(), [type_.replace("JSON", "VARCHAR") for type_ in types]


@pytest.mark.parametrize("view", views(), ids=lambda view: view.name)
def test_a_view_has_the_same_rows(sample: Analytics, spark: Path, view: Definition) -> None:
    """Value by value, in columns of the same types."""
    rows, types = _read(spark / f"analytics.{view.name}")
    expected, expected_types = _rows_and_types(sample, f"select * from analytics.{view.name}")
    assert types == expected_types
    assert assert_same_rows(rows, expected) > 0


@pytest.mark.parametrize(("zone", "view"), [(zone, name) for zone, names in ELSEWHERE.items() for name in names])
def test_days_are_those_of_utc(sample: Analytics, spark: Path, zone: str, view: str) -> None:
    """Whatever the session's time zone is."""
    rows, _ = _read(spark / f"analytics.{view} {zone.replace('/', ' ')}")
    assert assert_same_rows(rows, sample.rows(f"select * from analytics.{view}")) > 0


@pytest.mark.parametrize("name", CASES)
def test_spark_answers_as_duckdb_does(spark: Path, name: str) -> None:
    """Value by value."""
    rows, _ = _read(spark / name)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        assert assert_same_rows(rows, connection.execute(CASES[name]).fetchall()) > 0
