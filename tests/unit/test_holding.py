"""Holding: what a cut, emptied or changed delivery does to its site, and how a person lets it pass."""

from __future__ import annotations

import polars as pl
import pytest

from flows.engine import decisions, findings_store, ledger, state
from flows.engine.config import load
from schemas.findings import ConfigurationError
from tests.nights import Nights, status
from tests.nights import two_sites as two_sites


def lines(first: int, last: int) -> str:
    """A file with one dose a line."""
    return "".join(f"S{n} 50\n" for n in range(first, last + 1))


def two_nights(nights: Nights, before: str, after: str):
    """Two deliveries of site 01, a night each; the second night's outcome."""
    nights.land("01", before, "2026-03-01")
    nights.run(as_of="2026-03-01")
    nights.land("01", after, "2026-03-02")
    return nights.run(as_of="2026-03-02")


def findings(nights: Nights, rule: str) -> list[tuple]:
    """Standing findings of a rule: record key, status, suggestion."""
    known = findings_store.history(nights.data).filter(pl.col("rule") == rule).sort("record_key")
    return known.select("record_key", "status", "suggestion").rows()


def test_a_file_cut_at_the_end_of_a_row_holds_the_site_and_says_what_is_missing(two_sites: Nights):
    held = two_nights(two_sites, lines(1, 40), lines(1, 36))

    (entry, _) = held.release.manifest["sites"]
    assert held.degraded
    assert (entry["status"], entry["delivered_on"], entry["tables"]["dose"]["received"]) == ("carried", "2026-03-01", 40)
    told = "4 of 40 dose records of the delivery of 2026-03-01 are no longer sent (10 %: they are the last rows of the file; dose.csv)"
    assert told in entry["reason"]
    assert findings(two_sites, "delivery_shrunk") == [("", "OPEN", "4 of 40 records (10 %): they are the last rows of the file; dose.csv")]


def test_a_file_with_its_header_only_holds_the_site(two_sites: Nights):
    held = two_nights(two_sites, lines(1, 2), "")

    assert status(held)["01"] == "carried"
    assert "2 of 2 dose records" in held.release.manifest["sites"][0]["reason"]


def test_records_whose_keys_are_all_other_ones_are_not_called_the_last_of_their_file(two_sites: Nights):
    two_nights(two_sites, lines(1, 10), lines(101, 110))

    how = "none of the 10 that came was there before: identifiers may be written otherwise"
    assert findings(two_sites, "delivery_shrunk") == [("", "OPEN", f"10 of 10 records (100 %): {how}; dose.csv")]


def test_records_lost_since_every_row_was_set_aside_are_not_said_to_have_other_identifiers(two_sites: Nights):
    two_nights(two_sites, lines(1, 10), lines(101, 110).replace("50", "bad"))

    how = "each of the 10 rows that came is set aside, with its own reason"
    assert [f[2] for f in findings(two_sites, "delivery_shrunk")] == [f"10 of 10 records (100 %): {how}; dose.csv"]


def test_many_records_lost_from_the_middle_hold_the_site_and_few_do_not(two_sites: Nights):
    held = two_nights(two_sites, lines(1, 40), lines(1, 10) + lines(14, 40))
    assert status(held)["01"] == "carried"

    two_sites.land("01", lines(1, 10) + lines(13, 40), "2026-03-03")
    two_sites.land("02", lines(1, 2), "2026-03-03")
    assert status(two_sites.run(as_of="2026-03-03")) == {"01": "fresh", "02": "fresh"}


def test_each_record_that_disappears_is_asked_about_until_it_comes_back(two_sites: Nights):
    after = two_nights(two_sites, lines(1, 40), lines(1, 9) + lines(11, 40))
    assert status(after)["01"] == "fresh"
    assert findings(two_sites, "record_disappeared") == [("S10", "OPEN", "it was row 10 of its file in the delivery of 2026-03-01")]
    (file,) = after.release.folder.glob("findings/t01/01-*.parquet")
    assert pl.read_parquet(file).get_column("rule").to_list() == ["record_disappeared"]

    two_sites.land("01", lines(1, 9) + lines(11, 41), "2026-03-03")
    two_sites.run(as_of="2026-03-03")
    assert findings(two_sites, "record_disappeared")[0][:2] == ("S10", "OPEN")
    two_sites.land("01", lines(1, 42), "2026-03-04")
    two_sites.run(as_of="2026-03-04")
    assert findings(two_sites, "record_disappeared")[0][:2] == ("S10", "RESOLVED")


def test_a_night_run_again_with_the_same_delivery_makes_no_new_release(two_sites: Nights):
    two_nights(two_sites, lines(1, 40), lines(1, 9) + lines(11, 40))

    assert not two_sites.run(as_of="2026-03-02").published


def test_a_held_site_stays_with_its_last_good_delivery_however_many_bad_ones_follow(two_sites: Nights):
    two_sites.land("01", lines(1, 40), "2026-03-01")
    two_sites.land("02", lines(1, 2), "2026-03-01")
    two_sites.run(as_of="2026-03-01")
    for day in range(2, 11):
        two_sites.land("01", lines(1, 10 + day), f"2026-03-{day:02}")
        held = two_sites.run(as_of=f"2026-03-{day:02}")

    entry = held.release.manifest["sites"][0]
    assert (entry["status"], entry["delivered_on"], entry["age_days"]) == ("carried", "2026-03-01", 9)
    two_sites.land("01", lines(1, 41), "2026-03-11")
    assert status(two_sites.run(as_of="2026-03-11")) == {"01": "fresh", "02": "unchanged"}


def test_a_delivery_that_cannot_be_read_is_a_finding_of_the_site(two_sites: Nights):
    two_nights(two_sites, lines(1, 2), "BROKEN\n")

    ((key, state, why),) = findings(two_sites, "delivery_unreadable")
    assert (key, state, why.splitlines()[0]) == ("", "OPEN", "t01/01: cannot be read")


def test_a_person_lets_a_held_delivery_pass_with_name_and_reason_in_the_ledger(two_sites: Nights):
    two_sites.run()
    two_sites.send("01", "S1 50\n")
    two_sites.send("02", "S1 50\nS2 50\nS3 50\n")
    two_sites.run()
    two_sites.send("02", "")
    held = two_sites.run()
    entry = held.release.manifest["sites"][1]
    (delivery,) = [word for word in entry["reason"].split() if len(word) == 12 and word.isalnum()]

    passed = decisions.release_hold(two_sites.data, "t01/02", delivery, "A. Manager", "the site has closed")
    assert state.stands(two_sites.data, state.look(two_sites.config, load(two_sites.config))) is None
    taken = two_sites.run()

    assert (status(taken)["02"], taken.degraded, taken.release.manifest["sites"][1]["tables"]["dose"]["received"]) == ("fresh", False, 0)
    (event,) = ledger.entries(two_sites.data, "hold_released")
    assert (event["unit"], event["delivery"][:12], event["who"], event["reason"]) == ("t01/02", passed, "A. Manager", "the site has closed")
    assert not two_sites.run().published


@pytest.mark.parametrize(
    ("site", "delivery", "who", "message"),
    [
        ("t01/09", "abcdef", "A", "no site t01/09"),
        ("t01/01", "abcdef", "A", "names 0 deliveries"),
        ("t01/01", "", "A", "say 6 characters or more"),
        ("t01/01", "abcdef", " ", "say who"),
    ],
)
def test_a_hold_is_not_released_by_mistake(two_sites: Nights, site, delivery, who, message):
    two_sites.run()
    with pytest.raises(ConfigurationError, match=message):
        decisions.release_hold(two_sites.data, site, delivery, who, "because")


def test_a_delivery_that_nothing_holds_is_not_let_pass(two_sites: Nights):
    delivery = two_sites.run().release.manifest["sites"][0]["delivery_sha256"]
    with pytest.raises(ConfigurationError, match="is in the latest release, nothing holds it"):
        decisions.release_hold(two_sites.data, "t01/01", delivery, "A. Manager", "because")
    assert ledger.entries(two_sites.data, "hold_released") == []


def test_a_newest_delivery_that_is_set_aside_is_told_until_it_is_taken_back(two_sites: Nights):
    two_sites.run()
    two_sites.send("01", "S1 50\nS2 50\nS3 50\n")
    wrong = two_sites.run().release.manifest["sites"][0]["delivery_sha256"][:12]
    with pytest.raises(ConfigurationError, match="is not set aside; nothing was written"):
        decisions.take_back(two_sites.data, "t01/01", wrong, "A. Manager", "because")

    decisions.put_aside(two_sites.data, "t01/01", wrong, "A. Manager", "of another trial")
    assert two_sites.run().release.manifest["sites"][0]["tables"]["dose"]["received"] == 2
    (told,) = decisions.newest_aside(two_sites.data)
    assert told.startswith(f"t01/01: its newest delivery {wrong} of ")
    assert f"set-aside t01/01 --delivery {wrong} --take-back" in told

    decisions.take_back(two_sites.data, "t01/01", wrong, "A. Manager", "it was the right one")
    assert two_sites.run().release.manifest["sites"][0]["tables"]["dose"]["received"] == 3
    assert decisions.newest_aside(two_sites.data) == []
