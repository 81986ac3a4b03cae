"""The tables of a lake: names, columns and what these mean. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from pipelines.label_studio.flatten import arrow_schema
from pipelines.label_studio.tables import Table


@dataclass(frozen=True)
class LakeTable:
    """A table of a lake: one of the project's own, or one that is made of them."""

    name: str
    description: str
    schema: pa.Schema
    #: what columns mean, by name
    columns: Mapping[str, str]
    #: the column that names the task, where the rows go with tasks: such a table has a project_id, too
    task_column: str | None

    @classmethod
    def of(cls, table: Table) -> "LakeTable":
        """A table of the project as a lake has it."""
        goes_with_tasks = table.name == "annotation_history" or "tasks" in (table.name, table.parent)
        return cls(
            table.name,
            table.description,
            arrow_schema(table),
            {column.name: column.description for column in table.columns},
            task_column(table) if goes_with_tasks else None,
        )

    def described(self, key: str) -> pa.Schema:
        """The columns, with what they mean in each one's metadata, under a key."""
        return pa.schema([field.with_metadata({key: self.columns.get(field.name, "")}) for field in self.schema])


class Known(NamedTuple):
    """What a table in a lake says of itself."""

    columns: list[str]
    #: of the last replacement that had one
    mark: int | None


def task_column(table: Table) -> str:
    """The column that names the task."""
    return "id" if table.name == "tasks" else "task_id"
