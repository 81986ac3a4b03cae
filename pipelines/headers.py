"""The comments that the files of sql/ begin with: what a query means, and what its parameters and columns are."""

import re
from itertools import takewhile


def header_lines(sql: str) -> list[str]:
    """The lines of the comment that SQL begins with, without their dashes."""
    return [line[2:] for line in takewhile(lambda line: line.startswith("--"), sql.splitlines())]


def read_header(sql: str) -> tuple[str, list[str]]:
    """The first paragraph of the header, and the lines after it; what is indented goes on with the line before."""
    header = header_lines(sql)
    end = header.index("") if "" in header else len(header)
    lines: list[str] = []
    for line in header[end + 1 :]:
        if line.startswith("   ") and lines:
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line.strip())
    return " ".join(line.strip() for line in header[:end]), lines


def first_sentence(text: str) -> str:
    """What a description begins with."""
    return re.split(r"(?<=[.?]) ", text, maxsplit=1)[0]
