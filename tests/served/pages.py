"""Prefect's pages in a real browser: Debian's Chromium without a screen, driven by playwright; nothing but this machine is let through.

What belongs here: the browser, the form of the backfill, pictures. What does not: what is expected of a run (demo.py).
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SIZE: Any = {"width": 1400, "height": 1100}


class Pages:
    """The pages of the server at a URL. `blocked`: what the pages wanted from elsewhere and did not get."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.blocked: list[str] = []
        self.errors: list[str] = []
        page.route("**/*", self._let_through)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _let_through(self, route: Route) -> None:
        if route.request.url.startswith((f"{self.url}/", "data:", "blob:")):
            route.continue_()
        else:
            self.blocked.append(route.request.url)
            route.abort()

    def picture(self, path: Path) -> None:
        """What is to be seen now, whole."""
        self.page.screenshot(path=path, full_page=True)

    def open_form(self, deployment_id: str) -> None:
        """The form that starts a run of a deployment."""
        self.page.goto(f"{self.url}/deployments/deployment/{deployment_id}/run")
        self._field("First").locator(".p-date-button__control").wait_for()

    def backfill(self, first: dt.date, last: dt.date, reason: str) -> None:
        """Fill the form as a person does: two days from the calendar, the reason. Raises TimeoutError when a day is not taken."""
        self._pick("First", first)
        self._pick("Last", last)
        self._field("Reason (Optional)").locator("textarea").fill(reason)

    def submit(self) -> None:
        """Send the form; the page of the new run or of the deployment follows."""
        before = self.page.url
        self.page.get_by_role("button", name="Submit", exact=True).click()
        self.page.wait_for_url(lambda url: url != before)

    def open_run(self, run_id: str, state: str) -> None:
        """The page of a run, when it shows its state, opened at its artifacts."""
        self.page.goto(f"{self.url}/runs/flow-run/{run_id}")
        self.page.locator(".state-badge", has_text=state).first.wait_for()
        self.page.get_by_role("tab", name="Artifacts").or_(self.page.locator(".p-tab", has_text="Artifacts")).first.click()
        self.page.get_by_text("sites", exact=True).or_(self.page.get_by_text("backfill", exact=True)).first.wait_for()

    def _field(self, label: str) -> Any:
        """The innermost field of the form under a label."""
        return self.page.locator(".schema-form-property").filter(has=self.page.get_by_text(label, exact=True)).last

    def _pick(self, label: str, day: dt.date) -> None:
        field, calendar = self._field(label), self.page.locator(".p-date-picker")
        field.locator(".p-date-button__control").click()
        typed = calendar.locator("input")
        typed.fill(day.isoformat())
        typed.blur()
        calendar.locator(".p-calendar-date-picker__date--selected", has_text=str(day.day)).wait_for()
        calendar.get_by_role("button", name="Apply").click()
        shown = field.locator(".p-date-button__value", has_text=f"{day:%b} {day.day}").filter(has_text=str(day.year))
        shown.wait_for(state="attached")


@contextmanager
def opened(url: str) -> Iterator[Pages]:
    """A browser at a server's pages; gone when this is left. Raises RuntimeError when there is none on this machine."""
    if CHROMIUM is None:
        raise RuntimeError("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        # As root, Chromium starts only without its sandbox; it sees nothing but pages of this machine.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield Pages(browser.new_page(viewport=SIZE, timezone_id="UTC", locale="en-US"), url)
        finally:
            browser.close()
