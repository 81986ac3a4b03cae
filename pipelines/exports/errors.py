"""What can go wrong with an export."""

from pipelines.label_studio.exceptions import LabelStudioError
from pipelines.warehouse import without_sql


class ExportFailed(LabelStudioError):
    """The files could not be written; those of the export before are as they were."""


def reason(error: Exception) -> str:
    """What an error says, in one line, without the SQL that DuckDB quotes."""
    said = error.strerror if isinstance(error, OSError) else None
    return said or without_sql(error) or type(error).__name__
