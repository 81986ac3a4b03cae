"""One run, from the lock to the checks: what was left undone first, then the load, then what follows from it."""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import dlt
from dlt.pipeline.exceptions import PipelineStepFailed
from filelock import FileLock, Timeout

from pipelines.label_studio import Report, label_studio
from pipelines.label_studio.exceptions import LabelStudioError
from pipelines.settings import ROOT, SourceSettings, WarehouseSettings
from pipelines.warehouse import FailedCheck, comment, failed_checks, open_duckdb

logger = logging.getLogger(__name__)

PIPELINE = "label_studio"


class AnotherRun(LabelStudioError):
    """Another run of the same pipeline is in progress."""


class LoadFailed(LabelStudioError):
    """The tables could not be loaded; what was fetched is kept where the next run finds it."""


@dataclass
class Outcome:
    """What a run did: its report, the rows that the tables hold now, and the checks that found something."""

    report: Report
    rows: dict[str, int]
    failed_checks: list[FailedCheck]


def run(source: SourceSettings, warehouse: WarehouseSettings, report: Report, transport: Any = None) -> Outcome:
    """Fetches and loads what the settings select.

    Raises AnotherRun, LoadFailed, and what the source raises.
    """
    folder = _working_folder(warehouse)
    # dlt would open and close the file several times a run, and a reader could slip in between
    with _lock(folder), open_duckdb(warehouse.database, warehouse.lock_timeout) as connection:
        destination = dlt.destinations.duckdb(connection)
        pipeline = dlt.pipeline(
            PIPELINE, destination=destination, dataset_name=warehouse.dataset_name, pipelines_dir=str(folder)
        )
        _clear_up(folder)
        if pipeline.has_pending_data:
            logger.info("loading what an interrupted run had fetched")
            _load(pipeline, None)
        _load(pipeline, label_studio(**dict(source), report=report, transport=transport))
        with pipeline.sql_client() as client:
            comment(client, warehouse.dataset_name)
            return Outcome(report, _count_rows(client, pipeline), failed_checks(client))


def _load(pipeline: dlt.Pipeline, source: Any) -> None:
    try:
        pipeline.run(source)
    except PipelineStepFailed as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, LabelStudioError | KeyboardInterrupt):
                raise cause from error
            last, cause = cause, cause.__cause__
        raise LoadFailed(f"the {error.step} step failed: {' '.join(str(last).split())[:300]}") from error


def _count_rows(client: Any, pipeline: dlt.Pipeline) -> dict[str, int]:
    names = pipeline.default_schema.data_table_names(seen_data_only=True)
    union = " union all ".join(
        f"select '{name}', count(*) from {client.make_qualified_table_name(name)}" for name in names
    )
    return dict(client.execute_sql(union))


def _working_folder(warehouse: WarehouseSettings) -> Path:
    """Where dlt keeps what it has fetched and not loaded yet: one folder for each warehouse."""
    digest = sha256(f"{warehouse.database.resolve()}\0{warehouse.dataset_name}".encode()).hexdigest()[:12]
    folder = Path(os.environ.get("DLT_DATA_DIR", ROOT / ".dlt")) / "pipelines" / digest
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    holder = folder / "run.pid"
    try:
        with FileLock(folder / "run.lock", timeout=0):
            holder.write_text(str(os.getpid()))
            try:
                yield
            finally:
                holder.unlink(missing_ok=True)
    except Timeout as error:
        pid = holder.read_text() if holder.exists() else "unknown"
        raise AnotherRun(f"another run into this warehouse is in progress (process {pid}): let it end") from error


def _clear_up(folder: Path) -> None:
    """Removes what a run that was killed while it fetched left behind: nothing refers to it."""
    for leftover in (folder / PIPELINE / "normalize").glob("*"):
        if leftover.is_dir() and leftover.name != "extracted":
            shutil.rmtree(leftover, ignore_errors=True)
