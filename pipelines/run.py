"""One run, from the lock to the readers' copy: what was left undone first, then the load, then what follows from it."""

import logging
import os
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
import dlt
import duckdb
from dlt.pipeline.exceptions import PipelineStepFailed

from pipelines.analytics import Schemas, refresh
from pipelines.check_scope import Since
from pipelines.checks import CheckResult, failed_checks
from pipelines.dashboards.errors import PageFailed
from pipelines.exits import CHECK_FAILED, DONE, FAILED, explained
from pipelines.label_studio import Report, label_studio
from pipelines.label_studio.exceptions import LabelStudioError
from pipelines.label_studio.portions import PORTION_BYTES, PORTION_SECONDS, Portions
from pipelines.leftovers import PIPELINE, newest_load, note_base, opened, without_leftovers
from pipelines.load_runs import Journal, RunRecord
from pipelines.locks import Lease, machine_lock
from pipelines.memory import give_back
from pipelines.readers import PublishFailed, publish
from pipelines.settings import ROOT, SourceSettings, WarehouseSettings
from pipelines.stopping import stopped_by_signals
from pipelines.warehouse import checkpoint, comment_all, keep_house, open_duckdb, sparing
from pipelines.wide import refresh_wide

logger = logging.getLogger(__name__)


class LoadFailed(LabelStudioError):
    """The tables could not be loaded; what was fetched is kept where the next run finds it."""


@dataclass
class Outcome:
    """What a run did: its report, the rows that the tables hold now, and the checks that found something."""

    report: Report
    rows: dict[str, int]
    failed_checks: list[CheckResult]
    #: the readers' copy and the page, where they were written
    published: Path | None = None
    drawn: Path | None = None
    #: why one of them could not be written
    unpublished: LabelStudioError | None = None

    @property
    def exit_code(self) -> int:
        """The exit code that says so."""
        if self.report.failures or self.unpublished:
            return FAILED
        return CHECK_FAILED if self.has_errors else DONE

    @property
    def has_errors(self) -> bool:
        """A check of what must never be found something: what people read stays as it is."""
        return any(check.severity == "error" for check in self.failed_checks)


def run(
    source: SourceSettings, warehouse: WarehouseSettings, report: Report, run_id: str, transport: Any = None
) -> Outcome:
    """Fetches and loads what the settings select, and publishes it.

    Raises AnotherRun, LoadFailed, Stopped, and what the source raises.
    """
    folder = working_folder(warehouse)
    journal = Journal(RunRecord.begun(run_id), report, folder)
    try:
        with (
            stopped_by_signals(partial(_say_stopped, journal)),
            machine_lock(folder),
            open_duckdb(warehouse.database, warehouse.lock_timeout, memory_limit=warehouse.memory_limit) as connection,
        ):
            return _Run(source, warehouse, report, folder, connection).go(journal, transport)
    except BaseException as error:
        journal.keep(error)
        raise
    finally:
        # dlt's own notes on a run hold settings, and some of these are secrets
        (folder / PIPELINE / "trace.pickle").unlink(missing_ok=True)


class _Run:
    """A run that has the warehouse for itself."""

    def __init__(
        self,
        source: SourceSettings,
        warehouse: WarehouseSettings,
        report: Report,
        folder: Path,
        connection: duckdb.DuckDBPyConnection,
    ) -> None:
        self._source = source
        self._warehouse = warehouse
        self._report = report
        self._folder = folder
        self._connection = connection

    def go(self, journal: Journal, transport: Any) -> Outcome:
        """The whole run; it notes itself in `load_runs`."""
        pipeline = opened(self._folder, self._pipeline)
        with pipeline.sql_client() as client, journal.written_to(client):
            lease = Lease(pipeline.sql_client, journal.run_id, self._warehouse.lease_seconds)
            with lease.held():
                since = Since(newest_load(client), journal.started_at) if journal.last_was_good(client) else None
                journal.begin(client)
                outcome = self._loaded(client, lease, since, transport)
            journal.end(client, outcome.exit_code)
            try:
                self._publish(outcome)
                self._draw(outcome)
            except (PublishFailed, PageFailed) as error:
                outcome.unpublished = error
                journal.keep(error)
        return outcome

    def _loaded(self, client: Any, lease: Lease, since: Since | None, transport: Any) -> Outcome:
        pipeline = without_leftovers(self._folder, self._pipeline)
        with Portions(PORTION_BYTES, PORTION_SECONDS) as portions:
            source = label_studio(**dict(self._source), report=self._report, portions=portions, transport=transport)
            self._load(pipeline, lease, client, source, portions)
        # a client that was opened before the first load does not look for tables in the schema that it made
        with pipeline.sql_client() as after:
            keep_house(after)
            comment_all(after)
            worked_out = self._refresh()
            logger.info("views are up to date, agreement was worked out for %d tasks", worked_out)
            # a run that looked at all tasks looks at all rows, too
            partial_run = self._report.mode in ("ids", "incremental")
            rows = _count_rows(after, pipeline)
            with sparing(after, self._warehouse.memory_limit):
                found = failed_checks(after, since if partial_run else None)
        logger.info("checked: %s", f"{len(found)} checks found something" if found else "nothing is wrong")
        return Outcome(self._report, rows, found)

    def _refresh(self) -> int:
        dataset = self._warehouse.dataset_name
        worked_out = refresh(self._connection, dataset)
        refresh_wide(self._connection, dataset, self._warehouse.wide_projects or (), Schemas.of(dataset).analytics)
        return worked_out

    def _load(self, pipeline: dlt.Pipeline, lease: Lease, client: Any, source: Any, portions: Portions) -> None:
        try:
            pipeline.sync_destination()
            while not portions.over:
                note_base(self._folder, client)
                pipeline.extract(source)
                self._say_fetched(portions)
                give_back(self._connection)
                lease.expect_held()
                pipeline.normalize()
                pipeline.load()
                # the next portion's staging tables take the room of this one's
                checkpoint(self._connection)
                give_back(self._connection)
        except PipelineStepFailed as error:
            raise _cause(error) from error
        logger.info("loaded; %d tasks are new or changed, %d are gone", self._report.changed, len(self._report.deleted))

    def _say_fetched(self, portions: Portions) -> None:
        if portions.over:
            logger.info("fetched %d tasks, loading them", len(self._report.fetched))
        else:
            logger.info("%d tasks so far, loading them while others are fetched", self._report.rows["tasks"])

    def _publish(self, outcome: Outcome) -> None:
        target = self._warehouse.readers_copy
        if target is None:
            return
        if outcome.has_errors:
            logger.warning("the readers' copy is not replaced, as a check failed: %s", target)
            return
        publish(self._connection, self._warehouse.database, target)
        outcome.published = target
        logger.info("published %s", target)

    def _draw(self, outcome: Outcome) -> None:
        target = self._warehouse.dashboard
        if target is None:
            return
        if outcome.has_errors:
            logger.warning("the dashboard is not replaced, as a check failed: %s", target)
            return
        from pipelines.dashboards.drawing import draw_open

        url, dataset = self._source.label_studio_url, self._warehouse.dataset_name
        draw_open(self._connection, dataset, target, url, outcome.failed_checks)
        outcome.drawn = target
        logger.info("drew %s", target)

    def _pipeline(self) -> dlt.Pipeline:
        # dlt would open and close the file several times a run, and a reader could slip in between
        return dlt.pipeline(
            PIPELINE,
            destination=dlt.destinations.duckdb(self._connection),
            dataset_name=self._warehouse.dataset_name,
            pipelines_dir=str(self._folder),
        )


def _say_stopped(journal: Journal) -> None:
    journal.keep(KeyboardInterrupt())
    click.echo(f"tasks.py: {explained(KeyboardInterrupt())[0]}", err=True)


def working_folder(warehouse: WarehouseSettings) -> Path:
    """Where dlt keeps what it has fetched and not loaded yet: one folder for each warehouse."""
    digest = sha256(f"{warehouse.database.resolve()}\0{warehouse.dataset_name}".encode()).hexdigest()[:12]
    folder = Path(os.environ.get("DLT_DATA_DIR", ROOT / ".dlt")) / "pipelines" / digest
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _cause(error: PipelineStepFailed) -> BaseException:
    """What is behind a failed step of dlt's, where it is ours, else LoadFailed."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, LabelStudioError | KeyboardInterrupt):
            return cause
        last, cause = cause, cause.__cause__
    return LoadFailed(f"the {error.step} step failed: {' '.join(str(last).split())[:300]}")


def _count_rows(client: Any, pipeline: dlt.Pipeline) -> dict[str, int]:
    names = pipeline.default_schema.data_table_names(seen_data_only=True)
    union = " union all ".join(
        f"select '{name}', count(*) from {client.make_qualified_table_name(name)}" for name in names
    )
    return dict(client.execute_sql(union))
