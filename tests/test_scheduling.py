"""The README's schedules work as they are written there."""

import json
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

import pytest
import yaml
from cronsim import CronSim
from postgres_warehouse import PostgresWarehouse
from scheduling import PLACE, another_run, block, installing, lay_out, on_a_socket, python, rows, run, tool

from pipelines.demo import FakeLabelStudio
from pipelines.settings import ROOT

TESTS = Path(__file__).parent
#: A project of the sample, and how many tasks it has.
PROJECT, TASKS = "[4]", 30


@pytest.fixture
def settings(fake: FakeLabelStudio, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the README's table of variables sets, for the fake server."""
    (tmp_path / "data").mkdir()
    with on_a_socket(fake) as url:
        yield {
            "LABEL_STUDIO_URL": url,
            "LABEL_STUDIO_API_KEY": fake.token,
            "SOURCES__LABEL_STUDIO__PROJECT_IDS": PROJECT,
            "WAREHOUSE__DUCKDB_PATH": str(tmp_path / "data" / "warehouse.duckdb"),
            "DLT_DATA_DIR": str(tmp_path / "data" / "dlt"),
        }


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the README takes the project to be: this one, with the environment that the tests run in."""
    place = tmp_path / "label-studio-warehouse"
    lay_out(place)
    return place


def test_the_cron_lines_load_and_watch(settings: dict[str, str], place: Path) -> None:
    """The first line loads and prints nothing; the second prints something only where the warehouse is stale."""
    for line, most in zip(block("crontab").splitlines(), (timedelta(minutes=10), timedelta(hours=1)), strict=True):
        fields, command = " ".join(line.split(" ", 5)[:5]), line.split(" ", 5)[5]
        times = list(islice(CronSim(fields, datetime.now(UTC)), 200))
        assert {later - earlier for earlier, later in pairwise(times)} == {most}
        assert "%" not in command  # cron would end the line there
        assert command.startswith(f"cd {PLACE} && ")
        result = run("/bin/sh", "-c", command.replace(PLACE, str(place)), env=settings)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        assert rows(settings) == [TASKS]
    stale = run("/bin/sh", "-c", command.replace(PLACE, str(place)).replace("2h", "1ms"), env=settings)
    assert "30" in stale.stdout
    assert stale.stderr == ""


def test_systemd_takes_the_units(place: Path, tmp_path: Path) -> None:
    """systemd finds nothing to say about the service and the timer."""
    paths = [tmp_path / f"label-studio-warehouse.{kind}" for kind in ("service", "timer")]
    for path in paths:
        text = block(f"systemd {path.suffix[1:]}")
        assert text.startswith(f"# /etc/systemd/system/{path.name}\n")
        path.write_text(text.replace(PLACE, str(place)), encoding="utf-8")
    result = run(tool("systemd-analyze"), "verify", "--man=no", *map(str, paths), env={})
    assert (result.returncode, result.stderr) == (0, "")


def test_the_systemd_service_loads_and_counts_a_second_run_as_success(settings: dict[str, str], place: Path) -> None:
    """The service's command loads with its settings; beside another run it exits with a code that counts as success."""
    unit = block("systemd service")
    state = str(Path(settings["WAREHOUSE__DUCKDB_PATH"]).parent)
    given = dict(
        re.findall(r"^Environment=(\w+)=(.+)$", unit.replace("/var/lib/label-studio-warehouse", state), re.MULTILINE)
    )
    assert given == {name: settings[name] for name in ("WAREHOUSE__DUCKDB_PATH", "DLT_DATA_DIR")}
    [command] = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
    [successes] = re.findall(r"^SuccessExitStatus=(.+)$", unit, re.MULTILINE)
    start = shlex.split(command.replace(PLACE, str(place)))
    assert run(*start, env=settings | given, cwd=place).returncode == 0
    assert rows(settings) == [TASKS]
    with another_run(settings):
        assert str(run(*start, env=settings | given, cwd=place).returncode) in successes.split()


def test_the_github_workflow_is_valid(tmp_path: Path) -> None:
    """The workflow follows GitHub's schema, and its schedule runs once an hour."""
    path = tmp_path / "workflow.yml"
    path.write_text(block("github actions"), encoding="utf-8")
    result = run(tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", str(path), env={})
    assert result.returncode == 0, result.stdout + result.stderr
    # YAML 1.1 reads the key `on` as true
    [schedule] = yaml.safe_load(path.read_text(encoding="utf-8"))[True]["schedule"]
    first, second = islice(CronSim(schedule["cron"], datetime.now(UTC)), 2)
    assert second - first == timedelta(hours=1)


def test_the_github_workflow_goes_on_with_the_file_of_the_last_run(settings: dict[str, str], tmp_path: Path) -> None:
    """On two fresh runners, with nothing carried over but the folder that is cached, both runs load into one file."""
    steps = yaml.safe_load(block("github actions"))["jobs"]["load"]["steps"]
    [load] = [step for step in steps if "run" in step]
    [cached] = {step["with"]["path"] for step in steps if "actions/cache/" in step.get("uses", "")}
    work, cache = tmp_path / "work", tmp_path / "cache"
    values = {
        "vars.LABEL_STUDIO_URL": settings["LABEL_STUDIO_URL"],
        "secrets.LABEL_STUDIO_API_KEY": settings["LABEL_STUDIO_API_KEY"],
        "github.workspace": str(work),
    }
    given = {
        name: re.sub(r"\$\{\{ (.+?) \}\}", lambda found: values[found[1]], value) for name, value in load["env"].items()
    }
    assert given["SOURCES__LABEL_STUDIO__PROJECT_IDS"] == "[3, 7]"
    given |= {"SOURCES__LABEL_STUDIO__PROJECT_IDS": PROJECT}
    # the tests' own environment, as it is
    own = {"UV_NO_SYNC": "1", "UV_PROJECT_ENVIRONMENT": sys.prefix, "PATH": f"{Path(tool('uv')).parent}:/usr/bin:/bin"}
    loads: list[set[str]] = []
    for _ in range(2):
        lay_out(work)
        if cache.exists():
            shutil.copytree(cache, work / cached)
        result = run("bash", "-e", "-c", load["run"], env=given | own, cwd=work)
        assert result.returncode == 0, result.stderr
        assert rows(given) == [TASKS]
        loads.append(set(rows(given, "select load_id from label_studio._dlt_loads")))
        shutil.rmtree(cache, ignore_errors=True)
        shutil.move(work / cached, cache)
        shutil.rmtree(work)
    assert loads[0]
    assert loads[0] <= loads[1]


@pytest.mark.parametrize("version", ["1.32", "1.37"])
def test_kubernetes_takes_the_cron_job(tmp_path: Path, version: str) -> None:
    """The Secret, the claim and the CronJob follow the schemas of Kubernetes, with no field that it doesn't know."""
    path = tmp_path / "cronjob.yaml"
    path.write_text(block("kubernetes"), encoding="utf-8")
    result = run(tool("kubernetes-validate"), "--strict", "-k", version, str(path), env={})
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count(" passed for resource ") == 3


def test_the_cron_job_never_overlaps_and_has_time_to_end() -> None:
    """The CronJob forbids a second run, ends one after an hour, and waits longer than SIGTERM takes."""
    *_, cron_job = yaml.safe_load_all(block("kubernetes"))
    first, second = islice(CronSim(cron_job["spec"]["schedule"], datetime.now(UTC)), 2)
    assert second - first == timedelta(minutes=10)
    assert cron_job["spec"]["concurrencyPolicy"] == "Forbid"
    job = cron_job["spec"]["jobTemplate"]["spec"]
    assert job["activeDeadlineSeconds"] == 3600
    assert job["template"]["spec"]["terminationGracePeriodSeconds"] >= 20


def test_the_container_holds_what_a_run_needs(settings: dict[str, str], tmp_path: Path) -> None:
    """What the Dockerfile copies and installs is enough for a run with the CronJob's arguments and environment."""
    dockerfile = block("dockerfile")
    app = tmp_path / "app"
    app.mkdir()
    for line in re.findall(r"^COPY (.+)$", dockerfile, re.MULTILINE):
        *sources, target = line.split()
        (app / target).mkdir(exist_ok=True)
        for source in (ROOT / name for name in sources):
            if source.is_dir():
                shutil.copytree(source, app / target, dirs_exist_ok=True)
            else:
                shutil.copy(source, app / target)
    assert re.search(r"^RUN pip install -q uv && uv sync$", dockerfile, re.MULTILINE)
    variables = dict(pair.split("=") for pair in re.findall(r"^ENV (.+)$", dockerfile, re.MULTILINE)[0].split())
    # compiling takes longer than all else
    quick = installing() | variables | {"UV_COMPILE_BYTECODE": "0"}
    installed = run(tool("uv"), "sync", "-q", env=quick, cwd=app)
    assert installed.returncode == 0, installed.stderr
    for path in ROOT.glob("sql/**/*.sql"):
        assert (app / path.relative_to(ROOT)).exists()

    *_, cron_job = yaml.safe_load_all(block("kubernetes"))
    [container] = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert {variable["name"] for variable in container["env"]} == settings.keys()
    [entrypoint] = re.findall(r"^ENTRYPOINT (.+)$", dockerfile, re.MULTILINE)
    result = run(*json.loads(entrypoint), *container["args"], env=settings, cwd=app)
    assert result.returncode == 0, result.stderr
    assert rows(settings) == [TASKS]


DAGSTER = """
import os, signal, sys, time
import definitions
def execute():
    result = definitions.defs.resolve_job_def("load_label_studio").execute_in_process(raise_on_error=False)
    print("result:", result.success, len(result.asset_materializations_for_node("label_studio")))
execute()
os.kill(int(sys.argv[1]), signal.SIGKILL)
time.sleep(1)
execute()
os.environ["LABEL_STUDIO_API_KEY"] = "0" * 40
execute()
"""


def test_the_dagster_job_skips_loads_and_fails(settings: dict[str, str], tmp_path: Path) -> None:
    """Beside another run the job materializes nothing and succeeds; then it loads; with a wrong token it fails."""
    (tmp_path / "definitions.py").write_text(block("dagster"), encoding="utf-8")
    requirements = str(TESTS / "dagster_requirements.txt")
    with another_run(settings) as process:
        packages = ["--no-dev", "--with-requirements", requirements]
        results = python(DAGSTER, str(process), packages=packages, env=settings | {"PYTHONPATH": str(tmp_path)})
    assert results == ["True 0", "True 1", "False 0"]
    assert rows(settings) == [TASKS]


SHARDS = """
import definitions
from dagster import DagsterInstance
job = definitions.defs.resolve_job_def("load_label_studio")
keys = definitions.SHARDS.get_partition_keys()
for key in (keys[1], keys[-1]):
    result = job.execute_in_process(partition_key=key, raise_on_error=False)
    print("result:", key, result.success)
"""


def test_the_dagster_partitions_are_shards(
    settings: dict[str, str], tmp_path: Path, postgres_warehouse: PostgresWarehouse
) -> None:
    """Each partition loads its share: of the sample, whose ids are in one block, the share of that block has all."""
    (tmp_path / "definitions.py").write_text(block("dagster shards"), encoding="utf-8")
    given = settings | {"DESTINATION__POSTGRES__CREDENTIALS": postgres_warehouse.url, "PYTHONPATH": str(tmp_path)}
    packages = ["--no-dev", "--extra", "postgres", "--with-requirements", str(TESTS / "dagster_requirements.txt")]
    assert python(SHARDS, packages=packages, env=given) == ["2_of_8 True", "8_of_8 True"]
    loaded = dict(postgres_warehouse.rows("select shard, tasks_fetched from load_runs"))
    assert loaded.keys() == {"2/8", "8/8"}
    assert sum(loaded.values()) == postgres_warehouse.rows("select count(*) from tasks")[0][0] == TASKS


AIRFLOW = """
import os, signal, sys, time
from airflow.utils.db import initdb
initdb()
from label_studio import dag
def execute():
    run = dag.test()
    print("result:", run.state, *(instance.state for instance in run.get_task_instances()))
execute()
os.kill(int(sys.argv[1]), signal.SIGKILL)
time.sleep(1)
execute()
"""


def airflow(settings: dict[str, str], dags: Path) -> dict[str, str]:
    """The environment of an Airflow of its own, which knows the server's address and token by a connection."""
    connection = {
        "host": settings["LABEL_STUDIO_URL"],
        "password": settings["LABEL_STUDIO_API_KEY"],
        "conn_type": "http",
    }
    return {name: value for name, value in settings.items() if not name.startswith("LABEL_STUDIO_")} | {
        "AIRFLOW_HOME": str(dags.parent),
        "AIRFLOW_CONN_LABEL_STUDIO": json.dumps(connection),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(dags),
    }


def test_the_airflow_dag_skips_and_loads(settings: dict[str, str], place: Path, tmp_path: Path) -> None:
    """Beside another run the task is skipped; then it loads, with the connection's address and token."""
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "label_studio.py").write_text(block("airflow").replace(PLACE, str(place)), encoding="utf-8")
    given = airflow(settings, dags)
    requirements = str(TESTS / "airflow_requirements.txt")
    with another_run(settings) as process:
        packages = ["--no-project", "--with-requirements", requirements]
        results = python(AIRFLOW, str(process), packages=packages, env=given)
    assert results == ["success skipped", "success success"]
    assert rows(settings) == [TASKS]


AIRFLOW_SHARDS = """
from airflow.utils.db import initdb
initdb()
from label_studio_shards import dag
run = dag.test()
print("result:", run.state, *sorted(str(instance.state) for instance in run.get_task_instances()))
"""


def test_the_airflow_dag_maps_over_shards(
    settings: dict[str, str], place: Path, tmp_path: Path, postgres_warehouse: PostgresWarehouse
) -> None:
    """Four mapped tasks load four shards, with the addresses of two connections."""
    dags = tmp_path / "dags"
    dags.mkdir()
    text = block("airflow shards").replace(PLACE, str(place))
    (dags / "label_studio_shards.py").write_text(text, encoding="utf-8")
    given = airflow(settings, dags) | {"AIRFLOW_CONN_WAREHOUSE": postgres_warehouse.url}
    packages = ["--no-project", "--with-requirements", str(TESTS / "airflow_requirements.txt")]
    results = python(AIRFLOW_SHARDS, packages=packages, env=given)
    assert results == ["success success success success success"]
    loaded = dict(postgres_warehouse.rows("select shard, tasks_fetched from load_runs"))
    assert loaded == {"1/4": 0, "2/4": TASKS, "3/4": 0, "4/4": 0}
