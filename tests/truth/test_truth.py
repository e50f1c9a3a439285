"""Trials with known truth, every kind of fault planted, one night: nothing wrong goes untold. `make truth` does it at length."""

from __future__ import annotations

import pytest

from tests.truth import report, suite
from tests.truth.faults import KINDS

#: Kinds that are known to go unseen still, each with what the product would need. It must only shrink.
WAITING: dict[str, str] = {
    "event_start_year_after": "an event long after the last visit is asked about",
    "consent_year_before": "consent a year before randomization is asked about",
    "weight_blank": "a blank weight is noted in every trial",
    "event_seriousness_blank": "a blank seriousness is asked about",
    "session_without_dose_year_after": "sessions out of order are asked about",
    "session_without_dose_month_after": "sessions out of order are asked about",
    "session_without_dose_month_before": "sessions out of order are asked about",
    "medication_end_and_ongoing_blank": "neither end nor ongoing is noted",
    "weight_in_kilograms": "weights are judged by age",
    "suds_of_a_session_on_ten": "one session's sheet on another scale is asked about",
    "dose_row_lost": "a planned dose without any record is asked about",
    "age_of_a_grown_up_in_a_trial_of_children": "a trial says its ages",
    "age_of_a_child_in_a_trial_of_adults": "a trial says its ages",
    "session_end_blank": "a blank end of a session is noted",
    "session_end_typo_of_five_hours": "lengths are judged by the planned one",
    "visit_repeated_another_day": "two forms of one label are asked about",
    "dose_not_taken_but_timed": "a dose not taken that has a time is asked about",
    "visit_date_blank": "a declared missing date is a blank one",
    "event_severity_blank": "a declared missing severity is a blank one",
    "withdrawal_year_after": "a withdrawal long after the last visit is asked about",
    "weight_in_pounds": "weights are judged by age",
    "site_writes_doses_in_utc": "a site whose doses all lie far off is asked about",
}


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> suite.Result:
    return suite.run(1, 1, tmp_path_factory.mktemp("truth") / "night")


def test_no_fault_goes_unseen_and_no_cell_of_a_clean_participant_is_wrong(result):
    told = [line for line in report.unseen([result]) if not any(f" {kind} in " in line for kind in WAITING)]
    assert told == []


def test_every_kind_was_planted(result):
    assert {p.kind for p in result.planted} == set(KINDS)


def test_the_styles_are_eight_or_more_and_of_several_zones(result):
    assert len({s.style.name for s in result.sites}) >= 8
    assert len({s.zone for s in result.sites}) >= 6
