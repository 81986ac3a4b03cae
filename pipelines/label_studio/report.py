"""What a run did, counted as it happens."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from pyroaring import BitMap64


class Failure(NamedTuple):
    """Something that could not be had: a task (`task_id`), the tasks of an interval, or something else of a project."""

    what: str
    reason: str
    project_id: int | None = None
    task_id: int | None = None


@dataclass
class Report:
    """The figures of a run; `asked` is None until it is known how many tasks there are."""

    asked: int | None = None
    #: ids are asked for, of which some may not exist; else whatever the projects hold
    by_id: bool = False
    #: ids of the tasks that were fetched and could be read
    fetched: BitMap64 = field(default_factory=BitMap64)
    #: ids that were asked for and do not exist, or not in the project asked for
    missing: BitMap64 = field(default_factory=BitMap64)
    failures: list[Failure] = field(default_factory=list)
    projects: set[int] = field(default_factory=set)
    #: how the tasks were looked for: ids, incremental, reconcile or full; of several projects, the most thorough
    mode: str = ""
    #: tasks that were fetched and are new, or other than the warehouse held them
    changed: int = 0
    #: ids of tasks that the warehouse held and that are gone from Label Studio
    deleted: BitMap64 = field(default_factory=BitMap64)
    #: projects that the server does not show any more, with the number of their tasks that stay in the warehouse
    lost_projects: dict[int, int] = field(default_factory=dict)
    requests: int = 0
    retries: int = 0
    #: of the answers, compressed where the server compresses
    bytes: int = 0
    #: rows that were handed over, by table
    rows: dict[str, int] = field(default_factory=dict)
    #: called whenever tasks have been fetched
    on_progress: Callable[[], None] = lambda: None
    _started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since the report was begun."""
        return time.monotonic() - self._started

    @property
    def not_found(self) -> int:
        """How many of the ids asked for do not exist; at least, where it can't be told for all that failed."""
        uncertain = any(failure.task_id is None for failure in self.failures)
        if not self.by_id or self.asked is None or uncertain:
            return len(self.missing)
        return self.asked - len(self.fetched) - len(self.failures)

    @property
    def failed_tasks(self) -> set[int]:
        """The ids of single tasks that could not be had."""
        return {failure.task_id for failure in self.failures if failure.task_id is not None}

    def fail(self, what: str, reason: object, project_id: int | None = None) -> None:
        """Note what could not be had."""
        self.failures.append(Failure(what, str(reason), project_id))

    def fail_task(self, task_id: int, reason: object, project_id: int | None = None) -> None:
        """Note a task that could not be had."""
        self.failures.append(Failure(f"task {task_id}", str(reason), project_id, task_id))
