"""From a warehouse to the file."""

from collections.abc import Collection
from pathlib import Path

import dlt
import duckdb

from pipelines.analytics.definitions import Schemas
from pipelines.checks import CheckResult, failed_checks
from pipelines.files import replacing
from pipelines.label_studio.exceptions import ConfigurationError
from pipelines.peek import client_of, pipeline_on
from pipelines.queries import opened
from pipelines.settings import WarehouseSettings
from pipelines.warehouse import sparing

from .board import expect_views, read_board
from .errors import PageFailed
from .page import render


def draw(
    warehouse: WarehouseSettings,
    database: Path | None,
    output: Path,
    url: str | None,
    projects: Collection[int] = (),
    *,
    with_checks: bool = False,
) -> None:
    """Writes the page of `database`, else of the readers' copy, else of the warehouse itself where there is no copy.

    `url` is Label Studio's address, for links to tasks. With checks, it takes a minute longer for a million tasks.
    Raises QueryError where there is no such file, NothingToShow, PageFailed, WarehouseBusy.
    """
    if not output.parent.is_dir():
        raise ConfigurationError(f"the folder of {output} does not exist: make it, or name another --output")
    dataset = warehouse.dataset_name
    with opened(warehouse, database) as connection:
        expect_views(connection, Schemas.of(dataset))
        checks = _checked(connection, warehouse) if with_checks else None
        draw_open(connection, dataset, output, url, checks, projects)


def _checked(connection: duckdb.DuckDBPyConnection, warehouse: WarehouseSettings) -> list[CheckResult]:
    with (
        pipeline_on(dlt.destinations.duckdb(connection), warehouse.dataset_name) as pipeline,
        client_of(pipeline) as client,
        sparing(client, warehouse.memory_limit),
    ):
        return failed_checks(client)


def draw_open(
    connection: duckdb.DuckDBPyConnection,
    dataset: str,
    output: Path,
    url: str | None,
    checks: list[CheckResult] | None,
    projects: Collection[int] = (),
) -> None:
    """Writes the page of a warehouse that is open. Raises PageFailed.

    `checks` are those that found something; None where none were run.
    """
    try:
        # of its own, as the page has its own settings and temporary tables
        with connection.cursor() as cursor:
            board = read_board(cursor, Schemas.of(dataset), projects)
        with replacing(output) as temporary:
            temporary.write_text(render(board, url, checks), encoding="utf-8")
    except (OSError, duckdb.Error) as error:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:200]
        raise PageFailed(f"the dashboard {output} can't be written ({reason}); the last one stays") from error
