"""SIGINT and SIGTERM end a run within seconds, whatever it is doing."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pipelines.exits import Terminated

#: Seconds that a run has to end by itself once it was told to. A statement in the warehouse can't be ended sooner
#: than it likes; the process can, as every load is whole or not at all.
GRACE = 8.0


@contextmanager
def stopped_by_signals(last_words: Callable[[KeyboardInterrupt], None], grace: float = GRACE) -> Iterator[None]:
    """Raises KeyboardInterrupt or Terminated in the main thread when a signal comes.

    Where the run has not ended `grace` seconds later, or on a second signal, calls `last_words` with the same and
    ends the process. Off the main thread, where Python takes no signals, it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    over = threading.Event()

    def end(number: int, wait: float) -> None:
        if not over.wait(wait):
            last_words(_stop(number))
            sys.stderr.flush()
            os._exit(128 + number)

    def receive(number: int, _: FrameType | None) -> None:
        for each in before:
            signal.signal(each, lambda again, _: end(again, 0.0))
        threading.Thread(target=end, args=(number, grace), daemon=True).start()
        raise _stop(number)

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        over.set()
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int) -> KeyboardInterrupt:
    return Terminated() if number == signal.SIGTERM else KeyboardInterrupt()
