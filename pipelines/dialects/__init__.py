"""Our SQL, which is DuckDB's, in the words of other engines: the same rows, or an error."""

from .carrying import DIALECTS, NotCarried, carried
from .columns import column_types

__all__ = ["DIALECTS", "NotCarried", "carried", "column_types"]
