"""Where the tasks of a selection are: the projects they stand in, how many there are, and from which id to which."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from .client import Client
from .concurrency import together
from .exceptions import Forbidden, LabelStudioError, NotFound, RequestFailed, SelectionError
from .pieces import MAX_ID, Interval, Piece
from .report import Report
from .selection import Selection

#: What can go wrong with one project, and leaves the others as they are.
PROJECT_ERRORS = (NotFound, Forbidden, RequestFailed)

#: All ids that there can be.
EVERY_ID = Interval(0, MAX_ID)


class Work(NamedTuple):
    """A piece of a project that is to be fetched; with `since`, only what changed after that moment."""

    project_id: int
    piece: Piece
    since: datetime | None = None

    def __str__(self) -> str:
        return f"tasks {self.piece} of project {self.project_id}"


@dataclass(frozen=True)
class Survey:
    """What a run has before it: tasks by project (at most, where ids are asked for), and the work that they make."""

    tasks: dict[int, int]
    work: list[Work]


class Found(NamedTuple):
    """Tasks of a project within bounds: how many, and their lowest and highest id."""

    total: int
    first: int
    last: int

    @property
    def window(self) -> Interval:
        """The ids from the lowest to the highest."""
        return Interval(self.first, self.last)


async def survey(client: Client, selection: Selection, report: Report) -> Survey:
    """Asks each project for how many of the ids selected it holds. A few single ids need no survey.

    Projects that don't exist or can't be asked are noted in the report. Raises SelectionError where none of those
    named exists, and LabelStudioError where none can be asked.
    """
    if selection.one_by_one or (selection.ids is not None and not selection.ids):
        return Survey({}, [])
    project_ids = await projects_of(client, selection)
    everything = selection.ids or ((EVERY_ID.first, EVERY_ID.last),)
    window = Interval(everything[0][0], everything[-1][1])
    answers = await together(_tried(client, project_id, window) for project_id in project_ids)
    by_project = dict(zip(project_ids, answers, strict=True))
    note_failed(by_project, selection, report)
    there = {project_id: answer for project_id, answer in by_project.items() if isinstance(answer, Found)}
    return Survey(
        {project_id: answer.total for project_id, answer in there.items()},
        [
            Work(project_id, piece)
            for project_id, answer in there.items()
            for piece in selection.pieces(answer.first, answer.last)
        ],
    )


async def projects_of(client: Client, selection: Selection) -> list[int]:
    """The projects that a selection names, or all that the server shows."""
    return list(selection.projects) if isinstance(selection.projects, tuple) else await client.project_ids()


async def look(client: Client, project_id: int, window: Interval, since: datetime | None = None) -> Found | None:
    """The tasks of a project with ids in a window, those that changed after `since`; None where there are none."""
    total, first = await client.count(project_id, window, since)
    if first is None:
        return None
    last = (await client.count(project_id, window, since, newest=True))[1] if total > 1 else first
    return Found(total, first, max(first, last or first))


def note_failed(answers: Mapping[int, object], selection: Selection, report: Report) -> None:
    """Notes the projects whose answer is an error.

    Raises that error where no project could be asked, and SelectionError where none of those named exists.
    """
    failed = {project_id: answer for project_id, answer in answers.items() if isinstance(answer, LabelStudioError)}
    named = isinstance(selection.projects, tuple)
    for project_id, error in failed.items():
        if not isinstance(error, NotFound):
            report.fail(f"project {project_id}", error, project_id)
        elif named:
            reason = "the server knows no such project, or the token may not see it"
            report.fail(f"project {project_id}", reason, project_id)
    if failed and len(failed) == len(answers):
        _raise_for_all(failed, named=named)


def _raise_for_all(failed: Mapping[int, LabelStudioError], *, named: bool) -> None:
    errors = [error for error in failed.values() if not isinstance(error, NotFound)]
    if errors:
        raise errors[0]
    if named:
        raise SelectionError(
            f"the server knows no project {_listed(failed)}, or the token may not see it:"
            " the number stands in the project's address, after /projects/"
        )


async def _tried(client: Client, project_id: int, window: Interval) -> Found | LabelStudioError | None:
    try:
        return await look(client, project_id, window)
    except PROJECT_ERRORS as error:
        return error


def _listed(ids: Iterable[int]) -> str:
    return ", ".join(map(str, ids))
