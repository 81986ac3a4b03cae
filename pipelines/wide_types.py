"""What the `data` and `meta` of a project's tasks hold, and the types of columns that hold it exactly."""

from typing import Any, NamedTuple

#: Up to here a double holds every integer.
_SAFE = 2**53

_DAY = r"\d{4}-\d\d-\d\d"
_TIME = r"\d\d:\d\d:\d\d(\.\d{1,6})?"
_ZONE = r"(Z|[+-]\d\d(:?\d\d)?)"


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
    """What the tasks of a project hold. `connection` is a DuckDB connection, `dataset` the schema of the tables."""
    rows = connection.execute(
        f"""
        with fields as (
            select
                'data' as source,
                field.key as place,
                case field.type
                    when 'VARCHAR' then 'string'
                    when 'BOOLEAN' then 'boolean'
                    when 'NULL' then 'null'
                    when 'OBJECT' then 'object'
                    when 'ARRAY' then 'array'
                    else 'number'
                end as kind,
                json_extract_string(field.value, '$') as value
            from "{dataset}".tasks,
                json_each(case when json_type(tasks.data) = 'OBJECT' then tasks.data end) as field
            where tasks.project_id = $project_id and not contains(field.key, chr(0))
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
                kind = 'number' and regexp_full_match(value, '-?\\d+') as is_integer,
                case when kind = 'number' then try_cast(value as double) end as number,
                kind = 'string' and regexp_full_match(value, '{_DAY}.*') as is_dated
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
            count(*) filter (where is_integer and try_cast(value as bigint) is not null),
            count(*) filter (where is_integer and abs(number) <= {_SAFE}),
            count(*) filter (where kind = 'number' and not is_integer and isfinite(number)),
            count(*) filter (
                where is_dated and regexp_full_match(value, '{_DAY}[T ]{_TIME}{_ZONE}')
                    and try_cast(value as timestamp with time zone) is not null
            ),
            count(*) filter (
                where is_dated and regexp_full_match(value, '{_DAY}[T ]{_TIME}')
                    and try_cast(value as timestamp) is not null
            ),
            count(*) filter (
                where is_dated and regexp_full_match(value, '{_DAY}') and try_cast(value as date) is not null
            )
        from read
        group by source, place
        """,
        {"project_id": project_id},
    ).fetchall()
    return [Leaf(*row) for row in rows]
