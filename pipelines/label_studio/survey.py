"""Where the tasks of a selection are: the projects they stand in, how many there are, and from which id to which."""

import asyncio
from dataclasses import dataclass
from typing import NamedTuple

from .client import Client
from .exceptions import NotFound, SelectionError
from .report import Report
from .selection import MAX_ID, Interval, Piece, Selection


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


async def survey(client: Client, selection: Selection, report: Report) -> Survey:
    """Asks each project for how many of the tasks it holds. A few single ids need no survey.

    Projects that don't exist are noted in the report. Raises SelectionError where none of those named does.
    """
    if selection.one_by_one:
        return Survey({}, [])
    projects = await _projects(client, selection, report)
    found = await asyncio.gather(*(_look(client, selection, project_id) for project_id in projects))
    return Survey(
        {project_id: total for project_id, (total, _) in zip(projects, found, strict=True) if total},
        [Work(project_id, piece) for project_id, (_, pieces) in zip(projects, found, strict=True) for piece in pieces],
    )


async def _projects(client: Client, selection: Selection, report: Report) -> list[int]:
    if not isinstance(selection.projects, tuple):
        return await client.project_ids()
    answers = await asyncio.gather(*map(client.project, selection.projects), return_exceptions=True)
    projects = []
    for project_id, answer in zip(selection.projects, answers, strict=True):
        if isinstance(answer, NotFound):
            report.fail(f"project {project_id}", "the server knows no such project, or the token may not see it")
        elif isinstance(answer, BaseException):
            raise answer
        else:
            projects.append(project_id)
    if not projects:
        named = ", ".join(map(str, selection.projects))
        raise SelectionError(
            f"the server knows no project {named}, or the token may not see it:"
            " the number stands in the project's address, after /projects/"
        )
    return projects


async def _look(client: Client, selection: Selection, project_id: int) -> tuple[int, list[Piece]]:
    everything = selection.ids or ((0, MAX_ID),)
    window = Interval(everything[0][0], everything[-1][1])
    total, first = await client.count(project_id, window)
    if first is None:
        return 0, []
    _, last = await client.count(project_id, window, newest=True)
    return total, list(selection.pieces(first, first if last is None else last))
