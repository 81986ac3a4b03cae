"""Spark in an environment of its own: takes tables as Parquet files, and writes the rows of views and questions.

Takes a folder: `tables/<database>/<table>/rows.parquet`, and `asked.json` with the `views` to be made, in their order,
the `selects` to be answered, and by time zone the views that are asked `elsewhere`, too. Writes the answers to `rows`,
and prints a line of JSON: by name, what failed.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

#: The tables are small: what makes Spark fast on large ones takes most of the time here.
SETTINGS = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
}


def main(folder: Path) -> None:
    """Answers what is asked there."""
    # its workers would take the python3 of the PATH
    os.environ["PYSPARK_PYTHON"] = sys.executable
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    builder = SparkSession.builder.master("local[1]").config("spark.sql.warehouse.dir", str(folder / "warehouse"))
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    failed = answers(session, folder, asked)
    session.stop()
    sys.stdout.write(f"{json.dumps(failed)}\n")


def answers(session: SparkSession, folder: Path, asked: dict[str, Any]) -> dict[str, str]:
    """Writes the answers; gives by name what Spark says where it has none."""
    failed: dict[str, str] = {}
    for database in (folder / "tables").iterdir():
        session.sql(f"create database {database.name}")
        for table in database.iterdir():
            session.sql(f"create table {database.name}.{table.name} using parquet location '{table}/rows.parquet'")
    for name, sql in asked["views"].items():
        try:
            session.sql(f"create view {name} as {sql}")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            failed[name] = str(error)
    selects = {name: f"select * from {name}" for name in asked["views"]} | asked["selects"]
    for name, sql in selects.items():
        write(session, sql, folder / "rows" / name, failed)
    for zone, names in asked["elsewhere"].items():
        session.conf.set("spark.sql.session.timeZone", zone)
        for name in names:
            write(session, f"select * from {name}", folder / "rows" / f"{name} {zone.replace('/', ' ')}", failed)
    return failed


def write(session: SparkSession, sql: str, place: Path, failed: dict[str, str]) -> None:
    """Writes the rows of a select to a folder."""
    try:
        session.sql(sql).coalesce(1).write.parquet(str(place))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        failed.setdefault(place.name, str(error))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
