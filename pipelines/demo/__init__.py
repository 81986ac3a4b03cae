"""A Label Studio without a network, and a sample organisation to fill it with.

`load_sample()` gives a `FakeLabelStudio` of five projects and five annotators; it serves `--demo`.
"""

from .sample import load_sample
from .server import FakeLabelStudio

__all__ = ["FakeLabelStudio", "load_sample"]
