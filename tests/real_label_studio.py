"""A real Label Studio for tests: installed once per machine, started with fresh data in seconds.

`with real_label_studio() as server:` gives a running server with two users in one organisation and nothing else in it.
The environment and a migrated data folder are kept under `$XDG_CACHE_HOME/label-studio-warehouse` (`~/.cache` by
default); every run works on its own copy of the data. Deleting that folder makes the next run install again.
"""

import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import httpx
from filelock import FileLock, Timeout

VERSION = "1.23.2"
REQUIREMENTS = Path(__file__).with_name("label_studio_requirements.txt")
EMAIL = "admin@example.com"
OTHER_EMAIL = "annotator@example.com"
PASSWORD = "only-for-tests"
LEGACY_TOKENS = {EMAIL: "a0" * 20, OTHER_EMAIL: "b1" * 20}
INSTALL_SECONDS = 1200
START_SECONDS = 180
STOP_SECONDS = 10
# httpx reads the machine's certificates for every new client, which takes longer than most calls here
CERTIFICATES = ssl.create_default_context()
SETTINGS = {
    "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
    "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_SENTRY_DSN": "",
    "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_FEATURE_FLAGS_OFFLINE": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "LABEL_STUDIO_LOG_LEVEL": "WARNING",
    "DJANGO_SETTINGS_MODULE": "core.settings.label_studio",
    "PYTHONUNBUFFERED": "1",
}


class LabelStudioUnavailable(Exception):
    """There is no real Label Studio to be had here; `reason` says what was tried and what came back."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Installation:
    """An environment with Label Studio in it and a migrated data folder that holds both users."""

    environment: Path
    data: Path

    @property
    def python(self) -> Path:
        """The interpreter that has label_studio and label_studio_sdk."""
        return self.environment / "bin" / "python"

    @property
    def label_studio(self) -> Path:
        """The `label-studio` command."""
        return self.environment / "bin" / "label-studio"

    @property
    def package(self) -> Path:
        """The folder of the label_studio package."""
        base = str(self.environment)
        return Path(sysconfig.get_path("purelib", "venv", {"base": base, "platbase": base})) / "label_studio"


class ServerProcess:
    """One server on one data folder; it keeps its port over stops and starts."""

    def __init__(self, installation: Installation, data: Path, workers: int | None) -> None:
        self.installation = installation
        self.data = data
        self.workers = workers
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data.with_name("server.log")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until /health answers; raises LabelStudioUnavailable with the end of the log."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.installation.package,
                env=server_environment(self.data),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_for_health(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server and all its workers; without effect when it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        _signal_group(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        _signal_group(process, signal.SIGKILL)
        process.wait()

    def _command(self) -> list[str]:
        """`--debug` only makes the bundled server give up when its port is taken, where it else takes the next."""
        if self.workers is None:
            address = ["--internal-host", "127.0.0.1", "--port", str(self.port)]
            return [str(self.installation.label_studio), "start", "--no-browser", "--debug", *address]
        gunicorn = [str(self.installation.python), "-m", "gunicorn", "core.wsgi:application"]
        return [*gunicorn, "--bind", f"127.0.0.1:{self.port}", "--workers", str(self.workers), "--timeout", "120"]

    def _wait_for_health(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if self._is_healthy():
                return
            time.sleep(0.1)
        outcome = "did not answer" if process.poll() is None else f"ended with exit code {process.returncode}"
        raise LabelStudioUnavailable(f"Label Studio {VERSION} {outcome}; its log ends with:\n{self.log_tail()}")

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=5, trust_env=False, verify=CERTIFICATES).is_success
        except httpx.TransportError:
            return False

    def log_tail(self, lines: int = 40) -> str:
        """The last lines that the server wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


@dataclass(frozen=True)
class RealLabelStudio:
    """A running server; the plain names are those of the admin, the `other_` ones those of the annotator."""

    url: str
    legacy_token: str
    personal_token: str
    user_id: int
    other_legacy_token: str
    other_personal_token: str
    other_user_id: int
    python: Path
    process: ServerProcess = field(repr=False)

    def api(self, method: str, path: str, json: object = None, token: str | None = None) -> Any:
        """The JSON answer of one call (None for 204), made with the admin's legacy token unless told otherwise.

        `token` may be a legacy token, a personal token or an access token. An answer that is no success raises
        httpx.HTTPStatusError with what the server said.
        """
        return call(self.url, method, path, json, self.authorization(token or self.legacy_token))

    def authorization(self, token: str) -> str:
        """The Authorization header for any kind of token; a personal one is exchanged first."""
        if token.count(".") != 2:
            return f"Token {token}"
        personal = token in (self.personal_token, self.other_personal_token)
        return f"Bearer {self.access_token(token) if personal else token}"

    def access_token(self, personal_token: str) -> str:
        """A new access token, good for 300 seconds."""
        answer = call(self.url, "POST", "/api/token/refresh/", {"refresh": personal_token})
        return str(answer["access"])

    def stop(self) -> None:
        """Take the server down; its data stay until the end of `real_label_studio`."""
        self.process.stop()

    def restart(self) -> None:
        """Bring the server up again on the same address with the same data, after ending it where it still runs."""
        self.process.stop()
        self.process.start()


@contextmanager
def real_label_studio(workers: int | None = None) -> Iterator[RealLabelStudio]:
    """A fresh server on a free loopback port: the bundled one, or gunicorn with so many `workers`.

    Raises LabelStudioUnavailable when it cannot be installed or started here.
    """
    installation = install()
    with TemporaryDirectory(prefix="label-studio-", ignore_cleanup_errors=True) as folder:
        data = Path(folder, "data")
        shutil.copytree(installation.data, data)
        process = ServerProcess(installation, data, workers)
        try:
            process.start()
            yield _with_users(process)
        finally:
            process.stop()


def call(url: str, method: str, path: str, json: object = None, authorization: str | None = None) -> Any:
    """One API call, by a client of its own so that no session cookie of one user goes along with another's call."""
    headers = {"Authorization": authorization} if authorization else {}
    with httpx.Client(base_url=url, headers=headers, timeout=120, trust_env=False, verify=CERTIFICATES) as client:
        response = client.request(method, path, json=json)
    if not response.is_success:
        message = f"{method} {path}: {response.status_code} {response.text[:2000]}"
        raise httpx.HTTPStatusError(message, request=response.request, response=response)
    return response.json() if response.content else None


def install() -> Installation:
    """The machine's installation, made now where it is not there yet; others wait for the process that makes it."""
    if os.name != "posix":
        raise LabelStudioUnavailable(f"the tests run a real Label Studio on POSIX systems only, not on {os.name}")
    home = cache_home() / _installation_name()
    home.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{home}.lock", timeout=INSTALL_SECONDS):
            return _installation_in(home)
    except Timeout:
        raise LabelStudioUnavailable(f"another process has held {home}.lock for {INSTALL_SECONDS} s") from None


def cache_home() -> Path:
    """The user's cache folder for this project."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "label-studio-warehouse"


def server_environment(data: Path) -> dict[str, str]:
    """The server's environment variables: those it needs of ours, and no settings of another Label Studio."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR") if name in os.environ}
    return {**kept, **SETTINGS, "HOME": str(data), "LABEL_STUDIO_BASE_DATA_DIR": str(data)}


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _installation_name() -> str:
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    return f"label-studio-{VERSION}-py{sys.version_info.major}.{sys.version_info.minor}-{digest}"


def _installation_in(home: Path) -> Installation:
    """Both parts are made in folders of their own and get their names at the end, so that no half-done one is used."""
    environment = home / "environment"
    if not environment.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(exist_ok=True)
        environment.unlink(missing_ok=True)
        environment.symlink_to(_new_environment(home).name)
    installation = Installation(environment.resolve(), home / "data")
    if not installation.data.exists():
        _new_data(installation, home).rename(installation.data)
    return installation


def _new_environment(home: Path) -> Path:
    """Label Studio with all its modules compiled, which makes every start three times as quick."""
    uv, target = _uv(), Path(mkdtemp(prefix="environment-", dir=home))
    _run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(target)])
    options = ["--quiet", "--compile-bytecode", "--python", str(target / "bin" / "python")]
    _run([*uv, "pip", "install", *options, "--requirements", str(REQUIREMENTS)])
    return target


def _new_data(installation: Installation, home: Path) -> Path:
    """An empty migrated database with both users in it; the first one's organisation takes the second."""
    data = Path(mkdtemp(prefix="data-", dir=home))
    for email, token in LEGACY_TOKENS.items():
        user = ["--username", email, "--password", PASSWORD, "--user-token", token]
        command = [str(installation.label_studio), "init", "--enable-legacy-api-token", *user]
        _run(command, server_environment(data), installation.package)
    return data


def _uv() -> list[str]:
    if found := shutil.which("uv"):
        return [found]
    if importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv"]
    raise LabelStudioUnavailable("uv is neither on the PATH nor in this environment; it installs Label Studio")


def _run(command: list[str], env: dict[str, str] | None = None, cwd: Path | None = None) -> None:
    shown = " ".join(command[:4])
    try:
        subprocess.run(
            command,
            check=True,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=INSTALL_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        output = error.output.decode(errors="replace")[-4000:]
        raise LabelStudioUnavailable(f"`{shown} …` gave exit code {error.returncode}:\n{output}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabelStudioUnavailable(f"`{shown} …` did not work: {error}") from error


def _with_users(process: ServerProcess) -> RealLabelStudio:
    legacy, other_legacy = LEGACY_TOKENS[EMAIL], LEGACY_TOKENS[OTHER_EMAIL]
    return RealLabelStudio(
        url=process.url,
        legacy_token=legacy,
        personal_token=_new_personal_token(process.url, legacy),
        user_id=_user_id(process.url, legacy),
        other_legacy_token=other_legacy,
        other_personal_token=_new_personal_token(process.url, other_legacy),
        other_user_id=_user_id(process.url, other_legacy),
        python=process.installation.python,
        process=process,
    )


def _new_personal_token(url: str, legacy_token: str) -> str:
    return str(call(url, "POST", "/api/token/", authorization=f"Token {legacy_token}")["token"])


def _user_id(url: str, legacy_token: str) -> int:
    return int(call(url, "GET", "/api/current-user/whoami", authorization=f"Token {legacy_token}")["id"])


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
