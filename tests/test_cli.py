"""The command as people type it: exit codes, messages, and what a bad input leaves behind."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from faults import Fault, FaultyServer, status
from filelock import FileLock

from pipelines import tasks
from pipelines.demo import load_sample
from pipelines.settings import ROOT

URL = "https://label-studio.example.com"
SCRIPT = str(ROOT / "pipelines" / "tasks.py")


class Shell:
    """Runs the command in this process, against a fake server."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.database = folder / "warehouse.duckdb"
        self.fake = load_sample()
        self._capsys = capsys
        self.answer_with(self.fake)
        monkeypatch.setenv("LABEL_STUDIO_URL", URL)
        monkeypatch.setenv("LABEL_STUDIO_API_KEY", self.fake.token)
        client = httpx.AsyncClient
        monkeypatch.setattr(
            httpx, "AsyncClient", lambda **given: client(**{**given, "transport": httpx.MockTransport(self._answer)})
        )
        monkeypatch.setattr(asyncio, "sleep", _at_once(asyncio.sleep))

    def answer_with(self, server: Callable[..., Any]) -> None:
        """Lets a server answer the requests from here on."""
        self._answer = server

    def run(self, *arguments: str, database: bool = True) -> tuple[int, str, str]:
        """The exit code, what was said on stdout, and what on stderr."""
        place = ["--database", str(self.database)] if database else []
        code = tasks.main([*place, *arguments])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """The rows of a query on the warehouse."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(query).fetchall()


def _at_once(sleep: Callable[..., Awaitable[None]]) -> Callable[[float], Awaitable[None]]:
    return lambda _: sleep(0)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line, with the sample behind it."""
    return Shell(tmp_path, monkeypatch, capsys)


def test_a_project_is_loaded_and_summed_up(shell: Shell) -> None:
    """A run says what it loaded, table by table, and exits with 0."""
    code, out, _ = shell.run("--project", "1")
    assert code == 0
    assert shell.rows("select count(*) from label_studio.tasks") == [(85,)]
    assert re.search(r"^tasks +85 +85$", out, re.MULTILINE)
    assert re.search(r"^tasks asked for +85$", out, re.MULTILINE)
    assert re.search(r"^tasks not found +0$", out, re.MULTILINE)


def test_ids_that_do_not_exist_are_named_and_no_failure(shell: Shell) -> None:
    """Ids that the server does not know are counted and named; the exit code is 0."""
    first = min(shell.fake.tasks)
    code, out, err = shell.run("--ids", f"{first},{first + 1}", "--ids", "999999")
    assert code == 0
    assert re.search(r"^tasks not found +1$", out, re.MULTILINE)
    assert "not found: tasks 999999" in err
    assert shell.rows("select count(*) from label_studio.tasks") == [(2,)]


def test_ids_come_from_a_file(shell: Shell, tmp_path: Path) -> None:
    """A file of ids and a CSV with a column named id select the same."""
    first = min(shell.fake.tasks)
    (tmp_path / "ids.txt").write_text(f"# some\n{first}\n\n{first + 1}-{first + 3}\n", encoding="utf-8")
    (tmp_path / "ids.csv").write_text(
        "title,id\n" + "".join(f'"a, b",{first + i}\n' for i in range(4)), encoding="utf-8-sig"
    )
    assert shell.run("--ids-file", str(tmp_path / "ids.txt"))[0] == 0
    assert shell.rows("select count(*) from label_studio.tasks") == [(4,)]
    code, out, _ = shell.run("--ids-file", str(tmp_path / "ids.csv"))
    assert code == 0
    assert re.search(r"^tasks loaded +4$", out, re.MULTILINE)


def test_ids_and_project_narrow_each_other(shell: Shell) -> None:
    """Of the ids asked for, only those in the project are loaded."""
    last = max(shell.fake.tasks)
    code, _, _ = shell.run("--project", "2", "--ids", f"1-{last}")
    assert code == 0
    assert shell.rows("select distinct project_id, count(*) from label_studio.tasks group by all") == [(2, 75)]


def test_the_config_file_selects_what_a_schedule_fetches(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without flags, the settings say what to fetch; a flag replaces all that they select."""
    monkeypatch.setenv("SOURCES__LABEL_STUDIO__PROJECT_IDS", "[4]")
    assert shell.run()[0] == 0
    assert shell.rows("select distinct project_id from label_studio.tasks") == [(4,)]
    first = min(shell.fake.tasks)
    code, out, _ = shell.run("--ids", str(first))
    assert code == 0
    assert re.search(r"^tasks loaded +1$", out, re.MULTILINE)


def test_a_dry_run_writes_nothing(shell: Shell) -> None:
    """A dry run says what it would fetch, and no file appears."""
    code, out, _ = shell.run("--project", "all", "--dry-run")
    assert code == 0
    assert re.search(r"^project 1 +85$", out, re.MULTILINE)
    assert re.search(r"^requests, about +5$", out, re.MULTILINE)
    assert not shell.database.exists()
    assert not any("fields" in request.url.params for request in shell.fake.requests)


def test_a_task_that_cannot_be_had_is_named_and_all_others_are_loaded(shell: Shell) -> None:
    """The exit code is 1, the task is named with its reason, everything else is loaded."""
    ids = sorted(task["id"] for task in shell.fake.tasks.values() if task["project"] == 4)
    shell.answer_with(
        FaultyServer(
            shell.fake,
            Fault(status(500), path=r"/api/tasks$", params={"project": "4", "fields": "all"}, times=10_000),
            Fault(status(500), path=rf"/api/tasks/{ids[3]}$", times=10_000),
        )
    )
    code, out, err = shell.run("--project", "4")
    assert code == 1
    assert f"not loaded: task {ids[3]}: the server answers 500" in err
    assert shell.rows("select count(*) from label_studio.tasks") == [(len(ids) - 1,)]
    assert re.search(r"^not loaded, see the log +1$", out, re.MULTILINE)


def test_a_failed_check_exits_with_3(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A check that finds rows is named, counted and shown, and the exit code is 3."""
    (tmp_path / "assert_no_skips.sql").write_text(
        "-- Annotations that were skipped.\n-- severity: error\nselect id from annotations where was_cancelled\n",
        encoding="utf-8",
    )
    monkeypatch.setattr("pipelines.checks.CHECKS", tmp_path)
    code, _, err = shell.run("--project", "1")
    assert code == 3
    assert re.search(r"check assert_no_skips found \d+ rows: Annotations that were skipped\.", err)


def test_a_memory_limit_is_duckdbs(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """What DuckDB reads as a size bounds it; anything else is refused in one line, and nothing is fetched."""
    monkeypatch.setenv("WAREHOUSE__MEMORY_LIMIT", "a lot")
    code, _, err = shell.run("--project", "4", "--quiet")
    assert code == 2
    assert err.startswith("tasks.py: memory_limit is 'a lot': DuckDB takes sizes such as 2GB or 800MB (")
    assert err.count("\n") == 1
    monkeypatch.setenv("WAREHOUSE__MEMORY_LIMIT", "10MB")
    assert shell.run("--project", "4", "--quiet")[0] == 1
    monkeypatch.setenv("WAREHOUSE__MEMORY_LIMIT", "400MB")
    assert shell.run("--project", "4", "--quiet")[0] == 0


def test_the_sample_passes_every_check(shell: Shell) -> None:
    """No check finds anything in the sample."""
    code, _, err = shell.run("--project", "all")
    assert code == 0
    assert "checked: nothing is wrong" in err


def test_a_second_run_exits_with_75(shell: Shell) -> None:
    """While a run holds the lock, a second one says which process it is, and leaves."""
    assert shell.run("--project", "4")[0] == 0
    [lock] = Path(os.environ["DLT_DATA_DIR"]).glob("pipelines/*/run.lock")
    (lock.parent / "run.pid").write_text("4711", encoding="utf-8")
    with FileLock(lock):
        code, _, err = shell.run("--project", "4")
    assert code == 75
    assert "another run into this warehouse is in progress (process 4711)" in err
    assert shell.run("--project", "4")[0] == 0


def test_a_file_that_another_program_holds_is_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A DuckDB file that is held open ends the run with 1 and the holder's process; nothing is lost."""
    hold = f"import duckdb, sys; c = duckdb.connect({str(shell.database)!r}); print(1, flush=True); sys.stdin.read()"
    monkeypatch.setenv("WAREHOUSE__LOCK_TIMEOUT", "0.5")
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        code, _, err = shell.run("--project", "4")
        holder.communicate()
    assert code == 1
    assert f"is held open by another program (process {holder.pid})" in err
    assert shell.run("--project", "4")[0] == 0


BAD_INPUT = {
    "an id that is none": (["--ids", "abc"], "'abc' is no task id and no range of ids"),
    "a range that ends before it begins": (["--ids", "20-10"], "ends before it begins: write 10-20"),
    "an id beyond all ids": (["--ids", "99999999999999999"], "is beyond any task id"),
    "a negative id": (["--ids", "-5"], "is no task id"),
    "no id at all": (["--ids", ","], "no task id is named"),
    "a project that is no number": (["--project", "cats"], "'cats' is no project id: write a number, or all"),
    "a project that does not exist": (["--project", "99"], "the server knows no project 99"),
    "a file that does not exist": (["--ids-file", "/nowhere/ids.csv"], "does not exist"),
    "nothing selected": ([], "nothing to fetch is named"),
    "an unknown flag": (["--projects", "1"], "No such option '--projects'"),
    "an argument too many": (["--project", "1", "2"], "Got unexpected extra argument"),
    "no worker": (["--project", "1", "--workers", "0"], "0 is not in the range"),
    "a worker that is no number": (["--project", "1", "--workers", "many"], "'many' is not a valid integer"),
    "an address without a scheme": (["--project", "1", "--url", "label-studio"], "is no address of a server"),
    "an address with a password": (["--project", "1", "--url", "https://me:hunter2@example.com"], "leave them out"),
    "an address with a query": (["--project", "1", "--url", "https://example.com/?page=1"], "leave out what follows"),
    "an unknown destination": (
        ["--project", "1", "--destination", "bigquery"],
        "is not supported, only duckdb, postgres, filesystem, ducklake are",
    ),
    "a dataset with a capital": (["--project", "1", "--dataset", "LabelStudio"], "use lower-case letters"),
    "the schema of the views": (["--project", "1", "--dataset", "analytics"], "where the views are"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD_INPUT.values(), ids=BAD_INPUT)
def test_bad_input_gets_one_line(shell: Shell, arguments: list[str], message: str) -> None:
    """Bad input exits with 2 and one line that says what is wrong; no file appears."""
    code, out, err = shell.run("--quiet", *arguments)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert "hunter2" not in err
    assert out == ""


def test_a_missing_token_is_said(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token, the message names the places where it can stand."""
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    code, _, err = shell.run("--project", "1")
    assert code == 2
    assert "no token: set LABEL_STUDIO_API_KEY" in err


def test_a_missing_address_is_said(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an address, the message names the flag and the variable."""
    monkeypatch.delenv("LABEL_STUDIO_URL")
    code, _, err = shell.run("--project", "1")
    assert code == 2
    assert "no address of a server: give --url, or set LABEL_STUDIO_URL" in err


def test_a_refused_token_is_explained(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that the server does not know exits with 2; the token is not repeated."""
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "fedcba98765432100123456789abcdef01234567")
    code, _, err = shell.run("--project", "1")
    assert code == 2
    assert "the server refuses the token (401" in err
    assert "fedcba9876543210" not in err


def test_a_legacy_token_on_a_new_server_is_explained(shell: Shell) -> None:
    """Where legacy tokens are switched off, the message says so and what to make instead."""
    shell.fake.tokens.legacy_enabled = False
    code, _, err = shell.run("--project", "1")
    assert code == 2
    assert "make a personal access token" in err


def test_a_setting_of_the_wrong_type_is_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that can't be read names itself and what it takes."""
    monkeypatch.setenv("SOURCES__LABEL_STUDIO__FETCH_WORKERS", "many")
    code, _, err = shell.run("--project", "1")
    assert code == 2
    assert "sources.label_studio.fetch_workers can't be 'many': it takes a int" in err


def test_a_config_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    """A config file that can't be parsed is named, with the line where it breaks."""
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text("[sources.label_studio\n", encoding="utf-8")
    environment = {**os.environ, "DLT_PROJECT_DIR": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, SCRIPT, "--project", "1"], capture_output=True, text=True, check=False, env=environment
    )
    assert result.returncode == 2
    assert "config.toml" in result.stderr
    assert "line 1" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_interrupted_run_ends_cleanly(shell: Shell) -> None:
    """Ctrl-C while the server is silent ends the run within seconds, with 130 and one line."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with subprocess.Popen(
            [sys.executable, SCRIPT, "--project", "1", "--url", url, "--database", str(shell.database)],
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            connection, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
            connection.close()
    assert process.returncode == 130
    assert err.splitlines()[-1] == "tasks.py: interrupted: nothing is lost, run again"
    assert "Traceback" not in err


def test_a_database_in_a_folder_that_does_not_exist_is_named(shell: Shell, tmp_path: Path) -> None:
    """The folder of the DuckDB file must be there: a typing error makes no folders."""
    code, _, err = shell.run("--project", "1", "--database", str(tmp_path / "nowhere" / "x.duckdb"), database=False)
    assert code == 2
    assert "does not exist: create it" in err


def test_a_file_that_is_no_database_is_left_alone(shell: Shell) -> None:
    """A file of another kind is named, and not touched."""
    shell.database.write_text("my notes\n" * 1000, encoding="utf-8")
    code, _, err = shell.run("--project", "1")
    assert code == 2
    assert "can't be opened as a DuckDB file" in err
    assert shell.database.read_text(encoding="utf-8") == "my notes\n" * 1000


def test_a_database_named_like_its_dataset_is_refused(shell: Shell, tmp_path: Path) -> None:
    """DuckDB can't tell a file from a schema of the same name, so the two must differ."""
    path = str(tmp_path / "label_studio.duckdb")
    code, _, err = shell.run("--project", "1", "--database", path, database=False)
    assert code == 2
    assert "is named like its dataset" in err
    assert not Path(path).exists()


def test_a_server_that_is_not_there_exits_with_1(shell: Shell) -> None:
    """No connection is a failure that may pass: exit code 1, nothing is lost."""
    code, _, err = shell.run("--project", "1", "--url", URL)
    assert code == 0
    before = shell.rows("select count(*) from label_studio.tasks")

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    shell.answer_with(refuse)
    code, _, err = shell.run("--project", "1")
    assert code == 1
    assert "no connection to https://label-studio.example.com" in err
    assert err.splitlines()[-1].endswith("nothing is lost, run again")
    assert shell.rows("select count(*) from label_studio.tasks") == before


def test_no_secret_reaches_a_log_or_the_warehouse(shell: Shell) -> None:
    """With every request logged, the token stands neither in the log nor in the file."""
    code, out, err = shell.run("--project", "1", "--verbose", "--log-json")
    assert code == 0
    assert shell.fake.token not in out + err
    assert shell.fake.token.encode() not in shell.database.read_bytes()
    assert any(json.loads(line)["logger"] == "httpx" for line in err.splitlines())


def test_people_are_loaded_under_pseudonyms(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the setting on, users have no e-mails, people still join, and names can't come back."""
    key = "a key that nobody else has"
    monkeypatch.setenv("SOURCES__LABEL_STUDIO__PSEUDONYMIZE_USERS", "true")
    assert shell.run("--project", "1")[0] == 2
    monkeypatch.setenv("SOURCES__LABEL_STUDIO__PSEUDONYM_KEY", key)
    code, out, err = shell.run("--project", "1", "--verbose")
    assert code == 0
    assert key not in out + err
    assert key.encode() not in shell.database.read_bytes()
    assert shell.rows("select count(*) from label_studio.users where email not like 'user-%'") == [(0,)]
    joined = "from label_studio.annotations join label_studio.users on completed_by_email = email"
    assert shell.rows(f"select count(*) {joined}") == shell.rows("select count(*) from label_studio.annotations")
    monkeypatch.setenv("SOURCES__LABEL_STUDIO__PSEUDONYMIZE_USERS", "false")
    code, _, err = shell.run("--project", "1")
    assert code == 2
    assert "the warehouse was loaded with pseudonyms" in err


def test_quiet_says_nothing_on_stderr(shell: Shell) -> None:
    """A quiet run that goes well leaves stderr empty, as cron wants it."""
    code, out, err = shell.run("--project", "1", "--quiet")
    assert (code, err) == (0, "")
    assert out


def test_the_database_has_a_comment_on_every_table_and_column(shell: Shell) -> None:
    """What tables and columns mean can be read in the database."""
    assert shell.run("--project", "1")[0] == 0
    silent = shell.rows(
        "select table_name, column_name from duckdb_columns() where schema_name = 'label_studio' and comment is null"
        " and not starts_with(table_name, '_dlt') and not starts_with(column_name, '_dlt')"
    )
    assert silent == []
    assert shell.rows(
        "select count(*) from duckdb_tables() where schema_name = 'label_studio' and comment is not null"
    ) == [(19,)]


def test_deleting_the_file_starts_anew(shell: Shell) -> None:
    """A warehouse whose file was deleted is filled again by the next run."""
    assert shell.run("--project", "4")[0] == 0
    shell.database.unlink()
    assert shell.run("--project", "4")[0] == 0
    assert shell.rows("select count(*) from label_studio.tasks") == [(30,)]


def test_help_comes_quickly_because_dlt_is_not_imported() -> None:
    """--help imports neither dlt nor duckdb nor httpx nor pandas."""
    code = f"""
import runpy, sys
sys.argv = ["tasks.py", "--help"]
try:
    runpy.run_path({SCRIPT!r}, run_name="__main__")
except SystemExit:
    print([name for name in ("dlt", "duckdb", "httpx", "pandas", "pyarrow", "rich") if name in sys.modules])
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "Exit codes:" in out
    assert out.splitlines()[-1] == "[]"


def test_it_runs_from_any_folder(tmp_path: Path) -> None:
    """The demo runs as a script from a folder that is not the project's, and reads the project's settings."""
    result = subprocess.run(
        [sys.executable, SCRIPT, "--demo", "--database", "here.duckdb", "--log-json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DLT_PROJECT_DIR": str(ROOT)},
    )
    assert result.returncode == 0, result.stderr
    with duckdb.connect(str(tmp_path / "here.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from label_studio.tasks").fetchall() == [(300,)]
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert {line["level"] for line in lines} == {"INFO"}
    assert len({line["run_id"] for line in lines}) == 1
