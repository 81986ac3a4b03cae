"""The views and kept tables of `analytics`, as the files of sql/ define them."""

import re
from collections.abc import Iterable
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from pipelines.headers import read_header

SQL = Path(__file__).resolve().parent.parent.parent / "sql"

#: What the files call the schema of the loaded tables, and that of the views.
DATASET, ANALYTICS = "label_studio", "analytics"

#: Tables of `analytics` in which runs note what they have done: no part of what people read.
KEPT_TASKS, DEPLOYED_VIEWS, LAKE_LEDGER = "kept_tasks", "deployed_views", "lake_ledger"

_COLUMN = re.compile(r"([a-z][a-z0-9_]*): (.+)")


class Schemas(NamedTuple):
    """Where the loaded tables stand, and where what is made of them goes."""

    dataset: str = DATASET
    analytics: str = ANALYTICS

    @classmethod
    def of(cls, dataset: str) -> "Schemas":
        """The schemas that go with a dataset: two datasets in one file have views of their own."""
        return cls(dataset, ANALYTICS if dataset == DATASET else f"{dataset}_{ANALYTICS}")

    def qualified(self, name: str) -> str:
        """A view or kept table by its whole name, as SQL has it."""
        return f'"{self.analytics}"."{name}"'

    def named_in(self, sql: str) -> str:
        """SQL of ours, with these schemas in place of those that the files name."""
        if self == (DATASET, ANALYTICS):
            return sql
        sql = re.sub(rf"\b{ANALYTICS}\.", f'"{self.analytics}".', sql)
        return re.sub(rf"\b{DATASET}\.", f'"{self.dataset}".', sql)


class Definition(NamedTuple):
    """A view or a kept table: its select, and what its header says of it and of its columns."""

    name: str
    sql: str
    description: str
    columns: dict[str, str]

    @property
    def reads(self) -> set[str]:
        """The names in `analytics` that it reads."""
        return set(re.findall(rf"\b{ANALYTICS}\.(\w+)", _without_comments(self.sql)))


def views() -> list[Definition]:
    """The views, each after those that it reads."""
    return _ordered(_read(path) for path in (SQL / "views").glob("*.sql"))


def kept_tables() -> list[Definition]:
    """The kept tables, each after those that it reads."""
    return _ordered(_read(path) for path in (SQL / "kept").glob("*.sql"))


def _read(path: Path) -> Definition:
    sql = path.read_text(encoding="utf-8")
    description, lines = read_header(sql)
    columns = {found[1]: found[2] for line in lines if (found := _COLUMN.fullmatch(line))}
    return Definition(path.stem, sql, description, columns)


def _ordered(definitions: Iterable[Definition]) -> list[Definition]:
    named = {definition.name: definition for definition in sorted(definitions)}
    graph = {name: sorted(definition.reads & named.keys()) for name, definition in named.items()}
    return [named[name] for name in TopologicalSorter(graph).static_order()]


def _without_comments(sql: str) -> str:
    return "\n".join(line.partition("--")[0] for line in sql.splitlines())
