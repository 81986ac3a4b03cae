"""What carries our SQL to other engines: asked on PostgreSQL, what it refuses, and what other dialects make of it."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from analytics import Analytics
from dialect_cases import CASES
from engines import assert_same_rows
from postgres_copy import client_of

from pipelines.analytics.definitions import kept_tables, views
from pipelines.dialects import NotCarried, carried, column_types


@pytest.fixture(scope="module")
def client(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An empty database."""
    with client_of(postgres_url, tmp_path_factory.mktemp("pipelines")) as client:
        yield client


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB whose days are those of UTC."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


@pytest.mark.parametrize("sql", CASES.values(), ids=CASES)
def test_postgres_answers_as_duckdb_does(client: Any, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Value by value."""
    rows = connection.execute(sql).fetchall()
    assert assert_same_rows(client.execute_sql(carried(sql, "postgres")), rows) > 0


def test_equal_rows_have_equal_hashes(client: Any) -> None:
    """As a number the hash means nothing: it is another engine's."""
    sql = "select count(distinct hash(a, b)) as n from (values (1, 'x'), (1, 'x'), (1, null), (null, '1')) as t (a, b)"
    assert client.execute_sql(carried(sql, "postgres")) == [(3,)]


@pytest.mark.parametrize(
    ("sql", "dialect", "line"),
    [
        ("select x[2:3] from t", "postgres", "a slice of a list or a text can't be carried to postgres: 2:3"),
        ("select x[2:3] from t", "snowflake", "a slice of a list or a text can't be carried to snowflake: 2:3"),
        ("select a, count(*) from t group by all", "postgres", "group by all can't be carried to postgres: name the"),
        ("select try_cast(a as date) from t", "postgres", "try_cast to another type than double can't be carried to"),
        ("select date_diff('month', a, b) from t", "spark", "date_diff in other units than days, hours, minutes and"),
        ("select date_diff('month', a, b) from t", "postgres", "date_diff in other units than days, hours, minutes"),
        (
            "select a at time zone 'Asia/Tokyo' from t",
            "spark",
            "the clock of a zone, other than for days of UTC, can't",
        ),
        (
            "select list(a order by b) from t",
            "spark",
            "a list in an order can't be carried to spark: ARRAY_AGG(",
        ),
        (
            "select a ->> b from t",
            "postgres",
            "a path into JSON that is no list of keys can't be carried to postgres: ",
        ),
        ("select a ->> '$.*' from t", "postgres", "a path into JSON that is no list of keys can't be carried to post"),
        ("selec a from t", "postgres", "the SQL can't be carried to postgres: "),
    ],
)
def test_what_would_mean_something_else_is_refused(sql: str, dialect: str, line: str) -> None:
    """With one line that says what it is."""
    with pytest.raises(NotCarried) as raised:
        carried(sql, dialect)
    assert str(raised.value).startswith(line)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("dialect", "unsaid"),
    [
        ("postgres", set()),
        ("spark", set()),
        ("databricks", set()),
        ("snowflake", set()),
        ("clickhouse", set()),
        ("bigquery", {"annotation_results", "prediction_results", "regions", "relations", "throughput_daily"}),
        ("redshift", {"label_cooccurrence", "regions", "throughput_daily"}),
    ],
)
def test_each_dialect_takes_views(dialect: str, unsaid: set[str]) -> None:
    """What can't be said there is refused in our words, whatever sqlglot stumbles over."""
    refused = set()
    for view in views():
        try:
            assert carried(view.sql, dialect)
        except NotCarried:
            refused.add(view.name)
    assert refused == unsaid


def test_a_week_begins_on_monday_in_bigquery() -> None:
    """There WEEK begins on Sunday."""
    assert "ISOWEEK" in carried("select date_trunc('week', day)::date as week from days", "bigquery")


def test_json_may_be_binary(client: Any) -> None:
    """dlt makes it so, unless it loads Parquet files."""
    sql = "select value ->> '$.a[0]' as a from j"
    for type_ in ("json", "jsonb"):
        given = f"""with j as (select '{{"a": ["x"]}}'::{type_} as value) """
        assert client.execute_sql(given + carried(sql, "postgres")) == [("x",)]


def test_parameters_keep_their_names() -> None:
    """As psql and most programs take them; % is not doubled."""
    sql = "select a from t where ($label is null or a = $label) and a like '50%' limit $limit"
    expected = "SELECT a FROM t WHERE ( :label IS NULL OR a = :label ) AND a LIKE '50%' LIMIT :limit"
    assert " ".join(carried(sql, "postgres").split()) == expected


def test_kept_tables_have_types_elsewhere() -> None:
    """Of each of them, from DuckDB's."""
    analytics = Analytics()
    for table in kept_tables():
        types = column_types(analytics.connection, "analytics", table.name, "postgres")
        assert list(types) == list(table.columns)
    postgres, spark = (
        column_types(analytics.connection, "analytics", "annotation_labels", d) for d in ("postgres", "spark")
    )
    assert (postgres["label_set"], postgres["created_on"], postgres["in_config"]) == ("varchar[]", "date", "boolean")
    assert (spark["label_set"], spark["uses"], spark["label"]) == ("array<string>", "bigint", "string")
    assert column_types(analytics.connection, "analytics", "kept_tasks", "postgres")["basis"] == "numeric(20)"
    analytics.connection.execute("create table other as select interval 1 day as span")
    with pytest.raises(NotCarried, match="the type INTERVAL can't be carried to spark"):
        column_types(analytics.connection, "main", "other", "spark")
    analytics.connection.close()
