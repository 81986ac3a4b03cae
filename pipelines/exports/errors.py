"""What can go wrong with an export."""

from pipelines.label_studio.exceptions import LabelStudioError


class ExportFailed(LabelStudioError):
    """The files could not be written; those of the export before are as they were."""


def reason(error: Exception) -> str:
    """What an error says, in one line, without the SQL that DuckDB quotes."""
    said = error.strerror if isinstance(error, OSError) else None
    return said or " ".join(str(error).partition("\n\nLINE ")[0].split())[:300] or type(error).__name__
