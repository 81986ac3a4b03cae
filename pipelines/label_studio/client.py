"""HTTP: raw tasks, projects and users of a Label Studio server."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import msgspec
from aiolimiter import AsyncLimiter

from .answers import GATEWAY_TIMEOUT, Items, Page, Passing, TaskHead, check, read
from .auth import auth_for
from .exceptions import ConfigurationError, NotFound, RequestFailed, Unreachable, WrongAddress
from .report import Report
from .retrying import Retrying, wanted_wait
from .selection import Piece

#: A page of several tasks that is larger is given up, to be asked for in halves: bytes.
MAX_PAGE_BYTES = 64 * 2**20

#: The list as Get task has it: people as objects, original URLs (a resolved one expires and carries credentials),
#: and without the two texts that Get task leaves empty and that cost the server most.
_LIKE_GET_TASK = {
    "fields": "all",
    "expand": "annotations.completed_by",
    "resolve_uri": "false",
    "omit": "annotations_results,predictions_results",
}

_IDS_ONLY = {"include": "id", "resolve_uri": "false"}


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
        connections: int = 4,
        requests_per_second: float | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = server_url(url)
        self._report = report
        self._retry = Retrying(report, attempts)
        self._timeout = timeout
        self._slots = asyncio.Semaphore(connections)
        self._limiter = AsyncLimiter(1, 1 / requests_per_second) if requests_per_second else None
        self._http = httpx.AsyncClient(
            auth=auth_for(self.url, _token(api_key)),
            headers={"User-Agent": _user_agent(), "Accept": "application/json"},
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0), pool=None),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            follow_redirects=True,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await self._http.__aexit__(*exc_info)

    async def server_version(self) -> str:
        """The release of the server. Raises WrongAddress where it is no Label Studio."""
        try:
            answer = await self._get("/api/version", {}, dict[str, Any])
        except NotFound as error:
            raise WrongAddress(f"{self.url} answers, but is no Label Studio ({error}): check the address") from error
        release = answer.get("release") or answer.get("version")
        if not isinstance(release, str):
            raise WrongAddress(f"{self.url} answers, but names no release of Label Studio: check the address")
        return release

    async def task(self, task_id: int) -> bytes:
        """A task as Get task gives it, with original URLs. Raises NotFound."""
        raw = await self._get(f"/api/tasks/{task_id}", {"resolve_uri": "false"}, msgspec.Raw)
        return bytes(raw)

    async def drafts(self, task_id: int) -> bytes:
        """The drafts of all users for a task, a JSON list. Raises NotFound."""
        return bytes(await self._get(f"/api/tasks/{task_id}/drafts", {}, msgspec.Raw))

    async def page(self, project_id: int, piece: Piece, size: int) -> tuple[int, list[tuple[TaskHead, bytes]]]:
        """How many tasks of a project there are in a piece, and the first `size` of them by id, whole.

        Raises RequestFailed where the page takes too long or is too large.
        """
        params = {"project": project_id, "page_size": size, "query": _query(piece), **_LIKE_GET_TASK}
        page = await self._get("/api/tasks", params, Page, many=size > 1)
        tasks = [(read(task, TaskHead), bytes(task)) for task in page.tasks]
        _expect([head.id for head, _ in tasks], piece)
        return page.total, tasks

    async def count(self, project_id: int, piece: Piece, *, newest: bool = False) -> tuple[int, int | None]:
        """How many tasks of a project there are in a piece, and the lowest (`newest`: the highest) of their ids."""
        params = {"project": project_id, "page_size": 1, "query": _query(piece, newest=newest), **_IDS_ONLY}
        page = await self._get("/api/tasks", params, Page)
        return page.total, read(page.tasks[0], TaskHead).id if page.tasks else None

    async def project_ids(self) -> list[int]:
        """The ids of all projects that the token can see."""
        return [read(project, TaskHead).id async for project in self._items("/api/projects", {"include": "id"})]

    async def project(self, project_id: int) -> bytes:
        """A project. Raises NotFound."""
        return bytes(await self._get(f"/api/projects/{project_id}", {}, msgspec.Raw))

    async def users(self) -> list[bytes]:
        """The users of the organisation."""
        return [bytes(user) async for user in self._items("/api/users", {})]

    async def _items(self, path: str, params: Mapping[str, Any]) -> AsyncIterator[msgspec.Raw]:
        page = 1
        while True:
            answer = await self._get(path, {**params, "page": page, "page_size": 100}, Items | list[msgspec.Raw])
            for item in answer if isinstance(answer, list) else answer.results:
                yield item
            if isinstance(answer, list) or not answer.next:
                return
            page += 1

    async def _get(self, path: str, params: Mapping[str, Any], type_: Any, *, many: bool = False) -> Any:
        async def once() -> Any:
            return read(await self._body(path, params, many), type_)

        return await self._retry(f"GET {path}", once)

    async def _body(self, path: str, params: Mapping[str, Any], many: bool) -> bytes:
        """The body of a successful answer. Of a page of several tasks, what takes too long is not tried again."""
        async with self._slots:
            if self._limiter:
                await self._limiter.acquire()
            self._report.requests += 1
            return await self._send(path, params, many)

    async def _send(self, path: str, params: Mapping[str, Any], many: bool) -> bytes:
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._http.stream("GET", self.url + path, params=params) as response,
            ):
                body = await self._read(response, MAX_PAGE_BYTES if many else None)
            if many and response.status_code == GATEWAY_TIMEOUT:
                raise RequestFailed("the server answers 504: a proxy before it gave up waiting")
            check(response, body, wanted_wait(response.headers))
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout) as error:
            slow = RequestFailed(f"no complete answer within {self._timeout:g} s")
            raise (slow if many else Passing(slow, tries=3)) from error
        except httpx.HTTPError as error:
            raise _failure(error, self.url) from error
        return body

    async def _read(self, response: httpx.Response, limit: int | None) -> bytes:
        parts = []
        size = 0
        try:
            async for part in response.aiter_bytes():
                parts.append(part)
                size += len(part)
                if limit and size > limit:
                    raise RequestFailed(f"the answer is larger than {limit:,} bytes")
        finally:
            self._report.bytes += response.num_bytes_downloaded or size
        return b"".join(parts)


def server_url(url: str) -> str:
    """The address without a slash at its end. Raises ConfigurationError where it can't be one of a server."""
    url = url.strip()
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"{url!r} is no address of a server: write it as https://label-studio.example.com")
    if parts.username or parts.password:
        raise ConfigurationError(
            "the address holds a user name or password: leave them out, the token says who you are"
        )
    if parts.query or parts.fragment:
        raise ConfigurationError(f"the address {url} goes on after its path: leave out what follows ? or #")
    return url.rstrip("/")


def _token(api_key: str) -> str:
    token = api_key.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(
            "LABEL_STUDIO_API_KEY is empty or holds characters that no token has: copy it again from Label Studio,"
            " under Account & Settings"
        )
    return token


def _query(piece: Piece, *, newest: bool = False) -> str:
    query = {
        "filters": {"conjunction": "and", "items": [piece.filter()]},
        "ordering": ["-tasks:id" if newest else "tasks:id"],
    }
    return json.dumps(query, separators=(",", ":"))


def _expect(ids: list[int], piece: Piece) -> None:
    if any(task_id not in piece for task_id in ids) or any(a >= b for a, b in pairwise(ids)):
        raise RequestFailed("the server's list holds tasks that were not asked for, or not in the order of their ids")


def _failure(error: httpx.HTTPError, url: str) -> Exception:
    if isinstance(error, httpx.UnsupportedProtocol | httpx.TooManyRedirects):
        return WrongAddress(f"{url} leads nowhere ({error}): check the address")
    causes = _causes(error)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return ConfigurationError(
            f"the certificate of {url} can't be verified: name the file of your CA in SSL_CERT_FILE"
        )
    if isinstance(error, httpx.HTTPStatusError):
        return Passing(RequestFailed(f"the server answers {error.response.status_code} to the token renewal"))
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        return Passing(Unreachable(f"no connection to {url} ({error or type(error).__name__})"))
    # an answer too long for something in between can break in the same way: half a page may come through
    return Passing(RequestFailed(f"the connection to {url} broke ({error or type(error).__name__})"), tries=4)


def _causes(error: BaseException) -> list[BaseException]:
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return causes


def _user_agent() -> str:
    try:
        return f"label-studio-warehouse/{version('label-studio-warehouse')}"
    except PackageNotFoundError:
        return "label-studio-warehouse"
