"""A real headless Chromium for pages that people read; Debian's, never a download.

What belongs here: finding and starting it, what a page said and asked for while it was looked at. What does not: what a page must hold.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Where a Chromium is, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Seen:
    """A page and what it said on the console and asked the network for."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def opened(path: Path, width: int = 1280, height: int = 900) -> Iterator[Seen]:
    """A page from a file, in a browser of its own that is ended afterwards."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = play.chromium.launch(executable_path=chromium(), args=options)
        try:
            seen = Seen(browser.new_page(viewport={"width": width, "height": height}))
            seen.page.on("console", lambda message: seen.said.append(message.text))
            seen.page.on("pageerror", lambda error: seen.said.append(str(error)))
            seen.page.on("request", lambda request: seen.asked.append(request.url))
            seen.page.goto(path.resolve().as_uri())
            yield seen
        finally:
            browser.close()
