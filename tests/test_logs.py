"""What is said while a run goes on."""

import logging
import time

import pytest

from pipelines import logs
from pipelines.label_studio.report import Report


def test_without_a_terminal_progress_is_a_line_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A line says how many tasks are done, how fast they come, and how long the rest will take."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    report = Report(asked=1000)
    with caplog.at_level(logging.INFO, "pipelines"), logs.progress(report, quiet=False):
        for seconds, done in ((5, 100), (10, 200), (12, 250), (20, 400)):
            now[0] = float(seconds)
            report.fetched.update(range(done))
            report.on_progress()
    assert caplog.messages == ["200 of 1,000 tasks, 20/s, 40 s left", "400 of 1,000 tasks, 20/s, 30 s left"]


def test_quiet_progress_is_none() -> None:
    """A quiet run leaves the report's hook as it is."""
    report = Report(asked=10)
    before = report.on_progress
    with logs.progress(report, quiet=True):
        assert report.on_progress is before
