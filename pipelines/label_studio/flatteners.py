"""Several flatteners at work at once, each in a thread of its own: DuckDB lets go of Python while it parses."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import NamedTuple

import pyarrow as pa

from .flatten import Flattener, RawTask
from .masks import Masks
from .report import Failure


class Batch(NamedTuple):
    """Tasks that are flattened together, and the bytes of their JSON."""

    tasks: Sequence[RawTask]
    size: int


class Flat(NamedTuple):
    """The rows of a batch by table, and the bytes of JSON that they were made of."""

    tables: dict[str, pa.Table]
    size: int


#: Rows are handed over when they were made of so many bytes of JSON: dlt looks at each table's schema anew each time.
HANDOVER_BYTES = 32 * 2**20


class Flatteners:
    """Flattens batches `threads` at a time; what they give comes in their order."""

    def __init__(self, threads: int = 2, *, history: bool = False, masks: Masks = "keep") -> None:
        self._all = [Flattener(history=history, masks=masks) for _ in range(threads)]
        self._idle: SimpleQueue[Flattener] = SimpleQueue()
        for flattener in self._all:
            self._idle.put(flattener)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="flatten")

    def close(self) -> None:
        """Ends the threads, once what they are at is done."""
        self._pool.shutdown(cancel_futures=True)
        for flattener in self._all:
            flattener.close()

    def tasks(self, batches: Iterable[Batch]) -> Iterator[Flat]:
        """The rows of all batches, as `Flattener.tasks` gives them, those of several batches together."""
        flats: list[Flat] = []
        for flat in self._one_by_one(batches):
            flats.append(flat)
            del flat
            if sum(each.size for each in flats) >= HANDOVER_BYTES:
                yield _taken(flats)
        if flats:
            yield _taken(flats)

    def users(self, listed: Sequence[bytes]) -> pa.Table:
        """The rows of `users`: those `listed` by the server, and those met in annotations since the start."""
        first, *others = self._all
        for other in others:
            first.take_users_of(other)
        return first.users(listed)

    def projects(self, projects: Sequence[bytes]) -> pa.Table:
        """The rows of `projects`, from the server's answers for single projects."""
        return self._all[0].projects(projects)

    def take_unreadable(self) -> list[Failure]:
        """The tasks that nothing could read, since this was asked last."""
        failures = [failure for flattener in self._all for failure in flattener.unreadable]
        for flattener in self._all:
            flattener.unreadable.clear()
        return failures

    def _one_by_one(self, batches: Iterable[Batch]) -> Iterator[Flat]:
        """As many batches are taken ahead as there are threads."""
        ahead: deque[Future[Flat]] = deque()
        for batch in batches:
            ahead.append(self._pool.submit(self._flat, batch))
            if len(ahead) >= len(self._all):
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

    def _flat(self, batch: Batch) -> Flat:
        flattener = self._idle.get()
        try:
            return Flat(flattener.tasks(batch.tasks), batch.size)
        finally:
            self._idle.put(flattener)


def _taken(flats: list[Flat]) -> Flat:
    """All of them joined; none is held any longer while others are loaded."""
    tables = {name: pa.concat_tables([flat.tables[name] for flat in flats]) for name in flats[0].tables}
    size = sum(flat.size for flat in flats)
    flats.clear()
    return Flat(tables, size)
