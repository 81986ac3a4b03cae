"""What the five projects of the sample have in common: how a kind of task is drawn and marked."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from .sample_people import Json, Skill, region_id


@dataclass(frozen=True)
class Kind:
    """One project: its settings, how many tasks it has, and how they are made.

    `draw` gives a task's data and what is true about it (known to the generator only); `mark` gives the result
    list that somebody with a `Skill` makes of that truth.
    """

    title: str
    description: str
    config: str
    tasks: int
    overlap: int
    cohort: int
    seconds: float
    models: tuple[tuple[str, float], ...]
    draw: Callable[[Random, int], tuple[Json, Any]]
    mark: Callable[[Random, Any, Skill], list[Json]]
    storage: str | None = None


def row(rng: Random, control: str, obj: str, kind: str, value: Json, **more: Any) -> Json:
    """A result row; pass `id` to make it belong to a region that exists."""
    return {
        "id": more.pop("id", None) or region_id(rng),
        "type": kind,
        "value": value,
        "origin": "manual",
        "to_name": obj,
        "from_name": control,
        **more,
    }
