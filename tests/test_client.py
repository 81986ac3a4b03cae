"""The client on real sockets, and the errors that tell people what to do."""

import asyncio
import gzip
import json
import shutil
import ssl
import subprocess
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from faults import Act, Fault, FaultyServer, answer, dropped, html_page, refused, status, timed_out, truncated
from fetching import TOKEN, label_studio
from fetching import client as fake_client
from loopback import Asked, Loopback, Respond, loopback, replies, reply
from virtual_time import run

from pipelines.label_studio import connection
from pipelines.label_studio.client import Client
from pipelines.label_studio.exceptions import (
    AccessDenied,
    ConfigurationError,
    Forbidden,
    LabelStudioError,
    NotFound,
    RequestFailed,
    Unreachable,
    WrongAddress,
)
from pipelines.label_studio.pieces import Interval
from pipelines.label_studio.report import Report

TASK = b'{"id": 1, "project": 3, "data": {"text": "' + b"x" * 5000 + b'"}}'
VERSION = b'{"release": "1.23.2"}'
ALWAYS = 10**6


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries take no time, and the environment names no proxy."""
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda _: sleep(0))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def on_socket(
    respond: Respond, use: Callable[[Client], Awaitable[Any]], report: Report | None = None, **options: Any
) -> tuple[Any, Loopback]:
    """What `use` gives, or the LabelStudioError it raises, and the server."""

    async def main() -> tuple[Any, Loopback]:
        async with loopback(respond) as server, Client(server.url, TOKEN, report or Report(), **options) as client:
            try:
                return await use(client), server
            except LabelStudioError as error:
                return error, server

    return asyncio.run(main())


async def get_task(client: Client) -> bytes:
    return (await client.task(1))[1]


# sockets


def test_connections_are_kept() -> None:
    """Requests one after the other use one connection."""

    async def use(client: Client) -> None:
        for _ in range(5):
            await client.task(1)

    _, server = on_socket(replies(reply(body=TASK)), use)
    assert [asked.connection for asked in server.asked] == [1] * 5


def test_no_more_connections_than_allowed() -> None:
    """Many requests at once share the connections allowed."""

    async def use(client: Client) -> None:
        await asyncio.gather(*(client.task(1) for _ in range(20)))

    _, server = on_socket(replies(reply(body=TASK)), use, connections=3)
    assert {asked.connection for asked in server.asked} == {1, 2, 3}


def test_compressed_answers_are_read() -> None:
    """gzip is asked for and read; the report counts what came over the wire."""
    report = Report()
    packed = gzip.compress(TASK)
    raw, server = on_socket(replies(reply(body=packed, Content_Encoding="gzip")), get_task, report)
    assert raw == TASK
    assert "gzip" in server.asked[0].headers["accept-encoding"]
    assert report.bytes == len(packed)


@pytest.mark.parametrize(
    "broken",
    [
        reply(body=TASK)[:200],
        b"",
        b"SSH-2.0-OpenSSH_9.7\r\n",
        reply(body=gzip.compress(TASK)[:-20], Content_Encoding="gzip"),
        reply(body=b"no gzip", Content_Encoding="gzip"),
    ],
    ids=["cut", "nothing", "no HTTP", "cut gzip", "no gzip"],
)
def test_a_broken_answer_is_asked_for_again(broken: bytes) -> None:
    """What breaks on the way, before or in the body, costs another try."""
    tries = 0

    async def respond(_: Asked, __: Any, writer: asyncio.StreamWriter) -> None:
        nonlocal tries
        tries += 1
        writer.write(broken if tries == 1 else reply(body=TASK))
        if tries == 1:
            writer.close()

    raw, _ = on_socket(respond, get_task)
    assert (raw, tries) == (TASK, 2)


async def drips(_: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A body that comes byte by byte and never ends."""
    writer.write(reply(body=b"", Content_Length="1000000"))
    while not reader.at_eof():
        writer.write(b" ")
        await writer.drain()
        try:
            await asyncio.wait_for(reader.read(1), 0.02)
        except TimeoutError:
            continue
    writer.close()


def test_a_body_that_drips_is_given_up() -> None:
    """The timeout is for the whole answer: a body that never ends is no reason to wait for ever."""
    error, server = on_socket(drips, get_task, timeout=0.15)
    assert isinstance(error, RequestFailed)
    assert str(error) == "no complete answer within 0.15 s"
    assert len(server.asked) == 3


def test_a_page_that_drips_is_not_asked_for_again() -> None:
    """A page of several tasks that takes too long is to be made smaller, not asked for again."""
    error, server = on_socket(drips, lambda client: client.page(1, Interval(1, 9), 5), timeout=0.15)
    assert isinstance(error, RequestFailed)
    assert len(server.asked) == 1


def test_a_page_too_large_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is given up at a size, counted after decompression; a single task never is."""
    monkeypatch.setattr(connection, "MAX_PAGE_BYTES", 1000)
    answers = replies(reply(body=gzip.compress(b'{"total": 1, "tasks": [' + TASK + b"]}"), Content_Encoding="gzip"))
    error, server = on_socket(answers, lambda client: client.page(1, Interval(1, 9), 2))
    assert str(error) == "the answer is larger than 1,000 bytes"
    assert len(server.asked) == 1
    (total, tasks), _ = on_socket(answers, lambda client: client.page(1, Interval(1, 9), 1))
    assert (total, tasks[0][1]) == (1, TASK)


def test_nobody_listens() -> None:
    """Where nobody listens, all tries are used, and the error names the address."""

    async def main() -> None:
        async with loopback(replies(b"")) as server:
            url = server.url
        report = Report()
        async with Client(url, TOKEN, report, attempts=3) as client:
            with pytest.raises(Unreachable, match=f"no connection to {url}"):
                await client.server_version()
        assert report.requests == 3

    asyncio.run(main())


# redirects


def test_a_redirect_on_the_same_server_is_followed() -> None:
    """A server may send from one path to another."""

    async def respond(asked: Asked, _: Any, writer: asyncio.StreamWriter) -> None:
        path, _, query = asked.target.partition("?")
        writer.write(reply(body=TASK) if path.endswith("/") else reply(301, Location=f"{path}/?{query}"))

    raw, server = on_socket(respond, get_task)
    assert raw == TASK
    assert server.asked[1].headers["authorization"] == f"token {TOKEN}"


@pytest.mark.parametrize(
    ("path", "message"),
    [("/api/version", "give that address"), ("/login?next=secret", "maybe to log in")],
    ids=["the same path", "a login page"],
)
def test_a_redirect_to_another_server_is_told(path: str, message: str) -> None:
    """Where the address leads on to another server, it is named, and no token goes anywhere."""

    async def main() -> None:
        async with (
            loopback(replies(reply(body=VERSION))) as there,
            loopback(replies(reply(302, Location=there.url + path))) as here,
            Client(here.url, TOKEN, Report()) as client,
        ):
            with pytest.raises(WrongAddress, match=message) as caught:
                await client.server_version()
            assert there.url in str(caught.value)
            assert "secret" not in str(caught.value)
            assert all("authorization" not in asked.headers for asked in [*here.asked, *there.asked])

    asyncio.run(main())


def test_redirects_in_a_ring_end() -> None:
    """An address that leads in a ring is a wrong address."""
    error, _ = on_socket(replies(reply(302, Location="/")), lambda client: client.server_version())
    assert isinstance(error, WrongAddress)
    assert "leads nowhere" in str(error)


# certificates and proxies


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of nobody, for 127.0.0.1, with its key in the same file."""
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("needs openssl to make a certificate")
    file = tmp_path / "self-signed.pem"
    names = ["-subj", "/CN=nobody", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run(
        [*command, *names, "-days", "2", "-keyout", file, "-out", tmp_path / "cert"], check=True, capture_output=True
    )
    file.write_text(file.read_text() + (tmp_path / "cert").read_text())
    return file


def on_tls(certificate: Path, url: Callable[[str], str] = str) -> tuple[str, Report]:
    """The version that a server with this certificate gives, or the error's text."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    report = Report()

    async def main() -> str:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        async with (
            loopback(replies(reply(body=VERSION)), context) as server,
            Client(url(server.url), TOKEN, report) as client,
        ):
            try:
                return await client.server_version()
            except ConfigurationError as error:
                return str(error)

    return asyncio.run(main()), report


def test_an_unknown_certificate_is_refused(certificate: Path) -> None:
    """A self-signed certificate ends the run at the first try, with what to do about it."""
    text, report = on_tls(certificate)
    assert "can't be verified (self-signed certificate)" in text
    assert "SSL_CERT_FILE" in text
    assert report.requests == 1


def test_a_ca_file_makes_a_certificate_known(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSL_CERT_FILE names the CA that is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert on_tls(certificate)[0] == "1.23.2"


def test_a_certificate_of_another_name_is_refused(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trusted certificate for another name is refused, and the reason is told."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    text, _ = on_tls(certificate, lambda url: url.replace("127.0.0.1", "localhost"))
    assert "not valid for 'localhost'" in text


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY gets the request, with the whole address."""

    async def main() -> None:
        async with loopback(replies(reply(body=VERSION))) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            async with Client("http://label-studio.example.com", TOKEN, Report()) as client:
                assert await client.server_version() == "1.23.2"
        assert proxy.asked[0].target == "http://label-studio.example.com/api/version"

    asyncio.run(main())


def test_a_proxy_that_refuses_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that does not let us through is told as a missing connection, without its password."""

    async def main() -> None:
        async with loopback(replies(reply(407, b""))) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//me:hunter2@"))
            async with Client("https://label-studio.example.com", TOKEN, Report(), attempts=2) as client:
                with pytest.raises(Unreachable, match="no connection to https://label-studio") as caught:
                    await client.server_version()
        assert "hunter2" not in told(caught.value)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "gopher://me:hunter2@proxy"),
        ("ALL_PROXY", "http://me:hun/ter2@proxy"),
        ("SSL_CERT_FILE", "/no/file"),
    ],
)
def test_an_environment_that_makes_no_sense_is_told(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies and certificates that can't be used are a mistake of the configuration, told without passwords."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name) as caught:
        Client("https://label-studio.example.com", TOKEN, Report())
    assert "hun" not in told(caught.value)


# what errors say


def told(error: BaseException) -> str:
    """All that a log could show of an error: texts, reprs and tracebacks of the whole chain."""
    texts = traceback.format_exception(error)
    chain: BaseException | None = error
    while chain is not None:
        texts += [str(chain), repr(chain), repr(chain.args)]
        chain = chain.__cause__
    return "\n".join(texts)


@pytest.mark.parametrize(
    "act",
    [
        status(401),
        status(403),
        status(404),
        status(500),
        html_page(200),
        refused(),
        timed_out(),
        dropped(),
        truncated(),
    ],
)
@pytest.mark.parametrize("personal", [False, True], ids=["legacy", "personal"])
@pytest.mark.parametrize("path", ["/api/tasks/1", "/api/token"], ids=["task", "renewal"])
def test_no_error_shows_a_token(act: Act, personal: bool, path: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the token nor what it is exchanged for is in any error, its causes, their tracebacks, or the log."""
    fake = label_studio([1])
    key = fake.personal_access_token if personal else fake.token
    server = FaultyServer(fake, Fault(act, path=path, times=ALWAYS))
    caplog.set_level(0)

    async def main() -> str:
        async with fake_client(server, key=key, attempts=2) as client:
            try:
                await client.task(1)
            except LabelStudioError as error:
                return told(error)
        return ""

    said = run(main()) + caplog.text
    assert said
    secrets = {request.headers.get("authorization", "Token -").split()[1] for request in server.requests} | {key}
    assert not [secret for secret in secrets - {"-"} if secret in said]


async def error_of(use: Callable[[Client], Awaitable[Any]], act: Act, path: str = "") -> LabelStudioError:
    """The error that a client of a faulty server raises."""
    async with fake_client(FaultyServer(label_studio([1]), Fault(act, path=path, times=ALWAYS))) as client:
        with pytest.raises(LabelStudioError) as caught:
            await use(client)
    return caught.value


def says(code: int, detail: str) -> Act:
    """A JSON error of Label Studio."""
    return answer(lambda: httpx.Response(code, json={"id": "e", "status_code": code, "detail": detail}))


@pytest.mark.parametrize(
    ("act", "kind", "message"),
    [
        (says(404, "No Task matches the given query."), NotFound, "No Task matches the given query."),
        (html_page(404), WrongAddress, "give the address at which Label Studio opens in a browser, without /api"),
        (html_page(200), WrongAddress, "a web page, not JSON"),
        (says(401, "Invalid token."), AccessDenied, "Check LABEL_STUDIO_API_KEY"),
        (says(401, "legacy token authentication has been disabled"), AccessDenied, "make a personal access token"),
        (says(403, "No."), Forbidden, "Its user may not see what was asked for"),
        (says(400, "Bad\n  query"), RequestFailed, "the server answers 400: Bad query"),
        (says(500, "x" * 1000), RequestFailed, "x" * 200),
        (status(500), RequestFailed, "the server answers 500: Internal Server Error"),
    ],
)
def test_an_answer_becomes_the_error_that_it_is(act: Act, kind: type[LabelStudioError], message: str) -> None:
    """Each kind of refusal is an error of its own, in one line that says what to do."""
    error = run(error_of(get_task, act, "/api/tasks"))
    assert type(error) is kind
    assert message in str(error)
    assert "\n" not in str(error)
    assert len(str(error)) < 400


@pytest.mark.parametrize(
    "act",
    [
        html_page(404),
        html_page(200),
        says(404, "no such route"),
        answer(lambda: httpx.Response(200, json=["ok"])),
        answer(lambda: httpx.Response(200, json={"version": 3})),
    ],
)
def test_what_is_no_label_studio_is_found_out(act: Act) -> None:
    """Anything that does not tell its release as Label Studio does is a wrong address."""
    assert isinstance(run(error_of(lambda client: client.server_version(), act)), WrongAddress)


def test_a_login_before_label_studio_is_told() -> None:
    """A 401 for what needs no token comes from something before Label Studio."""
    error = run(error_of(lambda client: client.server_version(), status(401)))
    assert isinstance(error, AccessDenied)
    assert "wants a login of its own" in str(error)


def test_the_version_is_asked_for_without_a_token() -> None:
    """No token goes to a server before it has said that it is Label Studio."""
    fake = label_studio()

    async def main() -> None:
        async with fake_client(fake, key=fake.personal_access_token) as client:
            assert await client.server_version() == "1.23.2"

    run(main())
    assert ["authorization" in request.headers for request in fake.requests] == [False]


@pytest.mark.parametrize(
    "url",
    [
        "", "label-studio", "label-studio.example.com", "ftp://example.com", "https://", "https://exa mple.com",
        "https://example..com", "https://example.com:99999", "https://example.com:port", "https://[::1",
        f"https://{'a' * 70}.com",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    """A text that can't be the address of a server is refused before anything is sent."""
    with pytest.raises(ConfigurationError, match="is no address of a server: write it as https://"):
        Client(url, TOKEN, Report())


@pytest.mark.parametrize(
    "url",
    [
        "https://me:hunter2@example.com", "me:hunter2@example.com", "https://me:hunter2@", "https://hunter2@[::1",
        "https://example.com/?token=hunter2", "https://example.com/#hunter2", "//example.com?key=hunter2",
        "https://me:hun/ter2@example.com:port",
    ],
)  # fmt: skip
def test_a_secret_in_an_address_is_not_shown(url: str) -> None:
    """An address with a password or a query is refused without a word of it."""
    with pytest.raises(ConfigurationError) as caught:
        Client(url, TOKEN, Report())
    assert "hun" not in told(caught.value)


def test_a_token_given_as_address_is_not_shown() -> None:
    """Whoever mixes up address and token does not read the token in the log."""
    for token in (TOKEN, label_studio().personal_access_token):
        with pytest.raises(ConfigurationError) as caught:
            Client(token, TOKEN, Report())
        assert token not in told(caught.value)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        (" https://example.com/ ", "https://example.com"),
        ("https://example.com/ls//", "https://example.com/ls"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://example.com/?", "https://example.com"),
    ],
)
def test_addresses_are_put_straight(given: str, used: str) -> None:
    """Spaces around an address and slashes at its end do no harm; a path stays."""
    assert Client(given, TOKEN, Report()).url == used


@pytest.mark.parametrize("token", ["", "  ", "Token abc", "tokén", "a\nb"])
def test_what_is_no_token_is_refused(token: str) -> None:
    """A text that can't be a token is refused before anything is sent, and not shown."""
    with pytest.raises(ConfigurationError, match="LABEL_STUDIO_API_KEY is empty or holds characters"):
        Client("https://example.com", token, Report())


@pytest.mark.parametrize(
    "options", [{"timeout": 0}, {"attempts": 0}, {"connections": 0}, {"requests_per_second": -1}], ids=str
)
def test_settings_that_would_hang_are_refused(options: dict[str, Any]) -> None:
    """No worker, no time or no attempt is refused: nothing could ever be fetched."""
    with pytest.raises(ConfigurationError, match="must be more than 0"):
        Client("https://example.com", TOKEN, Report(), **options)


def test_users_come_from_a_list_or_from_pages() -> None:
    """The list of users has pages on some servers, and none on others."""
    people = [{"id": number} for number in range(1, 251)]

    async def pages(request: httpx.Request) -> httpx.Response:
        start = (int(request.url.params["page"]) - 1) * 100
        more = start + 100 < len(people)
        body = {"count": len(people), "next": "more" if more else None, "results": people[start : start + 100]}
        return httpx.Response(200, json=body)

    async def whole(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=people)

    async def main(server: Any) -> list[Any]:
        async with fake_client(server) as client:
            return [json.loads(user) for user in await client.users()]

    assert run(main(pages)) == run(main(whole)) == people
