"""The same pages through the same queries, straight into a DuckDB file: no dlt, no retries, one transaction.

`python tests/benchmarks/plain.py URL FILE TASKS`, for `load.py`: what a script could reach that does nothing else.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import httpx
import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from pipelines.label_studio.answers import Page, TaskHead
from pipelines.label_studio.flatten import DUCKDB_SETTINGS, RawTask
from pipelines.label_studio.flatteners import Batch, Flatteners

PAGE_SIZE = 200

#: Pages that are flattened together: our own batches are as large.
PAGES = 4


def main(url: str, file: str, tasks: int) -> None:
    """Loads tasks 1 to `tasks` of project 1."""
    flatteners = Flatteners()
    with duckdb.connect(file) as connection:
        connection.execute(DUCKDB_SETTINGS)
        connection.execute("begin")
        for flat in flatteners.tasks(batches(url, tasks)):
            for name, rows in flat.tables.items():
                connection.register("rows", rows)
                connection.execute(f'create table if not exists "{name}" as from rows limit 0')
                connection.execute(f'insert into "{name}" from rows')
                connection.unregister("rows")
        connection.execute("commit")
        connection.execute("checkpoint")
        if connection.execute("select count(*) from tasks").fetchone() != (tasks,):
            raise RuntimeError("not all tasks are there")
    flatteners.close()


def batches(url: str, tasks: int) -> Iterator[Batch]:
    """All tasks, one page after the other."""
    batch: list[RawTask] = []
    with httpx.Client(base_url=url) as http:
        for place, first in enumerate(range(1, tasks + 1, PAGE_SIZE), 1):
            ids = {"filter": "filter:tasks:id", "value": {"min": first, "max": min(first + PAGE_SIZE - 1, tasks)}}
            query = json.dumps({"filters": {"items": [ids]}, "ordering": ["tasks:id"]})
            body = http.get("/api/tasks", params={"page_size": PAGE_SIZE, "query": query}).content
            raws = msgspec.json.decode(body, type=Page).tasks
            batch += [RawTask(msgspec.json.decode(raw, type=TaskHead).id, 1, bytes(raw)) for raw in raws]
            if place % PAGES == 0:
                yield Batch(batch, sum(len(task.task) for task in batch))
                batch = []
    if batch:
        yield Batch(batch, sum(len(task.task) for task in batch))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
