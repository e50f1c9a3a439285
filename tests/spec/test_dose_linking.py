"""core.dose: which session a dose belongs to, and whether the protocol plans it. core.dose_count: its place in the course."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.harness import ModelBench
from tests.spec.course import course

WORKED = "Timing"


@pytest.mark.parametrize(
    ("at", "session_no", "link"),
    [
        ("2024-03-05 05:59:59", None, "NONE_NEAR"),
        ("2024-03-05 06:00:00", 3, "BY_TIME"),
        ("2024-03-05 18:00:00", 3, "BY_TIME"),
        ("2024-03-05 18:00:01", None, "NONE_NEAR"),
        ("2024-03-05", None, "NO_TIME"),
    ],
)
def test_a_dose_without_a_session_number_goes_to_the_session_near_it(
    run_models: ModelBench, at: str, session_no: int | None, link: str
) -> None:
    dose = f"""
        subject_id | taken | dosed_at
        S1         | true  | {at}
    """
    course(run_models, dose=dose).run("core.dose")
    assert run_models.rows("core.dose", "session_no", "link") == [(session_no, link)]


def test_two_sessions_near_leave_a_dose_unlinked_and_ask_the_site(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | true     | 2024-03-05 09:00:00 | 2024-03-05 10:30:00
        S1         | 4          | true     | 2024-03-05 14:00:00 | 2024-03-05 15:30:00
    """
    dose = """
        subject_id | taken | dosed_at
        S1         | true  | 2024-03-05 08:00:00
    """
    course(run_models, session=session, dose=dose).run("core.dose_timing")
    assert run_models.rows("core.dose_timing", "session_no", "link", "timing_reason") == [(None, "SEVERAL_NEAR", "NO_SESSION")]
    assert ("dose_link_ambiguous", "session_no", "1") in run_models.judge("core.dose_timing")


@pytest.mark.parametrize(
    ("other", "session_no", "link"),
    [
        ("true  | 2024-03-05", None, "SEVERAL_NEAR"),  # its clock time is not known: it may be the one
        ("true  | 2024-03-06", 3, "BY_TIME"),
        ("      | 2024-03-05 15:00:00", None, "SEVERAL_NEAR"),  # nobody says whether it was attended
        ("      | 2024-03-05 21:00:01", 3, "BY_TIME"),
        ("true  |", 3, "BY_TIME"),
    ],
)
def test_a_session_that_may_be_near_leaves_the_dose_unlinked(
    run_models: ModelBench, other: str, session_no: int | None, link: str
) -> None:
    session = f"""
        subject_id | session_no | attended | started_at
        S1         | 3          | true     | 2024-03-05 14:00:00
        S1         | 4          | {other}
    """
    dose = """
        subject_id | taken | dosed_at
        S1         | true  | 2024-03-05 13:00:00
    """
    course(run_models, session=session, dose=dose).run("core.dose")
    assert run_models.rows("core.dose", "session_no", "link") == [(session_no, link)]


def test_a_session_that_was_missed_takes_no_dose(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | false    | 2024-03-05 09:00:00 |
        S1         | 4          | true     | 2024-03-05 14:00:00 | 2024-03-05 15:30:00
    """
    dose = """
        subject_id | taken | dosed_at
        S1         | true  | 2024-03-05 08:00:00
    """
    course(run_models, session=session, dose=dose).run("core.dose")
    assert run_models.rows("core.dose", "session_no", "link") == [(4, "BY_TIME")]


def test_the_plan_is_of_sessions_and_time_points(run_models: ModelBench) -> None:
    dose = """
        subject_id | session_no | time_point | taken
        S1         | 3          | PRE        | true
        S1         | 3          | POST       | true
        S1         | 4          |            | true
        S1         | 9          |            | true
        S1         |            |            | true
    """
    course(run_models, dose=dose).run("core.dose")
    assert run_models.rows("core.dose", "source_row", "time_point", "is_planned") == [
        (1, "PRE", True),
        (2, "POST", False),
        (3, "PRE", True),
        (4, "PRE", False),
        (5, "PRE", None),
    ]


def test_where_two_time_points_are_planned_none_is_guessed(run_models: ModelBench) -> None:
    run_models.trial(dosing={"sessions": [3], "time_points": ["PRE", "POST"]})
    dose = """
        subject_id | session_no | taken
        S1         | 3          | true
        S1         | 4          | true
    """
    course(run_models, dose=dose).run("core.dose")
    assert run_models.rows("core.dose", "source_row", "time_point", "is_planned") == [(1, None, True), (2, None, False)]


def test_amounts_are_those_of_the_weight_band(run_models: ModelBench) -> None:
    bands = [{"from_kg": 25, "below_kg": 46, "dose_mg": 25}, {"from_kg": 46, "dose_mg": 50}]
    run_models.trial(arms=[{"code": "A", "label": "DCS", "dose_mg_by_weight": bands}])
    subject = """
        subject_id | weight_kg
        L          | 45.9
        H          | 46
        U          |
    """
    dose = """
        subject_id | session_no | taken | dose_mg
        L          | 3          | true  | 25
        L          | 4          | true  | 50
        H          | 3          | true  | 50
        H          | 4          | true  | 25
        U          | 3          | true  | 25
        U          | 4          | true  | 50.000000001
        U          | 5          | true  | 100
        U          | 6          | false | 100
    """
    course(run_models, subject=subject, dose=dose).run("core.dose")
    assert [r[1] for r in run_models.rows("core.dose", "source_row", "is_of_arms")] == [
        True, False, True, False, True, True, False, None,
    ]  # fmt: skip


def test_doses_are_counted_by_session_then_date_and_a_known_date_counts_without_its_time(run_models: ModelBench) -> None:
    dose = """
        subject_id | session_no | time_point | taken | dosed_at
        S1         | 5          | PRE        | true  | 2024-03-07
        S1         | 3          | POST       | true  | 2024-03-05
        S1         | 3          | PRE        | true  | 2024-03-05 13:00:00
        S1         | 4          | PRE        | false | 2024-03-06 13:00:00
        S1         | 6          | PRE        | true  |
        S1         | 7          | PRE        | true  | 2024-03-20 13:00:00
    """
    course(run_models, dose=dose).run("core.dose_timing")
    rows = run_models.rows("core.dose_timing", "source_row", "dose_seq", "dose_no", "days_since_previous", "dosed_on")
    assert rows == [
        (1, 4, 3, 2, dt.date(2024, 3, 7)),
        (2, 2, 2, 0, dt.date(2024, 3, 5)),
        (3, 1, 1, None, dt.date(2024, 3, 5)),
        (4, 3, None, None, dt.date(2024, 3, 6)),
        (5, 6, 4, None, None),
        (6, 5, 5, None, dt.date(2024, 3, 20)),
    ]


def test_a_dose_with_neither_session_nor_date_may_be_any_of_them(run_models: ModelBench) -> None:
    dose = """
        subject_id | session_no | taken | dosed_at
        S1         | 3          | true  | 2024-03-05 13:00:00
        S1         | 4          | true  | 2024-03-12 13:00:00
        S1         |            | true  |
    """
    course(run_models, session="", dose=dose).run("core.dose_timing", "core.treatment_period")
    rows = run_models.rows("core.dose_timing", "source_row", "is_dose_no_in_doubt", "days_since_previous")
    assert rows == [(1, True, None), (2, True, None), (3, True, None)]
    assert run_models.rows("core.treatment_period", "n_taken", "first_on", "last_on") == [(3, None, None)]


@pytest.mark.parametrize(
    ("undated", "intervals", "first"),
    [(3, [None, None, 7, 0], None), (4, [None, 0, None, None], dt.date(2024, 3, 5))],
)
def test_a_capsule_before_the_session_without_a_date_stands_before_the_one_after_it(
    run_models: ModelBench, undated: int, intervals: list[int | None], first: dt.date | None
) -> None:
    days = {3: "2024-03-05", 4: "2024-03-12"}
    rows = [
        f"S1 | {n} | {point} | true | {'' if (n, point) == (undated, 'PRE') else f'{day} {clock}'}"
        for n, day in days.items() for point, clock in (("POST", "17:00:00"), ("PRE", "13:00:00"))
    ]  # fmt: skip
    dose = "subject_id | session_no | time_point | taken | dosed_at\n" + "\n".join(rows)
    course(run_models, session="", dose=dose).run("core.dose_timing", "core.treatment_period")
    told = sorted(run_models.rows("core.dose_timing", "dose_no", "session_no", "time_point", "days_since_previous"))
    assert [row[:3] for row in told] == [(1, 3, "PRE"), (2, 3, "POST"), (3, 4, "PRE"), (4, 4, "POST")]
    assert [row[3] for row in told] == intervals
    assert run_models.rows("core.treatment_period", "first_on", "last_on") == [(first, dt.date(2024, 3, 12))]


def test_intervals_are_calendar_days_of_the_site_not_of_utc(run_models: ModelBench) -> None:
    run_models.trial(timezone="America/New_York")
    dose = """
        subject_id | session_no | taken | dosed_at
        S1         | 3          | true  | 2024-03-05 23:30:00
        S1         | 4          | true  | 2024-03-06 00:30:00
    """
    course(run_models, session="", dose=dose).run("core.dose_timing")
    assert run_models.rows("core.dose_timing", "dosed_on", "days_since_previous") == [
        (dt.date(2024, 3, 5), None),
        (dt.date(2024, 3, 6), 1),
    ]


def test_a_second_dose_taken_at_a_session_and_time_point_is_told(run_models: ModelBench) -> None:
    dose = """
        subject_id | session_no | time_point | taken | dosed_at
        S1         | 3          | PRE        | true  | 2024-03-05 13:00:00
        S1         | 3          | PRE        | true  | 2024-03-05 13:05:00
        S1         | 3          | PRE        | false | 2024-03-05 13:10:00
    """
    course(run_models, dose=dose).run("core.dose_timing")
    assert [f for f in run_models.judge("core.dose_timing") if f[0] == "dose_second"] == [("dose_second", "session_no", "2")]
