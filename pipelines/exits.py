"""Exit codes, and the one line that a user gets for an error instead of a traceback."""

import signal

import click
from dlt.common.configuration.exceptions import ConfigurationException

from pipelines.label_studio.exceptions import ConfigurationError, LabelStudioError, SelectionError
from pipelines.stopping import received

DONE, FAILED, BAD_ARGUMENTS, CHECK_FAILED, STALE, BUSY, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 4, 75, 130, 143


class AnotherRun(LabelStudioError):
    """Another run of the same pipeline is in progress."""


def explained(error: BaseException) -> tuple[str, int]:
    """What to say of an error, in one line, and the exit code that goes with it."""
    if received() == signal.SIGTERM:
        return "terminated: nothing is lost, run again", TERMINATED
    if received() or isinstance(error, KeyboardInterrupt | click.Abort):
        return "interrupted: nothing is lost, run again", INTERRUPTED
    if isinstance(error, click.ClickException):
        return error.format_message(), BAD_ARGUMENTS
    if isinstance(error, ConfigurationError | SelectionError):
        return str(error), BAD_ARGUMENTS
    if isinstance(error, AnotherRun):
        return str(error), BUSY
    if isinstance(error, LabelStudioError):
        return f"{error}; nothing is lost, run again", FAILED
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    if isinstance(error, ConfigurationException):
        return reason, BAD_ARGUMENTS
    return f"{reason}; nothing is lost, run again; --verbose tells more", FAILED
