"""Shares of the id space, for runs on several machines at once: disjoint, together everything, and always the same."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .exceptions import SelectionError
from .pieces import Interval, Runs

#: Ids are dealt out in blocks of so many: a page of the inventory, several pages of tasks.
BLOCK = 1000

#: Whoever needs more does not know what it is for.
_MOST = 1000


@dataclass(frozen=True)
class Shard:
    """The share `number` of `count`, from 1 on: of `count` blocks in a row, one."""

    number: int
    count: int

    @classmethod
    def read(cls, text: str) -> "Shard":
        """The shard that a text such as 3/8 names. Raises SelectionError."""
        match = re.fullmatch(r"\s*([0-9]{1,4})\s*/\s*([0-9]{1,4})\s*", text)
        if not match or not 1 <= int(match[1]) <= int(match[2]) <= _MOST:
            raise SelectionError(f"shard {text!r} is none: write 3/8 for the third of eight, of {_MOST} at most")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def name(self) -> str:
        """For names of folders and schemas."""
        return f"{self.number}_of_{self.count}"

    def holds(self, task_id: int) -> bool:
        """Whether a task belongs to the share."""
        return task_id // BLOCK % self.count == self.number - 1

    def condition(self, column: str) -> str:
        """The same of a column, in SQL that every warehouse speaks."""
        first = (self.number - 1) * BLOCK
        return f"mod({column} - mod({column}, {BLOCK}), {self.count * BLOCK}) = {first}"

    def of(self, ids: Runs) -> Runs:
        """Those of the ids that belong to the share."""
        return Runs.of((piece.first, piece.last) for first, last in ids for piece in self._blocks(first, last))

    def pieces(self, window: Interval, total: int, page_size: int) -> list[Interval]:
        """What to ask for to have the share of `total` tasks in a window.

        Its blocks; or the window as it is, where that takes fewer pages, as of a project whose ids lie far apart.
        """
        step = BLOCK * self.count
        blocks = (window.last - window.first) // step + 1
        if blocks + total // self.count // page_size > total // page_size:
            return [window]
        return list(self._blocks(window.first, window.last))

    def _blocks(self, first: int, last: int) -> Iterator[Interval]:
        step = BLOCK * self.count
        start = first - first % step + (self.number - 1) * BLOCK
        for begin in range(start, last + 1, step):
            low, high = max(begin, first), min(begin + BLOCK - 1, last)
            if low <= high:
                yield Interval(low, high)
