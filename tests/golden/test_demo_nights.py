"""`make demo-nights` on one trial: every planted change becomes what planted.csv says, and nothing else changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.demo_nights import plant, report
from tests.golden.demo_nights.play import DAYS, Life, Seen

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, Path]:
    """How the three nights ended, what was printed, and the folder they were played in."""
    folder = tmp_path_factory.mktemp("nights") / "kept"
    command = [sys.executable, "-m", "tests.golden.demo_nights", "--trial", "sad01", "--folder", str(folder)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr, folder


def test_three_nights_of_planted_changes_end_as_documented(shown: tuple[int, str, Path]):
    code, printed, _ = shown

    assert "15 planted, 0 not as documented" in printed
    assert code == 0


def test_the_lives_show_open_answered_waived_resolved_and_reopened_with_their_days(shown: tuple[int, str, Path]):
    lines = [[c.strip() for c in line.split("│")[1:-1]] for line in shown[1].partition("the findings' lives")[2].splitlines()]
    lives = {cells[2]: cells[4:] for cells in lines if len(cells) == 10}

    assert lives["total_differs"] == ["OPEN", "RESOLVED", "REOPENED", "2026-03-02", "2026-03-04", ""]
    assert lives["unknown_code"] == ["", "OPEN", "RESOLVED", "2026-03-03", "2026-03-03", "2026-03-04"]
    assert lives["session_after_withdrawal"][:3] == ["OPEN", "OPEN", "ANSWERED"]
    assert lives["medication_prohibited"][:3] == ["OPEN", "OPEN", "WAIVED"]


def test_the_committed_demo_is_left_as_it_is_and_the_copy_is_changed(shown: tuple[int, str, Path]):
    told = Path("exports") / "sad01_07" / "sitzungen.csv"

    assert b"Sitzungsende" in (shown[2] / "config" / told).read_bytes()
    assert b"Sitzungsende" not in (plant.DEMO / told).read_bytes()


def act(expected: str) -> plant.Act:
    """A planted act of night 2 with this expectation."""
    return plant.Act("N99", 2, "sad01/02", "cell", "ae.csv", "1", "Severity", "x", "a change", expected)


def test_a_change_nobody_planted_and_one_that_no_command_tells_are_both_reported():
    seen = Seen(DAYS[1])
    seen.add("changes", "sad01/02", "changed dose 001|3 dose_mg 50 -> 500")
    planted = [act("changes: changed session 001|3")]

    assert [said for *_, said, right in report.outcomes(2, seen, planted) if not right] == ["NOT SAID: changed session 001|3"]
    assert list(report.undocumented_changes(2, seen, planted)) == ["night 2, sad01/02: changed dose 001|3 dose_mg 50 -> 500"]


def test_a_finding_whose_life_is_not_documented_is_reported():
    nights = [Seen(DAYS[1]) for _ in range(3)]
    nights[2].lives[("sad01/02", "out_of_scale", "001", "value")] = Life("OPEN", "2026-03-04", "2026-03-04", "", "")

    assert "sad01/02 out_of_scale:   OPEN 2026-03-04 2026-03-04 , not documented" in report.lives(nights)[1]
