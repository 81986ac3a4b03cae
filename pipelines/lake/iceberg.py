"""Iceberg tables: a commit to the catalog changes a table at once. Java has no part in it."""

import warnings
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import (
    AlwaysFalse,
    AlwaysTrue,
    And,
    BooleanExpression,
    GreaterThanOrEqual,
    In,
    LessThanOrEqual,
    Or,
)
from pyiceberg.table import Table as IcebergTable

from pipelines.label_studio.pieces import Runs

from .files import Written
from .replaced import Replaced
from .tables import Known, LakeTable

#: The key of a snapshot's properties that names the run.
RUN = "label_studio_run"

#: The property of a table that keeps a mark.
_MARK = "label_studio_warehouse.mark"

#: For how long a table can be read as it was.
_KEPT = timedelta(days=7)

#: The namespace of the tables in the catalog.
NAMESPACE = "label_studio"


class IcebergLake:
    """Iceberg tables whose files lie in a folder.

    `catalog` names one of PyIceberg's own configuration; without it, the catalog is a SQLite file in the folder.
    """

    def __init__(self, folder: str, catalog: str | None = None) -> None:
        self._uri = folder if "://" in folder else f"file://{Path(folder).absolute()}"
        self._catalog: Catalog = load_catalog(catalog) if catalog else _own_catalog(self._uri)
        self._catalog.create_namespace_if_not_exists(NAMESPACE)

    def replace(
        self,
        table: LakeTable,
        replaced: Replaced,
        written: list[Written],
        rows: pa.Table | None,
        run: str,
        mark: int | None = None,
    ) -> None:
        """Puts files that were written, or a few `rows`, in place of what is replaced: all of it, or nothing.

        The `mark` can be asked for afterwards.
        """
        iceberg = self._catalog.create_table_if_not_exists(
            (NAMESPACE, table.name),
            schema=table.described("doc"),
            location=f"{self._uri}/{table.name}",
            properties={"comment": table.description},
        )
        named = {RUN: run}
        with warnings.catch_warnings(), iceberg.transaction() as transaction:
            # what a first run replaces is not there
            warnings.simplefilter("ignore")
            transaction.delete(_expression(replaced), snapshot_properties=named)
            if written:
                paths = [f"{self._uri}/{file.path}" for file in written]
                transaction.add_files(paths, snapshot_properties=named, check_duplicate_files=False)
            if rows is not None and rows.num_rows:
                transaction.append(rows, snapshot_properties=named)
            if mark is not None:
                transaction.set_properties({_MARK: str(mark)})

    def known(self, table: LakeTable) -> Known | None:
        """What a table of the lake says of itself; None where it is not there."""
        there = self._loaded(table)
        if there is None:
            return None
        mark = there.properties.get(_MARK)
        return Known([field.name for field in there.schema().fields], int(mark) if mark else None)

    def tidy(self, table: LakeTable) -> None:
        """Lets go of what the table was more than seven days ago; the catalog's owner removes the files."""
        if there := self._loaded(table):
            there.maintenance.expire_snapshots().older_than(datetime.now(UTC) - _KEPT).commit()

    def _loaded(self, table: LakeTable) -> IcebergTable | None:
        try:
            return self._catalog.load_table((NAMESPACE, table.name))
        except NoSuchTableError:
            return None


def _own_catalog(uri: str) -> Catalog:
    if not uri.startswith("file://"):
        raise ValueError("where the folder is no local one, name a catalog of PyIceberg's configuration")
    path = Path(uri.removeprefix("file://"))
    path.mkdir(parents=True, exist_ok=True)
    return SqlCatalog(NAMESPACE, uri=f"sqlite:///{path}/catalog.db", warehouse=uri)


def _expression(replaced: Replaced) -> BooleanExpression:
    return reduce(And, [_within(column, runs) for column, runs in replaced.values.items()], AlwaysTrue())


def _within(column: str, runs: Runs) -> BooleanExpression:
    single = {first for first, last in runs if first == last}
    parts: list[Any] = [
        And(GreaterThanOrEqual(column, first), LessThanOrEqual(column, last)) for first, last in runs if first != last
    ]
    if single:
        parts.append(In(column, single))
    return reduce(Or, parts, AlwaysFalse()) if len(parts) < 2 else Or(*parts)
