"""The sample organisation that the demo serves, read from the packed file beside this module."""

import gzip
import time
from collections.abc import Callable
from importlib.resources import files

import orjson

from .server import FakeLabelStudio

SAMPLE = "sample.json.gz"


def load_sample(*, clock: Callable[[], float] = time.time, legacy_enabled: bool = True) -> FakeLabelStudio:
    """A `FakeLabelStudio` filled with the sample; every call gives a fresh one."""
    packed = files(__package__).joinpath(SAMPLE).read_bytes()
    content = orjson.loads(gzip.decompress(packed))
    return FakeLabelStudio(
        content["tasks"],
        content["projects"],
        content["users"],
        drafts=content["drafts"],
        clock=clock,
        legacy_enabled=legacy_enabled,
    )
