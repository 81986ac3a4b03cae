"""How many requests are in flight at once: as many as make the server faster."""

import asyncio
import random
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fetching import fetch, label_studio

from pipelines.label_studio.pace import MEMORY, SMALL, STEPS, Climb, Pace
from pipelines.label_studio.pieces import Interval
from pipelines.label_studio.selection import select
from pipelines.label_studio.survey import Work

#: What a page has of bytes, and the seconds that a server's worker takes for it.
PAGE, WORK = 2_000_000, 0.7


def latency(workers: int, in_flight: int) -> float:
    """Of a server whose workers have a core each: who finds none free waits."""
    return WORK * max(1.0, in_flight / workers)


def drive(pace: Pace, pages: int, seconds: Callable[[int], float]) -> Iterator[int]:
    """Pages through a pace, always as many in flight as it lets; gives its limit after each."""
    now = 0.0
    in_flight: list[tuple[float, float]] = []
    for _ in range(pages):
        while len(in_flight) < pace.limit:
            in_flight.append((now, now + seconds(pace.limit)))
        in_flight.sort(key=lambda request: request[1])
        begun, now = in_flight.pop(0)
        pace.page(begun, now, PAGE)
        yield pace.limit


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 6, 8, 12, 16])
def test_as_many_requests_are_in_flight_as_the_server_has_workers(workers: int) -> None:
    """Most of the time: now and then it looks whether fewer do, or more help."""
    limits = list(drive(Pace(), 4000, lambda in_flight: latency(workers, in_flight)))
    settled = limits[1000:]
    assert sorted(settled)[len(settled) // 2] == workers
    rate = sum(min(workers, limit) for limit in settled) / len(settled)
    assert rate > 0.9 * workers


@pytest.mark.parametrize("seed", range(5))
def test_noise_does_not_lead_astray(seed: int) -> None:
    """Latencies that vary by half leave a server with four workers between three and eight requests."""
    rng = random.Random(seed)
    limits = list(drive(Pace(), 4000, lambda in_flight: latency(4, in_flight) * rng.uniform(0.7, 1.3)))
    settled = sorted(limits[1000:])
    assert 3 <= settled[len(settled) // 2] <= 6
    assert settled[len(settled) // 20] >= 2
    assert settled[-len(settled) // 20] <= 8


def test_it_backs_off_when_the_server_grows_slow() -> None:
    """Of eight workers one is left: soon no more than a few requests wait for it."""
    pace = Pace()
    list(drive(pace, 2000, lambda in_flight: latency(8, in_flight)))
    before = pace.limit
    limits = list(drive(pace, 600, lambda in_flight: latency(1, in_flight)))
    assert before >= 6
    assert sum(limits[-100:]) / 100 <= 3


def test_it_comes_back_when_the_server_is_fast_again() -> None:
    """After a time with one worker, eight are used again."""
    pace = Pace()
    list(drive(pace, 500, lambda in_flight: latency(1, in_flight)))
    limits = list(drive(pace, 3000, lambda in_flight: latency(8, in_flight)))
    assert sum(limits[-500:]) / 500 >= 6


def test_a_request_that_is_turned_away_halves_the_number_once() -> None:
    """Others that were on their way at that moment do not halve it again."""
    pace = Pace()
    list(drive(pace, 2000, lambda in_flight: latency(8, in_flight)))
    before = pace.limit
    for _ in range(before):
        pace.trouble(10_000.0, 10_001.0)
    assert before >= 6
    assert pace.limit == max(step for step in STEPS if step <= before // 2)


def test_trouble_never_stops_it() -> None:
    """One request may always be in flight."""
    pace = Pace()
    for moment in range(20):
        pace.trouble(float(moment), moment + 0.5)
    assert pace.limit == 1


def test_a_fixed_number_stays() -> None:
    """Whatever the server does."""
    pace = Pace(5)
    assert set(drive(pace, 300, lambda in_flight: latency(1, in_flight))) == {5}
    pace.trouble(1e6, 1e6 + 1)
    assert pace.limit == pace.most == 5


def test_nothing_is_concluded_where_the_server_waits_for_us() -> None:
    """Requests that are made one by one, with pauses, say nothing of what two at once would bring."""
    pace = Pace()
    for page in range(100):
        pace.page(page * 2.0, page * 2.0 + 0.5, PAGE)
    assert pace.limit == 1


def test_it_measures_again_what_it_knows() -> None:
    """A climb that holds its number looks below it again after some measures."""
    climb = Climb()
    seen = set()
    for _ in range(3 * MEMORY):
        climb.measured(100.0 * min(climb.limit, 3))
        seen.add(climb.limit)
    assert seen == {2, 3, 4}


class Server:
    """Answers as another one does, with so many workers, and notes how many requests wait or are worked on."""

    def __init__(self, inner: Any, workers: int) -> None:
        self.inner = inner
        self.free = asyncio.Semaphore(workers)
        self.in_flight = 0
        self.seen: list[int] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """The answer of the inner server, after a wait."""
        self.in_flight += 1
        self.seen.append(self.in_flight)
        async with self.free:
            await asyncio.sleep(1)
            answer: httpx.Response = await self.inner(request)
        self.in_flight -= 1
        return answer


def test_pieces_that_wait_are_begun_once_more_may_be_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second project does not wait until the first is read to its end."""
    monkeypatch.setattr("pipelines.label_studio.fetch.MAX_PAGE_SIZE", 5)
    server = Server(label_studio(range(1, 3001)), 6)
    work = [Work(1, Interval(1, 1500)), Work(1, Interval(1501, 3000))]
    tasks, _ = fetch(server, select(None, 1), workers=None, page_size=5, work=work)
    assert sorted(task.id for task in tasks) == list(range(1, 3001))
    first, second = ([place for place, task in enumerate(tasks) if (task.id > 1500) == late] for late in (False, True))
    assert second[0] < first[len(first) // 4]


@pytest.mark.parametrize("workers", [1, 6])
def test_a_fetch_finds_the_number_that_the_server_can_use(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every task comes once on the way there, and there are never more requests than there may be."""
    monkeypatch.setattr("pipelines.label_studio.fetch.MAX_PAGE_SIZE", 5)
    server = Server(label_studio(range(1, 3001)), workers)
    tasks, report = fetch(server, select(None, 1), workers=None, page_size=5)
    assert sorted(task.id for task in tasks) == list(range(1, 3001))
    assert not report.failures
    assert max(server.seen) <= STEPS[-1] + SMALL
    late = server.seen[len(server.seen) // 2 :]
    if workers == 1:
        assert sum(late) / len(late) <= 4
    else:
        assert sum(late) / len(late) >= 3
