"""DuckDB's extensions, from wherever they can be had."""

import logging
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import duckdb

from pipelines.comments import literal
from pipelines.label_studio.exceptions import ConfigurationError

logger = logging.getLogger(__name__)


def load_extension(connection: Any, extension: str) -> None:
    """Loads an extension of DuckDB's: one that is installed, or comes as a package, or from DuckDB's own site.

    Raises ConfigurationError.
    """
    try:
        connection.execute(f"load {extension}")
        return
    except duckdb.Error:
        logger.debug("DuckDB's extension %s is not installed yet", extension)
    try:
        connection.execute(f"install {_packaged(extension)}")
        connection.execute(f"load {extension}")
    except duckdb.Error as error:
        reason = " ".join(str(error).split())[:200]
        package = f"duckdb-extension-{extension.replace('_', '-')}"
        raise ConfigurationError(
            f"DuckDB's extension {extension} can't be had ({reason}): DuckDB {duckdb.__version__} takes it from the"
            f" internet; where there is none, install duckdb==1.5.5 and the package {package}"
        ) from error


def _packaged(extension: str) -> str:
    """What to install: the file of a package, where it is there and goes with this DuckDB; else the name."""
    package = f"duckdb_extension_{extension}"
    if find_spec(package) is None:
        return extension
    file = files(package) / "extensions" / f"v{duckdb.__version__}" / f"{extension}.duckdb_extension"
    return literal(str(file)) if file.is_file() else extension
