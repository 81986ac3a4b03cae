"""A warehouse on a real PostgreSQL, with the face of the tests' DuckDB files."""

from pathlib import Path
from typing import Any, Self

import dlt
import psycopg2
import psycopg2.extras
from loading import Warehouse

from pipelines.postgres.copying import copying_postgres


class PostgresWarehouse(Warehouse):
    """A PostgreSQL database with a dlt pipeline that loads into it."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(folder / "postgres")
        self.url = url

    def __enter__(self) -> Self:
        self._psycopg = psycopg2.connect(self.url, options="-csearch_path=label_studio -ctimezone=UTC")
        self._psycopg.autocommit = True
        # JSON as its text, as DuckDB gives it
        psycopg2.extras.register_default_json(self._psycopg, loads=str)
        self.pipeline = dlt.pipeline(
            "label_studio",
            destination=copying_postgres(credentials=self.url),
            dataset_name="label_studio",
            pipelines_dir=str(self.path.with_suffix(".pipelines")),
        )
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self._psycopg.close()

    def rows(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self._asked(query, parameters)[1]

    def records(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query, by column name."""
        names, rows = self._asked(query, parameters)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def execute(self, statement: str) -> None:
        """Changes something by hand."""
        with self._psycopg.cursor() as cursor:
            cursor.execute(statement)

    def _asked(self, query: str, parameters: dict[str, Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
        with self._psycopg.cursor() as cursor:
            for name in parameters:
                query = query.replace(f"${name}", f"%({name})s")
            cursor.execute(query, parameters or None)
            return [column.name for column in cursor.description or []], cursor.fetchall()
