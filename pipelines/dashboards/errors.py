"""What can go wrong with a page."""

from pipelines.label_studio.exceptions import ConfigurationError, LabelStudioError


class NothingToShow(ConfigurationError):
    """The warehouse is empty, or has not what is asked for."""


class PageFailed(LabelStudioError):
    """The page could not be written; the one before is still there."""
