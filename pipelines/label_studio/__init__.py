"""A dlt source for Label Studio: tasks with their annotations, predictions and drafts, as normalized tables.

    import dlt
    from pipelines.label_studio import label_studio

    pipeline = dlt.pipeline("label_studio", destination="duckdb", dataset_name="label_studio")
    pipeline.run(label_studio(project_ids=[3]))

Its settings stand under [sources.label_studio] in .dlt/config.toml; the server's address and the token may also come
from LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import dlt
from dlt.common.typing import TSecretStrValue
from dlt.sources import DltResource

from .client import Client
from .cursors import EVERY, MODES
from .exceptions import ConfigurationError, LabelStudioError
from .family import REPLACE_FAMILY
from .masks import MASKS
from .plan import Policy
from .portions import Portions
from .pseudonyms import Pseudonyms
from .report import Report
from .resource import Load, Options
from .selection import select

__all__ = ["LabelStudioError", "Report", "label_studio"]


@dlt.source(name="label_studio", section="label_studio")
def label_studio(
    label_studio_url: str = dlt.config.value,
    label_studio_api_key: str = dlt.secrets.value,
    task_ids: Any | None = None,
    project_ids: Any | None = None,
    shard: str | None = None,
    fetch_workers: int | None = None,
    fetch_page_size: int = 100,
    fetch_timeout: float = 90.0,
    fetch_attempts: int = 6,
    fetch_requests_per_second: float = 0.0,
    fetch_mode: str = "incremental",
    fetch_overlap: float = 60.0,
    reconcile_every: str = "day",
    prune_projects: bool = False,
    annotation_history: bool = False,
    masks: str = "keep",
    pseudonymize_users: bool = False,
    pseudonym_key: TSecretStrValue | None = None,
    report: Any = None,
    portions: Portions | None = None,
    transport: Any = None,
) -> DltResource:
    """The tasks of a selection, and the users and projects that they name.

    One resource, `tasks`, gives all tables: a task that is fetched again replaces all of its rows, in one transaction.
    Projects are read for what changed since the last load; tasks that are found gone are removed from the warehouse.

    Args:
        label_studio_url: where Label Studio opens in a browser
        label_studio_api_key: a personal access token or a legacy token
        task_ids: ids and inclusive ranges of ids, as text or list: "1,5,10-20"
        project_ids: ids of projects, or "all"; together with `task_ids`, narrows to these projects
        shard: "3/8" for the third of eight disjoint shares of the ids, which never change; each is loaded by a pipeline
            of its own name, from wherever
        fetch_workers: requests in flight at once; None: as many as make the server faster
        fetch_page_size: tasks of a page to begin with; it adapts to the server
        fetch_timeout: seconds that one request may take
        fetch_attempts: tries of one request in all
        fetch_requests_per_second: a limit for all workers together; 0 is none
        fetch_mode: how projects are read: "incremental" (what changed), "reconcile" (compare every task with the
            warehouse, fetch what differs, find deletions) or "full" (everything); a first load is always full
        fetch_overlap: seconds before the last scan from which on changes are read again
        reconcile_every: the first load of each "hour", "day" or "week" reconciles, each "run" does, or "never"
        prune_projects: remove the tasks of projects that are gone, or emptied
        annotation_history: keep every version of an annotation, in a table of that name
        masks: what becomes of the numbers of brush masks: "keep" (a list in results.value), "blob" (bytes in base64) or
            "drop" (their MD5 alone, and with it that of bitmasks)
        pseudonymize_users: replace e-mails and names of users by a keyed hash
        pseudonym_key: the key, of 16 characters at least
        report: a Report to be filled in
        portions: where given, each extraction gives the next portion of the load, until it is over
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
    _expect("fetch_mode", fetch_mode, MODES)
    _expect("reconcile_every", reconcile_every, EVERY)
    _expect("masks", masks, MASKS)
    options = Options(
        Policy(fetch_mode, reconcile_every, prune_projects),  # type: ignore[arg-type]  # they were just looked at
        page_size=fetch_page_size,
        overlap=fetch_overlap,
        history=annotation_history,
        masks=masks,  # type: ignore[arg-type]  # it was just looked at
        pseudonyms=Pseudonyms(pseudonym_key or "") if pseudonymize_users else None,
    )
    selection = select(task_ids, project_ids, shard)

    @dlt.resource(name="tasks", write_disposition=REPLACE_FAMILY)
    def tasks() -> Iterator[Any]:
        load = partial(Load, client, selection, report or Report(), options)
        if portions:
            yield from portions.next(load)
        else:
            with Portions() as everything:
                yield from everything.next(load)

    return tasks()


def _expect(name: str, value: str, words: Sequence[str]) -> None:
    if value not in words:
        raise ConfigurationError(f"{name} is {value!r}: it takes {', '.join(words)}")
