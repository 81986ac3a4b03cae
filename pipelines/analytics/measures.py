"""What SQL can't measure: how far polygons, turned boxes and masks cover each other, and how alike texts are."""

from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist
from shapely.ops import polygonize

from .masks import mask_ious
from .temporary import write_temporary

Floats = NDArray[np.float64]

_POLYGONS = """
    select
        candidates.item_a,
        candidates.item_b,
        a.points as a,
        b.points as b
    from candidates
    inner join items as a on candidates.item_a = a.item
    inner join items as b on candidates.item_b = b.item
    where candidates.shape = 'polygon'
"""

# corners in pixels: a box is turned about its upper left corner, clockwise, in degrees
_TURNED_BOXES = """
    with boxes as (
        select
            item,
            [
                x * original_width / 100, y * original_height / 100,
                width * original_width / 100, height * original_height / 100, rotation
            ] as box
        from items
        where shape = 'box'
    )

    select
        candidates.item_a,
        candidates.item_b,
        a.box as a,
        b.box as b
    from candidates
    inner join boxes as a on candidates.item_a = a.item
    inner join boxes as b on candidates.item_b = b.item
    where candidates.is_rotated and candidates.shape = 'box'
"""

_MASKS = """
    select
        candidates.item_a,
        candidates.item_b,
        a.result_key as a,
        b.result_key as b
    from candidates
    inner join items as a on candidates.item_a = a.item
    inner join items as b on candidates.item_b = b.item
    where candidates.shape = 'mask'
"""

_MASK_VALUES = """
    select
        results.result_key,
        coalesce(results.value ->> '$.rle', results.value ->> '$.imageDataURL') as mask
    from label_studio.results
    inner join scope on results.task_id = scope.task_id
    where
        results.mask_length is not null
        and results.result_key in (
            select items.result_key
            from items
            where items.shape = 'mask'
        )
"""

_TEXTS = """
    select distinct
        text_a,
        text_b
    from text_pairs
    where text_a <> text_b
"""


def measure_polygons(connection: Any, _: Callable[[str], str]) -> None:
    """Makes `polygon_measures` (item_a, item_b, geometry): IoU of two polygons."""
    pairs = connection.sql(_POLYGONS).to_arrow_table()
    _write(connection, "polygon_measures", pairs, ious(_polygons(pairs["a"]), _polygons(pairs["b"])))


def measure_turned_boxes(connection: Any, _: Callable[[str], str]) -> None:
    """Makes `rotated_measures` (item_a, item_b, geometry): IoU of two boxes by their true corners."""
    pairs = connection.sql(_TURNED_BOXES).to_arrow_table()
    _write(connection, "rotated_measures", pairs, ious(turned_boxes(pairs["a"]), turned_boxes(pairs["b"])))


def measure_masks(connection: Any, named: Callable[[str], str]) -> None:
    """Makes `mask_measures` (item_a, item_b, geometry): IoU of two masks."""
    pairs = connection.sql(_MASKS).to_arrow_table()
    values = dict(connection.execute(named(_MASK_VALUES)).fetchall()) if len(pairs) else {}
    _write(connection, "mask_measures", pairs, mask_ious(values, pairs["a"].to_pylist(), pairs["b"].to_pylist()))


def measure_texts(connection: Any, _: Callable[[str], str]) -> None:
    """Makes `text_measures` (text_a, text_b, similarity): 1 less edit distance ÷ length of the longer, in letters."""
    pairs = connection.sql(_TEXTS).to_arrow_table()
    similarity = cpdist(
        pairs["text_a"].to_pylist(),
        pairs["text_b"].to_pylist(),
        scorer=Levenshtein.normalized_similarity,
        dtype=np.float64,
    )
    table = pairs.append_column("similarity", pa.array(similarity, pa.float64()))
    write_temporary(connection, "text_measures", table)


def ious(a: NDArray[np.object_], b: NDArray[np.object_]) -> Floats:
    """Area that two shapes share ÷ area that they cover; 0 where they have none."""
    shared = shapely.area(shapely.intersection(a, b))
    covered = shapely.area(a) + shapely.area(b) - shared
    return np.divide(shared, covered, out=np.zeros_like(covered), where=covered > 0)


def turned_boxes(boxes: pa.ChunkedArray) -> NDArray[np.object_]:
    """Boxes [x, y, width, height, degrees] in pixels, as polygons by their true corners."""
    x, y, width, height, degrees = np.array(boxes.to_pylist(), dtype=np.float64).reshape(-1, 5).T
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    across = (np.zeros_like(width), width, width, np.zeros_like(width))
    down = (np.zeros_like(height), np.zeros_like(height), height, height)
    corners = [
        (x + right * cosine - below * sine, y + right * sine + below * cosine)
        for right, below in zip(across, down, strict=True)
    ]
    return np.asarray(shapely.polygons(np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1)))


def polygon(points: list[list[Any]]) -> Any:
    """A polygon of [x, y] corners; one that crosses itself is taken for the areas that its line encloses.

    Without three corners there is no area: gives an empty polygon.
    """
    if len(points) < 3 or None in chain.from_iterable(points):
        return shapely.Polygon()
    drawn = shapely.Polygon(points)
    if drawn.is_valid:
        return drawn
    # of corners that are all the same GEOS works with not-a-number
    with np.errstate(invalid="ignore"):
        return _repaired(drawn, shapely.LineString(points))


def _repaired(drawn: Any, line: Any) -> Any:
    """What a line that crosses itself encloses, by the steps of HumanSignal's label-studio-evalme.

    A small fault is smoothed, loops become areas of their own, else the hull counts, or the shape a little grown or
    shrunk, where its area is about the same. Where evalme gives up, all counts that the line encloses.
    """
    smoothed = drawn.buffer(0)
    if smoothed.geom_type != "MultiPolygon" and _is_about(smoothed.area, drawn.area):
        return smoothed
    loops = shapely.MultiPolygon(list(polygonize(shapely.union_all(line))))
    if not loops.is_empty and loops.is_valid:
        return loops
    hull = drawn.convex_hull
    if _is_about(hull.area, drawn.area):
        return hull
    grown = (drawn.buffer(sign * 0.01 * 2**step) for sign in (1, -1) for step in range(11))
    found = next((shape for shape in grown if shape.is_valid and _is_about(shape.area, drawn.area)), None)
    return found or shapely.make_valid(drawn)


def _is_about(area: float, other: float) -> bool:
    return abs(area / max(other, 1e-8) - 1) < 0.1


def _polygons(outlines: pa.ChunkedArray) -> NDArray[np.object_]:
    """The polygons of outlines, each made once: the same one stands in several pairs."""
    known: dict[str, Any] = {}
    found = np.empty(len(outlines), dtype=object)
    for place, points in enumerate(outlines.to_pylist()):
        key = str(points)
        if key not in known:
            known[key] = polygon(points)
        found[place] = known[key]
    return found


def _write(connection: Any, name: str, pairs: pa.Table, geometry: Floats) -> None:
    table = pairs.select(["item_a", "item_b"]).append_column("geometry", pa.array(geometry, pa.float64()))
    write_temporary(connection, name, table)
