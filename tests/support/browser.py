"""A real browser that looks at pages, and notes everything that went wrong in it."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.support.programs import require_program
from tests.support.waiting import PATIENCE

UNANSWERED = "Failed to load resource"
"""What Chromium writes for each answer that is an error, or does not come."""


@dataclass
class Look:
    """A page that is looked at, and what went wrong in it: errors, refused content, requests to others."""

    page: Page
    address: str
    wrong: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def go(self, place: str) -> None:
        """Show a place of the page, such as ``#/flows``."""
        self.page.goto(f"{self.address}/{place}")

    def text(self, selector: str) -> str:
        """Return the text of an element, its white space as single blanks."""
        return re.sub(r"\s+", " ", self.page.locator(selector).first.inner_text()).strip()

    def rows(self, heading: str) -> list[list[str]]:
        """Return the cells of the table in the panel with this heading."""
        table = self.panel(heading).locator("tbody tr")
        expect(table.first).to_be_attached()
        cells: list[list[str]] = table.evaluate_all(
            "rows => rows.map(row => [...row.cells].map(it => it.textContent.trim()))"
        )
        return cells

    def panel(self, heading: str) -> Any:
        """Return the panel with this heading."""
        named = self.page.get_by_role("heading", name=heading, exact=True)
        return self.page.locator("section").filter(has=named).last


@contextmanager
def browser() -> Iterator[Browser]:
    """Run Debian's Chromium without a window."""
    program = require_program("chromium", "TEST_CHROMIUM")
    expect.set_options(timeout=PATIENCE * 1000)
    # As root it has no sandbox; /dev/shm is small in a container.
    arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=program, args=arguments, timeout=PATIENCE * 1000)
        try:
            yield made
        finally:
            made.close()


@contextmanager
def looking(browser: Browser, address: str, *, expected: tuple[str, ...] = (), **context: Any) -> Iterator[Look]:
    """Look at pages of an address. At the end nothing may have gone wrong but what begins with one of ``expected``."""
    given = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **context}
    window = browser.new_context(**given)
    window.set_default_timeout(PATIENCE * 1000)
    look = Look(window.new_page(), address)

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(expected or ("\0",)):
            look.wrong.append(message.text)

    def on_request(request: Request) -> None:
        look.asked.append(request.url)
        if urlsplit(request.url).scheme != "data" and urlsplit(request.url).netloc != urlsplit(address).netloc:
            look.wrong.append(f"asks another host: {request.url}")

    look.page.on("console", on_console)
    look.page.on("pageerror", lambda error: look.wrong.append(str(error)))
    look.page.on("request", on_request)
    try:
        yield look
    finally:
        window.close()
    assert look.wrong == []
