"""What people write as ids, ranges and projects, and the pieces that it is cut into."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.label_studio.exceptions import SelectionError
from pipelines.label_studio.pieces import IDS_A_REQUEST, MAX_ID, IdList, Interval, Piece, Runs
from pipelines.label_studio.selection import Selection, read_ids, select

RANGES = st.lists(
    st.tuples(st.integers(0, 800), st.integers(0, 120)).map(lambda pair: (pair[0], sum(pair))), max_size=40
)


def held(pieces: list[Piece]) -> list[int]:
    """All ids of pieces, in their order."""
    return [n for p in pieces for n in (range(p.first, p.last + 1) if isinstance(p, Interval) else p.ids)]


@given(RANGES)
def test_runs_hold_each_id_once_in_ascending_order(ranges: list[tuple[int, int]]) -> None:
    """Runs of any ranges are disjoint, ascending, never adjacent, and hold the same ids."""
    runs = Runs.of(ranges)
    ids = [n for first, last in runs for n in range(first, last + 1)]
    assert ids == sorted({n for first, last in ranges for n in range(first, last + 1)})
    assert all(before[1] + 1 < after[0] for before, after in pairwise(runs))
    assert runs.size == len(ids)


@given(RANGES, st.integers(0, 900), st.integers(0, 900))
def test_pieces_are_disjoint_complete_and_ascending(ranges: list[tuple[int, int]], low: int, width: int) -> None:
    """The pieces of a selection hold the ids between two bounds, each once, in order, and none too many."""
    selection = Selection(Runs.of(ranges))
    pieces = list(selection.pieces(low, low + width))
    wanted = {n for first, last in ranges for n in range(first, last + 1)}
    assert held(pieces) == sorted(n for n in wanted if low <= n <= low + width)
    assert all(len(piece.ids) <= IDS_A_REQUEST for piece in pieces if isinstance(piece, IdList))


PIECES = st.one_of(
    st.tuples(st.integers(0, 500), st.integers(0, 200)).map(lambda pair: Interval(pair[0], sum(pair))),
    st.sets(st.integers(0, 500), min_size=1).map(lambda ids: IdList(tuple(sorted(ids)))),
)


@given(PIECES, st.integers(1, 20))
def test_a_split_piece_holds_the_same_ids(piece: Piece, parts: int) -> None:
    """A piece is split into at most so many pieces, none empty, that hold its ids in order."""
    split = piece.split(parts)
    assert held(split) == held([piece])
    assert 1 <= len(split) <= parts


@given(PIECES, st.integers(-10, 800))
def test_what_is_left_of_a_piece_lies_behind(piece: Piece, task_id: int) -> None:
    """After an id of its own, a piece holds just what is greater, or is at its end."""
    ids = held([piece])
    task_id = min(ids, key=lambda n: abs(n - task_id))
    left = piece.after(task_id)
    assert (held([left]) if left else []) == [n for n in ids if n > task_id]


@given(PIECES, st.integers(0, 700))
def test_a_piece_knows_its_ids(piece: Piece, task_id: int) -> None:
    """An id is in a piece if it is among its ids."""
    assert (task_id in piece) == (task_id in held([piece]))


def test_everything_costs_nothing() -> None:
    """A range up to the greatest id is one piece, however it is cut."""
    [piece] = select(f"0-{MAX_ID}").pieces(0, MAX_ID)
    assert piece == Interval(0, MAX_ID)
    assert len(piece.split(7)) == 7


@pytest.mark.parametrize(
    ("text", "ranges", "single"),
    [
        ("1,5,10-20", [(1, 1), (5, 5), (10, 20)], {1, 5}),
        (" 1 ;5\t10 - 20\n", [(1, 1), (5, 5), (10, 20)], {1, 5}),
        ("[1, '5', \"10-20\"]", [(1, 1), (5, 5), (10, 20)], {1, 5}),
        ([1, "5", ["10-20"]], [(1, 1), (5, 5), (10, 20)], {1, 5}),
        (range(3, 6), [(3, 5)], {3, 4, 5}),
        (frozenset({7}), [(7, 7)], {7}),
        ("3,1-5,5", [(1, 5)], {3, 5}),
        (7, [(7, 7)], {7}),
        ("007", [(7, 7)], {7}),
        (str(MAX_ID), [(MAX_ID, MAX_ID)], {MAX_ID}),
    ],
)
def test_ids_may_be_written_in_many_ways(text: object, ranges: list[tuple[int, int]], single: set[int]) -> None:
    """Texts, numbers and lists, with commas, semicolons, spaces or new lines: the same ids."""
    assert select(text) == Selection(Runs.of(ranges), frozenset(single))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,x", "'x' is no task id and no range of ids: write 5 or 10-20"),
        ("-5", "'-5' is no task id"),
        ("5-", "'5-' is no task id"),
        ("1-2-3", "'1-2-3' is no task id"),
        ("1.5", "'1.5' is no task id"),
        ("٣", "is no task id"),
        ("9" * 5000, r"'9{37}\.\.\.' is no task id"),
        ("20-10", "the range 20-10 ends before it begins: write 10-20"),
        (str(MAX_ID + 1), "beyond any task id"),
        ("", "no task id is named"),
        ([], "no task id is named"),
        (True, "'True' is no task id"),
    ],
)
def test_what_is_no_id_is_refused(text: object, message: str) -> None:
    """What can't be read as an id or range is named, with what to write."""
    with pytest.raises(SelectionError, match=message):
        select(text)


@pytest.mark.parametrize(
    ("text", "projects"),
    [("3", (3,)), ("3, 1,3", (3, 1)), ([3, "all"], "all"), (3, (3,)), (["1", "2"], (1, 2))],
)
def test_projects_may_be_written_in_many_ways(text: object, projects: object) -> None:
    """Projects are ids, each once, or all."""
    assert select(project_ids=text).projects == projects


@pytest.mark.parametrize("text", ["x", "1-3", "-1", "9" * 5000, "٣"])
def test_what_is_no_project_is_refused(text: str) -> None:
    """What is no project id is named."""
    with pytest.raises(SelectionError, match="is no project id: write a number, or all"):
        select(project_ids=text)


@pytest.mark.parametrize("nothing", [None, False])
def test_nothing_selected_is_an_error(nothing: object) -> None:
    """Neither ids nor projects is a mistake, never everything."""
    with pytest.raises(SelectionError, match="nothing to fetch is named"):
        select(nothing, nothing)
    with pytest.raises(SelectionError, match="nothing to fetch is named"):
        select(nothing, [])


def test_a_few_single_ids_go_one_by_one() -> None:
    """Up to twenty ids, each named by itself, are a few; a range never is."""
    assert select(list(range(20))).one_by_one
    assert not select(list(range(21))).one_by_one
    assert not select("1-3").one_by_one
    assert select("1-3,1,2,3").one_by_one


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["1", "5-9", "", "# a comment", " 7 "], ["1", "5-9", "7"]),
        (["\ufeff1\r\n", "2\r\n"], ["1", "2"]),
        (["title,ID\n", '"a, b",5\n', '"c\n', 'd",6\n'], ["5", "6"]),
        (["id,title", "5"], ["5"]),
        (["title,id", "x"], [""]),
        ([], []),
    ],
)
def test_ids_are_read_from_a_file(lines: list[str], expected: list[str]) -> None:
    """A file has an id or range a line, or is a CSV with a column named id."""
    assert read_ids(lines) == expected


def test_a_file_without_ids_is_refused() -> None:
    """A file that begins with neither ids nor a header with id is named by its beginning."""
    with pytest.raises(SelectionError, match=r"begins with 'name,title': write one id or range a line"):
        read_ids(["name,title", "a,b"])


def test_a_file_that_is_no_csv_is_refused() -> None:
    """What the CSV reader can't read is an error of the selection."""
    with pytest.raises(SelectionError, match="no CSV that can be read: field larger than field limit"):
        read_ids(["id,title", '1,"' + "x" * 200_000 + '"'])


def test_pieces_say_what_they_hold() -> None:
    """A piece reads as its ids, a long list as its bounds."""
    assert [str(piece) for piece in (Interval(1, 5), Interval(3, 3), IdList((1, 4, 9)), IdList((7,)))] == [
        "1-5",
        "3",
        "3 ids from 1 to 9",
        "7",
    ]


def test_filters_are_the_data_managers() -> None:
    """An interval asks with `in`, a list with `in_list`, both on the task's id as a number."""
    assert Interval(1, 5).filter() == {
        "filter": "filter:tasks:id",
        "operator": "in",
        "type": "Number",
        "value": {"min": 1, "max": 5},
    }
    assert IdList((1, 4)).filter() == {
        "filter": "filter:tasks:id",
        "operator": "in_list",
        "type": "Number",
        "value": [1, 4],
    }
