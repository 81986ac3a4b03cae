"""What Label Studio is asked for: raw tasks, projects and users."""

import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple, Self, TypeVar

import httpx
import msgspec

from .answers import Entry, Items, Page, Passing, TaskHead, read, read_object
from .connection import Connection
from .exceptions import AccessDenied, NotFound, RequestFailed, WrongAddress
from .pace import Pace
from .pieces import Piece
from .report import Report

#: The list as Get task has it: people as objects, original URLs (a resolved one expires and carries credentials),
#: and without the two texts that Get task leaves empty and that cost the server most.
_LIKE_GET_TASK = {
    "fields": "all",
    "expand": "annotations.completed_by",
    "resolve_uri": "false",
    "omit": "annotations_results,predictions_results",
}

#: Some lists have pages, some don't.
_LIST: Any = Items | list[msgspec.Raw]

_IDS_ONLY = {"include": "id", "resolve_uri": "false"}

#: What tells a changed task, and nothing that makes the server read annotations or predictions.
_INVENTORY = {
    "fields": "all",
    "include": ",".join(Entry.__struct_fields__),
    "omit": "annotations,predictions,drafts,annotations_results,predictions_results",
    "resolve_uri": "false",
}


Listed = TypeVar("Listed", TaskHead, Entry)


class Client:
    """A Label Studio server, as one run sees it. An async context manager.

    `timeout` is for a whole request, in seconds; `attempts` are all tries of one. Raises ConfigurationError where
    the address or the token can't be one.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        report: Report,
        *,
        timeout: float = 90.0,
        attempts: int = 6,
        connections: int | None = None,
        requests_per_second: float | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._connection = Connection(
            url,
            api_key,
            report,
            timeout=timeout,
            attempts=attempts,
            connections=connections,
            requests_per_second=requests_per_second,
            transport=transport,
        )
        self._get = self._connection.get

    @property
    def pace(self) -> Pace:
        """How many requests are in flight at once: `connections`, else as many as make the server faster."""
        return self._connection.pace

    @property
    def url(self) -> str:
        """The server's address, without a slash at its end."""
        return self._connection.url

    async def __aenter__(self) -> Self:
        await self._connection.__aenter__()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await self._connection.__aexit__(*exc_info)

    @property
    def began(self) -> datetime | None:
        """The moment of the first answer, by the server's clock; None where its answers name no date."""
        return self._connection.began

    async def server_version(self) -> str:
        """The release of the server, asked for without the token. Raises WrongAddress where it is no Label Studio."""
        try:
            answer = await self._get("/api/version", {}, _any, signed=False)
        except AccessDenied as error:
            raise AccessDenied(f"something before Label Studio at {self.url} wants a login of its own") from error
        except NotFound as error:
            raise WrongAddress(f"{self.url} answers, but is no Label Studio ({error}): check the address") from error
        release = (answer.get("release") or answer.get("version")) if isinstance(answer, dict) else None
        if not isinstance(release, str):
            raise WrongAddress(f"{self.url} answers, but names no release of Label Studio: check the address")
        return release

    async def task(self, task_id: int) -> tuple[TaskHead, bytes]:
        """A task as Get task gives it, with original URLs. Raises NotFound."""
        return await self._get(f"/api/tasks/{task_id}", {"resolve_uri": "false"}, partial(_task, task_id))

    async def drafts(self, task_id: int) -> bytes:
        """The drafts of all users for a task, a JSON list. Raises NotFound."""
        return await self._get(f"/api/tasks/{task_id}/drafts", {}, _list)

    async def page(
        self, project_id: int, piece: Piece, size: int, since: datetime | None = None
    ) -> tuple[int, list[tuple[TaskHead, bytes]]]:
        """How many tasks of a project there are in a piece, and the first `size` of them by id, whole.

        With `since`, only tasks that changed after that moment. Raises RequestFailed where the page takes too long or
        is too large.
        """
        return await self._list(project_id, TaskHead, _LIKE_GET_TASK, piece, size, since)

    async def count(
        self, project_id: int, piece: Piece, since: datetime | None = None, *, newest: bool = False
    ) -> tuple[int, int | None]:
        """How many tasks of a project there are in a piece, and the lowest (`newest`: the highest) of their ids."""
        total, tasks = await self._list(project_id, TaskHead, _IDS_ONLY, piece, 1, since, newest=newest)
        return total, tasks[0][0].id if tasks else None

    async def inventory(self, project_id: int, piece: Piece, size: int) -> tuple[int, list[Entry]]:
        """How many tasks of a project there are in a piece, and the first `size` of them by id, in outline."""
        total, tasks = await self._list(project_id, Entry, _INVENTORY, piece, size)
        return total, [entry for entry, _ in tasks]

    async def _list(
        self,
        project_id: int,
        kind: type[Listed],
        form: Mapping[str, str],
        piece: Piece,
        size: int,
        since: datetime | None = None,
        *,
        newest: bool = False,
    ) -> tuple[int, list[tuple[Listed, bytes]]]:
        query = _query(piece, since, newest=newest)
        params = {"project": project_id, "page_size": size, "query": query, **form}
        return await self._get("/api/tasks", params, partial(_page, piece, kind), many=size > 1)

    async def project_ids(self) -> list[int]:
        """The ids of all projects that the token can see."""
        found: dict[int, bytes] = {}
        for _ in range(3):
            projects, shifted = await self._all("/api/projects", {"include": "id"})
            found |= projects
            if not shifted:
                break
        return list(found)

    async def project(self, project_id: int) -> bytes:
        """A project. Raises NotFound."""
        _, raw = await self._get(f"/api/projects/{project_id}", {}, read_object)
        return raw

    async def users(self) -> list[bytes]:
        """The users of the organisation."""
        users, _ = await self._all("/api/users", {})
        return list(users.values())

    async def _all(self, path: str, params: Mapping[str, Any]) -> tuple[dict[int, bytes], bool]:
        """All objects of a list by id, and whether it changed between its pages, so that one may have slipped by."""
        found: dict[int, bytes] = {}
        counts = set()
        for page in itertools.count(1):
            try:
                answer = await self._get(path, {**params, "page": page, "page_size": 100}, _items)
            except NotFound:
                if page == 1:
                    raise
                return found, True
            found.update((head.id, raw) for head, raw in answer.objects)
            counts.add(answer.count)
            if answer.is_last:
                break
        return found, len(counts) > 1


class _Objects(NamedTuple):
    objects: list[tuple[TaskHead, bytes]]
    count: Any
    is_last: bool


def _query(piece: Piece, since: datetime | None, *, newest: bool) -> str:
    query = {
        "filters": {"conjunction": "and", "items": [piece.filter(), *([_changed_after(since)] if since else [])]},
        "ordering": ["-tasks:id" if newest else "tasks:id"],
    }
    return json.dumps(query, separators=(",", ":"))


def _changed_after(moment: datetime) -> dict[str, Any]:
    # the server answers 500 to any other way to write a time
    value = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"filter": "filter:tasks:updated_at", "operator": "greater", "type": "Datetime", "value": value}


def _any(body: bytes) -> Any:
    return read(body, object)


def _task(task_id: int, body: bytes) -> tuple[TaskHead, bytes]:
    head, raw = read_object(body)
    if head.id != task_id:
        raise Passing(RequestFailed(f"the server answers with task {head.id}"), tries=3)
    return head, raw


def _list(body: bytes) -> bytes:
    raw = bytes(read(body, msgspec.Raw))
    read(raw, list[msgspec.Raw])
    return raw


def _items(body: bytes) -> _Objects:
    answer = read(body, _LIST)
    items = answer if isinstance(answer, Items) else Items(answer)
    return _Objects(
        [read_object(bytes(item)) for item in items.results], items.count, not (items.next and items.results)
    )


def _page(piece: Piece, kind: type[Listed], body: bytes) -> tuple[int, list[tuple[Listed, bytes]]]:
    page = read(body, Page)
    tasks = [(read(raw, kind), raw) for raw in map(bytes, page.tasks)]
    ids = [head.id for head, _ in tasks]
    if any(task_id not in piece for task_id in ids) or any(a >= b for a, b in itertools.pairwise(ids)):
        raise RequestFailed("the server's list holds tasks that were not asked for, or not in the order of their ids")
    if page.total and not tasks:
        # deleted between the server's two looks at its tasks: there may be others behind them
        raise Passing(RequestFailed(f"the server's list counts {page.total} tasks and holds none"), tries=4)
    return page.total, tasks
