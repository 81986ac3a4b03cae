"""A warehouse of any size, made by SQL in place of a server and a run: what the benchmark of the views is taken on.

`uv run python tests/benchmarks/million.py PATH [--tasks 1000000]` makes it within minutes. Whatever looks like chance
is a hash of ids, so the same number of tasks gives the same warehouse. A million tasks have some 25 million results.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from defusedxml.ElementTree import fromstring

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import million_steps as steps
from benchmarks.million_kinds import KINDS, Kind

from pipelines.label_studio.labeling_config import offered_labels
from pipelines.label_studio.tables import TABLES, Table

#: The moment of the last load; all that happened lies in the 400 days before it.
MOMENT = datetime(2026, 3, 31, 12, tzinfo=UTC)

#: Users 1 to 60 annotate, 61 leads.
ANNOTATORS = 60

#: Tasks that are made together, and loaded by the same load.
_CHUNK = 20_000

_TYPES = {
    "text": "varchar",
    "bigint": "bigint",
    "double": "double",
    "boolean": "boolean",
    "timestamp": "timestamp with time zone",
    "json": "json",
}


def generate(path: Path, tasks: int, memory_limit: str = "8GB", threads: int = 2) -> None:
    """Makes a warehouse file with that many tasks; there must be no file at `path` yet."""
    with duckdb.connect(config={"memory_limit": memory_limit, "threads": threads}) as connection:
        # the version that dlt's files have: older DuckDBs read it, too
        connection.execute(f"attach '{path}' as made_warehouse (storage_version 'v1.2.0')")
        connection.execute("use made_warehouse; set timezone = 'UTC'; create schema label_studio")
        connection.execute(steps.MACROS)
        for table in TABLES.values():
            connection.execute(f"create table label_studio.{table.name} ({_columns(table)})")
        connection.execute(
            "create table label_studio._dlt_loads (load_id varchar not null, schema_name varchar,"
            " status bigint not null, inserted_at timestamptz not null, schema_version_hash varchar)"
        )
        chunks = list(_chunks(tasks))
        for number, (project_id, kind, bounds) in enumerate(chunks, start=1):
            load_id = _note_load(connection, MOMENT - timedelta(minutes=len(chunks) - number))
            if bounds["low"] == bounds["first"]:
                _write_project(connection, project_id, kind, load_id)
            _write_tasks(connection, project_id, kind, bounds, load_id)
        _write_users(connection, load_id)
        connection.execute(steps.COUNT_PROJECTS)
        connection.execute("checkpoint made_warehouse")


def _columns(table: Table) -> str:
    columns = [
        f'"{column.name}" {_TYPES[column.type]}{"" if column.nullable else " not null"}' for column in table.columns
    ]
    return ", ".join([*columns, "_dlt_load_id varchar not null"])


def _chunks(tasks: int) -> Iterator[tuple[int, Kind, dict[str, int]]]:
    """Ranges of task ids: a project's tasks follow one another."""
    reached, first = 0.0, 1
    for project_id, kind in enumerate(KINDS, start=1):
        reached += kind.share
        last = round(tasks * reached)
        for low in range(first, last + 1, _CHUNK):
            bounds = {"first": first, "size": last + 1 - first, "low": low, "high": min(low + _CHUNK, last + 1)}
            yield project_id, kind, bounds
        first = last + 1


def _note_load(connection: Any, moment: datetime) -> str:
    load_id = str(moment.timestamp())
    connection.execute("insert into label_studio._dlt_loads values (?, 'label_studio', 0, ?, '')", [load_id, moment])
    return load_id


def _write_tasks(connection: Any, project_id: int, kind: Kind, bounds: dict[str, int], load_id: str) -> None:
    least, most = kind.objects
    values = {"moment": f"timestamptz '{MOMENT.isoformat()}'", "model": kind.model, "apart": ", ".join(steps.APART)}
    connection.execute(steps.MADE_TASKS.format(data=kind.data, least=least, most=most, **bounds, **values))
    connection.execute(steps.ALL_SIDES.format(**values))
    connection.execute(steps.REGIONS)
    connection.execute(steps.MADE.format(results=kind.results))
    for column in ("labels", "texts", "points", "kind"):
        kind_of_list = {"points": "double[][]", "kind": "varchar"}.get(column, "varchar[]")
        connection.execute(f"alter table made add column if not exists {column} {kind_of_list}")
    connection.execute(
        "create or replace temp table counts as select source, id, count(*) as results from made group by source, id"
    )
    for table, select in steps.INSERTS.items():
        connection.execute(
            f"insert into label_studio.{table} by name select *, {project_id} as project_id,"
            f" '{load_id}' as _dlt_load_id from ({select.format(**values)})"
        )


def _write_project(connection: Any, project_id: int, kind: Kind, load_id: str) -> None:
    project = {
        "id": project_id,
        "title": kind.title,
        "label_config": kind.config,
        "created_at": MOMENT - timedelta(days=401),
        "created_by_id": ANNOTATORS + 1,
        "is_published": True,
        "maximum_annotations": 2,
        "overlap_cohort_percentage": 35.0,
        "model_version": f"{kind.model}-4",
        "control_weights": json.dumps(_control_weights(kind.config)),
    }
    _insert(connection, "projects", project, load_id)
    for label in offered_labels(project_id, kind.config):
        _insert(connection, "project_labels", label._asdict(), load_id)


def _control_weights(config: str) -> dict[str, Any]:
    """The weights that Label Studio gives a new project."""
    return {
        tag.attrib["name"]: {
            "overall": 1.0,
            "type": tag.tag,
            "labels": {value.attrib["value"]: 1.0 for value in tag.iter() if value.tag in ("Label", "Choice")},
        }
        for tag in fromstring(config).iter()
        if "toName" in tag.attrib
    }


def _write_users(connection: Any, load_id: str) -> None:
    for number in range(1, ANNOTATORS + 2):
        name = f"annotator{number}" if number <= ANNOTATORS else "lead"
        user = {
            "id": number,
            "email": f"{name}@example.org",
            "username": name,
            "first_name": "Annotator" if number <= ANNOTATORS else "Lead",
            "last_name": str(number),
            "last_activity": MOMENT,
            "date_joined": MOMENT - timedelta(days=401),
        }
        _insert(connection, "users", user, load_id)


def _insert(connection: Any, table: str, row: dict[str, Any], load_id: str) -> None:
    row = {**row, "_dlt_load_id": load_id}
    places = ", ".join("?" for _ in row)
    connection.execute(f"insert into label_studio.{table} ({', '.join(row)}) values ({places})", list(row.values()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Makes a warehouse of any size, for benchmarks.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    arguments = parser.parse_args()
    generate(arguments.path, arguments.tasks)
