"""The data sources that Spark is told of: `label_studio` gives a table, `label_studio_files` writes files of all.

    spark.dataSource.register(LabelStudioSource)
    spark.read.format("label_studio").options(url=…, project="3", ids="1-5000000", table="results").load()

Executors need this package and what it depends on. Raises LabelStudioError, within what Spark makes of it.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition
from pyspark.sql.types import (
    BinaryType,
    BooleanType,
    DataType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from pipelines.label_studio.exceptions import ConfigurationError
from pipelines.label_studio.report import Report
from pipelines.label_studio.tables import TABLES, Table, Type
from pipelines.lake.files import Place

from .files import ROWS, write
from .options import Options, parse, parse_files
from .reading import Portion, plan, projects, reading, users

_TYPES: dict[Type, DataType] = {
    "bigint": LongType(),
    "double": DoubleType(),
    "boolean": BooleanType(),
    "text": StringType(),
    "json": StringType(),
    "timestamp": TimestampType(),
}

#: Rows of an Arrow batch, at most: Spark holds a few of them outside of its heap.
_BATCH_ROWS = 10_000

OTHER_COLUMNS = "the columns of a table are fixed: give no schema of your own"

#: Tables that a few requests give, read by one partition.
_SMALL = {"users", "projects", "project_labels"}


def struct(table: Table) -> StructType:
    """A table's columns, as Spark names types; each with its meaning as the comment."""
    return StructType(
        [StructField(c.name, _TYPES[c.type], c.nullable, {"comment": c.description}) for c in table.columns]
    )


class LabelStudioSource(DataSource):  # type: ignore[misc]  # PySpark is not installed where types are checked
    """`spark.read.format("label_studio")`: one table of a selection. The options are described in the README."""

    def __init__(self, options: dict[str, str]) -> None:
        self.asked = parse(options)
        # Spark would keep the token in the plain for no use
        super().__init__({})

    @classmethod
    def name(cls) -> str:
        return "label_studio"

    def schema(self) -> StructType:
        return struct(TABLES[str(self.asked.table)])

    def reader(self, schema: StructType) -> "TableReader":
        own = [(field.name, field.dataType) for field in self.schema()]
        if [(field.name, field.dataType) for field in schema] != own:
            raise ConfigurationError(OTHER_COLUMNS)
        return TableReader(self.asked)


class LabelStudioFiles(DataSource):  # type: ignore[misc]  # the same
    """`spark.read.format("label_studio_files")`: executors write Parquet files of all tables; a row names a file.

    For `pipelines/spark.py`. Only what the rows name counts: a task that Spark tries again leaves other files behind.
    """

    def __init__(self, options: dict[str, str]) -> None:
        self._asked, self._place = parse_files(options)
        super().__init__({})

    @classmethod
    def name(cls) -> str:
        return "label_studio_files"

    def schema(self) -> StructType:
        kinds = {pa.string(): StringType(), pa.int64(): LongType(), pa.binary(): BinaryType()}
        return StructType([StructField(field.name, kinds[field.type]) for field in ROWS])

    def reader(self, schema: StructType) -> "_FilesReader":  # noqa: ARG002  # as Spark calls it
        return _FilesReader(self._asked, self._place)


class TableReader(DataSourceReader):  # type: ignore[misc]  # the same
    """Reads one table of a selection."""

    def __init__(self, asked: Options) -> None:
        self._asked = asked

    def partitions(self) -> list[InputPartition]:
        return [InputPartition(None)] if self._asked.table in _SMALL else _partitions(self._asked)

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        for rows in self._rows(partition):
            yield from rows.to_batches(max_chunksize=_BATCH_ROWS)

    def _rows(self, partition: InputPartition) -> Iterator[pa.Table]:
        table: Any = self._asked.table
        if table == "users":
            yield users(self._asked)
        elif table in _SMALL:
            yield projects(self._asked)[table]
        elif partition.value is not None:
            with reading(self._asked, partition.value, Report()) as (batches, _):
                for tables in batches:
                    yield tables[table]


class _FilesReader(DataSourceReader):  # type: ignore[misc]  # the same
    def __init__(self, asked: Options, place: Place) -> None:
        self._asked = asked
        self._place = place

    def partitions(self) -> list[InputPartition]:
        return _partitions(self._asked)

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        if partition.value is not None:
            yield from write(self._asked, self._place, partition.value).to_batches()


def _partitions(asked: Options) -> list[InputPartition]:
    portions: list[Portion | None] = [*plan(asked)]
    # Spark knows no data source without partitions
    return [InputPartition(portion) for portion in portions or [None]]
