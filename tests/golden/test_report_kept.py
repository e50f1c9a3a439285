"""What a report keeps for the next one: the page is the same byte for byte without it, it names nobody, and a purge takes it away."""

from __future__ import annotations

import datetime as dt
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from flows.engine import purge, releases
from flows.engine.releases import Release
from flows.report import counts, writing
from flows.report.facts import READ, gather
from flows.report.page import as_html
from tests.privacy import Tiny, holds

A, B = ("t01", "A"), ("t01", "B")


def night(tiny: Tiny) -> Release:
    """A night with its report."""
    found = tiny.run().release
    writing.into_release(tiny.data, found, tiny.load())
    return found


def kept(tiny: Tiny, release: Release) -> set[counts.Key]:
    """The sites that a report of this release would not count again."""
    wanted = counts.keys(release, tiny.load(), (*READ, "findings"))
    return set(counts.load(tiny.data, wanted, release.as_of.date()).kept)


def anew(tiny: Tiny, release: Release) -> bytes:
    """The page with everything counted now."""
    return as_html(gather(tiny.data, release, tiny.load()))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The tiny trial after a night with its report; to be copied, not used."""
    tiny = Tiny(tmp_path_factory.mktemp("made"))
    night(tiny)
    return tiny.data.parent


@pytest.fixture
def tiny(made: Path, tmp_path: Path) -> Tiny:
    shutil.copytree(made, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Tiny(tmp_path, made=True)


def test_what_did_not_change_is_not_counted_again_and_the_page_is_the_same_byte_for_byte(tiny: Tiny):
    first = releases.latest(tiny.data)
    assert first is not None and kept(tiny, first) == {A, B}
    tiny.change("B", "gaben.csv", "0,05 g", "40 mg")
    tiny.change("B", "spd.csv", "05.03.2024;5", "05.03.2024;6")
    second = tiny.run().release
    adipd = [{f["sha256"] for f in r.manifest["files"] if f["dataset"] == "adipd"} for r in (first, second)]
    assert not adipd[0] & adipd[1]  # a score of B moves the trial's mean, and so Z of the participants of A
    assert kept(tiny, second) == {A}
    page = writing.into_release(tiny.data, second, tiny.load()).read_bytes()
    assert page == anew(tiny, second) and b"t01-A-S2" in page  # the event of special interest is at the site that is kept
    assert kept(tiny, second) == {A, B}
    assert writing.into_release(tiny.data, second, tiny.load()).read_bytes() == page


def test_days_later_findings_are_older_and_visits_due_as_if_all_were_counted_again_and_of_an_earlier_day_all_are(tiny: Tiny):
    found = releases.latest(tiny.data)
    assert found is not None
    today = as_html(gather(tiny.data, found, tiny.load(), use_kept=True))
    for days in (1, 40, -700):
        at = found.as_of + dt.timedelta(days=days)
        moved = replace(found, manifest=found.manifest | {"as_of": at.isoformat()})
        assert kept(tiny, moved) == ({A, B} if days > 0 else set())
        page = as_html(gather(tiny.data, moved, tiny.load(), use_kept=True))
        assert page == anew(tiny, moved) != today


def test_what_is_kept_and_damaged_is_counted_again(tiny: Tiny):
    found = releases.latest(tiny.data)
    assert found is not None
    page, files = anew(tiny, found), sorted((tiny.data / "report_counts").iterdir())
    assert [p.name for p in files] == sorted([*(f"{n}.arrow" for n in (*counts.READ_ON, "drawn")), "parts.json"])
    for path in (p for p in files if p.stem in ("visit_due", "sign_sum", "drawn", "parts")):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2] + b"?" + content[len(content) // 2 + 1 :])
        if path.suffix == ".arrow":
            assert kept(tiny, found) == set()
        assert writing.into_release(tiny.data, found, tiny.load()).read_bytes() == page
        assert kept(tiny, found) == {A, B}
        path.unlink()
        assert kept(tiny, found) == set()
        writing.into_release(tiny.data, found, tiny.load())


def test_what_is_kept_names_nobody_and_is_for_its_owner_only(tiny: Tiny):
    folder = tiny.data / "report_counts"
    assert holds("t01-A-S", [tiny.data]) and not [text for text in ("t01-A-S", "t01-B-0", "B-00", "Headache") if holds(text, [folder])]
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o600} and stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_purge_takes_away_what_was_counted_with_the_participant(tiny: Tiny):
    purge.purge(tiny.load(), tiny.data, "t01/A", "S2", "data protection officer", "consent withdrawn")
    assert not (tiny.data / "report_counts").exists()
    found = releases.latest(tiny.data)
    assert found is not None
    page = writing.into_release(tiny.data, found, tiny.load()).read_bytes()
    assert page == anew(tiny, found) and b"t01-A-S2" not in page


def test_another_threshold_or_window_counts_again(tiny: Tiny):
    found = releases.latest(tiny.data)
    assert found is not None
    tiny.status("to_min: 120", "to_min: 90")
    assert kept(tiny, found) == set()
