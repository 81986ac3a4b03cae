"""A dlt source for Label Studio: tasks with their annotations, predictions and drafts, as normalized tables.

    import dlt
    from pipelines.label_studio import label_studio

    pipeline = dlt.pipeline("label_studio", destination="duckdb", dataset_name="label_studio")
    pipeline.run(label_studio(project_ids=[3]))

Its settings stand under [sources.label_studio] in .dlt/config.toml; the server's address and the token may also come
from LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import dlt
from dlt.sources import DltResource

from .client import Client
from .exceptions import LabelStudioError
from .family import REPLACE_FAMILY
from .report import Report
from .resource import Load
from .selection import select

__all__ = ["LabelStudioError", "Report", "label_studio"]


@dlt.source(name="label_studio", section="label_studio")
def label_studio(
    label_studio_url: str = dlt.config.value,
    label_studio_api_key: str = dlt.secrets.value,
    task_ids: Any | None = None,
    project_ids: Any | None = None,
    fetch_workers: int = 4,
    fetch_page_size: int = 100,
    fetch_timeout: float = 90.0,
    fetch_attempts: int = 6,
    fetch_requests_per_second: float = 0.0,
    report: Any = None,
    transport: Any = None,
) -> DltResource:
    """The tasks of a selection, and the users and projects that they name.

    One resource, `tasks`, gives all tables: a task that is fetched again replaces all of its rows, in one transaction.

    Args:
        label_studio_url: where Label Studio opens in a browser
        label_studio_api_key: a personal access token or a legacy token
        task_ids: ids and inclusive ranges of ids, as text or list: "1,5,10-20"
        project_ids: ids of projects, or "all"; together with `task_ids`, narrows to these projects
        fetch_workers: requests in flight at once
        fetch_page_size: tasks of a page to begin with; it adapts to the server
        fetch_timeout: seconds that one request may take
        fetch_attempts: tries of one request in all
        fetch_requests_per_second: a limit for all workers together; 0 is none
        report: a Report to be filled in
        transport: an httpx transport in place of the network

    Raises:
        SelectionError: nothing is selected, or something that is no id
        ConfigurationError: the address or the token is refused, when the resource is read
        LabelStudioError: nothing could be had, when the resource is read
    """
    client = partial(
        Client,
        label_studio_url,
        label_studio_api_key,
        timeout=fetch_timeout,
        attempts=fetch_attempts,
        connections=fetch_workers,
        requests_per_second=fetch_requests_per_second or None,
        transport=transport,
    )
    load = Load(
        client,
        select(task_ids, project_ids),
        report or Report(),
        workers=fetch_workers,
        page_size=fetch_page_size,
    )

    @dlt.resource(name="tasks", write_disposition=REPLACE_FAMILY)
    def tasks() -> Iterator[Any]:
        yield from load.items()

    return tasks()
