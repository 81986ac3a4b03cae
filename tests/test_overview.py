"""`query.py` alone on a terminal: what there is to ask, and how."""

import io
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pexpect
import pytest
from analytics import Analytics
from annotating import annotation, choice, task
from rich.cells import cell_len

from pipelines import query as module
from pipelines import tasks
from pipelines.analytics.definitions import kept_tables, views
from pipelines.label_studio.tables import TABLES
from pipelines.queries import named_queries, opening
from pipelines.settings import ROOT
from pipelines.wide import refresh_wide

#: What a line to be copied begins with.
COPIED = ("python ", "uvx ", "uv ", "duckdb ", "import ", "from ", "connection ", "frame ")

#: A project's title that would steer a terminal, and has letters that are two wide.
TITLE = "\x1b[31m'Mail' 日本語の企画書 [bold]red[/bold]" + " title" * 30


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small warehouse as a file."""
    analytics = Analytics()
    analytics.insert("projects", id=1, title=TITLE)
    analytics.load(task(1, annotation(11, 1, choice("A")), annotation(12, 2, choice("B"))))
    analytics.refresh()
    refresh_wide(analytics.connection, "label_studio", [1])
    path = tmp_path_factory.mktemp("made") / "made.duckdb"
    analytics.connection.execute(f"attach '{path}' as made (storage_version 'v1.2.0')")
    analytics.connection.execute("copy from database memory to made")
    analytics.connection.close()
    return path


@pytest.fixture
def database(made: Path, tmp_path: Path) -> Path:
    """The warehouse in a folder whose name a shell would take apart."""
    folder = tmp_path / "it's $HOME; a folder"
    folder.mkdir()
    return Path(shutil.copy(made, folder / "x.duckdb"))


class Screen(io.StringIO):
    """What takes the output for a terminal."""

    def isatty(self) -> bool:
        """Says so."""
        return True


Terminal = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The command as if on a terminal, with the warehouse in a folder of its own: its exit code and its lines."""
    monkeypatch.setenv("WAREHOUSE__DUCKDB_PATH", str(tmp_path / "warehouse.duckdb"))
    monkeypatch.setattr(opening, "_WAIT", 0.3)

    def run(*arguments: str, width: int = 300) -> tuple[int, list[str]]:
        monkeypatch.setenv("COLUMNS", str(width))
        screen = Screen()
        monkeypatch.setattr(sys, "stdout", screen)
        return module.main(list(arguments)), screen.getvalue().splitlines()

    return run


def told(lines: list[str]) -> dict[str, str]:
    """The names that are listed, and what is said of them."""
    return {found[1]: found[2] for line in lines if (found := re.fullmatch(r"  (\w+)  +(\S.*)", line))}


def test_a_terminal_is_told_what_there_is_to_ask(terminal: Terminal, database: Path) -> None:
    """Every saved query with its question, every view with its first sentence, and every table, from the file."""
    code, lines = terminal("--database", str(database))
    assert code == 0
    assert lines[:2] == [
        f"{database}, for DuckDB 1.2 or later",
        "It is no readers' copy: a run can't write to it while it is open elsewhere.",
    ]
    assert {name: query.question for name, query in named_queries().items()}.items() <= told(lines).items()
    for view in views():
        assert view.description.startswith(told(lines)[view.name])
        assert told(lines)[view.name].endswith(".")
    assert "task_meta_wide_1" in told(lines)
    names = set(re.findall(r"\w+", "\n".join(lines)))
    assert {table.name for table in kept_tables()} | set(TABLES) <= names
    assert not {"deployed_views", "kept_tasks", "_dlt_loads"} & names


def test_a_real_terminal_is_one(database: Path) -> None:
    """The script, started on a terminal of 70 columns, keeps to them, and exits with 0."""
    script = str(ROOT / "pipelines" / "query.py")
    given = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    child = pexpect.spawn(
        sys.executable,
        [script, "--database", str(database)],
        env=given,
        dimensions=(40, 70),
        encoding="utf-8",
        timeout=120,
    )
    lines = child.read().splitlines()
    child.close()
    assert child.exitstatus == 0
    assert "  boxes_in_pixels                  Where are the boxes of a project," in lines
    assert max(cell_len(line) for line in lines if not line.startswith(COPIED)) in (69, 70)


@pytest.mark.parametrize("width", [40, 120])
def test_lines_fit_the_terminal(terminal: Terminal, database: Path, width: int) -> None:
    """Only lines to be copied are longer, and those are never broken; letters that are two wide count as two."""
    code, lines = terminal("--database", str(database), width=width)
    assert code == 0
    assert [line for line in lines if cell_len(line) > width and not line.startswith(COPIED)] == []


def test_a_title_steers_no_terminal(terminal: Terminal, database: Path) -> None:
    """Control signs of a project's title are shown, and markup is no markup."""
    _, lines = terminal("--database", str(database), width=500)
    assert TITLE.replace("\x1b", "\\x1b") in told(lines)["task_meta_wide_1"]


def test_paths_are_quoted(terminal: Terminal, database: Path) -> None:
    """A shell, and Python, read the path as it is."""
    _, lines = terminal("--database", str(database))
    shell = [shlex.split(line) for line in lines if line.startswith(("python ", "uvx ", "duckdb "))]
    assert [words[-1] for words in shell] == [str(database)] * 6
    code = [line for line in lines if line.startswith(("connection = duckdb", "frame = query"))]
    assert len(code) == 2
    assert all(repr(str(database)) in line for line in code)


def test_without_a_warehouse_it_tells_what_one_will_have(terminal: Terminal, tmp_path: Path) -> None:
    """All views by their definitions, how to get a warehouse, and the place of the readers' copy; nothing is made."""
    code, lines = terminal()
    assert code == 0
    assert lines[0] == str(tmp_path / "warehouse_readers.duckdb")
    assert lines[1] == "There is no warehouse yet; this is what one will have."
    start = next(place for place, line in enumerate(lines) if line.startswith("To get a warehouse"))
    *loads, ask = (shlex.split(line)[1:] for line in lines[start + 1 : start + 4])
    assert {Path(script).resolve() for script, *_ in loads} == {ROOT / "pipelines" / "tasks.py"}
    project, demo = (tasks.command.make_context("tasks.py", words).params for _, *words in loads)
    assert (project["project"], demo["demo"]) == (("3",), True)
    assert ask == [os.path.relpath(ROOT / "pipelines" / "query.py"), "--database", str(ROOT / "demo.duckdb")]
    assert {view.name for view in views()} <= told(lines).keys()
    assert f"duckdb -readonly {tmp_path / 'warehouse_readers.duckdb'}" in lines
    assert list(tmp_path.glob("*.duckdb")) == []


def test_the_readers_copy_is_what_is_opened(terminal: Terminal, database: Path, tmp_path: Path) -> None:
    """It is named where there is one, without --database."""
    copy = database.rename(tmp_path / "warehouse_readers.duckdb")
    code, lines = terminal()
    assert (code, lines[0]) == (0, f"{copy}, for DuckDB 1.2 or later")
    assert lines[1].startswith("It is the readers' copy")
    assert "frame = query('slowest_tasks')" in lines


def test_a_held_warehouse_is_told_of_by_its_definitions(
    terminal: Terminal, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where a run holds the file, and there is no copy; a question to it gets one line, and exit code 1."""
    hold = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(60)"
    child = pexpect.spawn(sys.executable, ["-c", hold, str(tmp_path / "warehouse.duckdb")], timeout=60)
    child.expect("held")
    try:
        code, lines = terminal()
        assert terminal("select 1")[0] == 1
    finally:
        child.close(force=True)
    assert code == 0
    assert re.search("as the file can't be looked into: .*warehouse.duckdb is held open by another program", lines[1])
    assert "project_progress" in told(lines)
    assert capfd.readouterr().err.count("\n") == 1


def test_a_warehouse_without_views_is_told_of(terminal: Terminal, tmp_path: Path) -> None:
    """What to do is said."""
    duckdb.connect(str(tmp_path / "warehouse.duckdb")).close()
    code, lines = terminal()
    assert code == 0
    assert lines[1].startswith("It has no views in analytics: run tasks.py once")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--database", "none.duckdb"], "query.py: there is no warehouse"),
        (["--format", "csv"], "Usage: query.py"),
        (["--project_id", "3"], "Usage: query.py"),
    ],
)
def test_what_asks_for_something_else_still_exits_with_2(
    terminal: Terminal, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that isn't there, and options without a question."""
    code, lines = terminal(*arguments)
    assert code == 2
    assert (capsys.readouterr().err or lines[0]).startswith(said)


def test_without_a_terminal_it_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    """And exits with 2: a script that lost its question must not go on."""
    assert module.main([]) == 2
    assert capsys.readouterr().out.startswith("Usage: query.py")
