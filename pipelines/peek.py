"""A look into the warehouse without writing to it, also while a run is at work: then into the readers' copy."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dlt
import duckdb

from pipelines.destinations import opened
from pipelines.leftovers import PIPELINE
from pipelines.settings import WarehouseSettings
from pipelines.warehouse import WarehouseBusy, open_duckdb

#: Seconds to wait for a warehouse that is held, where its readers' copy will do as well.
_SOON = 0.5


class Peek:
    """What the warehouse at `place` holds, behind a pipeline that knows nothing else."""

    def __init__(self, pipeline: dlt.Pipeline, place: str) -> None:
        self.pipeline = pipeline
        self.place = place


@contextmanager
def peek(warehouse: WarehouseSettings) -> Iterator[Peek | None]:
    """The warehouse, or its readers' copy where the warehouse is held; None where there is neither.

    Raises WarehouseBusy where the warehouse goes on being held, and there is no copy.
    """
    if warehouse.is_file and not warehouse.database.exists():
        yield None
        return
    with ExitStack() as stack:
        place, loads_to = _opened(stack, warehouse)
        pipeline = stack.enter_context(pipeline_on(loads_to, warehouse.dataset_name))
        pipeline.sync_destination()
        yield Peek(pipeline, place)


@contextmanager
def pipeline_on(loads_to: Any, dataset: str) -> Iterator[dlt.Pipeline]:
    """A pipeline over an open warehouse that knows nothing of it yet, and keeps nothing.

    `loads_to` is one of dlt's destinations.
    """
    with TemporaryDirectory() as folder:
        yield dlt.pipeline(PIPELINE, destination=loads_to, dataset_name=dataset, pipelines_dir=folder)


@contextmanager
def client_of(pipeline: dlt.Pipeline) -> Iterator[Any]:
    """dlt's SQL client of a pipeline that has no schema, as a first run that failed leaves none."""
    # the pipeline's own sql_client wants one
    job_client: Any = pipeline.destination_client()
    with job_client.sql_client as client:
        yield client


def _opened(stack: ExitStack, warehouse: WarehouseSettings) -> tuple[str, Any]:
    """Where the warehouse is, for people, and dlt's destination for it."""
    if warehouse.is_file:
        path, connection = _opened_file(stack, warehouse)
        return str(path), dlt.destinations.duckdb(connection)
    with opened(warehouse) as server:
        return server.place, server.loads_to


def _opened_file(stack: ExitStack, warehouse: WarehouseSettings) -> tuple[Path, duckdb.DuckDBPyConnection]:
    path, copy = warehouse.database, warehouse.readers_copy
    instead = copy if copy and copy.exists() else None
    try:
        wait = _SOON if instead else warehouse.lock_timeout
        return path, stack.enter_context(open_duckdb(path, wait, read_only=True))
    except WarehouseBusy:
        if instead is None:
            raise
    return instead, stack.enter_context(open_duckdb(instead, warehouse.lock_timeout, read_only=True))
