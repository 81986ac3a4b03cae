"""Agreement, step by step: the temp tables that its kept tables are read from, each for the tasks in `scope`."""

from collections.abc import Callable
from typing import Any

from .definitions import SQL, Schemas
from .matching import match_regions
from .measures import measure_masks, measure_polygons, measure_texts, measure_turned_boxes

#: In their order: the files of sql/agreement, and the measures that SQL can't take.
_STEPS: tuple[str | Callable[[Any, Callable[[str], str]], None], ...] = (
    "sides",
    "pairs",
    "contents",
    "slots",
    "items",
    "comparisons",
    "taxonomy_leaves",
    "candidates",
    measure_polygons,
    measure_turned_boxes,
    measure_masks,
    "frame_measures",
    "item_texts",
    "text_pairs",
    measure_texts,
    "text_similarities",
    "similarities",
    "region_scores",
    "value_scores",
    match_regions,
)

#: The temp tables that the steps leave.
TEMPORARY = (
    *(step for step in _STEPS if isinstance(step, str)),
    "polygon_measures",
    "rotated_measures",
    "mask_measures",
    "text_measures",
    "contenders",
    "matches",
)


def prepare(connection: Any, schemas: Schemas) -> None:
    """Makes the temp tables for the tasks in `scope`; `controls` and `label_weights` must be there."""
    for step in _STEPS:
        if callable(step):
            step(connection, schemas.named_in)
        else:
            sql = (SQL / "agreement" / f"{step}.sql").read_text(encoding="utf-8")
            connection.execute(f"create or replace temp table {step} as {schemas.named_in(sql)}")
