"""The work of a run: a selection is cut into disjoint pieces, which several workers fetch at once.

A piece is fetched by keyset: its first page, then what lies behind the last id of that page. Nothing that is
inserted or deleted meanwhile can shift it, so no task is missed and none comes twice.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from typing import Any, Self

from .answers import TaskHead
from .client import Client
from .concurrency import together
from .delivery import Delivery
from .exceptions import ConfigurationError, NotFound, RequestFailed, Unreachable
from .flatten import RawTask
from .pieces import IdList, Piece
from .report import Report
from .selection import Selection
from .singles import Singles
from .survey import Work
from .trouble import Trouble

logger = logging.getLogger(__name__)

#: Tasks of a page, at most.
MAX_PAGE_SIZE = 200

#: Bytes that a page should have at most: a few of them are in memory at once.
PAGE_BYTES = 8 * 2**20


class Fetch:
    """Fetches a selection's tasks; `page()` gives them as they arrive. An async context manager.

    What can't be had is noted in the report. Where the server goes away in the middle, what is left is noted, too.
    """

    def __init__(
        self,
        client: Client,
        selection: Selection,
        work: Iterable[Work],
        report: Report,
        *,
        page_size: int = 100,
    ) -> None:
        if page_size < 1:
            raise ConfigurationError("a page must hold at least one task")
        self._client = client
        self._selection = selection
        self._report = report
        self._pace = client.pace
        self._page_size = page_size
        self._max_page_size = max(page_size, MAX_PAGE_SIZE)
        self._waiting = deque(work)
        self._busy = 0
        self._changed = asyncio.Condition()
        self._trouble = Trouble(client, report)
        self._delivery = Delivery(client, selection, report)
        self._singles = Singles(client, selection, report, self._delivery, self._trouble)

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    async def page(self) -> list[RawTask] | None:
        """The next tasks, in no particular order; None when there are no more. Raises what ended the run early."""
        page = await self._delivery.pages.take()
        if page is None:
            await self._running
        return page

    async def _run(self) -> None:
        try:
            if self._selection.one_by_one:
                await self._singles.fetch(sorted(self._selection.single))
            else:
                await together(self._worker() for _ in range(self._pace.most))
                self._give_up(self._waiting)
                if not self._trouble.gone:
                    await self._singles.confirm()
            if self._trouble.final and not self._report.fetched:
                raise self._trouble.final
        finally:
            self._delivery.pages.end()

    async def _worker(self) -> None:
        while work := await self._take():
            try:
                await self._fetch(work)
            finally:
                async with self._changed:
                    self._busy -= 1
                    self._changed.notify_all()

    async def _take(self) -> Work | None:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._busy or (self._waiting and self._busy < self._pace.limit))
            if not self._waiting or self._trouble.gone:
                return None
            self._busy += 1
            return self._waiting.popleft()

    async def _fetch(self, work: Work) -> None:
        piece = await self._shared(work, work.piece)
        while piece is not None:
            left = work._replace(piece=piece)
            if self._trouble.gone:
                return self._give_up([left])
            try:
                piece = await self._shared(left, await self._fetch_page(left))
            except NotFound:
                reason = "the project is gone, or the token may not see it any more"
                return self._report.fail(str(left), reason, left.project_id)
            except (ConfigurationError, Unreachable) as error:
                return self._trouble.fail(str(left), error, left.project_id)

    async def _fetch_page(self, work: Work) -> Piece | None:
        """Fetches the first page of a piece of work, or makes the pages smaller. Gives what is left of it."""
        size = self._page_size
        try:
            total, tasks = await self._client.page(work.project_id, work.piece, size, work.since)
        except RequestFailed as error:
            await self._trouble.make_sure_of_server(error)
            if size == 1:
                return await self._fetch_first(work, error)
            self._page_size = max(1, min(self._page_size, size // 2))
            logger.warning("%s: %s; going on with pages of %d", work, error, self._page_size)
            return work.piece
        await self._delivery.deliver(work.project_id, tasks)
        self._adapt(size, tasks)
        self._trouble.over()
        # a full page may be followed by another, whatever the total was a moment before
        more = tasks and (total > len(tasks) or len(tasks) == size)
        return work.piece.after(tasks[-1][0].id) if more else None

    async def _fetch_first(self, work: Work, error: RequestFailed) -> Piece | None:
        """Fetches the first task of a piece of work by itself, as the list can't give it. Gives what is left."""
        try:
            _, first = await self._client.count(work.project_id, work.piece, work.since)
        except RequestFailed:
            if isinstance(work.piece, IdList):
                await self._singles.fetch(work.piece.ids, work.project_id)
            else:
                self._report.fail(str(work), error, work.project_id)
            return None
        if first is None:
            return None
        await self._singles.fetch([first], work.project_id)
        return work.piece.after(first)

    async def _shared(self, work: Work, piece: Piece | None) -> Piece | None:
        """Shares a piece of work with the workers that have nothing to do, where it is more than a page."""
        async with self._changed:
            idle = self._pace.limit - self._busy
            if piece and idle > 0 and not self._waiting and piece.last - piece.first >= self._page_size:
                piece, *others = piece.split(idle + 1)
                self._waiting.extend(work._replace(piece=other) for other in others)
            # there may be work for more of them than when they last looked
            self._changed.notify_all()
            return piece

    def _adapt(self, size: int, tasks: list[tuple[TaskHead, bytes]]) -> None:
        """Pages grow again after each success, as far as the tasks of this one let them stay under PAGE_BYTES."""
        if len(tasks) == size:
            mean = sum(len(raw) for _, raw in tasks) // size + 1
            self._page_size = max(1, min(self._max_page_size, 2 * size, PAGE_BYTES // mean))

    def _give_up(self, work: Iterable[Work]) -> None:
        for left in work:
            self._report.fail(str(left), self._trouble.gone, left.project_id)
