"""Label Studio in Spark: what executors read of the real server, and what a lake holds then, is the warehouse's.

PySpark runs with two executors in processes of their own, one of which is killed in the middle; pysail runs no Java.
"""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import fetching
import httpx
import pyarrow.parquet as pq
import pytest
from equality import in_warehouse, keyed, unlike
from loading import Warehouse
from real_label_studio import RealLabelStudio
from scheduling import on_a_socket, run, tool
from seeding import Seed
from spark_programs import environment, start, worked
from spark_source_worker import FRAMES

from pipelines.demo import load_sample
from pipelines.label_studio.flatten import arrow_schema
from pipelines.label_studio.tables import TABLES
from pipelines.settings import ROOT
from pipelines.spark_source.options import READABLE

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

TESTS = Path(__file__).parent

#: What goes wrong, and what is said of it.
FAILING = {
    "table": ({"table": "result"}, "the option table is 'result': it takes tasks, task_meta"),
    "option": ({"table": "tasks", "projects": "3"}, "unknown option projects: there are url, token"),
    "url": ({"table": "tasks", "url": ""}, "the option url is not set"),
    "token": ({"table": "tasks", "token": "f" * 40, "attempts": "1"}, "refuses the token"),
    "project": ({"table": "tasks", "project": "987654"}, "the server knows no project 987654"),
}

#: Of all partitions together, so that there is a middle of the run.
SLOW = {"requestsPerSecond": "4", "partitionsAtOnce": "2", "pageSize": "20", "numPartitions": "12"}


@pytest.fixture(scope="module")
def spark() -> list[str]:
    """Begins a command with PySpark."""
    tool("java")
    return start("spark_source_requirements.txt")


@pytest.fixture(scope="module")
def sail() -> list[str]:
    """Begins a command with pysail."""
    return start("sail_source_requirements.txt")


@pytest.fixture(scope="module")
def due(label_studio: RealLabelStudio, seeded: Seed, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the warehouse holds after a load of everything by the project's own source."""
    with Warehouse(tmp_path_factory.mktemp("due") / "warehouse.duckdb") as warehouse:
        warehouse.load(label_studio.url, label_studio.personal_token, project_ids=list(seeded.project_ids.values()))
        return in_warehouse(warehouse)


def given(label_studio: RealLabelStudio, seeded: Seed) -> dict[str, str]:
    """The options of the data source for all that is seeded."""
    projects = ",".join(map(str, seeded.project_ids.values()))
    return {
        "url": label_studio.url,
        "token": label_studio.personal_token,
        "project": projects,
        "numPartitions": "3",
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the workers leave what they read."""
    return tmp_path_factory.mktemp("spark")


@pytest.fixture(scope="module")
def told(spark: list[str], folder: Path, label_studio: RealLabelStudio, seeded: Seed) -> dict[str, Any]:
    """What PySpark answers."""
    failing = {name: more for name, (more, _) in FAILING.items()}
    # from the middle of one project into the middle of another
    ids = f"{seeded.task_ids[len(seeded.task_ids) // 3]}-{seeded.task_ids[-20]}"
    asked = {"folder": str(folder), "given": given(label_studio, seeded), "slow": SLOW, "failing": failing, "ids": ids}
    return worked(spark, "spark_source_worker.py", asked)


@pytest.fixture(scope="module")
def told_by_sail(sail: list[str], folder: Path, label_studio: RealLabelStudio, seeded: Seed) -> dict[str, Any]:
    """What pysail answers."""
    failing = {name: more for name, (more, _) in FAILING.items()}
    asked = {"folder": str(folder), "given": given(label_studio, seeded), "failing": failing}
    return worked(sail, "sail_source_worker.py", asked)


def differences(folder: Path, due: Any, names: tuple[str, ...] = READABLE) -> list[str]:
    """Where the tables that a worker left in a folder are not those of the warehouse, row by row."""
    found = {name: keyed(name, pq.read_table(folder / f"{name}.parquet").to_pylist()) for name in names}
    return unlike(found, {name: due[name] for name in names})


def test_the_frames_are_the_warehouse(told: dict[str, Any], folder: Path, due: Any) -> None:
    """Read by two executors: each row once, and equal."""
    assert len(told["executors"]) == 2
    assert differences(folder / "source", due, FRAMES) == []


def test_the_columns_are_those_of_the_tables(told: dict[str, Any], folder: Path) -> None:
    """Names, types and order."""
    assert told
    for name in FRAMES:
        found = pq.read_schema(folder / "source" / f"{name}.parquet")
        wanted = arrow_schema(TABLES[name])
        assert [(field.name, field.type) for field in found] == [(field.name, field.type) for field in wanted]


def test_an_executor_that_is_killed_loses_and_doubles_nothing(told: dict[str, Any], folder: Path, due: Any) -> None:
    """Its partitions are read again by others; what its tries had written is not in the tables, nor in the folder."""
    killed = told["killed"]
    assert len(killed["executors"]) == 2
    assert killed["executors"][0] not in killed["executors after"]
    assert killed["seconds after"] > 1
    assert killed["files"] > 0
    assert differences(folder / "killed", due) == []
    assert killed["tasks"] == len(due["tasks"])


def test_a_second_run_leaves_the_same_rows(told: dict[str, Any], folder: Path, due: Any) -> None:
    """It replaces what the first one wrote, in every table."""
    assert differences(folder / "again", due) == []
    assert told["again"] == {name: len(rows) for name, rows in due.items()}


def test_parts_of_files_are_replaced(told: dict[str, Any], folder: Path, due: Any) -> None:
    """A run over a range of ids leaves the other rows of their files as they are."""
    assert 0 < told["part"]["tasks"] < len(due["tasks"])
    assert differences(folder / "part", due) == []
    assert differences(folder / "iceberg part", due) == []


def test_all_tables_name_the_run(told: dict[str, Any]) -> None:
    """So that a reader can tell whether they are of one run."""
    assert told["runs"] == dict.fromkeys(READABLE, "again")


def test_iceberg_tables_are_the_warehouse(told: dict[str, Any], folder: Path, due: Any) -> None:
    """After a second run, too."""
    assert told["iceberg second"] == told["iceberg first"]
    assert differences(folder / "iceberg", due) == []


def test_the_plan_shows_no_token(told: dict[str, Any], label_studio: RealLabelStudio) -> None:
    """Neither before it has run nor after."""
    assert "label_studio" in told["explain"].lower()
    assert label_studio.personal_token not in told["explain"]


@pytest.mark.parametrize("name", FAILING)
def test_what_goes_wrong_is_said(name: str, told: dict[str, Any], label_studio: RealLabelStudio) -> None:
    """Our line stands in what Spark says, and no token."""
    assert FAILING[name][1] in told["failures"][name]
    assert label_studio.personal_token not in told["failures"][name]


@pytest.mark.parametrize("kind", ["source", "delta"])
def test_pysail_reads_and_writes_the_same(kind: str, told_by_sail: dict[str, Any], folder: Path, due: Any) -> None:
    """Without Java: the frames, and the job's Delta tables."""
    assert told_by_sail
    assert differences(folder / f"sail {kind}", due, FRAMES if kind == "source" else READABLE) == []


@pytest.mark.parametrize("name", FAILING)
def test_pysail_says_what_goes_wrong(name: str, told_by_sail: dict[str, Any]) -> None:
    """In its own words around our line."""
    assert FAILING[name][1] in told_by_sail["failures"][name]


def submitted(spark: list[str], *arguments: str, token: str, **more: str) -> subprocess.CompletedProcess[str]:
    """What spark-submit makes of the command."""
    command = [*spark, "spark-submit", "--master", "local[2]", "--conf", "spark.ui.enabled=false"]
    env = environment() | {"LABEL_STUDIO_API_KEY": token, "SECRETS_TOML": "", **more}
    return run(*command, str(ROOT / "pipelines" / "spark.py"), *arguments, env=env, cwd=ROOT, seconds=300)


def test_the_command_says_in_a_line_what_it_did(spark: list[str], tmp_path: Path) -> None:
    """And exits with 0; the token is nowhere."""
    fake = load_sample()
    with on_a_socket(fake) as url:
        done = submitted(spark, "--url", url, "--project", "1", "--output", str(tmp_path / "lake"), token=fake.token)
    assert done.returncode == 0, done.stderr[-3000:]
    tasks = sum(task["project"] == 1 for task in fake.tasks.values())
    assert done.stdout.splitlines()[-1].startswith(f"{tasks} tasks, ")
    assert fake.token not in done.stdout + done.stderr
    assert {path.name for path in (tmp_path / "lake").iterdir()} == set(READABLE)


def test_the_command_says_in_a_line_what_executors_could_not_do(spark: list[str], tmp_path: Path) -> None:
    """With the exit code of the project's other commands, no traceback, and no table."""
    fake = fetching.label_studio(range(1, 6))

    async def broken(request: httpx.Request) -> httpx.Response:
        whole = request.url.path == "/api/tasks" and request.url.params.get("include") != "id"
        return httpx.Response(400, json={}) if whole or request.url.path == "/api/tasks/3" else await fake(request)

    with on_a_socket(broken) as url:  # type: ignore[arg-type]  # as good as a fake server
        given = ["--url", url, "--output", str(tmp_path / "lake"), "--quiet", "--project", "1"]
        done = submitted(spark, *given, token=fetching.TOKEN, SOURCES__LABEL_STUDIO__FETCH_PAGE_SIZE="1")
    assert done.returncode == 1, done.stderr[-3000:]
    # spark-submit makes one of Python's two streams
    [line] = [line for line in done.stdout.splitlines() if line.startswith("spark.py: ")]
    assert line.startswith("spark.py: not all can be had: task 3: ")
    assert "Traceback" not in done.stdout + done.stderr
    assert fetching.TOKEN not in done.stdout + done.stderr
    assert not list(tmp_path.rglob("*.parquet"))
    assert not list(tmp_path.rglob("_delta_log"))


def test_a_run_that_is_killed_leaves_nothing_visible(spark: list[str], tmp_path: Path) -> None:
    """The driver dies before the commits: there are files, and no table; the next run makes all good."""
    fake = load_sample()
    lake = tmp_path / "lake"
    with on_a_socket(fake) as url:
        given = ["--url", url, "--project", "1", "--output", str(lake), "--partitions", "8"]
        slow = {"SOURCES__LABEL_STUDIO__FETCH_REQUESTS_PER_SECOND": "2", "LABEL_STUDIO_API_KEY": fake.token}
        command = [*spark, "spark-submit", "--master", "local[2]", str(ROOT / "pipelines" / "spark.py"), *given]
        env = environment() | {"SECRETS_TOML": ""} | slow
        with subprocess.Popen(command, env=env, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True) as process:
            deadline = time.monotonic() + 300
            while not list(lake.rglob("part-*.parquet")) and time.monotonic() < deadline:
                time.sleep(0.1)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        left = list(lake.rglob("part-*.parquet"))
        assert left
        assert not list(lake.rglob("_delta_log"))
        done = submitted(spark, *given, token=fake.token)
    assert done.returncode == 0, done.stderr[-3000:]
    logs = "".join(path.read_text() for path in lake.rglob("_delta_log/*.json"))
    assert not [path for path in left if path.name in logs]
