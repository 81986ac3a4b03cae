"""Memory that is not needed any more goes back to the system, which neither DuckDB nor the C library does by itself."""

import ctypes
from contextlib import suppress

import duckdb

#: DuckDB's cache is emptied down to here.
_CACHE = "32MB"


def give_back(connection: duckdb.DuckDBPyConnection) -> None:
    """Forgets the pages of the file that DuckDB caches, up to 80 % of the machine's memory, and what was freed since.

    For the end of a step of the work: the next one reads what it needs again.
    """
    limit = connection.execute("select current_setting('memory_limit')").fetchall()[0][0]
    # where it can't get down to this, it has gone as far as it can
    with suppress(duckdb.OutOfMemoryException):
        connection.execute(f"set memory_limit = '{_CACHE}'")
    connection.execute(f"set memory_limit = '{limit}'")
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
