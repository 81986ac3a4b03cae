"""What a run did."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.checks import CheckResult
from pipelines.exits import CHECK_FAILED, DONE, FAILED
from pipelines.label_studio import LabelStudioError, Report


@dataclass
class Outcome:
    """What a run did: its report, the rows that the tables hold now, and the checks that found something."""

    #: the warehouse, for people
    place: str
    report: Report
    rows: dict[str, int]
    failed_checks: list[CheckResult]
    #: the readers' copy and the page, where they were written
    published: Path | None = None
    drawn: Path | None = None
    #: the lake, for people, where it was brought up to date
    lake: str | None = None
    #: why one of them could not be written
    unpublished: LabelStudioError | None = None

    @property
    def exit_code(self) -> int:
        """The exit code that says so."""
        if self.report.failures or self.unpublished:
            return FAILED
        return CHECK_FAILED if self.has_errors else DONE

    @property
    def has_errors(self) -> bool:
        """A check of what must never be found something: what people read stays as it is."""
        return any(check.severity == "error" for check in self.failed_checks)
