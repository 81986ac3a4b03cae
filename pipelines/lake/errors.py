"""What goes wrong with a lake."""

from pipelines.readers import PublishFailed


class LakeFailed(PublishFailed):
    """The lake could not be brought up to date: each of its tables is as it was before, or as it should be."""
