"""Fetches from a fake Label Studio without a warehouse behind it, on a clock that jumps."""

from collections.abc import Iterable, Sequence
from typing import Any

import httpx
from faults import Server
from virtual_time import run

from pipelines.demo import FakeLabelStudio
from pipelines.label_studio.client import Client
from pipelines.label_studio.fetch import Fetch
from pipelines.label_studio.flatten import RawTask
from pipelines.label_studio.report import Report
from pipelines.label_studio.selection import Selection
from pipelines.label_studio.survey import Work, survey

URL = "https://label-studio.example.com"
TOKEN = "0123456789abcdef0123456789abcdef01234567"


def task(task_id: int, project: int = 1, **more: Any) -> dict[str, Any]:
    """A small task, as Get task gives it."""
    return {
        "id": task_id,
        "project": project,
        "data": {"text": "…"},
        "annotations": [],
        "predictions": [],
        "drafts": [],
        "draft_exists": False,
        **more,
    }


def label_studio(ids: Iterable[int] = (), **more: Any) -> FakeLabelStudio:
    """A fake server with tasks in project 1, and an empty project 2."""
    return FakeLabelStudio([task(task_id) for task_id in ids], [{"id": 1}, {"id": 2}], token=TOKEN, **more)


def client(server: Server, report: Report | None = None, key: str = TOKEN, **options: Any) -> Client:
    """A client of a fake server."""
    return Client(URL, key, report or Report(), transport=httpx.MockTransport(server), **options)


def fetch(
    server: Server,
    selection: Selection,
    *,
    workers: int | None = 4,
    page_size: int = 100,
    work: Sequence[Work] | None = None,
    **options: Any,
) -> tuple[list[RawTask], Report]:
    """All tasks of a selection, in the order in which they came, and the report."""
    report = Report()

    async def main() -> list[RawTask]:
        async with client(server, report, connections=workers, **options) as label_studio:
            await label_studio.server_version()
            pieces = (await survey(label_studio, selection, report)).work if work is None else work
            fetching = Fetch(label_studio, selection, pieces, report, page_size=page_size)
            async with fetching:
                tasks: list[RawTask] = []
                while page := await fetching.page():
                    tasks += page
                return tasks

    return run(main()), report


def ids(tasks: Iterable[RawTask]) -> list[int]:
    """The ids of tasks, sorted; an id that came twice is there twice."""
    return sorted(task.id for task in tasks)
