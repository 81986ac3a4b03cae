"""The ids of a selection, cut into parts of about equal numbers of tasks. Each id belongs to exactly one part.

Ids are not dense: where half of the tasks lie is asked of the server, by counting. Where tasks come or go meanwhile,
the parts are less equal, and still disjoint and whole.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from pipelines.label_studio.concurrency import together
from pipelines.label_studio.pieces import Interval, Piece
from pipelines.label_studio.survey import Work

#: How many tasks there are in an interval of ids.
Count = Callable[[Interval], Awaitable[int]]

#: A cut is good when it is off by this share of a part's tasks.
SLACK = 0.1

#: Counts for one cut, at most: a bisection of 16 million ids.
TRIES = 24


class Share(NamedTuple):
    """A piece of the ids, and about how many tasks there are in it."""

    piece: Piece
    tasks: int


async def cut(share: Share, parts: int, count: Count) -> list[Share]:
    """At most `parts` intervals in ascending order, without gaps, with about as many tasks each.

    Lists of ids are cut by their ids alone.
    """
    if parts < 2 or share.piece.first == share.piece.last:
        return [share]
    if not isinstance(share.piece, Interval):
        return [Share(piece, share.tasks // parts + 1) for piece in share.piece.split(parts)]
    low = await _lower(share.piece, share.tasks, parts, count)
    high = Share(Interval(low.piece.last + 1, share.piece.last), max(0, share.tasks - low.tasks))
    halves = await together([cut(low, parts // 2, count), cut(high, parts - parts // 2, count)])
    return [*halves[0], *halves[1]]


async def _lower(interval: Interval, tasks: int, parts: int, count: Count) -> Share:
    """The lower part of an interval, with tasks for half of the parts."""
    goal, slack = tasks * (parts // 2) / parts, SLACK * tasks / parts
    # the last id of the lower part lies from the first of these on, and before the second
    before, after = Share(interval, 0), Share(interval, tasks)
    left, right = interval.first - 1, interval.last
    found: list[Share] = []
    while right - left > 1 and len(found) < TRIES:
        # ids are mostly dense: the first try is where the task would then be
        rise = after.tasks - before.tasks
        share = (goal - before.tasks) / rise if rise > 0 and len(found) % 2 == 0 else 0.5
        middle = min(max(left + round((right - left) * share), left + 1), right - 1)
        piece = Interval(interval.first, middle)
        found.append(Share(piece, await count(piece)))
        if abs(found[-1].tasks - goal) <= slack:
            break
        if found[-1].tasks < goal:
            before, left = found[-1], middle
        else:
            after, right = found[-1], middle
    return min(found, key=lambda each: abs(each.tasks - goal)) if found else Share(Interval(left + 1, left + 1), 0)


def packed(shares: Iterable[tuple[Work, int]], target: int) -> list[tuple[Work, ...]]:
    """Work in its order, in packs of `target` tasks at most, where a single piece has no more."""
    packs: list[tuple[Work, ...]] = []
    held = target + 1
    for work, tasks in shares:
        if held + tasks > target:
            packs.append(())
            held = 0
        packs[-1] = (*packs[-1], work)
        held += tasks
    return packs
