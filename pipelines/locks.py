"""One run at a time: a lock on this machine, and a lease in the warehouse for runs on others."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipelines.exits import AnotherRun
from pipelines.label_studio.exceptions import LabelStudioError
from pipelines.label_studio.shards import Shard
from pipelines.label_studio.tables import Column, Table

logger = logging.getLogger(__name__)

RUN_LEASE = Table(
    "run_lease",
    "One row is a run that is at work in this warehouse; empty while none is. Several may be, each on a shard.",
    ("run_id",),
    (
        Column("run_id", "text", "Id of the run.", nullable=False),
        Column("host", "text", "Machine or container that it runs on.", nullable=False),
        Column("pid", "bigint", "Its process there.", nullable=False),
        Column("expires_at", "timestamp", "When it counts as dead, unless it renews the lease before.", nullable=False),
        Column("shard", "text", "The share of the ids that it loads, such as 3/8; null where it loads all."),
    ),
)


class LeaseLost(LabelStudioError):
    """Another run has taken the lease, as this one had not renewed it in time."""


@contextmanager
def machine_lock(folder: Path) -> Iterator[None]:
    """Holds the lock of a working folder; it goes with the process. Raises AnotherRun, with the holder's process."""
    holder = folder / "run.pid"
    try:
        with FileLock(folder / "run.lock", timeout=0):
            holder.write_text(str(os.getpid()), encoding="utf-8")
            try:
                yield
            finally:
                holder.unlink(missing_ok=True)
    except Timeout as error:
        pid = holder.read_text(encoding="utf-8") if holder.exists() else "unknown"
        raise AnotherRun(f"another run into this warehouse is in progress (process {pid}): let it end") from error


class Lease:
    """A row in the warehouse that says which run is at work, on which host, and until when at least.

    It is renewed while the run goes on, and goes stale by itself `seconds` after a run that could not give it back.
    A run on the same host that left it behind is dead, as the machine lock is free. Shards of one division of the ids
    don't stand in each other's way.
    """

    def __init__(self, connect: Callable[[], Any], run_id: str, seconds: float, shard: Shard | None = None) -> None:
        self._shard = str(shard) if shard else None
        #: dlt's SQL clients: one for this thread, one for the renewals
        self._client, self._renewing_client = connect(), connect()
        self._table = self._client.make_qualified_table_name(RUN_LEASE.name)
        self._run_id = run_id
        self._seconds = seconds
        self._over = threading.Event()
        self._lost = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the lease. Raises AnotherRun, with the holder's host and process."""
        with self._client as client, self._renewing_client:
            self._take(client)
            renewing = threading.Thread(target=self._renew_on, name="lease", daemon=True)
            renewing.start()
            try:
                yield
            finally:
                self._over.set()
                renewing.join()
                self._give_back(client)

    def expect_held(self) -> None:
        """Raises LeaseLost where another run has taken over."""
        if self._lost:
            raise LeaseLost("another run has taken over the warehouse while this one was held up")

    def _give_back(self, client: Any) -> None:
        try:
            client.execute_sql(f"delete from {self._table} where run_id = %s", self._run_id)
        except Exception as error:  # noqa: BLE001  # it must not hide what ended the run; the lease ends by itself
            logger.debug("the lease on the warehouse could not be given back: %s", error)

    def _take(self, client: Any) -> None:
        host = socket.gethostname()
        with client.begin_transaction():
            if client.capabilities.sqlglot_dialect == "postgres":
                # of two runs that look at once, neither would see the other
                client.execute_sql(f"lock table {self._table} in exclusive mode")
            leases = client.execute_sql(f"select run_id, host, pid, expires_at, shard from {self._table}")
            for run_id, holder, pid, expires_at, shard in leases:
                if not _collide(self._shard, shard):
                    continue
                is_dead = holder == host and shard == self._shard
                if not is_dead and expires_at > datetime.now(UTC):
                    raise AnotherRun(
                        f"another run into this warehouse is in progress (process {pid} on {holder}): let it end;"
                        f" if it is dead, its lease ends at {expires_at.astimezone(UTC):%H:%M:%S} UTC"
                    )
                client.execute_sql(f"delete from {self._table} where run_id = %s", run_id)
            client.execute_sql(
                f"insert into {self._table} (run_id, host, pid, expires_at, shard)"
                " values (%s, %s, %s, cast(%s as timestamp with time zone), %s)",
                self._run_id,
                host,
                os.getpid(),
                self._end(),
                self._shard,
            )

    def _renew_on(self) -> None:
        while not self._over.wait(self._seconds / 4):
            try:
                self._renew(self._renewing_client)
            except Exception as error:  # noqa: BLE001  # a lease that is not renewed ends by itself: no reason to end
                reason = " ".join(str(error).split())[:200]
                logger.warning("the lease on the warehouse could not be renewed: %s", reason)

    def _renew(self, client: Any) -> None:
        client.execute_sql(
            f"update {self._table} set expires_at = cast(%s as timestamp with time zone) where run_id = %s",
            self._end(),
            self._run_id,
        )
        rows = client.execute_sql(f"select count(*) from {self._table} where run_id = %s", self._run_id)
        self._lost = rows[0][0] == 0

    def _end(self) -> str:
        return (datetime.now(UTC) + timedelta(seconds=self._seconds)).isoformat()


def _collide(one: str | None, other: str | None) -> bool:
    """Whether two shards have ids in common; None is all of them."""
    if one is None or other is None:
        return True
    return one == other or one.partition("/")[2] != other.partition("/")[2]
