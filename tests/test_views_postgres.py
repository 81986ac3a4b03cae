"""The views, the checks and the saved queries on a real PostgreSQL: the same rows as on DuckDB."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from analytics import Analytics
from dlt.destinations.exceptions import DatabaseException
from engines import assert_same_rows, odd_sample
from postgres_copy import client_of, copy_tables, view_types
from postgres_server import PostgresServer
from test_checks import good
from test_queries import EXAMPLES

from pipelines.analytics.definitions import Definition, Schemas, views
from pipelines.checks import CHECKS
from pipelines.comments import literal
from pipelines.dialects import carried, column_types
from pipelines.label_studio.tables import TABLES
from pipelines.postgres import ViewsInUse, deploy_views, drop_views
from pipelines.postgres import views as module
from pipelines.queries import NamedQuery, named_queries

SCHEMAS = Schemas()

QUERIES = named_queries()

#: With these rows, and each table's first one twice, each check finds something.
WRONG = """
    insert into label_studio.tasks (id, project_id, _dlt_load_id) values (8, 9, 'no number'), (9, 9, '1795000000.25');
    insert into label_studio.deleted_tasks (task_id, detected_at) values (8, '2026-11-20 10:00:00.5+00');
    insert into label_studio.deleted_tasks (task_id, detected_at) values (9, '2026-11-20 10:00:00+00');
    update label_studio.deleted_tasks set last_updated_at = null;
    insert into label_studio.task_meta (task_id, path) values (99, '$.a');
    update label_studio.task_users set project_id = 2;
    update label_studio.drafts set _dlt_load_id = '2';
    update label_studio.annotations set created_at = '2126-01-01 00:00:00+00' where id = 1;
    update label_studio.results set draft_id = 5 where source = 'annotation';
    update label_studio._dlt_loads set inserted_at = now() - interval '9 days';
    delete from label_studio.users;
    update analytics.annotation_labels set in_config = false
"""


@pytest.fixture(scope="module")
def sample() -> Iterator[Analytics]:
    """The sample, and odd rows."""
    analytics = odd_sample()
    yield analytics
    analytics.connection.close()


@pytest.fixture(scope="module")
def client(sample: Analytics, postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The same in PostgreSQL, with the views."""
    copy_tables(sample, postgres_url)
    with client_of(postgres_url, tmp_path_factory.mktemp("pipelines")) as client:
        deploy_views(client, SCHEMAS)
        yield client


@pytest.fixture
def empty(postgres: PostgresServer, tmp_path: Path) -> Iterator[Any]:
    """A warehouse without rows in PostgreSQL, without views yet."""
    url = postgres.new_database()
    analytics = Analytics()
    copy_tables(analytics, url)
    analytics.connection.close()
    with client_of(url, tmp_path) as client:
        yield client


@pytest.mark.parametrize("view", views(), ids=lambda view: view.name)
def test_a_view_has_the_same_rows(sample: Analytics, client: Any, view: Definition) -> None:
    """Value by value, in columns of the same types."""
    types = column_types(sample.connection, SCHEMAS.analytics, view.name, "postgres")
    assert view_types(client, view.name) == types
    query = f"select * from analytics.{view.name}"
    assert assert_same_rows(client.execute_sql(query), sample.rows(query)) > 0


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_days_are_those_of_utc(sample: Analytics, client: Any, zone: str) -> None:
    """Whatever the session's time zone is."""
    client.execute_sql(f"set timezone = '{zone}'")
    try:
        for view in ("annotator_daily", "throughput_daily", "remaining_tasks", "task_overview", "label_drift"):
            query = f"select * from analytics.{view}"
            assert_same_rows(client.execute_sql(query), sample.rows(query))
    finally:
        client.execute_sql("set timezone = 'UTC'")


@pytest.fixture(scope="module")
def wrong(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Analytics, Any]]:
    """A warehouse in which all is wrong, in DuckDB and in PostgreSQL."""
    analytics = good()
    for table in TABLES.values():
        first = f"select * from label_studio.{table.name} order by {', '.join(table.key)} limit 1"
        analytics.connection.execute(f"insert into label_studio.{table.name} {first}")
    analytics.connection.execute(WRONG)
    url = postgres.new_database()
    copy_tables(analytics, url)
    with client_of(url, tmp_path_factory.mktemp("pipelines")) as client:
        yield analytics, client
    analytics.connection.close()


@pytest.mark.parametrize("path", sorted(CHECKS.glob("*.sql")), ids=lambda path: path.stem)
def test_a_check_finds_the_same(wrong: tuple[Analytics, Any], path: Path) -> None:
    """Plain names of tables are found in the dataset."""
    analytics, client = wrong
    text = path.read_text(encoding="utf-8")
    analytics.connection.execute("set schema = 'label_studio'")
    assert assert_same_rows(client.execute_sql(carried(text, "postgres")), analytics.rows(text)) > 0


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_saved_query_has_the_same_rows(sample: Analytics, client: Any, query: NamedQuery) -> None:
    """In their order, with values in the place of its parameters."""
    values = query.values(EXAMPLES.get(query.name, {}))
    rows = sample.rows(query.sql, **values)
    sql = re.sub(r"(?<!:):([a-z_]+)", lambda found: _literal(values[found[1]]), carried(query.sql, "postgres"))
    assert assert_same_rows(client.execute_sql(sql), rows) > 0


def _literal(value: Any) -> str:
    return "null" if value is None else literal(value) if isinstance(value, str) else str(value)


def test_views_and_columns_say_what_they_mean(client: Any) -> None:
    """As they do in DuckDB; 50 % stays 50 %."""
    for view in views():
        name = f"'analytics.{view.name}'::regclass"
        assert client.execute_sql(f"select obj_description({name})") == [(view.description,)]
        columns = client.execute_sql(
            f"select attname, col_description(attrelid, attnum) from pg_attribute where attrelid = {name}"
        )
        assert dict(columns) == view.columns


def _made(client: Any) -> dict[str, int]:
    """The views with their ids, which one that is made anew does not keep."""
    query = "select relname, oid::bigint from pg_class where relkind = 'v' and relnamespace = 'analytics'::regnamespace"
    return dict(client.execute_sql(query))


def _with(monkeypatch: pytest.MonkeyPatch, name: str, old: str, new: str) -> None:
    """Lets the views be deployed as if one had another text."""
    changed = [each._replace(sql=each.sql.replace(old, new)) if each.name == name else each for each in views()]
    monkeypatch.setattr(module, "views", lambda: changed)


def test_views_are_made_once(empty: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that changed is replaced, one that was dropped is made again; the others are left alone."""
    deploy_views(empty, SCHEMAS)
    made = _made(empty)
    assert made.keys() == {view.name for view in views()}
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.dialects.carried", None)
        deploy_views(empty, SCHEMAS)
    _with(monkeypatch, "agreement_pairs", "source_b = 'annotation'", "source_b = 'prediction'")
    empty.execute_sql("drop view analytics.regions")
    deploy_views(empty, SCHEMAS)
    found = _made(empty)
    assert {name for name in made if found[name] != made[name]} == {"regions"}
    [(text,)] = empty.execute_sql("select pg_get_viewdef('analytics.agreement_pairs'::regclass)")
    assert "'prediction'" in text


def test_a_view_with_other_columns_is_made_anew(empty: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """So are those of ours that read it; one of a user's that reads another view stays."""
    deploy_views(empty, SCHEMAS)
    empty.execute_sql("create view public.mine as select * from analytics.agreement_pairs")
    made = _made(empty)
    _with(monkeypatch, "throughput_daily", "    days.day,", "    days.day, 1 as one,")
    deploy_views(empty, SCHEMAS)
    found = _made(empty)
    assert {name for name in made if found[name] != made[name]} == {"throughput_daily", "remaining_tasks"}
    assert "one" in view_types(empty, "throughput_daily")
    assert empty.execute_sql("select count(*) from public.mine") == [(0,)]


@pytest.mark.parametrize("kind", ["view", "materialized view"])
def test_views_of_users_are_not_dropped(empty: Any, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """An error names them, and nothing has changed."""
    deploy_views(empty, SCHEMAS)
    empty.execute_sql(f'create {kind} analytics."Mine" as select * from analytics.remaining_tasks')
    made = _made(empty)
    _with(monkeypatch, "throughput_daily", "    days.day,", "    days.day, 1 as one,")
    with pytest.raises(ViewsInUse, match=r'they are read by analytics\."Mine": drop what reads them, run again'):
        deploy_views(empty, SCHEMAS)
    with pytest.raises(ViewsInUse):
        drop_views(empty, SCHEMAS)
    assert _made(empty) == made
    assert "one" not in view_types(empty, "throughput_daily")


def test_all_views_are_changed_or_none(empty: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one of them makes no sense to PostgreSQL, the one before it is not there either."""
    _with(monkeypatch, "throughput_daily", "    days.day,", "    days.no_such_column,")
    with pytest.raises(DatabaseException, match="no_such_column"):
        deploy_views(empty, SCHEMAS)
    assert _made(empty) == {}
    monkeypatch.undo()
    deploy_views(empty, SCHEMAS)
    drop_views(empty, SCHEMAS)
    assert _made(empty) == {}


def test_two_datasets_have_views_of_their_own(postgres: PostgresServer, tmp_path: Path) -> None:
    """In one database."""
    url = postgres.new_database()
    for dataset in ("label_studio", "photos"):
        analytics = Analytics(dataset)
        analytics.insert("projects", id=1, title=dataset)
        copy_tables(analytics, url)
        analytics.connection.close()
        with client_of(url, tmp_path, dataset) as client:
            deploy_views(client, Schemas.of(dataset))
    with client_of(url, tmp_path) as client:
        for schema, title in (("analytics", "label_studio"), ("photos_analytics", "photos")):
            rows = client.execute_sql(f"select project_title from {schema}.project_progress")
            assert rows == [(title,)]
