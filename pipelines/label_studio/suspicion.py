"""A project's own counters against the warehouse: deletions and predictions made in bulk leave no other trace.

An incremental scan sees what carries a new `updated_at`. Where the number of tasks, annotations or predictions that the
server counts can't be explained by what the warehouse holds and what the scan brought, the project is compared whole,
in the same run. A difference that such a comparison could not explain either is remembered, and no cause for another.
"""

import logging
from collections.abc import Iterable
from typing import NamedTuple

from .answers import Settings, read
from .client import Client
from .comparison import COUNTED, Comparison
from .inventory import differences, work_of
from .known import Known
from .plan import Plan, Target
from .report import Report
from .selection import Selection
from .survey import EVERY_ID, PROJECT_ERRORS, Work, look

logger = logging.getLogger(__name__)


class Counts(NamedTuple):
    """Rows of a project, in the order of `COUNTED`."""

    tasks: int = 0
    annotations: int = 0
    predictions: int = 0


class Suspicion:
    """Looks for projects that an incremental scan did not see through.

    A shard does not: the server counts whole projects, of which others load the rest meanwhile.
    """

    def __init__(
        self, client: Client, known: Known, comparison: Comparison, selection: Selection, report: Report
    ) -> None:
        self._selection = selection
        self._client = client
        self._known = known
        self._report = report
        self._held = {name: known.count(name) for name in COUNTED}
        self._brought = comparison.brought
        self._unsure = comparison.unsure

    async def work(self, plan: Plan) -> list[Work]:
        """The work of comparing whole those projects of a plan whose counters can't be explained."""
        work: list[Work] = []
        for project_id, target in plan.targets.items():
            if self._is_able and target.mode == "incremental":
                try:
                    work += await self._second_look(project_id, target)
                except PROJECT_ERRORS as error:
                    self._report.fail(f"project {project_id}", error, project_id)
        return work

    def without(self, task_ids: Iterable[int]) -> None:
        """Takes deleted tasks off what is expected. To be called before they are removed."""
        ids = list(task_ids)
        for name, held in self._held.items():
            held.subtract(self._known.count(name, ids))

    def unexplained(self, project_id: int, before: bytes, after: bytes) -> Counts:
        """What the server counts otherwise, when it was asked `before` and `after` the scan; zeros where nothing.

        What lies between the two is work that went on meanwhile.
        """
        if not self._is_able:
            return Counts()
        counts = zip(_counted(before), _counted(after), self._expected(project_id), strict=True)
        return Counts(*(_beyond(first, last, here) for first, last, here in counts))

    @property
    def _is_able(self) -> bool:
        return bool(self._known) and self._selection.shard is None

    def _expected(self, project_id: int) -> Counts:
        return Counts(*(self._held[name][project_id] + self._brought[name][project_id] for name in COUNTED))

    async def _second_look(self, project_id: int, target: Target) -> list[Work]:
        before = target.raw
        if project_id in self._unsure:
            # one task more and one less would be no difference
            logger.info("project %d has tasks made as the run began: comparing all of it", project_id)
            return await self._compared(project_id, target)
        remembered = Counts(*target.progress.unexplained) if target.progress else Counts()
        if self.unexplained(project_id, before, before) in (Counts(), remembered):
            return []
        target.raw = await self._client.project(project_id)
        unexplained = self.unexplained(project_id, before, target.raw)
        if unexplained in (Counts(), remembered):
            return []
        logger.info(
            "project %d counts %+d tasks, %+d annotations and %+d predictions: comparing all of it",
            project_id,
            *unexplained,
        )
        return await self._compared(project_id, target)

    async def _compared(self, project_id: int, target: Target) -> list[Work]:
        target.mode = self._report.mode = "reconcile"
        found = await look(self._client, project_id, EVERY_ID)
        if found is None:
            target.is_empty = True
            target.absent = self._known.task_ids(project_id)
            return []
        differing = await differences(self._client, project_id, found, self._known, self._selection)
        target.absent = differing.absent
        changed = differing.changed - self._report.fetched
        self._report.asked = (self._report.asked or 0) + len(changed)
        return work_of(project_id, changed)


def _counted(project: bytes) -> tuple[int | None, ...]:
    """What the server counts; None for what it doesn't say."""
    said = read(project, Settings)
    annotations = (said.total_annotations_number, said.skipped_annotations_number)
    both = sum(annotations) if all(isinstance(number, int) for number in annotations) else None
    numbers = (said.task_number, both, said.total_predictions_number)
    return tuple(number if isinstance(number, int) else None for number in numbers)


def _beyond(first: int | None, last: int | None, here: int) -> int:
    if first is None or last is None or min(first, last) <= here <= max(first, last):
        return 0
    return last - here
