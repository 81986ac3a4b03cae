"""What a run says at its end, on stdout."""

import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.checks import Checked, CheckResult
from pipelines.label_studio.dry_run import Plan
from pipelines.label_studio.report import Report
from pipelines.label_studio.tables import TABLES
from pipelines.outcome import Outcome
from pipelines.status import ProjectStatus, Status

logger = logging.getLogger(__name__)

#: Ids and failures that are named one by one.
_NAMED = 20


def show_outcome(outcome: Outcome) -> None:
    """The rows of each table, and the figures of the run; what failed goes to the log."""
    report = outcome.report
    _print(
        ("table", "rows loaded", "rows in all"),
        [(name, f"{report.rows.get(name, 0):,}", f"{outcome.rows.get(name, 0):,}") for name in TABLES],
    )
    _print(("run", ""), _figures(report))
    Console(markup=False, highlight=False, soft_wrap=True).print(
        f"warehouse: {outcome.place}"
        + (f"\nfor readers: {outcome.published}" if outcome.published else "")
        + (f"\ndashboard: {outcome.drawn}" if outcome.drawn else "")
        + (f"\nlake: {outcome.lake}" if outcome.lake else "")
    )
    if report.missing:
        logger.warning("not found: tasks %s", _some(str(task_id) for task_id in report.missing))
    for failure in report.failures[:_NAMED]:
        logger.error("not loaded: %s: %s", failure.what, failure.reason)
    if len(report.failures) > _NAMED:
        logger.error("not loaded: %d more", len(report.failures) - _NAMED)
    for check in outcome.failed_checks:
        _log_check(check)


def in_short(outcome: Outcome) -> str:
    """What was wrong with a run that came to its end, in one line."""
    failures = [f"{failure.what}: {failure.reason}" for failure in outcome.report.failures]
    checks = [f"check {check.name} found {check.found} rows" for check in outcome.failed_checks]
    if outcome.unpublished:
        failures.insert(0, str(outcome.unpublished))
    found = [*failures[:3], *([f"{len(failures) - 3} more"] if len(failures) > 3 else []), *checks]
    return "; ".join(found) or "nothing"


def show_plan(plan: Plan, report: Report) -> None:
    """What a run would fetch."""
    rows = [(f"project {project_id}", f"{tasks:,}") for project_id, tasks in sorted(plan.tasks.items())]
    if plan.ids is not None:
        rows.append(("ids asked for", f"{plan.ids:,}"))
    _print(("would be fetched", "tasks"), [*rows, ("requests, about", f"{plan.requests:,}")])
    for failure in report.failures:
        logger.error("not there: %s: %s", failure.what, failure.reason)


def show_status(status: Status) -> None:
    """How fresh each project is."""
    header = ("project", "tasks", "read", "age", "changes read up to", "compared", "waiting")
    _print(header, [_status_row(project, status.now) for project in status.projects])
    _print_line(f"looked at: {status.place or 'no warehouse yet'}")


def show_checks(checked: Checked) -> None:
    """What each check means, and what it found."""
    for check in checked.results:
        found = "not run, the views are not there yet" if check.found is None else f"found {check.found:,}"
        _print_line(f"{check.name} ({check.severity}): {found}", check.meaning, *_sample(check))
    _print_line(f"looked at: {checked.place}")


def _status_row(project: ProjectStatus, now: datetime) -> tuple[str, ...]:
    progress, age = project.progress, project.age(now)
    moments = (project.read_at, progress and progress.cursor, progress and progress.reconciled_at)
    read, cursor, compared = (f"{moment:%Y-%m-%d %H:%M:%S}Z" if moment else "never" for moment in moments)
    waiting = "?" if project.behind is None else f"{project.behind:,}"
    old = str(timedelta(seconds=int(age.total_seconds()))) if age else "-"
    return (str(project.project_id), f"{project.tasks:,}", read, old, cursor, compared, waiting)


def _figures(report: Report) -> list[tuple[str, str]]:
    return [
        ("mode", report.mode),
        ("tasks asked for", f"{report.asked or 0:,}"),
        ("tasks loaded", f"{len(report.fetched):,}"),
        ("new or changed", f"{report.changed:,}"),
        ("gone, removed", f"{len(report.deleted):,}"),
        ("tasks not found", f"{report.not_found:,}"),
        ("not loaded, see the log", f"{len(report.failures):,}"),
        ("requests", f"{report.requests:,}"),
        ("retries", f"{report.retries:,}"),
        ("received", f"{report.bytes / 1e6:,.1f} MB"),
        ("seconds", f"{report.seconds:,.1f}"),
    ]


def _log_check(check: CheckResult) -> None:
    log = logger.error if check.severity == "error" else logger.warning
    log("check %s found %d rows: %s", check.name, check.found, check.meaning)
    for row in _sample(check):
        log("  %s", row)


def _sample(check: CheckResult) -> Iterator[str]:
    """The first rows that a check found, each in one line."""
    for row in check.rows:
        yield ", ".join(f"{name} {value}" for name, value in zip(check.columns, row, strict=True))


def _print(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(header):
        table.add_column(name, justify="right" if place else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    # where nobody looks, a file or a monitor reads, and nothing is to be cut off
    width = None if sys.stdout.isatty() else 200
    console = Console(markup=False, highlight=False, soft_wrap=True, width=width)
    console.print(table)
    console.print()


def _print_line(line: str, *details: str) -> None:
    """A line, and under it what belongs to it."""
    Console(markup=False, highlight=False, soft_wrap=True).print("\n    ".join((line, *details)))


def _some(texts: Iterable[str]) -> str:
    named = list(texts)
    rest = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + rest
