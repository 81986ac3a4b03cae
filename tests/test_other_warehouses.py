"""What the README says of warehouses that no test can reach: as dlt describes them, and as our views can be carried."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from loading import Contents, Warehouse, contents_of
from spark_programs import TESTS, environment, start

from pipelines.analytics.definitions import views
from pipelines.demo import load_sample
from pipelines.dialects import NotCarried, carried
from pipelines.dialects.__main__ import main
from pipelines.label_studio.family import REPLACE_FAMILY
from pipelines.label_studio.tables import TABLES, family
from pipelines.reference import README
from pipelines.settings import ROOT

_SECTION = README.read_text(encoding="utf-8").partition("### Other warehouses")[2].partition("\n## ")[0]
ROWS = [
    [cell.strip() for cell in row.split("|")[1:-1]] for row in re.findall(r"^\| [A-Z].*\|$", _SECTION, re.MULTILINE)
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_another_warehouse_is_as_the_readme_says(row: list[str]) -> None:
    """Transactions, merges, the type of JSON, and the number of views that are not refused."""
    name, whole, replaced, entities, json, carried_views = row
    capabilities = _capabilities(name.lower())
    strategies = capabilities.supported_merge_strategies
    assert whole == ("yes" if capabilities.supports_ddl_transactions else "no: statement by statement")
    assert replaced == ("yes" if REPLACE_FAMILY["strategy"] in strategies else "no")
    assert entities == ("yes" if "upsert" in strategies else "refused: no upsert")
    assert json == f"`{capabilities.type_mapper.sct_to_unbound_dbt['json']}`"
    assert int(carried_views) == sum(_is_carried(view.sql, capabilities.sqlglot_dialect) for view in views())


def test_the_table_has_them_all() -> None:
    """The table is found, and the number of views in its header is that of the views."""
    assert len(ROWS) == 6
    assert f"views carried, of {len(views())} |" in _SECTION


def _capabilities(name: str) -> Any:
    factory = import_module(f"dlt.destinations.impl.{name}.factory")
    return getattr(factory, name)()._raw_capabilities()


def _is_carried(sql: str, dialect: str) -> bool:
    if dialect == "duckdb":
        return True
    try:
        carried(sql, dialect)
    except NotCarried:
        return False
    return True


def test_views_are_printed_in_another_dialect(capsys: pytest.CaptureFixture[str]) -> None:
    """Each view once, after those that it reads, or named as left out; what is printed is SQL of that dialect."""
    assert main(["bigquery", "--dataset", "annotations"]) == 0
    said = capsys.readouterr()
    printed = re.findall(r"^create or replace view annotations_analytics\.(\w+) as$", said.out, re.MULTILINE)
    left_out = re.findall(r"^left out: (\w+): .+$", said.err, re.MULTILINE)
    assert {*printed, *left_out} == {view.name for view in views()}
    assert len(printed) + len(left_out) == len(views())
    assert min(len(printed), len(left_out)) > 0
    for statement in sqlglot.parse(said.out, read="bigquery"):
        assert isinstance(statement, sqlglot.exp.Create)
    assert "label_studio." not in said.out
    reads = {view.name: view.reads for view in views()}
    for place, name in enumerate(printed):
        assert reads[name] & set(reads) <= set(printed[:place])


def test_a_dialect_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """One line names those that there are."""
    assert main(["cobol"]) == 2
    assert "'cobol' is not one of" in capsys.readouterr().err


# what dlt would say to them


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """The statements that dlt has for each warehouse, from an environment that has their libraries."""
    command = [*start("warehouses_requirements.txt"), "python", str(TESTS / "warehouses_worker.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment())
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int], Contents]:
    """A warehouse before a load, with what the load brings in its staging tables; which tasks; and what is due."""
    folder = tmp_path_factory.mktemp("loads")
    fake = load_sample()
    with Warehouse(folder / "p.duckdb") as before:
        before.load(fake=fake, project_ids=4)
    # of these, one is as it was, one has less, one has nothing any more
    ids = sorted(task["id"] for task in fake.tasks.values() if task["project"] == 4 and len(task["annotations"]) > 1)[
        :3
    ]
    fake.put({**fake.tasks[ids[1]], "annotations": fake.tasks[ids[1]]["annotations"][1:], "meta": None})
    fake.put({**fake.tasks[ids[2]], "annotations": [], "predictions": [], "meta": None})
    with Warehouse(folder / "after.duckdb") as after:
        after.load(fake=fake, project_ids=4)
        due = after.contents()
    with duckdb.connect(str(folder / "p.duckdb")) as connection:
        connection.execute(f"attach '{folder / 'after.duckdb'}' as after (read_only)")
        connection.execute("create schema if not exists label_studio_staging")
        for table in (*family("tasks"), *family("users"), *family("projects")):
            which = _which(table.name, ids)
            connection.execute(
                f"create or replace table label_studio_staging.{table.name} as"
                f" select * from after.label_studio.{table.name} where {which}"
            )
    return folder / "p.duckdb", ids, due


def _which(name: str, ids: list[int]) -> str:
    if "tasks" not in (name, TABLES[name].parent):
        return "true"
    return f"{'id' if name == 'tasks' else 'task_id'} in ({', '.join(map(str, ids))})"


NAMES = [row[0].lower() for row in ROWS]


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_made_in_its_own_words(name: str, told: dict[str, Any]) -> None:
    """Each table once, with all of its columns, as its dialect is read."""
    columns = {}
    for statement in told[name]["tables"]:
        for made in sqlglot.parse(statement, read=_dialect(name)):
            if isinstance(made, sqlglot.exp.Create):
                [whole_name] = [each for each in [made.find(sqlglot.exp.Table)] if each]
                found = [column.name.lower() for column in made.find_all(sqlglot.exp.ColumnDef)]
                columns[whole_name.name.lower().removeprefix("label_studio___")] = found
    for table in TABLES.values():
        assert columns[table.name][: len(table.columns)] == [column.name for column in table.columns]


@pytest.mark.parametrize("name", NAMES)
def test_a_load_is_merged(
    name: str, told: dict[str, Any], loads: tuple[Path, list[int], Contents], tmp_path: Path
) -> None:
    """Its merge, carried to DuckDB and run there, leaves each task with its new rows and without those that are gone.

    So it does where it was interrupted behind one of its statements, and is run once more.
    """
    warehouse, ids, due = loads
    merges = told[name]["merges"]
    assert set(merges) == {"tasks", "projects"} | ({"users"} if "users" not in told[name]["refused"] else set())
    lines = [line for root in merges for line in merges[root]]
    for done in range(0, len(lines), 3):
        with copied(warehouse, tmp_path) as copy:
            for part in (lines[:done], lines):
                with duckdb.connect(str(copy)) as connection:
                    for line in part:
                        connection.execute(_on_duckdb(line, name))
            found = contents_of(copy)
            if "users" not in merges:
                found["users"] = due["users"]
            assert {table for table in due if found[table] != due[table]} == set(), f"after {done} statements"
    assert len(ids) == 3


@pytest.mark.parametrize("name", NAMES)
def test_what_it_can_not_do_is_refused(name: str, told: dict[str, Any]) -> None:
    """dlt says so before anything is loaded, where the README does."""
    [entities] = [row[3] for row in ROWS if row[0].lower() == name]
    assert list(told[name]["refused"]) == ([] if entities == "yes" else ["users"])


@contextmanager
def copied(warehouse: Path, folder: Path) -> Iterator[Path]:
    """A copy of a warehouse under its own name, which the statements have."""
    copy = folder / warehouse.name
    copy.write_bytes(warehouse.read_bytes())
    yield copy
    copy.unlink()


def _dialect(name: str) -> str:
    return "duckdb" if name == "motherduck" else name


def _on_duckdb(statement: str, name: str) -> str:
    [carried_over] = [each for each in sqlglot.transpile(statement, read=_dialect(name), write="duckdb") if each]
    # ClickHouse has no schemas, so dlt makes them part of the names
    return re.sub(r'"(label_studio(?:_staging)?)___', r'"\1"."', carried_over)
