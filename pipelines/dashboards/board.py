"""All that the page shows of a warehouse."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import duckdb

from pipelines.analytics.definitions import Schemas

from .errors import NothingToShow
from .facts import Fact, read_facts, read_list

_LISTS = ("projects", "people", "findings", "disagreements")


class Board(NamedTuple):
    """What a page shows. `loaded_at` is the moment of the newest load."""

    loaded_at: datetime
    facts: dict[str, Fact]
    lists: dict[str, list[dict[str, Any]]]


def read_board(connection: duckdb.DuckDBPyConnection, schemas: Schemas, projects: Collection[int] = ()) -> Board:
    """Reads a warehouse, which it does not change; some projects of it, where any are named.

    Raises NothingToShow where nothing was loaded yet, or a project is not there.
    """
    connection.execute("set timezone = 'UTC'")
    there = expect_views(connection, schemas)
    loaded = connection.execute(f'select max(inserted_at) from "{schemas.dataset}"._dlt_loads where status = 0')
    ((loaded_at,),) = loaded.fetchall()
    if loaded_at is None:
        raise NothingToShow("nothing was loaded yet: run tasks.py once")
    lists = {name: read_list(connection, schemas, name, projects) for name in _LISTS}
    _expect(projects, lists["projects"], connection, schemas)
    facts = read_facts(connection, schemas, projects)
    # of some projects, not the names of those who work in others
    active = set().union(*(facts[name].columns["annotator_id"] for name in ("annotations", "agreement")))
    lists["people"] = [person for person in lists["people"] if person["annotator_id"] in active]
    has_runs = "load_runs" in there
    lists["runs"] = read_list(connection, schemas, "runs") if has_runs else []
    return Board(loaded_at, facts, lists)


def expect_views(connection: duckdb.DuckDBPyConnection, schemas: Schemas) -> set[str]:
    """The names of the dataset's tables. Raises NothingToShow where there are no views of them."""
    query = "select table_name from information_schema.tables where table_schema = $schema"
    names = {
        schema: {name for (name,) in connection.execute(query, {"schema": schema}).fetchall()} for schema in schemas
    }
    if "task_overview" not in names[schemas.analytics]:
        raise NothingToShow(f"there are no views in the schema {schemas.analytics} yet: run tasks.py once")
    return names[schemas.dataset]


def _expect(
    projects: Collection[int], found: list[dict[str, Any]], connection: duckdb.DuckDBPyConnection, schemas: Schemas
) -> None:
    missing = sorted(set(projects) - {project["project_id"] for project in found})
    if missing:
        known = ", ".join(str(project["project_id"]) for project in read_list(connection, schemas, "projects")[:20])
        raise NothingToShow(f"the warehouse has no project {missing[0]}; it has {known or 'none'}")
