"""What to fetch: ids, ranges and projects, and how the work is cut into disjoint pieces. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .exceptions import SelectionError

#: So many single ids are fetched one by one, by the API's reference; more go through the list.
A_FEW = 20

#: Ids in one request: with seven digits each, they make a URL that every proxy lets pass.
IDS_A_REQUEST = 200

#: A run of at least so many ids is asked for as an interval.
LONG_RUN = 50

#: The server reads ids in a filter as doubles, which hold whole numbers up to here.
MAX_ID = 2**53
_ID = re.compile(r"(\d{1,19})(?:\s*-\s*(\d{1,19}))?")


@dataclass(frozen=True)
class Interval:
    """The ids from `first` to `last`, both included."""

    first: int
    last: int

    def filter(self) -> dict[str, Any]:
        """The Data Manager's filter for these ids."""
        return _id_filter("in", {"min": self.first, "max": self.last})

    def after(self, task_id: int) -> "Interval | None":
        """What is left behind `task_id`."""
        return Interval(task_id + 1, self.last) if task_id < self.last else None

    def split(self, parts: int) -> list["Piece"]:
        """At most `parts` disjoint intervals that hold the same ids."""
        width = -(-(self.last - self.first + 1) // parts)
        starts = range(self.first, self.last + 1, width)
        return [Interval(start, min(start + width - 1, self.last)) for start in starts]

    def __contains__(self, task_id: int) -> bool:
        return self.first <= task_id <= self.last

    def __str__(self) -> str:
        return f"{self.first}-{self.last}" if self.first < self.last else str(self.first)


@dataclass(frozen=True)
class IdList:
    """Ids in ascending order."""

    ids: tuple[int, ...]

    @property
    def first(self) -> int:
        return self.ids[0]

    @property
    def last(self) -> int:
        return self.ids[-1]

    def filter(self) -> dict[str, Any]:
        """The Data Manager's filter for these ids."""
        return _id_filter("in_list", list(self.ids))

    def after(self, task_id: int) -> "IdList | None":
        """What is left behind `task_id`."""
        left = tuple(id_ for id_ in self.ids if id_ > task_id)
        return IdList(left) if left else None

    def split(self, parts: int) -> list["Piece"]:
        """At most `parts` disjoint lists that hold the same ids."""
        size = -(-len(self.ids) // parts)
        return [IdList(self.ids[i : i + size]) for i in range(0, len(self.ids), size)]

    def __contains__(self, task_id: int) -> bool:
        return task_id in self.ids

    def __str__(self) -> str:
        return f"{len(self.ids)} ids from {self.first} to {self.last}" if len(self.ids) > 1 else str(self.first)


Piece = Interval | IdList


class Runs(tuple[tuple[int, int], ...]):
    """Ids as disjoint runs (first, last) in ascending order; a range of millions costs no more than one id."""

    @classmethod
    def of(cls, ranges: Iterable[tuple[int, int]]) -> "Runs":
        """The runs of ids in any ranges, overlapping or not."""
        runs: list[tuple[int, int]] = []
        for first, last in sorted(ranges):
            if runs and first <= runs[-1][1] + 1:
                runs[-1] = (runs[-1][0], max(runs[-1][1], last))
            else:
                runs.append((first, last))
        return cls(runs)

    @property
    def size(self) -> int:
        """How many ids there are."""
        return sum(last - first + 1 for first, last in self)

    def between(self, low: int, high: int) -> "Runs":
        """The ids from `low` to `high`, both included."""
        return Runs((max(first, low), min(last, high)) for first, last in self if first <= high and last >= low)

    def ids(self) -> Iterator[int]:
        """Each id."""
        for first, last in self:
            yield from range(first, last + 1)


@dataclass(frozen=True)
class Selection:
    """What is asked for: `ids` (None: all), of which `single` were named one by one, in `projects` (None: any)."""

    ids: Runs | None = None
    single: frozenset[int] = frozenset()
    projects: tuple[int, ...] | Literal["all"] | None = None

    @property
    def one_by_one(self) -> bool:
        """Only a few single ids are asked for."""
        return self.ids is not None and self.ids.size == len(self.single) <= A_FEW

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        """The ids asked for between `first` and `last`, as disjoint pieces in ascending order."""
        if self.ids is None:
            yield Interval(first, last)
        else:
            yield from _pieces(self.ids.between(first, last))


def select(task_ids: Any = None, project_ids: Any = None) -> Selection:
    """The selection that the texts, numbers and lists of a command line or a config file name.

    `task_ids`: ids and inclusive ranges ("1,5,10-20"); `project_ids`: ids, or "all"; None or False: not named.
    Raises SelectionError where nothing is selected, or something that is no id.
    """
    ids, single = _parse_ids(task_ids)
    projects = _parse_projects(project_ids)
    if ids is None and projects is None:
        raise SelectionError(
            "nothing to fetch is named: give --ids or --project, or set task_ids or project_ids under"
            " [sources.label_studio] in .dlt/config.toml"
        )
    return Selection(ids, single, projects)


def read_ids(lines: Iterable[str]) -> list[str]:
    """The ids and ranges of a file: one a line, or a CSV with a column named id. Blank lines and # lines are skipped."""
    kept = [line.strip().lstrip("\ufeff") for line in lines]
    kept = [line for line in kept if line and not line.startswith("#")]
    if not kept or _is_ids(kept[0]):
        return kept
    reader = csv.DictReader(kept)
    column = next((name for name in reader.fieldnames or [] if name.strip().lower() == "id"), None)
    if column is None:
        raise SelectionError(
            f"the file of ids begins with {_shown(kept[0])}: write one id or range a line,"
            " or a CSV with a column named id"
        )
    return [row[column] or "" for row in reader]


def _parse_ids(value: Any) -> tuple[Runs | None, frozenset[int]]:
    if value is None or value is False:
        return None, frozenset()
    ranges: list[tuple[int, int]] = []
    single: set[int] = set()
    for text in _texts(value):
        match = _ID.fullmatch(text)
        if not match:
            raise SelectionError(f"{_shown(text)} is no task id and no range of ids: write 5 or 10-20")
        first, last = int(match[1]), int(match[2] or match[1])
        if first > last:
            raise SelectionError(f"the range {text} ends before it begins: write {last}-{first}")
        if last > MAX_ID:
            raise SelectionError(f"{text} is beyond any task id: ids go up to {MAX_ID}")
        ranges.append((first, last))
        if not match[2]:
            single.add(first)
    if not ranges:
        raise SelectionError("no task id is named: write ids and ranges such as 1,5,10-20")
    return Runs.of(ranges), frozenset(single)


def _parse_projects(value: Any) -> tuple[int, ...] | Literal["all"] | None:
    texts = list(_texts(value))
    if not texts:
        return None
    if "all" in texts:
        return "all"
    for text in texts:
        if not text.isascii() or not text.isdigit() or int(text) > MAX_ID:
            raise SelectionError(f"{_shown(text)} is no project id: write a number, or all")
    return tuple(dict.fromkeys(int(text) for text in texts))


def _texts(value: Any) -> Iterator[str]:
    """The parts of a text, number or list, however it is nested; a text may be a list as TOML or JSON write it."""
    if value is None or value is False:
        return
    if isinstance(value, list | tuple | set):
        for part in value:
            yield from _texts(part)
    else:
        for part in re.split(r"[,;\s]+(?![\s-])", re.sub(r"\s*-\s*", "-", str(value).strip().strip("[]"))):
            if text := part.strip().strip("\"'"):
                yield text


def _is_ids(line: str) -> bool:
    return all(_ID.fullmatch(text) for text in _texts(line))


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")


def _id_filter(operator: str, value: Any) -> dict[str, Any]:
    return {"filter": "filter:tasks:id", "operator": operator, "type": "Number", "value": value}


def _pieces(runs: Runs) -> Iterator[Piece]:
    scattered: list[int] = []
    for first, last in runs:
        if last - first + 1 >= LONG_RUN:
            yield from _lists(scattered)
            scattered = []
            yield Interval(first, last)
        else:
            scattered.extend(range(first, last + 1))
    yield from _lists(scattered)


def _lists(ids: list[int]) -> Iterator[IdList]:
    for start in range(0, len(ids), IDS_A_REQUEST):
        yield IdList(tuple(ids[start : start + IDS_A_REQUEST]))
