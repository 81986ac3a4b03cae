"""The data source in pysail, which runs no Java, in an environment of its own.

Takes what to do as JSON on stdin; prints a line of JSON: what came of it. Tables are left in the folder, as Parquet.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession
from spark_source_worker import delta_tables, failure, loaded, read, save

from pipelines.spark_source.sail import LabelStudioSource
from pipelines.spark_source.source import LabelStudioFiles


def answers(asked: dict[str, Any]) -> dict[str, Any]:
    """All that the tests want to know."""
    folder, given = Path(asked["folder"]), asked["given"]
    server = SparkConnectServer()
    server.start(background=True)
    _, port = server.listening_address
    spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    spark.dataSource.register(LabelStudioSource)
    spark.dataSource.register(LabelStudioFiles)
    save(folder / "sail source", read(spark, given))
    lake = str(folder / "sail lake")
    told: dict[str, Any] = {"delta": loaded(spark, given, lake, "delta", "sail").rows}
    save(folder / "sail delta", delta_tables(lake))
    told["failures"] = {name: failure(spark, {**given, **more}) for name, more in asked["failing"].items()}
    spark.stop()
    server.stop()
    return told


if __name__ == "__main__":
    print(json.dumps(answers(json.load(sys.stdin))))
