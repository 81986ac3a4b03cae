"""Which rows of a table a run replaces, and which of its files have a part in that. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
import pyarrow as pa

from pipelines.label_studio.pieces import Runs

#: The lowest and the highest value of columns.
Bounds = Mapping[str, tuple[int, int]]


class Fate(Enum):
    """What becomes of a file."""

    KEPT = auto()
    GONE = auto()
    CUT = auto()  # some of its rows may be replaced


@dataclass(frozen=True)
class Replaced:
    """The rows in which each of these columns has one of these values."""

    values: Mapping[str, Runs]

    def fate(self, bounds: Bounds) -> Fate:
        """What becomes of a file whose columns lie between bounds; a column that has none could be anything."""
        whole = True
        for column, runs in self.values.items():
            if column not in bounds:
                whole = False
                continue
            low, high = bounds[column]
            between = runs.between(low, high)
            if not between:
                return Fate.KEPT
            whole = whole and between == Runs([(low, high)])
        return Fate.GONE if whole else Fate.CUT

    def without(self, rows: pa.Table) -> pa.Table:
        """The rows that are not replaced."""
        hit = np.ones(rows.num_rows, bool)
        for column, runs in self.values.items():
            hit &= _within(rows[column], runs)
        return rows.filter(pa.array(~hit)) if hit.any() else rows


def _within(column: pa.ChunkedArray, runs: Runs) -> np.ndarray:
    """Which values lie in one of the runs; null lies in none."""
    # ids are positive, so nothing is as low as what stands for null
    values = column.fill_null(-(2**63)).to_numpy()
    firsts = np.array([first for first, _ in runs], np.int64)
    lasts = np.array([last for _, last in runs], np.int64)
    if not len(firsts):
        return np.zeros(len(values), bool)
    place = np.searchsorted(firsts, values, side="right") - 1
    inside: np.ndarray = (place >= 0) & (values <= lasts[np.maximum(place, 0)])
    return inside
