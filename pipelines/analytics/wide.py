"""One project's `data` and `meta` as typed columns: a view that is made of what its tasks hold."""

import logging
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .definitions import Definition, Schemas
from .views import describe

logger = logging.getLogger(__name__)

#: Generated columns of a view; more can't be read.
_MOST = 400

_PREFIX = "task_meta_wide_"

_FIXED = {
    "task_id": "tasks.id",
    "inner_id": "number of the task within the project",
    "is_labeled": "the task is done",
    "created_at": "when the task was created",
    "updated_at": "when the task or one of its annotations was changed last",
}

# kinds of JSON values: those of json_each, and those of task_meta
_DATA = """
    select
        'data' as origin,
        entries.key as name,
        lower(entries.type) as kind,
        entries.value ->> '$' as value
    from label_studio.tasks, json_each(tasks.data) as entries
    where tasks.project_id = ? and json_type(tasks.data) = 'OBJECT' and entries.type <> 'NULL'
"""

_META = """
    select
        'meta',
        path,
        case when value_type = 'string' then 'varchar' else value_type end,
        value
    from label_studio.task_meta
    where project_id = ? and value_type <> 'null'
"""

# a type counts where it holds every value exactly: a double has 53 bits for an integer
_TYPED = r"""
    with entries as ({data} union all {meta}),

    judged as (
        select
            *,
            kind in ('bigint', 'ubigint', 'hugeint', 'double', 'number') as is_number,
            regexp_full_match(value, '-?[0-9]+') as is_integer,
            kind = 'varchar'
            and regexp_full_match(value, '\d{{4}}-\d\d-\d\d')
            and try_cast(value as date) is not null as is_date,
            kind = 'varchar'
            and regexp_full_match(value, '\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{{1,6}})?(Z|[+-]\d\d:\d\d)')
            and try_cast(value as timestamp with time zone) is not null as is_moment
        from entries
    )

    select
        origin,
        name,
        case
            when bool_or(kind in ('object', 'array')) then 'json'
            when bool_and(kind = 'boolean') then 'boolean'
            when bool_and(is_number and is_integer and try_cast(value as bigint) is not null) then 'bigint'
            when
                bool_and(
                    is_number
                    and case
                        when is_integer then coalesce(abs(try_cast(value as hugeint)) <= 9007199254740992, false)
                        else isfinite(try_cast(value as double))
                    end
                )
                then 'double'
            when bool_and(is_date) then 'date'
            when bool_and(is_moment) then 'timestamp with time zone'
            else 'varchar'
        end as type,
        count(*) as times
    from judged
    group by origin, name
    order by times desc, origin asc, name asc
"""


class Column(NamedTuple):
    """A generated column: where it comes from (data or meta, and the key or path there), and its type in DuckDB."""

    origin: str
    source: str
    type: str
    name: str = ""

    @property
    def meaning(self) -> str:
        """What it says of itself in the database."""
        place = f"key {self.source!r} of data" if self.origin == "data" else f"meta at {self.source}"
        return f"{place}, as {self.type}; null where the task does not have it"


def create_wide(connection: Any, schemas: Schemas, project_id: int) -> None:
    """Makes the view `task_meta_wide_<project_id>`: a row a task, a column for each key of `data` and leaf of `meta`.

    A column has the narrowest type that holds each of the project's values exactly: bigint, double, boolean, date,
    timestamp with time zone, json (where one of them is an object or list), else varchar. `connection` is a DuckDB
    connection.
    """
    query = _TYPED.format(data=schemas.named_in(_DATA), meta=schemas.named_in(_META))
    found = [Column(*row[:3]) for row in connection.execute(query, [project_id, project_id]).fetchall()]
    columns = _named(found[:_MOST])
    left_out = len(found) - len(columns)
    description = f"One row is a task of project {project_id}, with its data and meta as columns." + (
        f" The {left_out:,} rarest of {len(found):,} keys are left out." if left_out else ""
    )
    name = f'"{schemas.analytics}"."{_PREFIX}{project_id}"'
    connection.execute(f"create or replace view {name} as {schemas.named_in(_select(project_id, columns))}")
    meanings = _FIXED | {column.name: column.meaning for column in columns}
    describe(connection, "view", name, Definition(f"{_PREFIX}{project_id}", "", description, meanings))


def create_wides(connection: Any, schemas: Schemas, project_ids: Iterable[int]) -> None:
    """Makes the wide views of these projects, and drops those of others that were made before."""
    wanted = set(project_ids)
    for project_id in sorted(wanted):
        create_wide(connection, schemas, project_id)
    query = (
        "select view_name from duckdb_views() where schema_name = ? and starts_with(view_name, ?)"
        " and starts_with(comment, 'One row is a task of project ')"
    )
    for (name,) in connection.execute(query, [schemas.analytics, _PREFIX]).fetchall():
        if name.removeprefix(_PREFIX) not in map(str, wanted):
            connection.execute(f'drop view "{schemas.analytics}"."{name}"')


def _select(project_id: int, columns: list[Column]) -> str:
    data = [column for column in columns if column.origin == "data"]
    meta = [column for column in columns if column.origin == "meta"]
    pivoted = "".join(
        f",\n        max(case when path = {_literal(column.source)} then value end) as {_quoted(column.name)}"
        for column in meta
    )
    # a pointer names a key whatever it holds; of a list it would take an element
    chosen = [
        f"try_cast(objects.object ->> {_literal(_pointer(c.source))} as {c.type}) as {_quoted(c.name)}" for c in data
    ]
    chosen += [f"try_cast(leaves.{_quoted(c.name)} as {c.type}) as {_quoted(c.name)}" for c in meta]
    return f"""
with leaves as (
    select
        task_id{pivoted}
    from label_studio.task_meta
    where project_id = {project_id}
    group by task_id
),

objects as (
    select
        *,
        case when json_type(data) = 'OBJECT' then data end as object
    from label_studio.tasks
    where project_id = {project_id}
)

select
    objects.id as task_id,
    objects.inner_id,
    objects.is_labeled,
    objects.created_at,
    objects.updated_at{"".join(f",{chr(10)}    {one}" for one in chosen)}
from objects
left join leaves on objects.id = leaves.task_id
"""


def _named(columns: list[Column]) -> list[Column]:
    """Columns with names of lower-case letters, digits and _, of which none comes twice."""
    taken = set(_FIXED)
    return [column._replace(name=name) for column, name in zip(columns, _names(columns, taken), strict=True)]


def _names(columns: list[Column], taken: set[str]) -> Iterator[str]:
    for column in columns:
        source = column.source.removeprefix("$") if column.origin == "meta" else column.source
        plain = unicodedata.normalize("NFKD", source).encode("ascii", "ignore").decode().lower()
        base = f"{column.origin}_{re.sub('[^a-z0-9]+', '_', plain).strip('_')}"[:60].rstrip("_")
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        yield name


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _quoted(name: str) -> str:
    return f'"{name}"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
