"""Rules on the course of a participant: dates, lengths and records that do not fit the other ones or the plan."""

from __future__ import annotations

import pytest

from tests.harness import ModelBench
from tests.spec.course import course

SUBJECT = """
    subject_id | age_years | sex | weight_kg | consented_on | randomized_on
    S1         | 30        | F   | 80        | 2024-01-01   | 2024-01-08
"""


def asked(bench: ModelBench, table: str, name: str) -> list[str]:
    """Record keys that a rule asks about."""
    return [key for rule, _, key in bench.judge(table) if rule == name]


def held(bench: ModelBench, days: dict[int, str]) -> None:
    lines = [f"S1 | {no} | true | {day} 14:00:00 | {day} 15:30:00 | s{no}" for no, day in days.items()]
    course(bench, session="subject_id | session_no | attended | started_at | ended_at | record_key\n" + "\n".join(lines))
    bench.run("core.session_check")


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ({1: "2024-01-15", 2: "2024-01-22", 3: "2024-01-29", 4: "2024-02-05"}, []),
        ({1: "2024-02-15", 2: "2024-01-22", 3: "2024-01-29", 4: "2024-02-05"}, ["s1"]),  # January typed as February
        ({1: "2024-01-15", 2: "2024-01-22", 3: "2024-01-29", 4: "2023-02-05"}, ["s4"]),
        ({1: "2024-01-15", 2: "2024-01-29", 3: "2024-01-22", 4: "2024-02-05"}, ["s2", "s3"]),  # one of two, nobody knows which
        ({1: "2024-01-15", 2: "2024-01-15"}, []),  # two on a day
    ],
)
def test_of_sessions_in_the_wrong_order_the_odd_one_is_asked_about(run_models: ModelBench, days: dict[int, str], found: list[str]) -> None:
    held(run_models, days)
    assert asked(run_models, "core.session_check", "session_out_of_order") == found


@pytest.mark.parametrize(("day", "found"), [("2024-05-07", []), ("2024-05-08", ["s1"]), ("2023-12-01", [])])
def test_the_first_session_more_than_120_days_after_randomization_is_asked_about(
    run_models: ModelBench, day: str, found: list[str]
) -> None:
    held(run_models, {1: day})
    assert asked(run_models, "core.session_check", "session_gap_long") == found


@pytest.mark.parametrize(("day", "found"), [("2024-05-14", []), ("2024-05-15", ["s2"]), ("2025-01-22", ["s2"])])
def test_a_session_more_than_120_days_after_the_one_before_is_asked_about(run_models: ModelBench, day: str, found: list[str]) -> None:
    held(run_models, {1: "2024-01-15", 2: day})
    assert asked(run_models, "core.session_check", "session_gap_long") == found


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ({1: "2024-01-15", 2: "2024-01-22", 3: "2024-01-29", 4: "2024-02-26"}, ["s4"]),  # 28 days, a week is usual
        ({1: "2024-01-15", 2: "2024-01-22", 3: "2024-01-29", 4: "2024-02-25"}, []),  # 27
        ({1: "2024-01-15", 2: "2024-01-22", 3: "2024-01-29", 7: "2024-02-26"}, []),  # sessions 4 to 6 were not held
        ({1: "2024-01-15", 2: "2024-02-12", 3: "2024-03-11", 4: "2024-04-08"}, []),  # a session every four weeks
        ({1: "2024-01-15", 2: "2024-01-22", 3: "2024-01-29", 4: "2024-07-01"}, []),  # asked about by session_gap_long
    ],
)
def test_a_session_long_after_the_one_before_is_asked_about_where_the_sites_follow_closely(
    run_models: ModelBench, days: dict[int, str], found: list[str]
) -> None:
    held(run_models, days)
    assert asked(run_models, "core.session_check", "session_gap_unlike_site") == found


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ({1: "2024-01-15", 2: "2024-01-28", 3: "2024-01-29", 4: "2024-02-05", 5: "2024-02-12"}, ["s3"]),
        ({1: "2024-01-15", 2: "2024-01-27", 3: "2024-01-29", 4: "2024-02-05", 5: "2024-02-12"}, []),
        ({1: "2024-01-15", 2: "2024-01-16", 3: "2024-01-17", 4: "2024-01-18"}, []),  # a session a day
    ],
)
def test_a_session_the_day_after_another_is_asked_about_where_they_are_a_week_apart(
    run_models: ModelBench, days: dict[int, str], found: list[str]
) -> None:
    held(run_models, days)
    assert asked(run_models, "core.session_check", "session_next_day") == found


@pytest.mark.parametrize(
    ("start", "others", "found"),
    [
        ("20:00", 9, ["odd"]),  # the others of the site begin between ten and five
        ("19:59", 9, []),
        ("07:00", 9, ["odd"]),
        ("07:01", 9, []),
        ("03:00", 9, []),  # the small hours have a rule of their own
        ("20:00", 8, []),  # too few others
    ],
)
def test_a_session_hours_beyond_those_of_all_others_is_asked_about(run_models: ModelBench, start: str, others: int, found: list) -> None:
    lines = [f"S{n} | 3 | true | 2024-03-05 {10 if n % 2 else 17}:00:00 | | s{n}" for n in range(1, others + 1)]
    lines.append(f"S0 | 3 | true | 2024-03-05 {start}:00 | | odd")
    people = "\n".join(f"S{n}" for n in range(others + 1))
    run_models.given("mapped.subject", f"subject_id\n{people}")
    head = "subject_id | session_no | attended | started_at_local | ended_at_local | record_key"
    run_models.given("mapped.session", "\n".join([head, *lines]))
    run_models.run("core.session_check")
    assert asked(run_models, "core.session_check", "session_hour_unlike_site") == found


@pytest.mark.parametrize(
    ("n_others", "moved", "found"),
    [
        (79, ["2024-03-09"], ["odd0"]),  # the one Saturday among eighty sessions
        (78, ["2024-03-09"], []),  # too few to tell
        (79, ["2024-03-08"], []),  # a Friday like others
        (198, ["2024-03-09", "2024-03-16"], ["odd0", "odd1"]),
        (197, ["2024-03-09", "2024-03-16"], []),  # more than one of a hundred
    ],
)
def test_a_session_on_a_day_of_rest_is_asked_about(run_models: ModelBench, n_others: int, moved: list[str], found: list[str]) -> None:
    days = ["2024-03-04", "2024-03-05", "2024-03-06", "2024-03-07", "2024-03-08"]
    rows = [f"S{n} | 3 | true | {days[n % 5]} 14:00:00 | s{n}" for n in range(n_others)]
    rows += [f"T{n} | 3 | true | {day} 14:00:00 | odd{n}" for n, day in enumerate(moved)]
    people = "\n".join(row.split(" ")[0] for row in rows)
    session = "\n".join(["subject_id | session_no | attended | started_at | record_key", *rows])
    course(run_models, subject=f"subject_id\n{people}", session=session).run("core.session_check")
    assert asked(run_models, "core.session_check", "session_on_rest_day") == found


@pytest.mark.parametrize(
    ("start", "attended", "found"),
    [
        ("00:59:00", "true", []),  # a session around midnight
        ("01:00:00", "true", ["s3"]),
        ("05:59:00", "true", ["s3"]),
        ("06:00:00", "true", []),
        ("02:00:00", "false", []),
        ("", "true", []),
    ],
)
def test_a_session_in_the_small_hours_is_asked_about(run_models: ModelBench, start: str, attended: str, found: list[str]) -> None:
    run_models.trial(timezone="Australia/Sydney")
    begun = f"2024-03-05 {start}" if start else ""
    session = f"subject_id | session_no | attended | started_at | ended_at | record_key\nS1 | 3 | {attended} | {begun} | | s3"
    course(run_models, session=session).run("core.session_check")
    assert asked(run_models, "core.session_check", "session_in_small_hours") == found


@pytest.mark.parametrize(
    ("end", "found"),
    [
        ("2024-03-05 14:30:00", []),  # a third of the ninety planned minutes
        ("2024-03-05 14:29:00", ["s3"]),
        ("2024-03-05 18:30:00", []),  # three times
        ("2024-03-05 18:31:00", ["s3"]),
        ("2024-03-05 14:05:00", []),  # shorter than any session: asked by another rule
    ],
)
def test_a_length_is_held_against_the_planned_one(run_models: ModelBench, end: str, found: list[str]) -> None:
    session = f"subject_id | session_no | attended | started_at | ended_at | record_key\nS1 | 3 | true | 2024-03-05 14:00:00 | {end} | s3"
    course(run_models, session=session).run("core.session_check")
    assert asked(run_models, "core.session_check", "session_length_far_from_plan") == found


@pytest.mark.parametrize(("other", "found"), [("false", ["s4"]), ("true", [])])
def test_a_planned_dose_without_any_record_is_asked_about_where_the_site_records_doses_not_taken(
    run_models: ModelBench, other: str, found: list[str]
) -> None:
    session = """
        subject_id | session_no | attended | started_at          | ended_at            | record_key
        S1         | 3          | true     | 2024-03-05 14:00:00 | 2024-03-05 15:30:00 | s3
        S1         | 4          | true     | 2024-03-12 14:00:00 | 2024-03-12 15:30:00 | s4
    """
    dose = f"subject_id | session_no | time_point | taken | dosed_at\nS1 | 3 | PRE | {other} |"
    course(run_models, session=session, dose=dose).run("core.planned_dose")
    assert asked(run_models, "core.planned_dose", "dose_record_missing") == found


@pytest.mark.parametrize(
    ("complete", "partly", "none", "found"),
    [
        (9, 1, 0, ["P1"]),  # nine of ten participants have a record of each planned dose
        (9, 0, 1, ["N1", "N1"]),  # the file was cut after nine
        (8, 1, 0, []),  # this site sends no row for a dose that was missed
        (7, 0, 1, []),  # too few to tell
    ],
)
def test_a_planned_dose_without_any_record_is_asked_about_where_nearly_every_dose_has_one(
    run_models: ModelBench, complete: int, partly: int, none: int, found: list[str]
) -> None:
    people = [f"{kind}{n}" for kind, number in (("C", complete), ("P", partly), ("N", none)) for n in range(1, number + 1)]
    subject = "subject_id | randomized_on\n" + "\n".join(f"{who} | 2024-01-08" for who in people)
    session = "subject_id | session_no | attended | started_at | ended_at | record_key\n" + "\n".join(
        f"{who} | {no} | true | 2024-03-0{no} 14:00:00 | 2024-03-0{no} 15:30:00 | {who}" for who in people for no in (3, 4)
    )
    recorded = [(who, no) for who in people for no in (3, 4) if who[0] == "C" or (who[0], no) == ("P", 3)]
    dose = "subject_id | session_no | time_point | taken | dosed_at\n" + "\n".join(
        f"{who} | {no} | PRE | true | 2024-03-0{no} 13:00:00" for who, no in recorded
    )
    course(run_models, subject=subject, session=session, dose=dose).run("core.planned_dose")
    assert asked(run_models, "core.planned_dose", "dose_record_missing") == found


@pytest.mark.parametrize(
    ("taken", "dosed_at", "found"),
    [("false", "2024-03-05 13:00:00", ["d"]), ("false", "2024-03-05", []), ("false", "", []), ("true", "2024-03-05 13:00:00", [])],
)
def test_a_dose_not_taken_has_no_clock_time(run_models: ModelBench, taken: str, dosed_at: str, found: list[str]) -> None:
    dose = f"subject_id | session_no | time_point | taken | dosed_at | record_key\nS1 | 3 | PRE | {taken} | {dosed_at} | d"
    course(run_models, dose=dose).run("core.dose_timing")
    assert asked(run_models, "dose", "dose_not_taken_with_time") == found


@pytest.mark.parametrize(("dosed_at", "found"), [("2024-03-05 09:00:00", []), ("2024-03-05 08:59:00", ["d"])])
def test_a_dose_three_hours_beyond_the_window_is_asked_about(run_models: ModelBench, dosed_at: str, found: list[str]) -> None:
    dose = f"subject_id | session_no | time_point | taken | dose_mg | dosed_at | record_key\nS1 | 3 | PRE | true | 50 | {dosed_at} | d"
    course(run_models, dose=dose).run("core.dose_timing")
    assert asked(run_models, "core.dose_timing", "dose_far_from_window") == found


@pytest.mark.parametrize(
    ("clock", "usual", "found"),
    [
        ("11:30", ["12:30"] * 3, ["S1d4"]),  # 150 minutes before instead of 90; the window ends at 120
        ("14:00", ["13:00"] * 3, ["S1d4"]),  # on the start itself
        ("11:59", ["12:39"] * 3, ["S1d4"]),  # 121 minutes, 40 from 81
        ("11:59", ["12:38"] * 3, []),
        ("12:00", ["13:00"] * 3, []),  # inside the window
        ("11:30", ["12:30"] * 2, []),  # too few to tell a habit, and 30 minutes from the window
        ("11:20", ["12:30"] * 2, ["S1d3"]),  # 40 minutes from it
        ("13:40", [], ["S1d1"]),
        ("08:00", [], []),  # four hours from it: another rule asks
        ("08:00", ["12:30"] * 3, []),  # hours: another rule asks
    ],
)
def test_a_dose_outside_the_window_an_hour_from_the_usual_is_asked_about(
    run_models: ModelBench, clock: str, usual: list[str], found: list[str]
) -> None:
    clocks = [*usual, clock]
    session = "subject_id | session_no | attended | started_at | ended_at\n" + "\n".join(
        f"S1 | {n} | true | 2024-03-0{n} 14:00:00 | 2024-03-0{n} 15:30:00" for n in range(1, len(clocks) + 1)
    )
    dose = "subject_id | session_no | time_point | taken | dose_mg | dosed_at | record_key\n" + "\n".join(
        f"S1 | {n} | PRE | true | 50 | 2024-03-0{n} {at}:00 | S1d{n}" for n, at in enumerate(clocks, 1)
    )
    course(run_models, session=session, dose=dose).run("core.dose_lag")
    assert asked(run_models, "core.dose_lag", "dose_hour_odd") == found


def odd_hours(bench: ModelBench, clocks: dict[str, list[str]]) -> list[str]:
    """Doses asked about of participants who took one at each of these times, every day before a session from 14:00 to 15:30."""
    session = "subject_id | session_no | attended | started_at | ended_at\n"
    dose = "subject_id | session_no | time_point | taken | dose_mg | dosed_at | record_key\n"
    for subject, times in clocks.items():
        for n, at in enumerate(times, 1):
            session += f"{subject} | {n} | true | 2024-03-{n:02d} 14:00:00 | 2024-03-{n:02d} 15:30:00\n"
            dose += f"{subject} | {n} | PRE | true | 50 | 2024-03-{n:02d} {at}:00 | {subject}d{n}\n"
    subject = "subject_id | consented_on | randomized_on\n" + "\n".join(f"{one} | 2024-01-01 | 2024-01-08" for one in clocks)
    course(bench, subject=subject, session=session, dose=dose).run("core.dose_lag")
    return asked(bench, "core.dose_lag", "dose_hour_odd")


@pytest.mark.parametrize(("others", "found"), [(11, []), (12, ["S1d4", "S2d4"])])  # 2 of 8 + 11 doses are 10.5 %, of 8 + 12 are 10 %
def test_where_many_of_a_sites_doses_lie_outside_the_window_one_more_is_not_asked_about(
    run_models: ModelBench, others: int, found: list[str]
) -> None:
    odd = ["12:30"] * 3 + ["11:30"]
    clocks = {"S1": odd, "S2": odd, "S3": ["12:30"] * others}
    assert odd_hours(run_models, clocks) == found


@pytest.mark.parametrize(("far", "found"), [(1, ["S1d4"]), (2, ["S1d4", "S2d4"]), (3, [])])  # 20 doses, 7 to 9 outside the window
def test_where_many_doses_are_a_little_late_one_far_outside_is_asked_about(run_models: ModelBench, far: int, found: list[str]) -> None:
    # the window ends 60 minutes before the session: 13:15 is 15 minutes late, 13:45 is 45
    clocks = {f"S{n}": ["12:30", "12:30", "12:30", "13:45"] if n <= far else ["12:30", "12:30", "13:15", "13:15"] for n in range(1, 6)}
    assert odd_hours(run_models, clocks) == found


@pytest.mark.parametrize(("late", "found"), [(5, []), (6, ["01"])])
def test_a_site_most_of_whose_doses_lie_outside_the_window_is_asked_once(run_models: ModelBench, late: int, found: list[str]) -> None:
    days = [f"2024-03-{n + 1:02d}" for n in range(10)]
    session = "subject_id | session_no | attended | started_at | ended_at\n" + "\n".join(
        f"S1 | {n + 1} | true | {day} 14:00:00 | {day} 15:30:00" for n, day in enumerate(days)
    )
    dose = "subject_id | session_no | time_point | taken | dose_mg | dosed_at\n" + "\n".join(
        f"S1 | {n + 1} | PRE | true | 50 | {day} {'11:00:00' if n < late else '12:30:00'}" for n, day in enumerate(days)
    )
    course(run_models, session=session, dose=dose).run("core.site_timing")
    assert asked(run_models, "core.site_timing", "site_timing_off") == found


def dosed_at(bench: ModelBench, zone: str, times: list[tuple[str, str]]) -> list[object]:
    """What is asked of a site with these (session's start, dose), and what its table says; the window is 60 to 120 minutes before."""
    bench.trial(timezone=zone, sessions={"number": 40, "planned_length_min": 90})
    session = "subject_id | session_no | attended | started_at | ended_at\n"
    dose = "subject_id | session_no | time_point | taken | dose_mg | dosed_at\n"
    session += "\n".join(f"S1 | {n} | true | {start} |" for n, (start, _) in enumerate(times, 1))
    dose += "\n".join(f"S1 | {n} | PRE | true | 50 | {at}" for n, (_, at) in enumerate(times, 1))
    course(bench, session=session, dose=dose).run("core.site_timing")
    found = [(rule, key) for rule, _, key in bench.judge("core.site_timing")]
    told = bench.rows("core.site_timing", "n_shifted", "n_far", "shift_min", "is_offset")
    return [*found, *told]


def days(month: int, n: int, start: str, at: str, first: int = 1) -> list[tuple[str, str]]:
    return [(f"2024-{month:02d}-{d:02d} {start}:00", f"2024-{month:02d}-{d:02d} {at}:00") for d in range(first, first + n)]


@pytest.mark.parametrize(
    ("zone", "times", "rule", "told"),
    [
        # 90 minutes before, written in UTC: eleven hours behind Sydney's clock in summer, more than half a day from the session
        ("Australia/Sydney", days(2, 12, "14:00", "01:30"), "site_clock_shifted", (12, 12, 660, True)),
        # the offset of each dose's own day: five hours in winter, four in summer
        ("America/New_York", days(2, 6, "10:00", "13:30") + days(6, 6, "10:00", "12:30"), "site_clock_shifted", (12, 12, -300, True)),
        ("Europe/Lisbon", days(2, 10, "14:00", "11:00"), "site_clock_shifted", (10, 10, 90, False)),  # an hour: most doses lie outside
        # ten of thirty: five hours are a clock, one hour is early
        ("Europe/Lisbon", days(2, 20, "14:00", "12:30") + days(3, 10, "14:00", "07:00"), "site_clock_shifted", (10, 10, 330, False)),
        ("Europe/Lisbon", days(2, 20, "14:00", "12:30") + days(3, 10, "14:00", "11:00"), "", (10, 10, 90, False)),
        ("Europe/Lisbon", days(2, 10, "14:00", "12:00"), "", (0, 0, None, False)),  # on the window's edge
        ("Europe/Lisbon", days(2, 10, "14:00", "11:50"), "site_timing_off", (10, 10, 30, False)),  # early, no clock
        # eight of ten with one shift, seven of ten: slips of several kinds
        ("Europe/Lisbon", days(2, 12, "14:00", "07:30") + days(3, 3, "14:00", "10:00"), "site_clock_shifted", (12, 15, 300, False)),
        ("Europe/Lisbon", days(2, 11, "14:00", "07:30") + days(3, 4, "14:00", "10:00"), "site_timing_off", (11, 15, 300, False)),
        ("Europe/Lisbon", days(2, 9, "14:00", "01:30"), "", (0, 9, None, False)),  # too few to tell
    ],
)
def test_a_clock_that_moves_all_doses_of_a_site_is_told_once(
    run_models: ModelBench, zone: str, times: list[tuple[str, str]], rule: str, told: tuple[object, ...]
) -> None:
    """told: how many doses the shift puts inside, of how many outside, minutes, whether it is the zone's offset."""
    assert dosed_at(run_models, zone, times) == [*([(rule, "01")] if rule else []), told]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("30 | 80 | 2024-01-01 | 2024-01-08", ""),
        ("30 |    | 2024-01-01 | 2024-01-08", "weight_not_sent"),
        ("30 | 80 | 2023-07-12 | 2024-01-08", ""),
        ("30 | 80 | 2023-07-11 | 2024-01-08", "consent_far_from_randomization"),
        ("17 | 80 | 2024-01-01 | 2024-01-08", "age_not_of_trial"),
        ("65.9 | 80 | 2024-01-01 | 2024-01-08", ""),
        ("66 | 80 | 2024-01-01 | 2024-01-08", "age_not_of_trial"),
    ],
)
def test_what_does_not_fit_the_protocol_is_asked_of_a_participant(run_models: ModelBench, row: str, rule: str) -> None:
    run_models.trial(ages={"from_years": 18, "to_years": 65})
    run_models.given("ref.mapped_field", "unit | table_name | field\n0 | subject | weight_kg")
    run_models.given("mapped.subject", f"subject_id | age_years | weight_kg | consented_on | randomized_on\nS1 | {row}", sex="F")
    run_models.run("staging.subject")
    assert [r for r, _, _ in run_models.judge("subject")] == ([rule] if rule else [])


@pytest.mark.parametrize(("day", "found"), [("2024-10-12", []), ("2024-10-13", ["e"]), ("2024-10", []), ("2025", ["e"])])
def test_an_event_half_a_year_after_the_last_planned_visit_is_asked_about(run_models: ModelBench, day: str, found: list[str]) -> None:
    run_models.given("mapped.subject", SUBJECT)
    run_models.given("mapped.adverse_event", f"subject_id | verbatim | started_on | record_key\nS1 | headache | {day} | e")
    run_models.run("staging.adverse_event")
    assert asked(run_models, "adverse_event", "adverse_event_after_course") == found


@pytest.mark.parametrize(("day", "found"), [("2024-10-12", []), ("2024-10-13", ["w"])])
def test_a_withdrawal_half_a_year_after_the_last_planned_visit_is_asked_about(run_models: ModelBench, day: str, found: list[str]) -> None:
    run_models.given("mapped.subject", SUBJECT)
    run_models.given("mapped.disposition", f"subject_id | withdrawn_on | scope | record_key\nS1 | {day} | stop | w")
    run_models.run("staging.disposition")
    assert asked(run_models, "disposition", "withdrawal_after_course") == found


@pytest.mark.parametrize(
    ("age", "weight", "found"),
    [
        ("30", "40", []), ("30", "39.9", ["p"]), ("30", "180", []), ("30", "205", ["p"]), ("14", "24", ["p"]), ("14", "25", []),
        ("14", "131", ["p"]), ("11", "70", []), ("11", "71", ["p"]), ("", "205", []), ("30", "", []),
    ],
)  # fmt: skip
def test_a_weight_that_is_rare_at_its_age_is_asked_about(run_models: ModelBench, age: str, weight: str, found: list[str]) -> None:
    run_models.given("mapped.subject", f"subject_id | age_years | weight_kg | record_key\nS1 | {age} | {weight} | p")
    run_models.run("staging.subject")
    assert asked(run_models, "subject", "weight_unusual") == found


@pytest.mark.parametrize(
    ("weight", "others", "found"),
    [
        ("154", "60 65 70 75 80 80 80 80 90 95", ["p"]),  # 70 kg in pounds; three of four weigh 85 or less, 1.6 times as much is 136
        ("136", "60 65 70 75 80 80 80 80 90 95", []),
        ("137", "60 65 70 75 80 80 80 80 90 95", ["p"]),
        ("154", "60 65 70 75 80 80 80 80 90", []),  # too few others
        ("119", "50 50 50 50 50 50 50 50 50 50", []),  # many weigh so elsewhere
        ("153", "60 65 70 96 96 96 96 96 96 96", []),  # a heavy site
        ("190", "60 65 70 75 80 80 80 80 90 95", []),  # asked about by weight_unusual
    ],
)
def test_a_weight_far_above_those_of_the_sites_other_adults_is_asked_about(
    run_models: ModelBench, weight: str, others: str, found: list[str]
) -> None:
    rows = [f"S1 | 40 | {weight} | p", *(f"O{n} | 40 | {kg} | o{n}" for n, kg in enumerate(others.split(" ")))]
    run_models.given("mapped.subject", "subject_id | age_years | weight_kg | record_key\n" + "\n".join(rows))
    run_models.run("core.subject_weight")
    assert asked(run_models, "core.subject_weight", "weight_unlike_site") == found


@pytest.mark.parametrize(
    ("other", "fault", "found"),
    [("2024-03-05 15:30:00", "", ["s4"]), ("", "", []), ("2024-03-05 15:30:00", "unreadable", [])],
)
def test_a_blank_end_is_asked_about_where_the_site_records_ends(run_models: ModelBench, other: str, fault: str, found: list[str]) -> None:
    session = f"""
        subject_id | session_no | attended | started_at          | ended_at | ended_at_fault | record_key
        S1         | 3          | true     | 2024-03-05 14:00:00 | {other}  |                | s3
        S1         | 4          | true     | 2024-03-12 14:00:00 |          | {fault}        | s4
    """
    course(run_models, session=session).run("core.session_check")
    assert asked(run_models, "core.session_check", "session_end_missing") == found


@pytest.mark.parametrize(
    ("amounts", "found"), [("50 50 50", []), ("50 500 50", ["d2"]), ("50 500", ["d1", "d2"]), ("500 500", []), ("50  50", [])]
)
def test_an_amount_that_is_not_the_participants_usual_one_is_asked_about(run_models: ModelBench, amounts: str, found: list[str]) -> None:
    days = enumerate(amounts.split(" "), start=1)
    rows = [f"S1 | {n} | PRE | true | {mg} | 2024-03-0{n} 13:00:00 | d{n}" for n, mg in days]
    dose = "subject_id | session_no | time_point | taken | dose_mg | dosed_at | record_key\n" + "\n".join(rows)
    course(run_models, dose=dose).run("core.dose_amount")
    assert asked(run_models, "core.dose_amount", "dose_amount_changes") == found


@pytest.mark.parametrize(("status", "of_arms"), [("unblinded", False), ("blinded", True)])
def test_an_amount_of_another_arm_is_not_of_the_arms_where_the_arm_is_known(run_models: ModelBench, status: str, of_arms: bool) -> None:
    arms = [{"code": "LOW", "label": "50 mg", "dose_mg": 50}, {"code": "HIGH", "label": "500 mg", "dose_mg": 500}]
    run_models.trial(arms=arms, blinding={"status": status})
    dose = "subject_id | session_no | time_point | taken | dose_mg | dosed_at\nS1 | 3 | PRE | true | 500 | 2024-03-05 13:00:00"
    course(run_models, dose=dose)
    run_models.given("mapped.randomization", "subject_id | arm\nS1 | LOW")
    run_models.run("core.dose")
    assert run_models.rows("core.dose", "is_of_arms") == [(of_arms,)]


@pytest.mark.parametrize(
    ("row", "meant", "found"),
    [
        ("| | ", "unknown", ["m"]), ("| | ", "ongoing", []), ("2024-01-01 | | ", "unknown", []), ("| true | ", "unknown", []),
        ("| | unknown_code", "unknown", []),
    ],
)  # fmt: skip
def test_neither_an_end_nor_a_word_on_ongoing_is_noted(run_models: ModelBench, row: str, meant: str, found: list[str]) -> None:
    fields = {"verbatim": "drug", "ended_on": {"from": "stop", "partial": True}, "ongoing": "still"}
    tables = {"subject": {"file": "x.csv"}, "medication": {"file": "y.csv", "fields": fields}}
    run_models.trial(site={"blank_medication_end": meant, "tables": tables})
    run_models.given("mapped.subject", SUBJECT)
    text = f"subject_id | verbatim | record_key | ended_on | ongoing | ongoing_fault\nS1 | sertraline | m | {row}"
    run_models.given("mapped.medication", text)
    run_models.run("staging.medication")
    assert asked(run_models, "medication", "medication_ongoing_unknown") == found


@pytest.mark.parametrize(
    ("doses", "told"),
    [
        (("2024-03-05 13:00:00", "2024-03-12 13:00:00"), None),
        (("2023-03-05 13:00:00", "2024-03-12 13:00:00"), "TRTSDT"),  # a year off: before the consent, and no dose of its session
        (("2024-03-05 13:00:00", "2025-03-12 13:00:00"), "TRTEDT"),
        (("2023-03-05 13:00:00", "2025-03-12 13:00:00"), "TRTSDT TRTEDT"),
        (("2024-03-05 13:00:00", "2024-03-11 23:00:00"), "TRTEDT"),  # 15 hours before its session
        (("2024-03-05 13:00:00", ""), None),  # the last day is not known at all
    ],
)
def test_a_day_of_treatment_that_rests_on_a_dose_in_doubt_is_noted(
    run_models: ModelBench, doses: tuple[str, str], told: str | None
) -> None:
    course(
        run_models, subject="subject_id | consented_on | randomized_on\nS1 | 2024-01-01 | 2024-01-08",
        session="""
            subject_id | session_no | attended | started_at          | ended_at
            S1         | 3          | true     | 2024-03-05 14:00:00 | 2024-03-05 15:30:00
            S1         | 4          | true     | 2024-03-12 14:00:00 | 2024-03-12 15:30:00
        """,
        dose="subject_id | session_no | time_point | taken | dose_mg | dosed_at\n"
        + "\n".join(f"S1 | {n} | PRE | true | 50 | {at}" for n, at in enumerate(doses, 3)),
    ).run("core.treatment_day")  # fmt: skip
    assert run_models.rows("core.treatment_day", "in_doubt") == [(told,)]
    assert bool(asked(run_models, "core.treatment_day", "treatment_day_in_doubt")) is (told is not None)
