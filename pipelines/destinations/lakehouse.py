"""A DuckDB file whose tables are kept in a lake, too: Delta, Iceberg or DuckLake."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager

import duckdb

from pipelines.analytics import Schemas
from pipelines.label_studio.shards import Shard
from pipelines.lake.errors import LakeFailed
from pipelines.lake.following import follower_of
from pipelines.outcome import Outcome
from pipelines.settings import WarehouseSettings
from pipelines.warehouse import open_duckdb

from .duckdb_file import DuckdbFile

logger = logging.getLogger(__name__)


@contextmanager
def open_lakehouse(warehouse: WarehouseSettings, shard: Shard | None = None) -> Iterator["Lakehouse"]:
    """The DuckDB file of the settings, held open, beside its lake. Raises WarehouseBusy, ConfigurationError."""
    with open_duckdb(warehouse.database, warehouse.lock_timeout, memory_limit=warehouse.memory_limit) as connection:
        yield Lakehouse(warehouse, connection, shard)


class Lakehouse(DuckdbFile):
    """A DuckDB file that this process holds open, and the lake that follows it."""

    def __init__(
        self, warehouse: WarehouseSettings, connection: duckdb.DuckDBPyConnection, shard: Shard | None
    ) -> None:
        super().__init__(warehouse, connection)
        self._schemas = Schemas.of(warehouse.dataset_name)
        self._lake = follower_of(warehouse, shard, connection)

    def show(self, outcome: Outcome, url: str) -> None:
        """Brings the lake up to date, too, unless a check failed. Raises LakeFailed besides."""
        super().show(outcome, url)
        place = self._lake.place
        if outcome.has_errors:
            logger.warning("the lake is left as it is, as a check failed: %s", place)
            return
        with closing(self._connection.cursor()) as cursor:
            try:
                rows = self._lake.publish(cursor, self._schemas)
            except LakeFailed:
                raise
            except Exception as error:
                # each of the libraries raises its own
                reason = " ".join(str(error).split())[:300]
                raise LakeFailed(f"loaded, but the lake {place} can't be brought up to date ({reason})") from error
        outcome.lake = place
        logger.info(
            "the lake %s is up to date: %d tables were touched, %d rows written", place, len(rows), sum(rows.values())
        )
