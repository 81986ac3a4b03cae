"""What the server answers: read into tasks, or named as the error that it is."""

from typing import Any, TypeVar

import httpx
import msgspec

from .exceptions import AccessDenied, Forbidden, LabelStudioError, NotFound, RequestFailed, WrongAddress
from .repair import repaired

T = TypeVar("T")

_BUSY = {408, 409, 425, 429, 502, 503}

#: A proxy between us and the server gave up waiting.
_GATEWAY_TIMEOUT = 504

#: What a proxy says whose server was killed over an answer too large, too: for pages, few tries, then smaller ones.
_DIED = {502, 503}


class TaskHead(msgspec.Struct):
    """What the fetching needs to know of a task."""

    id: int
    project: Any = None
    draft_exists: Any = None


class Entry(msgspec.Struct):
    """A task in the inventory: what tells whether the warehouse holds it as it is."""

    id: int
    created_at: Any = None
    updated_at: Any = None
    completed_at: Any = None
    is_labeled: Any = None
    overlap: Any = None
    total_annotations: Any = None
    cancelled_annotations: Any = None
    total_predictions: Any = None
    predictions_score: Any = None
    predictions_model_versions: Any = None
    draft_exists: Any = None
    comment_count: Any = None
    unresolved_comment_count: Any = None
    last_comment_updated_at: Any = None


class Settings(msgspec.Struct):
    """What tells whether a project is another one than before, or one whose tasks changed without a trace."""

    created_at: Any = None
    task_number: Any = None
    total_annotations_number: Any = None
    skipped_annotations_number: Any = None
    total_predictions_number: Any = None
    model_version: Any = None
    maximum_annotations: Any = None
    overlap_cohort_percentage: Any = None


class Page(msgspec.Struct):
    """A page of the tasks' list: how many tasks the filter lets pass in all, and the first of them, as raw JSON."""

    total: int
    tasks: list[msgspec.Raw]


class Items(msgspec.Struct):
    """A page of another list: its objects, as raw JSON, whether there is a next page, and how many there are in all."""

    results: list[msgspec.Raw]
    next: Any = None
    count: Any = None


class Passing(Exception):
    """A failure that another try may mend; `final` is raised when the tries are used up."""

    def __init__(self, final: LabelStudioError, *, wait: float | None = None, tries: int | None = None) -> None:
        super().__init__(str(final))
        self.final = final
        #: seconds that the server asks for
        self.wait = wait
        #: at most so many tries in all, where fewer than usual make sense
        self.tries = tries


def read(body: bytes, type_: type[T]) -> T:
    """The body as `type_`.

    Raises Passing where it is no JSON (cut off, an error page) or of another shape, WrongAddress for a web page.
    """
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        pass
    try:
        return msgspec.json.decode(repaired(body), type=type_)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        if looks_like_html(body):
            raise no_label_studio("a web page, not JSON,") from error
        raise Passing(RequestFailed(f"the answer can't be read: {error}"), tries=3) from error


def read_object(body: bytes) -> tuple[TaskHead, bytes]:
    """A task, project or user: its head, and its JSON whole. Raises what `read` raises."""
    raw = bytes(read(body, msgspec.Raw))
    return read(raw, TaskHead), raw


def check(response: httpx.Response, body: bytes, wait: float | None, *, many: bool = False) -> None:
    """Raises what a status other than success means.

    `wait` is what the server asks for before another try; `many`: less could be asked for instead.
    """
    status = response.status_code
    if response.is_success:
        return
    detail = _detail(body)
    if status in (401, 403):
        raise (AccessDenied if status == 401 else Forbidden)(_denied(status, detail))
    if status == 404:
        raise NotFound(detail) if detail is not None else no_label_studio("404 and no JSON")
    failed = RequestFailed(f"the server answers {status}: {detail or response.reason_phrase or 'no reason given'}")
    if (status < 500 and status not in _BUSY) or (many and status == _GATEWAY_TIMEOUT):
        raise failed
    raise Passing(failed, wait=wait, tries=_tries(status, wait, many))


def _tries(status: int, wait: float | None, many: bool) -> int | None:
    if status in _BUSY:
        return 3 if many and status in _DIED and wait is None else None
    # Label Studio answers 500 to what a client did wrong, too: that never gets better
    return 3


def without(body: bytes, *secrets: str) -> bytes:
    """A body without secrets that it repeats: what an error says is logged."""
    for secret in filter(None, secrets):
        body = body.replace(secret.encode(), b"***")
    return body


def looks_like_html(body: bytes) -> bool:
    """The body is a web page."""
    return body[:200].lstrip().lower().startswith((b"<!doctype", b"<html", b"<head", b"<"))


def _detail(body: bytes) -> str | None:
    """What a JSON error of Label Studio says, in one short line; None where it is no such thing."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    if not isinstance(answer, dict) or "detail" not in answer:
        return None
    return " ".join(str(answer["detail"]).split())[:200]


def no_label_studio(answer: str) -> WrongAddress:
    """The error for an answer that no Label Studio gives."""
    return WrongAddress(
        f"the address answers with {answer} where Label Studio's API would be: give the address at which"
        " Label Studio opens in a browser, without /api"
    )


def _denied(status: int, detail: str | None) -> str:
    said = f"the server refuses the token ({status}: {detail or 'no reason given'})"
    if detail and "legacy" in detail.lower():
        return (
            f"{said}. Legacy tokens are switched off there, as on every new server: make a personal access token"
            " under Account & Settings, or have legacy tokens switched on in the organisation's settings"
        )
    if status == 403:
        return f"{said}. Its user may not see what was asked for"
    return (
        f"{said}. Check LABEL_STUDIO_API_KEY: it may be of another server, revoked, or cut short when it was copied;"
        " both a personal access token and a legacy token do"
    )
