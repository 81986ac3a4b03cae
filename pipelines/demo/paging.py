"""Pages as Django REST framework cuts them for Label Studio: numbered from 1, `last` allowed, 404 past the end."""

from typing import TypeVar

import httpx

Row = TypeVar("Row")


def page_size(params: httpx.QueryParams, default: int, maximum: int | None) -> int:
    """Rows a page holds; a `page_size` that is no positive number counts as not given."""
    text = params.get("page_size", "")
    size = int(text) if text.isdigit() and int(text) > 0 else default
    return min(size, maximum) if maximum else size


def page_number(params: httpx.QueryParams) -> int | None:
    """The page asked for, 0 for an invalid one, None for `last`."""
    text = params.get("page") or "1"
    if text == "last":
        return None
    return int(text) if text.isdigit() else 0


def page_count(rows: int, size: int) -> int:
    """Pages that `rows` rows fill; no rows still make one, empty page."""
    return max(1, -(-rows // size))


def page_of(rows: list[Row], params: httpx.QueryParams, default: int, maximum: int | None) -> list[Row] | None:
    """The rows of the page asked for, or None where the server says `Invalid page.`"""
    size = page_size(params, default, maximum)
    last = page_count(len(rows), size)
    number = page_number(params)
    number = last if number is None else number
    if not 1 <= number <= last:
        return None
    return rows[(number - 1) * size : number * size]


def page_url(url: httpx.URL, number: int) -> str:
    """The `next` or `previous` link: parameters sorted by name, `page` left out for the first page."""
    params = {key: value for key, value in url.params.items() if key != "page"}
    if number > 1:
        params["page"] = str(number)
    return str(url.copy_with(path=url.path.rstrip("/") + "/", params=dict(sorted(params.items()))))
