"""`export.py`: the same rows in every format, a manifest that is true, and old files or new ones, never a mixture."""

import _thread
import csv
import hashlib
import json
import math
import re
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from io import BytesIO
from itertools import compress
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from analytics import LOADED_AT, Analytics
from annotating import annotation, box, choice, prediction, rating, task
from filelock import FileLock
from openpyxl.utils.escape import unescape

from pipelines import export as module
from pipelines.analytics.definitions import kept_tables, views
from pipelines.exports import writing
from pipelines.label_studio.tables import TABLES
from pipelines.queries import ask, opening, workbook, write
from pipelines.settings import ROOT, WarehouseSettings

SCRIPT = str(ROOT / "pipelines" / "export.py")

#: What is easily lost or taken for something else on the way into a file.
TEXTS = [
    'a, "b"',
    "",
    " spaces ",
    "one\r\ntwo\nthree\rfour",
    "=1+1",
    "<script>alert('x')</script>",
    "日本 🦆 é",
    "9007199254740993",
    "null",
    "NULL",
    "# no comment",
    "a\tb;c|d",
    "_x000C_ \x0b",
    "\\N \\",
]

#: A view of one's own, with a name and with types that no view of ours has.
ODD_NAME = 'My "odd" view: a/b?'
ODD = """
    select
        9007199254740993 as large,
        sum(range) as huge,
        0.1::decimal(20, 10) as exact,
        timestamptz '2026-03-31 12:30:00.5+02:00' as moment,
        timestamptz '2026-03-31 12:30:00+02:00' as whole_moment,
        timestamp '1850-01-01 00:00:00.000001' as long_ago,
        date '2026-03-31' as day,
        true as truth,
        [1, null, 3] as numbers,
        ['a, "b"', ''] as texts,
        {'k': 1.5::double, 't': 'é'} as structure,
        '{"k": [1.10, "é"], "k": 2}'::json as document,
        [0.1, 123456789.123]::double[] as doubles,
        1e16::double as double_1,
        1e-7::double as double_2,
        3::double as double_3,
        'nan'::double as no_number,
        '\\xAB\\x00'::blob as bytes,
        interval '1 month 2 seconds' as some_time,
        null::bigint as nothing
    from range(3)
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small warehouse as a file: two projects, odd texts in all places, and a view of somebody's own."""
    analytics = Analytics()
    config = '<View><Text name="t" value="$t"/><Choices name="mood" toName="t"><Choice value="A"/></Choices></View>'
    for project, title in ((1, 'Mail, "old"\n=1+1'), (2, "")):
        analytics.insert("projects", id=project, title=title, label_config=config)
    for person, name in ((1, "Ada <b>"), (2, "=Bo")):
        analytics.insert("users", id=person, email=f"p{person}@example.com", first_name=name, last_name="")
    analytics.load(
        *(
            task(
                number,
                annotation(number * 10, 1, choice(text or "A"), rating(number % 5 + 1.5), ground_truth=number == 3),
                annotation(number * 10 + 1, 2, choice("A"), box(1.1, text), lead_time=0.1 * number),
                predictions=[prediction(number * 10 + 2, text, choice(text or "A", score=1 / 3), score=0.1)],
                project=1 + number % 2,
                data={"t": text, "n": 1.10},
                meta={"source": text},
                created_at="2026-03-01T08:00:00.123456Z",
            )
            for number, text in enumerate(TEXTS, start=1)
        ),
        task(9007199254740993, annotation(9007199254740994, 1, choice("A")), project=2),
    )
    analytics.refresh()
    connection = analytics.connection
    connection.execute(f"create view analytics.{quoted(ODD_NAME)} as {ODD}")
    path = tmp_path_factory.mktemp("export") / "warehouse.duckdb"
    connection.execute(f"attach '{path}' as file; copy from database memory to file; detach file")
    connection.close()
    return path


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(database: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """The command, into the folder `out`: its exit code, what it says on stdout, and what on stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = module.main(["--database", str(database), "--output", str(tmp_path / "out"), *arguments])
        said = capfd.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture(scope="module")
def everything(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All views and tables in all formats."""
    folder = tmp_path_factory.mktemp("files") / "deep" / "folder"
    arguments = ["--format", "csv,xlsx", "--format", "parquet", "--tables", "--quiet"]
    assert module.main(["--database", str(database), "--output", str(folder), *arguments]) == 0
    return folder


@contextmanager
def reading(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse as people read it."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


def manifest_in(folder: Path) -> dict[str, Any]:
    """What the export says of itself."""
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def entries(folder: Path, format_: str) -> list[dict[str, Any]]:
    """The manifest's entries of a format."""
    found = [file for file in manifest_in(folder)["files"] if file["format"] == format_]
    assert found
    return found


def content(folder: Path) -> dict[str, bytes]:
    """All files, hidden ones too, but for the lock, which says nothing."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".export.lock"
    }


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def in_order(rows: Any) -> list[Any]:
    """Rows in an order that does not depend on who read them."""
    return sorted(rows, key=repr)


# the same rows


def selected(entry: dict[str, Any]) -> str:
    """All rows of the view or table that an entry is of; an interval is text in all formats."""
    columns = (quoted(column["name"]) + "::varchar" * (column["type"] == "INTERVAL") for column in entry["columns"])
    return f"select {', '.join(columns)} from {quoted(entry['schema'])}.{quoted(entry['view'])}"


def comparable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row in which not-a-number equals itself, and 3.0 is 3."""
    return tuple(_comparable(value) for value in row)


def _comparable(value: Any) -> Any:
    if isinstance(value, float | Decimal) and math.isnan(value):
        return "nan"
    if isinstance(value, float | Decimal) and value == int(value):
        return int(value)
    return value


def test_parquet_has_the_same_rows(database: Path, everything: Path) -> None:
    """Of every view and table, with every digit, and integers, moments and JSON as what they are."""
    others = {"HUGEINT": "DECIMAL(38,0)", "INTERVAL": "VARCHAR"}
    with reading(database) as connection:
        for entry in entries(everything, "parquet"):
            found = connection.sql(f"select * from read_parquet('{everything / entry['name']}')")
            assert found.columns == [column["name"] for column in entry["columns"]]
            types = [others.get(column["type"], column["type"]) for column in entry["columns"]]
            assert [str(type_) for type_ in found.types] == types
            expected = connection.execute(selected(entry)).fetchall()
            assert in_order(map(comparable, found.fetchall())) == in_order(map(comparable, expected)), entry["name"]


def test_csv_is_what_a_query_gives(database: Path, everything: Path) -> None:
    """Every field of it, byte for byte: RFC 4180, null is nothing, an empty text is "", moments in UTC."""
    listed = {entry["view"]: entry for entry in entries(everything, "csv")}
    for name in (ODD_NAME, "annotation_labels", "annotation_results", "project_progress", "projects", "tasks"):
        entry, stream = listed[name], BytesIO()
        sql = f"select * from {quoted(entry['schema'])}.{quoted(entry['view'])}"
        write(ask(sql, {}, WarehouseSettings(), database), "csv", stream)
        (header, *found), (names, *expected) = records(everything / entry["name"]), records(stream)
        assert header == names
        assert sorted(found) == sorted(expected), name


def records(file: Path | BytesIO) -> list[list[bytes]]:
    """The fields of each record of a CSV, as they stand there, but without quotes that they don't need."""
    text = file.read_bytes() if isinstance(file, Path) else file.getvalue()
    # JSON may have it either way
    text = text.replace(rb"\u000B", rb"\u000b")
    field = rb'"(?:[^"]|"")*"|[^",\r\n]*'
    whole = re.findall(rb"(?:%b)(?:,(?:%b))*\r\n" % (field, field), text)
    assert b"".join(whole) == text
    return [
        [re.sub(rb'^"([^",\r\n]+)"$', rb"\1", found) for found in re.findall(rb"(%b)(?:,|\r\n)" % field, record)]
        for record in whole
    ]


def test_csv_is_read_back_by_duckdb(database: Path, everything: Path) -> None:
    """With the types that the manifest names, nulls and empty texts apart."""
    with reading(database) as connection:
        for entry in entries(everything, "csv"):
            types = {
                column["name"]: column["type"] if is_plain(column["type"]) else "VARCHAR" for column in entry["columns"]
            }
            plain = {**entry, "columns": [column for column in entry["columns"] if is_plain(column["type"])]}
            names = ", ".join(quoted(column["name"]) for column in plain["columns"])
            found = connection.execute(
                f"select {names} from read_csv('{everything / entry['name']}', header = true, auto_detect = false,"
                f" columns = {types}, delim = ',', quote = '\"', escape = '\"', allow_quoted_nulls = false)"
            ).fetchall()
            expected = connection.execute(selected(plain)).fetchall()
            assert in_order(map(comparable, found)) == in_order(map(comparable, expected)), entry["name"]


def is_plain(type_: str) -> bool:
    """Whether DuckDB reads values of that type from CSV as they stand there."""
    return not type_.endswith("]") and not type_.startswith(("STRUCT", "BLOB", "INTERVAL"))


def test_csv_is_read_back_by_python(database: Path, everything: Path) -> None:
    """Texts are what they were."""
    with reading(database) as connection:
        for entry in entries(everything, "csv"):
            places = [place for place, column in enumerate(entry["columns"]) if column["type"] == "VARCHAR"]
            whole = connection.execute(selected(entry)).fetchall()
            expected = [[row[place] or "" for place in places] for row in whole]
            with (everything / entry["name"]).open(encoding="utf-8", newline="") as stream:
                header, *found = csv.reader(stream, strict=True)
            assert header == [column["name"] for column in entry["columns"]]
            assert in_order([row[place] for place in places] for row in found) == in_order(expected)


def test_excel_has_a_sheet_with_the_same_rows(database: Path, everything: Path) -> None:
    """Of every view and table: long numbers as text, no formula, moments in UTC; the first sheet says what they are."""
    book = openpyxl.load_workbook(everything / "analytics.xlsx")
    listed = entries(everything, "xlsx")
    assert book.sheetnames == ["contents", *(entry["sheet"] for entry in listed)]
    assert {entry["view"]: entry["sheet"] for entry in listed}[ODD_NAME] == 'My "odd" view_ a_b_'
    with reading(database) as connection:
        for entry in listed:
            header, *rows = book[entry["sheet"]].iter_rows()
            assert [cell.value for cell in header] == [column["name"] for column in entry["columns"]]
            assert "f" not in {cell.data_type for row in rows for cell in row}
            plain = [is_plain(column["type"]) or column["type"] == "INTERVAL" for column in entry["columns"]]
            found = [[from_excel(cell.value) for cell in compress(row, plain)] for row in rows]
            whole = connection.execute(selected(entry)).fetchall()
            assert in_order(found) == in_order([in_excel(value) for value in compress(row, plain)] for row in whole)
    contents = [[cell.value for cell in row] for row in book["contents"].iter_rows(min_row=2)]
    assert contents == [[entry["sheet"], entry["rows"], entry["comment"], None] for entry in listed]


def in_excel(value: Any) -> Any:
    """A value as Excel has it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        value = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        # openpyxl reads milliseconds
        return (
            value.replace(microsecond=value.microsecond // 1000 * 1000) if value.year >= 1900 else value.isoformat(" ")
        )
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, int):
        return value if abs(value) < 10**15 else str(value)
    if isinstance(value, float | Decimal):
        # openpyxl writes 16 digits, one more than Excel shows
        value = float(f"{value:.16g}")
    return None if value == "" else _comparable(value)


def from_excel(value: Any) -> Any:
    """A cell's value, with what no XML can hold."""
    return unescape(value) if isinstance(value, str) else _comparable(value)


def test_lists_and_structures_are_json_in_csv(everything: Path) -> None:
    """And bytes are hexadecimal; Parquet has them as they are."""
    entry = next(entry for entry in entries(everything, "csv") if entry["view"] == ODD_NAME)
    with (everything / entry["name"]).open(encoding="utf-8", newline="") as stream:
        [row] = csv.DictReader(stream)
    assert json.loads(row["numbers"]) == [1, None, 3]
    assert json.loads(row["texts"]) == ['a, "b"', ""]
    assert json.loads(row["structure"]) == {"k": 1.5, "t": "é"}
    assert row["document"] == '{"k": [1.10, "é"], "k": 2}'
    assert (row["bytes"], row["moment"]) == ("ab00", "2026-03-31 10:30:00.500000Z")


# the manifest


def test_the_manifest_says_what_the_files_are(database: Path, everything: Path) -> None:
    """Bytes and SHA-256 of each, rows, and what the database says of views and columns; the load; who wrote them."""
    manifest = manifest_in(everything)
    for entry in manifest["files"]:
        found = (everything / entry["name"]).read_bytes()
        assert (entry["bytes"], entry["sha256"]) == (len(found), hashlib.sha256(found).hexdigest())
    definitions = {definition.name: definition for definition in [*views(), *kept_tables()]}
    for entry in manifest["files"]:
        if definition := definitions.get(entry["view"]):
            assert entry["comment"] == definition.description
            assert {column["name"]: column["comment"] for column in entry["columns"]} == definition.columns
    with reading(database) as connection:
        rows = {}
        for entry in entries(everything, "csv"):
            [(rows[entry["view"]],)] = connection.execute(f"select count(*) from ({selected(entry)})").fetchall()
    assert [entry["rows"] for entry in manifest["files"]] == [rows[entry["view"]] for entry in manifest["files"]]
    assert manifest["version"] == version("label-studio-warehouse")
    assert manifest["duckdb_version"] == duckdb.__version__
    assert (manifest["dataset"], manifest["projects"], manifest["left_out"]) == ("label_studio", None, [])
    assert manifest["newest_load"] == {"load_id": "1", "loaded_at": f"{LOADED_AT:%Y-%m-%dT%H:%M:%SZ}"}
    assert datetime.fromisoformat(manifest["exported_at"]) <= datetime.now(UTC)


def test_everything_is_exported_and_nothing_that_runs_keep_for_themselves(everything: Path) -> None:
    """All views and kept tables, with --tables the loaded ones; the folder holds what the manifest names."""
    wanted = {definition.name for definition in [*views(), *kept_tables()]} | {ODD_NAME}
    for format_ in ("parquet", "csv", "xlsx"):
        found = entries(everything, format_)
        assert {entry["view"] for entry in found if entry["schema"] == "analytics"} == wanted
        assert {entry["view"] for entry in found if entry["schema"] == "label_studio"} == set(TABLES)
    names = {entry["name"] for entry in manifest_in(everything)["files"]}
    assert content(everything).keys() == names | {"manifest.json"}


def test_projects_are_filtered_where_rows_say_theirs(run: Run, database: Path, tmp_path: Path) -> None:
    """What has no project_id is exported whole, and said to be; of the projects themselves, their own rows."""
    views_ = "annotators,task_overview,project_progress,pair_agreement"
    code, _, err = run("--project", "2", "--tables", "--view", views_, "--quiet")
    assert code == 0
    assert err.startswith("export.py: of all projects, as rows have no project_id: ")
    listed = {entry["view"]: entry for entry in entries(tmp_path / "out", "parquet")}
    assert manifest_in(tmp_path / "out")["projects"] == [2]
    whole = {name for name, entry in listed.items() if entry["projects"] is None}
    assert whole == {"annotators", "users"}
    assert set(err.partition("project_id: ")[2].strip().split(", ")) == whole
    with reading(database) as connection:
        for name, entry in listed.items():
            path = tmp_path / "out" / entry["name"]
            if name not in whole:
                key = "id" if name == "projects" else "project_id"
                found = connection.execute(f"select distinct {key} from read_parquet('{path}')").fetchall()
                assert found in ([(2,)], [])
                condition = f" where {key} = 2"
            else:
                condition = ""
            [(count,)] = connection.execute(f"select count(*) from ({selected(entry)}){condition}").fetchall()
            assert entry["rows"] == count
    assert listed["tasks"]["rows"] == 8
    assert run("--project", "1,2", "--view", "tasks")[0] == 0
    assert entries(tmp_path / "out", "parquet")[0]["rows"] == 15


# what is asked for


def test_views_are_named(run: Run, tmp_path: Path) -> None:
    """With - for _, too, once or several times; loaded tables and kept ones as well."""
    code, out, err = run("--view", "project-progress,annotators", "--view", "tasks", "--view", "pair_agreement")
    assert code == 0
    assert [entry["name"] for entry in entries(tmp_path / "out", "parquet")] == [
        "annotators.parquet",
        "pair_agreement.parquet",
        "project_progress.parquet",
        "tasks.parquet",
    ]
    assert "project_progress.parquet: 2 rows\n" in err
    assert out.startswith("4 files, ")
    assert "manifest.json says what they hold" in out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["--view", "projekt_progress"],
            "there is no view or table 'projekt_progress': did you mean project_progress or",
        ),
        (["--view", "kept_tasks"], "there is no view or table 'kept_tasks'"),
        (["--view", "_dlt_loads"], "there is no view or table '_dlt_loads'"),
        (["--view", "'; drop table x; --"], "there is no view or table"),
        (["--project", "7"], "there is no project 7 in the warehouse: it has 1, 2"),
        (["--project", "x"], "--project takes ids of projects, not 'x'"),
        (["--project", "1 or 1=1"], "--project takes ids of projects, not '1 or 1=1'"),
        (["--format", "xml"], "--format takes parquet, csv, xlsx, not 'xml'"),
        (["--database", "/no/such/file.duckdb"], "there is no warehouse /no/such/file.duckdb"),
        (["--database", SCRIPT], "can't be opened as a DuckDB file"),
        (["--output", SCRIPT], "export.py can't be written (File exists): name another --output"),
        (["--output", f"{SCRIPT}/x"], "can't be written (Not a directory): name another --output"),
        (["surplus"], "unexpected extra argument"),
    ],
)
def test_bad_input_gets_one_line(run: Run, tmp_path: Path, arguments: list[str], line: str) -> None:
    """And exit code 2, and no files."""
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("export.py: ")
    assert line in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_database_without_views_is_one_line(run: Run, tmp_path: Path) -> None:
    """It says what makes them."""
    path = tmp_path / "empty.duckdb"
    duckdb.connect(str(path)).close()
    code, _, err = run("--database", str(path))
    assert code == 2
    assert "there is nothing to export: the warehouse has no schema analytics; run tasks.py" in err


def test_a_warehouse_that_is_held_is_one_line(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the process that holds it."""
    monkeypatch.setattr(opening, "_WAIT", 0.1)
    path = tmp_path / "held.duckdb"
    hold = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        code, _, err = run("--database", str(path))
        holder.communicate()
    assert code == 1
    assert f"is held open by another program (process {holder.pid})" in err
    assert err.count("\n") == 1


def test_the_readers_copy_comes_first(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that an export meets no lock; dataset and views may have other names."""
    monkeypatch.setenv("WAREHOUSE__DUCKDB_PATH", str(database))
    monkeypatch.setenv("WAREHOUSE__PUBLISH_PATH", str(tmp_path / "copy.duckdb"))
    arguments = ["--output", str(tmp_path / "out"), "--view", "tasks", "--quiet"]
    assert module.main(arguments) == 0
    assert entries(tmp_path / "out", "parquet")[0]["rows"] == 15
    with duckdb.connect(str(tmp_path / "copy.duckdb")) as connection:
        connection.execute(
            "create schema photos; create table photos.tasks as select 1 as id, 3 as project_id;"
            " create schema photos_analytics; create view photos_analytics.a as select * from photos.tasks"
        )
    monkeypatch.setenv("WAREHOUSE__DATASET_NAME", "photos")
    assert module.main([*arguments, "--project", "3"]) == 0
    [entry] = entries(tmp_path / "out", "parquet")
    assert (entry["rows"], entry["schema"], manifest_in(tmp_path / "out")["dataset"]) == (1, "photos", "photos")
    assert manifest_in(tmp_path / "out")["newest_load"] is None


def test_help_needs_nothing(tmp_path: Path) -> None:
    """The script runs from anywhere, and explains itself without the imports that take their time."""
    code = f"import runpy, sys; sys.argv = [{SCRIPT!r}, '--help']\n" + (
        f"try: runpy.run_path({SCRIPT!r}, run_name='__main__')\n"
        "except SystemExit as end: print(end.code, sorted({'dlt', 'duckdb', 'pandas', 'pyarrow'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
    assert "--project" in done.stdout


# old files and new ones


def test_a_failure_in_the_middle_leaves_the_earlier_export(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole, byte for byte, and nothing beside it; the line says which file could not be written."""
    arguments = ["--view", "annotators,project_progress,tasks", "--format", "csv"]
    assert run(*arguments)[0] == 0
    before = content(tmp_path / "out")
    write_csv = writing.WRITERS["csv"]

    def fail(*given: Any) -> int:
        if given[1].name == "tasks":
            raise duckdb.IOException("IO Error: Could not write file: No space left on device")
        return write_csv(*given)

    monkeypatch.setitem(writing.WRITERS, "csv", fail)
    code, out, err = run("--format", "parquet", *arguments, "--project", "2", "--quiet")
    assert (code, out) == (1, "")
    assert err.startswith("export.py: tasks.csv can't be written: IO Error: Could not write file: No space left")
    assert err.count("\n") == 1
    assert content(tmp_path / "out") == before


@pytest.mark.parametrize("format_", ["parquet", "csv", "xlsx"])
def test_a_full_disk_leaves_the_earlier_export(run: Run, tmp_path: Path, format_: str) -> None:
    """Where a file can't be written to its end, the exit code is 1."""
    assert run("--view", "tasks", "--format", "parquet,csv,xlsx")[0] == 0
    before = content(tmp_path / "out")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        code, out, err = run("--view", "tasks", "--format", format_, "--quiet")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (code, out) == (1, "")
    assert "can't be written: " in err
    assert "File too large" in err
    assert err.count("\n") == 1
    assert content(tmp_path / "out") == before


def test_ctrl_c_leaves_the_earlier_export(run: Run, tmp_path: Path) -> None:
    """However long a view would take; the exit code is 130."""
    slow = tmp_path / "slow.duckdb"
    with duckdb.connect(str(slow)) as connection:
        connection.execute(
            "create schema analytics; create view analytics.a as select 1 as x; create view analytics.b as"
            " select sum(a.range * b.range) as x from range(10000000) as a, range(1000000) as b"
        )
    assert run("--view", "tasks")[0] == 0
    before = content(tmp_path / "out")
    # what a shell started in the background ignores it
    ignored = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        timer = threading.Timer(1.5, _thread.interrupt_main)
        timer.start()
        code, out, err = run("--database", str(slow), "--quiet")
        timer.join()
    finally:
        signal.signal(signal.SIGINT, ignored)
    assert (code, out, err) == (130, "", "export.py: interrupted: nothing is lost, run again\n")
    assert content(tmp_path / "out") == before


def test_only_files_of_the_earlier_export_are_removed(run: Run, tmp_path: Path) -> None:
    """Those that its manifest names and this one does not; a manifest that names other places is not believed."""
    out = tmp_path / "out"
    assert run("--view", "tasks,annotators", "--format", "csv,parquet")[0] == 0
    (out / "mine.csv").write_text("mine", encoding="utf-8")
    (tmp_path / "outside.csv").write_text("mine", encoding="utf-8")
    manifest = manifest_in(out)
    manifest["files"] += [{"name": "../outside.csv"}, {"name": str(tmp_path / "outside.csv")}]
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert run("--view", "tasks")[0] == 0
    assert content(out).keys() == {"mine.csv", "tasks.parquet", "manifest.json"}
    assert (tmp_path / "outside.csv").exists()


@pytest.mark.parametrize("text", ['{"name": "My app"}', "no JSON", "[]", '{"product": "label-studio-warehouse"}'])
def test_a_manifest_of_something_else_is_left_alone(run: Run, tmp_path: Path, text: str) -> None:
    """Exit code 2, before anything is written."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    code, _, err = run("--view", "tasks", "--quiet")
    assert code == 2
    assert "manifest.json is not of an export: name another --output" in err
    assert content(folder) == {"manifest.json": text.encode()}


def test_who_has_a_file_open_goes_on_reading_it(run: Run, tmp_path: Path) -> None:
    """The next export puts another file in its place; what a killed one left behind is gone."""
    path = tmp_path / "out" / "tasks.csv"
    assert run("--view", "tasks", "--format", "csv")[0] == 0
    before = path.read_bytes()
    stage = tmp_path / "out" / ".export.new"
    stage.mkdir()
    (stage / "half.csv").write_text("half", encoding="utf-8")
    with path.open("rb") as reader:
        assert run("--view", "tasks", "--format", "csv", "--project", "2")[0] == 0
        assert reader.read() == before
    assert path.read_bytes() != before
    assert content(tmp_path / "out").keys() == {"tasks.csv", "manifest.json"}


def test_two_exports_never_write_to_the_same_folder(run: Run, tmp_path: Path) -> None:
    """The second one exits with 75 at once, and leaves the first one's files alone."""
    assert run("--view", "tasks")[0] == 0
    before = content(tmp_path / "out")
    with FileLock(tmp_path / "out" / ".export.lock"):
        code, _, err = run("--view", "tasks", "--project", "2", "--quiet")
    assert code == 75
    assert "another export writes to" in err
    assert content(tmp_path / "out") == before


# what Excel has no room for


def test_a_view_that_is_too_large_for_a_sheet_is_left_out(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are written; the exit code is 1, a line, the manifest and the first sheet say why."""
    monkeypatch.setattr(workbook, "ROWS", 10)
    reason = "15 rows and 28 columns are too many for Excel: use csv or parquet"
    code, out, err = run("--view", "tasks,annotators", "--format", "csv,xlsx", "--quiet")
    assert (code, out, err) == (1, "", f"export.py: tasks is left out of xlsx: {reason}\n")
    assert manifest_in(tmp_path / "out")["left_out"] == [
        {"view": "tasks", "schema": "label_studio", "format": "xlsx", "reason": reason}
    ]
    assert [entry["view"] for entry in entries(tmp_path / "out", "xlsx")] == ["annotators"]
    assert (tmp_path / "out" / "tasks.csv").exists()
    book = openpyxl.load_workbook(tmp_path / "out" / "analytics.xlsx")
    assert book.sheetnames == ["contents", "annotators"]
    assert [cell.value for cell in book["contents"][3]][::3] == ["tasks (left out)", reason]
    monkeypatch.setattr(workbook, "ROWS", 16)
    assert run("--view", "tasks", "--format", "xlsx")[0] == 0


def test_a_text_that_is_too_long_for_a_cell_is_told_of(run: Run, tmp_path: Path) -> None:
    """Its length stands in its place, not half of it; the exit code is 1, and csv has it whole."""
    path = tmp_path / "long.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create schema analytics; create view analytics.long as"
            " select repeat('x', 32767) as a, repeat('y', 32768) as b union all select 'a', 'b'"
        )
    code, _, err = run("--database", str(path), "--format", "xlsx,csv", "--quiet")
    note = "texts too long for a cell are left out: 1 of b; csv and parquet have them"
    assert (code, err) == (1, f"export.py: analytics.xlsx, sheet long: {note}\n")
    sheet = openpyxl.load_workbook(tmp_path / "out" / "analytics.xlsx")["long"]
    found = sorted([cell.value for cell in row] for row in sheet.iter_rows(min_row=2))
    assert found == [["a", "b"], ["x" * 32767, "(32,768 characters: too long for Excel)"]]
    assert entries(tmp_path / "out", "xlsx")[0]["note"] == note
    assert b"y" * 32768 in (tmp_path / "out" / "long.csv").read_bytes()


def test_names_that_are_alike_are_told_apart(run: Run, tmp_path: Path) -> None:
    """Files and sheets of views whose names differ in odd characters or beyond the thirty-first."""
    path = tmp_path / "names.duckdb"
    names = ["contents", "history", "a/b", "a?b", "A:b", "x" * 40 + "1", "x" * 40 + "2", "../up", "'quoted'"]
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema analytics")
        for number, name in enumerate(names):
            connection.execute(f"create view analytics.{quoted(name)} as select {number} as n")
    assert run("--database", str(path), "--format", "csv,xlsx")[0] == 0
    found = entries(tmp_path / "out", "csv")
    assert len({entry["name"].lower() for entry in found}) == len(names)
    for entry in found:
        text = (tmp_path / "out" / entry["name"]).read_text(encoding="utf-8")
        assert text.split() == ["n", str(names.index(entry["view"]))]
    book = openpyxl.load_workbook(tmp_path / "out" / "analytics.xlsx")
    for entry in entries(tmp_path / "out", "xlsx"):
        assert len(entry["sheet"]) <= 31
        assert book[entry["sheet"]]["A2"].value == names.index(entry["view"])
    assert len({name.lower() for name in book.sheetnames} - {"history"}) == len(names) + 1
