"""The demo's report: true to the release, without arms and texts, read in a real browser."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from tests.browser import chromium, opened
from tests.conftest import DemoRelease

needs_browser = pytest.mark.skipif(chromium() is None, reason="no Chromium here: apt-get install chromium")


def run(*words: object) -> tuple[int, str]:
    ended = CliRunner().invoke(app, [str(w) for w in words])
    return ended.exit_code, ended.output


class Page(HTMLParser):
    """Ids, links, tables without caption or heads, pictures without a name, headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.unnamed: list[str] = []
        self.loaded: list[str] = []
        self.tables = self.captions = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if told.get("id"):
            self.ids.append(str(told["id"]))
        if tag == "a":
            self.links.append(str(told.get("href")))
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        if tag == "svg" and not (told.get("role") == "img" and told.get("aria-label")):
            self.unnamed.append(tag)
        if tag in ("link", "img", "iframe", "object") or told.get("src"):
            self.loaded.append(tag)
        self.tables += tag == "table"
        self.captions += tag == "caption"


@pytest.fixture(scope="module")
def page(demo_release: DemoRelease) -> str:
    return (demo_release.release / "report.html").read_text(encoding="utf-8")


def test_the_night_wrote_it_and_the_command_writes_the_same_bytes(demo_release: DemoRelease, page: str, tmp_path: Path):
    assert run("report", "--data", demo_release.data, "--out", tmp_path)[0] == 0
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page
    assert "report.html" not in (demo_release.release / "manifest.json").read_text()
    assert run("verify", "--data", demo_release.data)[0] == 0


def test_it_is_built_for_everybody_and_loads_nothing(page: str):
    found = Page(page)
    assert '<html lang="en">' in page and found.headings[0] == 1 and found.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(found.headings, found.headings[1:], strict=False))
    assert len(found.ids) == len(set(found.ids))
    assert {link[1:] for link in found.links} <= set(found.ids) and all(link.startswith("#") for link in found.links)
    assert found.tables == found.captions > 50 and not found.unnamed and not found.loaded
    assert not re.search(r"https?://|url\(|@import", page)


def test_its_numbers_are_those_of_the_sets(page: str, demo_release: DemoRelease):
    adsl, adae = (pd.read_parquet(demo_release.release / name) for name in ("adsl", "adae"))
    assert f"{len(adsl)} participants" in page
    special = adae[adae.AESIFL == "Y"]
    assert f"{len(special)} events, newest first" in page and all(f">{who}<" in page for who in special.USUBJID)
    adex = pd.read_parquet(demo_release.release / "adex")
    for (study, site), mine in adex[adex.EXOCCUR == "Y"].groupby(["STUDYID", "SITEID"]):
        section = page.split(f'id="site-{study}-{site}"')[1].split("</section>")[0]
        assert f"amount of taken doses</td><td>{mine.EXDOSE.count()} of {len(mine)} (" in section
    findings = pd.read_parquet(demo_release.release / "findings")
    is_open = findings.status.isin(["OPEN", "REOPENED"]) & (findings.study == "sad01") & (findings.site == "02")
    row = re.search(r'<tr data-study="sad01" data-site="02".*?</tr>', page)
    assert row and f">{is_open.sum()}</td>" in row[0]


def test_no_arm_and_no_text_of_a_site_is_in_it(page: str, demo_release: DemoRelease):
    adsl = pd.read_parquet(demo_release.release / "adsl")
    for arm in adsl.TRT01P.dropna().unique():
        assert arm not in page
    assert "lacebo" not in page
    texts = set(pd.read_parquet(demo_release.release / "adcm").CMTRT) | set(pd.read_parquet(demo_release.release / "adae").AETERM)
    seen = re.sub(r"<[^>]*>", "|", page)
    assert not [t for t in texts if t and f"|{t}|" in seen]


def test_a_shareable_report_names_nobody_and_shows_no_small_cell(demo_release: DemoRelease, tmp_path: Path):
    assert run("report", "--data", demo_release.data, "--out", tmp_path, "--shareable")[0] == 0
    shared = (tmp_path / "report.html").read_text(encoding="utf-8")
    adsl = pd.read_parquet(demo_release.release / "adsl")
    assert not [who for who in adsl.USUBJID if who in shared]
    cells = [int(n) for n in re.findall(r'<td class="n">(\d+)</td>', shared.split("<h2 id=\"each\">")[1])]
    assert cells and not [n for n in cells if 0 < n < 5]
    assert not re.search(r"</td><td>[1-4] of \d", shared)
    # every count of every table and caption is a multiple of five, so that no hidden one is a difference of others
    overview, each = shared.split('<h2 id="each">')
    each = re.sub(r"<figcaption>.*?</figcaption>|aria-label=\"[^\"]*\"", "", each)
    counts = [int(n) for n in re.findall(r'<td class="n">(\d+)</td>', each)]
    counts += [int(n) for pair in re.findall(r">(\d+) of (\d+) \(", each) for n in pair]
    counts += [int(n) for ends in re.findall(r"<td>(\d+-\d+: .*?)</td>", each) for n in re.findall(r": (\d+)", ends)]
    rows = re.findall(r'<tr data-study.*?</tr>', overview)
    counts += [int(n) for row in rows for n in re.findall(r'<td class="n">(\d+)</td>', row)[1:]]  # the first is the age in days
    counts.append(int(re.findall(r"(\d+) participants\.", overview)[0]))
    assert len(rows) == 13 and len(counts) > 200 and not [n for n in counts if n % 5]


def test_a_release_whose_configuration_is_not_at_hand_is_read_by_another_that_is_named(demo_release: DemoRelease, tmp_path: Path):
    data = tmp_path / "data"
    (data / "releases").mkdir(parents=True)
    (data / "releases" / "latest").symlink_to(demo_release.release.name)
    (data / "releases" / demo_release.release.name).symlink_to(demo_release.release)
    code, said = run("report", "--data", data, "--out", tmp_path)
    assert code == 2 and "--config FOLDER" in said
    assert run("report", "--data", data, "--out", tmp_path, "--config", "config/demo")[0] == 0
    assert "Events of special interest" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_shareable_report_does_not_take_the_place_of_the_other(demo_release: DemoRelease):
    code, said = run("report", "--data", demo_release.data, "--shareable")
    assert code == 2 and "--out" in said


def test_the_summary_is_kept_for_later_reports(demo_release: DemoRelease):
    told = json.loads((demo_release.release / "report.json").read_text())
    adsl = pd.read_parquet(demo_release.release / "adsl")
    assert sum(s["participants"] for s in told["sites"].values()) == len(adsl)


@needs_browser
def test_a_browser_opens_it_without_an_error_or_a_request_and_the_filters_and_keys_work(demo_release: DemoRelease):
    path = demo_release.release / "report.html"
    with opened(path) as seen:
        tab, sections = seen.page, "section.site:visible"
        n = tab.locator("section.site").count()
        assert n == 13 and tab.locator(sections).count() == n
        tab.select_option("#trial", "acro01")
        assert tab.locator(sections).count() == 2 and tab.inner_text("#shown") == "2 of 13 sites shown"
        tab.fill("#find", "02")
        assert [s.get_attribute("data-site") for s in tab.locator(sections).all()] == ["02"]
        tab.locator('#events a[href="#site-ocd01-01"], section a[href="#site-ocd01-01"]').first.click()
        assert tab.evaluate("location.hash") == "#site-ocd01-01" and tab.locator(sections).count() == n  # what a link leads to is shown
        tab.reload()
        tab.evaluate("location.hash = ''")
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.className") == "skip"
        tab.keyboard.press("Enter")
        assert tab.evaluate("location.hash") == "#main"
        first = tab.locator("summary").first
        first.focus()
        tab.keyboard.press("Enter")
        assert first.evaluate("s => s.parentElement.open") is True
        tab.set_viewport_size({"width": 400, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= 400  # wide tables scroll by themselves
        assert not seen.said and set(seen.asked) == {path.resolve().as_uri()}
