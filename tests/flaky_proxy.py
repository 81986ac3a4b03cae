"""A TCP proxy on the loopback that treats its connections badly, as chance has it: the network on a bad day."""

import asyncio
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from random import Random
from typing import Any, Literal, Self

Fate = Literal["passed", "refused", "reset", "delayed", "cut", "closed"]

#: Closing a socket that lingers for no time resets the connection.
_AT_ONCE = struct.pack("ii", 1, 0)

_CHUNK = 4096


class FlakyProxy:
    """Passes connections on to a port, and spoils some; a context manager that leaves nothing running.

    `fates` says how often each thing happens to a connection, as weights: it is passed on, refused (nobody listens for
    a moment), reset at once, delayed, or, after some bytes of its answers, cut (reset) or closed as if all were said.
    """

    def __init__(self, port: int, seed: int, fates: dict[Fate, int], *, cut_within: int = 30_000) -> None:
        self.fates = fates
        #: what happened, and how often
        self.met: Counter[Fate] = Counter()
        self.url = ""
        #: called, in a thread of its own, once so many bytes of answers have passed
        self.meanwhile: tuple[int, Callable[[], object]] | None = None
        self._port = port
        self._random = Random(seed)
        self._cut_within = cut_within
        #: bytes of answers so far
        self.passed = 0
        self._calls: list[threading.Thread] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._connections: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self._own_port = 0
        self._over = False

    def __enter__(self) -> Self:
        self._thread.start()
        self._await(self._listen())
        self.url = f"http://127.0.0.1:{self._own_port}"
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.wait_for_calls()
        self._await(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def wait_for_calls(self) -> None:
        """Waits for what was called meanwhile."""
        while self._calls:
            self._calls.pop().join()

    def _await(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self._own_port)
        self._own_port = self._listener.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._over = True
        if self._listener:
            self._listener.close()
        while tasks := [task for task in self._connections if task is not asyncio.current_task()]:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        [fate] = self._random.choices(list(self.fates), list(self.fates.values()))
        self.met[fate] += 1
        try:
            if fate in ("refused", "reset"):
                _reset(writer)
                if fate == "refused":
                    await self._pause()
            else:
                await self._pass_on(fate, reader, writer)
        except OSError:
            _reset(writer)
        finally:
            writer.close()

    async def _pause(self) -> None:
        """Nobody listens for a moment."""
        if self._listener is None:
            return
        listener, self._listener = self._listener, None
        listener.close()
        try:
            await asyncio.sleep(self._random.uniform(0.05, 0.3))
        finally:
            if not self._over:
                await self._listen()

    async def _pass_on(self, fate: Fate, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, answers = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            # where nobody listens behind it, nobody does before it either
            _reset(writer)
            return await self._pause()
        asking = self._loop.create_task(_pump(reader, answers))
        try:
            if fate == "delayed":
                await asyncio.sleep(self._random.uniform(0.1, 2.5))
            left = self._random.randrange(self._cut_within) if fate in ("cut", "closed") else None
            await self._answer(there, writer, left)
            if fate == "cut":
                _reset(writer)
        finally:
            asking.cancel()
            answers.close()
            await asyncio.gather(asking, return_exceptions=True)

    async def _answer(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, left: int | None) -> None:
        while left is None or left > 0:
            part = await there.read(_CHUNK if left is None else min(left, _CHUNK))
            if not part:
                return
            writer.write(part)
            await writer.drain()
            left = None if left is None else left - len(part)
            self._count(len(part))

    def _count(self, size: int) -> None:
        self.passed += size
        if self.meanwhile and self.passed >= self.meanwhile[0]:
            call = threading.Thread(target=self.meanwhile[1], name="meanwhile")
            self.meanwhile = None
            self._calls.append(call)
            call.start()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(_CHUNK):
            writer.write(part)
            await writer.drain()
        writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    plain = writer.get_extra_info("socket")
    with suppress(OSError):
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    writer.transport.abort()
