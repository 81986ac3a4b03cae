"""The warehouse in PostgreSQL: the same tables, views and comments as in DuckDB."""

from .views import ViewsInUse, deploy_views, drop_views

__all__ = ["ViewsInUse", "deploy_views", "drop_views"]
