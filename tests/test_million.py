"""The warehouse that the benchmark of the views is taken on, in small."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from benchmarks.million import generate
from benchmarks.million_kinds import KINDS

from pipelines.analytics import refresh
from pipelines.checks import CHECKS
from pipelines.label_studio.tables import TABLES

TASKS = 300


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse of 300 tasks, with its views."""
    path = tmp_path_factory.mktemp("million") / "warehouse.duckdb"
    generate(path, TASKS, memory_limit="1GB")
    with duckdb.connect(str(path)) as connection:
        connection.execute("set timezone = 'UTC'")
        refresh(connection)
        connection.execute("set schema = 'label_studio'")
        yield connection


def ask(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The only row of a query."""
    [row] = connection.execute(query).fetchall()
    return tuple(row)


@pytest.mark.parametrize("path", sorted(CHECKS.glob("*.sql")), ids=lambda path: path.stem)
def test_it_passes_the_checks(warehouse: duckdb.DuckDBPyConnection, path: Path) -> None:
    """No check finds anything, but that the last load is long ago, and a label that was renamed."""
    found = warehouse.execute(path.read_text(encoding="utf-8")).fetchall()
    assert found == [] or path.stem in ("assert_loads_are_fresh", "assert_labels_are_offered")


def test_every_table_is_there(warehouse: duckdb.DuckDBPyConnection) -> None:
    """The tables have the columns of the contract, and dlt's; only kinds that the projects lack have no rows."""
    empty = set()
    for name, table in TABLES.items():
        columns = [row[0] for row in warehouse.execute(f"describe {name}").fetchall()]
        assert columns == [*(column.name for column in table.columns), "_dlt_load_id"]
        if ask(warehouse, f"select count(*) from {name}") == (0,):
            empty.add(name)
    assert empty == {"result_keyframes", "result_ranges", "result_rankings", "deleted_tasks"}


def test_a_task_has_some_25_results(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Results per task, and how many tasks have several annotations, are what a million tasks have."""
    [results] = ask(warehouse, "select count(*) from results")
    assert 22 < results / TASKS < 28
    [several, begun] = ask(
        warehouse,
        "select count(*) filter (where total_annotations > 1), count(*) from tasks where total_annotations > 0",
    )
    assert 0.25 < several / begun < 0.45


def test_each_project_has_its_share(warehouse: duckdb.DuckDBPyConnection) -> None:
    """The projects are counted as they are, each with annotations and predictions of four versions."""
    rows = warehouse.execute(
        "select title, task_number, num_tasks_with_annotations > 0, total_predictions_number > 0"
        " from projects order by id"
    ).fetchall()
    assert rows == [(kind.title, round(TASKS * kind.share), True, True) for kind in KINDS]
    assert ask(warehouse, "select count(distinct model_version) from predictions where project_id = 1") == (4,)


def test_sides_agree_as_people_do(warehouse: duckdb.DuckDBPyConnection) -> None:
    """On every control tag, annotations and predictions agree by more than chance, and by less than wholly."""
    rows = warehouse.execute(
        "select from_name, avg(score) from analytics.agreement_scores where is_default group by project_id, from_name"
    ).fetchall()
    assert len(rows) == 15
    assert [name for name, score in rows if not 0.5 < score < 0.99] == []


def test_it_is_the_same_each_time(tmp_path: Path) -> None:
    """What looks like chance is none."""
    digests = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.duckdb"
        generate(path, 40, memory_limit="1GB")
        with duckdb.connect(str(path), read_only=True) as connection:
            digests.append(ask(connection, "select count(*), sum(hash(results)::hugeint) from label_studio.results"))
    assert digests[0] == digests[1]
