"""The answers that Label Studio 1.23.2 gives, as `httpx.Response`s: JSON, its error body, and the HTML 404 page."""

import json
import uuid
from typing import Any

import httpx
import orjson

VERSION = "1.23.2"

NOT_FOUND_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>404 | Label Studio</title></head>
<body><div class="ls-global-error"><div class="ls-global-error__code">404</div></div></body>
</html>
"""


def encode(body: Any) -> bytes:
    """`body` as JSON bytes; integers beyond 64 bits and lone surrogates pass, as through the real server."""
    try:
        return orjson.dumps(body)
    except TypeError:
        return json.dumps(body, separators=(",", ":")).encode()


def json_reply(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> httpx.Response:
    """`body` as a JSON answer."""
    return httpx.Response(status, content=encode(body), headers={"Content-Type": "application/json", **(headers or {})})


def error_reply(status: int, detail: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
    """The server's JSON error body; its `id` is the id of the error, not of the object that was asked for."""
    body = {
        "id": str(uuid.uuid4()),
        "status_code": status,
        "version": VERSION,
        "detail": detail,
        "exc_info": None,
        **more,
    }
    return json_reply(body, status, headers)


def invalid(**errors: Any) -> httpx.Response:
    """A 400 that names the fields at fault."""
    return error_reply(400, "Validation error", validation_errors=errors)


def missing(noun: str) -> httpx.Response:
    """The JSON 404 for an object that is not there, `noun` being `Task`, `Project` or `User`."""
    return error_reply(404, f"No {noun} matches the given query.")


def not_found_page() -> httpx.Response:
    """The HTML 404 for a path the server does not know; it is given before credentials are looked at."""
    return httpx.Response(404, html=NOT_FOUND_PAGE)


def version_reply() -> httpx.Response:
    """What `GET /api/version` says, cut to the keys a client reads."""
    package = {"version": VERSION, "short_version": "1.23", "current_version_is_outdated": False}
    return json_reply(
        {"release": VERSION, "label-studio-os-package": package, "edition": "Community"},
    )
