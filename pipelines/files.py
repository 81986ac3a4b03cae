"""Files that are whole or not there: who reads one meets the last one or the new one, never half of it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """The path of a file to write, which then takes the place of `path`; where writing fails, the one before stays.

    Raises OSError.
    """
    temporary = path.with_name(f".{path.name}.new")
    # what a process that was killed left behind
    temporary.unlink(missing_ok=True)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
