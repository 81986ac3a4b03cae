"""Is the warehouse fresh? Per project: when it was last read, up to which moment, and what waits on the server."""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.label_studio import Report
from pipelines.label_studio.client import Client
from pipelines.label_studio.concurrency import together
from pipelines.label_studio.cursors import Progress
from pipelines.label_studio.exceptions import Forbidden, LabelStudioError, NotFound
from pipelines.label_studio.known import Known
from pipelines.label_studio.survey import EVERY_ID
from pipelines.peek import Peek, peek
from pipelines.progress import cursors_together
from pipelines.settings import SourceSettings, WarehouseSettings

logger = logging.getLogger(__name__)

#: A status is asked for often, and by machines: it does not wait long for a server.
_TIMEOUT, _ATTEMPTS = 10.0, 2


@dataclass(frozen=True)
class ProjectStatus:
    """How fresh a project is in the warehouse."""

    project_id: int
    tasks: int
    #: None where it has not been read whole yet
    progress: Progress | None
    #: when any of its tasks was loaded last
    loaded_at: datetime | None = None
    #: tasks that changed on the server since; None where the server does not tell
    behind: int | None = None

    @property
    def read_at(self) -> datetime | None:
        """When the last successful run began; where only ids were asked for, when the last of them was loaded."""
        return self.progress.read_at if self.progress else self.loaded_at

    def age(self, now: datetime) -> timedelta | None:
        """How long ago the last successful run began; None where there was none."""
        return now - self.read_at if self.read_at else None


@dataclass(frozen=True)
class Status:
    """The projects of a warehouse, and where was looked: the warehouse or its readers' copy."""

    projects: list[ProjectStatus]
    place: str | None
    now: datetime

    def is_fresh(self, max_age: timedelta | None) -> bool:
        """Every project was read, and not longer than `max_age` ago; a warehouse without projects is not fresh."""
        ages = [project.age(self.now) for project in self.projects]
        return bool(ages) and all(age is not None and (max_age is None or age <= max_age) for age in ages)


def status(
    warehouse: WarehouseSettings, projects: tuple[int, ...] | None, source: SourceSettings | None, transport: Any = None
) -> Status:
    """The status of the projects named, or of all in the warehouse; `source` is the server to compare with, if any.

    Raises WarehouseBusy.
    """
    now = datetime.now(UTC)
    with peek(warehouse) as found:
        rows = [] if found is None else _rows(found, projects)
    missing = set(projects or ()) - {row.project_id for row in rows}
    rows += [ProjectStatus(project_id, 0, None) for project_id in sorted(missing)]
    if source is not None and rows:
        rows = asyncio.run(_compared(rows, source, transport))
    return Status(rows, found.place if found else None, now)


def _rows(found: Peek, projects: tuple[int, ...] | None) -> list[ProjectStatus]:
    cursors = cursors_together(found.pipeline)
    with Known.of(found.pipeline) as known:
        held, loads = known.projects(), _last_loads(known)
    return [
        ProjectStatus(project_id, project.tasks, cursors.get(project_id), loads.get(project_id))
        for project_id, project in held.items()
        if projects is None or project_id in projects
    ]


def _last_loads(known: Known) -> dict[int, datetime]:
    """When a task of each project was loaded last: dlt's load ids are seconds since 1970."""
    query = "select project_id, max(_dlt_load_id) from {tasks} where project_id is not null group by 1"
    return {project_id: datetime.fromtimestamp(float(load_id), UTC) for project_id, load_id in known.rows(query)}


async def _compared(rows: list[ProjectStatus], source: SourceSettings, transport: Any) -> list[ProjectStatus]:
    async def compared(row: ProjectStatus) -> ProjectStatus:
        if row.progress is None:
            return row
        try:
            behind, _ = await client.count(row.project_id, EVERY_ID, row.progress.read_at)
        except (NotFound, Forbidden):
            return row
        return replace(row, behind=behind)

    try:
        async with Client(
            source.label_studio_url,
            source.label_studio_api_key,
            Report(),
            timeout=_TIMEOUT,
            attempts=_ATTEMPTS,
            transport=transport,
        ) as client:
            return await together(map(compared, rows))
    except LabelStudioError as error:
        logger.warning("the server can't be compared with: %s", error)
        return rows
