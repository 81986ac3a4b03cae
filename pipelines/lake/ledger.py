"""What a lake holds of a warehouse, as the warehouse notes it: of each table, blocks of tasks with a digest of each.

What was begun and not ended counts as not there, and is brought once more. The notes lie in the warehouse, marks in the
lake: where the two don't go together, as after one of them was replaced, tables are brought anew.
"""

from collections.abc import Iterable
from typing import Any

from pipelines.analytics.definitions import KEPT_TASKS, LAKE_LEDGER, Schemas
from pipelines.analytics.kept import transaction
from pipelines.label_studio.pieces import Runs
from pipelines.label_studio.shards import Shard

from .sources import Source

#: Ids whose tasks are replaced together: a file holds the rows of a block.
BLOCK = 20_000

#: Nanoseconds, as marks are.
DAY = 24 * 60 * 60 * 10**9

_TYPES = "lake varchar, part varchar, block bigint, digest varchar"

#: Parts are tables, by their names; this one is what was loaded of tasks, and by which formulas things were worked out.
_LOADED = "#"

#: Before the name of a table: a mark that it may bear, in place of a block.
_MARK = "@"

_ALL = "lake = $lake and part not like '@%'"

#: A hash of several values ends with an exclusive or, hence the outer one.
_LOADS = """
    create or replace temp table lake_now as
    select
        '#' as part,
        tasks.id // {block} as block,
        concat_ws(
            ' ',
            count(*),
            bit_xor(hash(hash(tasks.id, tasks._dlt_load_id))),
            bit_xor(hash(hash(kept_tasks.task_id, kept_tasks.load_id, kept_tasks.basis))),
            (
                select hash(comment)
                from duckdb_tables()
                where schema_name = '{analytics}' and table_name = '{kept_tasks}'
            )
        ) as digest
    from label_studio.tasks
    left join analytics.kept_tasks on tasks.id = kept_tasks.task_id
    where {condition}
    group by tasks.id // {block}
"""

_CONTENTS = """
    insert into lake_now
    select $part, {block}, concat_ws(' ', count(*), bit_xor(hash(hash(held))))
    from ({select}) as held
    where {condition}
    group by all
"""

#: What is noted of tables of which nothing was loaded since.
_UNCHANGED = """
    insert into lake_now
    select part, block, digest
    from {ledger} as noted
    where
        lake = $lake
        and part in (select unnest($parts))
        and block not in (select unnest($blocks))
"""

_STALE = """
    select coalesce(now.part, noted.part) as part, coalesce(now.block, noted.block) as block
    from lake_now as now
    full join (select * from {ledger} where lake = $lake and part not like '@%') as noted
        on now.part = noted.part and now.block = noted.block
    where now.digest is distinct from noted.digest
    order by all
"""


def share_of(shard: Shard | None, column: str) -> str:
    """The condition that a column holds an id of a shard's; without one, of any."""
    return shard.condition(column) if shard else "true"


class Ledger:
    """The notes on one lake. `connection` is a cursor of the warehouse's, `lake` names the lake.

    With a `shard`, they are of its tasks alone.
    """

    def __init__(self, connection: Any, schemas: Schemas, lake: str, shard: Shard | None = None) -> None:
        self._connection = connection
        self._schemas = schemas
        self._lake = lake
        self._shard = shard
        self._name = schemas.qualified(LAKE_LEDGER)
        connection.execute(f"create table if not exists {self._name} ({_TYPES})")

    def stale(self, sources: list[Source]) -> dict[str, list[int]]:
        """The blocks of each table that the lake does not hold as the warehouse does; a table without tasks is one."""
        loads = _LOADS.format(
            block=BLOCK,
            analytics=self._schemas.analytics,
            kept_tasks=KEPT_TASKS,
            condition=share_of(self._shard, "tasks.id"),
        )
        self._connection.execute(self._schemas.named_in(loads))
        changed = self._found().get(_LOADED, [])
        with_tasks = [source for source in sources if source.table.task_column]
        self._connection.execute(
            _UNCHANGED.format(ledger=self._name),
            {"lake": self._lake, "parts": [source.table.name for source in with_tasks], "blocks": changed},
        )
        for source in sources:
            self._add_contents(source, changed)
        found = self._found()
        return {source.table.name: found.get(source.table.name, []) for source in sources}

    def all_blocks(self, table: str) -> list[int]:
        """The blocks of a table that there are; `stale` comes first."""
        query = "select block from lake_now where part = ? order by block"
        return [block for (block,) in self._connection.execute(query, [table]).fetchall()]

    def _add_contents(self, source: Source, changed: list[int]) -> None:
        column = source.table.task_column
        conditions = [within(column, ids_of(changed)), share_of(self._shard, column)] if column else ["true"]
        query = _CONTENTS.format(
            block=f"{column} // {BLOCK}" if column else 0, select=source.select, condition=" and ".join(conditions)
        )
        self._connection.execute(query, {"part": source.table.name})

    def _found(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        query = _STALE.format(ledger=self._name)
        for part, block in self._connection.execute(query, {"lake": self._lake}).fetchall():
            found.setdefault(part, []).append(block)
        return found

    def marks(self, table: str) -> set[int]:
        """The marks that a table of the lake may bear, if the notes are of it."""
        query = f"select block from {self._name} where lake = ? and part = ?"
        return {mark for (mark,) in self._connection.execute(query, [self._lake, _MARK + table]).fetchall()}

    def begin(self, mark: int, tables: Iterable[str]) -> None:
        """Notes that what is stale is being brought, into tables that will bear a mark."""
        with transaction(self._connection):
            self._connection.execute(
                f"update {self._name} as noted set digest = '' where {_ALL} and not exists (select 1 from lake_now"
                " as now where now.part = noted.part and now.block = noted.block and now.digest = noted.digest)",
                {"lake": self._lake},
            )
            for table in tables:
                self._connection.execute(
                    f"insert into {self._name} values (?, ?, ?, null)", [self._lake, _MARK + table, mark]
                )

    def end(self, mark: int, tables: Iterable[str]) -> None:
        """Notes that all is brought, into tables that bear the mark now."""
        with transaction(self._connection):
            for table in tables:
                self._connection.execute(
                    f"delete from {self._name} where lake = ? and part = ? and block <> ?",
                    [self._lake, _MARK + table, mark],
                )
            self._connection.execute(f"delete from {self._name} where {_ALL}", {"lake": self._lake})
            self._connection.execute(
                f"insert into {self._name} select $lake, part, block, digest from lake_now", {"lake": self._lake}
            )


def ids_of(blocks: Iterable[int]) -> Runs:
    """The ids in blocks."""
    return Runs.of((block * BLOCK, block * BLOCK + BLOCK - 1) for block in blocks)


def within(column: str, ids: Runs) -> str:
    """The condition that a column holds one of some ids."""
    return f"({' or '.join(f'{column} between {first} and {last}' for first, last in ids) or 'false'})"
