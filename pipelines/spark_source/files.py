"""The rows of a portion as files of a lake, and what is told of them.

It does not matter how often a portion is read, nor what is left behind by an executor that is gone: a file counts once
a table names it.
"""

import json
import resource
import time
from typing import Any

import pyarrow as pa

from pipelines.label_studio.flatten import TASK_TABLES
from pipelines.label_studio.report import Report
from pipelines.lake.files import Files, Place
from pipelines.lake.tables import LakeTable

from .options import Options
from .reading import Portion, reading

#: What is said of a file; or, without a path, in `content`: users as Arrow, or the figures of a portion as JSON.
ROWS = pa.schema(
    {
        "table_name": pa.string(),
        "project_id": pa.int64(),
        "path": pa.string(),
        "rows": pa.int64(),
        "bytes": pa.int64(),
        "first_id": pa.int64(),
        "last_id": pa.int64(),
        "content": pa.binary(),
    }
)

#: What `content` holds, in place of a file's table: the users met in annotations, and the figures of a portion.
USERS, FIGURES = "users", "figures"


def write(options: Options, where: Place, portion: Portion) -> pa.Table:
    """Reads a portion and writes the files; what is said of them, as rows like `ROWS`."""
    report = Report()
    cpu, begun = time.process_time(), time.monotonic()
    tables = [LakeTable.of(table) for table in TASK_TABLES]
    with Files(where) as files, reading(options, portion, report) as (batches, met):
        for rows in batches:
            for table in tables:
                files.add(table, rows[table.name])
        users = met()
    figures = {
        "tasks": len(report.fetched),
        "requests": report.requests,
        "retries": report.retries,
        "received": report.bytes,
        "cpu": time.process_time() - cpu,
        "seconds": time.monotonic() - begun,
        # in KB, on Linux
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
    told: list[dict[str, Any]] = [each._asdict() for each in files.written]
    told.append({"table_name": USERS, "rows": users.num_rows, "content": _as_bytes(users)})
    told.append({"table_name": FIGURES, "content": json.dumps(figures).encode()})
    return pa.Table.from_pylist(told, schema=ROWS)


def _as_bytes(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue().to_pybytes())
