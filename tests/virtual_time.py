"""An event loop on which no wait takes time: its clock jumps to the next moment at which something is due."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlock(RuntimeError):
    """Something waits for what can't come any more."""


class _Jumping(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise Deadlock("nothing is ready, and nothing is due")
        if not ready:
            self.now += max(timeout or 0.0, 0.0)
        return ready


class VirtualTime(asyncio.SelectorEventLoop):
    """For everything but sockets and threads. Raises Deadlock where a real loop would hang."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._jumping.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """What `main` gives. Like asyncio.run, but waits take no time."""
    with asyncio.Runner(loop_factory=VirtualTime) as runner:
        return runner.run(main)
