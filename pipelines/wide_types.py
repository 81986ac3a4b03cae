"""What the `data` and `meta` of a project's tasks hold, and the types of columns that hold it exactly."""

import re
from typing import Any, NamedTuple

#: Up to here a double holds every integer.
_SAFE = 2**53

_DAY = r"\d{4}-\d\d-\d\d"
_TIME = r"\d\d:\d\d:\d\d(\.\d{1,6})?"
_ZONE = r"(Z|[+-]\d\d(:?\d\d)?)"

#: A step of a path as task_meta writes it.
STEP = re.compile(r'\.(?:[A-Za-z]\w*|"(?:[^"\\]|\\.)*")|\[\d+\]', re.DOTALL | re.ASCII)


class Leaf(NamedTuple):
    """A key of data, or a path of meta's leaves, over all tasks: how many of its values are of a kind.

    JSON null is no value. `integers` are numbers that fit into 64 bits, `safe` those of them that a double holds, too,
    `decimals` those with a point or an exponent. `moments`, `times` and `days` are strings: with a zone, without, and
    dates alone.
    """

    source: str
    place: str
    values: int
    strings: int
    numbers: int
    booleans: int
    nested: int
    integers: int
    safe: int
    decimals: int
    moments: int
    times: int
    days: int

    @property
    def keys(self) -> list[str]:
        """The keys and indexes on the way to it."""
        if self.source == "data":
            return [self.place]
        return [_unquoted(step) for step in STEP.findall(self.place)]

    @property
    def path(self) -> str:
        """Where DuckDB finds it: a JSON pointer where a path can't say it, as a path knows no empty key, and no *."""
        if self.source == "meta" and "*" not in self.place and '""' not in self.place:
            return self.place
        return "".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in self.keys)

    @property
    def type(self) -> str:
        """The narrowest type that every value converts to without loss; text is only ever read as a date or time."""
        if self.nested:
            return "json"
        exact = {
            "boolean": self.booleans,
            "bigint": self.integers,
            "double": self.safe + self.decimals,
            "timestamp with time zone": self.moments,
            "timestamp": self.times,
            "date": self.days,
        }
        return next((type_ for type_, count in exact.items() if self.values and count == self.values), "varchar")

    @property
    def kinds(self) -> str:
        """The kinds of its values, in words."""
        counts = {
            "strings": self.strings,
            "numbers": self.numbers,
            "truth values": self.booleans,
            "objects or lists": self.nested,
        }
        return " and ".join(kind for kind, count in counts.items() if count) or "null only"


def leaves(connection: Any, dataset: str, project_id: int) -> list[Leaf]:
    """What the tasks of a project hold, but for keys with U+0000, which no SQL can name.

    `connection` is a DuckDB connection, `dataset` the schema of the tables.
    """
    rows = connection.execute(
        f"""
        with nodes as (
            select
                unnest(json_keys(data)) as place,
                unnest(json_extract(data, '$.*')) as node
            from "{dataset}".tasks
            where project_id = $project_id
        ),

        fields as (
            select
                'data' as source,
                place,
                case left(node::varchar, 1)
                    when '"' then 'string'
                    when 't' then 'boolean'
                    when 'f' then 'boolean'
                    when 'n' then 'null'
                    when '{{' then 'object'
                    when '[' then 'array'
                    else 'number'
                end as kind,
                json_extract_string(node, '$') as value
            from nodes
            union all
            select
                'meta',
                path,
                value_type,
                value
            from "{dataset}".task_meta
            where project_id = $project_id
        ),

        read as (
            select
                *,
                case
                    when kind = 'number' and regexp_full_match(value, '-?\\d+') then try_cast(value as bigint)
                end as integer,
                case
                    when kind = 'number' and not regexp_full_match(value, '-?\\d+') then try_cast(value as double)
                end as decimal,
                case when kind = 'string' and regexp_full_match(left(value, 11), '{_DAY}[T ]?') then value end as date
            from fields
        )

        select
            source,
            place,
            count(*) filter (where kind <> 'null'),
            count(*) filter (where kind = 'string'),
            count(*) filter (where kind = 'number'),
            count(*) filter (where kind = 'boolean'),
            count(*) filter (where kind in ('object', 'array')),
            count(integer),
            count(*) filter (where integer between -{_SAFE} and {_SAFE}),
            count(*) filter (where isfinite(decimal)),
            count(
                case
                    when regexp_full_match(date, '{_DAY}[T ]{_TIME}{_ZONE}') then try_cast(date as timestamptz)
                end
            ),
            count(case when regexp_full_match(date, '{_DAY}[T ]{_TIME}') then try_cast(date as timestamp) end),
            count(case when regexp_full_match(date, '{_DAY}') then try_cast(date as date) end)
        from read
        group by source, place
        """,
        {"project_id": project_id},
    ).fetchall()
    found = [Leaf(*row) for row in rows]
    return [leaf for leaf in found if all("\0" not in key for key in leaf.keys)]


def _unquoted(step: str) -> str:
    """The key or index of a step."""
    if not step.startswith('."'):
        return step.strip(".[]")
    escaped = {r"\\": "\\", r"\"": '"', r"\u0000": "\0"}
    return re.sub(r'\\\\|\\"|\\u0000', lambda found: escaped[found[0]], step[2:-1])
