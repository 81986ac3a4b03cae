"""What to fetch: ids, ranges and projects, as they are written on a command line or in a file. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .exceptions import SelectionError
from .pieces import MAX_ID, Interval, Piece, Runs
from .shards import Shard

#: So many single ids are fetched one by one, by the API's reference; more go through the list.
A_FEW = 20

_ID = re.compile(r"([0-9]{1,19})(?:\s*-\s*([0-9]{1,19}))?")


@dataclass(frozen=True)
class Selection:
    """What is asked for: `ids` (None: all), of which `single` were named one by one, in `projects` (None: any).

    With a `shard`, no more than what belongs to it; `ids` and `single` hold nothing else, then.
    """

    ids: Runs | None = None
    single: frozenset[int] = frozenset()
    projects: tuple[int, ...] | Literal["all"] | None = None
    shard: Shard | None = None

    @property
    def one_by_one(self) -> bool:
        """Only a few single ids are asked for."""
        return self.ids is not None and self.ids.size == len(self.single) <= A_FEW

    def holds(self, task_id: int) -> bool:
        """Whether a task is not another shard's."""
        return self.shard is None or self.shard.holds(task_id)

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        """The ids asked for between `first` and `last`, as disjoint pieces in ascending order."""
        if self.ids is None:
            yield Interval(first, last)
        else:
            yield from self.ids.between(first, last).pieces()


def select(task_ids: Any = None, project_ids: Any = None, shard: str | None = None) -> Selection:
    """The selection that the texts, numbers and lists of a command line or a config file name.

    `task_ids`: ids and inclusive ranges ("1,5,10-20"); `project_ids`: ids, or "all"; None or False: not named.
    `shard`: "3/8" for the third of eight shares.
    Raises SelectionError where nothing is selected, or something that is no id.
    """
    ids, single = _parse_ids(task_ids)
    projects = _parse_projects(project_ids)
    if ids is None and projects is None:
        raise SelectionError(
            "nothing to fetch is named: give --ids or --project, or set task_ids or project_ids under"
            " [sources.label_studio] in .dlt/config.toml"
        )
    share = Shard.read(shard) if shard else None
    if share and ids is not None:
        ids, single = share.of(ids), frozenset(filter(share.holds, single))
    return Selection(ids, single, projects, share)


def read_ids(lines: Iterable[str]) -> list[str]:
    """The ids and ranges of a file, one a line or in a CSV's column named id; blank lines and # lines are skipped."""
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
    try:
        return [row[column] or "" for row in reader]
    except csv.Error as error:
        raise SelectionError(f"the file of ids is no CSV that can be read: {error}") from error


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
        if not re.fullmatch("[0-9]{1,19}", text) or int(text) > MAX_ID:
            raise SelectionError(f"{_shown(text)} is no project id: write a number, or all")
    return tuple(dict.fromkeys(int(text) for text in texts))


def _texts(value: Any) -> Iterator[str]:
    """The parts of a text, number or list, however it is nested; a text may be a list as TOML or JSON write it."""
    if value is None or value is False:
        return
    if isinstance(value, Iterable) and not isinstance(value, str):
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
