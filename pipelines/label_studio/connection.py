"""Requests: one try of each within its time, what its failure means, and another try where one may help."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Self, TypeVar

import httpx
from aiolimiter import AsyncLimiter

from .address import origin, server_url, token
from .answers import Passing, check, without
from .auth import auth_for
from .exceptions import ConfigurationError, RequestFailed, Unreachable, WrongAddress
from .pace import Pace
from .report import Report
from .retrying import Retrying, http_date, wanted_wait

T = TypeVar("T")

#: A page of several tasks that is larger is given up, to be asked for in halves: bytes.
MAX_PAGE_BYTES = 64 * 2**20


class Connection:
    """GET requests to one server, with its token. An async context manager.

    `timeout` is for a whole request, in seconds; `attempts` are all tries of one. Raises ConfigurationError where
    the address, the token, or what the environment says about proxies and certificates can't be used.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        report: Report,
        *,
        timeout: float,
        attempts: int,
        connections: int | None,
        requests_per_second: float | None,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        if min(timeout, attempts, 1 if connections is None else connections) <= 0 or (requests_per_second or 0) < 0:
            raise ConfigurationError("workers, timeout and attempts must be more than 0, requests per second not less")
        self.url = server_url(url)
        self._api_key = token(api_key)
        self._report = report
        self._retry = Retrying(report, attempts)
        self._timeout = timeout
        #: how many requests are in flight at once
        self.pace = Pace(connections)
        self._limiter = AsyncLimiter(1, 1 / requests_per_second) if requests_per_second else None
        self._proven = False
        #: the first moment that the server named, by its own clock; None before, or where it names none
        self.began: datetime | None = None
        settings: dict[str, Any] = {
            "auth": auth_for(self.url, self._api_key),
            "headers": {"User-Agent": _user_agent(), "Accept": "application/json"},
            "timeout": httpx.Timeout(timeout, connect=min(timeout, 10.0), pool=None),
            "limits": httpx.Limits(max_connections=self.pace.most, max_keepalive_connections=self.pace.most),
            "transport": transport,
        }
        self._http = _open(settings)

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await self._http.__aexit__(*exc_info)

    async def get(
        self,
        path: str,
        params: Mapping[str, Any],
        parse: Callable[[bytes], T],
        *,
        many: bool = False,
        signed: bool = True,
    ) -> T:
        """What `parse` makes of the answer; it may raise Passing.

        `many`: of a page of several tasks, what takes too long is not tried again. Without `signed`, no token goes
        with it. Raises LabelStudioError.
        """

        async def once() -> T:
            try:
                result = parse(await self._body(path, params, many, signed))
            except WrongAddress as error:
                if not self._proven:
                    raise
                # it has answered before: this is a proxy whose server starts anew
                raise Passing(WrongAddress(str(error))) from error
            self._proven = True
            return result

        return await self._retry(f"GET {path}", once)

    async def _body(self, path: str, params: Mapping[str, Any], many: bool, signed: bool) -> bytes:
        async with self.pace.slot(page=many):
            if self._limiter:
                await self._limiter.acquire()
            self._report.requests += 1
            clock = asyncio.get_running_loop().time
            begun = clock()
            try:
                body = await self._send(path, params, many, signed)
            except (Passing, RequestFailed):
                self.pace.trouble(begun, clock())
                raise
            if many:
                self.pace.page(begun, clock(), len(body))
            return body

    async def _send(self, path: str, params: Mapping[str, Any], many: bool, signed: bool) -> bytes:
        auth = httpx.USE_CLIENT_DEFAULT if signed else None
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._http.stream("GET", self.url + path, params=params, auth=auth) as response,
            ):
                self._expect_no_move(response, path)
                body = await self._read(response, MAX_PAGE_BYTES if many else None)
            if not response.is_success:
                sent = response.request.headers.get("Authorization", "").rpartition(" ")[2]
                body = without(body, self._api_key, sent)
            check(response, body, wanted_wait(response.headers), many=many)
            self.began = self.began or http_date(response.headers.get("date", ""))
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

    def _expect_no_move(self, response: httpx.Response, path: str) -> None:
        """Raises WrongAddress where another server answers: the token is not sent there."""
        there = origin(response.url)
        if there == origin(httpx.URL(self.url)):
            return
        if response.url.path.rstrip("/").endswith(path):
            raise WrongAddress(f"{self.url} leads on to {there}: give that address")
        raise WrongAddress(f"{self.url} leads on to {there}, maybe to log in: the API must be reachable with a token")


def _open(settings: dict[str, Any]) -> httpx.AsyncClient:
    try:
        return httpx.AsyncClient(follow_redirects=True, **settings)
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
        # the text may hold a proxy's password
        raise ConfigurationError(
            "the proxies or certificates that the environment names can't be used"
            f" ({type(error).__name__}): check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR"
        ) from None


def _failure(error: httpx.HTTPError, url: str) -> Exception:
    if isinstance(error, httpx.UnsupportedProtocol | httpx.TooManyRedirects):
        return WrongAddress(f"{url} leads nowhere ({type(error).__name__}): check the address")
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ConfigurationError(
                f"the certificate of {url} can't be verified ({cause.verify_message}): where your own CA signs it,"
                " name the CA's file in SSL_CERT_FILE"
            )
    said = str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        return Passing(Unreachable(f"no connection to {url} ({said})"))
    # an answer too long for something in between can break in the same way: half a page may come through
    return Passing(RequestFailed(f"the connection to {url} broke ({said})"), tries=4)


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
