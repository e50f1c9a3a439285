"""Two sites whose lists of participants are one file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from flows.engine import landing, same_files
from flows.engine.batch import Staged
from flows.engine.config import load
from flows.engine.night import Attempt, Placed
from tests.nights import Nights

SITE = """\
site_id: "%s"
study: t01
timezone: Europe/Lisbon
source: {kind: files, path: exports/%s}
tables: {subject: {file: dose.csv, %s fields: {subject_id: {from: id}}}}
"""


def told(root: Path, second: str, where: str = "", kept: int = 2) -> dict[str, list[tuple[str, str]]]:
    """Unit -> (file, suggestion) where site 02 sends `second` and site 01 two participants."""
    nights = Nights(root)
    for site, text in (("01", "id\nS1\nS2\n"), ("02", second)):
        (nights.config / "sites" / f"t01_{site}" / "site.yaml").write_text(SITE % (site, site, where))
        nights.land(site, text, "2026-03-01")
    placed = {}
    for key, unit in load(nights.config).units.items():
        site = unit.site.site_id
        found = landing.deliveries(nights.data, "t01", site, dt.datetime(2026, 3, 2, tzinfo=dt.UTC))
        receipt = {"sites": {site: {"tables": {"subject": {"kept": kept}}}}}
        placed[key] = Placed(Attempt(unit, tuple(found), "m", 0), Staged(key, "m", root, receipt), recomputed=True)
    return {key: frame.select("record_key", "suggestion").rows() for key, frame in same_files.find(placed).items()}


@pytest.mark.parametrize(
    ("second", "where", "kept", "asked"),
    [
        ("id\nS1\nS2\n", "", 2, True),
        ("id\nS1\nS3\n", "", 2, False),
        ("id\nS1\nS2\n", "", 0, False),  # a form that nobody has filled in yet is the same everywhere
        ("id\nS1\nS2\n", "where: {id: S1},", 2, False),  # one file, each site its rows
    ],
)
def test_two_sites_that_read_one_list_of_participants_are_told(tmp_path: Path, second: str, where: str, kept: int, asked: bool) -> None:
    found = {"t01/01": [("dose.csv", "the same file is read for t01/02")], "t01/02": [("dose.csv", "the same file is read for t01/01")]}
    assert told(tmp_path, second, where, kept) == (found if asked else {})
