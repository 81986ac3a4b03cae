"""A real Chromium for the tests, which asks no host for anything."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

#: Debian's name first.
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser; where there is none the test is skipped, in CI it fails."""
    path = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if path is None:
        if os.environ.get("CI") == "true":
            raise FileNotFoundError("no Chromium: .ci/run installs it")
        pytest.skip("there is no Chromium here: install it to test the dashboard (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Shown:
    """A page of ours in the browser, and what it did that it must not do."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.said: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", self._dismiss)
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(path.as_uri())
        self._wait(1)

    def _dismiss(self, dialog: Dialog) -> None:
        self.said.append(dialog.message)
        dialog.dismiss()

    def filter(self, **values: Any) -> None:
        """Sets filters, and takes away all others."""
        drawn = self._drawn()
        self.page.get_by_role("button", name="All", exact=True).click()
        self._wait(drawn + 1)
        for name, value in values.items():
            drawn = self._drawn()
            field = self.page.locator(f"#filters [name={name}]")
            if name in ("from", "to"):
                field.fill(str(value))
            else:
                field.select_option(str(value))
            self._wait(drawn + 1)

    def tile(self, name: str, part: str = ".value") -> str:
        """What a part of a tile of the overview says."""
        found = self.page.locator(".tiles li", has=self.page.get_by_text(name, exact=True))
        return found.locator(part).inner_text()

    def figure(self, title: str) -> Any:
        """A figure, by its heading."""
        return self.page.locator("figure", has=self.page.get_by_role("heading", name=title, exact=True))

    def rows(self, title: str) -> list[list[str]]:
        """All rows of a figure's table, as they are shown."""
        rows: list[list[str]] = self.figure(title).evaluate(
            """figure => {
                figure.querySelector("button.more")?.click();
                return [...figure.querySelectorAll("tbody tr")].map(
                    row => [...row.children].map(cell => cell.textContent.replaceAll("\\u00a0", " ")));
            }"""
        )
        return rows

    def text(self, title: str) -> str:
        """What a figure says."""
        return str(self.figure(title).inner_text())

    def _drawn(self) -> int:
        return int(self.page.evaluate("Number(document.documentElement.dataset.shown)"))

    def _wait(self, times: int) -> None:
        self.page.wait_for_function(f"Number(document.documentElement.dataset.shown) >= {times}")
