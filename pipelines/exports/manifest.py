"""What an export says of itself: which files there are, what is in them, and of which load it is."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from pipelines.analytics.definitions import Schemas

from .relations import Relation
from .selects import projects_of

#: The product's name, by which a manifest is known for one of ours.
PRODUCT = "label-studio-warehouse"


class File(NamedTuple):
    """What a file holds of a view or table; of a workbook, which sheet does."""

    name: str
    relation: Relation
    format: str
    rows: int
    sheet: str | None = None
    note: str | None = None


class LeftOut(NamedTuple):
    """A view or table that a format has no room for."""

    relation: Relation
    format: str
    reason: str


def newest_load(connection: duckdb.DuckDBPyConnection, schemas: Schemas) -> dict[str, str] | None:
    """The id and the moment of the last load that came to its end; None where there is none."""
    there = "select 1 from duckdb_tables() where schema_name = ? and table_name = '_dlt_loads'"
    if not connection.execute(there, [schemas.dataset]).fetchone():
        return None
    newest = (
        "select load_id, inserted_at from label_studio._dlt_loads where status = 0 order by inserted_at desc limit 1"
    )
    found = connection.execute(schemas.named_in(newest)).fetchone()
    return {"load_id": found[0], "loaded_at": _moment(found[1])} if found else None


def manifest_of(
    stage: Path,
    files: Sequence[File],
    left_out: Iterable[LeftOut],
    projects: Sequence[int],
    schemas: Schemas,
    load: dict[str, str] | None,
) -> dict[str, Any]:
    """The manifest of files in the folder `stage`, as JSON has it; sizes are bytes, digests SHA-256 in hex."""
    names = dict.fromkeys(file.name for file in files)
    facts = {name: _facts(stage / name) for name in names}
    return {
        "product": PRODUCT,
        "version": version(PRODUCT),
        "duckdb_version": duckdb.__version__,
        "dataset": schemas.dataset,
        "exported_at": _moment(datetime.now(UTC)),
        "newest_load": load,
        "projects": list(projects) or None,
        "files": [_entry(file, projects, facts[file.name]) for file in files],
        "left_out": [
            {"view": relation.name, "schema": relation.schema, "format": format_, "reason": reason}
            for relation, format_, reason in left_out
        ],
    }


def _entry(file: File, projects: Sequence[int], facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": file.name,
        "view": file.relation.name,
        "schema": file.relation.schema,
        "format": file.format,
        **({"sheet": file.sheet} if file.sheet else {}),
        "rows": file.rows,
        **facts,
        # null: of all
        "projects": projects_of(file.relation, projects),
        **({"note": file.note} if file.note else {}),
        "comment": file.relation.comment,
        "columns": [column._asdict() for column in file.relation.columns],
    }


def _facts(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
