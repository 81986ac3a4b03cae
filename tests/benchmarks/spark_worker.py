"""One run of the job for `spark.py`: takes what to do as JSON on stdin, prints the figures as a line of JSON."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from spark_source_worker import descendants, loaded, session


def answers(asked: dict[str, Any]) -> dict[str, Any]:
    """Seconds until Spark was there and of the run, CPU seconds of all that Spark started, and the job's figures."""
    begun = time.monotonic()
    spark = session(asked["executors"])
    # starts the executors' Pythons
    spark.range(asked["executors"] * 4, numPartitions=asked["executors"] * 4).mapInArrow(
        lambda rows: rows, "id long"
    ).count()
    started, cpu = time.monotonic(), _cpu()
    outcome = loaded(spark, asked["given"], asked["folder"], "delta", "benchmark")
    told = {
        "start": started - begun,
        "seconds": time.monotonic() - started,
        "cpu": _cpu() - cpu,
        "figures": outcome.figures,
        "partitions": outcome.partitions,
        "results": outcome.rows["results"],
        "lake": sum(path.stat().st_size for path in Path(asked["folder"]).rglob("*.parquet")),
    }
    spark.stop()
    return told


def _cpu() -> float:
    """CPU seconds of this process and of all that it started, as far as they are still there or were waited for."""
    ticks = 0
    for pid in (os.getpid(), *descendants(os.getpid())):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    print(json.dumps(answers(json.load(sys.stdin))))
