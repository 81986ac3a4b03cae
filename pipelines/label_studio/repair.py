"""Odd JSON made strict: what a lenient server sends, so that every reader after it can parse it."""

import json
import math
import re

#: Python refuses to read longer integers.
_MAX_DIGITS = 4300

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def repaired(raw: bytes) -> bytes:
    """The same JSON as strict UTF-8 JSON.

    Invalid UTF-8 and lone surrogates become U+FFFD; NaN, infinities and numbers that no double holds become texts.
    Raises ValueError where `raw` is no JSON at all and RecursionError where it is nested too deep.
    """
    value = json.loads(
        raw.decode("utf-8", "replace"), parse_constant=str, parse_float=_finite_or_text, parse_int=_int_or_text
    )
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _LONE_SURROGATE.sub("\ufffd", text).encode()


def _finite_or_text(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _int_or_text(digits: str) -> int | str:
    return int(digits) if len(digits) < _MAX_DIGITS else digits
