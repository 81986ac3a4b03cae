"""The dlt resource: pages of raw tasks are fetched in the background, flattened, and handed over as table families."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pyarrow as pa
from anyio.from_thread import BlockingPortal, start_blocking_portal

from .client import Client
from .exceptions import AccessDenied, LabelStudioError, NotFound
from .family import Families
from .fetch import Fetch
from .flatten import Flattener, RawTask
from .labeling_config import as_table, offered_labels
from .report import Report
from .selection import Selection
from .survey import survey

logger = logging.getLogger(__name__)

#: A batch is flattened when it holds so much raw JSON or so many tasks: larger ones take memory, smaller ones time.
BATCH_BYTES = 8 * 2**20
BATCH_TASKS = 1000


class Load:
    """One load of a selection: `items()` gives what dlt takes, the report is filled in on the way."""

    def __init__(
        self, client: Callable[[Report], Client], selection: Selection, report: Report, *, workers: int, page_size: int
    ) -> None:
        self._client = client
        self._selection = selection
        self._report = report
        self._workers = workers
        self._page_size = page_size

    def items(self) -> Iterator[Any]:
        """The rows of all tables. Raises LabelStudioError where nothing could be had."""
        families = Families()
        flattener = Flattener()
        try:
            with (
                start_blocking_portal() as portal,
                portal.wrap_async_context_manager(self._fetching()) as (client, fetch),
            ):
                for root in ("tasks", "users", "projects"):
                    yield from families.empty(root)
                for batch in _batches(portal, fetch):
                    yield from self._counted(families, "tasks", flattener.tasks(batch))
                self._note_unreadable(flattener)
                yield from self._counted(
                    families, "users", {"users": flattener.users(portal.call(self._users, client))}
                )
                projects = portal.call(self._projects, client)
                yield from self._counted(families, "projects", _project_tables(flattener, projects))
        finally:
            flattener.close()

    @asynccontextmanager
    async def _fetching(self) -> AsyncIterator[tuple[Client, Fetch]]:
        async with self._client(self._report) as client:
            logger.info("%s runs Label Studio %s", client.url, await client.server_version())
            found = await survey(client, self._selection, self._report)
            ids = self._selection.ids
            self._report.asked = sum(found.tasks.values()) if ids is None else ids.size
            self._report.by_id = ids is not None
            logger.info("%d tasks to fetch", self._report.asked)
            if isinstance(self._selection.projects, tuple):
                self._report.projects.update(found.tasks)
            fetch = Fetch(
                client,
                self._selection,
                found.work,
                self._report,
                workers=self._workers,
                page_size=self._page_size,
            )
            async with fetch:
                yield client, fetch

    async def _users(self, client: Client) -> list[bytes]:
        try:
            return await client.users()
        except AccessDenied as error:
            logger.warning("the list of users is not loaded, only who made the annotations: %s", error)
        except LabelStudioError as error:
            self._report.fail("users", error)
        return []

    async def _projects(self, client: Client) -> dict[int, bytes]:
        projects = {}
        for project_id in sorted(self._report.projects):
            try:
                projects[project_id] = await client.project(project_id)
            except NotFound:
                logger.warning("project %d is gone since its tasks were fetched", project_id)
            except LabelStudioError as error:
                self._report.fail(f"project {project_id}", error)
        return projects

    def _note_unreadable(self, flattener: Flattener) -> None:
        for failure in flattener.unreadable:
            self._report.failures.append(failure)
            self._report.fetched.discard(int(failure.what.removeprefix("task ")))

    def _counted(self, families: Families, root: str, tables: dict[str, pa.Table]) -> Iterator[Any]:
        for name, rows in tables.items():
            self._report.rows[name] = self._report.rows.get(name, 0) + rows.num_rows
        return families.rows(root, tables)


def _batches(portal: BlockingPortal, fetch: Fetch) -> Iterator[list[RawTask]]:
    batch: list[RawTask] = []
    size = 0
    while page := portal.call(fetch.page):
        for task in page:
            if batch and (size + len(task.task) > BATCH_BYTES or len(batch) == BATCH_TASKS):
                yield batch
                batch, size = [], 0
            batch.append(task)
            size += len(task.task)
    if batch:
        yield batch


def _project_tables(flattener: Flattener, projects: dict[int, bytes]) -> dict[str, pa.Table]:
    rows = flattener.projects(list(projects.values()))
    labels = []
    for project_id, config in zip(rows["id"].to_pylist(), rows["label_config"].to_pylist(), strict=True):
        try:
            labels += offered_labels(project_id, config or "<View/>")
        except ValueError as error:
            logger.warning("%s", error)
    return {"projects": rows, "project_labels": as_table(labels)}
