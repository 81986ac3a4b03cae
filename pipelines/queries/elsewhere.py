"""How other programs open the file that is asked, in lines to be copied."""

import locale
import os
import shlex
from pathlib import Path
from typing import NamedTuple

from pipelines.settings import ROOT

from .contents import Contents

_FOLDER = ROOT / "pipelines"

#: A view that every warehouse has, and a query that needs no values.
_VIEW, _QUERY = "project_progress", "slowest_tasks"


class Way(NamedTuple):
    """A way to ask: what it is, and the lines to be typed, each of which is a command or a line of Python."""

    meaning: str
    lines: list[str]


def ways(found: Contents, *, is_default: bool) -> list[Way]:
    """The ways to ask; `is_default` says that the file is the one that is asked without --database."""
    path = str(found.place)
    here, asked = _python("query.py"), "" if is_default else f" --database {shlex.quote(path)}"
    named = "" if is_default else f", database={path!r}"
    rows = f"select * from {found.schemas.analytics}.{_VIEW}"
    columns = f"select column_name, comment from duckdb_columns() where table_name = '{_VIEW}'"
    oldest = f", {found.oldest} or later" if found.oldest else ""
    return [
        *([] if found.place.is_file() else [_first(here)]),
        Way(
            "Here: a saved query, SQL, and what columns mean",
            [
                f"{here} {_QUERY}{asked}",
                f'{here} "{rows}"{asked}',
                f'{here} "{columns}"{asked}',
            ],
        ),
        Way(
            "Harlequin, SQL in a terminal: Ctrl+J runs a query, Ctrl+Q ends it",
            [shlex.join(["uvx", "harlequin", *_locale(), "-r", path])],
        ),
        Way(
            f"The DuckDB shell{oldest}; the second line fetches one",
            [
                shlex.join(["duckdb", "-readonly", path]),
                shlex.join(["uvx", "--from", "duckdb-cli", "duckdb", "-readonly", path]),
            ],
        ),
        Way(
            f"A notebook, started by either line in {ROOT}",
            [
                "uv run --with jupyterlab jupyter lab",
                "uv run --with marimo marimo edit",
            ],
        ),
        Way(
            "In it, or in any Python that has duckdb and pandas",
            [
                "import duckdb",
                f"connection = duckdb.connect({path!r}, read_only=True)",
                f"frame = connection.sql({rows!r}).df()",
            ],
        ),
        Way(
            f"In {ROOT} with saved queries, too",
            [
                "from pipelines.query import query",
                f"frame = query({_QUERY!r}{named})",
            ],
        ),
    ]


def _first(here: str) -> Way:
    tasks, sample = _python("tasks.py"), shlex.quote(str(ROOT / "demo.duckdb"))
    return Way(
        "To get a warehouse: of a project of yours, or of a sample, which is asked by the third line",
        [f"{tasks} --project 3", f"{tasks} --demo", f"{here} --database {sample}"],
    )


def _python(name: str) -> str:
    script = _FOLDER / name
    return shlex.join(["python", os.path.relpath(script) if script.is_relative_to(Path.cwd()) else str(script)])


def _locale() -> list[str]:
    """Harlequin ends at once where the environment names a locale that the machine does not have."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "")
    except locale.Error:
        return ["--locale", "C"]
    finally:
        locale.setlocale(locale.LC_ALL, before)
    return []
