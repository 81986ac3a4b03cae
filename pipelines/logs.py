"""Log lines and progress, on stderr: for people on a terminal, plain or JSON lines elsewhere."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from pipelines.label_studio.report import Report

logger = logging.getLogger("pipelines")

#: Seconds between two lines of progress where there is no terminal.
_EVERY = 10.0


def set_up_logging(run_id: str, *, quiet: bool, verbose: bool, as_json: bool) -> None:
    """Sends the log to stderr: warnings only (`quiet`), what happens, or each request (`verbose`).

    Each line carries the run's id.
    """
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if as_json:
        from pythonjsonlogger.json import JsonFormatter

        fields = {"asctime": "time", "levelname": "level", "name": "logger"}
        handler.setFormatter(
            JsonFormatter("%(asctime)s %(levelname)s %(name)s %(run_id)s %(message)s", rename_fields=fields)
        )
    elif sys.stderr.isatty():
        from rich.logging import RichHandler

        handler = RichHandler(console=_terminal(), show_path=False, markup=False, omit_repeated_times=False)
        handler.setFormatter(logging.Formatter("%(run_id)s %(message)s"))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(run_id)s %(message)s"))
    handler.addFilter(partial(_add_run_id, run_id))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logger.setLevel(logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO)
    # one line a request, its URL holds no secret
    logging.getLogger("httpx").setLevel(logging.INFO if verbose else logging.WARNING)
    # it would log each retry a second time
    logging.getLogger("stamina").setLevel(logging.ERROR)


def _add_run_id(run_id: str, record: logging.LogRecord) -> bool:
    record.run_id = run_id
    return True


@contextmanager
def progress(report: Report, *, quiet: bool) -> Iterator[None]:
    """Shows how far the fetching is: a bar on a terminal, else a line every ten seconds."""
    if quiet:
        yield
    elif sys.stderr.isatty():
        with _bar(report):
            yield
    else:
        report.on_progress = _lines(report)
        yield


@cache
def _terminal() -> Any:
    """The one console for log lines and the bar, so that neither writes over the other."""
    from rich.console import Console

    return Console(stderr=True)


@contextmanager
def _bar(report: Report) -> Iterator[None]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("tasks"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_terminal(), transient=True) as bar:
        task = bar.add_task("fetching", total=None, rate="")

        def show() -> None:
            bar.update(task, total=report.asked, completed=len(report.fetched))
            bar.update(task, rate=f"{bar.tasks[task].speed or 0:,.0f}/s")

        report.on_progress = show
        yield


def _lines(report: Report) -> Callable[[], None]:
    since, before = time.monotonic(), 0

    def show() -> None:
        nonlocal since, before
        passed = time.monotonic() - since
        if passed < _EVERY or report.asked is None:
            return
        done = len(report.fetched)
        rate = (done - before) / passed
        since, before = since + passed, done
        left = f", {max(report.asked - done, 0) / rate:,.0f} s left" if rate else ""
        logger.info("%s of %s tasks, %.0f/s%s", f"{done:,}", f"{report.asked:,}", rate, left)

    return show
