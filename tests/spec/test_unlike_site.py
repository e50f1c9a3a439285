"""What one record cannot show: clocks, units and codes that are wrong for a whole site, or for one participant among the others."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.harness import ModelBench
from tests.spec.course import course

WORKED = "Sites"

DAY = "2024-03-{:02d}"


def asked(bench: ModelBench, table: str, name: str) -> list[str]:
    """Record keys that a rule asks about."""
    return [key for rule, _, key in bench.judge(table) if rule == name]


def sessions(bench: ModelBench, lengths: list[int]) -> None:
    """A site's sessions of these lengths in minutes, one a participant."""
    people = "\n".join(f"S{n} | 2024-01-08" for n in range(1, len(lengths) + 1))
    ends = [f"2024-03-05 {10 + length // 60:02d}:{length % 60:02d}:00" for length in lengths]
    held = "\n".join(f"S{n} | 3 | true | 2024-03-05 10:00:00 | {end}" for n, end in enumerate(ends, 1))
    course(
        bench, subject="subject_id | randomized_on\n" + people,
        session="subject_id | session_no | attended | started_at | ended_at\n" + held,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lengths", "found"),
    [
        ([90] * 10, []),
        ([150] * 10, ["01"]),  # the ends are written an hour later than the starts
        ([45] * 10, ["01"]),
        ([150] * 5 + [90] * 5, []),  # not most of them
        ([150] * 6 + [90] * 4, ["01"]),
        ([134] * 10, []),  # 44 minutes longer
        ([150] * 9, []),  # too few to tell
    ],
)
def test_a_site_whose_sessions_are_all_longer_or_shorter_than_planned_is_asked_for_its_clock(
    run_models: ModelBench, lengths: list[int], found: list[str]
) -> None:
    sessions(run_models, lengths)
    run_models.run("core.site_session")
    assert asked(run_models, "core.site_session", "session_length_off_site") == found


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ((5, 12, 19, 26), []),
        ((5, 19, 19, 26), ["2", "3"]),  # one of the two is written to the day of the other
        ((5, 6, 6, 7), []),  # a site that holds a session a day may hold two
        ((5, 7, 7, 9), ["2", "3"]),
    ],
)
def test_two_sessions_on_a_day_are_asked_about_where_sessions_lie_days_apart(
    run_models: ModelBench, days: tuple[int, ...], found: list[str]
) -> None:
    rows = "\n".join(f"S1 | {n} | true | {DAY.format(d)} {9 + n}:00:00 | | {n}" for n, d in enumerate(days, 1))
    course(
        run_models, subject="subject_id | randomized_on\nS1 | 2024-03-02",
        session="subject_id | session_no | attended | started_at | ended_at | record_key\n" + rows,
    )  # fmt: skip
    run_models.run("core.session_check")
    assert asked(run_models, "core.session_check", "session_same_day") == found


@pytest.mark.parametrize(
    ("zone", "winter", "summer", "n", "found"),
    [
        ("Europe/Lisbon", "09:00", "09:00", 5, []),
        ("Europe/Lisbon", "09:00", "08:00", 5, ["01"]),  # in UTC, read as Lisbon's clock
        ("Europe/Lisbon", "09:00", "10:00", 5, ["01"]),  # the other way round
        ("Europe/Lisbon", "09:00", "08:00", 4, []),  # too few to tell
        ("Europe/Lisbon", "09:00", "08:40", 5, []),
        ("Australia/Brisbane", "09:00", "08:00", 5, []),  # no summer time
    ],
)
def test_a_site_whose_sessions_move_with_summer_time_is_asked_for_its_clock(
    run_models: ModelBench, zone: str, winter: str, summer: str, n: int, found: list[str]
) -> None:
    run_models.trial(timezone=zone)
    held = [f"3 | true | 2024-03-20 {winter}:00 |", f"4 | true | 2024-04-03 {summer}:00 |"]
    rows = "\n".join(f"S{k} | {session}" for k in range(1, n + 1) for session in held)
    people = "\n".join(f"S{k} | 2024-01-08" for k in range(1, n + 1))
    course(
        run_models, subject="subject_id | randomized_on\n" + people,
        session="subject_id | session_no | attended | started_at | ended_at\n" + rows,
    ).run("core.site_session")  # fmt: skip
    assert asked(run_models, "core.site_session", "sessions_move_with_clock") == found


@pytest.mark.parametrize(
    ("zone", "times", "found"),
    [
        ("Europe/Lisbon", ("10:00", "11:00", "12:00"), []),
        ("Europe/Lisbon", ("05:59", "22:00", "23:00"), ["1"]),
        ("Europe/Lisbon", ("06:00", "21:59", "23:00"), []),
        ("Europe/Lisbon", ("02:00", "03:00"), []),  # two may have been so
        ("Australia/Sydney", ("10:00", "11:00", "12:00"), []),
    ],
)
def test_a_participant_most_of_whose_sessions_begin_at_night_is_asked_for_the_clock(
    run_models: ModelBench, zone: str, times: tuple[str, ...], found: list[str]
) -> None:
    run_models.trial(timezone=zone)
    rows = "\n".join(f"S1 | {n} | true | {DAY.format(n + 4)} {at}:00 |" for n, at in enumerate(times, 1))
    course(run_models, session="subject_id | session_no | attended | started_at | ended_at\n" + rows).run("core.subject_clock")
    assert asked(run_models, "core.subject_clock", "sessions_at_night") == found


@pytest.mark.parametrize(
    ("lags", "others", "found"),
    [
        # minutes before the session; the site's other doses lie at 60
        ((120, 115, 125, 122), 20, ["S1"]),  # a phone in UTC, an hour behind the clinic
        ((60, 55, 62, 60), 20, []),
        ((120, 115, 125, 89), 20, []),  # one of them lies with the others
        ((120, 115, 125, 90), 20, ["S1"]),
        ((104, 104, 104, 104), 20, []),
        ((0, 5, 15, 10), 20, ["S1"]),
        ((120, 115, 125), 20, []),  # three doses may all be early
        ((120, 115, 125, 122), 19, []),  # too few others to tell what is usual
    ],
)
def test_a_participant_whose_doses_all_lie_far_from_the_sites_others_is_asked_for_the_clock(
    run_models: ModelBench, lags: tuple[int, ...], others: int, found: list[str]
) -> None:
    def dosed(subject: str, no: int, lag: int) -> str:
        at = 14 * 60 - lag
        return f"{subject} | {no} | PRE | true | {DAY.format(no)} {at // 60:02d}:{at % 60:02d}:00"

    doses = [dosed("S1", n, lag) for n, lag in enumerate(lags, 3)] + [dosed("S2", n, 60) for n in range(3, others + 3)]
    held = [f"{s} | {n} | true | {DAY.format(n)} 14:00:00 |" for s, last in (("S1", len(lags)), ("S2", others)) for n in range(3, last + 3)]
    run_models.trial(sessions={"number": 30, "planned_length_min": 90})
    course(
        run_models, subject="subject_id | record_key\nS1 | S1\nS2 | S2",
        session="subject_id | session_no | attended | started_at | ended_at\n" + "\n".join(held),
        dose="subject_id | session_no | time_point | taken | dosed_at\n" + "\n".join(doses),
    ).run("core.subject_clock")  # fmt: skip
    assert asked(run_models, "core.subject_clock", "dose_timing_unlike_site") == found


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("true true true false false", ["01"]),
        ("true true false false false", []),
        ("true true true true", []),  # four may all have been
        ("true true true true ''", []),  # of one it is not said
    ],
)
def test_a_site_most_of_whose_events_are_serious_is_asked_for_its_codes(run_models: ModelBench, rows: str, found: list[str]) -> None:
    run_models.given("mapped.subject", "subject_id\nS1")
    lines = [f"S1 | complaint {n} | {'' if x == chr(39) * 2 else x}" for n, x in enumerate(rows.split(), 1)]
    run_models.given("mapped.adverse_event", "subject_id | verbatim | serious\n" + "\n".join(lines))
    run_models.run("intake.adverse_event")
    run_models.con.execute("create or replace table ref.adverse_event_coding (verbatim varchar, term_no integer, n_terms integer)")
    run_models.run("core.site_event")
    assert asked(run_models, "core.site_event", "serious_mostly_site") == found


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ("sore throat i, pain in the n, cold in the h, ache in the b, cough, rash, dry mouth", ["01"]),  # four of twelve letters and more
        ("sore throat i, pain in the n, cold in the h, ache in the back, cough", []),  # one is longer
        ("sore throat i, pain in the n, sore throat i, sore throat i, cough", []),  # two different ones
        ("headache, sickness, tiredne, cough fi, hay feve, stomach, dizzine, itching, anxious", []),  # as many a letter shorter
        ("cough, fever, hives, edema, spasm", []),  # short words
    ],
)
def test_a_site_whose_terms_end_at_one_length_is_asked_for_the_whole_ones(run_models: ModelBench, terms: str, found: list[str]) -> None:
    run_models.given("mapped.subject", "subject_id\nS1")
    lines = [f"S1 | {term} | 2024-03-{n:02d}" for n, term in enumerate(terms.split(", "), 1)]
    run_models.given("mapped.adverse_event", "subject_id | verbatim | started_on\n" + "\n".join(lines))
    run_models.run("intake.adverse_event")
    run_models.con.execute("create or replace table ref.adverse_event_coding (verbatim varchar, term_no integer, n_terms integer)")
    run_models.run("core.site_event")
    assert asked(run_models, "core.site_event", "event_terms_cut_site") == found


@pytest.mark.parametrize(
    ("coded", "uncoded", "none", "found"),
    [
        (0, 8, 0, ["01"]),  # "related" and "not related" for what happened
        (1, 7, 0, ["01"]),
        (2, 6, 0, []),  # a fifth and more
        (0, 7, 4, []),  # rows that report no event do not count
    ],
)
def test_a_site_hardly_one_of_whose_events_has_a_term_is_asked_which_column_they_are(
    run_models: ModelBench, coded: int, uncoded: int, none: int, found: list[str]
) -> None:
    rows = [("HEADACHE", "true")] * coded + [("", "true")] * uncoded + [("", "false")] * none
    run_models.given(
        "core.adverse_event", "unit::INTEGER | study | site | row_id::BIGINT | verbatim | term | is_event::BOOLEAN | serious::BOOLEAN | "
        "source_file\n"
        + "\n".join(f"0 | t01 | 01 | {n} | words {n} | {term} | {is_event} | false | f" for n, (term, is_event) in enumerate(rows)),
    )  # fmt: skip
    run_models.run("core.site_event")
    assert asked(run_models, "core.site_event", "events_uncoded_site") == found


@pytest.mark.parametrize(
    ("serious", "severity", "found"),
    [("true", "MILD", ["e"]), ("true", "MODERATE", []), ("false", "MILD", []), ("true", "", []), ("", "MILD", [])],
)
def test_an_event_that_is_serious_and_mild_is_asked_about(run_models: ModelBench, serious: str, severity: str, found: list[str]) -> None:
    run_models.given("mapped.subject", "subject_id\nS1")
    row = f"S1 | fall | {serious} | {severity} | e"
    run_models.given("mapped.adverse_event", "subject_id | verbatim | serious | severity | record_key\n" + row)
    run_models.run("staging.adverse_event")
    assert asked(run_models, "adverse_event", "adverse_event_serious_mild") == found


@pytest.mark.parametrize(
    ("age", "weights", "found"),
    [
        (40, [70] * 10, []),
        (40, [154] * 10, ["01"]),  # 70 kg in pounds
        (40, [70] * 6 + [121] * 4, ["01"]),
        (40, [70] * 7 + [121] * 3, []),  # three of ten
        (40, [70] * 6 + [120] * 4, []),
        (40, [154] * 9, []),
        (10, [37] * 10, []),  # 3 x 10 + 7
        (10, [59] * 10, []),  # 1.6 times as much is 59.2
        (10, [60] * 10, ["01"]),
        (10, [82] * 10, ["01"]),  # 37 kg in pounds
    ],
)
def test_a_site_of_heavy_people_is_asked_for_its_unit(run_models: ModelBench, age: int, weights: list[int], found: list[str]) -> None:
    rows = "\n".join(f"S{n} | {age} | {kg}" for n, kg in enumerate(weights, 1))
    run_models.given("mapped.subject", "subject_id | age_years | weight_kg\n" + rows)
    run_models.run("core.site_weight")
    assert asked(run_models, "core.site_weight", "weight_unit_site") == found


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("99 99 99 70 80", ["weight_kg|99"]),
        ("99 99 70 80 101", []),
        ("99 99 99 97 98 100 101", []),  # a site whose people weigh about a hundred
        ("99 99.0 99 97 101", ["weight_kg|99"]),
        ("999 999 999 70", ["weight_kg|999"]),
        ("99kg 99kg 99kg 70kg", ["weight_kg|99"]),  # as sent, with the unit of another column
        ("99,5kg 99,5kg 99,5kg 70kg", []),
    ],
)
def test_a_weight_that_comes_again_and_again_is_asked_about(run_models: ModelBench, sent: str, found: list[str]) -> None:
    rows = "\n".join(f"S{n} | {kg.removesuffix('kg').replace(',', '.')} | {kg}" for n, kg in enumerate(sent.split(), 1))
    run_models.given("mapped.subject", "subject_id | weight_kg | weight_kg_raw\n" + rows)
    run_models.given("core.total_check", "unit | study | site | paramcd | total::DOUBLE | n_answered::INTEGER | source_file")
    run_models.run("core.site_missing_code")
    assert asked(run_models, "core.site_missing_code", "missing_code_suspect") == found


@pytest.mark.parametrize(("answered", "found"), [(0, ["LSASTOT|99"]), (48, [])])
def test_a_total_that_comes_again_and_again_is_asked_about_where_no_items_stand_beside_it(
    run_models: ModelBench, answered: int, found: list[str]
) -> None:
    run_models.given("mapped.subject", "subject_id\nS1")
    rows = "\n".join(f"0 | t01 | 01 | LSASTOT | {total} | {answered} | f" for total in (99, 99, 99, 60))
    run_models.given("core.total_check", "unit | study | site | paramcd | total::DOUBLE | n_answered::INTEGER | source_file\n" + rows)
    run_models.run("core.site_missing_code")
    assert asked(run_models, "core.site_missing_code", "missing_code_suspect") == found


@pytest.mark.parametrize(("age", "found"), [("90", []), ("91", ["p"]), ("99", ["p"]), ("", [])])
def test_an_age_above_ninety_is_asked_about(run_models: ModelBench, age: str, found: list[str]) -> None:
    run_models.given("mapped.subject", f"subject_id | age_years | record_key\nS1 | {age} | p")
    run_models.run("staging.subject")
    assert asked(run_models, "subject", "age_unusual") == found


@pytest.mark.parametrize(
    ("scale", "rows", "asked_about", "noted"),
    [
        ("0-100", "80 99, 60 30", "4", None),  # the first exercise of session 4
        ("0-100", "80 99, 60 97", None, None),  # who rates 97 may rate 99
        ("0-100", "70 99, 60 97", None, "4"),
        ("0-100", "80 99, 100 30", None, "4"),
        ("0-100", "83 99, 100 31", None, None),
        ("0-100", "80 99, 95 30", "4", None),
        ("0-100", "83 99, 96 31", None, "4"),  # who rates any number may rate 99
        ("0-100", "73 99, 96 31", "4", None),  # but not 26 above the other rating of the exercise
        ("0-100", "73 99, 98 31", None, "4"),
        ("0-100", "80 98, 60 30", None, None),
        ("1-100", "60 98.98989898989899, 60 30", "4", None),  # 99 of 1-100
        ("1-100", "80 98.98989898989899, 96.96969696969697 30", None, None),
        ("0-10", "80 99, 60 30", None, None),  # no number of that scale
    ],
)
def test_a_rating_of_99_that_stands_alone_is_asked_about_and_a_likely_one_noted(
    run_models: ModelBench, scale: str, rows: str, asked_about: str | None, noted: str | None
) -> None:
    lines = [f"S1 | 4 | {n} | {' | '.join(r.split())} | {scale}" for n, r in enumerate(rows.split(", "), 1)]
    run_models.given("intake.rating", "subject_id | session_no | exercise_no | begin_suds | end_suds | scale\n" + "\n".join(lines))
    run_models.run("core.suds_code")
    told = run_models.rows("core.suds_code", "likely_sessions", "possible_sessions")
    assert [t for t in told if any(t)] == ([(asked_about, noted)] if asked_about or noted else [])
    rules = {"suds_missing_code": asked_about, "suds_missing_code_possible": noted}
    assert {rule for rule, _, _ in run_models.judge("core.suds_code")} == {rule for rule, where in rules.items() if where}


@pytest.mark.parametrize(
    ("exercises", "found"),
    [
        # begin-end of the exercises of one session
        ("80-40, 7-4, 70-30", "suds_scale_mixed"),
        ("80-40, 7-4", "suds_scale_mixed"),
        ("7-4, 80-40", "suds_scale_mixed"),
        ("80-9, 8-3, 7-2", None),  # fear had fallen to 9 when the next one began
        ("80-35, 7-4", "suds_scale_mixed"),
        ("80-34, 7-4", None),  # it may have fallen further between the two
        ("80-50, 10-5, 70-30", "suds_exercise_low"),  # fives and tens
        ("80-40, 5-4, 70-30", "suds_scale_mixed"),  # one 4 is enough where fear is back at 70
        ("80-40, 5-4, 24-20", "suds_exercise_low"),
        ("80-40, 5-4", "suds_exercise_low"),
        ("30-25, 7-4", None),  # not five times as high
    ],
)
def test_an_exercise_far_below_the_ones_beside_it_looks_like_another_scale(
    run_models: ModelBench, exercises: str, found: str | None
) -> None:
    lines = [f"S1 | 4 | {n} | {x.replace('-', ' | ')} | 0-100" for n, x in enumerate(exercises.split(", "), 1)]
    lines.append("S2 | 4 | 1 | 80 | 40 | 0-100")
    run_models.given("intake.rating", "subject_id | session_no | exercise_no | begin_suds | end_suds | scale\n" + "\n".join(lines))
    run_models.run("core.subject_suds")
    told = {rule for rule, _, _ in run_models.judge("core.subject_suds")}
    assert told == ({found} if found else set())


def stepping(bench: ModelBench, courses: list[tuple[str, ...]]) -> None:
    """A site whose participants began their weekly sessions at these times."""
    people = "\n".join(f"S{k} | 2024-01-08" for k in range(1, len(courses) + 1))
    held = [(k, n, at) for k, course_ in enumerate(courses, 1) for n, at in enumerate(course_, 1)]
    rows = "\n".join(f"S{k} | {n} | true | 2024-02-{1 + 7 * (n - 1) + k % 5:02d} {at}:00 |" for k, n, at in held)
    course(
        bench, subject="subject_id | randomized_on\n" + people,
        session="subject_id | session_no | attended | started_at | ended_at\n" + rows,
    ).run("core.clock_step")  # fmt: skip


STEP = ("09:00", "09:05", "10:00", "10:05")


NEAR, FAR = (62, 70, 65, 75), (62, 70, 185, 195)


@pytest.mark.parametrize(
    ("lags", "found"),
    [
        ([FAR] * 5, ["01"]),  # two hours earlier from the third session on
        ([FAR] * 4, []),
        ([FAR] * 4 + [(62, 70, None, 185, 195)], ["01"]),  # none taken at the third
        ([NEAR] * 5, []),
        ([FAR] * 5 + [NEAR], ["01"]),
        ([FAR] * 5 + [NEAR] * 2, []),
        ([(62, 185, 190, 195), (70, 62, 75, 185), FAR, FAR, FAR], []),  # each from another session on
        ([(62, 70, 92, 100)] * 5, []),  # 22 minutes
    ],
)
def test_a_site_whose_doses_all_lie_elsewhere_from_one_session_on_is_asked_for_their_clock(
    run_models: ModelBench, lags: list[tuple[int | None, ...]], found: list[str]
) -> None:
    noon = dt.datetime(2024, 2, 1, 12)
    held = [(f"S{k}", n, noon + dt.timedelta(days=7 * n + k % 5), lag) for k, of in enumerate(lags) for n, lag in enumerate(of, 1)]
    rows = [f"{s} | {n} | true | {at} |" for s, n, at, _ in held]
    doses = [f"{s} | {n} | PRE | true | 50 | {at - dt.timedelta(minutes=lag)}" for s, n, at, lag in held if lag is not None]
    course(
        run_models, subject="subject_id | randomized_on\n" + "\n".join(f"S{k} | 2024-01-08" for k in range(len(lags))),
        session="subject_id | session_no | attended | started_at | ended_at\n" + "\n".join(rows),
        dose="subject_id | session_no | time_point | taken | dose_mg | dosed_at\n" + "\n".join(doses),
    ).run("core.dose_timing", "core.clock_step")  # fmt: skip
    assert asked(run_models, "core.clock_step", "dose_lags_step_site") == found
    assert asked(run_models, "core.clock_step", "sessions_step_site") == []


@pytest.mark.parametrize(
    ("courses", "found"),
    [
        ([STEP] * 5, ["01"]),
        ([STEP] * 4, []),  # too few to tell
        ([("09:00", "09:05", "09:10", "09:00")] * 5, []),
        ([STEP] * 5 + [("14:00", "14:05", "14:00", "14:10")], ["01"]),  # five of six
        ([STEP] * 5 + [("14:00", "14:05", "14:00", "14:10")] * 2, []),  # five of seven: others came at their hour
        ([STEP] * 3 + [("09:00", "09:05", "11:00", "11:05")] * 3, []),  # each has a new hour of their own
        ([("09:00", "09:05", "09:25", "09:30")] * 5, []),  # within half an hour
    ],
)
def test_a_site_whose_participants_all_begin_at_another_hour_from_one_session_on_is_asked_for_its_clock(
    run_models: ModelBench, courses: list[tuple[str, ...]], found: list[str]
) -> None:
    stepping(run_models, courses)
    assert asked(run_models, "core.clock_step", "sessions_step_site") == found
