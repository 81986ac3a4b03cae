"""Scripted faults for the fake Label Studio: each changes or prevents the answers to the requests it matches.

`FaultyServer(fake, Fault(status(429, retry_after=2), path="/api/tasks", times=2), Fault(refused()))` is a callable
like the fake itself; each request meets the first fault that matches it and is not used up.
"""

import re
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field

import httpx

from pipelines.demo import FakeLabelStudio

Server = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]
Act = Callable[[httpx.Request, Server], Coroutine[None, None, httpx.Response]]

LONE_SURROGATE = rb'"\ud83d"'
NAN = b"NaN"
INFINITY = b"-Infinity"
INVALID_UTF8 = b'"\xff\xfe"'
SCALAR = rb'(?:"(?:[^"\\]|\\.)*"|[^,}\]\[{]+)'


@dataclass
class Fault:
    """What `act` does to the next `times` requests whose path and parameters match, after letting `skip` pass."""

    act: Act
    path: str = ""
    params: dict[str, str] = field(default_factory=dict)
    times: int = 1
    skip: int = 0
    method: str = "GET|POST"

    def takes(self, request: httpx.Request) -> bool:
        """Whether this request is one to act on; counts it."""
        query = request.url.params
        fits = re.search(self.path, request.url.path) and re.fullmatch(self.method, request.method)
        if not fits or any(query.get(key) != value for key, value in self.params.items()):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return self.times >= 0


class FaultyServer:
    """A fake Label Studio behind a script of faults; `requests` holds every request, failed ones included."""

    def __init__(self, fake: FakeLabelStudio, *faults: Fault) -> None:
        self.fake = fake
        self.faults = list(faults)
        self.requests: list[httpx.Request] = []

    def script(self, *faults: Fault) -> None:
        """Add faults to the end of the script."""
        self.faults.extend(faults)

    @property
    def pending(self) -> int:
        """How often the script would still strike."""
        return sum(max(0, fault.times) for fault in self.faults)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, through the first fault that takes it."""
        self.requests.append(request)
        fault = next((fault for fault in self.faults if fault.takes(request)), None)
        return await (fault.act(request, self.fake) if fault else self.fake(request))


def answer(response: Callable[[], httpx.Response]) -> Act:
    """Give a ready answer; the server is not asked."""

    async def act(_: httpx.Request, __: Server) -> httpx.Response:
        return response()

    return act


def status(code: int, *, retry_after: int | str | None = None, reset: int | str | None = None) -> Act:
    """An error with an HTML body as a proxy gives it; `retry_after` in seconds or as an HTTP date."""
    headers = {"Retry-After": retry_after, "X-RateLimit-Reset": reset}
    given = {name: str(value) for name, value in headers.items() if value is not None}
    page = f"<html><body><h1>{code}</h1></body></html>"
    return answer(lambda: httpx.Response(code, html=page, headers=given))


def html_page(code: int = 200) -> Act:
    """A web page where JSON is due: a login page with 200, or the page of a wrong address with 404."""
    return answer(lambda: httpx.Response(code, html="<!doctype html><html><body>Label Studio</body></html>"))


def fails(error: type[httpx.TransportError], text: str) -> Act:
    """A transport error before any answer."""

    async def act(request: httpx.Request, _: Server) -> httpx.Response:
        raise error(text, request=request)

    return act


def refused() -> Act:
    """Nobody listens at the address."""
    return fails(httpx.ConnectError, "All connection attempts failed")


def timed_out() -> Act:
    """No answer within the client's patience."""
    return fails(httpx.ReadTimeout, "")


def dropped(after: int = 100, error: type[httpx.TransportError] = httpx.RemoteProtocolError) -> Act:
    """The answer breaks off after some bytes: with `httpx.ReadTimeout` it is a body that became too slow."""

    async def act(request: httpx.Request, server: Server) -> httpx.Response:
        whole = await server(request)

        async def body() -> AsyncIterator[bytes]:
            yield whole.content[:after]
            raise error("peer closed connection without sending complete message body", request=request)

        return httpx.Response(whole.status_code, content=body(), headers={"Content-Type": "application/json"})

    return act


def edited(change: Callable[[bytes], bytes]) -> Act:
    """The true answer with its bytes changed; the content length fits the changed bytes."""

    async def act(request: httpx.Request, server: Server) -> httpx.Response:
        whole = await server(request)
        headers = {key: value for key, value in whole.headers.items() if key != "content-length"}
        return httpx.Response(whole.status_code, content=change(whole.content), headers=headers)

    return act


def truncated(keep: float = 0.5) -> Act:
    """JSON that ends in the middle although the connection ended well."""
    return edited(lambda body: body[: int(len(body) * keep)])


def raw_value(key: str, raw: bytes, count: int = 1) -> Act:
    """The first `count` scalar values of `key` replaced by raw bytes such as `NAN` or `LONE_SURROGATE`."""
    pattern = re.compile(rb'("' + re.escape(key.encode()) + rb'":)' + SCALAR)
    return edited(lambda body: pattern.sub(lambda found: found[1] + raw, body, count=count))


def before(hook: Callable[[], object]) -> Act:
    """Something happens on the server just before it answers, such as the deletion of tasks."""

    async def act(request: httpx.Request, server: Server) -> httpx.Response:
        hook()
        return await server(request)

    return act


def expired(fake: FakeLabelStudio) -> Act:
    """The access token in use runs out just before this request."""
    return before(fake.tokens.expire_access)


def holding(task_ids: set[int], act: Act) -> Act:
    """`act` on the whole tasks of these ids, alone or in a page; other answers, and mere ids, stay as they are."""

    async def act_on(request: httpx.Request, server: Server) -> httpx.Response:
        whole = await server(request)
        body = whole.json()
        rows = body.get("tasks", [body]) if isinstance(body, dict) else []
        met = whole.is_success and any(row.get("id") in task_ids and "data" in row for row in rows)
        return await act(request, server) if met else whole

    return act_on
