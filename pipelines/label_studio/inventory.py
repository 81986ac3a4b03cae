"""The inventory of a project: every task in outline, compared with what the warehouse holds of it."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from pyroaring import BitMap64

from .answers import Entry
from .client import Client
from .concurrency import together
from .exceptions import RequestFailed
from .known import Known
from .outline import Outline, of_entry
from .pieces import Interval, Piece, Runs
from .selection import Selection
from .survey import Found, Work

#: Tasks of a page of the inventory: an outline has some 400 bytes.
PAGE_SIZE = 1000


@dataclass
class Differences:
    """Tasks that the warehouse does not hold as the server has them, and those that only the warehouse holds."""

    changed: BitMap64 = field(default_factory=BitMap64)
    absent: BitMap64 = field(default_factory=BitMap64)


async def differences(client: Client, project_id: int, found: Found, known: Known, selection: Selection) -> Differences:
    """Compares all tasks of a project, several parts of it at once; with a shard, those that belong to it.

    Raises LabelStudioError where a part can't be had.

    A task with drafts always differs: nothing in its outline tells when a draft was edited.
    """
    differing = Differences()

    async def compare(piece: Piece) -> None:
        start = piece.first
        async for entries in pages(client, project_id, piece):
            window = Interval(start, entries[-1].id)
            own = [entry for entry in entries if selection.holds(entry.id)]
            _compare(own, known.outlines(project_id, window), differing)
            start = window.last + 1
        differing.absent |= BitMap64(known.outlines(project_id, Interval(start, piece.last)))

    await together(compare(piece) for piece in _parts(client, found, selection))
    # what the warehouse holds outside of the server's window
    differing.absent |= known.task_ids(project_id, outside=found.window)
    return differing


def _parts(client: Client, found: Found, selection: Selection) -> list[Piece]:
    if selection.shard:
        parts = selection.shard.pieces(found.window, found.total, PAGE_SIZE)
        if len(parts) > 1:
            return list(parts)
    return found.window.split(min(client.pace.most, -(-found.total // PAGE_SIZE)))


async def pages(client: Client, project_id: int, piece: Piece, size: int = PAGE_SIZE) -> AsyncIterator[list[Entry]]:
    """All tasks of a piece in outline, by id, page by page; smaller pages where the server can't give large ones."""
    left: Piece | None = piece
    while left is not None:
        try:
            total, entries = await client.inventory(project_id, left, size)
        except RequestFailed:
            if size == 1:
                raise
            size = max(1, size // 4)
            continue
        if entries:
            yield entries
        left = left.after(entries[-1].id) if entries and (total > len(entries) or len(entries) == size) else None


def work_of(project_id: int, task_ids: Iterable[int]) -> list[Work]:
    """The work of fetching single tasks of a project."""
    return [Work(project_id, piece) for piece in Runs.of((task_id, task_id) for task_id in task_ids).pieces()]


def _compare(entries: list[Entry], held: dict[int, Outline], differing: Differences) -> None:
    there = {entry.id: of_entry(entry) for entry in entries}
    differing.changed |= BitMap64(
        task_id for task_id, outline in there.items() if outline.draft_exists or held.get(task_id) != outline
    )
    differing.absent |= BitMap64(held.keys() - there.keys())
