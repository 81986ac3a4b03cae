"""One run, from the lock to what people read: what was left undone first, then the load, then what follows from it."""

import logging
import os
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
import dlt
from dlt.pipeline.exceptions import PipelineStepFailed

from pipelines.check_scope import Since
from pipelines.checks import failed_checks
from pipelines.dashboards.errors import PageFailed
from pipelines.destinations import Destination, opened, place_of
from pipelines.exits import explained
from pipelines.label_studio import Report, label_studio
from pipelines.label_studio.exceptions import LabelStudioError
from pipelines.label_studio.portions import PORTION_BYTES, PORTION_SECONDS, Portions
from pipelines.label_studio.shards import Shard
from pipelines.leftovers import newest_load, note_base, pipeline_in, pipeline_name, without_leftovers
from pipelines.load_runs import LOAD_RUNS, Journal, RunRecord, create_table
from pipelines.locks import RUN_LEASE, Lease, machine_lock
from pipelines.outcome import Outcome
from pipelines.readers import PublishFailed
from pipelines.settings import ROOT, SourceSettings, WarehouseSettings
from pipelines.stopping import stopped_by_signals
from pipelines.warehouse import sparing

logger = logging.getLogger(__name__)


class LoadFailed(LabelStudioError):
    """The tables could not be loaded; what was fetched is kept where the next run finds it."""


def run(
    source: SourceSettings, warehouse: WarehouseSettings, report: Report, run_id: str, transport: Any = None
) -> Outcome:
    """Fetches and loads what the settings select, and publishes it.

    Raises AnotherRun, LoadFailed, Stopped, and what the source raises.
    """
    shard = Shard.read(source.shard) if source.shard else None
    folder = working_folder(warehouse, shard)
    journal = Journal(RunRecord.begun(run_id, source.shard), report, folder)
    try:
        with (
            stopped_by_signals(partial(_say_stopped, journal)),
            machine_lock(folder),
            opened(warehouse, shard) as destination,
        ):
            return _Run(source, warehouse, report, folder, destination, shard).go(journal, transport)
    except BaseException as error:
        journal.keep(error)
        raise
    finally:
        # dlt's own notes on a run hold settings, and some of these are secrets
        (folder / pipeline_name(shard) / "trace.pickle").unlink(missing_ok=True)


class _Run:
    """A run that has the warehouse for itself."""

    def __init__(
        self,
        source: SourceSettings,
        warehouse: WarehouseSettings,
        report: Report,
        folder: Path,
        destination: Destination,
        shard: Shard | None,
    ) -> None:
        self._source = source
        self._warehouse = warehouse
        self._report = report
        self._folder = folder
        self._destination = destination
        self._shard = shard

    def go(self, journal: Journal, transport: Any) -> Outcome:
        """The whole run; it notes itself in `load_runs`."""
        pipeline = pipeline_in(self._folder, self._pipeline)
        with self._destination.alone(), pipeline.sql_client() as client:
            for table in (LOAD_RUNS, RUN_LEASE):
                create_table(client, table)
        with pipeline.sql_client() as client, journal.written_to(client):
            lease = Lease(pipeline.sql_client, journal.run_id, self._warehouse.lease_seconds, self._shard)
            with lease.held():
                since = Since(newest_load(client), journal.started_at) if journal.last_was_good(client) else None
                journal.begin(client)
                outcome = self._loaded(client, lease, since, transport)
            journal.end(client, outcome.exit_code)
            try:
                self._destination.show(outcome, self._source.label_studio_url)
            except (PublishFailed, PageFailed) as error:
                outcome.unpublished = error
                journal.keep(error)
        return outcome

    def _loaded(self, client: Any, lease: Lease, since: Since | None, transport: Any) -> Outcome:
        with self._destination.alone():
            pipeline = without_leftovers(self._folder, self._pipeline)
        with Portions(PORTION_BYTES, PORTION_SECONDS) as portions:
            source = label_studio(**dict(self._source), report=self._report, portions=portions, transport=transport)
            self._load(pipeline, lease, client, source, portions)
        # a client that was opened before the first load does not look for tables in the schema that it made
        with self._destination.alone(), pipeline.sql_client() as after:
            worked_out = self._destination.refresh(after)
            logger.info("views are up to date, agreement was worked out for %d tasks", worked_out)
            # a run that looked at all tasks looks at all rows, too
            partial_run = self._report.mode in ("ids", "incremental")
            rows = _count_rows(after, pipeline)
            with sparing(after, self._warehouse.memory_limit):
                found = failed_checks(after, since if partial_run else None)
        logger.info("checked: %s", f"{len(found)} checks found something" if found else "nothing is wrong")
        return Outcome(self._destination.place, self._report, rows, found)

    def _load(self, pipeline: dlt.Pipeline, lease: Lease, client: Any, source: Any, portions: Portions) -> None:
        try:
            pipeline.sync_destination()
            while not portions.over:
                note_base(self._folder, client)
                pipeline.extract(source)
                self._say_fetched(portions)
                self._destination.rest()
                lease.expect_held()
                pipeline.normalize()
                with self._destination.alone():
                    pipeline.load()
                    self._destination.settle()
        except PipelineStepFailed as error:
            raise _cause(error) from error
        logger.info("loaded; %d tasks are new or changed, %d are gone", self._report.changed, len(self._report.deleted))

    def _say_fetched(self, portions: Portions) -> None:
        if portions.over:
            logger.info("fetched %d tasks, loading them", len(self._report.fetched))
        else:
            logger.info("%d tasks so far, loading them while others are fetched", self._report.rows["tasks"])

    def _pipeline(self) -> dlt.Pipeline:
        return dlt.pipeline(
            pipeline_name(self._shard),
            destination=self._destination.loads_to,
            dataset_name=self._warehouse.dataset_name,
            pipelines_dir=str(self._folder),
        )


def _say_stopped(journal: Journal) -> None:
    journal.keep(KeyboardInterrupt())
    click.echo(f"tasks.py: {explained(KeyboardInterrupt())[0]}", err=True)


def working_folder(warehouse: WarehouseSettings, shard: Shard | None = None) -> Path:
    """Where dlt keeps what it has fetched and not loaded yet: one folder for each warehouse and shard."""
    whole = f"{place_of(warehouse)}\0{warehouse.dataset_name}"
    digest = sha256((f"{whole}\0{shard}" if shard else whole).encode()).hexdigest()[:12]
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
