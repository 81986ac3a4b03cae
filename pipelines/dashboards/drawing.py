"""From a warehouse to the file."""

from collections.abc import Collection
from pathlib import Path

import duckdb

from pipelines.analytics.definitions import Schemas
from pipelines.checks import CheckResult, failed_checks
from pipelines.label_studio.exceptions import ConfigurationError, LabelStudioError
from pipelines.peek import pipeline_on
from pipelines.settings import WarehouseSettings
from pipelines.warehouse import open_duckdb

from .board import NothingToShow, read_board
from .page import render

#: Seconds to wait for a file that a run holds open for a moment.
_WAIT = 5.0


class PageFailed(LabelStudioError):
    """The page could not be written; the one before is still there."""


def draw(
    warehouse: WarehouseSettings,
    database: Path | None,
    output: Path,
    url: str | None,
    projects: Collection[int] = (),
) -> None:
    """Writes the page of `database`, else of the readers' copy, else of the warehouse itself where there is no copy.

    `url` is Label Studio's address, for links to tasks. Raises NothingToShow, PageFailed, WarehouseBusy.
    """
    if not output.parent.is_dir():
        raise ConfigurationError(f"the folder of {output} does not exist: make it, or name another --output")
    copy = warehouse.readers_copy
    place = database or (copy if copy and copy.exists() else warehouse.database)
    if not place.is_file():
        raise NothingToShow(f"there is no warehouse {place}: fill it with tasks.py, or name another --database")
    dataset = warehouse.dataset_name
    with (
        open_duckdb(place, _WAIT, read_only=True) as connection,
        pipeline_on(connection, dataset) as pipeline,
        pipeline.destination_client() as client,
    ):
        draw_open(connection, dataset, output, url, failed_checks(client.sql_client), projects)


def draw_open(
    connection: duckdb.DuckDBPyConnection,
    dataset: str,
    output: Path,
    url: str | None,
    checks: list[CheckResult],
    projects: Collection[int] = (),
) -> None:
    """Writes the page of a warehouse that is open. `checks` are those that found something. Raises PageFailed."""
    html = render(read_board(connection, Schemas.of(dataset), projects), url, checks)
    temporary = output.with_name(f".{output.name}.new")
    try:
        try:
            temporary.write_text(html, encoding="utf-8")
            temporary.replace(output)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise PageFailed(f"{output} can't be written: {error.strerror or error}") from error
