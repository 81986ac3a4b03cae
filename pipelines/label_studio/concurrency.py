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
    """A queue with room for a few items, which can be ended at any time, also while it is full."""

    def __init__(self, room: int) -> None:
        self._items: asyncio.Queue[T | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(room)

    async def put(self, item: T) -> None:
        """Hands an item over as soon as there is room for it."""
        await self._room.acquire()
        self._items.put_nowait(item)

    async def take(self) -> T | None:
        """The next item; None once the end is reached, however often it is asked for."""
        item = await self._items.get()
        if item is None:
            self.end()
        else:
            self._room.release()
        return item

    def end(self) -> None:
        """What was handed over can still be taken; after it comes the end."""
        self._items.put_nowait(None)
