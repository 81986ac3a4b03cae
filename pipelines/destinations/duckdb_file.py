"""The DuckDB file as a destination: one run at a time, with a copy and a page for those who read."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import dlt
import duckdb

from pipelines.analytics import Schemas, refresh
from pipelines.memory import give_back
from pipelines.outcome import Outcome
from pipelines.readers import publish
from pipelines.settings import WarehouseSettings
from pipelines.warehouse import checkpoint, comment_all, keep_house, open_duckdb
from pipelines.wide import refresh_wide

logger = logging.getLogger(__name__)


@contextmanager
def open_file(warehouse: WarehouseSettings) -> Iterator["DuckdbFile"]:
    """The DuckDB file of the settings, held open. Raises WarehouseBusy, ConfigurationError."""
    with open_duckdb(warehouse.database, warehouse.lock_timeout, memory_limit=warehouse.memory_limit) as connection:
        yield DuckdbFile(warehouse, connection)


class DuckdbFile:
    """A DuckDB file that this process holds open."""

    def __init__(self, warehouse: WarehouseSettings, connection: duckdb.DuckDBPyConnection) -> None:
        self._warehouse = warehouse
        self._connection = connection

    @property
    def place(self) -> str:
        """The path of the file."""
        return str(self._warehouse.database)

    @property
    def loads_to(self) -> Any:
        """The open file: dlt would open and close it several times a run, and a reader could slip in between."""
        return dlt.destinations.duckdb(self._connection)

    def alone(self) -> AbstractContextManager[None]:
        """Nobody else can have the file open."""
        return nullcontext()

    def rest(self) -> None:
        """Memory that the step took goes back to the system."""
        give_back(self._connection)

    def settle(self) -> None:
        """The next portion's staging tables take the room of this one's, and its work the memory."""
        checkpoint(self._connection)
        give_back(self._connection)

    def refresh(self, client: Any) -> int:
        """Drops what is old, comments tables, and works out kept tables and views."""
        keep_house(client)
        comment_all(client)
        dataset = self._warehouse.dataset_name
        worked_out = refresh(self._connection, dataset)
        refresh_wide(self._connection, dataset, self._warehouse.wide_projects or (), Schemas.of(dataset).analytics)
        return worked_out

    def show(self, outcome: Outcome, url: str) -> None:
        """Publishes the readers' copy and draws the page, unless a check failed. Raises PublishFailed, PageFailed."""
        self._publish(outcome)
        self._draw(outcome, url)

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

    def _draw(self, outcome: Outcome, url: str) -> None:
        target = self._warehouse.dashboard
        if target is None:
            return
        if outcome.has_errors:
            logger.warning("the dashboard is not replaced, as a check failed: %s", target)
            return
        from pipelines.dashboards.drawing import draw_open

        draw_open(self._connection, self._warehouse.dataset_name, target, url, outcome.failed_checks)
        outcome.drawn = target
        logger.info("drew %s", target)
