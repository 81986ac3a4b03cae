"""The work of a run: a selection is cut into disjoint pieces, which several workers fetch at once.

A piece is fetched by keyset: its first page, then what lies behind the last id of that page. Nothing that is
inserted or deleted meanwhile can shift it, so no task is missed and none comes twice.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Self

from .answers import TaskHead, read
from .client import Client
from .exceptions import ConfigurationError, LabelStudioError, NotFound, RequestFailed, Unreachable
from .flatten import RawTask
from .report import Report
from .selection import Piece, Selection
from .survey import Work

logger = logging.getLogger(__name__)

#: Tasks of a page, at most.
MAX_PAGE_SIZE = 200

#: Bytes that a page should have at most: a few of them are in memory at once.
PAGE_BYTES = 8 * 2**20

#: So many tasks in a row that can't be had, each after all its tries, and the server counts as gone.
FAILURES_IN_A_ROW = 5


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
        workers: int = 4,
        page_size: int = 100,
    ) -> None:
        self._client = client
        self._selection = selection
        self._report = report
        self._workers = workers
        self._page_size = page_size
        self._max_page_size = max(page_size, MAX_PAGE_SIZE)
        self._waiting = deque(work)
        self._busy = 0
        self._changed = asyncio.Condition()
        self._pages: asyncio.Queue[list[RawTask] | None] = asyncio.Queue(maxsize=workers)
        self._failures_in_a_row = 0
        self._gone: LabelStudioError | None = None

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    async def page(self) -> list[RawTask] | None:
        """The next tasks, in no particular order; None when there are no more. Raises what ended the run early."""
        page = await self._pages.get()
        if page is None:
            await self._running
        return page

    async def _run(self) -> None:
        try:
            if self._selection.one_by_one:
                await self._each(sorted(self._selection.single))
            else:
                await asyncio.gather(*(self._worker() for _ in range(self._workers)))
                self._give_up(self._waiting)
                if not self._gone:
                    await self._each(sorted(self._unconfirmed()))
            if self._gone and (not self._report.fetched or isinstance(self._gone, ConfigurationError)):
                raise self._gone
        finally:
            await self._pages.put(None)

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
            await self._changed.wait_for(lambda: self._waiting or not self._busy)
            if not self._waiting or self._gone:
                return None
            self._busy += 1
            return self._waiting.popleft()

    async def _fetch(self, work: Work) -> None:
        piece: Piece | None = work.piece
        while piece is not None:
            left = Work(work.project_id, piece)
            if self._gone:
                return self._give_up([left])
            try:
                piece = await self._shared(work.project_id, await self._fetch_page(left))
            except (ConfigurationError, Unreachable) as error:
                self._gone = self._gone or error
                return self._give_up([left])

    async def _fetch_page(self, work: Work) -> Piece | None:
        """Fetches the first page of a piece of work, or makes the pages smaller. Gives what is left of it."""
        size = self._page_size
        try:
            total, tasks = await self._client.page(work.project_id, work.piece, size)
        except NotFound as error:
            self._report.fail(str(work), f"the project is gone, or the token may not see it any more ({error})")
            return None
        except RequestFailed as error:
            await self._make_sure_of_server(error)
            if size == 1:
                return await self._fetch_first(work, error)
            self._page_size = max(1, min(self._page_size, size // 2))
            logger.warning("%s: %s; going on with pages of %d", work, error, self._page_size)
            return work.piece
        await self._pass_on(work.project_id, tasks)
        self._adapt(size, tasks)
        self._failures_in_a_row = 0
        return work.piece.after(tasks[-1][0].id) if total > len(tasks) and tasks else None

    async def _fetch_first(self, work: Work, error: RequestFailed) -> Piece | None:
        """Fetches the first task of a piece of work by itself, as the list can't give it. Gives what is left."""
        try:
            _, first = await self._client.count(work.project_id, work.piece)
        except RequestFailed:
            self._report.fail(str(work), error)
            return None
        if first is None:
            return None
        await self._each([first])
        return work.piece.after(first)

    async def _each(self, task_ids: Sequence[int]) -> None:
        """Fetches tasks one by one; notes those that don't exist, and those that can't be had."""
        for start in range(0, len(task_ids), MAX_PAGE_SIZE):
            await asyncio.gather(*map(self._one, task_ids[start : start + MAX_PAGE_SIZE]))

    async def _one(self, task_id: int) -> None:
        try:
            raw = await self._client.task(task_id)
            head = read(raw, TaskHead)
        except NotFound:
            if task_id in self._selection.single:
                self._report.missing.add(task_id)
        except RequestFailed as error:
            self._report.fail(f"task {task_id}", error)
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= FAILURES_IN_A_ROW:
                raise Unreachable(f"the server fails on one task after the other: {error}") from error
        else:
            self._failures_in_a_row = 0
            projects = self._selection.projects
            if isinstance(projects, tuple) and head.project not in projects:
                self._report.missing.add(task_id)
            else:
                await self._pass_on(None, [(head, raw)])

    async def _pass_on(self, project_id: int | None, tasks: list[tuple[TaskHead, bytes]]) -> None:
        """Adds the drafts that are missing and hands the tasks over."""
        new = [(head, raw) for head, raw in tasks if head.id not in self._report.fetched]
        drafts = await asyncio.gather(*(self._drafts(head) for head, _ in new))
        page = []
        for (head, raw), (complete, all_drafts) in zip(new, drafts, strict=True):
            if complete:
                project = head.project if isinstance(head.project, int) else project_id
                page.append(RawTask(head.id, project, raw, all_drafts))
                self._report.fetched.add(head.id)
                if project is not None:
                    self._report.projects.add(project)
        if page:
            await self._pages.put(page)
            self._report.on_progress()

    async def _drafts(self, head: TaskHead) -> tuple[bool, bytes | None]:
        """Whether the task is complete, and the drafts of all users: the task itself holds only the token's own."""
        if not head.draft_exists:
            return True, None
        try:
            return True, await self._client.drafts(head.id)
        except NotFound:
            return True, None
        except RequestFailed as error:
            self._report.fail(f"task {head.id}", f"its drafts: {error}")
            return False, None

    async def _make_sure_of_server(self, error: RequestFailed) -> None:
        """Raises Unreachable where the server fails not only on what was asked of it, but on anything."""
        try:
            await self._client.server_version()
        except ConfigurationError:
            raise
        except LabelStudioError as again:
            raise Unreachable(f"the server is gone: {error}") from again

    async def _shared(self, project_id: int, piece: Piece | None) -> Piece | None:
        """Shares what is left of a piece with the workers that have nothing to do."""
        async with self._changed:
            idle = self._workers - self._busy
            if piece is None or self._waiting or not idle:
                return piece
            first, *others = piece.split(idle + 1)
            self._waiting.extend(Work(project_id, other) for other in others)
            self._changed.notify_all()
            return first

    def _adapt(self, size: int, tasks: list[tuple[TaskHead, bytes]]) -> None:
        """Pages grow again after each success, as far as the tasks of this one let them stay under PAGE_BYTES."""
        if len(tasks) == size:
            mean = sum(len(raw) for _, raw in tasks) // size + 1
            self._page_size = max(1, min(self._max_page_size, 2 * size, PAGE_BYTES // mean))

    def _give_up(self, work: Iterable[Work]) -> None:
        for left in work:
            self._report.fail(str(left), self._gone)

    def _unconfirmed(self) -> set[int]:
        """The single ids that the lists did not hold: only Get task can say that they don't exist."""
        failed = {failure.what for failure in self._report.failures}
        single = (task_id for task_id in self._selection.single if task_id not in self._report.fetched)
        return {task_id for task_id in single if f"task {task_id}" not in failed}
