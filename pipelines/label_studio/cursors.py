"""How far each project has been read: kept in dlt's state, which is committed together with the data it speaks of."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

Mode = Literal["incremental", "reconcile", "full"]
Every = Literal["run", "hour", "day", "week", "never"]

#: The arguments' words, for messages.
MODES: tuple[str, ...] = get_args(Mode)
EVERY: tuple[str, ...] = get_args(Every)

#: So many single tasks are asked for again by the next run; where more could not be had, it reads on from before.
MAX_AGAIN = 500

_MOMENTS = ("read_at", "cursor", "reconciled_at")


@dataclass(frozen=True)
class Progress:
    """How far a project has been read. All moments are by the server's clock."""

    #: when the last scan began
    read_at: datetime
    #: what changed after this moment is for the next run
    cursor: datetime
    #: when the last scan began that compared every task
    reconciled_at: datetime
    #: tasks that could not be had by the last scan
    again: tuple[int, ...] = ()
    #: tasks, annotations and predictions that the server counts beyond those it gave when all were compared
    unexplained: tuple[int, int, int] = (0, 0, 0)


class Cursors:
    """The progress of all projects, in a dict that dlt keeps."""

    def __init__(self, state: dict[str, Any]) -> None:
        self._state = state

    @property
    def server(self) -> str | None:
        """The address of the server that the warehouse was loaded from."""
        return self._state.get("server")

    @server.setter
    def server(self, url: str) -> None:
        self._state["server"] = url

    @property
    def pseudonyms(self) -> str | None:
        """The fingerprint of the key that made the pseudonyms of users; None where they have their names."""
        return self._state.get("pseudonyms")

    @pseudonyms.setter
    def pseudonyms(self, fingerprint: str | None) -> None:
        self._state["pseudonyms"] = fingerprint

    def get(self, project_id: int) -> Progress | None:
        """The progress of a project; None where it has not been read to its end yet, by this release or another."""
        stored = self._state.get("projects", {}).get(str(project_id))
        try:
            moments = {name: datetime.fromisoformat(stored[name]) for name in _MOMENTS}
            tasks, annotations, predictions = stored["unexplained"]
            unexplained = (tasks, annotations, predictions)
            return Progress(**moments, again=tuple(stored["again"]), unexplained=unexplained)
        except (KeyError, TypeError, ValueError):
            return None

    def put(self, project_id: int, progress: Progress) -> None:
        """Notes how far a project has been read."""
        moments = {name: getattr(progress, name).isoformat() for name in _MOMENTS}
        lists = {"again": list(progress.again), "unexplained": list(progress.unexplained)}
        self._state.setdefault("projects", {})[str(project_id)] = moments | lists

    def drop(self, project_id: int) -> None:
        """Forgets a project."""
        self._state.get("projects", {}).pop(str(project_id), None)

    def items(self) -> Iterator[tuple[int, Progress]]:
        """The projects that have been read, by id."""
        for project_id in sorted(map(int, self._state.get("projects", {}))):
            progress = self.get(project_id)
            if progress:
                yield project_id, progress


def is_due(every: Every, last: datetime, now: datetime | None) -> bool:
    """Whether a reconciliation is due that is to come with the first run of each hour, day or week, in UTC."""
    if every in ("run", "never") or now is None:
        return every == "run"
    if every == "week":
        return last.isocalendar()[:2] != now.isocalendar()[:2]
    whole = {"minute": 0, "second": 0, "microsecond": 0}
    if every == "day":
        whole["hour"] = 0
    return last.replace(**whole) != now.replace(**whole)  # type: ignore[arg-type]  # its stub knows no unpacking


def advanced(before: Progress | None, began: datetime, overlap: float) -> Progress:
    """The progress after a scan that began at `began` and asked for what changed; `overlap` is in seconds."""
    cursor = began - timedelta(seconds=overlap)
    return replace(before, read_at=began, cursor=cursor) if before else Progress(began, cursor, began)
