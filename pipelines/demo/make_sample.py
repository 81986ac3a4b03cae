"""Rewrite the sample organisation: `python -m pipelines.demo.make_sample` gives the same file every time."""

import gzip
import io
from collections import defaultdict
from pathlib import Path
from random import Random

import orjson

from .sample import SAMPLE
from .sample_documents import DOCUMENTS
from .sample_finish import finish
from .sample_image import IMAGE
from .sample_people import PEOPLE, Json, user
from .sample_projects import project
from .sample_sound import AUDIO, VIDEO
from .sample_tasks import (
    FIRST_ANNOTATION,
    FIRST_DRAFT,
    FIRST_PREDICTION,
    FIRST_TASK,
    Plan,
    annotate,
    draft,
    number,
    plan,
    predict,
)
from .sample_text import TEXT

SEED = 23
KINDS = (TEXT, IMAGE, AUDIO, VIDEO, DOCUMENTS)


def _name_task(plan: Plan, task_id: int) -> None:
    plan.id = task_id


def _name_row(row: Json, row_id: int) -> None:
    row["id"] = row_id


def _plans(rng: Random) -> list[Plan]:
    plans = [each for project_id, kind in enumerate(KINDS, 1) for each in plan(rng, project_id, kind)]
    number([(each.created, each) for each in plans], FIRST_TASK, _name_task)
    plans.sort(key=lambda each: each.id)
    # each step names its rows before the next one refers to them
    number([row for each in plans for row in predict(rng, each)], FIRST_PREDICTION, _name_row)
    number([row for each in plans for row in annotate(rng, each)], FIRST_ANNOTATION, _name_row)
    number([row for each in plans for row in draft(rng, each)], FIRST_DRAFT, _name_row)
    return plans


def build() -> dict[str, list[Json]]:
    """The sample as plain data: `tasks`, `projects`, `users` and `drafts`."""
    rng = Random(SEED)
    plans = _plans(rng)
    by_project: dict[int, list[Json]] = defaultdict(list)
    for each in plans:
        tasks = by_project[each.project]
        tasks.append(finish(rng, each, len(tasks) + 1))
    return {
        "tasks": sorted((task for tasks in by_project.values() for task in tasks), key=lambda task: int(task["id"])),
        "projects": [project(project_id, kind, by_project[project_id]) for project_id, kind in enumerate(KINDS, 1)],
        "users": [user(person) for person in PEOPLE.values()],
        "drafts": sorted((row for each in plans for row in each.drafts), key=lambda row: int(row["id"])),
    }


def pack(content: dict[str, list[Json]]) -> bytes:
    """`content` as gzipped JSON without a time or a name in the header."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as packed:
        packed.write(orjson.dumps(content))
    return buffer.getvalue()


def main() -> None:
    """Write the sample beside this module."""
    Path(__file__).with_name(SAMPLE).write_bytes(pack(build()))


if __name__ == "__main__":
    main()
