"""A Label Studio that answers from memory, on a free loopback port: what is measured against it is our own work.

`with from_memory(Answers(100_000)) as url:` serves that many tasks of project 1, in a process of its own. A task is
made of ready pieces of JSON when it is asked for, about 11 KB and 36 results as the API sends them, so a million of
them need no memory. `masks` gives a task so many brush masks of 120,000 numbers each, `heavy` so many bytes of data.
"""

import asyncio
import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

#: When all tasks were made, and when some were changed.
MADE, CHANGED = "2026-03-01T08:00:00.000000Z", "2026-03-02T08:00:00.000000Z"

#: What comes before a moment in a filter that asks for what changed since.
_SINCE = "filter:tasks:updated_at"

_CONFIG = """<View>
  <Image name="image" value="$image"/>
  <RectangleLabels name="box" toName="image"><Label value="Car"/><Label value="Bus"/></RectangleLabels>
  <BrushLabels name="mask" toName="image"><Label value="Road"/></BrushLabels>
  <Choices name="light" toName="image"><Choice value="day"/><Choice value="night"/></Choices>
</View>"""

#: Stands for the id of a task in its pieces.
_ID = "\x00"

#: So many different tasks there are, but for their ids.
_KINDS = 50


@dataclass
class Answers:
    """What the server holds: tasks 1 to `tasks`; the ids in `changed` were changed after the others.

    A page of tasks is answered after `pause` seconds, as by a server that is at work elsewhere.
    """

    tasks: int
    masks: int = 0
    heavy: int = 0
    changed: range = range(0)
    pause: float = 0.0
    _pieces: list[list[list[bytes]]] = field(default_factory=list, repr=False)

    def of(self, path: str, query: dict[str, str]) -> bytes:
        """The body of the answer to a GET request."""
        if path == "/api/version":
            return b'{"release":"1.23.2"}'
        if path == "/api/users":
            return json.dumps([{"id": 1, "email": "ann@example.org", "username": "ann", "avatar": None}]).encode()
        if path == "/api/projects":
            return b'{"count":1,"next":null,"previous":null,"results":[{"id":1}]}'
        if path == "/changed":
            self.changed = range(int(query["first"]), int(query["stop"]))
            return b"{}"
        if path == "/api/projects/1":
            return json.dumps(self._project()).encode()
        return self._list(query)

    def task(self, task_id: int) -> bytes:
        """A task as the list has it."""
        if not self._pieces:
            kinds = 3 if self.masks or self.heavy else _KINDS
            self._pieces = [
                [_pieces(_task(Random(kind), self, moment)) for kind in range(kinds)] for moment in (MADE, CHANGED)
            ]
        pieces = self._pieces[task_id in self.changed]
        return str(task_id).encode().join(pieces[task_id % len(pieces)])

    def _project(self) -> dict[str, Any]:
        return {
            "id": 1,
            "title": "Benchmark",
            "label_config": _CONFIG,
            "created_at": MADE,
            "task_number": self.tasks,
            "total_annotations_number": self.tasks,
            "skipped_annotations_number": 0,
            "total_predictions_number": self.tasks,
            "maximum_annotations": 1,
        }

    def _list(self, query: dict[str, str]) -> bytes:
        asked = json.loads(query["query"])
        first, last = 1, self.tasks
        for item in asked["filters"]["items"]:
            if item["filter"] == _SINCE:
                if item["value"] >= MADE:
                    first, last = max(first, self.changed.start), min(last, self.changed.stop - 1)
            else:
                first, last = max(first, item["value"]["min"]), min(last, item["value"]["max"])
        size = int(query["page_size"])
        ids = range(first, min(last + 1, first + size))
        if asked["ordering"] == ["-tasks:id"]:
            ids = range(last, max(first - 1, last - size), -1)
        if query.get("include") == "id":
            tasks = [b'{"id":%d}' % task_id for task_id in ids]
        else:
            tasks = [self.task(task_id) for task_id in ids]
        return b'{"total":%d,"tasks":[%b]}' % (max(0, last - first + 1), b",".join(tasks))


def _task(rng: Random, answers: Answers, moment: str) -> str:
    boxes = [_box(rng, place) for place in range(34)]
    masks = [_mask(rng, place) for place in range(answers.masks)]
    light = {"value": {"choices": ["day"]}, "id": f"l{_ID}", "from_name": "light", "to_name": "image"}
    annotation = {
        "id": 0,
        "completed_by": {"id": 1, "email": "ann@example.org", "first_name": "", "last_name": "", "avatar": None},
        "result": [*boxes[:24], *masks, light | {"type": "choices", "origin": "manual"}],
        "created_username": " ann@example.org, 1",
        "created_ago": "1 day, 2 hours",
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": MADE,
        "updated_at": moment,
        "draft_created_at": None,
        "lead_time": 12.5,
        "import_id": None,
        "last_action": None,
        "bulk_created": False,
        "task": 0,
        "project": 1,
        "updated_by": 1,
        "parent_prediction": None,
        "parent_annotation": None,
        "last_created_by": None,
    }
    prediction = {
        "id": 0,
        "result": [*boxes[24:], light | {"type": "choices"}],
        "model_version": "detector-1",
        "created_ago": "1 day, 2 hours",
        "score": 0.8,
        "cluster": None,
        "neighbors": None,
        "mislabeling": 0.0,
        "created_at": MADE,
        "updated_at": MADE,
        "model": None,
        "model_run": None,
        "task": 0,
        "project": 1,
    }
    task = {
        "id": 0,
        "predictions": [prediction],
        "annotations": [annotation],
        "drafts": [],
        "annotators": [1],
        "inner_id": 0,
        "cancelled_annotations": 0,
        "total_annotations": 1,
        "total_predictions": 1,
        "completed_at": MADE,
        "annotations_ids": _ID,
        "predictions_model_versions": "detector-1",
        "avg_lead_time": 12.5,
        "draft_exists": False,
        "updated_by": [{"user_id": 1}],
        "data": {"image": f"https://example.org/street/{_ID}.jpg", "note": "x" * max(200, answers.heavy)},
        "meta": {"batch": rng.randrange(40), "camera": {"id": rng.randrange(7), "site": "north"}},
        "created_at": MADE,
        "updated_at": moment,
        "is_labeled": True,
        "overlap": 1,
        "comment_count": 0,
        "unresolved_comment_count": 0,
        "last_comment_updated_at": None,
        "project": 1,
        "comment_authors": [],
        "file_upload": None,
        "storage_filename": None,
        "predictions_score": 0.8,
    }
    text = json.dumps(task, separators=(",", ":")).replace(json.dumps(_ID)[1:-1], _ID)
    for key in ("id", "task", "inner_id"):
        text = text.replace(f'"{key}":0,', f'"{key}":{_ID},').replace(f'"{key}":0}}', f'"{key}":{_ID}}}')
    return text


def _box(rng: Random, place: int) -> dict[str, Any]:
    return {
        "original_width": 1920,
        "original_height": 1080,
        "image_rotation": 0,
        "value": {
            "x": round(rng.uniform(0, 80), 4),
            "y": round(rng.uniform(0, 80), 4),
            "width": round(rng.uniform(1, 20), 4),
            "height": round(rng.uniform(1, 20), 4),
            "rotation": 0,
            "rectanglelabels": [rng.choice(["Car", "Bus"])],
        },
        "id": f"r{place}-{_ID}",
        "from_name": "box",
        "to_name": "image",
        "type": "rectanglelabels",
        "origin": "manual",
    }


def _mask(rng: Random, place: int) -> dict[str, Any]:
    return {
        "original_width": 1920,
        "original_height": 1080,
        "image_rotation": 0,
        "value": {"format": "rle", "rle": [rng.randrange(256) for _ in range(120_000)], "brushlabels": ["Road"]},
        "id": f"m{place}-{_ID}",
        "from_name": "mask",
        "to_name": "image",
        "type": "brushlabels",
        "origin": "manual",
    }


def _pieces(task: str) -> list[bytes]:
    return [piece.encode() for piece in task.split(_ID)]


@contextmanager
def from_memory(answers: Answers) -> Iterator[str]:
    """Serves the answers until the block ends; gives the server's address."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(answers, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def change(url: str, task_ids: range) -> None:
    """Has tasks of a running server changed after all others."""
    httpx.get(f"{url}/changed", params={"first": task_ids.start, "stop": task_ids.stop}).raise_for_status()


def _serve(answers: Answers, ready: Any) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                target = urlsplit(head.split(b" ", 2)[1].decode())
                query = {name: values[0] for name, values in parse_qs(target.query).items()}
                body = answers.of(target.path.rstrip("/"), query)
                if answers.pause and int(query.get("page_size", 0)) > 1:
                    await asyncio.sleep(answers.pause)
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Tue, 03 Mar 2026 08:00:00 GMT\r\n"
                    b"Content-Length: %d\r\n\r\n" % len(body)
                )
                writer.write(body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=2**20)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())
