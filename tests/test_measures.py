"""What SQL can't measure: polygons, turned boxes, masks and texts."""

import base64
import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rle import packed

from pipelines.analytics.masks import decoded, mask_ious, unpacked
from pipelines.analytics.measures import ious, polygon, turned_boxes


def bitmap(rows: list[list[tuple[int, ...]]], mode: str = "RGBA") -> str:
    """An image as Label Studio puts it into a bitmask."""
    file = io.BytesIO()
    pixels = np.array(rows, dtype=np.uint8)
    Image.fromarray(pixels.squeeze(-1) if mode == "L" else pixels, mode=None).save(file, format="PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 300), st.booleans()), min_size=1, max_size=12), st.integers(1, 8), st.randoms()
)
def test_a_code_is_unpacked_to_its_values(runs: list[tuple[int, bool]], word: int, draw: Any) -> None:
    """Runs of one value and of many, in words of one to eight bits."""
    values: list[int] = []
    for length, repeated in runs:
        value = draw.randrange(2**word)
        values += [value] * length if repeated else [draw.randrange(2**word) for _ in range(length)]
    code = np.array(json.loads(packed(values, runs, word)), dtype=np.uint8)
    assert unpacked(code).tolist() == values


def test_masks_score_by_what_they_paint() -> None:
    """Two of six painted pixels are shared."""
    first, second = [255] * 4 + [0] * 4, [0] * 2 + [7] * 4 + [0] * 2
    masks: dict[str, str | None] = {"a": packed(first, [(4, True), (4, True)]), "b": packed(second, [(8, False)])}
    assert mask_ious(masks, ["a", "a"], ["b", "a"]).tolist() == [pytest.approx(2 / 6), 1.0]


@pytest.mark.parametrize(
    "broken",
    ["", "[]", "[0,0,0,8]", "null", "no mask", "[300]", "[1.5]", '{"a": 1}', "[255,255,255,255,0,0,0,0,0]", "[-1]"],
)
def test_a_broken_mask_paints_nothing(broken: str) -> None:
    """It costs no run, and no memory for what its header claims."""
    masks: dict[str, str | None] = {"a": broken, "b": packed([1] * 8, [(8, True)])}
    assert mask_ious(masks, ["a", "b", "a"], ["b", "a", "a"]).tolist() == [0.0, 0.0, 0.0]


def test_bitmaps_paint_what_is_neither_black_nor_transparent() -> None:
    """In colours with and without transparency, and in grey."""
    white, black, clear = (255, 255, 255, 255), (0, 0, 0, 255), (255, 255, 255, 0)
    assert decoded(bitmap([[white, black], [clear, white]])).tolist() == [True, False, False, True]
    assert decoded(bitmap([[(9,), (0,)]], mode="L")).tolist() == [True, False]
    assert decoded("data:image/png;base64,AAAA").tolist() == []


def test_masks_of_other_sizes_share_nothing() -> None:
    """They are of other images, or of one that was scaled."""
    masks: dict[str, str | None] = {"a": packed([1] * 8, [(8, True)]), "b": packed([1] * 16, [(16, True)])}
    assert mask_ious(masks, ["a"], ["b"]).tolist() == [0.0]


@pytest.mark.parametrize(
    ("points", "area"),
    [
        ([[0, 0], [10, 0], [10, 10], [0, 10]], 100),
        ([[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]], 100),
        ([[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]], 50),  # a bow tie
        ([[0, 0], [10, 0], [10, 10], [10, 20], [10, 10], [0, 10]], 100),  # a square with a spike
        ([[0, 0], [10, 0]], 0),
        ([], 0),
        ([[0, 0], [5, 0], [10, 0]], 0),
        ([[0, 0], [0, 0], [0, 0]], 0),
        ([[0, None], [10, 0], [10, 10]], 0),
    ],
)
def test_a_polygon_covers_what_its_line_encloses(points: list[list[Any]], area: float) -> None:
    """Whatever was drawn, there is an area and no error."""
    assert shapely.area(polygon(points)) == pytest.approx(area)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), max_size=12))
def test_any_polygon_equals_itself_or_covers_nothing(points: list[tuple[int, int]]) -> None:
    """Random lines, of corners in hundredths of a percent, cross themselves in every way."""
    shape = np.array([polygon([[x / 100, y / 100] for x, y in points])], dtype=object)
    (iou,) = ious(shape, shape)
    assert iou == pytest.approx(1) or (iou == 0 and shapely.area(shape[0]) == 0)


@settings(deadline=None, max_examples=100)
@given(st.floats(-720, 720), st.floats(0, 100), st.floats(0, 100), st.floats(0.1, 100), st.floats(0.1, 100))
def test_a_turned_box_keeps_its_corner_and_its_area(
    degrees: float, x: float, y: float, width: float, height: float
) -> None:
    """It turns about its upper left corner, clockwise as y grows downwards."""
    (shape,) = turned_boxes(pa.chunked_array([[[x, y, width, height, degrees]]]))
    assert shapely.area(shape) == pytest.approx(width * height)
    corners = shapely.get_coordinates(shape)
    assert corners[0] == pytest.approx([x, y])
    assert corners[1] == pytest.approx(
        [x + width * np.cos(np.radians(degrees)), y + width * np.sin(np.radians(degrees))], abs=1e-6
    )
