"""What a load brings, held against what the warehouse holds: what is new, and what can't both be true."""

from collections import Counter
from collections.abc import Mapping, Set
from datetime import datetime, timedelta

import pyarrow as pa
from pyroaring import BitMap64

from .known import Known
from .outline import Outline, of_rows
from .report import Report

#: Tables whose rows have an id of their own that a server on SQLite gives anew once its row is deleted.
_OWN_IDS = ("annotations", "predictions", "drafts")


#: Tables whose rows the server counts for each project.
COUNTED = ("tasks", "annotations", "predictions")


class Comparison:
    """Notes the batches of a load as they pass. `began`: tasks made later are not counted as brought."""

    def __init__(self, known: Known, report: Report, began: datetime | None) -> None:
        self._known = known
        self._report = report
        self._began = began
        self._ids = {name: BitMap64() for name in _OWN_IDS}
        #: rows that the load adds to those of the warehouse, by table and project
        self.brought: dict[str, Counter[int | None]] = {name: Counter() for name in COUNTED}
        #: projects with tasks that were made in the second in which the load began: as the server names whole seconds,
        #: the projects' counters may hold them already, or not
        self.unsure: set[int | None] = set()
        #: tasks of the warehouse that are gone, as their ids now name other tasks
        self.replaced = BitMap64()

    def note(self, tables: Mapping[str, pa.Table]) -> None:
        """Compares a batch of flattened tasks with the tasks of the same ids."""
        outlines = of_rows(tables["tasks"])
        held = self._known.outlines_of(outlines)
        self._report.changed += sum(held.get(task_id) != outline for task_id, outline in outlines.items())
        self.replaced.update(task_id for task_id, outline in held.items() if outline.is_other_task(outlines[task_id]))
        if self._known:
            self._note_ids(tables)
            self._count(tables, held.keys(), outlines)

    def stale_holders(self) -> dict[int, int | None]:
        """Other tasks under which the warehouse holds an annotation, prediction or draft that came now, and their
        projects: it was deleted there, or the whole task was. Each is given once.
        """
        holders: dict[int, int | None] = {}
        for name, ids in self._ids.items():
            holders |= self._known.holders(name, ids)
            ids.clear()
        return {task_id: project_id for task_id, project_id in holders.items() if task_id not in self._report.fetched}

    def _note_ids(self, tables: Mapping[str, pa.Table]) -> None:
        for name, ids in self._ids.items():
            ids.update(tables[name]["id"].to_pylist())

    def _count(self, tables: Mapping[str, pa.Table], held: Set[int], outlines: Mapping[int, Outline]) -> None:
        tasks = zip(tables["tasks"]["id"].to_pylist(), tables["tasks"]["project_id"].to_pylist(), strict=True)
        for task_id, project_id in tasks:
            if task_id in held:
                continue
            created_at = outlines[task_id].created_at
            if created_at is None or self._began is None or created_at <= self._began:
                self.brought["tasks"][project_id] += 1
            elif created_at < self._began + timedelta(seconds=1):
                self.unsure.add(project_id)
        for name in COUNTED[1:]:
            self.brought[name].update(tables[name]["project_id"].to_pylist())
            self.brought[name].subtract(self._known.count(name, outlines))
