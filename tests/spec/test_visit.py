"""Which visit an assessment is of, which record of a visit counts, baseline and change: core.form_visit, analysis.adqs."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.harness import ModelBench
from tests.spec.course import course

WORKED = "Scores"

VISITS = [
    {"name": "BASELINE", "order": 0, "target_day": -7, "from_day": -21, "to_day": 1, "baseline": True, "labels": ["Pre"]},
    {"name": "W4", "order": 4, "target_day": 29, "from_day": 22, "to_day": 36},
    {"name": "W5", "order": 5, "target_day": 37, "from_day": 30, "to_day": 44},
    {"name": "DOSE1M", "order": 6, "target_day": 29, "from_day": 25, "to_day": 33, "anchor": "first_dose", "labels": ["1 month"]},
]
FORM = {"instrument": "SPD-S", "item_values": "[4]"}


@pytest.fixture
def bench(run_models):
    run_models.trial(instruments=["SPD-S"], primary="SPDS", visits=VISITS)
    run_models.given("intake.subject", """
        subject_id | consented_on | randomized_on
        S1         | 2023-12-20   | 2024-01-01
        S2         | 2023-12-20   |
    """)
    run_models.given("core.treatment_period", "study | site | subject_id | first_on::DATE\nt01 | 01 | S1 | 2024-01-10\nt01 | 01 | S2 |")
    return run_models


def forms(bench, text: str) -> None:
    bench.given("intake.form", text, **FORM)
    bench.con.execute("update intake.form set visit_key = visit, visit_raw = visit")
    bench.con.execute("update intake.form set date_key = assessed_on::varchar, assessed_on_raw = assessed_on::varchar")


def test_the_label_decides_else_the_window_else_unscheduled(bench):
    forms(bench, """
        subject_id | visit    | assessed_on
        S1         | ' W4     | 2024-02-20
        S1         |  pre     | 2023-12-25
        S1         | week xx  | 2024-01-25
        S1         |          | 2024-06-01
        S2         |          | 2024-01-29
        S1         | 1 month  | 2024-02-07
    """.replace("' W4", "w4 "))  # fmt: skip
    bench.run("core.form_visit")
    assert bench.rows("core.form_visit", "form_id", "visit", "visit_order", "ady", "study_day", "is_labelled", "out_of_window") == [
        (2, "W4", 4, 51, 51, True, True),
        (4, "BASELINE", 0, -7, -7, True, False),
        (6, "W4", 4, 25, 25, False, False),
        (8, "UNSCHEDULED", None, 153, None, False, False),
        (10, "UNSCHEDULED", None, None, None, False, False),
        (12, "DOSE1M", 6, 38, 29, True, False),
    ]


@pytest.mark.parametrize(
    ("first", "placed"),
    [
        # day 22 of the capsule of the 10th, six days before the window: asked about
        ("2024-01-10", [("DOSE1M", 22, -7, True), ("W4", 31, 2, False)]),
        # the day of an earlier capsule is not known: neither is the window's
        ("", [("DOSE1M", None, None, None), ("W4", 31, 2, False)]),
    ],
)
def test_a_later_dose_does_not_stand_in_for_a_first_whose_day_is_not_known(bench, first, placed):
    for table in ("intake.subject", "intake.form", "core.treatment_period"):
        bench.con.execute(f"drop table if exists {table}")
    bench.given("intake.subject", "subject_id | consented_on | randomized_on\nS1 | 2023-12-20 | 2024-01-01")
    session = "subject_id | session_no | attended | started_at\nS1 | 3 | true |\nS1 | 4 | true | 2024-01-10 14:00:00"
    dose = "subject_id | session_no | taken | dosed_at\nS1 | 3 | {} |\nS1 | 4 | true | 2024-01-10 13:00:00"
    bench.given("intake.session", session)
    forms(bench, "subject_id | visit | assessed_on\nS1 | 1 month | 2024-01-31\nS1 | | 2024-01-31")
    course(bench, session=session, dose=dose.format("false" if first else "true"))
    bench.made.discard("core.treatment_period")
    bench.run("core.form_visit")
    assert bench.rows("core.form_visit", "visit", "study_day", "target_diff", "out_of_window") == placed


def test_a_baseline_without_a_day_was_assessed_by_the_end_of_its_window_at_the_latest(bench):
    forms(bench, """
        subject_id | visit    | assessed_on
        S1         | BASELINE |
        S1         | W4       |
        S2         | BASELINE |
    """)
    bench.run("core.primary_in_doubt")
    assert bench.rows("core.primary_in_doubt", "form_id", "visit_order", "latest_on") == [
        (2, 0, dt.date(2024, 1, 1)), (4, 4, None), (6, 0, None),
    ]  # fmt: skip


def test_of_two_windows_the_nearest_target_wins_then_the_earlier(bench):
    """Day 31 is 2 from W4 and 6 from W5; day 33 is 4 from both."""
    forms(bench, """
        subject_id | visit | assessed_on
        S1         |       | 2024-01-31
        S1         |       | 2024-02-02
        S1         |       | 2024-02-03
    """)
    bench.run("core.form_visit")
    assert bench.rows("core.form_visit", "form_id", "study_day", "visit") == [(2, 31, "W4"), (4, 33, "W4"), (6, 34, "W5")]


def test_there_is_no_day_zero(bench):
    forms(bench, """
        subject_id | visit    | assessed_on
        S1         | BASELINE | 2023-12-31
        S1         | BASELINE | 2024-01-01
    """)
    bench.run("core.form_visit")
    assert bench.rows("core.form_visit", "ady", "target_diff") == [(-1, 6), (1, 7)]


def test_one_record_of_a_visit_is_used_the_nearest_then_the_earlier(bench):
    """Target is day -7 (25 December): 24 and 26 December are both one day off; the earlier is used."""
    forms(bench, """
        subject_id | visit    | assessed_on | item_values
        S1         | BASELINE | 2023-12-26  | [3]
        S1         | BASELINE | 2023-12-24  | [5]
        S1         | BASELINE | 2023-12-25  | [null]
        S1         |          | 2024-06-01  | [2]
    """)
    bench.run("analysis.adqs")
    assert bench.rows("analysis.adqs", "ADT", "AVAL", "ANL01FL", "ABLFL", "BASE", "CHG", "PCHG") == [
        (dt.date(2023, 12, 24), 5.0, "Y", "Y", 5.0, None, None),
        (dt.date(2023, 12, 26), 3.0, None, None, 5.0, -2.0, -40.0),
        (dt.date(2024, 6, 1), 2.0, None, None, 5.0, -3.0, -60.0),
    ]


def test_of_two_records_with_the_same_visit_and_date_the_one_with_answers_is_published(bench):
    forms(bench, """
        subject_id | visit | assessed_on | item_values | record_key
        S1         |       |             | [null]      | blank
        S1         |       |             | [6]         | filled
    """)
    bench.run("analysis.adqs", "analysis.aditem", "core.form_check")
    assert bench.rows("analysis.adqs", "AVISIT", "ADT", "AVAL") == [("UNSCHEDULED", None, 6.0)]
    assert bench.rows("analysis.aditem", "ITEMCD", "AVAL") == [("SPDS", 6.0)]
    assert ("assessment_not_told_apart", "", "blank") in bench.judge("core.form_check")


def test_a_trial_that_marks_no_baseline_takes_the_last_record_up_to_randomization(run_models):
    run_models.trial(instruments=["SPD-S"], primary="SPDS", visits=[])
    run_models.given("intake.subject", "subject_id | randomized_on\nS1 | 2024-01-01")
    run_models.given("core.treatment_period", "study | site | subject_id | first_on::DATE")
    forms(run_models, """
        subject_id | assessed_on | item_values
        S1         | 2023-12-20  | [7]
        S1         | 2024-01-01  | [6]
        S1         | 2024-01-02  | [5]
    """)
    run_models.run("analysis.adqs")
    assert run_models.rows("analysis.adqs", "ADT", "AVAL", "ABLFL", "CHG") == [
        (dt.date(2023, 12, 20), 7.0, None, 1.0), (dt.date(2024, 1, 1), 6.0, "Y", None), (dt.date(2024, 1, 2), 5.0, None, -1.0),
    ]  # fmt: skip


def test_window_columns_of_adqs(bench):
    forms(bench, "subject_id | visit | assessed_on\nS1 | W4 | 2024-01-31")
    bench.run("analysis.adqs")
    assert bench.rows("analysis.adqs", "AVISITN", "ADY", "AWTARGET", "AWTDIFF", "AWLO", "AWHI") == [(4, 31, 29, 2, 22, 36)]


def test_what_is_asked_of_visits_and_dates(bench):
    forms(bench, """
        subject_id | visit    | assessed_on | record_key | item_values
        S1         | BASELINE | 2023-12-25  | good       | [4]
        S1         | W4       | 2024-02-20  | late       | [4]
        S1         | W5       |             | undated    | [4]
        S1         | week xx  | 2024-01-25  | label      | [4]
        S1         |          | 2023-12-19  | unconsented | [4]
        S1         |          | 2024-06-01  | empty      | [null]
    """)
    bench.run("core.form_check")
    assert bench.judge("core.form_check") == [
        ("assessment_before_consent", "assessed_on", "unconsented"),
        ("assessment_date_missing", "assessed_on", "undated"),
        ("assessment_empty", "", "empty"),
        ("assessment_repeated", "", "good"),
        ("assessment_repeated", "", "label"),
        ("assessment_repeated", "", "late"),
        ("assessment_repeated", "", "unconsented"),
        ("visit_out_of_window", "assessed_on", "late"),
        ("visit_unknown", "visit", "label"),
    ]


def test_a_late_visit_is_asked_about_once_whatever_was_filled_in(run_models):
    run_models.trial(instruments=["SPD-S", "CGI-S"], primary="SPDS", visits=VISITS)
    run_models.given("intake.subject", "subject_id | randomized_on\nS1 | 2024-01-01")
    run_models.given("core.treatment_period", "study | site | subject_id | first_on::DATE")
    run_models.given("intake.form", """
        subject_id | instrument | visit | visit_key | assessed_on | date_key   | record_key | item_values
        S1         | SPD-S      | W4    | W4        | 2024-02-20  | 2024-02-20 | first      | [4]
        S1         | CGI-S      | W4    | W4        | 2024-02-20  | 2024-02-20 | second     | [4]
    """)
    run_models.run("core.form_check")
    assert run_models.judge("core.form_check") == [("visit_out_of_window", "assessed_on", "first")]


def test_too_many_missing_items_give_no_score_and_a_query(run_models):
    run_models.trial(instruments=["PDSS"], primary="PDSSTOT", visits=VISITS)
    run_models.given("intake.subject", "subject_id | randomized_on\nS1 | 2024-01-01")
    run_models.given("core.treatment_period", "study | site | subject_id | first_on::DATE")
    run_models.given("intake.form", """
        subject_id | visit | assessed_on | record_key | item_values
        S1         | W4    | 2024-01-29  | k          | [1,1,1,1,1,1,null]
    """, instrument="PDSS")
    run_models.run("core.form_check", "analysis.adqs")
    assert run_models.judge("core.form_check") == [("assessment_not_scored", "", "k")]
    assert run_models.rows("analysis.adqs", "PARAMCD", "AVAL", "NITEMS", "NANSW", "ANL01FL") == [
        ("PDSSMEAN", None, 7, 6, None), ("PDSSTOT", None, 7, 6, None),
    ]  # fmt: skip


def test_a_randomized_participant_without_a_baseline_is_asked_about(bench):
    forms(bench, "subject_id | visit | assessed_on\nS1 | W4 | 2024-01-29\nS2 | W4 | 2024-01-29")
    bench.run("core.subject_baseline")
    told = sorted(rule for rule, _, _ in bench.judge("core.subject_baseline"))
    assert told == ["baseline_missing", "randomization_missing"]  # S1 and S2


@pytest.mark.parametrize(
    ("attended", "taken", "other", "found"),
    [
        ("true", "false", "2024-01-02", ["S1"]),
        ("true", "true", "2024-01-02", []),  # is asked about with the dose
        ("false", "false", "2024-01-02", []),  # never came
        ("true", "false", "", []),  # a site that sends no dates of randomization
    ],
)
def test_who_came_to_sessions_without_a_date_of_randomization_is_asked_about(
    run_models, attended: str, taken: str, other: str, found: list[str]
) -> None:
    run_models.trial(instruments=["LSAS"], primary="LSASTOT")
    course(
        run_models, subject=f"subject_id | randomized_on | record_key\nS1 | | S1\nS2 | {other} | S2",
        session=f"subject_id | session_no | attended | started_at | ended_at\nS1 | 1 | {attended} | 2024-01-09 10:00:00 |",
        dose=f"subject_id | session_no | time_point | taken | dosed_at\nS1 | 1 | PRE | {taken} |",
    ).run("core.subject_baseline")  # fmt: skip
    assert [key for rule, _, key in run_models.judge("core.subject_baseline") if rule == "randomization_missing"] == found


@pytest.mark.parametrize(("visit", "found"), [("W4", ["S1"]), ("BASELINE", [])])
def test_who_came_to_a_later_visit_without_a_date_of_randomization_is_asked_about(bench, visit: str, found: list[str]) -> None:
    bench.given("intake.subject", "subject_id | randomized_on | record_key\nS1 | | S1\nS2 | 2024-01-01 | S2")
    forms(bench, f"subject_id | visit | assessed_on\nS1 | {visit} | 2024-01-29")
    bench.run("core.subject_baseline")
    assert [key for rule, _, key in bench.judge("core.subject_baseline") if rule == "randomization_missing"] == found


@pytest.mark.parametrize(
    ("status", "listed", "found"),
    [
        ("unblinded", ["S1"], ["S2"]),  # S3 was not randomized
        ("unblinded", [], ["S1", "S2"]),  # a site whose list is not mapped
        ("open", ["S1", "S2"], []),
        ("blinded", [], []),
    ],
)
def test_a_randomized_participant_whose_arm_no_list_names_is_asked_about_once_the_trial_is_not_blinded(
    run_models, status: str, listed: list[str], found: list[str]
) -> None:
    arms = [{"code": "DCS", "label": "DCS", "dose_mg": 50}, {"code": "PBO", "label": "Placebo", "dose_mg": 50, "placebo": True}]
    run_models.trial(instruments=["LSAS"], primary="LSASTOT", arms=arms, blinding={"status": status})
    run_models.given("mapped.subject", "subject_id | record_key | randomized_on\nS1 | S1 | 2024-01-02\nS2 | S2 | 2024-01-02\nS3 | S3 |")
    run_models.given("mapped.randomization", "\n".join(["subject_id | arm", *(f"{s} | DCS" for s in listed)]))
    run_models.run("core.subject_baseline")
    assert [key for rule, _, key in run_models.judge("core.subject_baseline") if rule == "arm_not_sent"] == found


@pytest.mark.parametrize(
    ("mine", "others", "n", "found"),
    [
        ("Pre W5", "Pre W4 W5", 10, ["S1|SPD-S"]),
        ("Pre -W4 W5", "Pre W4 W5", 10, ["S1|SPD-S"]),  # a form without an answer is none
        ("Pre W5", "Pre W4 W5", 9, []),  # too few others to tell
        ("Pre", "Pre W4 W5", 10, []),  # did not come back
        ("W4 W5", "Pre W4 W5", 10, []),  # a missing baseline of the primary outcome has a rule of its own
        ("Pre W5 zz", "Pre W4 W5", 10, []),  # the form of an unknown visit may be the one
        ("Pre W5", "Pre W5", 10, []),  # nobody has it
    ],
)
def test_a_form_that_all_others_have_is_asked_for_where_the_participant_came_back(
    bench: ModelBench, mine: str, others: str, n: int, found: list[str]
) -> None:
    people = {"S1": mine} | {f"O{k:02d}": others for k in range(n)}
    bench.given("intake.subject", "subject_id | randomized_on\n" + "\n".join(f"{who} | 2024-01-01" for who in people))
    days = {"Pre": "2023-12-25", "W4": "2024-01-29", "W5": "2024-02-06", "zz": "2025-06-01"}
    forms(bench, "subject_id | visit | assessed_on | item_values\n" + "\n".join(
        f"{who} | {visit.strip('-')} | {days[visit.strip('-')]} | {'[null]' if visit.startswith('-') else '[4]'}"
        for who, visits in people.items() for visit in visits.split(" ")
    ))  # fmt: skip
    bench.run("core.visit_gap")
    assert [key for rule, _, key in bench.judge("core.visit_gap") if rule == "visit_missing"] == found
