"""Rules on core.dose_timing: what a site is asked about a dose once it has met its session."""

from __future__ import annotations

import pytest

from flows.engine import judge
from tests.harness import EVIDENCE, ModelBench
from tests.spec.course import course

WORKED = "Dose"

SESSION = """
    subject_id | session_no | attended | started_at          | ended_at
    S1         | 3          | true     | 2024-03-05 14:00:00 | 2024-03-05 15:30:00
    S1         | 4          | false    | 2024-03-12 14:00:00 |
"""


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("3 | PRE  | true  | 50  | 2024-03-05 13:00:00", []),
        ("3 | PRE  | true  | 75  | 2024-03-05 13:00:00", ["dose_amount_not_of_arms"]),
        ("3 | PRE  | false | 75  |                    ", []),
        ("3 | POST | true  | 50  | 2024-03-05 15:40:00", ["dose_unplanned"]),
        ("3 | PRE  | true  | 50  | 2024-03-05 14:00:00", ["dose_on_wrong_side"]),
        ("3 | PRE  | true  | 50  | 2024-03-05 13:59:59", []),
        ("3 | POST | true  | 50  | 2024-03-05 15:29:59", ["dose_on_wrong_side", "dose_unplanned"]),
        ("3 | PRE  | true  | 50  | 2024-03-05 00:45:00", ["am_pm_slip", "implausible_lag"]),
        ("3 | PRE  | true  | 50  | 2024-03-05 02:00:00", ["dose_far_from_window"]),
        ("3 | PRE  | true  | 50  | 2024-03-04 13:00:00", ["implausible_lag"]),
        ("3 | PRE  | false | 50  | 2024-03-04 13:00:00", []),
        ("4 | PRE  | true  | 50  | 2024-03-12 13:00:00", ["dose_session_not_attended"]),
        ("5 | PRE  | true  | 50  | 2024-03-19 13:00:00", ["dose_without_session"]),
        ("5 | PRE  | false | 50  |                    ", []),
        ("  | PRE  | true  | 50  | 2024-03-19 13:00:00", ["dose_unlinked"]),
        ("  | PRE  | true  | 50  | 2024-03-19         ", []),
        ("3 | PRE  | true  | 50  | 2024-01-07 13:00:00", ["dose_not_randomized", "implausible_lag"]),
    ],
)
def test_a_dose_is_asked_about_when_it_is_odd(run_models: ModelBench, row: str, found: list[str]) -> None:
    dose = f"subject_id | session_no | time_point | taken | dose_mg | dosed_at\nS1 | {row}"
    course(run_models, session=SESSION, dose=dose).run("core.dose_timing")
    assert [rule for rule, _, _ in run_models.judge("core.dose_timing")] == found


@pytest.mark.parametrize(
    ("points", "found"),
    [
        (["PRE", "POST"], []),  # both are planned
        (["PRE", "PRE"], ["dose_second"]),
        (["PRE", "POST", "POST"], ["dose_second"]),
    ],
)
def test_a_capsule_before_and_one_after_are_no_second_dose_where_both_are_planned(
    run_models: ModelBench, points: list[str], found: list[str]
) -> None:
    run_models.trial(dosing={"sessions": [3], "time_points": ["PRE", "POST"]})
    at = {"PRE": "12:55:00", "POST": "15:45:00"}
    rows = "\n".join(f"S1 | 3 | {p} | true | 50 | 2024-03-05 {at[p][:-1]}{n}" for n, p in enumerate(points))
    course(run_models, session=SESSION, dose=f"subject_id | session_no | time_point | taken | dose_mg | dosed_at\n{rows}")
    run_models.run("core.dose_timing")
    assert [rule for rule, _, _ in run_models.judge("core.dose_timing")] == found


def test_a_trial_without_sessions_is_not_asked_for_them(run_models: ModelBench) -> None:
    run_models.trial(sessions={"number": 0}, dosing={"sessions": []})
    course(run_models, session="", dose="subject_id | taken | dose_mg | dosed_at\nS1 | true | 50 | 2024-03-19 13:00:00")
    run_models.run("core.dose_timing", "core.dose_deviation")
    assert run_models.judge("dose") == []
    assert run_models.judge("core.dose_timing") == []
    assert run_models.rows("core.dose_deviation", "dvdecod") == []
    assert run_models.rows("core.dose_timing", "timing", "timing_reason") == [("UNKNOWN", "NO_SESSION")]


def test_an_am_pm_slip_suggests_the_time_half_a_day_away(run_models: ModelBench) -> None:
    dose = "subject_id | session_no | time_point | taken | dosed_at\nS1 | 3 | PRE | true | 2024-03-05 01:00:00"
    course(run_models, session=SESSION, dose=dose).run("core.dose_timing")
    found = judge.judge_table(run_models.con, "core.dose_timing", EVIDENCE).findings
    told = {(r["rule"], r["raw_value"], r["suggestion"], r["severity"]) for r in found.iter_rows(named=True)}
    assert ("am_pm_slip", "2024-03-05 01:00:00", "was the dose taken at 2024-03-05 13:00?", "query") in told
