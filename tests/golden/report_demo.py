"""`make report-demo`: three nights of the demo, their report opened in a real Chromium, pictures of it; ends 1 when the browser complains.

What belongs here: pictures for a person to look at. What does not: what the report must hold (test_report.py).

    build/report-demo/data, config          the nights; the report lies in data/releases/latest/report.html
    build/report-demo/*.png, print.pdf      top, sites, trends, monitoring, a site, its charts, small screen, shareable, as printed
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.browser import chromium, opened

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "report-demo"
PARTS = ("main", "sites", "since", "trends", "monitoring", "site-sad01-02", "site-tail01-01", "method")


def main() -> int:
    """Play, open, take pictures; 0 when the page loaded nothing and said nothing."""
    if chromium() is None:
        print("no Chromium is here\n  fix -> apt-get install chromium")
        return 2
    shutil.rmtree(OUT, ignore_errors=True)
    trialweave = [sys.executable, "-m", "flows"]
    nights = [sys.executable, "-m", "tests.golden.demo_nights", "--folder", str(OUT)]
    subprocess.run(nights, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    shared = ["report", "--data", str(OUT / "data"), "--out", str(OUT / "shareable"), "--shareable"]
    subprocess.run(trialweave + shared, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    wrong = []
    for name, path in (("", OUT / "data" / "releases" / "latest" / "report.html"), ("shareable-", OUT / "shareable" / "report.html")):
        with opened(path) as seen:
            for part in PARTS:
                seen.page.evaluate("part => document.getElementById(part).scrollIntoView()", part)
                seen.page.screenshot(path=OUT / f"{name}{part}.png")
            seen.page.locator("section.site:has(#site-sad01-02) .charts").screenshot(path=OUT / f"{name}charts-sad01-02.png")
            seen.page.pdf(path=OUT / f"{name}print.pdf", format="A4")
            seen.page.set_viewport_size({"width": 400, "height": 800})
            seen.page.screenshot(path=OUT / f"{name}small.png")
            wrong += [*seen.said, *(url for url in seen.asked if url != path.resolve().as_uri())]
        print(path.relative_to(ROOT))
    print("\n".join(wrong) or f"no error on the console, nothing loaded; pictures are in {OUT.relative_to(ROOT)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
