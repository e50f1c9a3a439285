"""core.deviation: what departs from the protocol, and only where it is certain."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.harness import ModelBench
from tests.spec.course import course

WORKED = "Deviations"

ONE_SESSION = {"dosing": {"sessions": [3], "time_points": ["PRE"]}}
TAILORED = {"dosing": {"sessions": [3, 4, 5], "time_points": ["POST"]}, "tailored": True}


def deviations(bench: ModelBench, *columns: str) -> list[tuple[object, ...]]:
    bench.run("core.deviation")
    return bench.rows("core.deviation", *(columns or ("dvseq", "dvcat", "dvdecod", "session_no", "dvterm")))


def no_forms(bench: ModelBench) -> None:
    bench.given("core.form", "study | site | subject_id | form_id::BIGINT | assessed_on::DATE | source_file | source_row::BIGINT")
    bench.given(
        "core.form_visit",
        "form_id::BIGINT | study | site | subject_id | visit | study_day::INTEGER | window_from::INTEGER | window_to::INTEGER"
        " | is_labelled::BOOLEAN | out_of_window::BOOLEAN",
    )


def test_a_dose_as_planned_departs_from_nothing(run_models: ModelBench) -> None:
    run_models.trial(**ONE_SESSION)
    no_forms(run_models)
    dose = """
        subject_id | session_no | time_point | taken | dose_mg | dosed_at
        S1         | 3          | PRE        | true  | 50      | 2024-03-05 13:00:00
    """
    course(run_models, dose=dose)
    assert deviations(run_models) == []


def test_what_a_taken_dose_can_depart_in_is_told_with_numbers(run_models: ModelBench) -> None:
    run_models.trial(**ONE_SESSION)
    no_forms(run_models)
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | true     | 2024-03-05 14:00:00 | 2024-03-05 15:30:00
        S1         | 4          | true     | 2024-03-12 14:00:00 | 2024-03-12 15:30:00
    """
    dose = """
        subject_id | session_no | time_point | taken | dose_mg | dosed_at
        S1         | 3          | PRE        | true  | 50      | 2024-03-05 13:00:00
        S1         | 3          | PRE        | true  | 75.5    | 2024-03-05 13:24:30
        S1         | 4          | PRE        | true  | 50      | 2024-03-12
    """
    course(run_models, session=session, dose=dose)
    assert deviations(run_models) == [
        (1, "DOSE", "DOSE_AMOUNT", 3, "75.5 mg was taken at session 3, where the protocol gives 50 mg for this participant or arm."),
        (2, "DOSE", "DOSE_EXTRA", 3, "This was dose 2 of the PRE-SESSION doses taken at session 3, where at most one is planned."),
        (3, "DOSE", "DOSE_UNPLANNED", 4, "A PRE-SESSION dose was taken at session 4, where the protocol plans none."),
        (4, "TIMING", "TIMING_OUT_OF_WINDOW", 3,
         "The dose was taken 35 min 30 s before the reference of session 3; the window is 60 to 120 min before."),
        (5, "TIMING", "TIMING_UNKNOWN", 4, "The timing of the dose taken at session 4 is not known: NO_DOSE_TIME."),
    ]  # fmt: skip
    assert [r for r in deviations(run_models, "dvdecod", "is_major") if r[1]] == [("DOSE_AMOUNT", True)]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("11:59:59    ", "The dose was taken 120 min 1 s before the reference of session 3; the window is 60 to 120 min before."),
        ("13:00:00.250", "The dose was taken 59 min 59.75 s before the reference of session 3; the window is 60 to 120 min before."),
        ("14:00:00    ", "The dose was taken 0 min before the reference of session 3; the window is 60 to 120 min before."),
        ("14:00:01    ", "The dose was taken 0 min 1 s after the reference of session 3; the window is 60 to 120 min before."),
        ("14:05:00    ", "The dose was taken 5 min after the reference of session 3; the window is 60 to 120 min before."),
    ],
)
def test_a_second_outside_the_window_is_told_as_a_second(run_models: ModelBench, at: str, told: str) -> None:
    run_models.trial(**ONE_SESSION)
    no_forms(run_models)
    dose = f"""
        subject_id | session_no | time_point | taken | dose_mg | dosed_at
        S1         | 3          | PRE        | true  | 50      | 2024-03-05 {at}
    """
    course(run_models, dose=dose)
    assert [term for code, term in deviations(run_models, "dvdecod", "dvterm") if code == "TIMING_OUT_OF_WINDOW"] == [told]


def test_doses_before_consent_and_after_withdrawal(run_models: ModelBench) -> None:
    run_models.trial(dosing={"sessions": [3, 4]})
    no_forms(run_models)
    run_models.given("mapped.disposition", "subject_id | withdrawn_on | scope\nS1 | 2024-03-10 | stop")
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | true     | 2023-12-31 14:00:00 | 2023-12-31 15:30:00
        S1         | 4          | true     | 2024-03-12 14:00:00 | 2024-03-12 15:30:00
    """
    dose = """
        subject_id | session_no | time_point | taken | dose_mg | dosed_at
        S1         | 3          | PRE        | true  | 50      | 2023-12-31 13:00:00
        S1         | 4          | PRE        | true  | 50      | 2024-03-12 13:00:00
    """
    course(run_models, session=session, dose=dose)
    assert deviations(run_models, "dvcat", "dvdecod", "deviated_on", "dvterm") == [
        ("CONSENT", "DOSE_AFTER_WITHDRAWAL", dt.date(2024, 3, 12), "The dose was taken 2 day(s) after withdrawal."),
        ("CONSENT", "DOSE_BEFORE_CONSENT", dt.date(2023, 12, 31), "The dose was taken 1 day(s) before consent."),
    ]
    found = run_models.judge("core.dose_timing")
    assert [f for f in found if "consent" in f[0] or "withdrawal" in f[0]] == [
        ("dose_after_withdrawal", "dosed_at", "2"),
        ("dose_before_consent", "dosed_at", "1"),
    ]


def test_a_planned_dose_is_missed_only_when_no_record_can_be_it(run_models: ModelBench) -> None:
    run_models.trial(dosing={"sessions": [3, 4, 5, 6, 7, 8]})
    no_forms(run_models)
    days = {3: "05", 4: "06", 5: "07", 6: "08", 7: "09", 8: "10", 9: "11"}
    session = "subject_id | session_no | attended | started_at | ended_at\n" + "\n".join(
        f"S1 | {n} | {'false' if n == 8 else 'true'} | 2024-03-{d} 14:00:00 |" for n, d in days.items()
    )
    dose = """
        subject_id | session_no | time_point | taken | dose_mg | dosed_at            | row_hash
        S1         | 4          | PRE        | false | 50      |                     | 1
        S1         | 5          | PRE        |       | 50      |                     | 1
        S1         |            | PRE        | true  | 50      | 2024-03-08          | 1
        S1         | 7          | PRE        | true  | 50      | 2024-03-09 13:00:00 | 1
        S1         | 7          | PRE        | true  | 500     | 2024-03-09 13:00:00 | 2
    """
    course(run_models, session=session, dose=dose).run("staging.dose")
    run_models.con.execute("create table intake.dose as select * from staging.dose where dup_kind is null")
    run_models.made.add("intake.dose")
    found = [r for r in deviations(run_models, "dvdecod", "session_no", "source_row") if r[0] != "TIMING_UNKNOWN"]
    assert found == [("DOSE_MISSED", 3, 1), ("DOSE_MISSED", 4, 1), ("SESSION_MISSED", 8, 6)]


@pytest.mark.parametrize(
    ("session_no", "day", "missed", "dosed"),
    [
        ("99", "2024-03-05", [], None),  # the protocol has no session 99, the day is that of session 3
        ("4 ", "2024-03-05", [], None),  # so has session 4, but in quarantine the number may be what is wrong
        ("99", "2024-03-06", [3], False),
        ("  ", "          ", [], None),
    ],
)
def test_a_dose_in_quarantine_may_be_the_one_of_the_session_on_its_day(
    run_models: ModelBench, session_no: str, day: str, missed: list[int], dosed: bool | None
) -> None:
    no_forms(run_models)
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | true     | 2024-03-05 14:00:00 | 2024-03-05 15:30:00
    """
    dose = f"""
        subject_id | session_no   | time_point | taken | dose_mg | dosed_at
        S1         | {session_no} | PRE        | true  | 50      | {day}
    """
    course(run_models, session=session, dose=dose).run("staging.dose")
    run_models.con.execute("create table intake.dose as select * from staging.dose where false")
    run_models.made.add("intake.dose")
    run_models.run("core.session_dose")
    assert [n for code, n in deviations(run_models, "dvdecod", "session_no") if code == "DOSE_MISSED"] == missed
    assert run_models.rows("core.session_dose", "session_no", "is_dosed") == [(3, dosed)]


def test_in_a_tailored_trial_a_post_dose_is_due_after_success_only(run_models: ModelBench) -> None:
    run_models.trial(**TAILORED)
    no_forms(run_models)
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | true     | 2024-03-05 14:00:00 | 2024-03-05 15:30:00
        S1         | 4          | true     | 2024-03-12 14:00:00 | 2024-03-12 15:30:00
        S1         | 5          | true     | 2024-03-19 14:00:00 | 2024-03-19 15:30:00
    """
    rating = """
        subject_id | session_no | exercise_no | begin_suds | end_suds
        S1         | 3          | 1           | 80         | 30
        S1         | 4          | 1           | 80         | 60
    """
    dose = """
        subject_id | session_no | time_point | taken | dose_mg | dosed_at
        S1         | 4          | POST       | true  | 50      | 2024-03-12 15:35:00
    """
    course(run_models, session=session, rating=rating, dose=dose)
    assert deviations(run_models, "dvdecod", "session_no", "dvterm") == [
        ("DOSE_MISSED", 3, "Session 3 was attended, but the planned POST-SESSION dose was not taken."),
        ("TAILORING_DISCORDANT", 3, "The POST-SESSION dose of session 3 was not taken, although the exposure succeeded."),
        ("TAILORING_DISCORDANT", 4, "The POST-SESSION dose of session 4 was taken, although the exposure did not succeed."),
    ]
    run_models.run("core.session_dose")
    assert run_models.rows("core.session_dose", "session_no", "is_dosed", "agrees_with_tailoring") == [
        (3, False, False),
        (4, True, False),
        (5, False, None),
    ]


def test_sessions_count_as_missed_when_their_day_had_come(run_models: ModelBench) -> None:
    no_forms(run_models)
    run_models.given("mapped.disposition", "subject_id | withdrawn_on | scope\nS1 | 2024-03-10 | stop")
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 1          | false    |                     |
        S1         | 2          | true     | 2024-03-05 14:00:00 |
        S1         | 8          | false    | 2024-03-09 14:00:00 |
        S1         | 9          | false    | 2024-03-11 14:00:00 |
        S1         | 10         | false    |                     |
        S2         | 1          | false    | 2026-01-05 14:00:00 |
        S2         | 2          | false    |                     |
    """
    course(run_models, subject="subject_id\nS1\nS2", session=session)
    assert deviations(run_models, "subject_id", "dvdecod", "session_no") == [
        ("S1", "SESSION_MISSED", 1),
        ("S1", "SESSION_MISSED", 8),
        ("S2", "SESSION_MISSED", 2),
    ]


LISTED = (
    "study | site | source_file | subject_id | ingredient | is_prohibited::BOOLEAN | washout_days::INTEGER | start_on::DATE | end_on::DATE"
    " | start_earliest::DATE | start_latest::DATE | end_earliest::DATE | end_latest::DATE | source_row::BIGINT"
)


def listed(bench: ModelBench, rows: str) -> list[tuple[object, ...]]:
    """Deviations of a participant whose one dose was taken on 2024-03-05, with these medications."""
    bench.trial(dosing={"sessions": [3]})
    no_forms(bench)
    bench.given("core.medication", "\n".join([LISTED, *(f"t01 | 01 | f | S1 | {row.strip()}" for row in rows.strip().splitlines())]))
    dose = """
        subject_id | session_no | time_point | taken | dose_mg | dosed_at
        S1         | 3          | PRE        | true  | 50      | 2024-03-05 13:00:00
    """
    course(bench, dose=dose)
    return deviations(bench, "dvdecod", "deviated_on", "dvterm", "source_row")


def test_a_prohibited_medication_must_surely_overlap_the_treatment(run_models: ModelBench) -> None:
    found = listed(run_models, """
        lorazepam  | true  | | 2024-01-01 | 2024-03-31 | 2024-01-01 | 2024-01-31 | 2024-03-05 | 2024-03-31 | 1
        diazepam   | true  | | 2024-01-01 | 2024-12-31 | 2024-01-01 | 2024-12-31 | 2024-12-31 | 2024-12-31 | 2
        oxazepam   | true  | | 2024-01-01 | 2024-03-04 | 2024-01-01 | 2024-01-01 | 2024-03-04 | 2024-03-04 | 3
        sertraline | false | | 2024-01-01 | 2024-12-31 | 2024-01-01 | 2024-01-01 | 2024-12-31 | 2024-12-31 | 4
    """)
    assert found == [("PROHIBITED_MEDICATION", dt.date(2024, 3, 5), "Prohibited medication between first and last dose: lorazepam.", 1)]


@pytest.mark.parametrize(("undated", "day"), [("3", None), ("5", dt.date(2024, 3, 5))])
def test_a_dose_without_a_day_hides_no_prohibited_medication_that_other_doses_prove(
    run_models: ModelBench, undated: str, day: dt.date | None
) -> None:
    """From when on both were taken is known only where the first dose's day is, or the medication began after a known one."""
    run_models.trial(dosing={"sessions": [3, 4, 5]})
    no_forms(run_models)
    rows = """
        lorazepam | true | | 2024-01-01 | 2024-12-31 | 2024-01-01 | 2024-01-01 | 2024-12-31 | 2024-12-31 | 1
        oxazepam  | true | | 2024-03-20 | 2024-12-31 | 2024-03-20 | 2024-03-20 | 2024-12-31 | 2024-12-31 | 2
    """
    listing = [LISTED, *(f"t01 | 01 | f | S1 | {row.strip()}" for row in rows.strip().splitlines())]
    run_models.given("core.medication", "\n".join(listing))
    days = {"3": "2024-03-05 13:00:00", "4": "2024-03-12 13:00:00", "5": "2024-03-19 13:00:00"}
    dose = "subject_id | session_no | time_point | taken | dose_mg | dosed_at\n" + "\n".join(
        f"S1 | {n} | PRE | true | 50 | {'' if n == undated else at}" for n, at in days.items()
    )
    course(run_models, session="", dose=dose)
    found = [r for r in deviations(run_models, "dvdecod", "deviated_on", "source_row") if r[0] == "PROHIBITED_MEDICATION"]
    assert found == [("PROHIBITED_MEDICATION", day, 1)]


def test_a_washout_of_fourteen_days_is_kept_by_an_end_fourteen_days_before_the_first_dose(run_models: ModelBench) -> None:
    found = listed(run_models, """
        lorazepam | true | 14 | 2024-01-01 | 2024-02-20 | 2024-01-01 | 2024-01-01 | 2024-02-20 | 2024-02-20 | 1
        diazepam  | true | 14 | 2024-01-01 | 2024-02-21 | 2024-01-01 | 2024-01-01 | 2024-02-21 | 2024-02-21 | 2
        oxazepam  | true | 14 | 2024-01-01 | 2024-02-29 | 2024-01-01 | 2024-01-01 | 2024-02-01 | 2024-02-29 | 3
        prazepam  | true | 14 | 2024-03-04 | 2024-03-04 | 2024-03-04 | 2024-03-04 | 2024-03-04 | 2024-03-04 | 4
    """)
    told = "Prohibited medication within 14 days before the first dose: {}."
    assert found == [
        ("PROHIBITED_MEDICATION", dt.date(2024, 2, 21), told.format("diazepam"), 2),
        ("PROHIBITED_MEDICATION", dt.date(2024, 3, 4), told.format("prazepam"), 4),
    ]


def test_a_visit_outside_its_window_is_one_deviation_for_all_its_forms(run_models: ModelBench) -> None:
    run_models.given(
        "core.form",
        """
        study | site | subject_id | form_id::BIGINT | assessed_on::DATE | source_file | source_row::BIGINT
        t01   | 01   | S1         | 1               | 2024-03-01        | f           | 7
        t01   | 01   | S1         | 2               | 2024-03-01        | g           | 8
        t01   | 01   | S1         | 3               | 2024-02-05        | g           | 9
        """,
    )
    run_models.given(
        "core.form_visit",
        """
        form_id::BIGINT | visit | study_day::INTEGER | window_from::INTEGER | window_to::INTEGER | out_of_window::BOOLEAN
        1               | W4    | 54                 | 25                   | 33                 | true
        2               | W4    | 54                 | 25                   | 33                 | true
        3               | W4    | 29                 | 25                   | 33                 | false
        """,
    )
    course(run_models, session="")
    assert deviations(run_models, "dvdecod", "deviated_on", "dvterm", "source_file", "source_row") == [
        ("VISIT_OUT_OF_WINDOW", dt.date(2024, 3, 1), "Visit W4 was assessed on study day 54; its window is 25 to 33.", "f", 7)
    ]
