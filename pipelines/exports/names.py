"""Names of files and sheets: views of one's own can be called anything."""

import re
from collections.abc import Iterable

#: Characters of a sheet's name at most, and of a file's before its ending.
_SHEET, _FILE = 31, 100


def file_names(names: Iterable[str]) -> list[str]:
    """A file's name without its ending for each of the names, no two alike in capitals and small letters."""
    return _unique([re.sub(r"[^\w-]", "_", name) for name in names], _FILE)


def sheet_names(names: Iterable[str], reserved: Iterable[str]) -> list[str]:
    """A name that Excel takes for each of the names, no two alike, and none that is reserved."""
    cleaned = [re.sub(r"[\x00-\x1f\\/*?:\[\]']", "_", name) for name in names]
    # Excel has a sheet of its own of this name
    return _unique(cleaned, _SHEET, {"history", *reserved})


def _unique(names: Iterable[str], length: int, reserved: Iterable[str] = ()) -> list[str]:
    taken = set(reserved)
    unique = []
    for name in names:
        number, candidate = 1, name[:length]
        while candidate.lower() in taken:
            number += 1
            candidate = f"{name[: length - len(f'_{number}')]}_{number}"
        taken.add(candidate.lower())
        unique.append(candidate)
    return unique
