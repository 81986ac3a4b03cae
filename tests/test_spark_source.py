"""What the data source for Spark does without Spark: its options, how it cuts ids, what a partition reads, writes."""

import asyncio
import itertools
import json
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import fetching
import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loading import Warehouse
from scheduling import on_a_socket

from pipelines import spark
from pipelines.demo import FakeLabelStudio, load_sample
from pipelines.label_studio.exceptions import ConfigurationError, RequestFailed, SelectionError
from pipelines.label_studio.flatten import TASK_TABLES, arrow_schema
from pipelines.label_studio.pieces import IdList, Interval, Runs
from pipelines.label_studio.report import Report
from pipelines.label_studio.survey import Work
from pipelines.label_studio.tables import TABLES
from pipelines.lake.files import Place, Written, remove_parts
from pipelines.lake.job import Outcome, load
from pipelines.lake.replaced import Fate, Replaced
from pipelines.lake.tables import LakeTable, task_column
from pipelines.spark_source.cutting import SLACK, Share, cut, packed
from pipelines.spark_source.files import ROWS, write
from pipelines.spark_source.options import NAMES, READABLE, Options, parse, parse_files
from pipelines.spark_source.reading import plan, projects, reading, users

GIVEN = {"url": "https://label-studio.example.com", "token": "0123456789abcdef", "project": "3", "table": "results"}

IDS = st.lists(st.integers(1, 5000), min_size=1, max_size=300, unique=True).map(sorted)


def pieces_of(ids: list[int], parts: int) -> list[Share]:
    """The interval around some ids, cut."""

    async def count(interval: Interval) -> int:
        return bisect_right(ids, interval.last) - bisect_left(ids, interval.first)

    return asyncio.run(cut(Share(Interval(ids[0], ids[-1]), len(ids)), parts, count))


@given(IDS, st.integers(1, 40))
def test_each_id_belongs_to_exactly_one_part(ids: list[int], parts: int) -> None:
    """The parts follow one another without a gap, from the first id to the last."""
    shares = pieces_of(ids, parts)
    assert len(shares) <= parts
    assert shares[0].piece.first == ids[0]
    assert shares[-1].piece.last == ids[-1]
    for share, following in itertools.pairwise(shares):
        assert share.piece.last + 1 == following.piece.first


@given(IDS, st.integers(1, 40))
def test_parts_have_about_equal_numbers_of_tasks(ids: list[int], parts: int) -> None:
    """However the ids lie, no part has more than its due, but for what each cut on the way may be off."""
    due = len(ids) / parts
    for share in pieces_of(ids, parts):
        held = sum(task_id in share.piece for task_id in ids)
        assert held == share.tasks
        assert held <= due + (1 + SLACK * due) * max(1, parts.bit_length())


def test_dense_ids_are_cut_with_one_count_each() -> None:
    """Where the ids have no gaps, the first try is right: 16 parts take 15 requests."""
    counted = []

    async def count(interval: Interval) -> int:
        counted.append(interval)
        return interval.last - interval.first + 1

    shares = asyncio.run(cut(Share(Interval(1, 1_000_000), 1_000_000), 16, count))
    assert [share.tasks for share in shares] == [62_500] * 16
    assert len(counted) == 15


def test_lists_of_ids_are_cut_by_their_ids() -> None:
    """No count is needed."""
    shares = asyncio.run(cut(Share(IdList(tuple(range(0, 100, 2))), 50), 4, None))  # type: ignore[arg-type]
    assert [each for share in shares for each in share.piece.ids] == list(range(0, 100, 2))  # type: ignore[union-attr]


@given(st.lists(st.integers(0, 30)), st.integers(1, 20))
def test_small_pieces_share_a_partition(sizes: list[int], target: int) -> None:
    """All work is packed once, in its order, and no more together than the target."""
    works = [(Work(1, Interval(place, place)), size) for place, size in enumerate(sizes)]
    packs = packed(works, target)
    assert [work for pack in packs for work in pack] == [work for work, _ in works]
    size_of = dict(works)
    for pack in packs:
        assert len(pack) == 1 or sum(size_of[work] for work in pack) <= target


def test_names_of_options_are_read_in_any_case() -> None:
    """Spark hands options over in whatever case it likes."""
    asked = parse({**GIVEN, "NUMPARTITIONS": "7", "requests_per_second": "2.5", "pageSize": "50"}, {})
    assert (asked.partitions, asked.requests_per_second, asked.page_size) == (7, 2.5, 50)


def test_address_and_token_may_come_from_the_environment() -> None:
    """Of the driver, as with the command."""
    environment = {"LABEL_STUDIO_URL": "https://ls.example.com/", "LABEL_STUDIO_API_KEY": "abcdef"}
    asked = parse({"project": "all", "table": "tasks"}, environment)
    assert (asked.url, asked.token, asked.selection.projects) == ("https://ls.example.com", "abcdef", "all")


def test_nothing_shows_a_secret() -> None:
    """Neither the token nor the key of the pseudonyms is in what an object prints."""
    asked = parse({**GIVEN, "pseudonymSecret": "a secret of some length"}, {})
    assert "0123456789abcdef" not in repr(asked)
    assert "a secret of" not in repr(asked)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"table": "result"}, "the option table is 'result': it takes tasks, task_meta"),
        ({"table": "deleted_tasks"}, "'deleted_tasks' (only a warehouse knows what is gone): it takes tasks"),
        ({"table": ""}, "the option table is not set: name one of tasks, task_meta"),
        ({"url": ""}, "the option url is not set: name where Label Studio opens in a browser"),
        ({"url": "label-studio"}, "no address of a server"),
        ({"token": ""}, "no token: set LABEL_STUDIO_API_KEY before Spark starts, or the option token"),
        ({"project": ""}, 'nothing to read is named: set the option project (ids, or "all"), ids, or both'),
        ({"projects": "3"}, "unknown option projects: there are url, token, project, ids, table"),
        ({"numPartitions": "0"}, "the option numPartitions is '0': it takes a whole number from 1 on"),
        ({"timeout": "soon"}, "the option timeout is 'soon': it takes a number, not less than 0"),
        ({"masks": "hide"}, "the option masks is 'hide': it takes keep, drop, blob"),
        ({"pseudonymSecret": "short"}, "at least 16 characters"),
    ],
)
def test_a_wrong_option_is_named_in_one_line(changed: dict[str, str], said: str) -> None:
    """What is wrong, and what would be right; never a secret."""
    with pytest.raises(ConfigurationError) as caught:
        parse({**GIVEN, **changed}, {})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "0123456789abcdef" not in str(caught.value)


def test_a_wrong_id_is_named() -> None:
    """Ids are read as on the command line."""
    with pytest.raises(SelectionError, match="'x' is no task id"):
        parse({**GIVEN, "ids": "1-5,x"}, {})


def test_a_limit_of_requests_is_shared_out() -> None:
    """Over the partitions that are read at once, or over all where that is not told."""
    with on_a_socket(fetching.label_studio(range(1, 101))) as url:
        given = {**GIVEN, "url": url, "token": fetching.TOKEN, "project": "1", "requestsPerSecond": "100"}
        alone = plan(parse({**given, "numPartitions": "4"}, {}))
        together = plan(parse({**given, "numPartitions": "4", "partitionsAtOnce": "2"}, {}))
    assert [portion.requests_per_second for portion in alone] == [25.0] * 4
    assert [portion.requests_per_second for portion in together] == [50.0] * 4


def test_partitions_read_what_the_warehouse_holds(tmp_path: Path) -> None:
    """The tables of all partitions together are those of a load, row by row; each task is read once."""
    fake = load_sample()
    with on_a_socket(fake) as url:
        given = {"url": url, "token": fake.token, "project": "all", "table": "tasks", "numPartitions": "5"}
        asked = parse(given, {})
        portions = plan(asked)
        tables = together(read(asked, portion) for portion in portions)
        tables |= {"users": users(asked), **projects(asked)}
    assert len(portions) >= 5
    with Warehouse(tmp_path / "warehouse.duckdb") as warehouse:
        warehouse.load(fake=load_sample(), project_ids="all")
        due = warehouse.contents()
    assert {name: sorted_rows(name, rows) for name, rows in tables.items()} == {
        name: rows for name, rows in due.items() if name != "deleted_tasks"
    }


def read(asked: Options, portion: Any) -> dict[str, pa.Table]:
    """All rows of a portion, by table, each with its own columns and types."""
    with reading(asked, portion, Report()) as (batches, _):
        parts = list(batches)
    assert all(part[table.name].schema == arrow_schema(table) for part in parts for table in TASK_TABLES)
    return {table.name: pa.concat_tables([part[table.name] for part in parts]) for table in TASK_TABLES}


def together(parts: Iterable[dict[str, pa.Table]]) -> dict[str, pa.Table]:
    """The rows of several portions."""
    parts = list(parts)
    return {name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}


def sorted_rows(name: str, rows: pa.Table) -> list[tuple[Any, ...]]:
    """The rows as a warehouse gives them."""
    rows = rows.sort_by([(column, "ascending") for column in TABLES[name].key])
    return list(zip(*rows.to_pydict().values(), strict=True))


def test_ids_are_read_where_they_are(fake: FakeLabelStudio) -> None:
    """Single ids and ranges, in whatever project; ids that do not exist give no rows."""
    with on_a_socket(fake) as url:
        asked = parse({"url": url, "token": fake.token, "ids": "1003,1005-1007,900000", "table": "tasks"}, {})
        tables = together(read(asked, portion) for portion in plan(asked))
        holders = projects(asked)["projects"]["id"].to_pylist()
    assert sorted(tables["tasks"]["id"].to_pylist()) == [1003, 1005, 1006, 1007]
    assert holders == sorted(set(tables["tasks"]["project_id"].to_pylist()))


def test_what_can_not_be_had_fails_the_partition() -> None:
    """A frame that lacks rows without a word would be worse."""
    fake = fetching.label_studio(range(1, 6))

    async def broken(request: httpx.Request) -> httpx.Response:
        whole = request.url.path == "/api/tasks" and request.url.params.get("include") != "id"
        return httpx.Response(400, json={}) if whole or request.url.path == "/api/tasks/3" else await fake(request)

    with on_a_socket(broken) as url:  # type: ignore[arg-type]  # as good as a fake server
        asked = parse({**GIVEN, "url": url, "token": fetching.TOKEN, "project": "1", "pageSize": "1"}, {})
        [portion] = plan(asked)
        with pytest.raises(RequestFailed, match=r"^not all can be had: task 3: "):
            read(asked, portion)


def test_a_project_that_does_not_exist_is_named() -> None:
    """It is the selection that is wrong."""
    with on_a_socket(fetching.label_studio([1])) as url:
        asked = parse({**GIVEN, "url": url, "token": fetching.TOKEN, "project": "77"}, {})
        with pytest.raises(SelectionError, match="no project 77"):
            plan(asked)
        with pytest.raises(SelectionError, match="no project 77"):
            projects(asked)


@pytest.mark.parametrize("kind", ["delta", "iceberg"])
def test_a_partition_writes_the_files_that_it_names(fake: FakeLabelStudio, tmp_path: Path, kind: str) -> None:
    """Each try writes files of its own; what no row names is removed."""
    with on_a_socket(fake) as url:
        given = {
            "url": url,
            "token": fake.token,
            "project": "1,2",
            "folder": str(tmp_path),
            "format": kind,
            "run": "r1",
        }
        asked, where = parse_files(given, {})
        [portion] = plan(asked)
        write(asked, where, portion)
        told = write(asked, where, portion)
        due = read(asked, portion)
    assert told.schema == ROWS
    files = [row for row in told.to_pylist() if row["path"]]
    for table in TASK_TABLES:
        rows = sum(row["rows"] for row in files if row["table_name"] == table.name)
        assert rows == due[table.name].num_rows
    assert len(list(tmp_path.rglob("*.parquet"))) == 2 * len(files)
    assert remove_parts(where, {row["path"] for row in files}) == len(files)
    for row in files:
        held = pq.read_table(tmp_path / row["path"], partitioning=None)
        column = held[task_column(TABLES[row["table_name"]])].to_pylist()
        assert (held.num_rows, min(column), max(column)) == (row["rows"], row["first_id"], row["last_id"])
        assert (tmp_path / row["path"]).stat().st_size == row["bytes"]
        assert ("project_id" in held.column_names) == (kind == "iceberg")
    [figures] = [json.loads(row["content"]) for row in told.to_pylist() if row["table_name"] == "figures"]
    assert figures["tasks"] == due["tasks"].num_rows


def test_another_run_keeps_its_files(tmp_path: Path) -> None:
    """Two runs may be at work in one folder."""
    for name in ("part-r1-a.parquet", "part-r2-a.parquet", "kept-r1-a.parquet"):
        (tmp_path / name).touch()
    assert remove_parts(Place(str(tmp_path), "delta", "r1"), set()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"part-r2-a.parquet", "kept-r1-a.parquet"}


SMALL = st.lists(
    st.tuples(st.integers(1, 30), st.integers(0, 6)).map(lambda run: (run[0], run[0] + run[1])), max_size=5
)


@given(SMALL, st.lists(st.one_of(st.none(), st.integers(1, 40)), min_size=1))
def test_rows_are_replaced_where_all_columns_say_so(runs: list[tuple[int, int]], values: list[int | None]) -> None:
    """As a look at each single row says; null is never replaced."""
    replaced = Replaced({"task_id": Runs.of(runs), "project_id": Runs.of([(1, 1)])})
    rows = pa.table({"task_id": pa.array(values, pa.int64()), "project_id": pa.array([1] * len(values), pa.int64())})
    hit = [value is not None and any(first <= value <= last for first, last in runs) for value in values]
    kept = replaced.without(rows)["task_id"].to_pylist()
    assert kept == [value for value, gone in zip(values, hit, strict=True) if not gone]
    known = [value for value in values if value is not None]
    if known:
        fate = replaced.fate({"task_id": (min(known), max(known)), "project_id": (1, 1)})
        assert fate is not Fate.GONE or len(known) == sum(hit)
        assert fate is not Fate.KEPT or not any(hit)


def test_files_of_whole_projects_need_not_be_read() -> None:
    """What a folder's name says is enough."""
    replaced = Replaced({"project_id": Runs.of([(3, 3), (5, 5)])})
    fates = [replaced.fate({"project_id": (each, each)}) for each in (3, 4, 5)]
    assert fates == [Fate.GONE, Fate.KEPT, Fate.GONE]
    assert replaced.fate({}) is Fate.CUT


class Recorder:
    """A kind of tables that notes what it is told to do."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Replaced, int]] = []
        self.runs: set[str] = set()

    def replace(
        self,
        table: LakeTable,
        replaced: Replaced,
        written: list[Written],
        rows: pa.Table | None,
        run: str,
        mark: int | None = None,
    ) -> None:
        assert mark is None
        count = sum(file.rows for file in written) if rows is None else rows.num_rows
        self.told.append((table.name, replaced, count))
        self.runs.add(run)


class OneProcess:
    """A session of Spark, as far as the job knows it: the partitions are read here, one after the other."""

    def __init__(self) -> None:
        self.read = self

    def format(self, name: str) -> Self:
        assert name == "label_studio_files"
        return self

    def options(self, **given: str) -> Self:
        self.given = given
        return self

    def load(self) -> Self:
        return self

    def collect(self) -> list["Said"]:
        asked, where = parse_files(self.given, {})
        return [Said(row) for portion in plan(asked) for row in write(asked, where, portion).to_pylist()]


class Said(dict[str, Any]):
    """A row of Spark's."""

    def asDict(self) -> dict[str, Any]:  # noqa: N802  # Spark's name
        return dict(self)


def run_of_job(url: str, token: str, folder: Path, **more: str) -> tuple[Recorder, Outcome]:
    """What the job tells a lake to do, and what it says itself."""
    lake = Recorder()
    given = {"url": url, "token": token, "folder": str(folder), "run": "r1", "numPartitions": "3", **more}
    return lake, load(OneProcess, given, lake)


def test_the_job_replaces_whole_projects_and_commits_the_tasks_last(fake: FakeLabelStudio, tmp_path: Path) -> None:
    """All tables, each once; of the projects that were there when it began."""
    with on_a_socket(fake) as url:
        lake, outcome = run_of_job(url, fake.token, tmp_path, project="all")
    names = [name for name, _, _ in lake.told]
    assert names[-1] == "tasks"
    assert lake.runs == {"r1"}
    assert sorted(names) == sorted(READABLE)
    assert {name: count for name, _, count in lake.told} == outcome.rows
    assert outcome.rows["tasks"] == len(fake.tasks)
    assert dict(lake.told[-1][1].values) == {"project_id": Runs.of([(min(fake.projects), max(fake.projects))])}


def test_the_job_replaces_ids_in_whatever_project(fake: FakeLabelStudio, tmp_path: Path) -> None:
    """Of the projects, only those that hold any of them."""
    with on_a_socket(fake) as url:
        lake, outcome = run_of_job(url, fake.token, tmp_path, ids="1001-1004,900000")
    replaced = {name: dict(each.values) for name, each, _ in lake.told}
    ids = Runs.of([(1001, 1004), (900000, 900000)])
    assert (replaced["tasks"], replaced["results"]) == ({"id": ids}, {"task_id": ids})
    holders = {fake.tasks[task_id]["project"] for task_id in range(1001, 1005)}
    assert replaced["projects"] == {"id": Runs.of((each, each) for each in holders)}
    assert outcome.rows["tasks"] == 4


def test_a_project_that_was_emptied_is_emptied(tmp_path: Path) -> None:
    """There is nothing to read, and all of it to replace."""
    with on_a_socket(fetching.label_studio()) as url:
        lake, outcome = run_of_job(url, fetching.TOKEN, tmp_path, project="2")
    assert lake.told[-1] == ("tasks", Replaced({"project_id": Runs.of([(2, 2)])}), 0)
    assert outcome.rows["tasks"] == 0


def test_a_job_that_fails_leaves_no_file(fake: FakeLabelStudio, tmp_path: Path) -> None:
    """But for those of a table that may have been committed."""

    class Broken(Recorder):
        def replace(self, table: LakeTable, *rest: Any) -> None:
            if table.name == "drafts":
                raise OSError("the disk is full")
            super().replace(table, *rest)

    given = {"token": fake.token, "folder": str(tmp_path), "run": "r1", "project": "all"}
    with on_a_socket(fake) as url, pytest.raises(OSError, match="the disk is full"):
        load(OneProcess, {**given, "url": url}, Broken())
    left = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.parquet")}
    assert left == {name for name in READABLE if name.startswith("result_")} | {"results", "drafts"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--project", "77"], 2, "the server knows no project 77, or the token may not see it"),
        (["--project", "x"], 2, "'x' is no project id: write a number, or all"),
        ([], 2, "nothing to fetch is named: give --ids or --project"),
        (["--project", "1", "--format", "orc"], 2, "'orc' is not one of 'delta', 'iceberg'"),
    ],
)
def test_what_is_wrong_shows_before_spark_starts(
    arguments: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In one line, with the exit code of the project's other commands."""
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", fetching.TOKEN)
    monkeypatch.setattr("pipelines.lake.lakes.lake_in", lambda *_: Recorder())
    with on_a_socket(fetching.label_studio([1])) as url:
        given = ["--url", url, "--output", str(tmp_path), "--quiet", *arguments]
        assert spark.main(given) == code
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("spark.py: ")
    assert said in line
    assert fetching.TOKEN not in line


def test_a_refused_token_shows_before_spark_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The token itself does not."""
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "f" * 40)
    monkeypatch.setattr("pipelines.lake.lakes.lake_in", lambda *_: Recorder())
    with on_a_socket(fetching.label_studio([1])) as url:
        assert spark.main(["--url", url, "--output", str(tmp_path), "--quiet", "--ids", "1-5"]) == 2
    said = capsys.readouterr().err
    assert "the server refuses the token" in said
    assert "f" * 40 not in said


def test_without_its_extras_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are large, and only Spark's users need them."""
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", fetching.TOKEN)
    monkeypatch.setitem(sys.modules, "deltalake", None)
    monkeypatch.delitem(sys.modules, "pipelines.lake.delta", raising=False)
    assert spark.main(["--url", "http://127.0.0.1:9", "--output", str(tmp_path), "--quiet", "--ids", "1-5"]) == 2
    assert capsys.readouterr().err.strip().endswith("install the project with its extra «lake»")


def test_the_readme_names_every_option() -> None:
    """And the options that it names exist."""
    text = (Path(__file__).parent.parent / "pipelines" / "spark_source" / "README.md").read_text(encoding="utf-8")
    named = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert [name for name in named if name in NAMES] == list(NAMES)
