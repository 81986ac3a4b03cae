"""What can be wrong with a question."""

from pipelines.label_studio.exceptions import ConfigurationError


class QueryError(ConfigurationError):
    """A query that can't be run as it was asked: an unknown name, a wrong value, SQL that makes no sense."""
