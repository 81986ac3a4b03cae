"""The folder of an export: written aside, and put in place file by file once everything is there."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipelines.exits import AnotherRun
from pipelines.queries import QueryError
from pipelines.readers import make_sure_of

from .errors import ExportFailed, reason
from .manifest import PRODUCT

MANIFEST = "manifest.json"

_STAGE, _LOCK = ".export.new", ".export.lock"


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """An empty folder inside of `folder` to write to, which is gone afterwards; `folder` is made if it isn't there.

    Raises QueryError where `folder` can't be written, or has a manifest.json of something else; AnotherRun while
    another export writes to it.
    """
    stage = folder / _STAGE
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise AnotherRun(f"another export writes to {folder}: let it end, or name another --output") from error
    except OSError as error:
        raise QueryError(f"{folder} can't be written ({reason(error)}): name another --output") from error
    try:
        # what an export that was killed left behind
        shutil.rmtree(stage, ignore_errors=True)
        _names_before(folder)
        stage.mkdir()
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        lock.release()


def put_in_place(stage: Path, folder: Path, manifest: dict[str, Any]) -> None:
    """Moves the files from `stage` over those of the export before, removes what that one had and this one has not.

    Who has a file open goes on reading the old one. The manifest comes last. Raises ExportFailed, OSError.
    """
    names = list(dict.fromkeys(file["name"] for file in manifest["files"]))
    blocked = [name for name in names if (folder / name).is_dir()]
    if blocked:
        raise ExportFailed(f"{folder / blocked[0]} is a folder: move it away, or name another --output")
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (stage / MANIFEST).write_text(f"{text}\n", encoding="utf-8")
    for name in (*names, MANIFEST):
        make_sure_of(stage / name)
    for name in names:
        (stage / name).replace(folder / name)
    for name in _names_before(folder) - set(names):
        (folder / name).unlink(missing_ok=True)
    (stage / MANIFEST).replace(folder / MANIFEST)
    make_sure_of(folder)


def _names_before(folder: Path) -> set[str]:
    """The files that the manifest of the export before names; of paths that lead elsewhere none."""
    path = folder / MANIFEST
    if not path.exists():
        return set()
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        if before["product"] != PRODUCT:
            raise ValueError(before["product"])
        names = {str(file["name"]) for file in before["files"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise QueryError(f"{path} is not of an export: name another --output") from error
    return {name for name in names if Path(name).name == name and name != MANIFEST}
