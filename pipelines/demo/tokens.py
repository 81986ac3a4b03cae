"""Label Studio's two kinds of credentials: the legacy token, and access tokens gained from a personal access token."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import httpx
import orjson

from .replies import error_reply, invalid, json_reply

ACCESS_LIFETIME = 300
REFRESH_LIFETIME = 200 * 365 * 86400
SECRET = b"the demo server's signing key"

NO_CREDENTIALS = "Authentication credentials were not provided."
LEGACY_DISABLED = (
    "Authentication token no longer valid: legacy token authentication has been disabled for this organization"
)


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _signature(signed: str) -> str:
    return _base64(hmac.digest(SECRET, signed.encode(), "sha256"))


def sign(claims: dict[str, Any]) -> str:
    """`claims` as an HS256 JWT."""
    head = _base64(b'{"alg":"HS256","typ":"JWT"}')
    signed = f"{head}.{_base64(orjson.dumps(claims))}"
    return f"{signed}.{_signature(signed)}"


def read(token: str) -> dict[str, Any] | None:
    """The claims of a token signed here, or None."""
    signed, _, signature = token.rpartition(".")
    if not signed or not hmac.compare_digest(signature.encode(), _signature(signed).encode()):
        return None
    body = signed.partition(".")[2]
    claims: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


class Tokens:
    """Issues tokens and judges the credentials of a request.

    `legacy` is the 40 character token, `personal` the personal access token (a JWT of type refresh).
    `legacy_enabled` mirrors the organisation's setting and may be flipped at any time.
    """

    def __init__(self, legacy: str, user_id: int, clock: Callable[[], float], legacy_enabled: bool) -> None:
        self.legacy = legacy
        self.legacy_enabled = legacy_enabled
        self._clock = clock
        self._user_id = user_id
        self._issued = 0
        self._valid_from = 0
        self._revoked: set[str] = set()
        self.personal = self._issue("refresh", REFRESH_LIFETIME)

    def _issue(self, kind: str, lifetime: int) -> str:
        self._issued += 1
        now = int(self._clock())
        jti = hashlib.md5(str(self._issued).encode(), usedforsecurity=False).hexdigest()
        claims = {"token_type": kind, "exp": now + lifetime, "iat": now, "jti": jti}
        return sign({**claims, "user_id": str(self._user_id), "serial": self._issued})

    def expire_access(self) -> None:
        """Make every access token issued so far invalid, as if its 300 s were over."""
        self._valid_from = self._issued + 1

    def revoke(self, token: str) -> None:
        """Make a personal access token invalid for good."""
        self._revoked.add(token)

    def refresh(self, body: bytes) -> httpx.Response:
        """What `POST /api/token/refresh/` answers to `body`: a fresh access token, or why not."""
        try:
            asked = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return error_reply(400, f"JSON parse error - {error}")
        token = asked.get("refresh", "") if isinstance(asked, dict) else ""
        if not token:
            given = isinstance(asked, dict) and "refresh" in asked
            fault = "is required" if not given else "may not be null" if token is None else "may not be blank"
            return invalid(refresh=[f"This field {fault}."])
        claims = read(str(token))
        if claims is None or str(token) in self._revoked or claims["exp"] <= self._clock():
            return self._refused("Token is invalid")
        if claims["token_type"] != "refresh":
            return self._refused("Token has wrong type")
        return json_reply({"access": self._issue("access", ACCESS_LIFETIME)})

    def _refused(self, detail: str) -> httpx.Response:
        return error_reply(401, detail, {"WWW-Authenticate": 'Bearer realm="api"'})

    def objection(self, request: httpx.Request) -> str | None:
        """Why the request's credentials are refused (the 401's `detail`), or None when they are good."""
        header = request.headers.get("Authorization", "")
        scheme, _, credentials = header.partition(" ")
        if "X-API-Key" in request.headers:
            return self._legacy_objection(request.headers["X-API-Key"])
        if scheme.lower() == "token":
            return self._legacy_objection(credentials)
        if scheme == "Bearer" and self._is_live_access(credentials):
            return None
        return NO_CREDENTIALS

    def _legacy_objection(self, token: str) -> str | None:
        if not token:
            return "Invalid token header. No credentials provided."
        if " " in token:
            return "Invalid token header. Token string should not contain spaces."
        if token != self.legacy:
            return "Invalid token."
        return None if self.legacy_enabled else LEGACY_DISABLED

    def _is_live_access(self, token: str) -> bool:
        claims = read(token)
        if claims is None or claims["token_type"] != "access":
            return False
        return bool(claims["exp"] > self._clock() and claims["serial"] >= self._valid_from)
