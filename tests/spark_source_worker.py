"""The data source and the job in a Spark whose executors are processes of their own, in an environment of its own.

Takes what to do as JSON on stdin; prints a line of JSON: what came of it. Tables are left in the folder, as Parquet.
"""

import io
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake.job import Outcome, load
from pipelines.spark_source.options import READABLE

#: What Spark calls an executor, on the command line of its process.
EXECUTOR = "CoarseGrainedExecutorBackend"

#: The tables that are read as frames: of each kind one, and that with all types of columns.
FRAMES = ("tasks", "drafts", "results", "users", "projects", "project_labels")

Given = dict[str, str]


def session(executors: int) -> Any:
    """A Spark with so many executors, each a process with one core."""
    import pyspark

    home = str(Path(pyspark.__file__).parent)
    # a build of Spark would be looked for, to guess the version of Scala
    os.environ |= {"SPARK_HOME": home, "SPARK_SCALA_VERSION": "2.13", "PYSPARK_PYTHON": sys.executable}
    from pyspark.sql import SparkSession

    from pipelines.spark_source.source import LabelStudioFiles, LabelStudioSource

    spark = (
        SparkSession.builder.master(f"local-cluster[{executors},1,1024]")
        .appName("tests")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.executor.memory", "512m")
        .config("spark.log.level", "FATAL")
        .getOrCreate()
    )
    spark.dataSource.register(LabelStudioSource)
    spark.dataSource.register(LabelStudioFiles)
    return spark


def save(folder: Path, tables: Iterator[tuple[str, pa.Table]]) -> None:
    """Leaves tables where the tests read them."""
    folder.mkdir(parents=True)
    for name, rows in tables:
        pq.write_table(rows, folder / f"{name}.parquet")


def read(spark: Any, given: Given) -> Iterator[tuple[str, pa.Table]]:
    """Some tables, as the data source gives them: each takes a fetch of its own."""
    for name in FRAMES:
        yield name, spark.read.format("label_studio").options(**given, table=name).load().toArrow()


def delta_tables(folder: str) -> Iterator[tuple[str, pa.Table]]:
    """What a lake of Delta tables holds, as its own library reads it."""
    from deltalake import DeltaTable

    for name in READABLE:
        yield name, DeltaTable(f"{folder}/{name}").to_pyarrow_table()


def iceberg_tables(folder: str) -> Iterator[tuple[str, pa.Table]]:
    """What a lake of Iceberg tables holds, as its own library reads it."""
    from pyiceberg.catalog.sql import SqlCatalog

    catalog = SqlCatalog("label_studio", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}")
    for name in READABLE:
        yield name, catalog.load_table(("label_studio", name)).scan().to_arrow()


def delta_runs(folder: str) -> dict[str, Any]:
    """The run that the newest commit of each Delta table names."""
    from deltalake import DeltaTable

    return {name: DeltaTable(f"{folder}/{name}").history(1)[0].get("label_studio_run") for name in READABLE}


def named_parts(folder: str) -> list[str]:
    """The files of executors that Delta tables consist of."""
    from deltalake import DeltaTable

    uris = [uri for name in READABLE for uri in DeltaTable(f"{folder}/{name}").file_uris()]
    return sorted(name for uri in uris if (name := uri.rpartition("/")[2]).startswith("part-"))


def loaded(spark: Any, given: Given, folder: str, kind: str, run: str) -> Outcome:
    """A run of the job."""
    from pipelines.lake.delta import DeltaLake
    from pipelines.lake.iceberg import IcebergLake

    lake = DeltaLake(folder) if kind == "delta" else IcebergLake(folder)
    return load(lambda: spark, {**given, "folder": folder, "format": kind, "run": run}, lake)


def descendants(parent: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found: set[int] = {parent}
    while more := {pid for pid, above in parents.items() if above in found} - found:
        found |= more
    return sorted(found - {parent})


def executors_of(parent: int) -> list[int]:
    """The executors among the descendants of a process."""
    return [pid for pid in descendants(parent) if EXECUTOR in _command(pid)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


class Killer(threading.Thread):
    """Kills an executor once a second file is there; knows whom, when, and how many files there were."""

    def __init__(self, folder: str) -> None:
        super().__init__(daemon=True)
        self._folder = Path(folder)
        self.told: dict[str, Any] = {}

    def run(self) -> None:
        while len(files := list(self._folder.rglob("part-*.parquet"))) < 2:
            time.sleep(0.1)
        time.sleep(1)
        executors = executors_of(os.getpid())
        os.kill(executors[0], signal.SIGKILL)
        self.told = {"executors": executors, "files": len(files), "at": time.monotonic()}


def killed(spark: Any, given: Given, folder: str, slow: Mapping[str, str]) -> dict[str, Any]:
    """A run of the job with few requests a second, in whose middle an executor is killed."""
    killer = Killer(folder)
    killer.start()
    outcome = loaded(spark, {**given, **slow}, folder, "delta", "killed")
    seconds = time.monotonic() - killer.told["at"]
    return {
        **killer.told,
        "seconds after": seconds,
        "tasks": outcome.rows["tasks"],
        "partitions": outcome.partitions,
        "files named": named_parts(folder),
        "files left": sorted(path.name for path in Path(folder).rglob("part-*.parquet")),
        "executors after": executors_of(os.getpid()),
    }


def explained(spark: Any, given: Given) -> str:
    """All that a plan tells of itself, before and after it has run."""
    frame = spark.read.format("label_studio").options(**given, table="tasks").load()
    said = io.StringIO()
    with redirect_stdout(said):
        frame.explain(mode="extended")
        frame.filter("id > 0").explain(mode="formatted")
    return said.getvalue() + str(frame._jdf.queryExecution().toString())


def failure(spark: Any, given: Given) -> str:
    """What Spark says of a read that fails."""
    try:
        spark.read.format("label_studio").options(**given).load().collect()
    except Exception as error:  # noqa: BLE001  # whatever it is, it is told
        return str(error)
    return ""


def answers(asked: dict[str, Any]) -> dict[str, Any]:
    """All that the tests want to know."""
    folder, given = Path(asked["folder"]), asked["given"]
    spark = session(2)
    told: dict[str, Any] = {"executors": executors_of(os.getpid())}
    delta, iceberg = str(folder / "delta lake"), str(folder / "iceberg lake")
    told["killed"] = killed(spark, given, delta, asked["slow"])
    save(folder / "killed", delta_tables(delta))
    told["again"] = loaded(spark, given, delta, "delta", "again").rows
    save(folder / "again", delta_tables(delta))
    told["runs"] = delta_runs(delta)
    for run in ("first", "second"):
        told[f"iceberg {run}"] = loaded(spark, given, iceberg, "iceberg", run).rows
    save(folder / "iceberg", iceberg_tables(iceberg))
    part = {**given, "ids": asked["ids"]}
    told["part"] = loaded(spark, part, delta, "delta", "part").rows
    save(folder / "part", delta_tables(delta))
    loaded(spark, part, iceberg, "iceberg", "part")
    save(folder / "iceberg part", iceberg_tables(iceberg))
    save(folder / "source", read(spark, given))
    told["explain"] = explained(spark, given)
    told["failures"] = {name: failure(spark, {**given, **more}) for name, more in asked["failing"].items()}
    spark.stop()
    return told


if __name__ == "__main__":
    print(json.dumps(answers(json.load(sys.stdin))))
