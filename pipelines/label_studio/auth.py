"""Tokens: the legacy one goes with each request; a personal one is exchanged for access tokens that live 300 s."""

import base64
import json
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import anyio
import httpx
import msgspec

from .answers import Passing, check, read, without
from .exceptions import AccessDenied, NotFound, RequestFailed, Unreachable
from .retrying import wanted_wait

#: Seconds before its end at which an access token is no longer used.
EARLY = 60.0

#: Seconds that an access token lives, where it does not say so itself.
_LIFETIME = 300.0

_NEW_TOKEN = "make a new one in Label Studio under Account & Settings and set LABEL_STUDIO_API_KEY"  # noqa: S105


class _Renewal(msgspec.Struct):
    access: str


def auth_for(url: str, api_key: str, clock: Callable[[], float] = time.monotonic) -> httpx.Auth:
    """How `api_key` is sent: a personal access token is a refresh JWT, anything else is a legacy token.

    Raises AccessDenied for an access token, which a personal one is exchanged for.
    """
    kind = _claims(api_key).get("token_type")
    if kind == "access":
        raise AccessDenied(
            "the token is an access token, which lives for minutes only: set LABEL_STUDIO_API_KEY to the personal"
            " access token itself, from Label Studio under Account & Settings"
        )
    return PersonalToken(url, api_key, clock) if kind == "refresh" else LegacyToken(api_key)


class LegacyToken(httpx.Auth):
    """`Authorization: Token …` with every request."""

    def __init__(self, api_key: str) -> None:
        self._header = f"Token {api_key}"

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = self._header
        yield request


class PersonalToken(httpx.Auth):
    """`Authorization: Bearer …` with an access token, renewed ahead of its end and once more on a 401.

    The server answers 401 alike to an expired token and to none, so a 401 is believed only after a renewal.
    All requests in flight share one renewal.
    """

    def __init__(self, url: str, refresh_token: str, clock: Callable[[], float]) -> None:
        self._refresh_url = f"{url}/api/token/refresh/"
        self._refresh_token = refresh_token
        self._clock = clock
        self._access = ""
        self._best_before = clock()
        self._lock = anyio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        async with self._lock:
            if self._clock() >= self._best_before:
                renewal = yield self._renewal(request)
                self._accept(renewal, await renewal.aread())
        used = self._access
        response = yield self._signed(request)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            async with self._lock:
                if self._access == used:
                    renewal = yield self._renewal(request)
                    self._accept(renewal, await renewal.aread())
            yield self._signed(request)

    def _signed(self, request: httpx.Request) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {self._access}"
        return request

    def _renewal(self, request: httpx.Request) -> httpx.Request:
        headers = {name: request.headers[name] for name in ("User-Agent", "Accept") if name in request.headers}
        body = {"refresh": self._refresh_token}
        # with the request's own timeouts
        return httpx.Request("POST", self._refresh_url, headers=headers, json=body, extensions=request.extensions)

    def _accept(self, response: httpx.Response, body: bytes) -> None:
        if response.status_code in (400, 401, 403):
            raise AccessDenied(
                f"the server does not take the personal access token ({response.status_code}): it is revoked, expired"
                f" or of another server; {_NEW_TOKEN}"
            )
        try:
            check(response, without(body, self._refresh_token), wanted_wait(response.headers))
            self._access = read(body, _Renewal).access
        except (NotFound, RequestFailed) as error:
            raise AccessDenied(f"the server gives nothing for a personal access token ({error})") from error
        except Passing as error:
            gone = Unreachable(f"the token can't be renewed: {error.final}")
            raise Passing(gone, wait=error.wait, tries=error.tries) from error
        self._best_before = self._clock() + _lasts(self._access)


def _lasts(access: str) -> float:
    """Seconds for which an access token is good to use; the server's clock and ours need not agree."""
    claims = _claims(access)
    begin, end = claims.get("iat"), claims.get("exp")
    lifetime = end - begin if isinstance(begin, int) and isinstance(end, int) else _LIFETIME
    return max(lifetime - EARLY, lifetime / 2)


def _claims(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified; empty where the text is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
