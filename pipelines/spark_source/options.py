"""The options of the data source, as Spark hands them over: texts, under names whose case does not count."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.label_studio.address import server_url, token
from pipelines.label_studio.exceptions import ConfigurationError
from pipelines.label_studio.masks import MASKS, Masks
from pipelines.label_studio.pseudonyms import Pseudonyms
from pipelines.label_studio.selection import Selection, select
from pipelines.label_studio.tables import TABLES
from pipelines.lake import FORMATS
from pipelines.lake.files import Place

#: The options, as they are documented; case and underscores in them don't count.
NAMES = (
    "url",
    "token",
    "project",
    "ids",
    "table",
    "numPartitions",
    "tasksPerPartition",
    "partitionsAtOnce",
    "requestsPerSecond",
    "workers",
    "pageSize",
    "timeout",
    "attempts",
    "masks",
    "pseudonymSecret",
)

#: What only the files' source takes.
FILES_NAMES = ("folder", "format", "run")

#: The tables that can be read; what is gone from the server, only a warehouse knows that held it.
READABLE = tuple(name for name in TABLES if name != "deleted_tasks")


@dataclass(frozen=True)
class Options:
    """What is to be read, and how the server is asked. What is secret is not shown."""

    url: str
    token: str = field(repr=False)
    selection: Selection
    #: None: all of them
    table: str | None = None
    partitions: int | None = None
    tasks_per_partition: int = 10_000
    partitions_at_once: int | None = None
    requests_per_second: float | None = None
    workers: int | None = None
    page_size: int = 100
    timeout: float = 90.0
    attempts: int = 6
    masks: Masks = "keep"
    pseudonym_secret: str | None = field(default=None, repr=False)


def parse(options: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> Options:
    """The options of a data source that gives one table.

    Raises ConfigurationError and SelectionError, with one line that names the option.
    """
    given = _Given(options, NAMES)
    table = given.word("table", READABLE)
    if table is None:
        raise ConfigurationError(f"the option table is not set: name one of {', '.join(READABLE)}")
    return _parsed(given, environment, table)


def parse_files(options: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> tuple[Options, Place]:
    """The options of a data source that writes files of all tables. Raises what `parse` raises."""
    given = _Given(options, (*(name for name in NAMES if name != "table"), *FILES_NAMES))
    place = Place(given.needed("folder"), given.word("format", FORMATS) or FORMATS[0], given.needed("run"))
    return _parsed(given, environment, None), place


def _parsed(given: "_Given", environment: Mapping[str, str], table: str | None) -> Options:
    url = given.text("url") or environment.get("LABEL_STUDIO_URL")
    api_key = given.text("token") or environment.get("LABEL_STUDIO_API_KEY")
    if not url:
        raise ConfigurationError(
            "the option url is not set: name where Label Studio opens in a browser, or set LABEL_STUDIO_URL before"
            " Spark starts"
        )
    if not api_key:
        raise ConfigurationError("no token: set LABEL_STUDIO_API_KEY before Spark starts, or the option token")
    secret = given.text("pseudonymSecret")
    if secret is not None:
        Pseudonyms(secret)
    masks: Any = given.word("masks", MASKS) or "keep"
    return Options(
        url=server_url(url),
        token=token(api_key),
        selection=_selection(given),
        table=table,
        partitions=given.whole("numPartitions"),
        tasks_per_partition=given.whole("tasksPerPartition") or Options.tasks_per_partition,
        partitions_at_once=given.whole("partitionsAtOnce"),
        requests_per_second=given.number("requestsPerSecond"),
        workers=given.whole("workers"),
        page_size=given.whole("pageSize") or Options.page_size,
        timeout=given.number("timeout") or Options.timeout,
        attempts=given.whole("attempts") or Options.attempts,
        masks=masks,
        pseudonym_secret=secret,
    )


def _selection(given: "_Given") -> Selection:
    ids, projects = given.text("ids"), given.text("project")
    if ids is None and projects is None:
        raise ConfigurationError('nothing to read is named: set the option project (ids, or "all"), ids, or both')
    # all go through the list, a few single ids, too: what does not exist gives no rows, and needs no look-up
    selection = select(ids, projects)
    return Selection(selection.ids, frozenset(), selection.projects)


class _Given:
    """Options under their documented names."""

    def __init__(self, options: Mapping[str, str], names: tuple[str, ...]) -> None:
        known = {_plain(name): name for name in names}
        unknown = [name for name in options if _plain(name) not in known]
        if unknown:
            raise ConfigurationError(f"unknown option {unknown[0]}: there are {', '.join(names)}")
        self._values = {known[_plain(name)]: str(value).strip() for name, value in options.items()}

    def text(self, name: str) -> str | None:
        return self._values.get(name) or None

    def needed(self, name: str) -> str:
        text = self.text(name)
        if text is None:
            raise ConfigurationError(f"the option {name} is not set")
        return text

    def word(self, name: str, words: tuple[str, ...]) -> str | None:
        text = self.text(name)
        if text is not None and text not in words:
            gone = " (only a warehouse knows what is gone)" if text == "deleted_tasks" else ""
            raise ConfigurationError(f"the option {name} is {text!r}{gone}: it takes {', '.join(words)}")
        return text

    def whole(self, name: str) -> int | None:
        text = self.text(name)
        if text is not None and not (text.isascii() and text.isdigit() and int(text)):
            raise ConfigurationError(f"the option {name} is {text!r}: it takes a whole number from 1 on")
        return int(text) if text else None

    def number(self, name: str) -> float | None:
        text = self.text(name)
        try:
            value = float(text) if text else 0.0
        except ValueError:
            value = -1.0
        if not 0 <= value < float("inf"):
            raise ConfigurationError(f"the option {name} is {text!r}: it takes a number, not less than 0")
        return value or None


def _plain(name: str) -> str:
    return name.lower().replace("_", "")
