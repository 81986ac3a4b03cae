"""What goes wrong on the way: noted in the report, and told apart from a server that is gone altogether."""

from .client import Client
from .exceptions import ConfigurationError, Forbidden, LabelStudioError, Unreachable
from .report import Report

#: So many tasks in a row that can't be had, each after all its tries, and the server counts as gone.
FAILURES_IN_A_ROW = 25


class Trouble:
    """Why things could not be had; once `gone` is set, there is no use in asking for more."""

    def __init__(self, client: Client, report: Report) -> None:
        self._client = client
        self._report = report
        self._in_a_row = 0
        self._refused: Forbidden | None = None
        self.gone: LabelStudioError | None = None

    @property
    def final(self) -> LabelStudioError | None:
        """What ended the run, or had it come to nothing."""
        return self.gone or self._refused

    def over(self) -> None:
        """Something could be had."""
        self._in_a_row = 0

    def fail(self, what: str, error: LabelStudioError, project_id: int | None = None) -> None:
        """Notes what can't be had."""
        self._report.fail(what, error, project_id)
        self._blame(error)

    def _blame(self, error: LabelStudioError) -> None:
        if isinstance(error, Forbidden):
            self._refused = error
        elif isinstance(error, ConfigurationError | Unreachable):
            self.gone = self.gone or error

    async def fail_task(self, task_id: int, error: LabelStudioError, project_id: int | None) -> None:
        """Notes a task that can't be had, and sees to it whether the server is still there."""
        self._report.fail_task(task_id, error, project_id)
        self._blame(error)
        self._in_a_row += 1
        if self.gone or isinstance(error, Forbidden):
            return
        if self._in_a_row >= FAILURES_IN_A_ROW:
            self.gone = Unreachable(f"the server fails on one task after the other: {error}")
        try:
            await self.make_sure_of_server(error)
        except (ConfigurationError, Unreachable) as gone:
            self.gone = self.gone or gone

    async def make_sure_of_server(self, error: LabelStudioError) -> None:
        """Raises Unreachable where the server fails not only on what was asked of it, but on anything."""
        try:
            await self._client.server_version()
        except ConfigurationError:
            raise
        except LabelStudioError as again:
            raise Unreachable(f"the server is gone: {error}") from again
