"""From Label Studio into a lake: one pass over the tasks writes the files of all tables, then each table is committed.

Nothing is visible before the commits. The tasks' table comes last: once its newest commit names a run, so do all.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.label_studio.exceptions import AccessDenied
from pipelines.label_studio.flatten import TASK_TABLES, arrow_schema
from pipelines.label_studio.pieces import Runs
from pipelines.label_studio.selection import Selection
from pipelines.label_studio.tables import TABLES, Table
from pipelines.spark_source.files import FIGURES, USERS
from pipelines.spark_source.options import Options, parse_files
from pipelines.spark_source.reading import projects, selected_projects, users

from .files import Written, clean_up
from .lakes import Replacing
from .replaced import Replaced
from .tables import LakeTable, task_column

logger = logging.getLogger(__name__)


@dataclass
class Read:
    """What the executors said: the files that they wrote, the users that they met, and their figures, added up."""

    written: dict[str, list[Written]] = field(default_factory=dict)
    met: list[pa.Table] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    partitions: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a run did: rows that it wrote by table, and what it took."""

    rows: dict[str, int]
    figures: dict[str, float]
    partitions: int
    seconds: float


def load(start: Callable[[], Any], given: Mapping[str, str], lake: Replacing) -> Outcome:
    """Replaces in the lake what the options of the data source select, with the session that `start` gives.

    What is wrong with the server, the token or the projects named shows before Spark is started. Raises
    LabelStudioError, or what Spark does.
    """
    begun = time.monotonic()
    asked, where = parse_files(given)
    selection = asked.selection
    found = selected_projects(asked)
    whole = None if selection.projects is None else found
    if whole is not None:
        # those that come meanwhile belong to the next run
        given = {**given, "project": ",".join(map(str, whole))}
    kept: set[str] = set()
    try:
        read = _read(start(), given) if whole != [] else Read()
        logger.info("wrote the files of %d tasks, committing them", read.figures.get("tasks", 0))
        rows = {}
        for table, replaced, files, few in _changes(asked, selection, whole, read):
            # whether a commit that fails was made, nobody can tell
            kept |= {file.path for file in files}
            lake.replace(LakeTable.of(table), replaced, files, few, where.run)
            rows[table.name] = sum(file.rows for file in files) + (few.num_rows if few is not None else 0)
    finally:
        clean_up(where, kept)
    return Outcome(rows, read.figures, read.partitions, time.monotonic() - begun)


def _read(spark: Any, given: Mapping[str, str]) -> Read:
    read = Read()
    given = {**_at_once(spark), **given}
    for row in spark.read.format("label_studio_files").options(**given).load().collect():
        said = row.asDict()
        content = said.pop("content")
        if said["path"]:
            read.written.setdefault(said["table_name"], []).append(Written(**said))
        elif said["table_name"] == USERS:
            read.met.append(pa.ipc.open_stream(bytes(content)).read_all())
        elif said["table_name"] == FIGURES:
            read.partitions += 1
            _add(read.figures, json.loads(bytes(content)))
    return read


def _at_once(spark: Any) -> dict[str, str]:
    """How many partitions the cluster reads at once, where the session can tell: the limit of requests is shared."""
    context = getattr(spark, "_sc", None)
    return {"partitionsAtOnce": str(context.defaultParallelism)} if context is not None else {}


def _add(figures: dict[str, float], more: Mapping[str, float]) -> None:
    for name, value in more.items():
        # of memory, what the largest partition took
        figures[name] = max(figures.get(name, 0), value) if name == "memory" else figures.get(name, 0) + value


def _changes(
    asked: Options, selection: Selection, whole: list[int] | None, read: Read
) -> Iterator[tuple[Table, Replaced, list[Written], pa.Table | None]]:
    """What is to be committed, table by table: what is replaced, and the files or rows that come in its place."""
    people = _people(asked, read.met)
    yield TABLES["users"], Replaced({"id": _runs(people["id"].to_pylist())}), [], people
    holders = {file.project_id for file in read.written.get("tasks", []) if file.project_id is not None}
    described = sorted(holders) if whole is None or selection.ids is not None else whole
    tables = projects(asked, described)
    yield TABLES["projects"], Replaced({"id": _runs(described)}), [], tables["projects"]
    yield TABLES["project_labels"], Replaced({"project_id": _runs(described)}), [], tables["project_labels"]
    for table in reversed(TASK_TABLES):
        values = {} if whole is None else {"project_id": _runs(whole)}
        if selection.ids is not None:
            values[task_column(table)] = selection.ids
        yield table, Replaced(values), read.written.get(table.name, []), None


def _people(asked: Options, met: list[pa.Table]) -> pa.Table:
    """The users that the server lists, and those met in annotations that it does not list."""
    try:
        listed = users(asked)
    except AccessDenied as error:
        logger.warning("the list of users is not loaded, only who made the annotations: %s", error)
        listed = arrow_schema(TABLES["users"]).empty_table()
    rows = pa.concat_tables([listed, *met])
    # of each user the first row, which is the list's
    return rows.take(pa.array(np.unique(rows["id"].to_numpy(), return_index=True)[1]))


def _runs(ids: Iterable[int]) -> Runs:
    return Runs.of((each, each) for each in ids)
