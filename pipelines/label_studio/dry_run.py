"""What a run would fetch: asks the server for numbers and outlines only, and writes nothing."""

import asyncio
from typing import Any, NamedTuple

from .client import Client
from .cursors import Cursors
from .known import Known
from .plan import Policy, make_plan
from .report import Report
from .same_server import expect_same_server
from .selection import Selection, select


class Plan(NamedTuple):
    """Tasks by project (at most, where ids are asked for), and the requests that it takes to fetch them, about."""

    tasks: dict[int, int]
    ids: int | None
    requests: int


def dry_run(
    settings: Any, report: Report, transport: Any = None, known: Known | None = None, cursors: Cursors | None = None
) -> Plan:
    """The plan of a run with the settings of the source, into a warehouse that holds what is `known`.

    Raises what a run would raise before its first task.
    """
    selection = select(settings.task_ids, settings.project_ids, settings.shard)
    return asyncio.run(_plan(settings, selection, report, transport, known or Known(None), cursors or Cursors({})))


async def _plan(
    settings: Any, selection: Selection, report: Report, transport: Any, known: Known, cursors: Cursors
) -> Plan:
    client = Client(
        settings.label_studio_url,
        settings.label_studio_api_key,
        report,
        timeout=settings.fetch_timeout,
        attempts=settings.fetch_attempts,
        connections=settings.fetch_workers,
        requests_per_second=settings.fetch_requests_per_second or None,
        transport=transport,
    )
    policy = Policy(settings.fetch_mode, settings.reconcile_every, settings.prune_projects)
    async with client:
        await client.server_version()
        await expect_same_server(client, known, cursors)
        found = await make_plan(client, selection, report, known, cursors, policy)
    ids = None if selection.ids is None else selection.ids.size
    if selection.one_by_one:
        return Plan({}, ids, len(selection.single))
    pages = sum(-(-total // settings.fetch_page_size) for total in found.tasks.values())
    return Plan(found.tasks, ids, max(pages, len(found.work)))
