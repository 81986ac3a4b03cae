"""Does a warehouse hold what the real Label Studio gives? All rows of all tables, whatever way they came there.

What is expected is asked for anew each time, with a plain client and by the list of tasks, and flattened: no cursor,
no plan, no merge and no dlt has a part in it. `fidelity` holds single tasks against the API without the flattening.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import duckdb
import httpx
import msgspec
import pyarrow as pa
from fidelity import Rows, differences
from loading import Warehouse
from real_label_studio import CERTIFICATES, RealLabelStudio

from pipelines.analytics import refresh
from pipelines.analytics.definitions import kept_tables
from pipelines.checks import CHECKS
from pipelines.label_studio.flatten import Flattener, RawTask
from pipelines.label_studio.labeling_config import as_table, offered_labels
from pipelines.label_studio.tables import TABLES

#: The rows of a table, by key; a key that a row was doubled under has two.
Keyed = dict[tuple[Any, ...], list[dict[str, Any]]]

#: The rows of all tables.
Contents = dict[str, Keyed]

#: Held against what was deleted, not against what is there.
DELETED = "deleted_tasks"

#: Moved by the very requests that look at it.
_MOVING = {("users", "last_activity")}

#: Joined by the server in no stable order.
_UNORDERED = {("tasks", "annotations_ids"), ("tasks", "predictions_model_versions")}

_LIST = {
    "fields": "all",
    "expand": "annotations.completed_by",
    "resolve_uri": "false",
    "omit": "annotations_results,predictions_results",
}

_PAGE_SIZE = 1000


class _Head(msgspec.Struct):
    id: int
    draft_exists: bool


class _Page(msgspec.Struct):
    total: int
    tasks: list[msgspec.Raw]


class Opened(Warehouse):
    """A DuckDB file that a run has left, open for reading only."""

    def __enter__(self) -> Self:
        self.connection = duckdb.connect(str(self.path), read_only=True)
        return self


class Server:
    """The real Label Studio over connections that stay open, one for each user; the plain one is the admin's."""

    def __init__(self, server: RealLabelStudio) -> None:
        self.users = (server.user_id, server.other_user_id)
        self._clients = [_client(server, token) for token in (server.legacy_token, server.other_legacy_token)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for client in self._clients:
            client.close()

    def api(self, method: str, path: str, content: object = None, *, user: int = 0) -> Any:
        """The JSON answer of one call; None where there is none. `user` is 0, the admin, or 1."""
        answer = self._clients[user].request(method, path, json=content)
        # one user's session must not go along with what a token asks for
        self._clients[user].cookies.clear()
        if not answer.is_success:
            message = f"{method} {path}: {answer.status_code} {answer.text[:500]}"
            raise httpx.HTTPStatusError(message, request=answer.request, response=answer)
        return answer.json() if answer.content else None

    def raw(self, path: str, **params: str | int) -> bytes:
        """The body of an answer."""
        return self._clients[0].get(path, params=params).raise_for_status().content


def _client(server: RealLabelStudio, token: str) -> httpx.Client:
    headers = {"Authorization": server.authorization(token)}
    return httpx.Client(base_url=server.url, headers=headers, timeout=120, trust_env=False, verify=CERTIFICATES)


def on_server(server: Server, project_ids: Iterable[int]) -> Contents:
    """What the tables are to hold of these projects, by what the server gives now."""
    flattener = Flattener()
    try:
        raw = {project_id: server.raw(f"/api/projects/{project_id}") for project_id in project_ids}
        tables = flattener.tasks([task for project_id in raw for task in _tasks(server, project_id)])
        assert not flattener.unreadable, flattener.unreadable
        tables["users"] = flattener.users(map(bytes, msgspec.json.decode(server.raw("/api/users"), type=_RAW)))
        tables["projects"] = flattener.projects(list(raw.values()))
    finally:
        flattener.close()
    configs = [(project_id, json.loads(body)["label_config"]) for project_id, body in raw.items()]
    tables["project_labels"] = as_table([label for each in configs for label in offered_labels(*each)])
    return {name: keyed(name, _records(rows)) for name, rows in tables.items()}


_RAW = list[msgspec.Raw]


def _tasks(server: Server, project_id: int) -> Iterator[RawTask]:
    page = _page(server, project_id, 1)
    pages = [page, *(_page(server, project_id, number) for number in range(2, -(-page.total // _PAGE_SIZE) + 1))]
    tasks = [bytes(raw) for page in pages for raw in page.tasks]
    assert len(tasks) == page.total
    for raw in tasks:
        head = msgspec.json.decode(raw, type=_Head)
        drafts = server.raw(f"/api/tasks/{head.id}/drafts") if head.draft_exists else None
        yield RawTask(head.id, project_id, raw, drafts)


def _page(server: Server, project_id: int, number: int) -> _Page:
    listed = server.raw("/api/tasks", project=project_id, page=number, page_size=_PAGE_SIZE, **_LIST)
    return msgspec.json.decode(listed, type=_Page)


def _records(rows: pa.Table) -> list[dict[str, Any]]:
    return list(rows.to_pylist())


def in_warehouse(warehouse: Warehouse) -> Contents:
    """What the tables hold."""
    return {
        name: keyed(name, warehouse.records(f"select {_columns(name)} from {name}"))
        for name in TABLES
        if name != DELETED
    }


def _columns(name: str) -> str:
    return ", ".join(f'"{column.name}"' for column in TABLES[name].columns)


def keyed(name: str, rows: Iterable[dict[str, Any]]) -> Keyed:
    """The rows of a table by their key, as far as they can be compared."""
    found: Keyed = {}
    for row in rows:
        found.setdefault(tuple(row[column] for column in TABLES[name].key), []).append(_comparable(name, row))
    return found


def _comparable(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return {
        column.name: _comparable_value(name, column.name, column.type, row[column.name])
        for column in TABLES[name].columns
        if (name, column.name) not in _MOVING
    }


def _comparable_value(table: str, column: str, kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "json":
        return json.dumps(json.loads(value), sort_keys=True)
    return sorted(value.split(",")) if (table, column) in _UNORDERED else value


def unlike(found: Contents, expected: Contents) -> list[str]:
    """Where two contents differ, a line for each key."""
    return [
        f"{name} {key}: {_told(found[name].get(key, []), expected[name].get(key, []))}"
        for name in expected
        for key in sorted({*found[name], *expected[name]}, key=repr)
        if found[name].get(key) != expected[name].get(key)
    ]


def _told(found: Sequence[dict[str, Any]], expected: Sequence[dict[str, Any]]) -> str:
    if len(found) != 1 or len(expected) != 1:
        return f"{len(found)} rows for {len(expected)}"
    [row], [due] = found, expected
    return ", ".join(f"{column} {row[column]!r} for {due[column]!r}" for column in due if row[column] != due[column])


def only_tasks(contents: Contents, task_ids: Iterable[int]) -> Contents:
    """The rows that belong to some tasks."""
    wanted = set(task_ids)
    return {
        name: {key: rows for key, rows in contents[name].items() if rows[0][of_task] in wanted}
        for name, of_task in _TASK_COLUMNS.items()
    }


_TASK_COLUMNS = {
    name: "id" if name == "tasks" else "task_id" for name in TABLES if "tasks" in (name, TABLES[name].parent)
}


def task_ids(contents: Contents) -> set[int]:
    """The tasks in a content."""
    return {key[0] for key in contents["tasks"]}


def broken_checks(warehouse: Warehouse) -> list[str]:
    """The checks of sql/checks that find something, warnings left out, and a lease that nobody gave back."""
    found = []
    for path in sorted(CHECKS.glob("assert_*.sql")):
        text = path.read_text(encoding="utf-8")
        if "severity: error" in text and (rows := warehouse.rows(text)):
            found.append(f"{path.stem}: {rows[:5]}")
    leases = warehouse.rows("select * from run_lease")
    return [*found, *(f"run_lease: {lease}" for lease in leases)]


def infidelities(warehouse: Warehouse, server: Server, some: Iterable[int]) -> list[str]:
    """What the warehouse says of some tasks otherwise than Get task does, by the checker that knows no flattening."""
    rows = Rows(warehouse)
    found = []
    for task_id in some:
        task = server.api("GET", f"/api/tasks/{task_id}?resolve_uri=false")
        found += differences(rows, task, server.api("GET", f"/api/tasks/{task_id}/drafts"))
    return found


def unlike_files(one: Path, other: Path) -> list[str]:
    """The tables in which two DuckDB files differ, dlt's own included."""
    with Opened(one) as first, Opened(other) as second:
        tables, others = _table_names(first), _table_names(second)
        if tables != others:
            return [f"tables {sorted(tables ^ others)}"]
        return [name for name in sorted(tables) if _all_rows(first, name) != _all_rows(second, name)]


def _table_names(warehouse: Warehouse) -> set[str]:
    query = "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_catalog()"
    return {row[0] for row in warehouse.rows(query)}


def _all_rows(warehouse: Warehouse, name: str) -> Counter[str]:
    return Counter(row[0] for row in warehouse.rows(f"select t::varchar from {name} as t"))


def wrong(database: Path, server: Server, project_ids: Iterable[int], some: Iterable[int]) -> list[str]:
    """All that is not as the server has it, nor as a good run leaves it; `some` tasks are looked at twice."""
    readers = database.with_name(f"{database.stem}_readers{database.suffix}")
    found = [f"a file is left: {name}" for name in leftovers(database)]
    found += [f"the readers' copy differs in {name}" for name in unlike_files(database, readers)]
    with Opened(database) as warehouse:
        found += unlike(in_warehouse(warehouse), on_server(server, project_ids))
        found += broken_checks(warehouse)
        # it looks for rows that have to be there
        found += [] if found else infidelities(warehouse, server, some)
    return found


def stale_kept_tables(database: Path) -> list[str]:
    """The kept tables that hold something else than they would, were they all worked out anew."""
    with TemporaryDirectory() as folder:
        copy = shutil.copyfile(database, Path(folder) / "copy.duckdb")
        with Warehouse(copy) as warehouse:
            names = [definition.name for definition in kept_tables()]
            kept = {name: _kept_rows(warehouse, name) for name in names}
            warehouse.connection.execute("drop schema analytics cascade")
            refresh(warehouse.connection)
            return [name for name in names if _kept_rows(warehouse, name) != kept[name]]


def _kept_rows(warehouse: Warehouse, name: str) -> Counter[str]:
    """The rows of a kept table; sums of numbers have no fixed order, and so no fixed last digit."""
    columns = warehouse.rows(
        "select column_name, data_type from duckdb_columns() where schema_name = 'analytics' and table_name = $name",
        name=name,
    )
    chosen = ", ".join(f'round("{column}", 9)' if kind == "DOUBLE" else f'"{column}"' for column, kind in columns)
    return Counter(row[0] for row in warehouse.rows(f"select row({chosen})::varchar from analytics.{name}"))


def wrong_deletions(
    warehouse: Warehouse, due: Counter[tuple[int, int]], possible: Counter[tuple[int, int]]
) -> list[str]:
    """Where `deleted_tasks` has fewer rows of a task and project than are due, or more than there can be."""
    noted = Counter(warehouse.rows("select task_id, project_id from deleted_tasks"))
    return [
        f"deleted_tasks {key}: {noted[key]} rows, {due[key]} to {possible[key]} are due"
        for key in sorted({*noted, *possible})
        if not due[key] <= noted[key] <= possible[key]
    ]


def leftovers(database: Path) -> list[str]:
    """Files beside a database that are neither it nor its readers' copy."""
    kept = {database.name, f"{database.stem}_readers{database.suffix}"}
    return sorted(path.name for path in database.parent.iterdir() if path.name not in kept)
