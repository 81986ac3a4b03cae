"""Other programs open the readers' copy: DuckDB's clients from 1.2 on, its shell, Harlequin, notebooks."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import httpx
import pexpect
import pytest
from programs import fetched, given_to_uv, node_client, python_client, with_packages
from real_label_studio import free_port
from scheduling import installing, tool

from pipelines import query, tasks
from pipelines.queries.contents import contents
from pipelines.queries.elsewhere import ways
from pipelines.settings import ROOT, WarehouseSettings

#: The oldest and the newest: the files are for DuckDB 1.2 and later. PyPI has no older shell.
PYTHON_CLIENTS = ("1.2.0", "2.0.1")
NODE_CLIENTS = ("1.2.0-alpha.14", "1.5.6-r.1")
OLD_SHELL = "1.4.4"

#: The files' header says this, and DuckDB that.
VERSION = (65, "v1.2.0+")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A readers' copy as a run publishes it, of the whole sample, with a wide view; beside it lies its warehouse."""
    folder = tmp_path_factory.mktemp("it's a folder")
    target = folder / "warehouse_readers.duckdb"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAREHOUSE__WIDE_PROJECTS", "[1]")
        patch.setenv("DLT_DATA_DIR", str(tmp_path_factory.mktemp("dlt")))
        database = ["--database", str(folder / "warehouse.duckdb"), "--publish", str(target)]
        assert tasks.main(["--demo", "--quiet", *database]) == 0
    return target


@pytest.fixture(scope="module")
def views(copy: Path) -> dict[str, int]:
    """The views of the copy, and how many rows each has."""
    with duckdb.connect(str(copy), read_only=True) as connection:
        names = "select view_name from duckdb_views() where schema_name = 'analytics' order by all"
        rows = {
            name: connection.execute(f"select count(*) from analytics.{name}").fetchall()[0][0]
            for (name,) in connection.execute(names).fetchall()
        }
    assert "task_meta_wide_1" in rows
    assert all(rows.values()), "a view without rows shows little"
    return rows


# clients


def test_python_reads_every_view(copy: Path, views: dict[str, int]) -> None:
    """duckdb for Python, the oldest and the newest, gives the same rows of every view."""
    oldest, newest = (python_client(version, copy) for version in PYTHON_CLIENTS)
    assert {name: said for name, said in oldest.items() if isinstance(said, str)} == {}
    assert {name: rows for name, (rows, _) in oldest.items()} == views
    assert [name for name in views if oldest[name] != newest[name]] == []


@pytest.mark.parametrize("version", NODE_CLIENTS)
def test_node_reads_every_view(copy: Path, views: dict[str, int], version: str) -> None:
    """@duckdb/node-api, an old and the newest, counts the rows of every view, and gives the first."""
    assert node_client(version, copy) == {name: [rows, 1] for name, rows in views.items()}


def version_of(path: Path) -> tuple[int, str]:
    """The number in a DuckDB file's header, and the storage version that DuckDB names."""
    with path.open("rb") as stream:
        header = stream.read(20)
    assert header[8:12] == b"DUCK"
    with duckdb.connect(str(path), read_only=True) as connection:
        query = "select tags from duckdb_databases() where database_name = current_database()"
        [(tags,)] = connection.execute(query).fetchall()
    return int.from_bytes(header[12:], "little"), tags["storage_version"]


def test_files_stay_of_one_version(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Warehouse and copy are of DuckDB 1.2 after the first load, and after one that makes new tables and views."""
    warehouse, second = copy.with_name("warehouse.duckdb"), tmp_path / "second.duckdb"
    assert [version_of(path) for path in (warehouse, copy)] == [VERSION] * 2
    monkeypatch.setenv("SOURCES__LABEL_STUDIO__ANNOTATION_HISTORY", "true")
    monkeypatch.setenv("WAREHOUSE__WIDE_PROJECTS", "[4]")
    places = ["--database", str(warehouse), "--publish", str(second)]
    assert tasks.main(["--demo", "--quiet", "--full", "--project", "4", *places]) == 0
    with duckdb.connect(str(second), read_only=True) as connection:
        names = "select table_name from duckdb_tables() union all select view_name from duckdb_views()"
        assert {("annotation_history",), ("task_meta_wide_4",)} <= set(connection.execute(names).fetchall())
    assert [version_of(path) for path in (warehouse, second)] == [VERSION] * 2


# lines that are printed


def lines_for(copy: Path, beginning: str) -> list[str]:
    """The lines that are printed for this copy, for the way to ask that begins so."""
    settings = WarehouseSettings(duckdb_path=str(copy.with_name("warehouse.duckdb")), publish_path=str(copy))
    [way] = [way for way in ways(contents(settings), is_default=True) if way.meaning.startswith(beginning)]
    return way.lines


@pytest.fixture
def asking(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --database, this copy is asked."""
    monkeypatch.setenv("WAREHOUSE__DUCKDB_PATH", str(copy.with_name("warehouse.duckdb")))


@pytest.mark.usefixtures("asking")
def test_lines_for_here_work(copy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """In an activated environment, each gives rows."""
    for line in lines_for(copy, "Here"):
        python, script, *words = shlex.split(line)
        assert (python, Path(script).resolve()) == ("python", ROOT / "pipelines" / "query.py")
        assert query.main(words) == 0
        said = capfd.readouterr()
        assert said.err == ""
        assert len(said.out.splitlines()) > 3


def test_python_lines_work_anywhere(copy: Path, views: dict[str, int], tmp_path: Path) -> None:
    """The lines for a notebook give a DataFrame of the view, in a fresh Python that knows nothing of the project."""
    code = "\n".join([*lines_for(copy, "In it"), "print(type(frame).__name__, len(frame))"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.split() == ["DataFrame", str(views["project_progress"])]


@pytest.mark.usefixtures("asking")
def test_python_lines_with_saved_queries_work_in_the_project(copy: Path) -> None:
    """They ask the readers' copy, by a query's name."""
    code = "\n".join([*lines_for(copy, f"In {ROOT}"), "print(type(frame).__name__, len(frame))"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["DataFrame", "20"]


def test_an_old_shell_reads_and_cant_write(copy: Path, views: dict[str, int]) -> None:
    """DuckDB's shell, where one is on the PATH, is started by the first line."""
    start = [*with_packages(f"duckdb-cli=={OLD_SHELL}"), "/bin/sh", "-c"]
    assert OLD_SHELL in fetched(*start, "duckdb --version").stdout
    expect_shell(views, [*start, f"exec {lines_for(copy, 'The DuckDB shell')[0]}"], installing())


def test_a_new_shell_reads_and_cant_write(copy: Path, views: dict[str, int], tmp_path: Path) -> None:
    """The second line fetches it."""
    line = lines_for(copy, "The DuckDB shell")[1]
    environment = given_to_uv(tmp_path)
    fetched("/bin/sh", "-c", f"{line.partition(' -readonly')[0]} --version", env=environment)
    expect_shell(views, ["/bin/sh", "-c", line], environment)


def expect_shell(views: dict[str, int], command: list[str], env: dict[str, str]) -> None:
    """The shell gives what is asked on its standard input, and refuses to write."""
    asked = ".mode csv\nselect count(*) as n from analytics.task_overview;\ncreate table mine as select 1 as x;\n"
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=False, env=env, timeout=120)
    assert done.stdout.split() == ["n", str(views["task_overview"])], done.stderr
    assert "read-only" in done.stderr


@pytest.mark.parametrize("name", ["xx_XX.UTF-8", ""])
def test_harlequin_runs_a_query(
    copy: Path, views: dict[str, int], name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The line starts it on a terminal, it shows an answer, and ends; also where there is no locale of that name."""
    for variable in ("LANG", "LC_CTYPE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LC_ALL", name)
    [line] = lines_for(copy, "Harlequin")
    assert ("--locale" in line) == (name == "xx_XX.UTF-8")
    environment = given_to_uv(tmp_path)
    fetched("/bin/sh", "-c", "uvx harlequin --version", env=environment)
    # it keeps what was typed last in the cache folder, which uv would not find there
    cache = fetched(tool("uv"), "cache", "dir").stdout.strip()
    environment |= {"TERM": "xterm-256color", "XDG_CACHE_HOME": str(tmp_path), "UV_CACHE_DIR": cache}
    child = pexpect.spawn("/bin/sh", ["-c", line], env=environment, dimensions=(40, 120), encoding="utf-8", timeout=90)
    try:
        child.expect("Database Connected")
        child.send("select 7 * count(*) as n from analytics.task_overview")
        # with a separator of thousands where the locale has one
        answer = f"{7 * views['task_overview']:,}".replace(",", ",?")
        for _ in range(10):
            # while it offers completions, the key accepts one
            child.sendcontrol("j")
            if child.expect([answer, pexpect.TIMEOUT], timeout=6) == 0:
                break
        assert isinstance(child.after, str)
        child.sendcontrol("q")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
    assert child.exitstatus == 0


@pytest.mark.parametrize(
    ("program", "options", "page"),
    [
        ("jupyter", "--allow-root --no-browser --port {} --IdentityProvider.token=", "/api"),
        ("marimo", "--headless --no-token --port {}", "/health"),
    ],
)
def test_notebooks_start(copy: Path, program: str, options: str, page: str, tmp_path: Path) -> None:
    """The line starts a server that answers."""
    [line] = [line for line in lines_for(copy, "A notebook") if program in line]
    environment = given_to_uv(tmp_path)
    fetched("/bin/sh", "-c", f"{line.rpartition(' ')[0]} --version", env=environment, cwd=ROOT)
    port = free_port()
    with started(f"exec {line} {options.format(port)}", environment):
        deadline = time.monotonic() + 90
        while not answers(f"http://127.0.0.1:{port}{page}"):
            assert time.monotonic() < deadline
            time.sleep(0.2)


@contextmanager
def started(line: str, env: dict[str, str]) -> Iterator[None]:
    """A command in the project's folder, ended with all that it started."""
    silent = subprocess.DEVNULL
    command = ["/bin/sh", "-c", line]
    process = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True, stdout=silent, stderr=silent)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def answers(url: str) -> bool:
    """Whether a server says that all is well."""
    try:
        return httpx.get(url, trust_env=False, timeout=5).is_success
    except httpx.TransportError:
        return False
