"""The kept tables on PostgreSQL: worked out in DuckDB, by the very code that does it there, on the tasks that changed.

A chunk of tasks is brought over with all of its rows, which makes a small warehouse in memory; what is kept of that one
goes back, in one transaction.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import duckdb
from adbc_driver_postgresql import dbapi

from pipelines.analytics.definitions import KEPT_TASKS, Definition, Schemas, kept_tables
from pipelines.analytics.kept import BASES, KEPT_COLUMNS, describe_state
from pipelines.analytics.kept import refresh_kept as refresh_here
from pipelines.comments import comments, literal
from pipelines.dialects import column_types
from pipelines.label_studio.flatten import DUCKDB_SETTINGS
from pipelines.label_studio.tables import TABLES, Table, family

logger = logging.getLogger(__name__)

#: Tasks that are worked out together.
_CHUNK = 10_000

#: In the small warehouse, everything has its first name.
_HERE = Schemas()


def refresh_kept(url: str, schemas: Schemas, give_way: Callable[[], None]) -> int:
    """Works out anew what the kept tables hold on tasks that changed, or whose project or formulas did.

    Gives the number of these tasks. `url` is the database's address; `give_way` drops the views, where tables that they
    read must be made anew. To be called while no other run writes.
    """
    with (
        closing(dbapi.connect(url, autocommit=True)) as connection,
        closing(connection.cursor()) as cursor,
        closing(duckdb.connect()) as engine,
    ):
        engine.execute(DUCKDB_SETTINGS)
        return _Refresh(cursor, engine, schemas, give_way).run()


class _Refresh:
    """`cursor` is ADBC's, at the database; `engine` is a DuckDB connection, for the small warehouse."""

    def __init__(
        self, cursor: Any, engine: duckdb.DuckDBPyConnection, schemas: Schemas, give_way: Callable[[], None]
    ) -> None:
        self._give_way = give_way
        self._cursor = cursor
        self._engine = engine
        self._schemas = schemas
        self._definitions = kept_tables()
        self._names = [*(definition.name for definition in self._definitions), KEPT_TASKS]

    def run(self) -> int:
        self._engine.execute(f"create schema {_HERE.dataset}")
        for name in ("projects", "project_labels"):
            self._bring(TABLES[name], "true")
        self._make_tables()
        changed = self._find_changed()
        self._forget_gone()
        for place in range(0, changed, _CHUNK):
            self._work_out(f"select task_id from changed where place > {place} and place <= {place + _CHUNK}")
            logger.debug("worked out %d of %d changed tasks", min(place + _CHUNK, changed), changed)
        return changed

    def _make_tables(self) -> None:
        """Makes the kept tables, empty, where they are not there or were worked out by other formulas."""
        state = self._schemas.qualified(KEPT_TASKS)
        comment = describe_state(self._definitions)
        [(is_there, found)] = self._rows(
            f"select to_regclass({literal(state)}) is not null, obj_description(to_regclass({literal(state)}))"
        )
        if found == comment:
            return
        # a warehouse without tasks has them all
        for table in family("tasks"):
            self._bring(table, "false")
        refresh_here(self._engine, _HERE)
        if is_there:
            self._give_way()
        with self._transaction():
            self._cursor.execute(f'create schema if not exists "{self._schemas.analytics}"')
            for definition in (*self._definitions, Definition(KEPT_TASKS, "", comment, KEPT_COLUMNS)):
                self._make_table(definition)

    def _make_table(self, definition: Definition) -> None:
        name = self._schemas.qualified(definition.name)
        columns = ", ".join(f'"{column}" {kind}' for column, kind in self._types(definition.name).items())
        self._cursor.execute(f"drop table if exists {name}")
        self._cursor.execute(f"create table {name} ({columns})")
        self._cursor.execute(f"create index on {name} (task_id)")
        for statement in comments("table", name, definition.description, definition.columns):
            self._cursor.execute(statement)

    def _types(self, name: str) -> dict[str, str]:
        types = column_types(self._engine, _HERE.analytics, name, "postgres")
        # a hash, of which nobody wants more than to compare it
        return types | ({"basis": "varchar"} if name == KEPT_TASKS else {})

    def _find_changed(self) -> int:
        """Makes the temp table `changed` of the tasks to be worked out; gives their number."""
        bases = self._engine.sql(f"select project_id, basis::varchar as basis from ({BASES})").to_arrow_table()
        self._cursor.execute("create temp table bases (project_id bigint, basis varchar)")
        self._cursor.adbc_ingest("bases", bases, mode="append", temporary=True)
        self._cursor.execute(
            self._schemas.named_in("""
            create temp table changed as
            select
                tasks.id as task_id,
                row_number() over (order by tasks.id) as place
            from label_studio.tasks
            left join bases on tasks.project_id = bases.project_id
            left join analytics.kept_tasks as kept on tasks.id = kept.task_id
            where
                kept.task_id is null
                or kept.load_id is distinct from tasks._dlt_load_id
                or kept.basis is distinct from coalesce(bases.basis, '0')
            """)
        )
        return int(self._rows("select count(*) from changed")[0][0])

    def _forget_gone(self) -> None:
        gone = self._schemas.named_in(
            "select task_id from analytics.kept_tasks as kept"
            " where not exists (select 1 from label_studio.tasks where tasks.id = kept.task_id)"
        )
        self._cursor.execute(f"create temp table gone as {gone}")
        with self._transaction():
            for name in self._names:
                self._cursor.execute(
                    f"delete from {self._schemas.qualified(name)} where task_id in (select gone.task_id from gone)"
                )

    def _work_out(self, task_ids: str) -> None:
        """Works out the tasks that a query names, and puts what is kept of them in place of what was."""
        for table in family("tasks"):
            self._bring(table, f'"{"task_id" if table.parent else "id"}" in ({task_ids})')
        refresh_here(self._engine, _HERE)
        with self._transaction():
            for name in self._names:
                self._cursor.execute(f"delete from {self._schemas.qualified(name)} where task_id in ({task_ids})")
                self._put(name)

    def _put(self, name: str) -> None:
        """Adds what the small warehouse keeps in a table."""
        columns = ", ".join(
            "basis::varchar as basis" if column == "basis" else f'"{column}"' for column in self._types(name)
        )
        rows = self._engine.sql(f"select {columns} from {_HERE.qualified(name)}").to_arrow_table()
        if rows.num_rows:
            self._cursor.adbc_ingest(name, rows, mode="append", db_schema_name=self._schemas.analytics)

    def _bring(self, table: Table, condition: str) -> None:
        """Makes a table of the small warehouse: the rows that meet a condition."""
        json = [column.name for column in table.columns if column.type == "json"]
        columns = [f'"{column.name}"' + ("::text" if column.name in json else "") for column in table.columns]
        if not table.parent:
            columns.append("_dlt_load_id")
        self._cursor.execute(
            f'select {", ".join(columns)} from "{self._schemas.dataset}"."{table.name}" where {condition}'
        )
        self._engine.register("brought", self._cursor.fetch_arrow_table())
        typed = "".join(f'"{name}"::json as "{name}", ' for name in json)
        replaced = f" replace ({typed})" if typed else ""
        self._engine.execute(f"create or replace table {_HERE.dataset}.{table.name} as select *{replaced} from brought")
        self._engine.unregister("brought")

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        self._cursor.execute(query)
        return list(self._cursor.fetchall())

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._cursor.execute("begin")
        try:
            yield
        except BaseException:
            self._cursor.execute("rollback")
            raise
        self._cursor.execute("commit")
