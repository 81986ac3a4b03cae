"""Where the tasks of a selection are: the projects they stand in, how many there are, and from which id to which."""

from dataclasses import dataclass
from typing import NamedTuple

from .client import Client
from .concurrency import together
from .exceptions import Forbidden, LabelStudioError, NotFound, RequestFailed, SelectionError
from .pieces import MAX_ID, Interval, Piece
from .report import Report
from .selection import Selection


class Work(NamedTuple):
    """A piece of a project that is to be fetched."""

    project_id: int
    piece: Piece

    def __str__(self) -> str:
        return f"tasks {self.piece} of project {self.project_id}"


@dataclass(frozen=True)
class Survey:
    """What a run has before it: tasks by project (at most, where ids are asked for), and the work that they make."""

    tasks: dict[int, int]
    work: list[Work]


class Found(NamedTuple):
    """Tasks of a project within a selection's bounds: how many, and their lowest and highest id."""

    total: int
    first: int
    last: int


async def survey(client: Client, selection: Selection, report: Report) -> Survey:
    """Asks each project for how many of the tasks it holds. A few single ids need no survey.

    Projects that don't exist or can't be asked are noted in the report. Raises SelectionError where none of those
    named exists, and LabelStudioError where none can be asked.
    """
    if selection.one_by_one:
        return Survey({}, [])
    projects = await _projects(client, selection)
    answers = await together(_look(client, selection, project_id) for project_id in projects)
    found = {project_id: answer for project_id, answer in zip(projects, answers, strict=True) if answer}
    failed = {project_id: answer for project_id, answer in found.items() if isinstance(answer, LabelStudioError)}
    _note(failed, selection, report, none_answers=bool(projects) and len(failed) == len(projects))
    there = {project_id: answer for project_id, answer in found.items() if isinstance(answer, Found)}
    return Survey(
        {project_id: answer.total for project_id, answer in there.items()},
        [
            Work(project_id, piece)
            for project_id, answer in there.items()
            for piece in selection.pieces(answer.first, answer.last)
        ],
    )


async def _projects(client: Client, selection: Selection) -> tuple[int, ...] | list[int]:
    return selection.projects if isinstance(selection.projects, tuple) else await client.project_ids()


async def _look(client: Client, selection: Selection, project_id: int) -> Found | LabelStudioError | None:
    everything = selection.ids or ((0, MAX_ID),)
    window = Interval(everything[0][0], everything[-1][1])
    try:
        total, first = await client.count(project_id, window)
        if first is None:
            return None
        last = (await client.count(project_id, window, newest=True))[1] if total > 1 else first
    except (NotFound, Forbidden, RequestFailed) as error:
        return error
    return Found(total, first, max(first, last or first))


def _note(failed: dict[int, LabelStudioError], selection: Selection, report: Report, *, none_answers: bool) -> None:
    named = isinstance(selection.projects, tuple)
    for project_id, error in failed.items():
        if not isinstance(error, NotFound):
            report.fail(f"project {project_id}", error)
        elif named:
            report.fail(f"project {project_id}", "the server knows no such project, or the token may not see it")
    if not none_answers:
        return
    errors = [error for error in failed.values() if not isinstance(error, NotFound)]
    if errors:
        raise errors[0]
    if named:
        raise SelectionError(
            f"the server knows no project {', '.join(map(str, failed))}, or the token may not see it:"
            " the number stands in the project's address, after /projects/"
        )
