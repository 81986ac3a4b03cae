"""What the driver plans and the executors read, with the client and the flattening of the dlt source."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import pyarrow as pa
from anyio.from_thread import start_blocking_portal

from pipelines.label_studio.client import Client
from pipelines.label_studio.concurrency import together
from pipelines.label_studio.exceptions import NotFound, RequestFailed, SelectionError
from pipelines.label_studio.fetch import Fetch
from pipelines.label_studio.flatteners import Flatteners
from pipelines.label_studio.pieces import IdList, Interval
from pipelines.label_studio.pseudonyms import Pseudonyms
from pipelines.label_studio.report import Report
from pipelines.label_studio.resource import batches, project_tables
from pipelines.label_studio.selection import Selection
from pipelines.label_studio.survey import Work, projects_of, survey

from .cutting import Share, cut, packed
from .options import Options

T = TypeVar("T")

#: What a partition reads was selected before.
_ANY = Selection(projects="all")

#: Failures that an error names.
_SHOWN = 3


@dataclass(frozen=True)
class Portion:
    """What one partition reads, and how many requests a second are its own; None: no limit."""

    works: tuple[Work, ...]
    requests_per_second: float | None


def plan(options: Options) -> list[Portion]:
    """The partitions: each task of the selection stands in exactly one. Raises LabelStudioError."""
    packs = asked(options, partial(_packs, options))
    rate = options.requests_per_second
    at_once = min(options.partitions_at_once or len(packs), len(packs)) or 1
    return [Portion(works, rate / at_once if rate else None) for works in packs]


@contextmanager
def reading(
    options: Options, portion: Portion, report: Report
) -> Iterator[tuple[Iterator[dict[str, pa.Table]], Callable[[], pa.Table]]]:
    """The rows of a portion's tasks, batch by batch with all tables of each, and what gives the users met in them.

    Raises LabelStudioError where any of its tasks can't be had: what is left out would not be missed.
    """
    flatteners = Flatteners(threads=1, masks=options.masks)
    try:
        tables = _tables(options, portion, flatteners, report)
        yield tables, lambda: pseudonymized(options, {"users": flatteners.users([])})["users"]
    finally:
        flatteners.close()


def users(options: Options) -> pa.Table:
    """The rows of `users`, as the server lists them. Raises LabelStudioError."""
    listed = asked(options, Client.users)
    with _flattener() as flatteners:
        return pseudonymized(options, {"users": flatteners.users(listed)})["users"]


def projects(options: Options, project_ids: Iterable[int] | None = None) -> dict[str, pa.Table]:
    """The rows of `projects` and `project_labels`. Raises LabelStudioError.

    Of the projects given by their ids, else of those that are selected; where ids of tasks are, of those that hold any.
    """
    raw = asked(options, partial(_projects, options.selection, project_ids))
    with _flattener() as flatteners:
        return pseudonymized(options, project_tables(flatteners, raw))


def selected_projects(options: Options) -> list[int]:
    """The ids of the projects that are selected as a whole, or narrow the ids. Raises LabelStudioError.

    Those that are named must exist.
    """
    if isinstance(options.selection.projects, tuple):
        return list(asked(options, partial(_projects, options.selection, options.selection.projects)))
    return asked(options, lambda client: projects_of(client, options.selection))


def asked(options: Options, ask: Callable[[Client], Awaitable[T]]) -> T:
    """What a few requests give. Raises LabelStudioError."""

    async def main() -> T:
        async with client_of(options, Report(), options.requests_per_second) as client:
            await client.server_version()
            return await ask(client)

    return asyncio.run(main())


def client_of(options: Options, report: Report, requests_per_second: float | None) -> Client:
    """The client that the options ask for."""
    return Client(
        options.url,
        options.token,
        report,
        timeout=options.timeout,
        attempts=options.attempts,
        connections=options.workers,
        requests_per_second=requests_per_second,
    )


def pseudonymized(options: Options, tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """The rows, with people under pseudonyms where the options ask for that."""
    if options.pseudonym_secret is None:
        return tables
    pseudonyms = Pseudonyms(options.pseudonym_secret)
    return {name: pseudonyms.apply(name, rows) for name, rows in tables.items()}


def _tables(
    options: Options, portion: Portion, flatteners: Flatteners, report: Report
) -> Iterator[dict[str, pa.Table]]:
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(client_of(options, report, portion.requests_per_second)) as client,
    ):
        fetch = Fetch(client, _ANY, portion.works, report, page_size=options.page_size)
        with portal.wrap_async_context_manager(fetch):
            for tables, _ in flatteners.tasks(batches(portal, fetch)):
                yield pseudonymized(options, tables)
    report.failures += flatteners.take_unreadable()
    _expect_all(report)


def _expect_all(report: Report) -> None:
    if report.failures:
        shown = "; ".join(f"{each.what}: {each.reason}" for each in report.failures[:_SHOWN])
        more = len(report.failures) - _SHOWN
        raise RequestFailed(f"not all can be had: {shown}{f'; and {more} more' if more > 0 else ''}")


async def _packs(options: Options, client: Client) -> list[tuple[Work, ...]]:
    shares = await _shares(options.selection, client)
    total = sum(tasks for _, tasks in shares)
    target = max(1, -(-total // options.partitions) if options.partitions else options.tasks_per_partition)

    async def cut_up(work: Work, tasks: int) -> list[tuple[Work, int]]:
        parts = await cut(Share(work.piece, tasks), max(1, round(tasks / target)), partial(_count, client, work))
        return [(work._replace(piece=part.piece), part.tasks) for part in parts]

    cuts = await together(cut_up(work, tasks) for work, tasks in shares)
    return packed([part for parts in cuts for part in parts], target)


async def _shares(selection: Selection, client: Client) -> list[tuple[Work, int]]:
    """The work of a selection, with the number of its tasks: of lists of ids, at most as many as there are ids."""
    report = Report()
    found = await survey(client, selection, report)
    _expect_all(report)
    pieces: dict[int, int] = {}
    for work in found.work:
        pieces[work.project_id] = pieces.get(work.project_id, 0) + 1

    async def tasks(work: Work) -> int:
        if isinstance(work.piece, IdList):
            return len(work.piece.ids)
        known = pieces[work.project_id] == 1
        return found.tasks[work.project_id] if known else await _count(client, work, work.piece)

    return list(zip(found.work, await together(tasks(work) for work in found.work), strict=True))


async def _count(client: Client, work: Work, interval: Interval) -> int:
    return (await client.count(work.project_id, interval))[0]


async def _projects(selection: Selection, project_ids: Iterable[int] | None, client: Client) -> dict[int, bytes]:
    wanted = sorted(await _holders(selection, client) if project_ids is None else project_ids)
    answers = dict(zip(wanted, await together(_project(client, each) for each in wanted), strict=True))
    gone = [project_id for project_id, raw in answers.items() if raw is None]
    if gone and isinstance(selection.projects, tuple):
        raise SelectionError(f"the server knows no project {gone[0]}, or the token may not see it")
    return {project_id: raw for project_id, raw in answers.items() if raw is not None}


async def _project(client: Client, project_id: int) -> bytes | None:
    try:
        return await client.project(project_id)
    except NotFound:
        return None


async def _holders(selection: Selection, client: Client) -> Iterable[int]:
    if selection.ids is None:
        return await projects_of(client, selection)
    report = Report()
    found = await survey(client, selection, report)
    _expect_all(report)
    counts = await together(client.count(work.project_id, work.piece) for work in found.work)
    return {work.project_id for work, (total, _) in zip(found.work, counts, strict=True) if total}


@contextmanager
def _flattener() -> Iterator[Flatteners]:
    flatteners = Flatteners(threads=1)
    try:
        yield flatteners
    finally:
        flatteners.close()
