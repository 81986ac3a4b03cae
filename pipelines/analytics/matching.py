"""Which region of one side is which of the other: matched one to one, the surest first."""

from collections.abc import Callable
from typing import Any

#: Regions that overlap less than this are not the same one.
THRESHOLD = 0.5

_CONTENDERS = f"""
    select
        similarities.comparison,
        similarities.item_a,
        similarities.item_b,
        similarities.same_labels,
        similarities.geometry
    from similarities
    inner join comparisons on similarities.comparison = comparisons.comparison
    where comparisons.is_matched and similarities.kind in ('labels', 'choices') and similarities.geometry >= {THRESHOLD}
"""

# those that are the best of both their sides: as the order is the same for all, there is always one
_BEST = """
    with ranked as (
        select
            *,
            row_number() over (
                partition by comparison, item_a order by same_labels desc, geometry desc, item_a, item_b
            ) as place_a,
            row_number() over (
                partition by comparison, item_b order by same_labels desc, geometry desc, item_a, item_b
            ) as place_b
        from contenders
    )

    select comparison, item_a, item_b, same_labels, geometry
    from ranked
    where place_a = 1 and place_b = 1
"""

_REST = """
    select contenders.*
    from contenders
    anti join best as a on contenders.comparison = a.comparison and contenders.item_a = a.item_a
    anti join best as b on contenders.comparison = b.comparison and contenders.item_b = b.item_b
"""


def match_regions(connection: Any, _: Callable[[str], str]) -> None:
    """Makes `matches` (comparison, item_a, item_b, same_labels, geometry) of regions that overlap by half or more.

    Regions with the same labels are matched before others, and those that overlap more before those that do less.
    """
    connection.execute(f"create or replace temp table contenders as {_CONTENDERS}")
    connection.execute("create or replace temp table matches as select * from contenders limit 0")
    while connection.execute("select count(*) from contenders").fetchone() != (0,):
        connection.execute(f"create or replace temp table best as {_BEST}")
        connection.execute("insert into matches select * from best")
        connection.execute(f"create or replace temp table rest as {_REST}")
        connection.execute("drop table contenders")
        connection.execute("alter table rest rename to contenders")
    connection.execute("drop table if exists temp.best")
