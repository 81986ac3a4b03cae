"""Loads into a real DuckDB file, and reads what came of it."""

from pathlib import Path
from typing import Any, Self

import dlt
import duckdb
import httpx

from pipelines.demo import load_sample
from pipelines.label_studio import Report, label_studio
from pipelines.label_studio.tables import TABLES

URL = "https://label-studio.example.com"


Contents = dict[str, list[tuple[Any, ...]]]


def contents_of(path: Path) -> Contents:
    """The rows of all tables of a DuckDB file, sorted by their keys, without dlt's own columns."""
    rows: Contents = {}
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set schema = 'label_studio'")
        for table in TABLES.values():
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            query = f"select {columns} from {table.name} order by {', '.join(table.key)}"
            rows[table.name] = connection.execute(query).fetchall()
    return rows


def sample_project(project_id: int, folder: Path) -> Contents:
    """What the tables hold once a project of the sample was loaded by one load."""
    with Warehouse(folder / "warehouse.duckdb") as warehouse:
        warehouse.load(fake=load_sample(), project_ids=[project_id])
        return warehouse.contents()


class Warehouse:
    """A DuckDB file with a dlt pipeline that loads into it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        self.connection = duckdb.connect(str(self.path))
        self.pipeline = dlt.pipeline(
            "label_studio",
            destination=dlt.destinations.duckdb(self.connection),
            dataset_name="label_studio",
            pipelines_dir=str(self.path.with_suffix(".pipelines")),
        )
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.connection.close()

    def load(self, url: str = URL, key: str = "", fake: Any = None, **selection: Any) -> Report:
        """Loads a selection from a server, or from a fake one."""
        report = Report()
        transport = selection.pop("transport", None) or (httpx.MockTransport(fake) if fake else None)
        key = key or fake.token
        self.pipeline.run(label_studio(url, key, report=report, transport=transport, **selection))
        return report

    def rows(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.connection.cursor().execute(f"set schema = 'label_studio'; {query}", parameters or None).fetchall()

    def records(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query, by column name."""
        cursor = self.connection.cursor()
        cursor.execute("set schema = 'label_studio'")
        cursor.execute(query, parameters or None)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables, sorted, without dlt's own columns."""
        return {name: self._sorted_rows(name) for name in TABLES}

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        return {name: self.rows(f"select count(*) from {name}")[0][0] for name in TABLES}

    def _sorted_rows(self, name: str) -> list[tuple[Any, ...]]:
        table = TABLES[name]
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        return self.rows(f"select {columns} from {name} order by {', '.join(table.key)}")
