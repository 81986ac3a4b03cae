"""What a run is to fetch: of whole projects what changed, what differs, or everything; of ids, the ids.

A project that is read for the first time is read whole. After that, a run asks for what changed since its last one,
and once in a while it compares every task with the warehouse: drafts, predictions imported in bulk and deletions leave
no trace that could be asked for.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pyroaring import BitMap64

from .answers import Settings, read
from .client import Client
from .concurrency import together
from .cursors import Cursors, Every, Mode, Progress, is_due
from .exceptions import LabelStudioError, NotFound
from .inventory import differences, work_of
from .known import Known, KnownProject
from .report import Report
from .selection import Selection
from .survey import EVERY_ID, PROJECT_ERRORS, Found, Work, look, note_failed, projects_of, survey

logger = logging.getLogger(__name__)

#: Tasks of a page, about: to tell which of two ways takes fewer.
_PAGE_SIZE = 100


@dataclass(frozen=True)
class Policy:
    """How whole projects are read: `mode` at least, and compared `every` so often."""

    mode: Mode = "incremental"
    every: Every = "day"
    #: tasks of projects that are gone, or emptied, are removed
    prune: bool = False


@dataclass
class Target:
    """A project that is read: how, from when on, and what came of comparing it with the warehouse."""

    mode: Mode
    raw: bytes
    progress: Progress | None
    total: int = 0
    work: list[Work] = field(default_factory=list)
    #: tasks that only the warehouse holds; None where that shows after everything was fetched
    absent: BitMap64 | None = field(default_factory=BitMap64)
    #: the server lists no task at all
    is_empty: bool = False


@dataclass
class Plan:
    """What a run has before it."""

    tasks: dict[int, int] = field(default_factory=dict)
    work: list[Work] = field(default_factory=list)
    #: the projects that are read, by id; empty where ids are asked for
    targets: dict[int, Target] = field(default_factory=dict)
    #: projects in the warehouse that are not on the server, or not shown
    lost: dict[int, int] = field(default_factory=dict)


async def make_plan(
    client: Client, selection: Selection, report: Report, known: Known, cursors: Cursors, policy: Policy
) -> Plan:
    """The plan of a run. Raises what `survey` raises."""
    if selection.ids is not None:
        report.mode = "ids"
        found = await survey(client, selection, report)
        return Plan(found.tasks, found.work)
    planner = Planner(client, selection, known, cursors, policy)
    project_ids = await projects_of(client, selection)
    answers = dict(zip(project_ids, await together(map(planner.target, project_ids)), strict=True))
    lost = planner.lost(answers, selection)
    note_failed({each: answers[each] for each in answers if not (policy.prune and each in lost)}, selection, report)
    targets = {project_id: target for project_id, target in answers.items() if isinstance(target, Target)}
    report.mode = max((target.mode for target in targets.values()), key=_thoroughness, default=policy.mode)
    return Plan(
        {project_id: target.total for project_id, target in targets.items()},
        [work for target in targets.values() for work in target.work],
        targets,
        lost,
    )


class Planner:
    """Looks at one project after the other, and decides how to read it."""

    def __init__(self, client: Client, selection: Selection, known: Known, cursors: Cursors, policy: Policy) -> None:
        self._client = client
        self._selection = selection
        self._known = known
        self._projects = known.projects()
        self._cursors = cursors
        self._policy = policy

    async def target(self, project_id: int) -> Target | LabelStudioError:
        """How to read a project, and the work that it makes; the error where it can't be had."""
        try:
            raw = await self._client.project(project_id)
            progress = self._cursors.get(project_id)
            target = Target(self._mode(raw, progress, self._projects.get(project_id)), raw, progress)
            await self._survey(project_id, target)
        except PROJECT_ERRORS as error:
            return error
        return target

    def lost(self, answers: Mapping[int, object], selection: Selection) -> dict[int, int]:
        """Projects of the warehouse that the server does not show, and how many tasks the warehouse holds of each."""
        asked = set(answers) if isinstance(selection.projects, tuple) else set(self._projects)
        shown = {project_id for project_id, answer in answers.items() if not isinstance(answer, NotFound)}
        return {
            project_id: self._projects[project_id].tasks for project_id in sorted(asked & self._projects.keys() - shown)
        }

    def _mode(self, raw: bytes, progress: Progress | None, known: KnownProject | None) -> Mode:
        settings = read(raw, Settings)
        if progress is None or not self._known or (known and known.is_other_project(settings)):
            return "full"
        due = is_due(self._policy.every, progress.reconciled_at, self._client.began)
        if self._policy.mode == "incremental" and (due or (known and known.settings_differ(settings))):
            return "reconcile"
        return self._policy.mode

    async def _survey(self, project_id: int, target: Target) -> None:
        since = target.progress.cursor if target.progress and target.mode == "incremental" else None
        found = await look(self._client, project_id, EVERY_ID, since)
        if target.mode == "incremental":
            again = target.progress.again if target.progress else ()
            self._set_work(project_id, target, found, since)
            target.work += work_of(project_id, again)
        elif found is None:
            target.is_empty = True
            target.absent = self._known.task_ids(project_id)
        elif target.mode == "full":
            self._set_work(project_id, target, found, None)
            target.absent = None
        else:
            await self._compare(project_id, target, found)

    async def _compare(self, project_id: int, target: Target, found: Found) -> None:
        differing = await differences(self._client, project_id, found, self._known, self._selection)
        target.total = len(differing.changed)
        target.work = work_of(project_id, differing.changed)
        target.absent = differing.absent

    def _set_work(self, project_id: int, target: Target, found: Found | None, since: datetime | None) -> None:
        if found:
            shard = self._selection.shard
            # about: blocks of ids need not hold as many tasks each
            target.total = -(-found.total // shard.count) if shard else found.total
            pieces = shard.pieces(found.window, found.total, _PAGE_SIZE) if shard else [found.window]
            target.work = [Work(project_id, piece, since) for piece in pieces]


def _thoroughness(mode: Mode) -> int:
    return ("incremental", "reconcile", "full").index(mode)
