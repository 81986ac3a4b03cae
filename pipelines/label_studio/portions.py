"""A load in portions: each is extracted and loaded by itself, while the next one is being fetched.

So a first load of a million tasks takes no more room on the disk, beside the tables, than a portion of it, and what was
loaded of it stays where it is interrupted. How far the projects were read is noted with the last portion alone.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, NamedTuple, Protocol, Self

#: A portion ends once it holds so many bytes of raw JSON: a load has costs of its own, which small ones don't earn.
PORTION_BYTES = 128 * 2**20

#: A portion ends after so many seconds, too: from a slow server, the next one is fetched while it is loaded.
PORTION_SECONDS = 20.0


class Family(NamedTuple):
    """Rows that belong into one load, as dlt takes them, and the bytes of JSON that they were made of."""

    items: list[Any]
    size: int = 0


class Source(Protocol):
    """What is cut into portions."""

    def families(self) -> Generator[Family]:
        """All families, in the order in which they are to be loaded."""

    def settle(self) -> None:
        """Does what has to be done before the families that were given so far are loaded, while others are to come."""


class Portions:
    """Gives the families of one load a portion at a time, to the extractions of a source; a context manager.

    A portion ends after `size` bytes or `seconds`; where both are None, one is made of all.
    """

    def __init__(self, size: int | None = None, seconds: float | None = None) -> None:
        self._size = math.inf if size is None else size
        self._seconds = math.inf if seconds is None else seconds
        self._source: Source | None = None
        self._families: Generator[Family] | None = None
        #: there is nothing left
        self.over = False

    def next(self, make: Callable[[], Source]) -> Iterator[Any]:
        """The items of the next portion, from the source that `make` gives when the first one is asked for."""
        if self._source is None or self._families is None:
            self._source = make()
            self._families = self._source.families()
        held, begun = 0, time.monotonic()
        for family in self._families:
            yield from family.items
            held += family.size
            # what holds no task is no portion
            if held and (held >= self._size or time.monotonic() - begun >= self._seconds):
                return self._source.settle()
        self.over = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._families is not None:
            self._families.close()
