"""Where Superset finds the warehouse."""

from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid5

from pipelines.analytics.definitions import DATASET, Schemas
from pipelines.label_studio.exceptions import ConfigurationError


class Place(NamedTuple):
    """A DuckDB file, by the path that Superset has for it, and the dataset in it."""

    path: Path
    dataset: str = DATASET

    @property
    def uri(self) -> str:
        """The file as SQLAlchemy names it, for reading only. Raises ConfigurationError where it can't be named."""
        if not self.path.is_absolute():
            raise ConfigurationError(f"{self.path} is no absolute path: Superset starts in another folder")
        if "?" in str(self.path):
            raise ConfigurationError(f"{self.path} has a question mark, which no URI of a database can have: rename it")
        return f"duckdb:///{self.path}?access_mode=READ_ONLY"

    @property
    def schemas(self) -> Schemas:
        """The schemas of the tables and of the views."""
        return Schemas.of(self.dataset)

    def named(self, name: str) -> str:
        """A name of ours, told apart from that of another dataset."""
        return name if self.dataset == DATASET else f"{name}: {self.dataset}"

    def identified(self, uuid: str) -> str:
        """A UUID of ours, told apart from that of another dataset: else one bundle would replace the other."""
        return uuid if self.dataset == DATASET else str(uuid5(UUID(uuid), self.dataset))
