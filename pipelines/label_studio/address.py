"""Addresses and tokens as people give them, checked before anything is sent. No error shows a secret."""

import re

import httpx

from .exceptions import ConfigurationError

#: What is shown of a text that is no address: neither a password nor a token given in its place.
_HARMLESS = re.compile(r"(?=.*[.:])[^@?#=]{0,60}")


def server_url(url: str) -> str:
    """The address without a slash at its end. Raises ConfigurationError where it can't be one of a server."""
    try:
        parts = httpx.URL(url.strip())
        parts.host.encode("idna")
    except (httpx.InvalidURL, ValueError):
        parts = httpx.URL()
    if parts.scheme not in ("http", "https") or not parts.host or "%" in parts.host or (parts.port or 0) > 65535:
        shown = repr(url) if _HARMLESS.fullmatch(url) else "what is given"
        raise ConfigurationError(f"{shown} is no address of a server: write it as https://label-studio.example.com")
    if parts.userinfo:
        raise ConfigurationError(
            "the address holds a user name or password: leave them out, the token says who you are"
        )
    if parts.query or parts.fragment:
        raise ConfigurationError(f"the address {origin(parts)} goes on after its path: leave out what follows ? or #")
    return str(parts).rstrip("/?#")


def origin(url: httpx.URL) -> str:
    """Scheme, host and port."""
    return f"{url.scheme}://{url.netloc.decode()}"


def token(api_key: str) -> str:
    """The token without spaces around it. Raises ConfigurationError where it can't be one."""
    key = api_key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigurationError(
            "LABEL_STUDIO_API_KEY is empty or holds characters that no token has: copy it again from Label Studio,"
            " under Account & Settings"
        )
    return key
