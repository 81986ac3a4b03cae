"""Tasks on their way out: completed with everybody's drafts, each handed over once."""

import logging

from pyroaring import BitMap64

from .answers import TaskHead
from .client import Client
from .concurrency import Handover, together
from .exceptions import Forbidden, NotFound, RequestFailed
from .flatten import RawTask
from .report import Report
from .selection import Selection

logger = logging.getLogger(__name__)

#: Bytes of raw tasks that may wait to be taken: fetching goes on while others are loaded.
AHEAD_BYTES = 16 * 2**20


class Delivery:
    """Hands tasks over, up to AHEAD_BYTES ahead of who takes them."""

    def __init__(self, client: Client, selection: Selection, report: Report) -> None:
        self._client = client
        self._selection = selection
        self._report = report
        self._taken = BitMap64()
        self._drafts_refused = False
        self.pages: Handover[list[RawTask]] = Handover(AHEAD_BYTES)

    async def deliver(self, project_id: int | None, tasks: list[tuple[TaskHead, bytes]]) -> None:
        """Adds the drafts that are missing and hands the tasks over, but for those that were handed over before.

        Tasks of another shard are left to it.
        """
        new = [(head, raw) for head, raw in tasks if head.id not in self._taken and self._selection.holds(head.id)]
        # now, not after the drafts: where the server gives an id anew, two projects may hold it at once
        self._taken.update(head.id for head, _ in new)
        completed = await together(self._completed(project_id, head, raw) for head, raw in new)
        page = [task for task in completed if task]
        if page:
            self._report.fetched.update(task.id for task in page)
            self._report.projects.update(task.project_id for task in page if task.project_id is not None)
            await self.pages.put(page, sum(len(task.task) for task in page))
            self._report.on_progress()

    async def _completed(self, project_id: int | None, head: TaskHead, raw: bytes) -> RawTask | None:
        project = head.project if isinstance(head.project, int) else project_id
        try:
            return RawTask(head.id, project, raw, await self._drafts(head))
        except RequestFailed as error:
            self._report.fail_task(head.id, f"its drafts: {error}", project)
            return None

    async def _drafts(self, head: TaskHead) -> bytes | None:
        """The drafts of all users, where there are any: the task itself holds only the token's own."""
        if not head.draft_exists:
            return None
        try:
            return await self._client.drafts(head.id)
        except NotFound:
            return None
        except Forbidden as error:
            if not self._drafts_refused:
                logger.warning("only drafts of the token's own user are loaded: %s", error)
            self._drafts_refused = True
            return None
