"""Tasks in outline: what the server's inventory and the warehouse both tell of a task, so that the two compare."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pyarrow as pa

from .answers import Entry


class Outline(NamedTuple):
    """A task without what belongs to it. Two equal ones are the same version of a task, as far as the server shows."""

    created_at: datetime | None
    updated_at: datetime | None
    completed_at: datetime | None
    is_labeled: bool | None
    overlap: int | None
    total_annotations: int | None
    cancelled_annotations: int | None
    total_predictions: int | None
    predictions_score: float | None
    predictions_model_versions: str | None
    draft_exists: bool | None
    comment_count: int | None
    unresolved_comment_count: int | None
    last_comment_updated_at: datetime | None

    def is_other_task(self, other: "Outline") -> bool:
        """The two have one id and are two tasks: the server gave the id of a deleted task anew."""
        return None not in (self.created_at, other.created_at) and self.created_at != other.created_at


COLUMNS = Outline._fields


def of_entry(entry: Entry) -> Outline:
    """The outline of a task in the server's inventory."""
    return of_row([moment(getattr(entry, name)) if name.endswith("_at") else getattr(entry, name) for name in COLUMNS])


def of_row(values: Sequence[Any]) -> Outline:
    """The outline of a row of the table `tasks`, its columns in the order of `COLUMNS`."""
    outline = Outline(*values)
    # the server joins them in no stable order
    versions = outline.predictions_model_versions
    in_order = ",".join(sorted(versions.split(","))) if isinstance(versions, str) else versions
    return outline._replace(predictions_model_versions=in_order)


def of_rows(tasks: pa.Table) -> dict[int, Outline]:
    """The outlines of flattened tasks, by id."""
    columns = [tasks[name].to_pylist() for name in COLUMNS]
    return dict(zip(tasks["id"].to_pylist(), map(of_row, zip(*columns, strict=True)), strict=True))


def moment(value: Any) -> Any:
    """A time as the API writes it, as a datetime in UTC; anything else as it is."""
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (TypeError, ValueError):
        return value
