"""The views and tables of the warehouse as files, for tools that read no DuckDB: Parquet, CSV and Excel."""

from .export import Export, Request, export
from .writing import FORMATS

__all__ = ["FORMATS", "Export", "Request", "export"]
