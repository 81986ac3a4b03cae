"""Several things at once: run together, and handed over from those who fetch to the one who takes."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


async def together(awaitables: Iterable[Awaitable[T]]) -> list[T]:
    """The results of all, in their order. Once one raises, the others are cancelled, and nothing is left running."""
    tasks = [asyncio.ensure_future(each) for each in awaitables]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Handover(Generic[T]):
    """A queue with room for items of a certain size in all, which can be ended at any time, also while it is full."""

    def __init__(self, room: int) -> None:
        self._items: asyncio.Queue[tuple[T | None, int]] = asyncio.Queue()
        self._room = room
        self._held = 0
        self._taken = asyncio.Condition()

    async def put(self, item: T, size: int) -> None:
        """Hands an item over as soon as there is room for it; a larger one when it is empty."""
        async with self._taken:
            await self._taken.wait_for(lambda: not self._held or self._held + size <= self._room)
            self._held += size
        self._items.put_nowait((item, size))

    async def take(self) -> T | None:
        """The next item; None once the end is reached, however often it is asked for."""
        item, size = await self._items.get()
        if item is None:
            self.end()
        async with self._taken:
            self._held -= size
            self._taken.notify_all()
        return item

    def end(self) -> None:
        """What was handed over can still be taken; after it comes the end."""
        self._items.put_nowait((None, 0))
