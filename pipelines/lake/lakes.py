"""The kinds of lakes, behind one face."""

from typing import Protocol

import pyarrow as pa

from pipelines.label_studio.exceptions import ConfigurationError

from .files import Written
from .replaced import Replaced
from .tables import Known, LakeTable


class Replacing(Protocol):
    """Where rows of tables are replaced."""

    def replace(
        self,
        table: LakeTable,
        replaced: Replaced,
        written: list[Written],
        rows: pa.Table | None,
        run: str,
        mark: int | None = None,
    ) -> None:
        """Puts files, or a few rows, in place of what is replaced: all of it, or nothing. Makes the table first.

        The `mark` can be asked for afterwards.
        """


class Lake(Replacing, Protocol):
    """Tables of a kind, in a folder."""

    def known(self, table: LakeTable) -> Known | None:
        """What a table of the lake says of itself; None where it is not there."""

    def tidy(self, table: LakeTable) -> None:
        """Lets go of what nobody should read any more."""


def lake_in(folder: str, kind: str, catalog: str | None = None) -> Lake:
    """The lake in a folder, of kind delta or iceberg; `catalog` is one that PyIceberg's configuration names.

    Raises ConfigurationError.
    """
    try:
        if kind == "delta":
            from .delta import DeltaLake

            return DeltaLake(folder)
        from .iceberg import IcebergLake

        return IcebergLake(folder, catalog)
    except ImportError as error:
        raise ConfigurationError(f"{error}: install the project with its extra «lake»") from error
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
