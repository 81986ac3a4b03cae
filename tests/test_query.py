"""`query.py`: names, parameters, formats, and what it says of what can't be asked."""

import _thread
import io
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from analytics import Analytics
from annotating import annotation, choice, task

from pipelines import query as module
from pipelines.label_studio.exceptions import ConfigurationError
from pipelines.query import query
from pipelines.settings import ROOT

SCRIPT = str(ROOT / "pipelines" / "query.py")

#: A value of every kind that is easily lost on the way.
ODD = """
    select
        9007199254740993 as large,
        null::bigint as nothing,
        0.1::decimal(20, 10) as exact,
        'a, "b"' || chr(10) || '日本 | =1+1' as text,
        '' as empty,
        timestamptz '2026-03-31 12:30:00.5+02:00' as moment,
        date '2026-03-31' as day,
        true as truth,
        [1, null, 3] as list,
        '{"k": [1.10, "é"]}'::json as document,
        'nan'::double as no_number
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A small warehouse as a file: two tasks on which two people agree and don't."""
    analytics = Analytics()
    analytics.insert("projects", id=1, title="Mail")
    analytics.load(
        task(1, annotation(11, 1, choice("A")), annotation(12, 2, choice("A"))),
        task(2, annotation(21, 1, choice("A")), annotation(22, 2, choice("B"))),
    )
    analytics.refresh()
    path = tmp_path / "warehouse.duckdb"
    analytics.connection.execute(f"attach '{path}' as file; copy from database memory to file; detach file")
    analytics.connection.close()
    return path


Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(database: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Ask:
    """The command: its exit code, what it says on stdout, and what on stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = module.main([*arguments, "--database", str(database)])
        said = capfdbinary.readouterr()
        return code, said.out.decode(), said.err.decode()

    return run


def test_a_query_is_run_by_its_name(ask: Ask) -> None:
    """With - for _, too; parameters are given as --name value or --name=value."""
    code, out, err = ask("tasks-to-reannotate", "--project_id", "1", "--limit=5")
    assert (code, err) == (0, "")
    header, line, row = out.splitlines()
    assert header.split()[:3] == ["project_id", "task_id", "inner_id"]
    assert set(line) == {"-", " "}
    assert row.split()[:2] == ["1", "2"]


def test_any_sql_is_run(ask: Ask) -> None:
    """Tables need no schema, values are bound and never pasted."""
    assert ask("select count(*) as n from tasks", "--format", "csv") == (0, "n\r\n2\r\n", "")
    code, out, _ = ask("select $x as x", "--x", "'; drop table tasks; --", "--format", "csv")
    assert (code, out) == (0, "x\r\n'; drop table tasks; --\r\n")


def test_sql_comes_from_standard_input(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A minus asks for it."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"select 'h\xc3\xb6' as x")))
    assert ask("-", "--format", "csv")[1] == "x\r\nhö\r\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["tasks_to_reanotate"], "there is no query 'tasks_to_reanotate': did you mean tasks_to_reannotate?"),
        (["nothing"], "there is no query 'nothing'. --list names all"),
        (["tasks_to_reannotate", "--projekt_id", "1"], "has no parameter projekt_id: did you mean project_id?"),
        (["tasks_to_reannotate", "--limit", "many"], "limit is 'many': it takes a whole number"),
        (["model_learning_curve"], "model_learning_curve needs --project_id: the project"),
        (["model_learning_curve", "--project_id", "null"], "project_id can't be null"),
        (["select * from nowhere"], "Table with name nowhere does not exist"),
        (["select * form tasks"], "syntax error"),
        (["select $a as a"], "the SQL needs --a: it says $a"),
        (["select 1 as a", "--b", "2"], "the SQL has no $b: it has no parameters"),
        (["create table x (y int)"], "this only reads"),
        (["delete from tasks"], "this only reads"),
        (["select 1", "select 2"], "one query at a time"),
        (["select 1", "--x"], "--x needs a value"),
        (["select 1", "--output", "/no/such/folder/x.csv"], "the folder of /no/such/folder/x.csv does not exist"),
        (["select 1", "--format", "xml"], "'xml' is not one of"),
    ],
)
def test_bad_input_gets_one_line(ask: Ask, arguments: list[str], line: str) -> None:
    """And exit code 2, and nothing on stdout."""
    code, out, err = ask(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("query.py: ")
    assert line in err
    assert err.count("\n") == 1


def test_no_warehouse_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It says how to get one."""
    assert module.main(["select 1", "--database", str(tmp_path / "none.duckdb")]) == 2
    assert "there is no warehouse" in capfd.readouterr().err
    assert not (tmp_path / "none.duckdb").exists()


def test_the_readers_copy_is_asked_before_the_warehouse(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that nobody meets the lock of a run; where there is no copy, the warehouse itself is."""
    monkeypatch.setenv("WAREHOUSE__DUCKDB_PATH", str(database))
    assert query("select count(*) as n from tasks")["n"].tolist() == [2]
    readers = tmp_path / "warehouse_readers.duckdb"
    with duckdb.connect(str(readers)) as connection:
        connection.execute("create schema label_studio; create table label_studio.tasks as select 1 as id")
    assert query("select count(*) as n from tasks")["n"].tolist() == [1]


def test_csv_holds_every_digit(ask: Ask) -> None:
    """Quotes, line ends and letters of the world; null is nothing, an empty text is quoted; moments in UTC."""
    code, out, _ = ask(ODD, "--format", "csv")
    assert code == 0
    assert out.split("\r\n")[1:] == [
        '9007199254740993,,0.1000000000,"a, ""b""\n日本 | =1+1","",2026-03-31 10:30:00.500000Z,2026-03-31,true,'
        '"[1,null,3]","{""k"": [1.10, ""é""]}",nan',
        "",
    ]


def test_json_is_json(ask: Ask) -> None:
    """Documents and lists are what they are, moments are ISO 8601, not-a-number is null."""
    (row,) = json.loads(ask(ODD, "--format", "json")[1])
    assert row["large"] == 9007199254740993
    assert (row["nothing"], row["no_number"], row["empty"]) == (None, None, "")
    assert row["document"] == {"k": [1.1, "é"]}
    assert row["list"] == [1, None, 3]
    assert row["moment"] == "2026-03-31T10:30:00.500000Z"
    assert json.loads(ask("select 1 as x where false", "--format", "json")[1]) == []


def test_moments_beyond_pythons_years_are_text(ask: Ask) -> None:
    """Infinity and the year 12000 come out as DuckDB says them."""
    far = "select 'infinity'::timestamptz as a, '-infinity'::date as b, '12000-01-01'::date as c, null::date as d"
    assert ask(far, "--format", "csv")[1].splitlines()[1] == "infinity,-infinity,12000-01-01,"


def test_a_table_has_a_line_for_each_row(ask: Ask) -> None:
    """Whatever the text holds; no rows are said to be none."""
    code, out, _ = ask(ODD)
    assert code == 0
    assert len(out.splitlines()) == 3
    assert 'a, "b"\\n日本 | =1+1' in out
    assert "(no rows)" in ask("select 1 as x where false")[1]


def test_markdown_escapes_its_bars(ask: Ask) -> None:
    """A cell stays one cell."""
    assert ask("select 'a|b' as text, 1.5::double as number", "--format", "md")[1].splitlines() == [
        "| text | number |",
        "| --- | --: |",
        "| a\\|b | 1.5 |",
    ]


def test_parquet_keeps_types(ask: Ask, tmp_path: Path) -> None:
    """The file's ending names the format."""
    path = tmp_path / "odd.parquet"
    code, out, err = ask(ODD, "--output", str(path))
    assert (code, out, err) == (0, "", f"1 row written to {path}\n")
    table = pq.read_table(path)
    assert table["large"].to_pylist() == [9007199254740993]
    assert str(table.schema.field("moment").type) == "timestamp[us, tz=UTC]"


def test_excel_gets_numbers_texts_and_moments(ask: Ask, tmp_path: Path) -> None:
    """No formula, no rounded id, no time zone."""
    path = tmp_path / "odd.xlsx"
    assert ask(ODD, "--output", str(path))[0] == 0
    sheet: Any = openpyxl.load_workbook(path).active
    header, row = ([cell.value for cell in cells] for cells in sheet.iter_rows())
    values = dict(zip(header, row, strict=True))
    assert values["large"] == "9007199254740993"
    assert values["text"] == 'a, "b"\n日本 | =1+1'
    assert str(values["moment"]) == "2026-03-31 10:30:00.500000"
    code, _, _ = ask("select '=1+1' as text", "--output", str(path))
    assert code == 0
    sheet = openpyxl.load_workbook(path).active
    assert sheet["A2"].data_type == "s"


def test_a_file_that_cant_be_written_leaves_the_one_before(ask: Ask, tmp_path: Path) -> None:
    """An answer that Excel can't hold is no empty file."""
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"before")
    code, _, err = ask("select repeat('x', 40000) as text", "--output", str(path))
    assert (code, path.read_bytes()) == (2, b"before")
    assert "too long for Excel" in err
    assert [file.name for file in tmp_path.iterdir() if "new" in file.name] == []


def test_a_notebook_gets_a_frame(database: Path) -> None:
    """Integers stay integers beside nulls, moments are in UTC."""
    frame = query("select 9007199254740993 as a union all select null", database=database)
    assert str(frame["a"].dtype) == "Int64"
    assert frame["a"].dropna().tolist() == [9007199254740993]
    odd = query(ODD, database=database)
    assert str(odd["moment"].dt.tz) == "UTC"
    assert odd["moment"][0] == pd.Timestamp("2026-03-31T10:30:00.5Z")
    assert odd["list"][0] == [1, None, 3]
    assert query("tasks_to_reannotate", database=database, project_id=1)["task_id"].tolist() == [2]


def test_a_notebook_gets_an_error_of_ours(database: Path) -> None:
    """One that says what to do."""
    with pytest.raises(ConfigurationError, match="needs --project_id"):
        query("model_learning_curve", database=database)
    with pytest.raises(ConfigurationError, match="it takes a whole number"):
        query("tasks_to_reannotate", database=database, limit=1.5)


def test_two_columns_of_one_name_are_told_apart(database: Path) -> None:
    """The second one has a number."""
    assert list(query("select 1 as id, 2 as id, 3 as id_2", database=database)) == ["id", "id_3", "id_2"]


def test_the_list_names_every_query(capfd: pytest.CaptureFixture[str]) -> None:
    """With its question and its parameters."""
    assert module.main(["--list"]) == 0
    out = capfd.readouterr().out
    for path in (ROOT / "sql" / "queries").glob("*.sql"):
        assert f"{path.stem}\n    " in out
    assert "    --limit bigint = 20\n" in out


@pytest.mark.parametrize("arguments", [["tasks_to_reannotate", "--help"], ["--describe", "tasks_to_reannotate"]])
def test_a_query_explains_itself(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """What it answers, its parameters and its columns."""
    assert module.main(arguments) == 0
    out = capfd.readouterr().out
    assert "Which tasks should be annotated again first?" in out
    assert "--below double = 0.5" in out
    assert "lowest_control" in out


def test_ctrl_c_ends_a_query(ask: Ask) -> None:
    """However long it would take; the exit code is 130."""
    # what a shell started in the background ignores it
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Timer(1.0, _thread.interrupt_main).start()
        code, out, err = ask("select sum(a.range * b.range) from range(10000000) as a, range(1000000) as b")
    finally:
        signal.signal(signal.SIGINT, before)
    assert (code, out) == (130, "")
    assert err.strip() == "query.py: interrupted: nothing is lost, run again"


def any_process(*arguments: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    """The script as people start it."""
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, check=False, **more)


def test_the_script_runs_from_anywhere(database: Path, tmp_path: Path) -> None:
    """And says nothing but the answer."""
    done = any_process("select 1 as x", "--database", database.name, "--format", "csv", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"x\r\n1\r\n", b"")


def test_dataset_and_views_of_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queries find a dataset that is called otherwise."""
    other = Analytics("photos")
    other.load(task(1, annotation(1, 1, choice("A")), annotation(2, 2, choice("B"))))
    other.refresh()
    path = tmp_path / "x.duckdb"
    other.connection.execute(f"attach '{path}' as file; copy from database memory to file; detach file")
    other.connection.close()
    monkeypatch.setenv("WAREHOUSE__DATASET_NAME", "photos")
    assert query("tasks_to_reannotate", database=path)["task_id"].tolist() == [1]
