"""A DuckDB warehouse into a lake: after a run, what differs is replaced there, table by table, the tasks' last.

Each table is replaced at once or not at all; all of them together are not. What is left undone, the next run does.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from pipelines.analytics.definitions import Schemas
from pipelines.load_runs import LOAD_RUNS

from .errors import LakeFailed
from .files import Files, Place, Written, clean_up
from .lakes import Lake
from .ledger import DAY, Ledger, ids_of, within
from .replaced import Replaced
from .sources import Source, sources

logger = logging.getLogger(__name__)

#: Rows that are read at once, and bytes that are written at once.
_ROWS, _PORTION_BYTES = 10_000, 64 * 2**20


def publish(connection: Any, schemas: Schemas, lake: Lake, where: Place) -> dict[str, int]:
    """Brings a lake up to date; gives the rows that were written into each table that was touched.

    `connection` is a cursor of the warehouse's, where nobody else writes. Raises LakeFailed, or what the lake does.
    """
    connection.execute("set timezone = 'UTC'")
    found = sources(connection, schemas)
    ledger = Ledger(connection, schemas, f"{where.format} {where.folder}")
    stale = ledger.stale(found)
    anew = [source.table.name for source in found if not _is_known(lake, source, ledger)]
    touched = [source for source in found if stale[source.table.name] or source.table.name in anew]
    # a table that each run changes
    last_mark = max(ledger.marks(LOAD_RUNS.name), default=0)
    mark = time.time_ns()
    ledger.begin(mark, [source.table.name for source in touched])
    kept: set[str] = set()
    rows: dict[str, int] = {}
    try:
        for source in touched:
            name = source.table.name
            blocks = ledger.all_blocks(name) if name in anew else stale[name]
            files, few = _written(connection, source, blocks, where)
            # whether a commit that fails was made, nobody can tell
            kept |= {file.path for file in files}
            lake.replace(source.table, _replaced(source, blocks, anew), files, few, where.run, mark)
            rows[name] = sum(file.rows for file in files) + (few.num_rows if few is not None else 0)
            logger.debug("the lake's table %s: %d rows in %d blocks are new", name, rows[name], len(blocks))
    finally:
        clean_up(where, kept)
    ledger.end(mark, rows)
    if last_mark // DAY != mark // DAY:
        _tidy(lake, found)
    return rows


def _is_known(lake: Lake, source: Source, ledger: Ledger) -> bool:
    """Whether a table of the lake is what was noted. Raises LakeFailed where it has other columns."""
    table = source.table
    there = lake.known(table)
    if there is None:
        return False
    if there.columns != table.schema.names:
        has, due = ", ".join(there.columns), ", ".join(table.schema.names)
        raise LakeFailed(
            f"the lake's table {table.name} has the columns {has}, where {due} are due:"
            " it is of another release; remove it, and the next run writes it anew"
        )
    return there.mark in ledger.marks(table.name)


def _replaced(source: Source, blocks: list[int], anew: list[str]) -> Replaced:
    column = source.table.task_column
    return Replaced({column: ids_of(blocks)} if column and source.table.name not in anew else {})


def _written(connection: Any, source: Source, blocks: list[int], where: Place) -> tuple[list[Written], pa.Table | None]:
    """The rows of blocks, as files; or as they are, where a table does not go with tasks."""
    if source.table.task_column is None:
        return [], connection.sql(source.select).to_arrow_table().cast(source.table.schema)
    written: list[Written] = []
    for block in blocks:
        query = f"select * from ({source.select}) where {within(source.table.task_column, ids_of([block]))}"
        with Files(where) as files:
            for rows in _portions(connection.sql(query).to_arrow_reader(_ROWS)):
                files.add(source.table, rows.cast(source.table.schema))
        written += files.written
    return written, None


def _portions(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Rows as they are to be written: each portion becomes a row group."""
    batches: list[pa.RecordBatch] = []
    size = 0
    for batch in reader:
        batches.append(batch)
        size += batch.nbytes
        if size >= _PORTION_BYTES:
            yield pa.Table.from_batches(batches)
            batches, size = [], 0
    if batches:
        yield pa.Table.from_batches(batches)


def _tidy(lake: Lake, found: Iterable[Source]) -> None:
    """Lets go of what was replaced long ago."""
    for source in found:
        try:
            lake.tidy(source.table)
        except Exception as error:  # noqa: BLE001  # each kind raises its own, and tomorrow is another day
            logger.warning("old files of the lake's table %s stay: %s", source.table.name, " ".join(str(error).split()))
