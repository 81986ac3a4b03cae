"""What is gone from Label Studio: found by its absence, believed only when the server says so.

A run knows of absence where it saw every task of a project, where it asked for an id, and where the id of one of a
task's annotations came with another task.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping

from pyroaring import BitMap64

from .client import Client
from .cursors import Cursors
from .exceptions import Forbidden, NotFound, RequestFailed
from .inventory import work_of
from .known import Known
from .plan import Plan, Policy
from .report import Report
from .selection import Selection
from .survey import Work
from .vanished import gone

logger = logging.getLogger(__name__)


class Deletions:
    """The tasks and projects that a run is to remove from the warehouse."""

    def __init__(
        self, client: Client, known: Known, selection: Selection, report: Report, plan: Plan, policy: Policy
    ) -> None:
        self._client = client
        self._known = known
        self._selection = selection
        self._report = report
        self._plan = plan
        self._prune = policy.prune
        self._shown: dict[int, bool | None] = {**dict.fromkeys(plan.targets, True), **dict.fromkeys(plan.lost, False)}
        self._suspects: defaultdict[int, BitMap64] = defaultdict(BitMap64)
        self.tasks = BitMap64()
        self.projects: set[int] = set()

    async def work_of_holders(self, holders: Mapping[int, int | None]) -> list[Work] | None:
        """The work of fetching tasks that hold what came with another task; None where there are none.

        Where their project is gone, they are, too: the ids of what they held would not have been given anew.
        """
        work: list[Work] = []
        for project_id, task_ids in _by_project(holders).items():
            shown = await self._is_shown(project_id)
            if shown:
                self._suspects[project_id] |= task_ids
                work += work_of(project_id, task_ids)
            elif shown is False:
                self.tasks |= task_ids
        return work or None

    async def find(self) -> None:
        """Finds out which of the tasks that the run did not see are gone. The others are noted in the report."""
        for project_id, absent in self._absent().items():
            shown = await self._is_shown(project_id)
            if shown:
                self.tasks |= await gone(self._client, project_id, absent - self._unseen(project_id), self._report)
            elif self._prune and shown is False:
                self.tasks |= absent
            else:
                self._lose(project_id, len(absent))
        if self._plan.lost:
            # a server that shows nothing at all is no reason to remove anything
            may_prune = self._prune and bool(self._plan.targets or await self._client.project_ids())
            for project_id in self._plan.lost:
                self._prune_or_lose(project_id, may_prune)

    def note(self, cursors: Cursors) -> None:
        """Forgets how far the projects were read that are removed, and counts what is."""
        for project_id in self.projects:
            cursors.drop(project_id)
        self._report.deleted |= self.tasks

    def _absent(self) -> dict[int, BitMap64]:
        for project_id, target in self._plan.targets.items():
            if target.is_empty and not self._prune:
                self._keep_emptied(project_id, target.absent)
            else:
                absent = self._known.task_ids(project_id) if target.absent is None else target.absent
                self._suspects[project_id] |= absent
        if self._selection.ids is not None and self._known:
            asked = _by_project(self._known.projects_of(self._selection.ids))
            for project_id, task_ids in asked.items():
                if not isinstance(self._selection.projects, tuple) or project_id in self._selection.projects:
                    self._suspects[project_id] |= task_ids
        return {project_id: absent - self._report.fetched for project_id, absent in self._suspects.items()}

    def _unseen(self, project_id: int) -> BitMap64:
        """Tasks of a project that can't be told to be absent: they could not be had, or not all tasks were seen."""
        failures = [failure for failure in self._report.failures if failure.project_id in (project_id, None)]
        if any(failure.task_id is None and failure.project_id is not None for failure in failures):
            return self._suspects[project_id]
        return BitMap64(failure.task_id for failure in failures if failure.task_id is not None)

    def _keep_emptied(self, project_id: int, absent: BitMap64 | None) -> None:
        if absent:
            logger.warning(
                "project %d has no tasks any more, and %d in the warehouse: nothing is removed; if it was emptied on"
                " purpose, --prune-projects removes them",
                project_id,
                len(absent),
            )

    def _prune_or_lose(self, project_id: int, may_prune: bool) -> None:
        if may_prune:
            self.tasks |= self._known.task_ids(project_id)
            self.projects.add(project_id)
        else:
            self._lose(project_id, self._plan.lost[project_id])

    def _lose(self, project_id: int, tasks: int) -> None:
        if tasks:
            self._report.lost_projects[project_id] = tasks
            logger.warning(
                "project %d is gone, or the token may not see it any more: its %d tasks stay in the warehouse;"
                " --prune-projects removes them",
                project_id,
                tasks,
            )

    async def _is_shown(self, project_id: int) -> bool | None:
        """Whether the server shows a project; None where it does not say, which is noted."""
        if project_id not in self._shown:
            try:
                await self._client.project(project_id)
                self._shown[project_id] = True
            except NotFound:
                self._shown[project_id] = False
            except (Forbidden, RequestFailed) as error:
                self._shown[project_id] = None
                self._report.fail(f"project {project_id}", error, project_id)
        return self._shown[project_id]


def _by_project(tasks: Mapping[int, int | None]) -> dict[int, BitMap64]:
    by_project: defaultdict[int, BitMap64] = defaultdict(BitMap64)
    for task_id, project_id in tasks.items():
        if project_id is not None:
            by_project[project_id].add(task_id)
    return by_project
