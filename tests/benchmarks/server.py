"""Tasks a second from a real Label Studio: our run beside the official SDK's ways and a bare download.

`uv run python tests/benchmarks/server.py [tasks]` starts Label Studio's own server, then gunicorn with two workers,
imports that many tasks (default 10,000; about 9 KB and 26 results each) and runs the contestants in turn, three rounds
each. It prints the median of each and the ratio to our run, and writes the table into the README.
"""

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.readme import machine, write_table
from benchmarks.watch import run_timed
from real_label_studio import VERSION, RealLabelStudio, real_label_studio

ROUNDS = 3
PAGE_SIZE = 200

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


#: Pages at once of the bare download: what a run of ours comes to by itself lies between them.
AT_ONCE = (1, 2, 4)

#: Ids that the SDK gets one by one.
ONE_BY_ONE = 200

SERVERS = {"bundled server": None, "gunicorn, 2 workers": 2}

OURS = "this project, whole run into DuckDB"

Rates = dict[str, list[float]]


def main(tasks: int) -> None:
    """Runs all contestants on both servers and prints the table."""
    _print(tasks, {name: _rates(workers, tasks) for name, workers in SERVERS.items()})


def _rates(workers: int | None, tasks: int) -> Rates:
    """Tasks a second of each contestant in each round, from a server of its own."""
    with real_label_studio(workers) as server:
        project, first, last = import_tasks(server, tasks)
        _ours(server, first, first)
        rates: Rates = {}

        def note(name: str, count: int, seconds: float) -> None:
            rates.setdefault(name, []).append(count / seconds)
            print(f"{name}: {count / seconds:,.0f} tasks/s", flush=True)

        for _ in range(ROUNDS):
            loaded, over = _ours(server, first, last)
            note(OURS, tasks, over)
            note("this project, until all is loaded", tasks, loaded)
            for pages in AT_ONCE:
                seconds = asyncio.run(_bare(server, project, first, last, pages))
                note(f"bare download of the same pages, {pages} at once", tasks, seconds)
            note('SDK, `tasks.list(fields="all")`, no warehouse', tasks, _sdk(server, "list", first, last, project))
            one_by_one = min(tasks, ONE_BY_ONE)
            seconds = _sdk(server, "get", first, first + one_by_one - 1, project)
            note("SDK, `tasks.get` in a loop, no warehouse", one_by_one, seconds)
        return rates


def import_tasks(server: RealLabelStudio, tasks: int) -> tuple[int, int, int]:
    """Makes a project with so many tasks; gives its id, and the tasks' lowest and highest."""
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


def _ours(server: RealLabelStudio, first: int, last: int) -> tuple[float, float]:
    """Seconds until all is loaded, and until the process ended."""
    ids = f"{first}-{last}"
    return run_timed(server.url, server.legacy_token, "--ids", ids, environment=_environment())


def _environment() -> dict[str, str]:
    """What people have: Python keeps what it compiled."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


async def _bare(server: RealLabelStudio, project: int, first: int, last: int, at_once: int) -> float:
    starts = iter(range(first, last + 1, PAGE_SIZE))

    async def pages() -> None:
        for start in starts:
            ids = {"min": start, "max": min(start + PAGE_SIZE - 1, last)}
            item = {"filter": "filter:tasks:id", "operator": "in", "type": "Number", "value": ids}
            query = {"filters": {"conjunction": "and", "items": [item]}, "ordering": ["tasks:id"]}
            params: dict[str, str | int] = {
                "project": project,
                "page_size": PAGE_SIZE,
                "fields": "all",
                "expand": "annotations.completed_by",
                "resolve_uri": "false",
                "omit": "annotations_results,predictions_results",
                "query": json.dumps(query),
            }
            (await http.get("/api/tasks", params=params)).raise_for_status()

    headers = {"Authorization": f"Token {server.legacy_token}"}
    started = time.perf_counter()
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=120) as http:
        await asyncio.gather(*(pages() for _ in range(at_once)))
    return time.perf_counter() - started


def _sdk(server: RealLabelStudio, way: str, first: int, last: int, project: int) -> float:
    arguments = [server.url, server.legacy_token, way, *map(str, (first, last, project))]
    done = subprocess.run(
        [str(server.python), "-c", SDK, *arguments], capture_output=True, text=True, check=True, env=_environment()
    )
    return float(done.stdout.split()[0])


def _print(tasks: int, found: dict[str, Rates]) -> None:
    lines = [
        "| what | " + " | ".join(f"{server}, tasks/s | our run against it" for server in found) + " |",
        "|---|" + "--:|--:|" * len(found),
    ]
    for name in next(iter(found.values())):
        cells = [_cells(rates, name) for rates in found.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines.append(
        f"\n{tasks:,} tasks from Label Studio {VERSION} (SQLite) on the same machine;"
        f" {machine('dlt', 'duckdb', 'httpx')}. Medians of {ROUNDS} rounds, in brackets the lowest and the highest."
    )
    table = "\n".join(lines)
    print(table)
    write_table("server", table)


def _cells(rates: Rates, name: str) -> str:
    ours, theirs = statistics.median(rates[OURS]), statistics.median(rates[name])
    return f"{theirs:,.0f} ({min(rates[name]):,.0f}-{max(rates[name]):,.0f}) | {ours / theirs:.2f} ×"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
