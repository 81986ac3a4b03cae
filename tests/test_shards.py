"""Shares of the ids: disjoint, together everything, always the same; and several runs at once that load them."""

import multiprocessing
import signal
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from equality import Server, in_warehouse, on_server, unlike
from fetching import fetch
from fetching import label_studio as fake_label_studio
from hypothesis import given, settings
from hypothesis import strategies as st
from killing import run_in_child
from postgres_server import PostgresServer
from postgres_warehouse import PostgresWarehouse
from real_label_studio import RealLabelStudio
from test_cli import Shell

from pipelines.checks import run_checks
from pipelines.label_studio.exceptions import SelectionError
from pipelines.label_studio.pieces import MAX_ID, Interval, Runs
from pipelines.label_studio.selection import select
from pipelines.label_studio.shards import BLOCK, Shard

COUNTS = st.integers(1, 12)
IDS = st.integers(0, MAX_ID)


# which share an id belongs to


@given(COUNTS, IDS)
def test_every_id_belongs_to_one_shard(count: int, task_id: int) -> None:
    """Whatever ids there are, each has its place, without a look at the others."""
    assert sum(Shard(number, count).holds(task_id) for number in range(1, count + 1)) == 1


@given(COUNTS, st.lists(st.tuples(st.integers(0, 50_000), st.integers(0, 3_000)), max_size=8))
def test_shards_share_out_any_ids(count: int, ranges: list[tuple[int, int]]) -> None:
    """The shares of ids that were asked for are disjoint, and together they are these ids."""
    ids = Runs.of((first, first + more) for first, more in ranges)
    shares = [Shard(number, count).of(ids) for number in range(1, count + 1)]
    assert Runs.of(run for share in shares for run in share) == ids
    assert sum(share.size for share in shares) == ids.size
    for number, share in enumerate(shares, 1):
        assert all(Shard(number, count).holds(end) for run in share for end in run)


@given(COUNTS, st.integers(0, 10**9), st.integers(0, 10**6), st.integers(1, 10**6))
def test_pieces_hold_the_share_of_a_window(count: int, first: int, more: int, total: int) -> None:
    """They are disjoint, and hold every id of the share that is in the window; never more requests than all takes."""
    window = Interval(first, first + more)
    for number in (1, count):
        shard = Shard(number, count)
        pieces = shard.pieces(window, total, 100)
        assert all(one.last < other.first for one, other in pairwise(pieces))
        if pieces != [window]:
            assert all(shard.holds(piece.first) and shard.holds(piece.last) for piece in pieces)
            assert len(pieces) <= total // 100
        for task_id in (first, first + more // 2, first + more, (first // BLOCK + number - 1) * BLOCK):
            if task_id in window and shard.holds(task_id):
                assert any(task_id in piece for piece in pieces)


@settings(deadline=None)
@given(COUNTS, st.lists(IDS, min_size=1, max_size=20))
def test_sql_knows_the_share(count: int, ids: list[int]) -> None:
    """The condition on a column holds for the very ids that the shard holds."""
    import duckdb

    with duckdb.connect() as connection:
        for number in range(1, count + 1):
            shard = Shard(number, count)
            query = f"select id from (select unnest($ids::bigint[]) as id) where {shard.condition('id')}"
            found = {row[0] for row in connection.execute(query, {"ids": ids}).fetchall()}
            assert found == set(filter(shard.holds, ids))


@pytest.mark.parametrize("text", ["", "3", "0/4", "5/4", "1/0", "a/b", "1/2/3", "-1/4", "1/1001"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    """The error shows what was given, and an example."""
    with pytest.raises(SelectionError, match=r"is none: write 3/8 for the third of eight"):
        Shard.read(text)


def test_a_fetch_brings_its_share_alone() -> None:
    """By range, by project and by single ids, sparse or dense, the shards together bring each task once."""
    ids = [*range(1, 40), *range(990, 1020), *range(2500, 2510), 8000, 8001, 123_456]
    for selection in ({"project_ids": 1}, {"task_ids": "1-200000"}, {"task_ids": ids}, {"task_ids": ids[::9]}):
        found: list[int] = []
        for number in (1, 2, 3):
            tasks, _ = fetch(fake_label_studio(ids), select(**selection, shard=f"{number}/3"))
            assert all(Shard(number, 3).holds(task.id) for task in tasks)
            found += [task.id for task in tasks]
        due = ids[::9] if selection.get("task_ids") == ids[::9] else ids
        assert sorted(found) == sorted(due)


# runs


def test_a_file_takes_no_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what to do, with exit code 2."""
    shell = Shell(tmp_path, monkeypatch, capsys)
    code, _, err = shell.run("--project", "4", "--shard", "1/2", "--quiet")
    assert code == 2
    assert err == (
        "tasks.py: shard 1/2 can't be loaded into destination duckdb, which takes one run at a time: with --shard, give"
        " --destination postgres or ducklake\n"
    )
    assert shell.run("--project", "4", "--shard", "3/2", "--quiet")[0] == 2


TEXT = '<View><Text name="t" value="$t"/><Choices name="c" toName="t"><Choice value="a"/></Choices></View>'


@pytest.fixture
def project(label_studio: RealLabelStudio) -> Iterator[tuple[Server, int]]:
    """A project of enough tasks to lie in several blocks of ids, whatever id it begins with."""
    result = [{"id": "r", "from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": ["a"]}}]
    with Server(label_studio) as server:
        made = server.api("POST", "/api/projects/", {"title": "Shared out", "label_config": TEXT})
        tasks: list[dict[str, Any]] = [
            {"data": {"t": str(number)}, "annotations": [{"result": result, "lead_time": 1.0}]}
            for number in range(1000)
        ]
        for _ in range(4):
            server.api("POST", f"/api/projects/{made['id']}/import", tasks)
        yield server, int(made["id"])
        server.api("DELETE", f"/api/projects/{made['id']}/")


@pytest.mark.real
@pytest.mark.timeout(900)
def test_four_shards_at_once_load_everything(
    tmp_path: Path, postgres: PostgresServer, label_studio: RealLabelStudio, project: tuple[Server, int]
) -> None:
    """Four runs at once into one database, one of them killed and run again: the rows are those of the server."""
    server, project_id = project
    url = postgres.new_database()
    runs = Shards(tmp_path, label_studio, project_id, url)
    started = {number: runs.start(number) for number in (1, 2, 3, 4)}
    runs.wait_until_loading(3)
    started[3].kill()
    assert [runs.end(started[number]) for number in (1, 2, 3, 4)] == [0, 0, -signal.SIGKILL, 0], runs.said()
    with PostgresWarehouse(url, tmp_path) as warehouse:
        assert runs.end(runs.start(3)) == 0, runs.said()
        assert wrong(warehouse, server, project_id) == []
        loaded = warehouse.rows(
            "select shard, count(*), sum(tasks_fetched) from load_runs where exit_code = 0 group by 1"
        )
        assert [(shard, count) for shard, count, _ in sorted(loaded)] == [(f"{number}/4", 1) for number in (1, 2, 3, 4)]
        assert sum(fetched for *_, fetched in loaded) == 4000
        # one task is deleted, one changed: whose they are finds it
        ids = sorted(key[0] for key in in_warehouse(warehouse)["tasks"])
        server.api("DELETE", f"/api/tasks/{ids[5]}/")
        server.api("PATCH", f"/api/tasks/{ids[-5]}/", {"data": {"t": "changed"}})
        again = [runs.start(number, "--reconcile") for number in (1, 2, 3, 4)]
        assert [runs.end(run) for run in again] == [0, 0, 0, 0], runs.said()
        assert wrong(warehouse, server, project_id) == []
        assert warehouse.rows("select task_id from deleted_tasks") == [(ids[5],)]
        assert warehouse.rows("select * from run_lease") == []


def wrong(warehouse: PostgresWarehouse, server: Server, project_id: int) -> list[str]:
    """All that is not as the server has it."""
    found = unlike(in_warehouse(warehouse), on_server(server, [project_id]))
    with warehouse.pipeline.destination_client().sql_client as client:  # type: ignore[attr-defined]  # it has one
        return found + [f"check {check}" for check in run_checks(client) if check.found and check.severity == "error"]


class Shards:
    """Starts runs of shards, each with a working folder of its own, as on machines of their own."""

    def __init__(self, folder: Path, server: RealLabelStudio, project_id: int, url: str) -> None:
        self._folder = folder
        self._arguments = ["--destination", "postgres", "--project", str(project_id)]
        self._environment = {
            "LABEL_STUDIO_URL": server.url,
            "LABEL_STUDIO_API_KEY": server.legacy_token,
            "DESTINATION__POSTGRES__CREDENTIALS": url,
        }
        self._context = multiprocessing.get_context("spawn")

    def start(self, number: int, *more: str) -> Any:
        """A run of a shard that begins now."""
        log = self._folder / f"{number}.log"
        environment = self._environment | {"DLT_DATA_DIR": str(self._folder / f"machine {number}")}
        arguments = [*self._arguments, "--shard", f"{number}/4", *more]
        process = self._context.Process(target=run_in_child, args=(log, environment, arguments), daemon=True)
        process.start()
        return process

    def wait_until_loading(self, number: int) -> None:
        """Waits until a run has begun to fetch."""
        log = self._folder / f"{number}.log"
        end = time.monotonic() + 120
        while not log.exists() or " tasks to fetch" not in log.read_text(encoding="utf-8"):
            assert time.monotonic() < end
            time.sleep(0.02)

    def end(self, process: Any) -> int:
        """The exit code of a run; the signal with a minus where it was killed."""
        process.join(300)
        assert process.exitcode is not None
        return int(process.exitcode)

    def said(self) -> str:
        """What all of them said."""
        return "\n".join(path.read_text(encoding="utf-8") for path in sorted(self._folder.glob("*.log")))
