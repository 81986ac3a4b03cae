"""A small HTTP server on a real socket, for what a fake transport can't show."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple


class Asked(NamedTuple):
    """A request as it came: the target of its first line, its headers in lower case, and which connection it used."""

    target: str
    headers: dict[str, str]
    connection: int


Respond = Callable[[Asked, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Loopback:
    """Gives each request to `respond`; a connection stays open as long as that leaves it open."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.asked: list[Asked] = []
        self.url = ""
        self._served: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a new connection."""
        self._served[writer] = asyncio.create_task(self._serve(len(self._served) + 1, reader, writer))

    async def close(self) -> None:
        """Close what is open, and wait for it."""
        for writer in self._served:
            writer.close()
        await asyncio.gather(*self._served.values())

    async def _serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
                self.asked.append(Asked(head[0].split(" ")[1], headers, number))
                await self.respond(self.asked[-1], reader, writer)
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def loopback(respond: Respond, context: ssl.SSLContext | None = None) -> AsyncIterator[Loopback]:
    """A server that listens while the block runs."""
    served = Loopback(respond)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=context)
    host, port = server.sockets[0].getsockname()
    served.url = f"{'https' if context else 'http'}://{host}:{port}"
    try:
        yield served
    finally:
        server.close()
        await server.wait_closed()
        await served.close()


def reply(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
    """An HTTP answer; `_` in a header's name is a dash."""
    given = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body


def replies(*answers: bytes) -> Respond:
    """The answers in turn, the last one for ever."""
    left = list(answers)

    async def respond(_: Asked, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])

    return respond
