"""What the README says of warehouses that no test can reach: as dlt describes them, and as our views can be carried."""

import re
from importlib import import_module
from typing import Any

import pytest
import sqlglot

from pipelines.analytics.definitions import views
from pipelines.dialects import NotCarried, carried
from pipelines.dialects.__main__ import main
from pipelines.label_studio.family import REPLACE_FAMILY
from pipelines.reference import README

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
