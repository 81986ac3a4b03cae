"""The kinds of warehouse that a run can load into: what each does in its own way, behind one face."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from pipelines.label_studio.exceptions import ConfigurationError
from pipelines.label_studio.shards import Shard
from pipelines.settings import WarehouseSettings

if TYPE_CHECKING:
    from pipelines.outcome import Outcome


class Destination(Protocol):
    """A warehouse that a run has open."""

    @property
    def place(self) -> str:
        """Where it is, for people."""

    @property
    def loads_to(self) -> Any:
        """What dlt loads to: one of its destinations."""

    def alone(self) -> AbstractContextManager[None]:
        """Inside, no other run changes the warehouse: where several may be at work at once, they take turns."""

    def rest(self) -> None:
        """Follows a step of the work, while others are to come."""

    def settle(self) -> None:
        """Follows the load of a portion, while others may be to come."""

    def refresh(self, client: Any) -> int:
        """Brings what is made of the tables up to date: comments, kept tables, views. `client` is dlt's SQL client.

        Gives the number of tasks that were worked out.
        """

    def show(self, outcome: "Outcome", url: str) -> None:
        """Writes what people read beside the warehouse; notes it in the outcome. `url` is Label Studio's address.

        Raises LabelStudioError where it can't be written.
        """


@contextmanager
def opened(warehouse: WarehouseSettings, shard: Shard | None = None) -> Iterator[Destination]:
    """The warehouse of the settings, open for one run, of a shard or of all. Raises what goes with its kind."""
    # each brings libraries of its own, and only one is needed
    if warehouse.destination_name == "postgres":
        from pipelines.postgres.server import open_postgres

        with open_postgres(warehouse, shard) as server:
            yield server
    elif shard and warehouse.destination_name != "ducklake":
        raise ConfigurationError(
            f"shard {shard} can't be loaded into destination {warehouse.destination_name}, which takes one run at a"
            " time: with --shard, give --destination postgres or ducklake"
        )
    elif warehouse.lake:
        from .lakehouse import open_lakehouse

        with open_lakehouse(warehouse, shard) as lakehouse:
            yield lakehouse
    else:
        from .duckdb_file import open_file

        with open_file(warehouse) as file:
            yield file


def place_of(warehouse: WarehouseSettings) -> str:
    """What tells the warehouse of the settings from others, without opening it. Raises ConfigurationError."""
    if warehouse.destination_name == "postgres":
        from pipelines.postgres.server import place_of_server

        return place_of_server()
    return str(warehouse.database.resolve())
