"""core.dose_timing: clocks. Midnight, both changes of the clock in both hemispheres, offsets, UTC, dates and times alone."""

from __future__ import annotations

import pytest

from tests.harness import ModelBench
from tests.spec.course import course


def timed(bench: ModelBench, zone: str, dose: str, session: str, end: str = "") -> tuple[object, ...]:
    """(minutes to start, minutes after end, category, reason) of one dose; an offset in seconds may stand behind a time."""
    bench.trial(timezone=zone)
    at, _, east = dose.partition(" + ")
    start, _, start_east = session.partition(" + ")
    sessions = f"""
        subject_id | session_no | attended | started_at | started_at_offset_s | ended_at
        S1         | 3          | true     | {start}    | {start_east}        | {end}
    """
    doses = f"""
        subject_id | session_no | time_point | taken | dosed_at | dosed_at_offset_s
        S1         | 3          | PRE        | true  | {at}     | {east}
    """
    course(bench, session=sessions, dose=doses).run("core.dose_timing")
    return bench.rows("core.dose_timing", "lag_to_start_min", "lag_after_end_min", "timing", "timing_reason")[0]


@pytest.mark.parametrize(
    ("dose", "lag", "after", "timing"),
    [
        ("2024-03-05 22:30:00", 60.0, -135.0, "PRE_1_2H"),
        ("2024-03-05 23:59:59", -29 - 59 / 60, -45 - 1 / 60, "DURING"),
        ("2024-03-06 00:00:00", -30.0, -45.0, "DURING"),
        ("2024-03-06 00:45:00", -75.0, 0.0, "POST_IMM"),
        ("2024-03-06 01:15:01", -105 - 1 / 60, 30 + 1 / 60, "POST_LATE"),
    ],
)
def test_a_session_may_run_past_midnight(run_models: ModelBench, dose: str, lag: float, after: float, timing: str) -> None:
    found = timed(run_models, "Europe/Lisbon", dose, "2024-03-05 23:30:00", "2024-03-06 00:45:00")
    assert found == (pytest.approx(lag, abs=1e-9), pytest.approx(after, abs=1e-9), timing, None)


def test_a_dose_before_midnight_belongs_to_the_session_after_it(run_models: ModelBench) -> None:
    found = timed(run_models, "Europe/Lisbon", "2024-03-05 23:15:00", "2024-03-06 00:15:00")
    assert found == (60.0, None, "PRE_1_2H", None)


@pytest.mark.parametrize(
    ("zone", "dose", "session", "lag"),
    [
        # the clock jumps ahead between dose and session: an hour less than it shows
        ("Europe/Lisbon", "2024-03-31 00:30:00", "2024-03-31 02:30:00", 60.0),
        ("America/New_York", "2024-03-10 01:30:00", "2024-03-10 03:30:00", 60.0),
        ("Australia/Sydney", "2024-10-06 01:30:00", "2024-10-06 03:30:00", 60.0),
        ("America/Santiago", "2024-09-07 23:30:00", "2024-09-08 01:30:00", 60.0),
        ("Australia/Lord_Howe", "2024-10-06 01:45:00", "2024-10-06 03:00:00", 45.0),  # by half an hour
        # it is put back: an hour more
        ("Europe/Lisbon", "2024-10-27 00:30:00", "2024-10-27 02:30:00", 180.0),
        ("America/New_York", "2024-11-03 00:30:00", "2024-11-03 02:30:00", 180.0),
        ("Australia/Sydney", "2024-04-07 01:30:00", "2024-04-07 03:30:00", 180.0),
        ("America/Santiago", "2024-04-06 22:30:00", "2024-04-07 00:30:00", 180.0),
        ("Australia/Lord_Howe", "2024-04-07 01:15:00", "2024-04-07 02:45:00", 120.0),
        # it is left alone
        ("America/Phoenix", "2024-03-10 01:30:00", "2024-03-10 03:30:00", 120.0),
        ("Asia/Kathmandu", "2024-03-31 00:30:00", "2024-03-31 02:30:00", 120.0),
    ],
)
def test_lags_are_elapsed_time_across_a_change_of_the_clock(
    run_models: ModelBench, zone: str, dose: str, session: str, lag: float
) -> None:
    assert timed(run_models, zone, dose, session)[0] == lag


@pytest.mark.parametrize(
    ("zone", "dose", "reason"),
    [
        ("Europe/Lisbon", "2024-03-31 01:30:00", "NONEXISTENT_LOCAL_TIME"),
        ("America/New_York", "2024-03-10 02:00:00", "NONEXISTENT_LOCAL_TIME"),
        ("America/New_York", "2024-03-10 03:00:00", None),
        ("Australia/Sydney", "2024-10-06 02:59:59", "NONEXISTENT_LOCAL_TIME"),
        ("America/Santiago", "2024-09-08 00:59:59", "NONEXISTENT_LOCAL_TIME"),
        ("Australia/Lord_Howe", "2024-10-06 02:29:59", "NONEXISTENT_LOCAL_TIME"),
        ("Australia/Lord_Howe", "2024-10-06 02:30:00", None),
        ("Europe/Lisbon", "2024-10-27 01:00:00", "AMBIGUOUS_LOCAL_TIME"),
        ("America/New_York", "2024-11-03 01:59:59", "AMBIGUOUS_LOCAL_TIME"),
        ("America/New_York", "2024-11-03 02:00:00", None),
        ("Australia/Sydney", "2024-04-07 02:00:00", "AMBIGUOUS_LOCAL_TIME"),
        ("America/Santiago", "2024-04-06 23:59:59", "AMBIGUOUS_LOCAL_TIME"),
        ("Australia/Lord_Howe", "2024-04-07 01:29:59", None),
        ("Australia/Lord_Howe", "2024-04-07 01:30:00", "AMBIGUOUS_LOCAL_TIME"),
    ],
)
def test_a_time_the_clock_never_showed_or_showed_twice_is_unknown(
    run_models: ModelBench, zone: str, dose: str, reason: str | None
) -> None:
    assert timed(run_models, zone, dose, f"{dose[:10]} 06:00:00")[3] == reason


@pytest.mark.parametrize(
    ("zone", "dose", "session"),
    [
        ("America/New_York", "2024-03-05 18:00:00 + 0", "2024-03-05 14:00:00"),  # the diary writes UTC, the clinic its own time
        ("America/New_York", "2024-03-05 13:00:00 + -18000", "2024-03-05 19:00:00 + 0"),
        ("Asia/Kathmandu", "2024-03-05 12:45:00 + 20700", "2024-03-05 08:00:00 + 0"),
        ("Europe/Lisbon", "2024-10-27 01:30:00 + 3600", "2024-10-27 01:30:00 + 0"),  # shown twice, told apart
        ("Europe/Lisbon", "2024-10-27 01:30:00 + 0", "2024-10-27 02:30:00"),
    ],
)
def test_an_offset_that_was_sent_decides(run_models: ModelBench, zone: str, dose: str, session: str) -> None:
    assert timed(run_models, zone, dose, session)[::2] == (60.0, "PRE_1_2H")


@pytest.mark.parametrize(
    ("dose", "session", "reason"),
    [
        ("2024-03-05", "2024-03-05 14:00:00", "NO_DOSE_TIME"),  # a date alone
        ("", "2024-03-05 14:00:00", "NO_DOSE_TIME"),  # nothing, or a time without a date
        ("2024-03-05 13:00:00", "2024-03-05", "NO_SESSION_TIME"),
        ("2024-03-05", "2024-03-05", "NO_DOSE_TIME"),
    ],
)
def test_no_clock_time_is_ever_made_up(run_models: ModelBench, dose: str, session: str, reason: str) -> None:
    assert timed(run_models, "Europe/Lisbon", dose, session) == (None, None, "UNKNOWN", reason)
