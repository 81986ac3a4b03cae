"""Sets of task ids: as the runs that were asked for, and as the disjoint pieces that requests ask for. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

#: Ids in one request: with seven digits each, they make a URL that every proxy lets pass.
IDS_A_REQUEST = 200

#: A run of at least so many ids is asked for as an interval.
LONG_RUN = 50

#: The server reads ids in a filter as doubles, which hold whole numbers up to here.
MAX_ID = 2**53


@dataclass(frozen=True)
class Interval:
    """The ids from `first` to `last`, both included."""

    first: int
    last: int

    def filter(self) -> dict[str, Any]:
        """The Data Manager's filter for these ids."""
        return _id_filter("in", {"min": self.first, "max": self.last})

    def after(self, task_id: int) -> "Interval | None":
        """What is left behind `task_id`."""
        return Interval(task_id + 1, self.last) if task_id < self.last else None

    def split(self, parts: int) -> list["Piece"]:
        """At most `parts` disjoint intervals that hold the same ids."""
        width = -(-(self.last - self.first + 1) // parts)
        starts = range(self.first, self.last + 1, width)
        return [Interval(start, min(start + width - 1, self.last)) for start in starts]

    def __contains__(self, task_id: int) -> bool:
        return self.first <= task_id <= self.last

    def __str__(self) -> str:
        return f"{self.first}-{self.last}" if self.first < self.last else str(self.first)


@dataclass(frozen=True)
class IdList:
    """Ids in ascending order."""

    ids: tuple[int, ...]

    @property
    def first(self) -> int:
        return self.ids[0]

    @property
    def last(self) -> int:
        return self.ids[-1]

    def filter(self) -> dict[str, Any]:
        """The Data Manager's filter for these ids."""
        return _id_filter("in_list", list(self.ids))

    def after(self, task_id: int) -> "IdList | None":
        """What is left behind `task_id`."""
        left = self.ids[bisect_right(self.ids, task_id) :]
        return IdList(left) if left else None

    def split(self, parts: int) -> list["Piece"]:
        """At most `parts` disjoint lists that hold the same ids."""
        size = -(-len(self.ids) // parts)
        return [IdList(self.ids[i : i + size]) for i in range(0, len(self.ids), size)]

    def __contains__(self, task_id: int) -> bool:
        return task_id in self.ids

    def __str__(self) -> str:
        return f"{len(self.ids)} ids from {self.first} to {self.last}" if len(self.ids) > 1 else str(self.first)


Piece = Interval | IdList


class Runs(tuple[tuple[int, int], ...]):
    """Ids as disjoint runs (first, last) in ascending order; a range of millions costs no more than one id."""

    @classmethod
    def of(cls, ranges: Iterable[tuple[int, int]]) -> "Runs":
        """The runs of ids in any ranges, overlapping or not."""
        runs: list[tuple[int, int]] = []
        for first, last in sorted(ranges):
            if runs and first <= runs[-1][1] + 1:
                runs[-1] = (runs[-1][0], max(runs[-1][1], last))
            else:
                runs.append((first, last))
        return cls(runs)

    @property
    def size(self) -> int:
        """How many ids there are."""
        return sum(last - first + 1 for first, last in self)

    def between(self, low: int, high: int) -> "Runs":
        """The ids from `low` to `high`, both included."""
        start = bisect_left(self, low, key=lambda run: run[1])
        stop = bisect_right(self, high, key=lambda run: run[0])
        return Runs((max(first, low), min(last, high)) for first, last in self[start:stop])

    def pieces(self) -> Iterator[Piece]:
        """The same ids as disjoint pieces, none larger than a request takes, in ascending order."""
        scattered: list[int] = []
        for first, last in self:
            if last - first + 1 >= LONG_RUN:
                yield from _lists(scattered)
                scattered = []
                yield Interval(first, last)
            else:
                scattered.extend(range(first, last + 1))
        yield from _lists(scattered)


def _id_filter(operator: str, value: Any) -> dict[str, Any]:
    return {"filter": "filter:tasks:id", "operator": operator, "type": "Number", "value": value}


def _lists(ids: list[int]) -> Iterator[IdList]:
    for start in range(0, len(ids), IDS_A_REQUEST):
        yield IdList(tuple(ids[start : start + IDS_A_REQUEST]))
