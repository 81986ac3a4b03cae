"""The dlt resource: pages of raw tasks are fetched in the background, flattened, and handed over as table families."""

import logging
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import dlt
import pyarrow as pa
from anyio.from_thread import BlockingPortal, start_blocking_portal
from pyroaring import BitMap64

from .client import Client
from .comparison import Comparison
from .cursors import MAX_AGAIN, Cursors, advanced
from .deletions import Deletions
from .exceptions import AccessDenied, LabelStudioError, NotFound
from .family import Families
from .fetch import Fetch
from .flatten import RawTask
from .flatteners import Batch, Flatteners
from .known import Known
from .labeling_config import as_table, offered_labels
from .masks import Masks
from .plan import Plan, Policy, make_plan
from .portions import Family
from .pseudonyms import Pseudonyms
from .removal import remove
from .report import Report
from .same_server import expect_same_pseudonyms, expect_same_server
from .selection import Selection
from .survey import Work
from .suspicion import Suspicion
from .tables import family

logger = logging.getLogger(__name__)

#: A batch is flattened when it holds so much raw JSON or so many tasks: larger ones take memory, smaller ones time.
BATCH_BYTES = 8 * 2**20
BATCH_TASKS = 1000


@dataclass(frozen=True)
class Options:
    """How a load goes about it."""

    policy: Policy
    page_size: int = 100
    #: seconds that the next run reads again of what this one has read
    overlap: float = 60.0
    history: bool = False
    masks: Masks = "keep"
    pseudonyms: Pseudonyms | None = None


#: For work that does not come from the selection.
_ANY = Selection(projects="all")


class Load:
    """One load of a selection: `families()` gives what dlt takes, the report is filled in on the way."""

    def __init__(
        self, client: Callable[[Report], Client], selection: Selection, report: Report, options: Options
    ) -> None:
        self._client = client
        self._selection = selection
        self._report = report
        self._options = options
        self._marked = Families()
        self._flatteners = Flatteners(history=options.history, masks=options.masks)
        self._settle: Callable[[], None] = lambda: None

    def families(self) -> Generator[Family]:
        """The rows of all tables, family by family. Raises LabelStudioError where nothing could be had.

        At its end, when nothing can go wrong with the server any more, it removes from the warehouse what is gone from
        Label Studio, and notes in dlt's state how far each project has been read; dlt commits that with the rows.
        """
        try:
            with (
                Known.of(dlt.current.pipeline(), self._selection.shard) as known,
                start_blocking_portal() as portal,
                portal.wrap_async_context_manager(self._connected()) as client,
            ):
                planning = portal.start_task_soon(self._plan, client, known, Cursors(dlt.current.resource_state()))
                yield self._no_rows(known)
                plan = planning.result()
                comparison = Comparison(known, self._report, client.began)
                self._settle = partial(_remove_replaced, known, comparison)
                suspicion = Suspicion(client, known, comparison, self._selection, self._report)
                deletions = Deletions(client, known, self._selection, self._report, plan, self._options.policy)
                yield from self._tasks(portal, client, self._selection, plan.work, comparison)
                if self._options.policy.every != "never":
                    yield from self._tasks(portal, client, _ANY, portal.call(suspicion.work, plan), comparison)
                while work := portal.call(deletions.work_of_holders, comparison.stale_holders()):
                    yield from self._tasks(portal, client, _ANY, work, comparison)
                yield from self._people_and_projects(portal, client, plan)
                portal.call(deletions.find)
                suspicion.without(deletions.tasks)
                remove(known, deletions.tasks | comparison.replaced, deletions.projects)
                # of the extraction that goes on now, which need not be the one that this began in
                cursors = Cursors(dlt.current.resource_state())
                deletions.note(cursors)
                self._advance(plan, cursors, client, suspicion)
        finally:
            self._flatteners.close()

    def settle(self) -> None:
        """Removes from the warehouse the tasks whose ids name other ones among the families given so far."""
        self._settle()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Client]:
        async with self._client(self._report) as client:
            logger.info("%s runs Label Studio %s", client.url, await client.server_version())
            yield client

    async def _plan(self, client: Client, known: Known, cursors: Cursors) -> Plan:
        expect_same_pseudonyms(known, cursors, self._options.pseudonyms)
        await expect_same_server(client, known, cursors)
        policy = self._options.policy
        plan = await make_plan(client, self._selection, self._report, known, cursors, policy)
        ids = self._selection.ids
        self._report.asked = sum(plan.tasks.values()) if ids is None else ids.size
        self._report.by_id = ids is not None
        self._report.projects.update(plan.targets)
        logger.info("%d tasks to fetch (%s)", self._report.asked, self._report.mode)
        return plan

    def _no_rows(self, known: Known) -> Family:
        roots = ["tasks", "users", "projects"]
        if self._options.history:
            roots.append("annotation_history")
        if not known:
            roots.append("deleted_tasks")
        return Family([item for root in roots for item in self._marked.empty(root)])

    def _tasks(
        self,
        portal: BlockingPortal,
        client: Client,
        selection: Selection,
        work: list[Work],
        comparison: Comparison,
    ) -> Iterator[Family]:
        fetch = Fetch(client, selection, work, self._report, page_size=self._options.page_size)
        with portal.wrap_async_context_manager(fetch):
            for tables, size in self._flatteners.tasks(batches(portal, fetch)):
                comparison.note(tables)
                items = self._handed_over("tasks", tables)
                if self._options.history:
                    items += self._handed_over("annotation_history", tables)
                del tables
                yield Family(items, size)
                items.clear()
        self._note_unreadable()

    def _people_and_projects(self, portal: BlockingPortal, client: Client, plan: Plan) -> Iterator[Family]:
        users = self._flatteners.users(portal.call(self._users, client))
        yield Family(self._handed_over("users", {"users": users}))
        projects = portal.call(self._projects, client, plan)
        yield Family(self._handed_over("projects", project_tables(self._flatteners, projects)))

    async def _users(self, client: Client) -> list[bytes]:
        try:
            return await client.users()
        except AccessDenied as error:
            logger.warning("the list of users is not loaded, only who made the annotations: %s", error)
        except LabelStudioError as error:
            self._report.fail("users", error)
        return []

    async def _projects(self, client: Client, plan: Plan) -> dict[int, bytes]:
        projects = {project_id: target.raw for project_id, target in plan.targets.items()}
        for project_id in sorted(self._report.projects - projects.keys()):
            try:
                projects[project_id] = await client.project(project_id)
            except NotFound:
                logger.warning("project %d is gone since its tasks were fetched", project_id)
            except LabelStudioError as error:
                self._report.fail(f"project {project_id}", error, project_id)
        return projects

    def _note_unreadable(self) -> None:
        for failure in self._flatteners.take_unreadable():
            self._report.failures.append(failure)
            self._report.fetched -= BitMap64([failure.task_id] if failure.task_id is not None else [])

    def _handed_over(self, root: str, tables: dict[str, pa.Table]) -> list[Any]:
        rows = {table.name: self._pseudonymized(table.name, tables[table.name]) for table in family(root)}
        for name, table in rows.items():
            self._report.rows[name] = self._report.rows.get(name, 0) + table.num_rows
        return self._marked.rows(root, rows)

    def _pseudonymized(self, name: str, rows: pa.Table) -> pa.Table:
        return self._options.pseudonyms.apply(name, rows) if self._options.pseudonyms else rows

    def _advance(self, plan: Plan, cursors: Cursors, client: Client, suspicion: Suspicion) -> None:
        cursors.server = client.url
        cursors.pseudonyms = self._options.pseudonyms.fingerprint if self._options.pseudonyms else None
        if client.began is None:
            logger.warning("%s names no date in its answers: the next run reads again what this one read", client.url)
            return
        for project_id, target in plan.targets.items():
            failures = [failure for failure in self._report.failures if failure.project_id == project_id]
            again = tuple(sorted({failure.task_id for failure in failures if failure.task_id is not None}))
            if len(again) <= MAX_AGAIN and all(failure.task_id is not None for failure in failures):
                progress = replace(advanced(target.progress, client.began, self._options.overlap), again=again)
                if target.mode != "incremental":
                    unexplained = suspicion.unexplained(project_id, target.raw, target.raw)
                    progress = replace(progress, reconciled_at=client.began, unexplained=unexplained)
                cursors.put(project_id, progress)


def _remove_replaced(known: Known, comparison: Comparison) -> None:
    # once the other ones are loaded, they are what the ids stand for
    remove(known, comparison.replaced)
    comparison.replaced.clear()


def batches(portal: BlockingPortal, fetch: Fetch) -> Iterator[Batch]:
    """The tasks of a fetch that runs on a portal, as batches to flatten."""
    batch: list[RawTask] = []
    size = 0
    while page := portal.call(fetch.page):
        for task in page:
            if batch and (size + len(task.task) > BATCH_BYTES or len(batch) == BATCH_TASKS):
                yield Batch(batch, size)
                batch, size = [], 0
            batch.append(task)
            size += len(task.task)
    if batch:
        yield Batch(batch, size)


def project_tables(flatteners: Flatteners, projects: dict[int, bytes]) -> dict[str, pa.Table]:
    """The rows of `projects` and `project_labels`, from the server's answers for single projects."""
    rows = flatteners.projects(list(projects.values()))
    labels = []
    for project_id, config in zip(rows["id"].to_pylist(), rows["label_config"].to_pylist(), strict=True):
        try:
            labels += offered_labels(project_id, config or "<View/>")
        except ValueError as error:
            logger.warning("%s", error)
    return {"projects": rows, "project_labels": as_table(labels)}
