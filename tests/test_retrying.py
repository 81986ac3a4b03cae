"""Another try: how often, and after how long."""

import asyncio
from email.utils import formatdate
from itertools import pairwise

import httpx
import pytest
from faults import Act, Fault, FaultyServer, dropped, html_page, refused, status, timed_out, truncated
from fetching import client, label_studio
from virtual_time import run

from pipelines.label_studio.answers import Passing
from pipelines.label_studio.exceptions import LabelStudioError, RequestFailed, Unreachable
from pipelines.label_studio.report import Report
from pipelines.label_studio.retrying import MAX_WAIT, Retrying, wanted_wait

ALWAYS = 10**6


def waits_of(server: FaultyServer, *, attempts: int = 6) -> tuple[list[float], Report]:
    """The waits between the requests for one task."""
    report = Report()
    moments: list[float] = []

    async def timed(request: httpx.Request) -> httpx.Response:
        moments.append(asyncio.get_running_loop().time())
        return await server(request)

    async def main() -> None:
        async with client(timed, report, attempts=attempts) as connected:
            await connected.task(1)

    try:
        run(main())
    except LabelStudioError as error:
        report.fail("task 1", f"{type(error).__name__}: {error}")
    return [after - before for before, after in pairwise(moments)], report


@pytest.mark.parametrize(
    "act",
    [
        *map(status, (408, 409, 425, 429, 500, 502, 503, 504)),
        timed_out(),
        refused(),
        dropped(),
        dropped(error=httpx.ReadTimeout),
        dropped(error=httpx.ReadError),
        truncated(),
    ],
)
def test_what_may_pass_is_tried_again(act: Act) -> None:
    """Busy servers, timeouts, broken connections and cut answers cost another try, no more."""
    waits, report = waits_of(FaultyServer(label_studio([1]), Fault(act, times=2)))
    assert len(waits) == 2
    assert (report.retries, report.requests, report.failures) == (2, 3, [])


@pytest.mark.parametrize("code", [400, 405, 410, 414, 422])
def test_a_clients_mistake_is_not_tried_again(code: int) -> None:
    """What the server refuses for good is asked once."""
    waits, report = waits_of(FaultyServer(label_studio([1]), Fault(status(code), times=ALWAYS)))
    assert waits == []
    assert report.failures[0].reason.startswith(f"RequestFailed: the server answers {code}")


def test_a_500_is_not_hammered() -> None:
    """Label Studio answers 500 to a client's mistake, too: after three tries it is taken as final."""
    waits, report = waits_of(FaultyServer(label_studio([1]), Fault(status(500), times=ALWAYS)))
    assert len(waits) == 2
    assert report.failures[0].reason == "RequestFailed: the server answers 500: Internal Server Error"


def test_waits_grow_with_jitter_up_to_a_cap() -> None:
    """The waits double from half a second to thirty, each with up to a second of chance."""
    waits, report = waits_of(FaultyServer(label_studio([1]), Fault(status(503), times=ALWAYS)), attempts=10)
    least = [min(0.5 * 2**n, 29.0) for n in range(9)]
    assert all(low <= wait <= min(low + 1, 30.0) for low, wait in zip(least, waits, strict=True))
    assert len({wait % 0.5 for wait in waits}) > 1
    assert report.retries == 9


@pytest.mark.parametrize(("asked", "waited"), [(7, 7.0), ("12.5", 12.5), (99999, MAX_WAIT)])
def test_the_server_says_how_long(asked: int | str, waited: float) -> None:
    """Retry-After is waited for, up to a cap."""
    waits, _ = waits_of(FaultyServer(label_studio([1]), Fault(status(429, retry_after=asked))))
    assert waits == pytest.approx([waited])


def test_at_once_is_no_pace() -> None:
    """Retry-After: 0 gets the usual waits: a server in trouble is not asked ten times a second."""
    waits, _ = waits_of(FaultyServer(label_studio([1]), Fault(status(503, retry_after=0), times=ALWAYS)))
    assert len(waits) == 5
    assert min(waits) >= 0.5


def test_attempts_are_all_tries() -> None:
    """With one attempt, nothing is tried again."""
    waits, report = waits_of(FaultyServer(label_studio([1]), Fault(refused(), times=ALWAYS)), attempts=1)
    assert (waits, report.retries) == ([], 0)
    assert report.failures[0].reason.startswith("Unreachable: no connection to")


@pytest.mark.parametrize("rate", [0.2, 4.0])
def test_requests_keep_to_the_limit(rate: float) -> None:
    """With so many requests a second, or less than one, each waits for its turn, also when several start at once."""
    moments: list[float] = []
    fake = label_studio(range(1, 9))

    async def timed(request: httpx.Request) -> httpx.Response:
        moments.append(asyncio.get_running_loop().time())
        return await fake(request)

    async def main() -> None:
        async with client(timed, requests_per_second=rate, connections=8) as connected:
            await asyncio.gather(*map(connected.task, range(1, 9)))

    run(main())
    assert moments == pytest.approx([n / rate for n in range(8)])


NOW = 1_795_000_000.0


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(NOW + 30).removesuffix(" -0000")}, 30.0),
        ({"retry-after": formatdate(NOW - 30, usegmt=True)}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "Mon, 99 Foo 99999 99:99:99 GMT"}, None),
        ({"retry-after": "soon", "x-ratelimit-reset": "9"}, 9.0),
        ({"retry-after": "7", "x-ratelimit-reset": "9"}, 7.0),
        ({"x-ratelimit-reset": "12"}, 12.0),
        ({"x-ratelimit-reset": str(int(NOW) + 40)}, 40.0),
        ({"x-ratelimit-reset": str(int(NOW) - 40)}, 0.0),
        ({"x-ratelimit-reset": "12", "x-ratelimit-remaining": "0"}, 12.0),
        ({"x-ratelimit-reset": "12", "x-ratelimit-remaining": "55"}, None),
        ({"x-ratelimit-reset": "later"}, None),
    ],
)
def test_the_wait_is_read_from_the_headers(headers: dict[str, str], wait: float | None) -> None:
    """Retry-After in seconds or as a date, else the moment or seconds of a spent rate limit."""
    assert wanted_wait(headers, lambda: NOW) == wait


def test_an_error_that_is_final_is_raised_as_it_is() -> None:
    """What is no passing trouble is raised at once; a passing one stands for its final error."""
    tries = 0

    async def once() -> None:
        nonlocal tries
        tries += 1
        raise ZeroDivisionError if tries == 1 else Passing(Unreachable("away"), tries=2)

    async def main() -> None:
        retry = Retrying(Report(), 5)
        with pytest.raises(ZeroDivisionError):
            await retry("a test", once)
        with pytest.raises(Unreachable, match=r"^away$"):
            await retry("a test", once)

    run(main())
    assert tries == 3


def test_a_wait_can_be_cancelled() -> None:
    """Between two tries, a cancelled run ends at once."""

    async def main() -> bool:
        async with client(FaultyServer(label_studio([1]), Fault(status(429, retry_after=200)))) as connected:
            waiting = asyncio.create_task(connected.task(1))
            await asyncio.sleep(1)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            return waiting.cancelled() and asyncio.get_running_loop().time() == 1

    assert run(main())


def test_a_web_page_at_the_start_is_not_tried_again() -> None:
    """Before the server has answered once, a web page means a wrong address, at once."""
    waits, report = waits_of(FaultyServer(label_studio([1]), Fault(html_page(200), times=ALWAYS)))
    assert waits == []
    assert report.failures[0].reason.startswith("WrongAddress: the address answers with a web page")


def test_the_last_failure_is_what_is_told() -> None:
    """After different failures, the last one is raised."""
    server = FaultyServer(label_studio([1]), Fault(refused()), Fault(status(503)), Fault(truncated(), times=ALWAYS))
    _, report = waits_of(server)
    assert report.failures[0].reason.startswith(f"{RequestFailed.__name__}: the answer can't be read")
