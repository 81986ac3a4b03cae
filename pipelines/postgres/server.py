"""A PostgreSQL database as a destination: several runs and any number of readers at once."""

import logging
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any
from urllib.parse import unquote

from dlt.common.configuration.exceptions import ConfigFieldMissingException, InvalidNativeValue
from dlt.destinations.impl.postgres.configuration import PostgresClientConfiguration

from pipelines.analytics import Schemas
from pipelines.label_studio.exceptions import ConfigurationError, LabelStudioError
from pipelines.label_studio.shards import Shard
from pipelines.label_studio.turns import turn
from pipelines.outcome import Outcome
from pipelines.settings import WarehouseSettings
from pipelines.warehouse import comment_all, keep_house

try:
    import adbc_driver_postgresql  # noqa: F401  # the kept tables need it
    import psycopg2
except ImportError as error:
    raise ConfigurationError(
        "PostgreSQL needs packages that are not installed: uv sync --extra postgres, or"
        " pip install 'label-studio-warehouse[postgres]'"
    ) from error

from .copying import copying_postgres
from .indexes import make_indexes
from .kept import refresh_kept
from .views import deploy_views, drop_views

logger = logging.getLogger(__name__)

#: The oldest release that has all that is used: MERGE came with it.
_OLDEST = 150000

#: Seconds between two looks at whether it is this run's turn.
_TURN = 0.5

#: Whatever refuses the credentials, and a database or user that isn't there: it won't be otherwise the next time.
_REFUSED = (
    "password authentication failed",
    "does not exist",
    "no password supplied",
    "no pg_hba.conf entry",
    "invalid ",
)


_EXAMPLE = "postgresql://user:password@host:5432/database"


class ServerUnreachable(LabelStudioError):
    """The PostgreSQL server could not be reached."""


@contextmanager
def open_postgres(warehouse: WarehouseSettings, shard: Shard | None = None) -> Iterator["PostgresServer"]:
    """The database that dlt's settings name, looked at. Raises ConfigurationError, ServerUnreachable."""
    # what one shard has copied must not be emptied by another
    loads_to = copying_postgres(staging_dataset_name_layout=f"%s_staging_{shard.name}") if shard else copying_postgres()
    server = PostgresServer(warehouse, loads_to)
    server.connect().close()
    yield server


def connected(place: str, url: str) -> Any:
    """A connection to a database, in autocommit. Raises ConfigurationError, ServerUnreachable."""
    try:
        connection = psycopg2.connect(url)
    except psycopg2.OperationalError as error:
        raise _refused(place, error) from error
    except psycopg2.ProgrammingError:
        # it quotes the address, with the password in it
        raise _unreadable() from None
    connection.autocommit = True
    if connection.server_version < _OLDEST:
        raise ConfigurationError(f"{place} is PostgreSQL {connection.server_version // 10000}: 15 or later is needed")
    return connection


def place_of_server() -> str:
    """Where the database that dlt's settings name is, for people. Raises ConfigurationError."""
    return _location(copying_postgres())[0]


def _location(loads_to: copying_postgres) -> tuple[str, str]:
    """Where a destination's database is, for people, and its address, which is a secret. Raises ConfigurationError."""
    try:
        # the name of a dataset has to be there, and makes no difference
        configuration = loads_to.configuration(PostgresClientConfiguration()._bind_dataset_name("any"))
    except ConfigFieldMissingException as error:
        raise ConfigurationError(
            "no PostgreSQL database is named: set DESTINATION__POSTGRES__CREDENTIALS, or credentials under"
            f" [destination.postgres] in .dlt/secrets.toml, to {_EXAMPLE}"
        ) from error
    except InvalidNativeValue:
        raise _unreadable() from None
    if configuration.credentials.drivername not in ("postgresql", "postgres"):
        raise _unreadable()
    # the path of a socket stands there in disguise
    return (
        f"PostgreSQL at {unquote(configuration.data_location())}",
        configuration.credentials.to_native_representation(),
    )


class PostgresServer:
    """A PostgreSQL database that a run loads into."""

    def __init__(self, warehouse: WarehouseSettings, loads_to: copying_postgres) -> None:
        self._schemas = Schemas.of(warehouse.dataset_name)
        self.place, self._url = _location(loads_to)
        self.loads_to = loads_to

    def connect(self) -> Any:
        """A new connection. Raises ConfigurationError, ServerUnreachable."""
        return connected(self.place, self._url)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds a lock of the database's own, which goes with its connection, for one run after the other."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            waited = False
            while not _is_locked(cursor, self._schemas.dataset):
                if not waited:
                    logger.info("another run is loading into this warehouse: waiting for its end")
                waited = True
                time.sleep(_TURN)
            yield

    def rest(self) -> None:
        """The server looks after its memory."""

    def settle(self) -> None:
        """Makes the indexes once the tables are there: later portions look for their tasks by them."""
        with closing(self.connect()) as connection:
            make_indexes(connection, self._schemas.dataset)

    def refresh(self, client: Any) -> int:
        """Drops what is old, comments tables, and works out kept tables and views."""
        keep_house(client)
        comment_all(client)
        worked_out = refresh_kept(self._url, self._schemas, partial(drop_views, client, self._schemas))
        deploy_views(client, self._schemas)
        return worked_out

    def show(self, outcome: Outcome, url: str) -> None:
        """Nothing: people read from the server itself."""


def _is_locked(cursor: Any, dataset: str) -> bool:
    """Takes the lock, where nobody has it."""
    cursor.execute(f"select pg_try_advisory_lock({turn(dataset)})")
    return bool(cursor.fetchone()[0])


def _unreadable() -> ConfigurationError:
    return ConfigurationError(
        "the address of the PostgreSQL database can't be read, and is not shown, as it is a secret: write"
        f" {_EXAMPLE}, with signs other than letters and digits in the password as %40 for @"
    )


def _refused(place: str, error: Exception) -> LabelStudioError:
    # PostgreSQL names the server and the user, never the password
    reason = " ".join(str(error).split())[:300]
    if any(word in reason for word in _REFUSED):
        return ConfigurationError(f"{place} refuses the connection ({reason}): check the credentials")
    return ServerUnreachable(f"{place} can't be reached ({reason})")
