"""How dlt loads into PostgreSQL: by COPY, from the Arrow rows that it was given.

dlt 1.31 writes these rows as CSV and tells PostgreSQL to take every empty text for null; by ADBC, it can't load a file
that has no rows. So each row group goes over by itself here, with nulls and empty texts kept apart. JSON is a column of
type json: it keeps the text as it was sent, where jsonb would refuse U+0000 and numbers beyond its own, and cost the
load.
"""

from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import HasFollowupJobs, LoadJob, RunnableLoadJob
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.schema.typing import TColumnSchema
from dlt.destinations import postgres
from dlt.destinations.impl.postgres.factory import PostgresTypeMapper
from dlt.destinations.impl.postgres.postgres import PostgresClient

_CSV = pa_csv.WriteOptions(include_header=False, quoting_style="needed")

#: Rows that go over at once.
_ROWS = 10_000


class CopyJob(RunnableLoadJob, HasFollowupJobs):
    """Copies a Parquet file into its table, all of it or nothing."""

    _job_client: Any

    def run(self) -> None:
        """Called by dlt, in a thread of its own with a connection of its own."""
        client = self._job_client.sql_client
        table = client.make_qualified_table_name(self.load_table_name)
        with pq.ParquetFile(self._file_path) as file:
            columns = ", ".join(client.escape_column_name(name) for name in file.schema_arrow.names)
            statement = f"copy {table} ({columns}) from stdin with (format csv)"
            with client.begin_transaction(), client.native_connection.cursor() as cursor:
                for rows in file.iter_batches(_ROWS):
                    cursor.copy_expert(statement, _as_csv(rows))


class CopyingClient(PostgresClient):
    """dlt's client, but for Parquet files."""

    def create_load_job(
        self, table: PreparedTableSchema, file_path: str, load_id: str, restore: bool = False
    ) -> LoadJob:
        """The job that loads a file."""
        if file_path.endswith(".parquet"):
            return CopyJob(file_path)
        return super().create_load_job(table, file_path, load_id, restore)


class _TypeMapper(PostgresTypeMapper):
    def to_destination_type(self, column: TColumnSchema, table: PreparedTableSchema) -> str:
        return "json" if column["data_type"] == "json" else super().to_destination_type(column, table)


class copying_postgres(postgres):  # noqa: N801  # dlt names destinations like modules
    """dlt's PostgreSQL destination, loaded by `CopyJob`."""

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        capabilities.preferred_loader_file_format = "parquet"
        capabilities.supported_loader_file_formats = ["parquet"]
        capabilities.loader_file_format_selector = None  # type: ignore[assignment]  # as where none is set
        capabilities.type_mapper = _TypeMapper
        return capabilities

    @property
    def client_class(self) -> type[PostgresClient]:
        """The client that dlt is to use."""
        return CopyingClient

    @property
    def destination_type(self) -> str:
        """dlt's own, so that its settings are found where dlt's users put them."""
        return "dlt.destinations.postgres"


def _as_csv(rows: pa.RecordBatch) -> BytesIO:
    """What COPY reads: texts in quotes, nulls as nothing at all."""
    plain = [column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in rows.columns]
    buffer = BytesIO()
    pa_csv.write_csv(pa.RecordBatch.from_arrays(plain, rows.schema.names), buffer, _CSV)
    buffer.seek(0)
    return buffer
