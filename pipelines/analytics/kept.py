"""The kept tables of `analytics`: what would take too long to work out with each question, worked out once a change."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from pipelines.memory import give_back
from pipelines.warehouse import checkpoint

from . import controls, masks, matching, measures
from .agreement import TEMPORARY, prepare
from .controls import write_controls
from .definitions import KEPT_TASKS, SQL, Definition, Schemas, kept_tables
from .views import describe

logger = logging.getLogger(__name__)

#: Tasks that are worked out together: more would take more memory.
_CHUNK = 10_000

#: Ids of tasks that are compared together.
_RANGE = 1_000

#: Of the table that names the load and the settings with which each task was worked out.
_KEPT_TYPES = "task_id bigint, load_id varchar, basis ubigint"

#: What scores rest on beside a task itself, of each project.
BASES = """
    select
        id as project_id,
        hash(label_config, control_weights::varchar) as basis
    from label_studio.projects
"""

KEPT_COLUMNS = {
    "task_id": "tasks.id",
    "load_id": "the load that brought the task as it was worked out",
    "basis": "hash of the project's labeling config and weights as they were then",
}


def refresh_kept(connection: Any, schemas: Schemas) -> int:
    """Works out anew what the kept tables hold on tasks that changed, or whose project or formulas did.

    Gives the number of these tasks. A chunk of tasks is replaced in all kept tables in one transaction, so that a
    run that is ended goes on with the next one. `connection` is a DuckDB connection.
    """
    connection.execute(f'create schema if not exists "{schemas.analytics}"')
    definitions = kept_tables()
    comment = describe_state(definitions)
    begun_anew = not _is_worked_out_by(connection, schemas, comment)
    if begun_anew:
        connection.execute(f"create or replace table {schemas.qualified(KEPT_TASKS)} ({_KEPT_TYPES})")
    _find_stale(connection, schemas)
    changed = _find_changed(connection, schemas)
    _forget_gone(connection, schemas, definitions)
    if changed or begun_anew:
        write_controls(connection, schemas)
    # tables without a row have to be there, too
    for place in range(0, max(changed, int(begun_anew)), _CHUNK):
        connection.execute(
            "create or replace temp table scope as"
            f" select task_id, load_id, basis from changed where place > {place} and place <= {place + _CHUNK}"
        )
        # not in the transaction: what it made itself has no statistics there, and joins go wrong ways
        prepare(connection, schemas)
        with transaction(connection):
            if begun_anew and not place:
                _make(connection, schemas, definitions, comment)
            else:
                _replace(connection, schemas, definitions, emptied=begun_anew)
        if changed > _CHUNK:
            # the log of changes would grow with each chunk
            checkpoint(connection)
            give_back(connection)
        logger.debug("worked out %d of %d changed tasks", min(place + _CHUNK, changed), changed)
    for name in ("scope", "bases", "stale", "changed", "controls", "label_weights", *TEMPORARY):
        connection.execute(f"drop table if exists temp.{name}")
    return changed


def describe_state(definitions: list[Definition]) -> str:
    """The comment of the table `kept_tasks`: it tells by which formulas the kept tables were worked out."""
    return f"One row is a task that the kept tables hold. Worked out by the formulas {_digest(definitions)}."


def _is_worked_out_by(connection: Any, schemas: Schemas, comment: str) -> bool:
    query = "select comment from duckdb_tables() where schema_name = ? and table_name = ?"
    return bool(connection.execute(query, [schemas.analytics, KEPT_TASKS]).fetchone() == (comment,))


def _digest(definitions: list[Definition]) -> str:
    """Of all that scores are made by: the SQL, and what SQL can't do."""
    steps = sorted((SQL / "agreement").glob("*.sql"))
    modules = [Path(module.__file__ or "") for module in (controls, masks, matching, measures)]
    texts = [path.read_text(encoding="utf-8") for path in [*steps, *modules]]
    return sha256("\0".join([*texts, *(definition.sql for definition in definitions)]).encode()).hexdigest()[:16]


def _find_stale(connection: Any, schemas: Schemas) -> None:
    """Makes the temp tables `bases`, of projects, and `stale`: ranges of ids in which tasks are not as they are kept.

    To compare two hashes for each range takes a tenth of what it takes to join a million tasks. A hash of several
    values ends with an exclusive or, so that of two tasks with the same change nothing would be left: hence the outer.
    """
    connection.execute(schemas.named_in(f"create or replace temp table bases as {BASES}"))
    connection.execute(
        schemas.named_in(f"""
        create or replace temp table stale as
        with there as (
            select
                tasks.id // {_RANGE} as id_range,
                count(*) as tasks,
                bit_xor(hash(hash(tasks.id, tasks._dlt_load_id, coalesce(bases.basis, 0::ubigint)))) as digest
            from label_studio.tasks
            left join bases on tasks.project_id = bases.project_id
            group by tasks.id // {_RANGE}
        ),

        kept as (
            select
                task_id // {_RANGE} as id_range,
                count(*) as tasks,
                bit_xor(hash(hash(task_id, load_id, basis))) as digest
            from analytics.kept_tasks
            group by task_id // {_RANGE}
        )

        select coalesce(there.id_range, kept.id_range) as id_range
        from there
        full join kept on there.id_range = kept.id_range
        where there.tasks is distinct from kept.tasks or there.digest is distinct from kept.digest
        """)
    )


def _find_changed(connection: Any, schemas: Schemas) -> int:
    """Makes the temp table `changed`: tasks that are new, loaded again, or of a project whose settings changed."""
    connection.execute(
        schemas.named_in(f"""
        create or replace temp table changed as
        with kept as (
            select *
            from analytics.kept_tasks
            where task_id // {_RANGE} in (select stale.id_range from stale)
        )
        select
            tasks.id as task_id,
            tasks._dlt_load_id as load_id,
            coalesce(bases.basis, 0::ubigint) as basis,
            row_number() over (order by tasks.id) as place
        from label_studio.tasks
        left join bases on tasks.project_id = bases.project_id
        left join kept on tasks.id = kept.task_id
        where
            tasks.id // {_RANGE} in (select stale.id_range from stale)
            and (
                kept.task_id is null
                or kept.load_id is distinct from tasks._dlt_load_id
                or kept.basis is distinct from coalesce(bases.basis, 0::ubigint)
            )
        """)
    )
    return int(connection.execute("select count(*) from changed").fetchone()[0])


def _forget_gone(connection: Any, schemas: Schemas, definitions: list[Definition]) -> None:
    """Removes what is kept on tasks that are not there any more."""
    gone = schemas.named_in(
        f"select task_id from analytics.kept_tasks where task_id // {_RANGE} in (select stale.id_range from stale)"
        f" and task_id not in (select id from label_studio.tasks where id // {_RANGE} in (select id_range from stale))"
    )
    with transaction(connection):
        connection.execute(f"create or replace temp table gone as {gone}")
        if connection.execute("select count(*) from gone").fetchone() != (0,):
            for name in (*(definition.name for definition in definitions), KEPT_TASKS):
                connection.execute(
                    f"delete from {schemas.qualified(name)} where task_id in (select gone.task_id from gone)"
                )
        connection.execute("drop table temp.gone")


def _make(connection: Any, schemas: Schemas, definitions: list[Definition], comment: str) -> None:
    """Makes the kept tables, with the tasks in `scope`."""
    for definition in definitions:
        name = schemas.qualified(definition.name)
        connection.execute(f"create or replace table {name} as {schemas.named_in(definition.sql)}")
        describe(connection, "table", name, definition)
    state = schemas.qualified(KEPT_TASKS)
    connection.execute(f"insert into {state} select task_id, load_id, basis from scope")
    describe(connection, "table", state, Definition(KEPT_TASKS, "", comment, KEPT_COLUMNS))


def _replace(connection: Any, schemas: Schemas, definitions: list[Definition], *, emptied: bool) -> None:
    """Replaces the rows of the tasks in `scope`; where the tables were `emptied` there are none."""
    selects = {definition.name: schemas.named_in(definition.sql) for definition in definitions}
    for name, select in {**selects, KEPT_TASKS: "select task_id, load_id, basis from scope"}.items():
        if not emptied:
            connection.execute(
                f"delete from {schemas.qualified(name)} where task_id in (select scope.task_id from scope)"
            )
        connection.execute(f"insert into {schemas.qualified(name)} {select}")


@contextmanager
def transaction(connection: Any) -> Iterator[None]:
    """All of what is executed, or nothing."""
    connection.execute("begin")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        # a commit that fails has ended it
        with suppress(duckdb.TransactionException):
            connection.execute("rollback")
        raise
