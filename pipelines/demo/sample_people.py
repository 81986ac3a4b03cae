"""Who labels in the sample: users, the skill of each annotator and model, and the working hours they keep."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

Json = dict[str, Any]
Item = TypeVar("Item")

FIRST_DAY = datetime(2026, 9, 28, tzinfo=UTC)
LAST_DAY = datetime(2026, 11, 20, tzinfo=UTC)
WEEKDAY_WEIGHTS = (10, 12, 11, 10, 8, 1, 0.3)
HOUR_WEIGHTS = {8: 4, 9: 9, 10: 11, 11: 10, 12: 4, 13: 7, 14: 10, 15: 10, 16: 8, 17: 4, 18: 1, 20: 0.5}
ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"


@dataclass(frozen=True)
class Skill:
    """How somebody marks: chance to get a decision right, spread of geometry, and the wrong answer they lean to."""

    accuracy: float
    jitter: float
    bias: int = 0

    def pick(self, rng: Random, right: Item, options: Sequence[Item]) -> Item:
        """`right`, or a wrong option; two thirds of the errors go to the option the bias points at."""
        if rng.random() < self.accuracy:
            return right
        wrong = [option for option in options if option != right]
        return wrong[self.bias % len(wrong)] if rng.random() < 0.67 else rng.choice(wrong)

    def sees(self, rng: Random) -> bool:
        """Whether an item is noticed at all."""
        return rng.random() < self.accuracy + (1 - self.accuracy) * 0.5

    def near(self, rng: Random, value: float, scale: float = 1.0, low: float = 0.0, high: float = 100.0) -> float:
        """`value` with the skill's spread, kept within bounds and rounded as the editor rounds."""
        return round(min(high, max(low, rng.gauss(value, self.jitter * scale))), 3)

    def scaled(self, factor: float) -> "Skill":
        """The same habits on a task that is `factor` times as easy."""
        return Skill(min(0.995, self.accuracy * factor), self.jitter / factor, self.bias)


@dataclass(frozen=True)
class Annotator:
    """A person who labels; `pace` multiplies the time a task usually takes."""

    id: int
    first_name: str
    last_name: str
    email: str
    skill: Skill
    pace: float

    @property
    def username(self) -> str:
        """The display form that the API calls `created_username`."""
        return f"{self.first_name} {self.last_name} {self.email}, {self.id}"


LEAD = Annotator(1, "Demo", "Lead", "lead@example.com", Skill(0.99, 0.2), 1.3)
ANNOTATORS = (
    Annotator(2, "Careful", "Annotator", "careful@example.com", Skill(0.95, 0.5, 0), 1.1),
    Annotator(3, "Quick", "Annotator", "quick@example.com", Skill(0.88, 1.2, 1), 0.45),
    Annotator(4, "Thorough", "Annotator", "thorough@example.com", Skill(0.93, 0.6, 2), 2.2),
    Annotator(5, "Junior", "Annotator", "junior@example.org", Skill(0.52, 2.8, 0), 1.25),
    Annotator(6, "External", "Annotator", "external@example.org", Skill(0.85, 1.0, 1), 0.95),
)
PEOPLE = {person.id: person for person in (LEAD, *ANNOTATORS)}


def stamp(moment: datetime) -> str:
    """A time in the API's form."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def work_time(rng: Random, earliest: datetime, latest: datetime) -> datetime:
    """A moment of somebody's working hours after `earliest`, on a weekday more likely than on a weekend."""
    days = range((latest.date() - earliest.date()).days + 1)
    weights = [WEEKDAY_WEIGHTS[(earliest + timedelta(days=day)).weekday()] for day in days]
    day = earliest + timedelta(days=rng.choices(days, weights)[0])
    hour = rng.choices(list(HOUR_WEIGHTS), list(HOUR_WEIGHTS.values()))[0]
    second = timedelta(seconds=rng.randrange(3600), microseconds=rng.randrange(1, 1_000_000))
    moment = day.replace(hour=hour, minute=0, second=0, microsecond=0) + second
    return max(moment, earliest + timedelta(minutes=3, microseconds=rng.randrange(1, 1_000_000)))


def lead_time(rng: Random, median: float, pace: float) -> float:
    """Seconds spent, log-normal around the median of the kind of task times the annotator's pace."""
    return round(median * pace * math.exp(rng.gauss(0, 0.45)), 3)


def region_id(rng: Random) -> str:
    """A region id as the editor makes them."""
    return "".join(rng.choices(ID_LETTERS, k=10))


def simple_person(person: Annotator, *, initials: bool = True) -> Json:
    """The short user object that annotations (with initials) and projects (without) carry."""
    names = {"id": person.id, "first_name": person.first_name, "last_name": person.last_name}
    if not initials:
        return {**names, "email": person.email, "avatar": None}
    return {
        **names,
        "avatar": None,
        "email": person.email,
        "initials": person.first_name[0] + person.last_name[0],
    }


def user(person: Annotator) -> Json:
    """A user as `GET /api/users/` gives it."""
    joined = FIRST_DAY - timedelta(days=40 - 3 * person.id, hours=-9, microseconds=-7919 * person.id)
    return {
        "id": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "username": person.email.partition("@")[0],
        "email": person.email,
        "last_activity": stamp(LAST_DAY + timedelta(hours=17, minutes=person.id, microseconds=104729 * person.id)),
        "custom_hotkeys": {},
        "avatar": None,
        "initials": person.first_name[0] + person.last_name[0],
        "phone": "",
        "active_organization": 1,
        "active_organization_meta": {"title": "Label Studio", "email": LEAD.email},
        "allow_newsletters": None,
        "date_joined": stamp(joined),
    }
