"""The data source for pysail: `spark.dataSource.register(LabelStudioSource)` with the one of this module.

Sail takes Arrow's schema, too; of one of Spark's it loses the time zone of moments, and then refuses the rows.
"""

import pyarrow as pa

from pipelines.label_studio.exceptions import ConfigurationError
from pipelines.label_studio.flatten import arrow_schema
from pipelines.label_studio.tables import TABLES

from . import source
from .source import OTHER_COLUMNS, TableReader


class LabelStudioSource(source.LabelStudioSource):
    """`spark.read.format("label_studio")`, as on Spark."""

    def schema(self) -> pa.Schema:
        return arrow_schema(TABLES[str(self.asked.table)])

    def reader(self, schema: pa.Schema) -> TableReader:
        if schema.names != self.schema().names or schema.types != self.schema().types:
            raise ConfigurationError(OTHER_COLUMNS)
        return TableReader(self.asked)
