"""SIGINT and SIGTERM end a run within seconds, whatever it is doing."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

#: Seconds that a run has to end by itself once it was told to. A statement in the warehouse can't be ended sooner
#: than it likes; the process can, as every load is whole or not at all.
GRACE = 8.0

_received: list[int] = []


class Stopped(Exception):
    """A signal told the run to end. In place of KeyboardInterrupt, which click would take for its own."""


def received() -> int | None:
    """The signal that told the last run to end; None where none did."""
    return _received[0] if _received else None


@contextmanager
def stopped_by_signals(last_words: Callable[[], None]) -> Iterator[None]:
    """Raises Stopped once a signal has come, whatever came of it in the code that it interrupted.

    Where the run has not ended `GRACE` seconds later, or on a second signal, calls `last_words` and ends the process.
    Off the main thread, where Python takes no signals, it does nothing.
    """
    _received.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    over = threading.Event()

    def end(wait: float) -> None:
        if not over.wait(wait):
            last_words()
            sys.stderr.flush()
            os._exit(128 + _received[0])

    def receive(number: int, _: FrameType | None) -> None:
        _received.append(number)
        for each in before:
            signal.signal(each, lambda *_: end(0.0))
        threading.Thread(target=end, args=(GRACE,), daemon=True).start()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except BaseException as error:
        # DuckDB, for one, makes an error of its own of what interrupts it
        if _received:
            raise Stopped from error
        raise
    finally:
        over.set()
        for number, handler in before.items():
            signal.signal(number, handler)
