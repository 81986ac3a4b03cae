"""Tokens: the legacy one goes with each request; a personal one is exchanged for access tokens that live 300 s."""

import base64
import binascii
import json
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import anyio
import httpx

from .exceptions import AccessDenied

#: Seconds before its end at which an access token is no longer used.
EARLY = 60.0


def auth_for(url: str, api_key: str, clock: Callable[[], float] = time.time) -> httpx.Auth:
    """How `api_key` is sent: a personal access token is a refresh JWT, anything else is a legacy token."""
    if _claims(api_key).get("token_type") == "refresh":
        return PersonalToken(url, api_key, clock)
    return LegacyToken(api_key)


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

    requires_response_body = True

    def __init__(self, url: str, refresh_token: str, clock: Callable[[], float]) -> None:
        self._refresh_url = f"{url}/api/token/refresh"
        self._refresh_token = refresh_token
        self._clock = clock
        self._access = ""
        self._best_before = 0.0
        self._lock = anyio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        async with self._lock:
            if self._clock() >= self._best_before:
                self._accept((yield self._renewal()))
        used = self._access
        response = yield self._signed(request)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            async with self._lock:
                if self._access == used:
                    self._accept((yield self._renewal()))
            yield self._signed(request)

    def _signed(self, request: httpx.Request) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {self._access}"
        return request

    def _renewal(self) -> httpx.Request:
        return httpx.Request("POST", self._refresh_url, json={"refresh": self._refresh_token})

    def _accept(self, response: httpx.Response) -> None:
        if response.status_code in (400, 401, 403):
            raise AccessDenied(
                "the server does not take the personal access token: it is revoked, expired or of another server."
                " Make a new one in Label Studio under Account & Settings and set LABEL_STUDIO_API_KEY"
            )
        response.raise_for_status()
        try:
            self._access = response.json()["access"]
        except (ValueError, TypeError, KeyError) as error:
            raise httpx.DecodingError(
                "the answer to the token renewal can't be read", request=response.request
            ) from error
        now = self._clock()
        # without a readable end, it is renewed when a 401 comes
        expires = _claims(self._access).get("exp", now + 300)
        self._best_before = max(expires - EARLY, now + 1)


def _claims(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified; empty where the text is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}
