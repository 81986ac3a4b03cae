"""Tasks fetched one by one, by the API's reference: Get task."""

from collections.abc import Iterable

from .client import Client
from .concurrency import together
from .delivery import Delivery
from .exceptions import ConfigurationError, NotFound, RequestFailed, Unreachable
from .report import Report
from .selection import Selection
from .trouble import Trouble

#: Ids that no list holds are looked up in lots of so many; once none of a lot exists, the others don't, either.
LOT = 500


class Singles:
    """Fetches tasks one by one, several at once."""

    def __init__(
        self, client: Client, selection: Selection, report: Report, delivery: Delivery, trouble: Trouble
    ) -> None:
        self._client = client
        self._selection = selection
        self._report = report
        self._delivery = delivery
        self._trouble = trouble

    async def fetch(self, task_ids: Iterable[int], project_id: int | None = None) -> None:
        """Delivers those of the tasks that exist; notes the others, and those that can't be had."""
        left = iter(task_ids)

        async def worker() -> None:
            for task_id in left:
                await self._one(task_id, project_id)

        await together(worker() for _ in range(self._client.pace.most))

    async def confirm(self) -> None:
        """Looks up the single ids that the lists did not hold: only Get task can say that they don't exist."""
        failed = self._report.failed_tasks
        left = [
            task_id
            for task_id in sorted(self._selection.single)
            if task_id not in self._report.fetched and task_id not in self._report.missing and task_id not in failed
        ]
        for start in range(0, len(left), LOT):
            before = len(self._report.fetched)
            await self.fetch(left[start : start + LOT])
            if len(self._report.fetched) == before:
                self._report.missing.update(left[start + LOT :])
                return

    async def _one(self, task_id: int, project_id: int | None) -> None:
        if self._trouble.gone:
            return self._report.fail_task(task_id, self._trouble.gone, project_id)
        try:
            head, raw = await self._client.task(task_id)
            if self._is_elsewhere(head.project):
                self._report.missing.add(task_id)
            else:
                await self._delivery.deliver(project_id, [(head, raw)])
        except NotFound:
            if task_id in self._selection.single:
                self._report.missing.add(task_id)
        except (RequestFailed, ConfigurationError, Unreachable) as error:
            return await self._trouble.fail_task(task_id, error, project_id)
        self._trouble.over()

    def _is_elsewhere(self, project: object) -> bool:
        projects = self._selection.projects
        return isinstance(projects, tuple) and project is not None and project not in projects
