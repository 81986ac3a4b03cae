"""What analysts read: the schema `analytics` with its views, and the tables behind them that are kept up to date."""

from typing import Any

from .definitions import Schemas

__all__ = ["Schemas", "refresh"]


def refresh(connection: Any, dataset: str = "label_studio") -> int:
    """Brings the kept tables and the views up to date; gives the number of tasks that were worked out.

    `connection` is a DuckDB connection to a warehouse, `dataset` the schema that its tables are in.
    """
    # the libraries behind it take their time, and who only asks for schemas needs none of them
    from .kept import refresh_kept
    from .views import deploy_views

    schemas = Schemas.of(dataset)
    cursor = connection.cursor()
    try:
        changed = refresh_kept(cursor, schemas)
        deploy_views(cursor, schemas)
    finally:
        cursor.close()
    return changed
