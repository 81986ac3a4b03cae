"""Tasks a second from a real Label Studio: our run beside the official SDK's ways and a bare download.

`uv run python tests/benchmarks/server.py [tasks]` starts a Label Studio of its own, imports that many tasks (default
1,000; about 8 KB and 26 results each) and runs the contestants in turn, three rounds each. It prints the median of
each and the ratio to our run, and writes the table into the README.
"""

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.readme import machine, write_table
from real_label_studio import RealLabelStudio, real_label_studio

ROOT = Path(__file__).resolve().parent.parent.parent
ROUNDS = 3

#: How the SDK is asked in its own environment; prints the seconds.
SDK = """
import sys, time
from label_studio_sdk import LabelStudio
client = LabelStudio(base_url=sys.argv[1], api_key=sys.argv[2])
first, last, project = map(int, sys.argv[4:7])
start = time.perf_counter()
if sys.argv[3] == "get":
    count = sum(1 for task_id in range(first, last + 1) if client.tasks.get(id=str(task_id)))
else:
    count = sum(1 for task in client.tasks.list(project=project, fields="all", page_size=100))
print(time.perf_counter() - start, count)
"""


def main(tasks: int) -> None:
    """Runs all contestants and prints the table."""
    with real_label_studio() as server:
        project, first, last = _import(server, tasks)
        sample = min(tasks, 200)
        contestants: dict[str, tuple[int, Callable[[], float]]] = {
            "this project, whole run into DuckDB": (tasks, lambda: _ours(server, first, last)),
            "bare download of the same pages, 4 at once": (
                tasks,
                lambda: asyncio.run(_bare(server, project, first, last)),
            ),
            'SDK, `tasks.list(fields="all")`, no warehouse': (
                tasks,
                lambda: _sdk(server, "list", first, last, project),
            ),
            "SDK, `tasks.get` in a loop, no warehouse": (
                sample,
                lambda: _sdk(server, "get", first, first + sample - 1, project),
            ),
        }
        _ours(server, first, first)
        rates: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(ROUNDS):
            for name, (count, contestant) in contestants.items():
                rates[name].append(count / contestant())
    _print(tasks, {name: statistics.median(found) for name, found in rates.items()})


def _import(server: RealLabelStudio, tasks: int) -> tuple[int, int, int]:
    rng = random.Random(7)
    config = (
        '<View><Image name="image" value="$image"/><RectangleLabels name="box" toName="image">'
        '<Label value="Car"/><Label value="Bus"/></RectangleLabels>'
        '<Choices name="light" toName="image"><Choice value="day"/><Choice value="night"/></Choices></View>'
    )
    project = server.api("POST", "/api/projects", {"title": "Benchmark", "label_config": config})["id"]
    for start in range(0, tasks, 250):
        batch = [_task(rng, number) for number in range(start, min(start + 250, tasks))]
        server.api("POST", f"/api/projects/{project}/import", batch)
    ids = [
        task["id"] for task in server.api("GET", f"/api/tasks?project={project}&include=id&page_size={tasks}")["tasks"]
    ]
    if len(ids) != tasks:
        raise RuntimeError(f"{len(ids)} tasks are there, {tasks} were imported")
    return project, min(ids), max(ids)


def _task(rng: random.Random, number: int) -> dict[str, Any]:
    result = [
        {
            "id": f"r{number}_{i}",
            "from_name": "box",
            "to_name": "image",
            "type": "rectanglelabels",
            "original_width": 1920,
            "original_height": 1080,
            "image_rotation": 0,
            "value": {
                "x": rng.uniform(0, 80),
                "y": rng.uniform(0, 80),
                "width": rng.uniform(1, 20),
                "height": rng.uniform(1, 20),
                "rotation": 0,
                "rectanglelabels": [rng.choice(["Car", "Bus"])],
            },
        }
        for i in range(20)
    ]
    choice = {"id": "c", "from_name": "light", "to_name": "image", "type": "choices", "value": {"choices": ["day"]}}
    return {
        "data": {"image": f"https://example.com/{number}.jpg", "note": "x" * 500},
        "meta": {"batch": number // 100, "camera": {"id": number % 7}},
        "annotations": [{"result": [*result, choice], "lead_time": 12.5, "ground_truth": False}],
        "predictions": [{"result": result[:5], "score": 0.8, "model_version": "m1"}],
    }


def _ours(server: RealLabelStudio, first: int, last: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run(
            [
                sys.executable,
                str(ROOT / "pipelines" / "tasks.py"),
                *(
                    "--ids",
                    f"{first}-{last}",
                    "--url",
                    server.url,
                    "--database",
                    f"{folder}/warehouse.duckdb",
                    "--quiet",
                ),
            ],
            env={**_environment(), "LABEL_STUDIO_API_KEY": server.legacy_token, "DLT_DATA_DIR": folder},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return time.perf_counter() - start


def _environment() -> dict[str, str]:
    """What people have: Python keeps what it compiled."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


async def _bare(server: RealLabelStudio, project: int, first: int, last: int) -> float:
    async def pages(low: int, high: int) -> None:
        for start in range(low, high + 1, 100):
            query = {
                "filters": {
                    "conjunction": "and",
                    "items": [
                        {
                            "filter": "filter:tasks:id",
                            "operator": "in",
                            "type": "Number",
                            "value": {"min": start, "max": min(start + 99, high)},
                        }
                    ],
                },
                "ordering": ["tasks:id"],
            }
            params: dict[str, str | int] = {
                "project": project,
                "page_size": 100,
                "fields": "all",
                "expand": "annotations.completed_by",
                "resolve_uri": "false",
                "omit": "annotations_results,predictions_results",
                "query": json.dumps(query),
            }
            (await http.get("/api/tasks", params=params)).raise_for_status()

    quarter = -(-(last - first + 1) // 4)
    headers = {"Authorization": f"Token {server.legacy_token}"}
    started = time.perf_counter()
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=120) as http:
        starts = range(first, last + 1, quarter)
        await asyncio.gather(*(pages(start, min(start + quarter - 1, last)) for start in starts))
    return time.perf_counter() - started


def _sdk(server: RealLabelStudio, way: str, first: int, last: int, project: int) -> float:
    arguments = [server.url, server.legacy_token, way, *map(str, (first, last, project))]
    done = subprocess.run(
        [str(server.python), "-c", SDK, *arguments], capture_output=True, text=True, check=True, env=_environment()
    )
    return float(done.stdout.split()[0])


def _print(tasks: int, rates: dict[str, float]) -> None:
    ours = next(iter(rates.values()))
    lines = ["| what | tasks/s | our run against it |", "|---|---|---|"]
    lines += [f"| {name} | {rate:,.0f} | {ours / rate:.2f} × |" for name, rate in rates.items()]
    lines.append(
        f"\n{tasks:,} tasks from Label Studio 1.23.2 (bundled server, SQLite) on the same machine;"
        f" {machine('dlt', 'duckdb', 'httpx')}. Medians of {ROUNDS} rounds."
    )
    table = "\n".join(lines)
    print(table)
    write_table("server", table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
