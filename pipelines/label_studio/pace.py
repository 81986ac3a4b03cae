"""How many pages are asked for at once: as many as make the server faster, which is found out on the way.

A server with two workers makes two pages in the time of one; a third only waits, and makes others wait. So a few pages
are fetched one by one, then two at a time and more, and the lowest number is kept that is about as fast as any.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

logger = logging.getLogger(__name__)

#: Numbers of pages at once that are tried.
STEPS = (1, 2, 3, 4, 6, 8, 12, 16)

#: Requests at once for what is no page of tasks and costs the server little.
SMALL = 4

#: A lower number is as fast as a higher one when it reaches this share of its rate.
ENOUGH = 0.85

#: The server is not the one that was measured when it falls below this share of its rate.
SLUMP = 0.7

#: After so many measures all numbers are measured anew: servers change.
MEMORY = 24


class Climb:
    """Chooses among STEPS by the rate that was measured with each, in any unit."""

    def __init__(self) -> None:
        self.limit = STEPS[0]
        self._rates: dict[int, float] = {}
        self._measures = 0

    def measured(self, rate: float) -> None:
        """Takes the rate that was reached with `limit` pages at once, and sets the `limit` to go on with."""
        before = self._rates.get(self.limit, rate)
        if rate < SLUMP * before:
            return self.halve()
        self._rates[self.limit] = (rate + before) / 2
        self._measures += 1
        if self._measures >= MEMORY:
            self._rates = {self.limit: self._rates[self.limit]}
            self._measures = 0
        best = max(self._rates.values())
        enough = min(limit for limit, found in self._rates.items() if found >= ENOUGH * best)
        unknown = [step for step in _beside(enough) if step not in self._rates]
        self.limit = unknown[0] if unknown else enough

    def halve(self) -> None:
        """Goes on with half as many, and measures all numbers anew."""
        self._rates.clear()
        self._measures = 0
        self.limit = max((step for step in STEPS if step <= self.limit // 2), default=STEPS[0])


def _beside(step: int) -> tuple[int, ...]:
    """The steps below and above one."""
    place = STEPS.index(step)
    return (*STEPS[max(place - 1, 0) : place], *STEPS[place + 1 : place + 2])


@dataclass
class _Window:
    """Pages that were asked for since the limit is what it is: how many, their bytes, the seconds that they took."""

    begun: float
    pages: int = 0
    bytes: int = 0
    seconds: float = 0.0


class Pace:
    """Lets so many requests be in flight as make the server faster; `fixed`: so many in all, whatever comes of it."""

    def __init__(self, fixed: int | None = None) -> None:
        self._climb = None if fixed else Climb()
        #: pages that may be in flight now, and that may ever be
        self.limit = fixed or STEPS[0]
        self.most = fixed or STEPS[-1]
        self._slots = asyncio.Semaphore(self.limit)
        self._small = self._slots if fixed else asyncio.Semaphore(SMALL)
        self._owed = 0
        self._window: _Window | None = None

    @asynccontextmanager
    async def slot(self, *, page: bool) -> AsyncIterator[None]:
        """Waits until one more request may be in flight, for a page of tasks or for something small."""
        if not page:
            async with self._small:
                yield
            return
        await self._slots.acquire()
        try:
            yield
        finally:
            if self._owed:
                self._owed -= 1
            else:
                self._slots.release()

    def page(self, begun: float, ended: float, size: int) -> None:
        """Takes it that a page of `size` bytes was asked for and had, at these moments in seconds."""
        window = self._window_of(begun)
        if self._climb is None or window is None:
            return
        window.pages += 1
        window.bytes += size
        window.seconds += ended - begun
        if window.pages < 3 * self.limit:
            return
        # where we are slower than the server, its rate was not what was measured
        if window.seconds > 0.5 * self.limit * (ended - window.begun):
            self._climb.measured(self.limit * window.bytes / window.seconds)
        self._go_on_with(self._climb.limit, ended)

    def trouble(self, begun: float, ended: float) -> None:
        """Takes it that the server turned a request away, or did not come to an end with it."""
        if self._climb is not None and self._window_of(begun):
            self._climb.halve()
            self._go_on_with(self._climb.limit, ended)

    def _window_of(self, begun: float) -> _Window | None:
        """The window that a request belongs to; None where another number of them was in flight."""
        self._window = self._window or _Window(begun)
        return self._window if begun >= self._window.begun else None

    def _go_on_with(self, limit: int, now: float) -> None:
        self._window = _Window(now)
        for _ in range(self.limit, limit):
            if self._owed:
                self._owed -= 1
            else:
                self._slots.release()
        self._owed += max(0, self.limit - limit)
        if limit != self.limit:
            logger.debug("%d pages at once from now on", limit)
        self.limit = limit
