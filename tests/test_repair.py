"""JSON that strict readers refuse, made strict."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.label_studio.repair import repaired


@pytest.mark.parametrize(
    ("raw", "strict"),
    [
        (b"NaN", '"NaN"'),
        (b"[Infinity, -Infinity]", '["Infinity","-Infinity"]'),
        (b"1e999", '"1e999"'),
        (b"[1e300, 0.5, -0]", "[1e+300,0.5,0]"),
        (b'"\\ud83d"', '"\ufffd"'),
        (b'"\\ud83d\\ude00"', '"\U0001f600"'),
        (b'{"\\udc00": 1}', '{"\ufffd":1}'),
        (b'"\xff"', '"\ufffd"'),
        (b'"a\\u0000b"', '"a\\u0000b"'),
        ('"Łódź"'.encode(), '"Łódź"'),
    ],
)
def test_odd_json_becomes_strict(raw: bytes, strict: str) -> None:
    """Lone surrogates and broken UTF-8 become U+FFFD, numbers that no double holds become texts."""
    assert repaired(raw) == strict.encode()


def test_integers_keep_their_digits() -> None:
    """An integer keeps all its digits; with more than Python reads it becomes a text."""
    assert repaired(b"9" * 4000) == b"9" * 4000
    assert repaired(b"9" * 5000) == b'"' + b"9" * 5000 + b'"'
    assert repaired(b"-" + b"9" * 4300) in (b"-" + b"9" * 4300, b'"-' + b"9" * 4300 + b'"')


@pytest.mark.parametrize("raw", [b"", b"<html>", b'{"a":', b"[1,]", b"{'a':1}"])
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    """What is no JSON at all raises ValueError."""
    with pytest.raises(ValueError, match=r"line \d+ column \d+"):
        repaired(raw)


def test_what_is_nested_too_deep_is_refused() -> None:
    """What is nested deeper than Python goes raises RecursionError, which callers expect."""
    with pytest.raises(RecursionError):
        repaired(b"[" * 200_000 + b"]" * 200_000)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(_JSON)
def test_repaired_json_is_read_by_strict_readers(value: object) -> None:
    """Whatever Python writes as JSON is read by a strict reader once repaired, and stays as it is the second time."""
    strict = repaired(json.dumps(value).encode())
    msgspec.json.decode(strict)
    assert repaired(strict) == strict


@given(st.recursive(st.none() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])), st.lists))
def test_strict_json_keeps_its_meaning(value: object) -> None:
    """JSON that was strict already means the same afterwards."""
    assert json.loads(repaired(json.dumps(value).encode())) == value
