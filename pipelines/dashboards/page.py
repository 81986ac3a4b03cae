"""The page as one file: what it shows, the script that draws it, and the library of charts, all inside."""

import gzip
from base64 import b64encode
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import orjson
import vl_convert

from pipelines.checks import CheckResult

from .board import Board

_ASSETS = Path(__file__).resolve().parent / "assets"

#: In this order: each uses what those before it define.
_SCRIPTS = ("format.js", "facts.js", "figures.js", "people.js", "tables.js", "charts.js", "sections.js", "page.js")

_VEGA_LITE = "6.4"


def render(board: Board, url: str | None, checks: list[CheckResult] | None) -> str:
    """The page as HTML.

    `url` is Label Studio's address, for links to tasks; None leaves the links out. `checks` are those that found
    something; None where no check was run.
    """
    content = {
        "made_at": datetime.now(UTC),
        "version": version("label-studio-warehouse"),
        "loaded_at": board.loaded_at,
        "url": _linked(url),
        "facts": {name: fact._asdict() for name, fact in board.facts.items()},
        "checks": None if checks is None else [_shown(check) for check in checks],
        **board.lists,
    }
    packed = gzip.compress(orjson.dumps(content, default=float), compresslevel=6, mtime=0)
    return Template(_asset("page.html")).substitute(
        style=_asset("style.css"),
        library=_in_script(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=_VEGA_LITE)),
        # in a scope of its own: a name of ours must not hide one of the browser's
        script=_in_script("(() => {\n'use strict';\n" + "\n".join(map(_asset, _SCRIPTS)) + "\n})();"),
        content=b64encode(packed).decode(),
    )


def _shown(check: CheckResult) -> dict[str, Any]:
    return {"name": check.name, "meaning": check.meaning, "severity": check.severity, "found": check.found}


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _in_script(text: str) -> str:
    # it would end the script element
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _linked(url: str | None) -> str | None:
    """The address without a user's name and password; None where it is none that a browser opens."""
    parts = urlsplit(url or "")
    if parts.scheme not in ("http", "https"):
        return None
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
