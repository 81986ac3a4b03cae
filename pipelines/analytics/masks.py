"""What Label Studio's brush (`rle`) and bitmask (`imageDataURL`) paint, and how far two masks cover each other."""

import base64
import io
import json
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

#: Masks that are held decoded: one of a large photo takes some 50 MB.
_DECODED = 8

#: Four channels of 100 million pixels.
_MOST_VALUES = 400_000_000

Bits = NDArray[np.bool_]


def mask_ious(values: dict[str, str | None], a: Sequence[str], b: Sequence[str]) -> NDArray[np.float64]:
    """Painted pixels that two masks share ÷ pixels that one of them paints; 0 where neither paints any.

    `values` holds masks by key, as Label Studio writes them or as the load made them shorter; `a` and `b` name pairs.
    Masks of different sizes, and what is no mask, share nothing; of masks that were dropped only equal ones share all.
    """

    @lru_cache(maxsize=_DECODED)
    def painted(key: str) -> Bits:
        return decoded(values.get(key) or "")

    def iou(x: str, y: str) -> float:
        if (values.get(x) or "").startswith("md5:"):
            return float(values[x] == values.get(y))
        return _iou(painted(x), painted(y))

    return np.array([iou(x, y) for x, y in zip(a, b, strict=True)], dtype=np.float64)


def decoded(mask: str) -> Bits:
    """What a mask paints, flat: each pixel (bitmask) or the four channels of each (brush); empty where broken."""
    try:
        if mask.startswith("data:"):
            return _bitmap(mask)
        if mask.startswith("base64:"):
            return unpacked(np.frombuffer(base64.b64decode(mask.rpartition(":")[2]), dtype=np.uint8)) > 0
        return unpacked(np.array(json.loads(mask), dtype=np.uint8)) > 0
    except (ValueError, OverflowError, TypeError, IndexError, UnidentifiedImageError, OSError):
        return np.zeros(0, dtype=np.bool_)


def unpacked(rle: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The values that a run-length code of Label Studio stands for.

    The code is a row of bits: 32 for the number of values, 5 for the bits of a value less one, and four times 4 for
    the bits of a kind of length less one; then blocks: a bit (1: one value repeated, 0: values one by one), 2 bits
    for the kind of length, the length less one, and the value or values. Raises ValueError where it ends too early.
    """
    code = rle.tobytes()
    at = 0

    def take(count: int) -> int:
        nonlocal at
        first, end = at // 8, at + count
        if end > len(code) * 8:
            raise ValueError("the code of a mask ends before its values do")
        at = end
        # no field is longer than four bytes, and it may begin within one
        return int.from_bytes(code[first : first + 5].ljust(5, b"\0")) >> (first * 8 + 40 - end) & ((1 << count) - 1)

    size, word = take(32), take(5) + 1
    lengths = [take(4) + 1 for _ in range(4)]
    if size > _MOST_VALUES:
        raise ValueError(f"a mask of {size} values is larger than any image")
    values = np.zeros(size, dtype=np.uint8)
    place = 0
    while place < size:
        repeated = take(1)
        run = take(lengths[take(2)]) + 1
        if repeated:
            values[place : place + run] = take(word)
        else:
            values[place : place + run] = [take(word) for _ in range(run)]
        place += run
    return values


def _bitmap(url: str) -> Bits:
    """Pixels that are neither transparent nor black."""
    image = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2], validate=False)))
    pixels = np.asarray(image.convert("RGBA"))
    painted: Bits = (pixels[..., :3].max(axis=-1) > 0) & (pixels[..., 3] > 0)
    return painted.ravel()


def _iou(a: Bits, b: Bits) -> float:
    if a.size != b.size or not a.size:
        return 0.0
    covered = np.count_nonzero(a | b)
    return float(np.count_nonzero(a & b) / covered) if covered else 0.0
