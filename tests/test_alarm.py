"""The message to a webhook when a run fails: to a real one, which listens on this machine."""

import json
import logging
import re
import signal
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from faults import Fault, FaultyServer, refused, status
from httpx import AsyncClient
from test_cli import Shell

from pipelines import alarm
from pipelines.exits import AnotherRun

SECRET = "T024/B123/s3cr3tOfTheHook"
RUN = ("--project", "4", "--no-publish")


class Webhook:
    """Takes messages; `answers` with a status, or not at all."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str, Any]] = []
        self.answers = 200
        self.location = ""
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.messages.append((self.path, self.headers["Content-Type"], json.loads(body)))
                if not hook.answers:
                    return
                self.send_response(hook.answers)
                if hook.location:
                    self.send_header("Location", hook.location)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens, with its secret."""
        return f"http://127.0.0.1:{self._server.server_port}/services/{SECRET}"

    @property
    def texts(self) -> list[str]:
        """The texts of the messages."""
        return [body["text"] for _, _, body in self.messages]

    def close(self) -> None:
        """Ends the server and its thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line, with the sample behind it."""
    return Shell(tmp_path, monkeypatch, capsys)


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """A webhook that the settings name."""
    hook = Webhook()
    monkeypatch.setenv("RUNTIME__SLACK_INCOMING_HOOK", hook.url)
    try:
        yield hook
    finally:
        hook.close()


def lose_server(shell: Shell) -> None:
    """Nobody listens at the server's address any more."""
    shell.answer_with(FaultyServer(shell.fake, Fault(refused(), times=10_000)))


def run_id(err: str) -> str:
    """The id that each log line of a run carries."""
    [found] = {json.loads(line)["run_id"] for line in err.splitlines() if line.startswith("{")}
    return str(found)


def test_a_failed_run_is_told(shell: Shell, webhook: Webhook) -> None:
    """One JSON message with a text alone names the run, its host, its exit code, and the reason as stderr has it."""
    lose_server(shell)
    code, _, err = shell.run(*RUN, "--log-json")
    assert code == 1
    reason = err.splitlines()[-1].removeprefix("tasks.py: ")
    [(path, kind, body)] = webhook.messages
    assert path == f"/services/{SECRET}"
    assert kind == "application/json"
    assert body == {
        "text": (
            f"Label Studio → warehouse: run {run_id(err)} on {socket.gethostname()} failed with exit code 1: {reason}"
        )
    }
    assert "no connection to https://label-studio.example.com" in reason


def test_tasks_that_could_not_be_had_are_told(shell: Shell, webhook: Webhook) -> None:
    """A run that came to its end without some tasks names them, the first three at most."""
    ids = sorted(task["id"] for task in shell.fake.tasks.values() if task["project"] == 4)[:5]
    listed = Fault(status(500), path=r"/api/tasks$", params={"project": "4", "fields": "all"}, times=10_000)
    lost = [Fault(status(500), path=rf"/api/tasks/{task_id}$", times=10_000) for task_id in ids]
    shell.answer_with(FaultyServer(shell.fake, listed, *lost))
    assert shell.run(*RUN)[0] == 1
    [text] = webhook.texts
    assert "failed with exit code 1: " in text
    assert text.count("the server answers 500") == 3
    assert text.endswith("; 2 more")


def test_a_refused_token_is_told(shell: Shell, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that the server refuses is told with exit code 2, and without the token."""
    token = "fedcba98765432100123456789abcdef01234567"
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", token)
    assert shell.run(*RUN)[0] == 2
    [text] = webhook.texts
    assert "failed with exit code 2: the server refuses the token (401" in text
    assert token not in text


def test_settings_that_cannot_be_are_told(shell: Shell, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduled run that ends on its settings, such as a token that is not set any more, is told, too."""
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    assert shell.run(*RUN)[0] == 2
    [text] = webhook.texts
    assert "failed with exit code 2: no token" in text


def test_a_failed_check_is_told(
    shell: Shell, webhook: Webhook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A check that found rows is named with their number, and exit code 3."""
    check = "-- Some.\n-- severity: error\nselect id from tasks limit 7\n"
    (tmp_path / "assert_none.sql").write_text(check, encoding="utf-8")
    monkeypatch.setattr("pipelines.checks.CHECKS", tmp_path)
    assert shell.run(*RUN)[0] == 3
    [text] = webhook.texts
    assert text.endswith("failed with exit code 3: check assert_none found 7 rows")


def test_nothing_is_told_of_what_is_no_failure(shell: Shell, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that went well, one that met another one, and one that was interrupted are not told."""
    assert shell.run(*RUN)[0] == 0
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        monkeypatch.setattr("pipelines.run.machine_lock", lambda _, number=number: signal.raise_signal(number))
        assert shell.run(*RUN)[0] == code
    monkeypatch.setattr("pipelines.run.machine_lock", _raising(AnotherRun))
    assert shell.run(*RUN)[0] == 75
    assert webhook.messages == []


def test_without_a_webhook_nothing_is_told(shell: Shell, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none is set, a failed run says what it says, and no more."""
    monkeypatch.delenv("RUNTIME__SLACK_INCOMING_HOOK")
    lose_server(shell)
    code, _, err = shell.run(*RUN, "--quiet")
    assert code == 1
    assert "webhook" not in err
    assert webhook.messages == []


# a webhook that is of no use


@pytest.fixture
def plain(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a failed run says on stderr where no webhook is set, without what differs between runs."""
    lose_server(shell)
    with monkeypatch.context() as patch:
        patch.delenv("RUNTIME__SLACK_INCOMING_HOOK", raising=False)
        return said(shell.run(*RUN, "--quiet")[2])


def said(err: str) -> list[str]:
    """Lines without their moment and run id."""
    return [line if line.startswith("tasks.py: ") else line.split(" ", 4)[-1] for line in err.splitlines()]


@pytest.mark.parametrize(("answers", "location"), [(404, ""), (500, ""), (302, "https://slack.example.com/login")])
def test_a_webhook_that_refuses_is_one_warning(
    shell: Shell, webhook: Webhook, plain: list[str], answers: int, location: str
) -> None:
    """A webhook's error, or its leading elsewhere, is one warning more; exit code and all else stay."""
    webhook.answers, webhook.location = answers, location
    code, out, err = shell.run(*RUN, "--quiet")
    assert (code, out) == (1, "")
    more = [line for line in said(err) if line not in plain]
    assert more == [f"the webhook did not take the message: it answers {answers}"]
    assert [line for line in said(err) if line in plain] == plain
    assert len(webhook.messages) == 1


NO_HOOKS = [
    "http://127.0.0.1:1/{}",
    "http://127.0.0.1:99999/{}",
    "hooks.example.com/{}",
    "http://[{}",
    "http://hooks\u2026.invalid/{}",
    "http://hooks.invalid/a\nb{}",
]


@pytest.mark.parametrize("hook", NO_HOOKS)
def test_a_webhook_that_is_none_is_one_warning(
    shell: Shell, plain: list[str], monkeypatch: pytest.MonkeyPatch, hook: str
) -> None:
    """Where nobody listens, or the address is none, a warning says so without the address."""
    monkeypatch.setenv("RUNTIME__SLACK_INCOMING_HOOK", hook.format(SECRET))
    code, _, err = shell.run(*RUN, "--quiet")
    assert code == 1
    [more] = [line for line in said(err) if line not in plain]
    assert re.fullmatch(r"the webhook could not be reached \(\w+\)", more)
    assert [line for line in said(err) if line in plain] == plain
    assert SECRET not in err


def test_a_silent_webhook_is_waited_for_and_given_up(
    shell: Shell, plain: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A webhook that takes the message and never answers costs its timeout, and is one warning."""
    monkeypatch.setattr(alarm, "_TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("RUNTIME__SLACK_INCOMING_HOOK", f"http://127.0.0.1:{silent.getsockname()[1]}/{SECRET}")
        code, _, err = shell.run(*RUN, "--quiet")
    assert code == 1
    assert [line for line in said(err) if line not in plain] == ["the webhook could not be reached (ReadTimeout)"]


@pytest.mark.parametrize(
    ("name", "value"), [("SSL_CERT_FILE", "/nowhere/ca.pem"), ("ALL_PROXY", "socks5://proxy.example.com")]
)
def test_a_broken_environment_is_explained_as_without_a_webhook(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Where the environment's certificates or proxies can't be used, the alarm hides neither reason nor exit code."""
    monkeypatch.setattr(httpx, "AsyncClient", AsyncClient)
    monkeypatch.setenv("RUNTIME__SLACK_INCOMING_HOOK", f"https://hooks.example.com/{SECRET}")
    monkeypatch.setenv(name, value)
    code, _, err = shell.run(*RUN, "--quiet")
    assert "the proxies or certificates that the environment names can't be used" in err.splitlines()[-1]
    assert code == 2
    assert SECRET not in err


# its address is a secret


@pytest.mark.parametrize("answers", [200, 500])
def test_its_address_is_never_said(
    shell: Shell, webhook: Webhook, caplog: pytest.LogCaptureFixture, answers: int
) -> None:
    """With every request logged, and every logger listened to, the webhook's address is nowhere."""
    webhook.answers = answers
    lose_server(shell)
    with caplog.at_level(logging.DEBUG):
        code, out, err = shell.run(*RUN, "--verbose", "--log-json")
    assert code == 1
    assert len(webhook.messages) == 1
    assert SECRET not in out + err
    assert SECRET not in "".join(record.getMessage() for record in caplog.records if record.levelno >= logging.INFO)
    files = [path for path in shell.database.parent.rglob("*") if path.is_file()]
    assert [path.name for path in files if SECRET.encode() in path.read_bytes()] == []


def _raising(error: type[BaseException]) -> Any:
    def machine_lock(_: Path) -> Any:
        raise error

    return machine_lock
