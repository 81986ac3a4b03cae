"""The lakes that follow a DuckDB warehouse, behind one face."""

from typing import Any, Protocol
from uuid import uuid4

from pipelines.analytics.definitions import Schemas
from pipelines.label_studio.shards import Shard
from pipelines.settings import ROOT, WarehouseSettings

from .files import Place
from .lakes import lake_in
from .publishing import publish


class Follower(Protocol):
    """A lake that is brought up to date after a run."""

    @property
    def place(self) -> str:
        """Where it is, for people."""

    def publish(self, connection: Any, schemas: Schemas) -> dict[str, int]:
        """Brings it up to date; gives the rows that were written into each table that was touched.

        `connection` is a cursor of the warehouse's, where nobody else writes.
        """


class FileLake:
    """Delta or Iceberg tables."""

    def __init__(self, folder: str, kind: str, catalog: str | None) -> None:
        self._lake = lake_in(folder, kind, catalog)
        self._where = Place(folder, kind, uuid4().hex[:12])

    @property
    def place(self) -> str:
        """The folder, and of which kind its tables are."""
        return f"{self._where.folder} ({self._where.format})"

    def publish(self, connection: Any, schemas: Schemas) -> dict[str, int]:
        """Replaces blocks of tasks, table by table."""
        return publish(connection, schemas, self._lake, self._where)


def follower_of(warehouse: WarehouseSettings, shard: Shard | None, connection: Any) -> Follower:
    """The lake that the settings name, for the warehouse at `connection`. Raises ConfigurationError."""
    folder = warehouse.lake or ""
    if warehouse.destination_name == "filesystem":
        return FileLake(folder, warehouse.lake_format, warehouse.lake_catalog)
    from .ducklake import DuckLake

    catalog = warehouse.lake_catalog
    if catalog and "://" not in catalog:
        catalog = str(ROOT / catalog)
    return DuckLake(folder, catalog, shard, connection)
