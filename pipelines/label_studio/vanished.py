"""Tasks that the warehouse holds and the server did not give: gone, or only out of sight?

A task counts as gone once its project answers, its list does not hold the task, and Get task says, in JSON, that there
is none. A project that does not answer is lost, not empty: its tasks stay.
"""

import logging
from collections.abc import Iterable

from pyroaring import BitMap64

from .client import Client
from .concurrency import together
from .exceptions import Forbidden, LabelStudioError, NotFound
from .inventory import pages
from .pieces import Runs
from .report import Report

logger = logging.getLogger(__name__)

#: So many tasks are asked for one by one; of more, a sample evenly spread.
SAMPLE = 50


async def gone(client: Client, project_id: int, absent: BitMap64, report: Report) -> BitMap64:
    """Those of the absent tasks of a project that are gone. What can't be told for sure is noted, and not gone."""
    if not absent:
        return BitMap64()
    try:
        listed = await _listed(client, project_id, absent)
        left = absent - listed
        present = await _present(client, project_id, _sample(left))
    except LabelStudioError as error:
        report.fail(f"deleted tasks of project {project_id}", error, project_id)
        return BitMap64()
    if listed or present:
        some = sorted(listed | present)[:5]
        reason = f"the server gives tasks {some} now, which it did not list before; the next run looks again"
        report.fail(f"deleted tasks of project {project_id}", reason, project_id)
    # where the sample does not hold, nothing that it stands for does
    return left - present if len(left) <= SAMPLE else BitMap64() if present else left


async def _listed(client: Client, project_id: int, absent: BitMap64) -> BitMap64:
    listed = BitMap64()
    for piece in Runs.of((task_id, task_id) for task_id in absent).pieces():
        async for entries in pages(client, project_id, piece):
            listed.update(entry.id for entry in entries)
    return listed & absent


def _sample(absent: BitMap64) -> list[int]:
    ids = list(absent)
    return ids[:: max(1, -(-len(ids) // SAMPLE))]


async def _present(client: Client, project_id: int, task_ids: Iterable[int]) -> BitMap64:
    """Those that Get task still knows in the project, or does not want to talk about."""
    ids = list(task_ids)
    answers = await together(_is_present(client, project_id, task_id) for task_id in ids)
    return BitMap64(task_id for task_id, present in zip(ids, answers, strict=True) if present)


async def _is_present(client: Client, project_id: int, task_id: int) -> bool:
    try:
        head, _ = await client.task(task_id)
    except NotFound:
        return False
    except Forbidden:
        return True
    # SQLite gives the id of a deleted task anew, also in another project
    return head.project in (project_id, None)
