# /// script
# requires-python = ">=3.11"
# dependencies = ["label-studio-evalme==0.0.18"]
#
# [tool.uv]
# # its own pins are of 2021; its functions run beside today's libraries
# override-dependencies = [
#     "attr==0.3.1 ; sys_platform == 'never'",
#     "attrs==26.1.0",
#     "label-studio-converter==0.0.59",
#     "lxml==6.1.3",
#     "numpy==2.4.6",
#     "requests==2.34.2",
#     "scipy==1.17.1",
#     "shapely==2.2.0",
#     "textdistance==4.6.3",
# ]
# ///
"""Scores pairs of annotations by HumanSignal's own library, in an environment of its own: JSON in, JSON out.

On stdin a list of [function, results of a, results of b, arguments]; on stdout for each the smaller of both
directions' scores, from 0 to 1 as the library clips it, or the error that it raised.
"""

import json
import logging
import sys
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from evalme import classification
from evalme.image import object_detection
from evalme.text import text

# what it can't compare it logs with a traceback
logging.disable(logging.CRITICAL)


def function(name: str) -> Callable[..., Any]:
    """The library's function of that name."""
    modules = (classification, object_detection, text)
    found: Callable[..., Any] = next(getattr(module, name) for module in modules if hasattr(module, name))
    return found


def give_up(*_: Any) -> None:
    """Where nothing else helps the library takes corners out of a polygon in a random order; the score is chance."""
    raise ValueError


def score(name: str, a: list[Any], b: list[Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """The smaller score of both directions, or the error."""
    try:
        # it takes polygons apart where it repairs them
        both = [function(name)(deepcopy(x), deepcopy(y), **arguments) for x, y in ((a, b), (b, a))]
    except Exception as error:  # noqa: BLE001  # whatever it can't compare
        return {"error": type(error).__name__}
    return {"score": float(min(1, max(0, min(both))))}


if __name__ == "__main__":
    object_detection.PolygonObjectDetectionEvalItem._remove_points = give_up
    json.dump([score(*pair) for pair in json.load(sys.stdin)], sys.stdout)
