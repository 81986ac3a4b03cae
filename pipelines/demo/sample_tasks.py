"""Tasks of the sample with their predictions, annotations and drafts; ids follow the order of creation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar

from .sample_kinds import Kind
from .sample_people import (
    ANNOTATORS,
    FIRST_DAY,
    LAST_DAY,
    LEAD,
    PEOPLE,
    Annotator,
    Json,
    Skill,
    lead_time,
    simple_person,
    stamp,
    work_time,
)

Row = TypeVar("Row")

READ_AT = LAST_DAY + timedelta(days=3)
RELEASES = (timedelta(days=-5), timedelta(days=24), timedelta(days=43))
SKIP_CHANCE = 0.055
FIRST_TASK, FIRST_ANNOTATION, FIRST_PREDICTION, FIRST_DRAFT = 1001, 5001, 20001, 301


@dataclass
class Plan:
    """A task in the making; `ease` scales the accuracy of everybody who marks it."""

    kind: Kind
    project: int
    number: int
    created: datetime
    data: Json
    truth: Any
    ease: float
    overlap: int
    wanted: int
    id: int = 0
    predictions: list[Json] = field(default_factory=list)
    annotations: list[Json] = field(default_factory=list)
    drafts: list[Json] = field(default_factory=list)


def ago(created: datetime) -> str:
    """The API's `created_ago`, as it read three days after the sample's last day."""
    days = (READ_AT - created).days
    units = [("month", days // 30), ("week", days % 30 // 7), ("day", days % 30 % 7)]
    parts = [f"{count}\xa0{name}{'' if count == 1 else 's'}" for name, count in units if count]
    return ", ".join(parts[:2]) or "0\xa0minutes"


def _wanted(rng: Random, position: float, overlap: int) -> int:
    if position < 0.8:
        return overlap
    return rng.randrange(overlap + 1) if position < 0.92 else 0


def _created(rng: Random, number: int, tasks: int) -> datetime:
    batch = number // 12
    day = FIRST_DAY + timedelta(days=int(batch * 12 / tasks * 50))
    day += timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
    return day + timedelta(hours=7, minutes=batch % 50, microseconds=1000 + number * 97 + rng.randrange(50))


def plan(rng: Random, project: int, kind: Kind) -> list[Plan]:
    """The tasks of one project, without ids."""
    plans = []
    for number in range(kind.tasks):
        data, truth = kind.draw(rng, number + 1)
        overlap = kind.overlap if rng.random() * 100 < kind.cohort else 1
        wanted = _wanted(rng, number / kind.tasks, overlap)
        created = _created(rng, number, kind.tasks)
        ease = rng.uniform(0.88, 1.06)
        plans.append(Plan(kind, project, number + 1, created, data, truth, ease, overlap, wanted))
    return plans


def number(rows: list[tuple[datetime, Row]], first: int, assign: Callable[[Row, int], object]) -> None:
    """Give ids to rows in the order of their times."""
    for row_id, (_, row) in enumerate(sorted(rows, key=lambda pair: pair[0]), first):
        assign(row, row_id)


def _scored(result: list[Json], score: float, rng: Random) -> list[Json]:
    rows = []
    for row in result:
        kept = {key: value for key, value in row.items() if key != "origin"}
        if row["type"] != "relation":
            kept["score"] = round(min(0.999, max(0.01, rng.gauss(score, 0.05))), 4)
        rows.append(kept)
    return rows


def predict(rng: Random, plan: Plan) -> list[tuple[datetime, Json]]:
    """What the models said; the score is the accuracy that the model had on this task."""
    made = []
    for position, (version, accuracy) in enumerate(plan.kind.models):
        if rng.random() < (0.12 if position == len(plan.kind.models) - 1 else 0.45):
            continue
        score = round(min(0.985, max(0.2, rng.gauss(accuracy, 0.11))), 4)
        result = plan.kind.mark(rng, plan.truth, Skill(score, 2.4 * (1.05 - score) + 0.3, position))
        released = FIRST_DAY + RELEASES[position]
        created = max(plan.created, released) + timedelta(minutes=9, microseconds=rng.randrange(1, 90_000_000))
        made.append((created, _prediction(plan, version, score, created, _scored(result, score, rng))))
    plan.predictions = [prediction for _, prediction in made]
    return made


def _prediction(plan: Plan, version: str, score: float, created: datetime, result: list[Json]) -> Json:
    return {
        "id": 0,
        "result": result,
        "model_version": version,
        "created_ago": ago(created),
        "score": score,
        "cluster": None,
        "neighbors": None,
        "mislabeling": 0.0,
        "created_at": stamp(created),
        "updated_at": stamp(created + timedelta(microseconds=41)),
        "model": None,
        "model_run": None,
        "task": plan.id,
        "project": plan.project,
    }


def _taken_over(rng: Random, source: Json) -> list[Json]:
    rows = []
    for position, row in enumerate(source["result"]):
        if row["type"] == "relation":
            rows.append(row)
            continue
        copied = {**row, "origin": "prediction"}
        if position == 0 and "x" in row["value"] and rng.random() < 0.7:
            moved = {**row["value"], "x": round(min(99.0, row["value"]["x"] + rng.uniform(0.1, 2)), 3)}
            copied = {**copied, "origin": "prediction-changed", "value": moved}
        rows.append(copied)
    return rows


def annotate(rng: Random, plan: Plan) -> list[tuple[datetime, Json]]:
    """The annotations of a task: the wanted ones, skips by others, and for some a ground truth by the lead."""
    made = []
    people = rng.sample(ANNOTATORS, len(ANNOTATORS))
    latest = min(LAST_DAY, plan.created + timedelta(days=15))
    done = 0
    while done < plan.wanted and people:
        person = people.pop()
        created = work_time(rng, plan.created, latest)
        skipped = rng.random() < SKIP_CHANCE
        made.append((created, _work(rng, plan, person, created, skipped)))
        done += not skipped
    if plan.wanted == plan.overlap and rng.random() < 0.14:
        created = work_time(rng, plan.created, latest)
        made.append((created, {**_work(rng, plan, LEAD, created, False), "ground_truth": True}))
    made.sort(key=lambda pair: pair[0])
    plan.annotations = [annotation for _, annotation in made]
    return made


def _work(rng: Random, plan: Plan, person: Annotator, created: datetime, skipped: bool) -> Json:
    earlier = [each for each in plan.predictions if each["created_at"] < stamp(created)]
    source = earlier[-1] if earlier and person is not LEAD and rng.random() < 0.1 else None
    result = plan.kind.mark(rng, plan.truth, person.skill.scaled(plan.ease))
    if source and not skipped:
        result = _taken_over(rng, source)
    if skipped and rng.random() < 0.8:
        result = []
    seconds = lead_time(rng, plan.kind.seconds, person.pace * (0.3 if skipped or source else 1))
    edited = rng.random() < 0.13 and not skipped
    pause = timedelta(minutes=rng.randrange(4, 600)) if edited else timedelta(microseconds=38)
    return {
        "id": 0,
        "result": result,
        "created_username": person.username,
        "created_ago": ago(created),
        "completed_by": simple_person(person),
        "was_cancelled": skipped,
        "ground_truth": False,
        "created_at": stamp(created),
        "updated_at": stamp(min(created + pause, LAST_DAY + timedelta(hours=22, microseconds=created.microsecond))),
        "draft_created_at": stamp(created - timedelta(seconds=int(seconds))) if rng.random() < 0.3 else None,
        "lead_time": None if source and rng.random() < 0.2 else seconds,
        "import_id": None,
        "last_action": None,
        "bulk_created": False,
        "task": plan.id,
        "project": plan.project,
        "updated_by": LEAD.id if edited and rng.random() < 0.3 else person.id,
        "parent_prediction": source["id"] if source and not skipped else None,
        "parent_annotation": None,
        "last_created_by": None,
    }


def draft(rng: Random, plan: Plan) -> list[tuple[datetime, Json]]:
    """Unsaved work on a few of the tasks: begun on new ones, or an edit of somebody's annotation."""
    if rng.random() > (0.22 if len(plan.annotations) < plan.overlap else 0.04):
        return []
    edited = plan.annotations[-1] if plan.annotations and rng.random() < 0.5 else None
    person = PEOPLE[edited["completed_by"]["id"]] if edited else rng.choice((LEAD, LEAD, *ANNOTATORS))
    begun = datetime.fromisoformat(edited["created_at"]) if edited else plan.created
    created = work_time(rng, begun, LAST_DAY)
    made = {
        "id": 0,
        "user": person.email,
        "created_username": person.username,
        "created_ago": ago(created),
        "result": plan.kind.mark(rng, plan.truth, person.skill)[:3],
        "lead_time": lead_time(rng, plan.kind.seconds, person.pace * 0.5),
        "was_postponed": edited is None and rng.random() < 0.3,
        "import_id": None,
        "created_at": stamp(created),
        "updated_at": stamp(created + timedelta(seconds=rng.randrange(5, 300))),
        "task": plan.id,
        "annotation": edited["id"] if edited else None,
    }
    plan.drafts = [made]
    return [(created, made)]
