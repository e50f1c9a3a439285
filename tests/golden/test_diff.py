"""Two nights of the tiny trial compared: what a site changed, and whose timing and outcome it touches."""

from __future__ import annotations

import json
import shutil

import pytest

from flows.engine import diff
from tests.golden.test_tiny import TINY
from tests.nights import Nights
from tests.nights import call as trialweave


class Real(Nights):
    """Nights of the tiny trial, computed by the real engine."""

    def __init__(self, root):
        self.config, self.data = root / "config", root / "data"
        shutil.copytree(TINY, self.config)

    def change(self, file: str, old: str, new: str) -> None:
        path = self.config / "exports" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def two_nights(tmp_path_factory):
    """Site A moves S1's first dose from 13:00 to 11:30, corrects S2's last score from 4 to 2 and adds an event; site B stays."""
    nights = Real(tmp_path_factory.mktemp("diff"))
    one = nights.run().release
    nights.change("A/doses.csv", "2024-03-05 13:00", "2024-03-05 11:30")
    nights.change("A/spd.csv", "2024-04-30,4", "2024-04-30,2")
    nights.change("A/ae.csv", "possibly\n", "possibly\nS1,Nausea,2024-03-07,MILD,no,no\n")
    return nights.data, one, nights.run().release



@pytest.fixture(scope="module")
def found(two_nights):
    return diff.compare(two_nights[1], two_nights[2])


def of(found: diff.Difference, dataset: str) -> diff.SetDiff:
    (one,) = [s for s in found.sets if s.dataset == dataset]
    return one


def test_files_that_are_the_same_are_not_opened(found):
    """Site B's nine sets, and those of site A that nothing reached: exercises, medication; and the reference."""
    assert (found.skipped, found.compared) == (12, 18)
    assert [s.dataset for s in found.sets] == ["adsl", "adex", "adsess", "adqs", "aditem", "adae", "addv", "adipd"]


def test_a_moved_dose_changes_its_instants_lags_and_category_and_nothing_else_of_the_row(found):
    adex = of(found, "adex")
    assert (adex.rows_added, adex.rows_removed, adex.rows_changed) == (0, 0, 1)
    assert adex.values == [
        ("t01-A-S1|1", "EXSTDTM", "2024-03-05 13:00:00+00", "2024-03-05 11:30:00+00"),
        ("t01-A-S1|1", "EXSTDTC", "2024-03-05T13:00:00+00:00", "2024-03-05T11:30:00+00:00"),
        ("t01-A-S1|1", "LAGSTRT", "60.0", "150.0"),
        ("t01-A-S1|1", "LAGEXPO", "70.0", "160.0"),
        ("t01-A-S1|1", "LAGEND", "-120.0", "-210.0"),
        ("t01-A-S1|1", "TIMCAT", "PRE_1_2H", "PRE_2_4H"),
        ("t01-A-S1|1", "WIN12FL", "Y", "N"),
        ("t01-A-S1|1", "INWINFL", "Y", "N"),
    ]


def test_rows_that_only_stand_in_another_file_are_moved_not_changed(found):
    assert (of(found, "adex").rows_moved, of(found, "adqs").rows_moved, of(found, "adsl").rows_moved) == (2, 3, 0)


def test_a_corrected_score_changes_its_scores_and_the_ranks_of_its_trial(found):
    assert of(found, "adqs").values == [
        ("t01-A-S2|SPDS|POST|2024-04-30", "AVAL", "4.0", "2.0"),
        ("t01-A-S2|SPDS|POST|2024-04-30", "CHG", "-1.0", "-3.0"),
        ("t01-A-S2|SPDS|POST|2024-04-30", "PCHG", "-20.0", "-60.0"),
        ("t01-A-S2|SPDS|POST|2024-04-30", "POMP", "50.0", "16.666666666666668"),
    ]
    assert of(found, "adipd").columns == {"AVAL": 1, "POMP": 1, "Z": 1, "RANK100": 4, "PCTWIN12": 1}


def test_new_rows_and_new_subjects_of_a_set_are_named(found):
    assert (of(found, "adae").added, of(found, "adae").subjects_added) == (["t01-A-S1|2"], 0)
    assert (of(found, "addv").added, of(found, "addv").subjects_added) == (["t01-A-S1|1"], 1)  # timing out of window


def test_participants_whose_timing_or_primary_outcome_is_touched_are_named(found):
    assert found.timings == {"t01-A-S1": 7}  # six columns of adex, one of adsess
    assert found.primaries == {"t01-A-S2": 6}  # AVAL, CHG, PCHG of adqs, AVAL of adipd, AVALNEXT and CHGNEXT of a session before it


def test_compared_backwards_what_was_added_is_removed(two_nights):
    back = diff.compare(two_nights[2], two_nights[1])
    assert (of(back, "adae").rows_added, of(back, "adae").removed) == (0, ["t01-A-S1|2"])
    assert of(back, "addv").subjects_removed == 1


def test_the_command_shows_counts_and_values_only_when_asked(two_nights):
    data, one, two = two_nights
    code, told = trialweave("diff", one.release_id, "latest", "--data", str(data))
    assert code == 0
    assert "dose timing touched: 1 participants: t01-A-S1" in told
    assert "primary outcome touched: 1 participants: t01-A-S2" in told
    assert "PRE_2_4H" not in told
    assert "PRE_2_4H" in trialweave("diff", one.release_id, "latest", "--data", str(data), "--values")[1]
    code, told = trialweave("diff", one.release_id, two.release_id, "--data", str(data), "--json")
    plain = json.loads(told)
    assert (plain["timings"], [s["values"] for s in plain["sets"]]) == ({"t01-A-S1": 7}, [[]] * 8)
    code, told = trialweave("diff", two.release_id, "latest", "--data", str(data))
    assert told == f"{two.release_id} and {two.release_id} hold the same rows\n"
    code, told = trialweave("diff", "2020", "latest", "--data", str(data))
    assert (code, f"there are {one.release_id}, {two.release_id}" in told) == (2, True)
