"""The header of each file of sql/views and sql/kept says what is in the database."""

from collections.abc import Iterator

import pytest
from analytics import Analytics

from pipelines.analytics.definitions import Definition, kept_tables, views

DEFINITIONS = [*kept_tables(), *views()]


@pytest.fixture(scope="module")
def empty() -> Iterator[Analytics]:
    """A warehouse without rows, with its views and kept tables."""
    analytics = Analytics()
    analytics.refresh()
    yield analytics
    analytics.connection.close()


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.name)
def test_the_header_names_every_column(empty: Analytics, definition: Definition) -> None:
    """Once each, in their order, with a meaning; the database has them as comments."""
    columns = empty.rows(
        "select column_name, comment from duckdb_columns() where schema_name = 'analytics' and table_name = $name"
        " order by column_index",
        name=definition.name,
    )
    assert columns == [*definition.columns.items()]
    header, _, _ = definition.sql.partition("\nwith ")
    for column in definition.columns:
        assert header.count(f"\n-- {column}: ") == 1


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.name)
def test_the_header_says_what_a_row_is(empty: Analytics, definition: Definition) -> None:
    """The first paragraph begins with the grain, and is the view's comment in the database."""
    assert definition.description.startswith("One row is ")
    assert empty.rows(
        "select comment from duckdb_views() where schema_name = 'analytics' and view_name = $name"
        " union all select comment from duckdb_tables() where schema_name = 'analytics' and table_name = $name",
        name=definition.name,
    ) == [(definition.description,)]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.name)
def test_an_empty_warehouse_gives_no_rows(empty: Analytics, definition: Definition) -> None:
    """And no error: a dashboard can be built before the first load."""
    assert empty.rows(f"select * from analytics.{definition.name}") == []
