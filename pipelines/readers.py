"""The readers' copy: what dashboards open, so that they never meet a lock and never see half a load."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb

from pipelines.files import replacing
from pipelines.label_studio.exceptions import LabelStudioError


class PublishFailed(LabelStudioError):
    """The readers' copy could not be written; the one before is still there."""


def publish(connection: duckdb.DuckDBPyConnection, database: Path, target: Path) -> None:
    """Puts a copy of the database in place of the one that readers open.

    Who has the one before open goes on reading it; who opens the file from now on gets the new one. `connection` holds
    the database open, with nothing else at work in it. Raises PublishFailed.
    """
    # a link that leads to the copy stays one
    target = target.resolve()
    try:
        with replacing(target) as temporary:
            # the whole content is in the file then, and none in the write-ahead log beside it
            connection.execute("checkpoint")
            _copy(database, temporary)
            make_sure_of(temporary)
            # a reader that opened the copy for writing can't; as root it can, and its log would spoil the next copy
            temporary.chmod(0o444)
            target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
        make_sure_of(target.parent)
    except (OSError, duckdb.Error) as error:
        reason = " ".join(str(error).split())[:200]
        raise PublishFailed(
            f"loaded, but the readers' copy {target} can't be written ({reason}); the last one stays"
        ) from error


def _copy(source: Path, target: Path) -> None:
    """Copies a file that this process has locked. Another process does it: closing the file here would end the lock."""
    code = "import shutil, sys; shutil.copyfile(sys.argv[1], sys.argv[2])"
    arguments = [sys.executable, "-I", "-S", "-c", code, str(source), str(target)]
    copied = subprocess.run(arguments, capture_output=True, text=True, check=False)  # noqa: S603  # it is this Python
    if copied.returncode:
        said = copied.stderr.strip().splitlines()
        raise OSError(said[-1] if said else f"the copying process ended with {copied.returncode}")


def make_sure_of(path: Path) -> None:
    """Waits until a file, or a folder's entries, would outlast a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
