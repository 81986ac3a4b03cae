"""Tokens: which kind one is, and when a personal one is exchanged anew."""

import asyncio
from typing import Any

import httpx
import pytest
from faults import Act, Fault, FaultyServer, answer, before, expired, html_page, refused, status, timed_out
from fetching import URL, client, label_studio
from virtual_time import run

from pipelines.demo import FakeLabelStudio
from pipelines.demo.tokens import sign
from pipelines.label_studio.auth import LegacyToken, PersonalToken, auth_for
from pipelines.label_studio.exceptions import AccessDenied, LabelStudioError, Unreachable, WrongAddress

ALWAYS = 10**6
REFRESH = "/api/token/refresh"


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of both sides."""
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> FakeLabelStudio:
    """A server with ten tasks."""
    return label_studio(range(1, 11), clock=clock)


def statuses(fake: FakeLabelStudio, clock: Clock, *passing: float, together: int = 1) -> list[int]:
    """The answers to requests with the personal token: so many at once, again after each pause."""

    async def main() -> list[int]:
        auth = auth_for(URL, fake.personal_access_token, clock)
        async with httpx.AsyncClient(transport=httpx.MockTransport(fake), auth=auth) as http:
            codes = []
            for seconds in (0, *passing):
                clock.now += seconds
                answers = await asyncio.gather(*(http.get(f"{URL}/api/tasks/1") for _ in range(together)))
                codes += [answer.status_code for answer in answers]
            return codes

    return run(main())


def test_the_kind_is_seen_from_the_token(fake: FakeLabelStudio) -> None:
    """A refresh JWT is a personal access token, anything else a legacy one."""
    assert isinstance(auth_for(URL, fake.personal_access_token), PersonalToken)
    for token in (fake.token, "a.b.c", "eyJ.e30.x", "a.bnVsbA.c", fake.personal_access_token[:80]):
        assert isinstance(auth_for(URL, token), LegacyToken)


def test_an_access_token_is_refused() -> None:
    """An access token, which ends within minutes, is told from the personal token that is needed."""
    with pytest.raises(AccessDenied, match="lives for minutes only"):
        auth_for(URL, sign({"token_type": "access", "exp": 1, "iat": 0}))


def test_one_exchange_serves_all(fake: FakeLabelStudio, clock: Clock) -> None:
    """All requests in flight wait for one exchange, and later ones use what it gave."""
    assert statuses(fake, clock, 100, 100, together=5) == [200] * 15
    assert fake.counts[REFRESH] == 1


def test_a_token_is_renewed_ahead_of_its_end(fake: FakeLabelStudio, clock: Clock) -> None:
    """A minute before its 300 s are over, an access token is renewed: no request meets a 401."""
    assert statuses(fake, clock, 239, 2, together=3) == [200] * 9
    assert fake.counts[REFRESH] == 2
    assert fake.counts["/api/tasks/{id}"] == 9


@pytest.mark.parametrize("skew", [-86400, 86400])
def test_clocks_need_not_agree(clock: Clock, skew: float) -> None:
    """A server whose clock is a day off costs no more exchanges, and no 401."""
    fake = label_studio([1], clock=lambda: clock.now + skew)
    assert statuses(fake, clock, 100, 139, 2) == [200] * 4
    assert fake.counts[REFRESH] == 2
    assert fake.counts["/api/tasks/{id}"] == 4


def test_a_401_is_believed_after_one_renewal(fake: FakeLabelStudio, clock: Clock) -> None:
    """Where access tokens end early, all requests in flight share one renewal and come again."""
    server = FaultyServer(fake, Fault(expired(fake), path="/api/tasks", skip=5))

    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(1)
        return await server(request)

    async def main() -> list[int]:
        auth = auth_for(URL, fake.personal_access_token, clock)
        async with httpx.AsyncClient(transport=httpx.MockTransport(slow), auth=auth) as http:
            codes = []
            for _ in range(2):
                answers = await asyncio.gather(*(http.get(f"{URL}/api/tasks/1") for _ in range(5)))
                codes += [answer.status_code for answer in answers]
            return codes

    assert run(main()) == [200] * 10
    assert fake.counts[REFRESH] == 2


def test_a_401_after_a_renewal_is_final(fake: FakeLabelStudio) -> None:
    """A fresh token that is refused, too, is an AccessDenied; it is not renewed over and over."""
    server = FaultyServer(fake, Fault(status(401), path="/api/tasks", times=ALWAYS))
    error = error_of(server, fake.personal_access_token)
    assert isinstance(error, AccessDenied)
    assert fake.counts[REFRESH] == 2


def error_of(server: Any, key: str, **options: Any) -> LabelStudioError | None:
    """The error of a request for a task, None where it comes."""

    async def main() -> LabelStudioError | None:
        async with client(server, key=key, **options) as connected:
            try:
                await connected.task(1)
            except LabelStudioError as error:
                return error
        return None

    return run(main())


def test_a_revoked_token_is_told(fake: FakeLabelStudio) -> None:
    """A personal token that the server does not take is named with where a new one is made."""
    fake.tokens.revoke(fake.personal_access_token)
    error = error_of(fake, fake.personal_access_token)
    assert isinstance(error, AccessDenied)
    assert "revoked, expired or of another server; make a new one" in str(error)
    assert fake.counts[REFRESH] == 1


def test_a_token_revoked_in_mid_run_is_told(fake: FakeLabelStudio) -> None:
    """Where a token is revoked between two requests, the renewal that follows the 401 tells it."""

    def revoke() -> None:
        fake.tokens.expire_access()
        fake.tokens.revoke(fake.personal_access_token)

    server = FaultyServer(fake, Fault(before(revoke), path="/api/tasks"))
    error = error_of(server, fake.personal_access_token)
    assert isinstance(error, AccessDenied)


def test_a_cut_token_is_told(fake: FakeLabelStudio) -> None:
    """A personal token that was cut when it was copied is refused with a hint at that."""
    error = error_of(fake, fake.personal_access_token[:60])
    assert isinstance(error, AccessDenied)
    assert "cut short when it was copied" in str(error)


def test_legacy_tokens_that_are_off_are_told(clock: Clock) -> None:
    """Where legacy tokens are switched off, the error says so and names both ways out."""
    fake = label_studio([1], clock=clock, legacy_enabled=False)
    error = error_of(fake, fake.token)
    assert "switched off there, as on every new server: make a personal access token" in str(error)


@pytest.mark.parametrize("act", [status(503), status(429), status(500), refused(), timed_out()])
def test_a_renewal_is_tried_again(fake: FakeLabelStudio, act: Act) -> None:
    """An exchange that fails in passing costs another try."""
    assert error_of(FaultyServer(fake, Fault(act, path=REFRESH, times=2)), fake.personal_access_token) is None


def test_a_renewal_waits_as_long_as_the_server_asks(fake: FakeLabelStudio) -> None:
    """Retry-After counts for the exchange, too."""

    async def main() -> float:
        server = FaultyServer(fake, Fault(status(429, retry_after=77), path=REFRESH))
        async with client(server, key=fake.personal_access_token) as connected:
            await connected.task(1)
        return asyncio.get_running_loop().time()

    assert run(main()) == pytest.approx(77)


def garbage(body: Any) -> Act:
    return answer(lambda: httpx.Response(200, json=body))


@pytest.mark.parametrize(
    ("act", "kind", "message"),
    [
        (status(503), Unreachable, "the token can't be renewed: the server answers 503"),
        (garbage({"token": 1}), Unreachable, "the token can't be renewed: the answer can't be read"),
        (garbage({"access": None}), Unreachable, "the token can't be renewed: the answer can't be read"),
        (garbage(["x"]), Unreachable, "the token can't be renewed: the answer can't be read"),
        (html_page(404), WrongAddress, "404 and no JSON"),
        (html_page(200), WrongAddress, "a web page, not JSON"),
        (
            answer(lambda: httpx.Response(404, json={"detail": "no route"})),
            AccessDenied,
            "gives nothing for a personal",
        ),
        (status(405), AccessDenied, "gives nothing for a personal access token"),
    ],
)
def test_a_renewal_that_can_not_be_had_is_told(
    fake: FakeLabelStudio, act: Act, kind: type[LabelStudioError], message: str
) -> None:
    """Whatever comes in place of an access token, the error tells of the token, never of a missing task."""
    error = error_of(FaultyServer(fake, Fault(act, path=REFRESH, times=ALWAYS)), fake.personal_access_token)
    assert type(error) is kind
    assert message in str(error)


@pytest.mark.parametrize("claims", [{}, {"exp": "soon", "iat": None}, {"exp": 5, "iat": 9}, {"exp": 10**9}])
def test_odd_access_tokens_are_used_all_the_same(fake: FakeLabelStudio, claims: Any) -> None:
    """An access token that does not say when it ends, or says nonsense, goes with the request like any other."""
    odd = sign(claims)
    server = FaultyServer(
        fake,
        Fault(garbage({"access": odd}), path=REFRESH, times=ALWAYS),
        Fault(answer(lambda: httpx.Response(200, json={"id": 1})), path="/api/tasks", times=ALWAYS),
    )
    assert error_of(server, fake.personal_access_token) is None
    assert server.requests[-1].headers["authorization"] == f"Bearer {odd}"


def test_a_renewal_that_is_cancelled_keeps_nobody_waiting(fake: FakeLabelStudio) -> None:
    """Where the request that renews the token is cancelled, the next one renews it."""

    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(10)
        return await fake(request)

    async def main() -> int:
        async with client(slow, key=fake.personal_access_token) as connected:
            first = asyncio.create_task(connected.task(1))
            await asyncio.sleep(1)
            second = asyncio.create_task(connected.task(2))
            await asyncio.sleep(1)
            first.cancel()
            head, _ = await second
            await asyncio.gather(first, return_exceptions=True)
            return head.id

    assert run(main()) == 2


def test_a_renewal_says_who_asks(fake: FakeLabelStudio) -> None:
    """The exchange carries the client's name and no other token, for walls that want to know who comes."""
    assert error_of(fake, fake.personal_access_token) is None
    renewal = next(request for request in fake.requests if request.url.path.startswith(REFRESH))
    assert renewal.headers["user-agent"].startswith("label-studio-warehouse")
    assert "authorization" not in renewal.headers
    assert renewal.extensions["timeout"]["read"] == 90.0
