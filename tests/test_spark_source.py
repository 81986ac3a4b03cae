"""What the data source for Spark does without Spark: its options, how it cuts ids, what a partition reads, writes."""

import asyncio
import itertools
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import fetching
import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loading import Warehouse
from scheduling import on_a_socket

from pipelines.demo import FakeLabelStudio, load_sample
from pipelines.label_studio.exceptions import ConfigurationError, RequestFailed, SelectionError
from pipelines.label_studio.flatten import TASK_TABLES, arrow_schema
from pipelines.label_studio.pieces import IdList, Interval, Runs
from pipelines.label_studio.report import Report
from pipelines.label_studio.survey import Work
from pipelines.label_studio.tables import TABLES
from pipelines.lake.replaced import Fate, Replaced
from pipelines.spark_source.cutting import SLACK, Share, cut, packed
from pipelines.spark_source.files import ROWS, Place, remove_parts, task_column, write
from pipelines.spark_source.options import NAMES, Options, parse, parse_files
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


def test_the_readme_names_every_option() -> None:
    """And the options that it names exist."""
    text = (Path(__file__).parent.parent / "pipelines" / "spark_source" / "README.md").read_text(encoding="utf-8")
    named = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert [name for name in named if name in NAMES] == list(NAMES)
