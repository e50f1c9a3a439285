"""core.dose_timing: lags, categories, flags and windows of a dose relative to its session."""

from __future__ import annotations

import pytest

from tests.harness import ModelBench
from tests.spec.course import course

WORKED = "Timing"

DOSE = """
    subject_id | session_no | time_point | taken | dose_mg | dosed_at
    S1         | 3          | {point}    | {taken} | 50    | {at}
"""


def one(bench: ModelBench, at: str, *columns: str, point: str = "PRE", taken: str = "true", **more: str) -> tuple[object, ...]:
    course(bench, dose=DOSE.format(at=at, point=point, taken=taken), **more).run("core.dose_timing")
    return bench.rows("core.dose_timing", *columns)[0]


@pytest.mark.parametrize(
    ("at", "lag", "timing", "over60"),
    [
        ("2024-03-05 02:00:00", 720.0, "PRE_GE4H", True),
        ("2024-03-05 10:00:00", 240.0, "PRE_GE4H", True),
        ("2024-03-05 10:00:01", 239 + 59 / 60, "PRE_2_4H", True),
        ("2024-03-05 11:59:59", 120 + 1 / 60, "PRE_2_4H", True),
        ("2024-03-05 12:00:00", 120.0, "PRE_1_2H", True),
        ("2024-03-05 12:59:59", 60 + 1 / 60, "PRE_1_2H", True),
        ("2024-03-05 13:00:00", 60.0, "PRE_1_2H", False),
        ("2024-03-05 13:00:01", 59 + 59 / 60, "PRE_LT1H", False),
        ("2024-03-05 13:59:59", 1 / 60, "PRE_LT1H", False),
        ("2024-03-05 14:00:00", 0.0, "DURING", False),
        ("2024-03-05 15:29:59", -(89 + 59 / 60), "DURING", False),
        ("2024-03-05 15:30:00", -90.0, "POST_IMM", False),
        ("2024-03-05 16:00:00", -120.0, "POST_IMM", False),
        ("2024-03-05 16:00:01", -(120 + 1 / 60), "POST_LATE", False),
        ("2024-03-06 02:00:00", -720.0, "POST_LATE", False),
    ],
)
def test_categories_change_to_the_second_at_their_edges(
    run_models: ModelBench, at: str, lag: float, timing: str, over60: bool
) -> None:
    found = one(run_models, at, "lag_to_start_min", "timing", "timing_reason", "is_over60_before")
    assert found == (pytest.approx(lag, abs=1e-9), timing, None, over60)


@pytest.mark.parametrize("at", ["2024-03-05 01:59:59", "2024-03-06 02:00:01"])
def test_a_lag_of_more_than_twelve_hours_is_shown_but_its_timing_is_unknown(run_models: ModelBench, at: str) -> None:
    found = one(run_models, at, "timing", "timing_reason", "is_1_2h_before", "is_over60_before", "is_ge4h_before", "in_window")
    assert found == ("UNKNOWN", "IMPLAUSIBLE_LAG", None, None, None, None)


def test_a_dose_exactly_sixty_minutes_before_is_in_the_window_but_not_over_sixty(run_models: ModelBench) -> None:
    found = one(run_models, "2024-03-05 13:00:00", "is_1_2h_before", "in_window", "is_over60_before")
    assert found == (True, True, False)


def test_over_sixty_counts_to_the_first_exposure_where_it_is_recorded(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | attended | started_at          | exposure_started_at | ended_at
        S1         | 3          | true     | 2024-03-05 14:00:00 | 2024-03-05 14:10:00 | 2024-03-05 15:30:00
    """
    found = one(
        run_models, "2024-03-05 13:05:00", "lag_to_start_min", "lag_to_exposure_min", "timing", "is_over60_before", session=session
    )
    assert found == (55.0, 65.0, "PRE_LT1H", True)


def test_the_trials_window_may_be_about_the_exposure(run_models: ModelBench) -> None:
    run_models.trial(timing_window={"pre": {"from_min": 60, "to_min": 120, "reference": "exposure_start"}})
    session = """
        subject_id | session_no | attended | started_at          | exposure_started_at | ended_at
        S1         | 3          | true     | 2024-03-05 14:00:00 | 2024-03-05 14:10:00 | 2024-03-05 15:30:00
    """
    assert one(run_models, "2024-03-05 13:05:00", "in_window", "window_lag_min", session=session) == (True, 65.0)


@pytest.mark.parametrize(
    ("at", "over60", "inside"),
    [
        ("2024-03-05 12:59:59", True, None),  # the exposure can only be later than the session's start
        ("2024-03-05 13:00:00", None, None),
    ],
)
def test_an_exposure_start_that_cannot_be_read_is_not_replaced_by_the_sessions(
    run_models: ModelBench, at: str, over60: bool | None, inside: bool | None
) -> None:
    run_models.trial(timing_window={"pre": {"from_min": 60, "to_min": 120, "reference": "exposure_start"}})
    session = """
        subject_id | session_no | attended | started_at          | exposure_started_at | exposure_started_at_fault
        S1         | 3          | true     | 2024-03-05 14:00:00 |                     | unreadable
    """
    assert one(run_models, at, "is_over60_before", "in_window", session=session) == (over60, inside)


def test_lags_are_exact_also_in_parts_of_a_second(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | attended | started_at
        S1         | 3          | true     | 2024-03-05 14:00:00.001
    """
    assert one(run_models, "2024-03-05 13:00:00", "lag_to_start_min", "is_over60_before", session=session) == (3600.001 / 60, True)
    assert one(ModelBench(), "2024-03-05 13:00:00.001", "lag_to_start_min", "is_over60_before", session=session) == (60.0, False)


def test_without_an_end_the_planned_length_decides_the_category_only(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | true     | 2024-03-05 14:00:00 |
    """
    wanted = ("timing", "is_end_planned", "lag_after_end_min", "in_window")
    assert one(run_models, "2024-03-05 15:29:59", *wanted, session=session) == ("DURING", True, None, False)
    assert one(ModelBench(), "2024-03-05 16:00:00", *wanted, point="POST", session=session) == ("POST_IMM", True, None, None)
    assert one(ModelBench(), "2024-03-05 13:00:00", *wanted, session=session) == ("PRE_1_2H", False, None, True)


def test_after_the_start_without_end_or_planned_length_the_category_is_unknown(run_models: ModelBench) -> None:
    run_models.trial(sessions={"number": 12})
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | true     | 2024-03-05 14:00:00 |
    """
    assert one(run_models, "2024-03-05 14:30:00", "timing", "timing_reason", session=session) == ("UNKNOWN", "NO_SESSION_TIME")


def test_a_session_that_ends_before_it_starts_lends_its_planned_length(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | true     | 2024-03-05 14:00:00 | 2024-03-05 13:30:00
    """
    course(run_models, session=session, dose=DOSE.format(at="2024-03-05 14:30:00", point="PRE", taken="true"))
    run_models.run("staging.session")
    assert ("session_end_before_start", "ended_at", "1") in run_models.judge("session")


def test_reasons_come_in_their_order(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | true     | 2024-03-05          |
        S1         | 4          | true     | 2024-10-27 01:30:00 |
    """
    dose = """
        subject_id | session_no | time_point | taken | dose_mg | dosed_at
        S1         | 3          | PRE        | true  | 50      | 2024-03-05
        S1         | 3          | PRE        | true  | 50      | 2024-03-05 13:00:00
        S1         | 4          | PRE        | true  | 50      | 2024-10-27 00:30:00
        S1         | 5          | PRE        | true  | 50      | 2024-11-05 13:00:00
        S1         | 6          | PRE        | true  | 50      | 2024-10-27 01:59:59
        S1         | 7          | PRE        | true  | 50      | 2024-03-31 01:00:00
        S1         | 7          | PRE        | false | 50      |
    """
    course(run_models, session=session, dose=dose).run("core.dose_timing")
    assert run_models.rows("core.dose_timing", "source_row", "timing", "timing_reason") == [
        (1, "UNKNOWN", "NO_DOSE_TIME"),
        (2, "UNKNOWN", "NO_SESSION_TIME"),
        (3, "UNKNOWN", "AMBIGUOUS_LOCAL_TIME"),
        (4, "UNKNOWN", "NO_SESSION"),
        (5, "UNKNOWN", "AMBIGUOUS_LOCAL_TIME"),
        (6, "UNKNOWN", "NONEXISTENT_LOCAL_TIME"),
        (7, None, None),
    ]


def test_a_dose_across_the_spring_change_is_measured_in_elapsed_time(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | true     | 2024-03-31 02:30:00 | 2024-03-31 04:00:00
    """
    assert one(run_models, "2024-03-31 00:30:00", "lag_to_start_min", "timing", session=session) == (60.0, "PRE_1_2H")


def test_a_dose_across_the_autumn_change_is_measured_in_elapsed_time(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | true     | 2024-10-27 02:30:00 | 2024-10-27 04:00:00
    """
    assert one(run_models, "2024-10-27 00:30:00", "lag_to_start_min", "timing", session=session) == (180.0, "PRE_2_4H")


def test_a_time_that_came_twice_is_certain_when_its_offset_was_sent(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | attended | started_at          | started_at_offset_s | ended_at
        S1         | 3          | true     | 2024-10-27 01:30:00 | 0                   |
    """
    dose = """
        subject_id | session_no | time_point | taken | dose_mg | dosed_at            | dosed_at_offset_s
        S1         | 3          | PRE        | true  | 50      | 2024-10-27 01:30:00 | 3600
    """
    course(run_models, session=session, dose=dose).run("core.dose_timing")
    assert run_models.rows("core.dose_timing", "lag_to_start_min", "timing") == [(60.0, "PRE_1_2H")]


def test_a_dose_not_taken_has_no_amount_and_no_timing_but_keeps_what_was_sent(run_models: ModelBench) -> None:
    wanted = ("dose_mg", "timing", "timing_reason", "is_1_2h_before", "in_window", "dose_no", "lag_to_start_min")
    assert one(run_models, "2024-03-05 13:00:00", *wanted, taken="false") == (None, None, None, None, None, None, 60.0)


def test_a_dose_of_unknown_taking_is_timed_but_not_counted(run_models: ModelBench) -> None:
    assert one(run_models, "2024-03-05 13:00:00", "timing", "dose_mg", "dose_no", taken="") == ("PRE_1_2H", 50.0, None)


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ("2024-03-05 15:29:59", False),
        ("2024-03-05 15:30:00", True),
        ("2024-03-05 16:00:00", True),
        ("2024-03-05 16:00:01", False),
    ],
)
def test_the_window_of_a_post_dose_counts_from_the_end(run_models: ModelBench, at: str, inside: bool) -> None:
    assert one(run_models, at, "in_window", point="POST") == (inside,)


@pytest.mark.parametrize(
    ("at", "point", "shift"),
    [
        ("2024-03-05 01:00:00", "PRE", 12),  # 780 min before: implausible, and an AM/PM slip
        ("2024-03-05 00:30:00", "PRE", 12),
        ("2024-03-05 02:30:00", "PRE", None),  # 12 h later is half an hour after the start
        ("2024-03-06 00:30:00", "PRE", -12),
        ("2024-03-05 13:00:00", "PRE", None),  # inside already
        ("2024-03-05 03:45:00", "POST", 12),
        ("2024-03-06 03:45:00", "POST", -12),
        ("2024-03-05 15:45:00", "POST", None),
    ],
)
def test_a_shift_of_exactly_twelve_hours_into_the_window_is_an_am_pm_slip(
    run_models: ModelBench, at: str, point: str, shift: int | None
) -> None:
    assert one(run_models, at, "am_pm_shift_h", point=point) == (shift,)
    slips = [found for found in run_models.judge("core.dose_timing") if found[0] == "am_pm_slip"]
    assert slips == ([("am_pm_slip", "dosed_at", "1")] if shift else [])


def test_doses_of_two_sites_with_the_same_identifiers_do_not_meet(run_models: ModelBench) -> None:
    run_models.trial(sites=("01", "02"))
    subject = """
        unit | site | subject_id
        0    | 01   | S1
        1    | 02   | S1
    """
    session = """
        unit | site | subject_id | session_no | attended | started_at          | ended_at
        0    | 01   | S1         | 3          | true     | 2024-03-05 14:00:00 |
        1    | 02   | S1         | 3          | true     | 2024-03-05 16:00:00 |
    """
    dose = """
        unit | site | subject_id | session_no | time_point | taken | dosed_at
        0    | 01   | S1         | 3          | PRE        | true  | 2024-03-05 13:00:00
        1    | 02   | S1         | 3          | PRE        | true  | 2024-03-05 13:00:00
    """
    course(run_models, subject=subject, session=session, dose=dose).run("core.dose_timing")
    assert run_models.rows("core.dose_timing", "site", "dose_seq", "lag_to_start_min") == [("01", 1, 60.0), ("02", 1, 180.0)]
