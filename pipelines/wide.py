"""The tasks of one project with columns of its own: `data` and `meta`, pivoted, and typed by what they hold."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from pipelines.analytics.definitions import ANALYTICS, Definition
from pipelines.analytics.views import describe
from pipelines.comments import literal
from pipelines.wide_types import STEP, Leaf, leaves

#: Columns that data and meta give at most: BI tools stumble over more.
_LIMIT = 400

#: The view's name, before the project's id.
_PREFIX = "task_meta_wide_"

#: Keys of data that are read at once: each reading parses the data anew, and each key in it takes its time, too.
_AT_ONCE = 16

#: Characters of a name, before what tells it from others: PostgreSQL cuts names off after 63 bytes.
_LENGTH = 56

#: Places that are left out and named.
_NAMED = 20

#: Columns of `tasks` that each of the views has.
_FIXED = {
    "task_id": "tasks.id",
    "project_id": "projects.id",
    "inner_id": "number of the task within its project",
    "is_labeled": "the task has as many annotations as its overlap asks for",
    "total_annotations": "annotations, cancelled ones not counted",
    "cancelled_annotations": "cancelled (skipped) annotations",
    "total_predictions": "predictions",
    "created_at": "when the task was created",
    "updated_at": "when the task or one of its annotations last changed",
    "completed_at": "when the newest annotation was created, once the task is labeled",
    "file_upload": "base name of the uploaded file that the task came from",
    "storage_filename": "key of the task's file in the connected storage",
}


def refresh_wide(connection: Any, dataset: str, project_ids: Iterable[int], analytics: str = ANALYTICS) -> list[str]:
    """Makes the views of these projects anew and drops those of others; gives the names of the views."""
    names = [create_wide(connection, dataset, project_id, analytics) for project_id in sorted(set(project_ids))]
    there = connection.execute(
        "select view_name from duckdb_views() where database_name = current_database() and schema_name = ?"
        " and regexp_full_match(view_name, ?) and starts_with(comment, 'One row is a task of project ') order by all",
        [analytics, rf"{_PREFIX}\d+"],
    ).fetchall()
    for (name,) in there:
        if name not in names:
            connection.execute(f"drop view {_name(analytics)}.{_name(name)}")
    return names


def create_wide(connection: Any, dataset: str, project_id: int, analytics: str = ANALYTICS) -> str:
    """Makes view `task_meta_wide_<project_id>` of schema `analytics` anew, with comments; gives its name.

    It has the columns and types of the tasks as they are now: to be made again after each load. `connection` is a
    DuckDB connection, `dataset` the schema of the loaded tables.
    """
    view = wide_view(connection, dataset, project_id)
    name = f"{_name(analytics)}.{_name(view.name)}"
    connection.execute(f"create schema if not exists {_name(analytics)}")
    connection.execute(f"create or replace view {name} as {view.sql}")
    describe(connection, "view", name, view)
    return view.name


def wide_view(connection: Any, dataset: str, project_id: int, limit: int = _LIMIT) -> Definition:
    """The view of a project: one row a task; a column for each key of `data` and each path of `meta`'s leaves.

    Of more than `limit` of these, the most frequent ones. A column is of a type only where every value converts to it
    without loss. Numbers that no type holds, and mixed values, are text; objects and lists are JSON.
    """
    found = sorted(leaves(connection, dataset, project_id), key=_rank)
    kept, left_out = found[:limit], found[limit:]
    columns = _names(kept)
    tasks, title = _facts(connection, dataset, project_id)
    comments = _FIXED | {name: _comment(leaf, tasks) for name, leaf in columns.items()}
    description = (
        f"One row is a task of project {project_id}{f' ({title})' if title else ''}. Columns data_… are the keys of its"
        " data, meta_… the leaves of its meta, null where a task has none. They are made anew with each load, of the"
        " type that holds every value of the project exactly; else they hold text, or JSON."
    )
    return Definition(
        f"{_PREFIX}{project_id}",
        _sql(dataset, project_id, columns, _inner(found)),
        description + _told_of(left_out),
        comments,
    )


def _rank(leaf: Leaf) -> tuple[Any, ...]:
    """The most frequent first; of equal ones those of data, then those that are in no list."""
    return (-leaf.values, leaf.source, "[" in leaf.place, _natural(leaf.place))


def _natural(text: str) -> list[tuple[int, str]]:
    """Sorts [2] before [10]."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text)]


def _names(found: Sequence[Leaf]) -> dict[str, Leaf]:
    """Names for columns, in their order. A name that is taken gets a number; who needs no change comes first."""
    names: dict[tuple[str, str], str] = {}
    taken = set(_FIXED)
    for leaf in sorted(found, key=lambda leaf: (leaf.source, not _is_plain(leaf), _natural(leaf.place))):
        plain = name = f"{leaf.source}_{_cleaned(leaf)}".rstrip("_")
        number = 1
        while name in taken:
            number += 1
            name = f"{plain}_{number}"
        taken.add(name)
        names[leaf.source, leaf.place] = name
    ordered = sorted(found, key=lambda leaf: (leaf.source, _natural(leaf.place)))
    return {names[leaf.source, leaf.place]: leaf for leaf in ordered}


def _is_plain(leaf: Leaf) -> bool:
    return _cleaned(leaf) == leaf.place.removeprefix("$.")


def _cleaned(leaf: Leaf) -> str:
    """Lower-case letters, digits and _ only; '' for a meta that is no object."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", leaf.place).lower())
    cleaned = re.sub(r"\W+", "_", text).strip("_")[:_LENGTH].rstrip("_")
    return cleaned or ("" if (leaf.source, leaf.place) == ("meta", "$") else "key")


def _facts(connection: Any, dataset: str, project_id: int) -> tuple[int, str | None]:
    """How many tasks a project has, and its title."""
    found: tuple[int, str | None] = connection.execute(
        f"select (select count(*) from {_name(dataset)}.tasks where project_id = $id),"
        f" (select max(title) from {_name(dataset)}.projects where id = $id)",
        {"id": project_id},
    ).fetchone()
    return found


def _comment(leaf: Leaf, tasks: int) -> str:
    where = f'key "{leaf.place}" of data' if leaf.source == "data" else f"{leaf.place} of meta"
    return f"{where}: {leaf.kinds}, in {leaf.values} of {tasks} tasks"


def _told_of(left_out: Sequence[Leaf]) -> str:
    if not left_out:
        return ""
    named = ", ".join(f"{leaf.place} of {leaf.source}" for leaf in left_out[:_NAMED])
    more = f" and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
    return f" Left out are the rarest {len(left_out)}: {named}{more}."


def _sql(dataset: str, project_id: int, columns: dict[str, Leaf], inner: set[Leaf]) -> str:
    """The select. Parts are lists of some places' values: of them, too, only what is asked for is worked out."""
    parts: list[str] = []
    values: dict[str, str] = {}
    for source in ("data", "meta"):
        for as_json, function in ((False, "json_extract_string"), (True, "json_extract")):
            of_source = [name for name, leaf in columns.items() if leaf.source == source]
            names = [name for name in of_source if as_json == (columns[name].type == "json" or columns[name] in inner)]
            for first in range(0, len(names), _AT_ONCE):
                some = names[first : first + _AT_ONCE]
                part = f"part_{len(parts) + 1}"
                paths = ", ".join(literal(columns[name].path) for name in some)
                # a pointer to a key would take an element of a list
                read = f"tasks.{source}"
                if source == "data":
                    read = f"case when json_type({read}) = 'OBJECT' then {read} end"
                parts.append(f"{function}({read}, [{paths}]) as {part}")
                values |= {name: f"task_rows.{part}[{place}]" for place, name in enumerate(some, 1)}
    own = [f"{_value(values[name], leaf, leaf in inner)} as {_name(name)}" for name, leaf in columns.items()]
    return f"""with task_rows as (
    select
        {_lines(["tasks.id as task_id", *(f"tasks.{name}" for name in list(_FIXED)[1:]), *parts], 8)}
    from {_name(dataset)}.tasks
    where tasks.project_id = {project_id:d}
)

select
    {_lines([*(f"task_rows.{name}" for name in _FIXED), *own], 4)}
from task_rows"""


def _inner(found: Iterable[Leaf]) -> set[Leaf]:
    """Leaves of some tasks' meta where others have more below them, which has columns of its own."""
    meta = {leaf.place: leaf for leaf in found if leaf.source == "meta"}
    above = {place[: step.start()] for place in meta for step in STEP.finditer(place)}
    return {meta[place] for place in above & meta.keys()}


def _value(value: str, leaf: Leaf, is_inner: bool) -> str:
    if is_inner:
        value = f"case when left({value}, 1) not in ('{{', '[') or {value} in ('{{}}', '[]') then {value} end"
        value = value if leaf.type == "json" else f"json_extract_string({value}, '$')"
    if leaf.type == "json":
        return f"nullif({value}, 'null')::json"
    # no value fails, unless tasks changed since
    return value if leaf.type == "varchar" else f"try_cast({value} as {leaf.type})"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _lines(items: Iterable[str], indent: int) -> str:
    return f",\n{' ' * indent}".join(items)
