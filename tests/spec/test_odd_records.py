"""Records that only the other ones show to be odd: copied, turned round, a digit or an hour away, missing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.harness import ModelBench
from tests.spec.course import course

WORKED = "Sites"

RATED = "subject_id | session_no | exercise_no | begin_suds | peak_suds | end_suds | scale | record_key"


def asked(bench: ModelBench, table: str, name: str) -> list[str]:
    """Record keys that a rule asks about."""
    return [key for rule, _, key in bench.judge(table) if rule == name]


def rated(bench: ModelBench, table: str, rows: list[str]) -> None:
    """Ratings `subject | session | exercise | begin | peak | end | scale`, each with its place as key."""
    bench.given("intake.rating", "\n".join([RATED, *(f"{row} | r{n}" for n, row in enumerate(rows, 1))]))
    bench.run(table)


@pytest.mark.parametrize(
    ("second", "scale", "found"),
    [
        ((80, 90, 60), "0-100", ["S1"]),
        ((80, 90, 61), "0-100", []),
        ((80, 90, 60), "0-10", []),  # nine numbers may be the same again on a short scale
    ],
)
def test_a_session_with_all_the_ratings_of_another_one_is_asked_about(
    run_models: ModelBench, second: tuple[int, int, int], scale: str, found: list[str]
) -> None:
    first = [(85, 95, 70), (70, 75, 40), (80, 90, 60)]
    rows = [f"S1 | {no} | {n} | {b} | {p} | {e} | {scale}" for no, several in ((3, first), (5, [*first[:2], second]))
            for n, (b, p, e) in enumerate(several, 1)]  # fmt: skip
    rated(run_models, "core.subject_rating", rows)
    assert asked(run_models, "core.subject_rating", "ratings_copied") == found


@pytest.mark.parametrize(
    ("n", "scale", "last", "found"),
    [(6, "0-100", 40, ["S1"]), (6, "0-100", 41, []), (5, "0-100", 40, []), (6, "0-10", 40, [])],
)
def test_a_participant_whose_exercises_are_all_alike_is_asked_about(
    run_models: ModelBench, n: int, scale: str, last: int, found: list[str]
) -> None:
    rows = [f"S1 | {no} | 1 | 70 | 80 | {last if no == n else 40} | {scale}" for no in range(1, n + 1)]
    rated(run_models, "core.subject_rating", rows)
    assert asked(run_models, "core.subject_rating", "ratings_uniform") == found


@pytest.mark.parametrize(
    ("others", "n", "last", "found"),
    [
        (["S2", "S3"], 2, 40, ["S1", "S2", "S3"]),
        (["S2", "S3"], 2, 41, ["S2", "S3"]),
        (["S2", "S3"], 1, 40, ["S2", "S3"]),  # the one that was copied
        (["S2"], 2, 40, ["S2"]),
    ],
)
def test_two_exercises_alike_are_asked_about_where_those_of_two_others_are_alike(
    run_models: ModelBench, others: list[str], n: int, last: int, found: list[str]
) -> None:
    rows = [f"{who} | {no} | 1 | 60 | 75 | 30 | 0-100" for who in others for no in range(1, 7)]
    rows += [f"S1 | {no} | 1 | 70 | 80 | {last if no == n else 40} | 0-100" for no in range(1, n + 1)]
    rated(run_models, "core.subject_rating", rows)
    assert asked(run_models, "core.subject_rating", "ratings_uniform") == found


@pytest.mark.parametrize(("last", "found"), [(50, ["S1"]), (51, [])])
def test_a_participant_who_rates_one_number_only_is_asked_about(run_models: ModelBench, last: int, found: list[str]) -> None:
    rows = [f"S1 | {n} | 1 | 50 | 50 | {end} | 0-100" for n, end in ((3, 50), (4, 50), (5, last))]
    rated(run_models, "core.subject_rating", rows)
    assert asked(run_models, "core.subject_rating", "ratings_uniform") == found


@pytest.mark.parametrize(
    ("rising", "others_fall", "found"),
    [
        (6, True, ["S1"]),
        (5, True, ["S1"]),  # 83 %
        (4, True, []),  # 67 %
        (6, False, []),  # a site where nobody's fear falls has its columns exchanged: another rule
    ],
)
def test_one_participant_whose_fear_rises_among_others_whose_fear_falls_is_asked_about(
    run_models: ModelBench, rising: int, others_fall: bool, found: list[str]
) -> None:
    ends = [70] * rising + [40] * (6 - rising)
    rows = [f"S1 | {n} | 1 | 60 | 80 | {end} | 0-100" for n, end in enumerate(ends, 1)]
    rows += [f"S2 | {n} | 1 | 60 | 80 | {40 if others_fall else 60} | 0-100" for n in range(1, 21)]
    rated(run_models, "core.subject_rating", rows)
    assert asked(run_models, "core.subject_rating", "suds_rises") == found


@pytest.mark.parametrize(
    ("odd", "others", "found"),
    [
        ("45.5", 30, ["r1"]),
        ("45", 30, []),
        ("45.5", 20, []),  # too few ratings to know how the site rates
    ],
)
def test_a_rating_that_is_no_whole_number_among_whole_ones_is_asked_about(
    run_models: ModelBench, odd: str, others: int, found: list[str]
) -> None:
    rows = [f"S1 | 1 | 1 | 80 | 90 | {odd} | 0-100", *(f"S2 | {n} | 1 | 80 | 90 | 40 | 0-100" for n in range(others))]
    rated(run_models, "core.rating_odd", rows)
    assert asked(run_models, "core.rating_odd", "suds_not_whole") == found


@pytest.mark.parametrize(("end", "found"), [("2.5", ["r1"]), ("25", []), ("30", [])])
def test_on_0_to_10_halves_are_whole_and_parts_of_them_are_asked_about(run_models: ModelBench, end: str, found: list[str]) -> None:
    """25 is 2,5 as sent; 2.5 is 0,25: the comma in another place."""
    rows = [f"S1 | 1 | 1 | 80 | 90 | {end} | 0-10", *(f"S2 | {n} | 1 | 75 | 90 | 35 | 0-10" for n in range(30))]
    rated(run_models, "core.rating_odd", rows)
    assert asked(run_models, "core.rating_odd", "suds_not_whole") == found


def test_a_site_that_rates_in_halves_is_not_asked_about_them(run_models: ModelBench) -> None:
    rated(run_models, "core.rating_odd", [f"S1 | {n} | 1 | 80 | 90 | {40 if n % 10 else 40.5} | 0-100" for n in range(60)])
    assert asked(run_models, "core.rating_odd", "suds_not_whole") == []


def test_whole_ratings_on_1_to_100_are_whole(run_models: ModelBench) -> None:
    """40 on 1-100 is 39.393939... on 0-100."""
    rated(run_models, "core.rating_odd", [f"S1 | {n} | 1 | {(80 - 1) / 0.99} | 100 | {(40 - 1) / 0.99} | 1-100" for n in range(60)])
    assert asked(run_models, "core.rating_odd", "suds_not_whole") == []


@pytest.mark.parametrize(
    ("begin", "peak", "usual", "found"),
    [(6, 65, 60, ["r1"]), (6, 45, 60, []), (11, 65, 60, []), (0, 65, 60, ["r1"]), (0, 45, 60, []), (6, 65, 30, [])],
)
def test_a_beginning_that_lost_a_digit_is_asked_about(run_models: ModelBench, begin: int, peak: int, usual: int, found: list[str]) -> None:
    rows = [f"S1 | 1 | 1 | {begin} | {peak} | 30 | 0-100", *(f"S1 | {n} | 1 | {usual} | 80 | 30 | 0-100" for n in range(2, 6))]
    rated(run_models, "core.rating_odd", rows)
    assert asked(run_models, "core.rating_odd", "suds_begin_low") == found


def test_a_beginning_that_lost_a_digit_is_seen_beside_its_own_session(run_models: ModelBench) -> None:
    """Somebody whose fear has fallen to 30 in most sessions, but not in this one."""
    first = [f"S1 | 1 | {n} | {begin} | 80 | 30 | 0-100" for n, begin in ((1, 70), (2, 65), (3, 6))]
    rated(run_models, "core.rating_odd", [*first, *(f"S1 | {n} | 1 | 30 | 35 | 10 | 0-100" for n in range(2, 8))])
    assert asked(run_models, "core.rating_odd", "suds_begin_low") == ["r3"]


@pytest.mark.parametrize(("others", "found"), [(60, ["r1"]), (30, [])])
def test_the_only_rating_of_a_participant_is_seen_beside_the_sites(run_models: ModelBench, others: int, found: list[str]) -> None:
    rest = [f"S{n} | 1 | 1 | {others} | 80 | 30 | 0-100" for n in range(2, 6)]
    rated(run_models, "core.rating_odd", ["S1 | 1 | 1 | 0 | 65 | 30 | 0-100", *rest])
    assert asked(run_models, "core.rating_odd", "suds_begin_low") == found


@pytest.mark.parametrize(
    ("begins", "found"),
    [
        ([70, 0, 60, 55], ["r2"]),
        ([70, 65, 60, 0], ["r4"]),  # the last one, after one that began high
        ([70, 60, 50, 0, 0], []),  # and stays away
        ([45, 0, 30, 45], []),  # the next one begins at 30
        ([70, 0, 30, 20], []),  # an exercise usually begins at 25
    ],
)
def test_a_session_without_any_fear_between_sessions_with_much_is_asked_about(
    run_models: ModelBench, begins: list[int], found: list[str]
) -> None:
    rated(run_models, "core.rating_odd", [f"S1 | {n} | 1 | {b} | {b} | {b // 2} | 0-100" for n, b in enumerate(begins, 1)])
    assert asked(run_models, "core.rating_odd", "suds_begin_low") == found


@pytest.mark.parametrize(
    ("day", "others", "found"),
    [
        ("2024-03-07", [16] * 7, ["x"]),  # 7 March for 3 July: 119 days before the 4th
        ("2024-05-05", [15] * 7, ["x"]),  # 60 days, four times 15
        ("2024-05-06", [15] * 7, []),
        ("2024-04-25", [15, 15, 15, 15, 15, 36, 36], []),  # 70 days; two of the others wait for 36
        ("2024-03-07", [16] * 6, []),  # seven participants do not tell
        ("2023-07-03", [16] * 7, []),  # a year: another rule
    ],
)
def test_a_consent_long_before_randomization_as_the_site_goes_is_asked_about(
    run_models: ModelBench, day: str, others: list[int], found: list[str]
) -> None:
    rows = [f"s{n} | {date(2024, 7, 4) - timedelta(days=wait)} | s{n}" for n, wait in enumerate(others)] + [f"x | {day} | x"]
    run_models.given(
        "core.subject", "subject_id | consented_on::DATE | record_key | randomized_on::DATE | unit::INTEGER | study | site | source_file | "
        "source_row::BIGINT\n" + "\n".join(f"{row} | 2024-07-04 | 0 | t01 | 01 | f | 1" for row in rows),
    )  # fmt: skip
    run_models.run("core.consent_gap")
    assert asked(run_models, "core.consent_gap", "consent_gap_unlike_site") == found


@pytest.mark.parametrize(
    ("minutes", "usual", "n", "found"),
    [
        (150, [90], 20, ["x"]),
        (45, [90], 20, ["x"]),
        (134, [90], 20, []),
        (150, [70, 110], 20, []),  # a site whose sessions take as long as they take
        (150, [90], 19, []),  # too few to tell
    ],
)
def test_a_session_an_hour_longer_than_usual_is_asked_about(
    run_models: ModelBench, minutes: int, usual: list[int], n: int, found: list[str]
) -> None:
    lengths = [("S1", k, usual[k % len(usual)], f"s{k}") for k in range(n - 1)] + [("S2", 1, minutes, "x")]
    run_models.given(
        "core.session", "subject_id | session_no | ended_at_utc::TIMESTAMPTZ | record_key | unit::INTEGER | study | site | "
        "source_file | source_row::BIGINT | attended::BOOLEAN | started_at_utc::TIMESTAMPTZ\n"
        + "\n".join(
            f"{one} | {k} | 2024-03-05 {10 + length // 60}:{length % 60:02d}:00+00 | {key} | 0 | t01 | 01 | f | 1 | true | "
            "2024-03-05 10:00:00+00"
            for one, k, length, key in lengths
        ),
    )  # fmt: skip
    run_models.run("core.session_length")
    assert asked(run_models, "core.session_length", "session_length_unlike_site") == found


@pytest.mark.parametrize(
    ("delay", "usual", "n", "found"),
    [
        (75, [15], 20, ["x"]),
        (54, [15], 20, []),
        (75, [5, 60], 20, []),  # a site that begins whenever it suits
        (75, [15], 18, []),  # too few to tell
    ],
)
def test_an_exposure_an_hour_later_than_usual_is_asked_about(
    run_models: ModelBench, delay: int, usual: list[int], n: int, found: list[str]
) -> None:
    held = [f"S1 | {k} | 2024-03-05 10:{usual[k % len(usual)]:02d}:00+00 | s{k}" if usual[k % len(usual)] < 60
            else f"S1 | {k} | 2024-03-05 11:00:00+00 | s{k}" for k in range(n - 1)]  # fmt: skip
    held.append(f"S2 | 1 | 2024-03-05 {10 + delay // 60}:{delay % 60:02d}:00+00 | x")
    run_models.given(
        "core.session", "subject_id | session_no | exposure_started_at_utc::TIMESTAMPTZ | record_key | unit::INTEGER | study | site | "
        "source_file | source_row::BIGINT | attended::BOOLEAN | started_at_utc::TIMESTAMPTZ\n"
        + "\n".join(f"{row} | 0 | t01 | 01 | f | 1 | true | 2024-03-05 10:00:00+00" for row in held),
    )  # fmt: skip
    run_models.run("core.exposure_delay")
    assert asked(run_models, "core.exposure_delay", "exposure_delay_odd") == found


@pytest.mark.parametrize(
    ("delays", "found"),
    [
        ([0] + [15] * 19, ["s0"]),
        ([0] + [15] * 18, []),  # too few to tell
        ([0] + [4] * 19, []),  # exposures begin soon after the start anyway
        ([0, 0] + [15] * 38, []),  # two of forty: some do begin at once
        ([0, 0] + [15] * 398, ["s0", "s1"]),
    ],
)
def test_an_exposure_that_begins_with_its_session_is_asked_about_where_hardly_any_does(
    run_models: ModelBench, delays: list[int], found: list[str]
) -> None:
    held = [f"S{k} | 3 | 2024-03-05 10:{delay:02d}:00+00 | s{k} | 0 | t01 | 01 | f | 1 | true | 2024-03-05 10:00:00+00"
            for k, delay in enumerate(delays)]  # fmt: skip
    run_models.given(
        "core.session", "subject_id | session_no | exposure_started_at_utc::TIMESTAMPTZ | record_key | unit::INTEGER | study | site | "
        "source_file | source_row::BIGINT | attended::BOOLEAN | started_at_utc::TIMESTAMPTZ\n" + "\n".join(held),
    )  # fmt: skip
    run_models.run("core.exposure_delay")
    assert asked(run_models, "core.exposure_delay", "exposure_at_start") == found


@pytest.mark.parametrize(
    ("session_no", "n_others", "n_others_blank", "fault", "found"),
    [
        (4, 10, 0, "", ["x"]),  # sessions with a planned dose are of one kind
        (4, 9, 0, "", []),  # too few to tell
        (4, 20, 1, "", ["o0", "x"]),
        (4, 20, 2, "", []),  # one of ten is blank at the site
        (4, 10, 0, "unreadable", []),  # told elsewhere
        (1, 10, 0, "", []),  # a session without exposure
    ],
)
def test_a_blank_start_of_the_exposure_is_asked_about_where_the_sites_others_have_one(
    run_models: ModelBench, session_no: int, n_others: int, n_others_blank: int, fault: str, found: list[str]
) -> None:
    day = "2024-03-05"
    rows = [f"O{n} | 3 | true | {day} 14:00:00 | {day} {'14:15:00' if n >= n_others_blank else ''} |  | o{n}".replace(f"{day}  |", " |")
            for n in range(n_others)]  # fmt: skip
    rows.append(f"S1 | {session_no} | true | {day} 14:00:00 |  | {fault} | x")
    subject = "subject_id | consented_on\n" + "\n".join(f"{r.split(' ')[0]} | 2024-01-01" for r in rows)
    session = "subject_id | session_no | attended | started_at | exposure_started_at | exposure_started_at_fault | record_key\n"
    course(run_models, subject=subject, session=session + "\n".join(rows)).run("core.exposure_gap")
    assert sorted(asked(run_models, "core.exposure_gap", "exposure_start_missing")) == found


@pytest.mark.parametrize(
    ("blanks", "n", "found"),
    [
        (["70 | 80 | "], 20, [("suds_blank", "x0")]),
        ([" | 80 | 40", "70 | | 40"], 20, [("suds_blank", "x0"), ("suds_blank", "x1")]),  # one each in its column
        (["70 | 80 | "], 19, [("suds_blank_usual", "x0")]),  # too few to tell
        (["70 | 80 | ", "70 | 80 | "], 199, [("suds_blank_usual", "x0"), ("suds_blank_usual", "x1")]),
        (["70 | 80 | ", "70 | 80 | "], 200, [("suds_blank", "x0"), ("suds_blank", "x1")]),
        (["70 | | 40"] * 10, 20, []),  # the site does not ask for the peak
        (["70 | 80 | 40"], 20, []),
    ],
)
def test_a_blank_rating_is_asked_about_where_hardly_any_is_blank_and_else_noted(
    run_models: ModelBench, blanks: list[str], n: int, found: list[tuple[str, str]]
) -> None:
    rows = [f"S1 | {k} | 1 | {cells} | 0-100 | x{k}" for k, cells in enumerate(blanks)]
    rows += [f"S2 | {k} | 1 | 70 | 80 | 40 | 0-100 | o{k}" for k in range(n - len(blanks))]
    run_models.given("mapped.rating", "\n".join([RATED, *rows]))
    run_models.given("mapped.subject", "subject_id\nS1\nS2")
    run_models.run("core.rating_gap")
    assert sorted((rule, key) for rule, _, key in run_models.judge("core.rating_gap")) == found


@pytest.mark.parametrize(
    ("raw", "found"),
    [("", ["suds_blank"]), ("viel", []), ("-9", [])],  # unreadable, declared missing
)
def test_a_rating_that_says_something_is_not_blank(run_models: ModelBench, raw: str, found: list[str]) -> None:
    columns = f"{RATED.replace('end_suds', 'end_suds | end_suds_raw')}\n"
    rows = "\n".join(f"S1 | {k} | 1 | 70 | 80 | 40 | 40 | 0-100 | o{k}" for k in range(19))
    run_models.given("intake.rating", f"{columns}{rows}\nS1 | 20 | 1 | 70 | 80 |  | {raw} | 0-100 | x")
    run_models.run("core.rating_gap")
    assert [rule for rule, _, _ in run_models.judge("core.rating_gap")] == found


@pytest.mark.parametrize(
    ("ages", "weights", "found"),
    [
        ([31, 47, 22, 58, 40, 36, 51, 29], [80.5, 61, 74, 92, 55.5, 70, 66, 81], []),
        ([31, 47, 48, 49, 50, 51, 52, 29], [80.5, 61, 74, 92, 55.5, 70, 66, 81], ["ages_run 2-7"]),  # counts up
        ([31, 47, 48, 49, 50, 51, 60, 29], [80.5, 61, 74, 92, 55.5, 70, 66, 81], []),  # five rows only
        ([31, 47, 22, 58, 40, 36, 51, 29], [80.5, 61, 61, 61, 61, 61, 61, 81], ["weights_run 2-7"]),  # dragged down
        ([31, 47, 22, 58, 40, 36, 51, 29], [60, 61, 62, 63, 64, 65, 66, 67], ["weights_run 1-8"]),  # the whole column
        ([20, 21, 22, 23, 24, 25, 25, 26], [80.5, 61, 74, 92, 55.5, 70, 66, 81], []),  # a file sorted by age
        ([31, 47, None, 48, 49, 50, 51, 29], [80.5, 61, 61, 61, None, 61, 61, 61], []),  # blanks between
    ],
)
def test_ages_and_weights_that_repeat_or_count_up_in_the_file_are_asked_about(
    run_models: ModelBench, ages: list[int | None], weights: list[float | None], found: list[str]
) -> None:
    cells = [["" if v is None else v for v in pair] for pair in zip(ages, weights, strict=True)]
    rows = [f"S{n} | {age} | {kg} | {n} | {n}" for n, (age, kg) in enumerate(cells, 1)]
    run_models.given(
        "core.subject", "subject_id | age_years::DOUBLE | weight_kg::DOUBLE | record_key | source_row::BIGINT | unit::INTEGER | study | "
        "site | source_file | consented_on::DATE | randomized_on::DATE\n"
        + "\n".join(f"{row} | 0 | t01 | 01 | f | |" for row in rows),
    )  # fmt: skip
    run_models.run("core.subject_run")
    told = {rule: asked(run_models, "core.subject_run", rule) for rule in ("ages_run", "weights_run")}
    assert [f"{rule} {keys[0]}-{keys[-1]}" for rule, keys in told.items() if keys] == found


def scored(bench: ModelBench, pomps: list[float | None], answers: str = "[1, 2]", n_answered: int = 48) -> None:
    """Visits 0, 1, 2 ... of one participant with the primary outcome on 0-100; the first one is the baseline."""
    rows = [(n, p) for n, p in enumerate(pomps) if p is not None]
    bench.given(
        "core.primary", "study | site | subject_id | form_id::BIGINT | pomp::DOUBLE | visit_order::INTEGER | is_baseline::BOOLEAN | "
        "is_used::BOOLEAN\n"
        + "\n".join(f"t01 | 01 | S1 | {n} | {p} | {n} | {n == 0} | true" for n, p in rows),
    )  # fmt: skip
    bench.given(
        "core.form", "unit::INTEGER | form_id::BIGINT | item_values::DOUBLE[] | n_answered::INTEGER | n_items::INTEGER | record_key | "
        "source_file | source_row::BIGINT | lowest_answer::DOUBLE | highest_answer::DOUBLE\n"
        + "\n".join(
            f"0 | {n} | {shown} | {n_answered} | 48 | v{n} | f | 1 | {shown[1]} | {shown[4]}"
            for n, shown in ((n, answers if n == len(pomps) - 1 else "[1, 2]") for n, _ in rows)
        ),
    )  # fmt: skip
    bench.run("core.score_jump")


@pytest.mark.parametrize(
    ("pomps", "found"),
    [
        ([70, 60, 45, 30], []),
        ([70, 20, 65, 60], ["v1"]),  # far away at one visit only
        ([70, 31, 65, 60], []),
        ([30, 80], ["v1"]),  # worse by half of the scale
        ([30, 79], []),
        ([80, 20], []),  # a cure
        ([70, None, 60], []),
    ],
)
def test_an_outcome_that_jumps_is_asked_about(run_models: ModelBench, pomps: list[float | None], found: list[str]) -> None:
    scored(run_models, pomps)
    assert asked(run_models, "core.score_jump", "score_jumps") == found


@pytest.mark.parametrize(
    ("pomps", "answers", "n_answered", "found"),
    [
        ([66.7], "[2, 2]", 48, ["v0"]),
        ([66.7], "[2, 2]", 19, []),  # a short form may be the same throughout
        ([60, 100], "[4, 4]", 7, ["v1"]),  # but not at its highest
        ([60, 100], "[4, 4]", 6, []),
        ([0], "[0, 0]", 48, ["v0"]),  # nobody is well at baseline
        ([60, 0], "[0, 0]", 48, ["v1"]),
        ([60, 20, 0], "[0, 0]", 48, []),  # cured step by step
        ([60, 50], "[1, 2]", 48, []),
    ],
)
def test_answers_that_are_all_the_same_are_asked_about(
    run_models: ModelBench, pomps: list[float | None], answers: str, n_answered: int, found: list[str]
) -> None:
    scored(run_models, pomps, answers, n_answered)
    assert asked(run_models, "core.score_jump", "answers_uniform") == found


@pytest.mark.parametrize(
    ("answers", "beside", "found"),
    [
        ([3] * 15 + [0] * 5, [2] * 20, ["v1"]),  # 1 of 15,504 ways
        ([3] * 16 + [0] * 4, [2] * 20, []),
        ([0, *[3] * 14, *[0] * 5], [2] * 20, []),  # 15 of 38,760
        ([3] * 15 + [0] * 5, [2] * 17 + [0] * 3, []),  # three of the five were so before
        ([3] * 15 + [1] * 5, [2] * 20, ["v1"]),  # the lowest of a scale that begins at 1
        ([3] * 15 + [0] * 5, [2] * 19, []),  # the other form is not whole
    ],
)
def test_answers_that_stop_before_the_end_are_asked_about(
    run_models: ModelBench, answers: list[int], beside: list[int], found: list[str]
) -> None:
    run_models.given(
        "core.primary", "study | site | subject_id | form_id::BIGINT | pomp::DOUBLE | visit_order::INTEGER | is_baseline::BOOLEAN | "
        "is_used::BOOLEAN\nt01 | 01 | S1 | 0 | 60 | 0 | true | true\nt01 | 01 | S1 | 1 | 50 | 1 | false | true",
    )  # fmt: skip
    run_models.given(
        "core.form", "unit::INTEGER | form_id::BIGINT | item_values::DOUBLE[] | n_answered::INTEGER | n_items::INTEGER | record_key | "
        "source_file | source_row::BIGINT | lowest_answer::DOUBLE | highest_answer::DOUBLE\n"
        + "\n".join(f"0 | {n} | {v} | {len(v)} | 20 | v{n} | f | 1 | {min(v)} | {max(v)}" for n, v in enumerate((beside, answers))),
    )  # fmt: skip
    run_models.run("core.score_jump")
    assert asked(run_models, "core.score_jump", "answers_stop") == found


def courses(bench: ModelBench, levels: dict[str, list[int]]) -> None:
    """Five visits of each participant; every other one of 20 answers is one above the level."""
    forms = [(who, visit, level) for who, course in levels.items() for visit, level in enumerate(course)]
    bench.given(
        "core.primary", "study | site | subject_id | form_id::BIGINT | pomp::DOUBLE | visit_order::INTEGER | is_baseline::BOOLEAN | "
        "is_used::BOOLEAN\n"
        + "\n".join(
            f"t01 | 01 | {who} | {n} | {10 * level} | {visit} | {visit == 0} | true" for n, (who, visit, level) in enumerate(forms)
        ),
    )  # fmt: skip
    bench.given(
        "core.form", "unit::INTEGER | study | site | subject_id | form_id::BIGINT | item_values::DOUBLE[] | n_answered::INTEGER | "
        "n_items::INTEGER | record_key | source_file | source_row::BIGINT | lowest_answer::DOUBLE | highest_answer::DOUBLE\n"
        + "\n".join(
            f"0 | t01 | 01 | {who} | {n} | {[level, level + 1] * 10} | 20 | 20 | {who} {visit} | f | {n} | {level} | {level + 1}"
            for n, (who, visit, level) in enumerate(forms)
        ),
    )  # fmt: skip
    bench.run("core.form_place")


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"P0": [2, 2, 7, 2, 2], "P1": [7, 7, 2, 7, 7]}, ["P0 2", "P1 2"]),  # each fits the other's third visit
        ({"P0": [2, 2, 7, 2, 2], "P1": [7, 7, 7, 2, 7]}, []),  # of another visit
        ({"P0": [2, 2, 7, 2, 2], "P1": [7, 7, 7, 7, 7]}, []),  # one of the two alone
        ({"P0": [2, 2, 7, 2, 2], "P1": [4, 4, 2, 4, 4]}, []),  # it does not fit the other
        ({"P0": [9, 3, 7, 5, 3], "P1": [7, 7, 7, 7, 7]}, []),
        ({"P0": [1, 9, 1, 1, 9], "P1": [7, 7, 7, 7, 7]}, ["P0 0", "P0 4"]),  # the first visit's and the last one's of one participant
        ({"P0": [2, 2, 3, 2, 2], "P1": [3, 3, 2, 3, 3]}, []),  # 10 points apart: three errors and a third
    ],
)
def test_two_forms_that_fit_each_others_place_are_asked_about(
    run_models: ModelBench, changed: dict[str, list[int]], found: list[str]
) -> None:
    courses(run_models, {f"P{n}": [5, 5, 5, 5, 5] for n in range(10)} | changed)
    assert asked(run_models, "core.form_place", "forms_exchanged") == found


def profiles(bench: ModelBench, exchange: tuple[str, str] | None, *, n_alike: int) -> None:
    """Five visits of ten participants who answer in their own way; of each 24 answers `n_alike` are those of everybody else."""
    ways = {f"P{n}": [(i if i < n_alike else (i + 1) * (2 * n + 3) * (n + 5) // 7) % 4 for i in range(24)] for n in range(10)}
    answers = {
        (who, visit): [v + ((i + visit * 5) % 6 == 0) for i, v in enumerate(way)] for who, way in ways.items() for visit in range(5)
    }  # fmt: skip
    if exchange:
        one, other = ((who, 2) for who in exchange)
        answers[one], answers[other] = answers[other], answers[one]
    bench.given(
        "core.primary", "study | site | subject_id | form_id::BIGINT | pomp::DOUBLE | visit_order::INTEGER | is_baseline::BOOLEAN | "
        "is_used::BOOLEAN\n"
        + "\n".join(f"t01 | 01 | {who} | {n} | 50 | {visit} | {visit == 0} | true" for n, (who, visit) in enumerate(answers)),
    )  # fmt: skip
    bench.given(
        "core.form", "unit::INTEGER | study | site | subject_id | form_id::BIGINT | item_values::DOUBLE[] | n_answered::INTEGER | "
        "n_items::INTEGER | record_key | source_file | source_row::BIGINT | lowest_answer::DOUBLE | highest_answer::DOUBLE\n"
        + "\n".join(
            f"0 | t01 | 01 | {who} | {n} | {said} | 24 | 24 | {who} {visit} | f | {n} | 0 | 4"
            for n, ((who, visit), said) in enumerate(answers.items())
        ),
    )  # fmt: skip
    bench.run("core.form_crossing")


@pytest.mark.parametrize(
    ("exchange", "n_alike", "found"),
    [
        (("P3", "P7"), 0, ["P3 2", "P7 2"]),
        (None, 0, []),
        (("P3", "P7"), 24, []),  # everybody answers alike: whose form it is cannot be told
    ],
)
def test_two_forms_whose_answers_go_with_each_others_participant_are_asked_about(
    run_models: ModelBench, exchange: tuple[str, str] | None, n_alike: int, found: list[str]
) -> None:
    profiles(run_models, exchange, n_alike=n_alike)
    assert asked(run_models, "core.form_crossing", "answers_exchanged") == found


def held(bench: ModelBench, rows: dict[str, list[str]], rating: str = "", **given: str) -> None:
    """Sessions `no | attended | day` of participants."""
    bench.given("ref.mapped_field", "unit | table_name | field\n0 | disposition | withdrawn_on")
    for name, text in given.items():
        bench.given(f"mapped.{name}", text)
    lines = [f"{who} | {row}" for who, several in rows.items() for row in several]
    people = "subject_id | randomized_on\n" + "\n".join(f"{who} | 2024-01-01" for who in rows)
    course(bench, subject=people, session="subject_id | session_no | attended | started_at\n" + "\n".join(lines), rating=rating)
    bench.run("core.course_gap")


LONG = [f"{no} | true | 2024-0{1 + no // 4}-{1 + 7 * (no % 4):02d} 10:00:00" for no in range(1, 13)]


@pytest.mark.parametrize(
    ("last_day", "withdrawn", "found"),
    [
        ("2024-01-15", "", ["S2"]),
        ("2024-02-22", "", []),  # 60 days before the site's last session: the course may go on
        ("2024-02-21", "", ["S2"]),
        ("2024-01-15", "S2 | 2024-01-20 | stop", []),
    ],
)
def test_who_stays_away_without_having_withdrawn_is_asked_about(
    run_models: ModelBench, last_day: str, withdrawn: str, found: list[str]
) -> None:
    """The site's records end on 2024-04-22 or, for twelve sessions from 2024-01-08, on the last of them."""
    rows = {"S1": [*LONG[:-1], "12 | true | 2024-04-22 10:00:00"], "S2": [f"1 | true | {last_day} 10:00:00"]}
    held(run_models, rows, disposition="\n".join(["subject_id | withdrawn_on | scope", *([withdrawn] if withdrawn else [])]))
    assert asked(run_models, "core.course_gap", "course_ends_early") == found


@pytest.mark.parametrize(("followed_on", "found"), [("2024-04-15", ["S2"]), ("2024-04-14", []), ("", [])])
def test_who_came_to_a_later_visit_but_to_no_more_sessions_is_asked_about(
    run_models: ModelBench, followed_on: str, found: list[str]
) -> None:
    """The last session is on 2024-02-14; the site's records end six weeks later."""
    rows = {"S1": [*LONG[:-1], "12 | true | 2024-03-27 10:00:00"], "S2": ["3 | true | 2024-02-14 10:00:00"]}
    run_models.given("core.form", f"study | site | subject_id | assessed_on::DATE\nt01 | 01 | S2 | {followed_on}")
    held(run_models, rows, disposition="subject_id | withdrawn_on | scope")
    assert asked(run_models, "core.course_gap", "course_ends_early") == found


@pytest.mark.parametrize(
    ("untaken", "found"),
    [("4 | false | 2024-02-01 10:00:00", ["S2"]), ("4 | true | 2024-02-01 10:00:00", [])],
)
def test_a_session_without_a_record_is_asked_about_where_the_site_also_records_those_not_held(
    run_models: ModelBench, untaken: str, found: list[str]
) -> None:
    held(run_models, {"S1": [*LONG[:3], untaken], "S2": [LONG[0], LONG[1], LONG[3]]})
    assert asked(run_models, "core.course_gap", "session_record_missing") == found


@pytest.mark.parametrize(
    ("raters", "found"),
    [(6, ["S1", "S2", "S3", "S4", "S5"]), (4, [])],  # the file may be cut; hardly anybody rates at this site
)
def test_who_has_no_rating_at_all_is_asked_where_most_have(run_models: ModelBench, raters: int, found: list[str]) -> None:
    people = [*(f"R{n}" for n in range(raters)), *(f"S{n}" for n in range(1, 12 - raters))]
    rating = "subject_id | session_no | exercise_no | begin_suds\n" + "\n".join(f"R{n} | 3 | 1 | 60" for n in range(raters))
    held(run_models, {who: [LONG[2]] for who in people}, rating)
    assert sorted(asked(run_models, "core.course_gap", "ratings_missing")) == found


@pytest.mark.parametrize(("rated_no", "found"), [(2, ["S1"]), (0, [])])
def test_a_session_planned_to_be_dosed_that_nobody_rated_is_asked_about_where_others_are_rated(
    run_models: ModelBench, rated_no: int, found: list[str]
) -> None:
    rows = {"S1": [LONG[1], LONG[2]], **{f"S{n}": [LONG[1]] for n in range(2, 13)}}  # session 3 is dosed, session 2 is not
    rows |= {f"T{n}": [LONG[2]] for n in range(11)}
    rating = "subject_id | session_no | exercise_no | begin_suds\n" + (
        "\n".join(f"S{n} | 2 | 1 | 60" for n in range(1, 13)) if rated_no else ""
    )
    held(run_models, rows, rating)
    assert [who for who in asked(run_models, "core.course_gap", "ratings_missing") if who == "S1"] == found


@pytest.mark.parametrize(("others", "found"), [(10, ["S0"]), (9, [])])
def test_a_session_that_nearly_everybody_rated_is_asked_for_its_ratings(run_models: ModelBench, others: int, found: list[str]) -> None:
    rows = {f"S{n}": [LONG[2]] for n in range(others + 1)}
    rating = "subject_id | session_no | exercise_no | begin_suds\n" + "\n".join(f"S{n} | 3 | 1 | 60" for n in range(1, others + 1))
    held(run_models, rows, rating)
    assert asked(run_models, "core.course_gap", "ratings_missing") == found


def site_forms(
    bench: ModelBench, courses: list[tuple[float, ...]], alike: int = 0, n_items: int = 48, halves: list[tuple[int, int]] | None = None
) -> None:
    """Values of the primary outcome on 0-100 of participants, and how many of their forms have halves that are alike, or
    the answer given all the way down each half of each form."""
    forms = [(who, visit, pomp) for who, course in enumerate(courses) for visit, pomp in enumerate(course)]
    bench.given(
        "core.primary", "study | site | subject_id | form_id::BIGINT | pomp::DOUBLE | visit_order::INTEGER | is_used::BOOLEAN | "
        "is_baseline::BOOLEAN\n"
        + "\n".join(f"t01 | 01 | S{who} | {n} | {pomp} | {visit} | true | {visit == 0}" for n, (who, visit, pomp) in enumerate(forms)),
    )  # fmt: skip
    answers = halves or [(1, 1 if n < alike else 2) for n in range(len(forms))]
    of_form = [[first] * (n_items // 2) + [second] * (n_items // 2) for first, second in answers]
    bench.given(
        "core.form", "unit::INTEGER | form_id::BIGINT | item_values::DOUBLE[] | n_answered::INTEGER | n_items::INTEGER | source_file | "
        "record_key | source_row::BIGINT | lowest_answer::DOUBLE | highest_answer::DOUBLE\n"
        + "\n".join(
            f"0 | {n} | {of_form[n]} | {n_items} | {n_items} | f | v{n} | {n} | 1 | 2" for n in range(len(forms))
        ),
    )  # fmt: skip
    bench.run("core.site_score")


@pytest.mark.parametrize(
    ("worse", "better", "found"),
    [(8, 0, ["01"]), (8, 2, ["01"]), (7, 3, []), (7, 0, [])],  # of ten seven are not nearly all; seven alone are too few
)
def test_a_site_whose_participants_nearly_all_grow_worse_is_asked_about(
    run_models: ModelBench, worse: int, better: int, found: list[str]
) -> None:
    site_forms(run_models, [(40, 60)] * worse + [(60, 40)] * better)
    assert asked(run_models, "core.site_score", "scores_rise_site") == found


@pytest.mark.parametrize(
    ("low", "high", "first", "found"),
    [(6, 2, 50, ["01"]), (6, 4, 50, ["01"]), (5, 5, 50, []), (6, 2, 51, []), (6, 1, 50, [])],  # 60 of 100 are most; seven are too few
)
def test_a_site_whose_baselines_are_nearly_all_far_lower_than_the_next_visit_is_asked_about(
    run_models: ModelBench, low: int, high: int, first: int, found: list[str]
) -> None:
    site_forms(run_models, [(first, 60)] * low + [(62, 60)] * high)
    assert asked(run_models, "core.site_score", "baseline_low_site") == found


@pytest.mark.parametrize(
    ("last", "found"),
    [
        ([42, 38, 45], ["01"]),  # each is nearer to the visit above it, of another participant, than to the own next
        ([42, 38], []),
        ([42, 38, 71, 45], []),  # two more than others are too few
        ([42, 38, 71, 45, 40], ["01"]),
        ([62, 63, 62], []),  # less than ten of 100 below the next visit is no sign
        ([42, 38, 10], []),  # 10 is as far from 40 above as from 40 below
    ],
)
def test_a_file_that_ends_in_baselines_like_the_form_above_them_is_asked_about(
    run_models: ModelBench, last: list[int], found: list[str]
) -> None:
    site_forms(run_models, [(70, 55, 40)] * 4 + [(first, 70 if first > 10 else 40, 55 if first != 38 else 40) for first in last])
    assert asked(run_models, "core.site_score", "baseline_low_site") == found


@pytest.mark.parametrize(
    ("odd", "usual", "n", "found"),
    [
        ((5, 2, 5), 0, 30, ["odd"]),  # three of six steps down and up again
        ((5, 2, 4), 0, 30, []),  # two steps up
        ((5, 2, 1), 0, 30, []),  # it goes on falling
        ((5, 2, 5), 0, 29, []),  # 29 forms do not tell what is usual
        ((6, 2, 6), 0.5, 30, ["odd"]),  # 66.7 of 100 from the middle; usually 8.3
        ((5, 2, 6), 0.5, 30, []),  # 58.3, seven times as far
    ],
)
def test_a_rating_far_from_those_of_both_visits_beside_it_is_asked_about_where_it_is_rare(
    run_models: ModelBench, odd: tuple[int, int, int], usual: float, n: int, found: list[str]
) -> None:
    courses = [odd] + [(5, 5 - usual, 5)] * (n - 1)
    forms = [(who, visit, v) for who, course in enumerate(courses) for visit, v in enumerate(course)]
    run_models.given(
        "core.score", "form_id::BIGINT | instrument | paramcd | scale_no::INTEGER | pomp::DOUBLE | is_used::BOOLEAN\n"
        + "\n".join(f"{i} | CGI-S | CGI | 1 | {100 * (v - 1) / 6} | true" for i, (_, _, v) in enumerate(forms)),
    )  # fmt: skip
    run_models.given(
        "core.form_visit", "study | site | subject_id | form_id::BIGINT | visit_order::INTEGER\n"
        + "\n".join(f"t01 | 01 | S{who} | {i} | {visit}" for i, (who, visit, _) in enumerate(forms)),
    )  # fmt: skip
    run_models.given(
        "core.form", "unit::INTEGER | form_id::BIGINT | record_key | source_file | source_row::BIGINT\n"
        + "\n".join(f"0 | {i} | {'odd' if i == 1 else i} | f | {i}" for i in range(len(forms))),
    )  # fmt: skip
    run_models.run("core.scale_jump")
    assert asked(run_models, "core.scale_jump", "scale_jumps") == found


@pytest.mark.parametrize(
    ("alike", "n_items", "found"),
    [(6, 48, ["01"]), (3, 48, ["01"]), (2, 48, []), (6, 10, [])],  # a short scale's halves may well be alike
)
def test_a_site_whose_forms_have_one_half_twice_is_asked_about(run_models: ModelBench, alike: int, n_items: int, found: list[str]) -> None:
    site_forms(run_models, [(60, 40)] * 3, alike, n_items)
    assert asked(run_models, "core.site_score", "halves_alike_site") == found


@pytest.mark.parametrize(
    ("halves", "n_items", "found"),
    [
        ([(0, 3), (1, 2), (3, 0)] * 10, 48, ["01"]),  # where fear is high avoidance is low
        ([(0, 3), (1, 2), (3, 0)] * 9, 48, []),  # 27 forms are few
        ([(0, 1), (2, 2), (3, 2)] * 10, 48, []),
        ([(0, 3), (1, 2), (3, 0)] * 10, 10, []),
        ([(1, 1)] * 30, 48, []),  # forms that are all the same have no correlation
    ],
)
def test_a_site_whose_fear_is_high_where_its_avoidance_is_low_is_asked_about(
    run_models: ModelBench, halves: list[tuple[int, int]], n_items: int, found: list[str]
) -> None:
    site_forms(run_models, [(60, 40)] * (len(halves) // 2), n_items=n_items, halves=halves)
    assert asked(run_models, "core.site_score", "halves_against_site") == found


@pytest.mark.parametrize(
    ("zeros", "low", "others", "found"),
    [
        (6, 2, 32, ["01|0-100"]),
        (6, 3, 31, []),  # fear falls to zero and passes the numbers above it
        (4, 0, 36, []),
        (6, 0, 33, []),  # too few ratings
    ],
)
def test_a_site_whose_fear_often_ends_at_zero_and_hardly_ever_above_it_is_asked_about(
    run_models: ModelBench, zeros: int, low: int, others: int, found: list[str]
) -> None:
    ends = [0] * zeros + [10] * low + [50] * others
    rated(run_models, "core.site_rating", [f"S1 | {n} | 1 | 80 | 90 | {end} | 0-100" for n, end in enumerate(ends)])
    assert asked(run_models, "core.site_rating", "suds_zero_suspect_site") == found


@pytest.mark.parametrize(
    ("highest", "at_highest", "found"),
    [(80, 5, ["01|0-10"]), (90, 5, []), (80, 4, []), (70, 9, [])],
)
def test_ratings_on_0_to_10_that_reach_8_and_never_pass_it_look_like_0_to_8(
    run_models: ModelBench, highest: int, at_highest: int, found: list[str]
) -> None:
    peaks = [highest] * at_highest + [60] * (34 - at_highest)
    rated(run_models, "core.site_rating", [f"S1 | {n} | 1 | 50 | {peak} | 40 | 0-10" for n, peak in enumerate(peaks)])
    assert asked(run_models, "core.site_rating", "suds_scale_short_site") == found


@pytest.mark.parametrize(
    ("changes", "primary", "found"),
    [
        ([5] * 9, [-5] * 9, ["01|PHQ-9"]),  # nine of nine: 9 / sqrt(9) = 3 standard deviations
        ([5] * 8, [-5] * 8, []),  # as a coin may fall
        ([5] * 9, [5] * 9, []),  # the primary outcome grows worse as well: it is asked about
        ([-5] * 9, [-5] * 9, []),
        ([5] * 12 + [-5], [-5] * 13, ["01|PHQ-9"]),  # 11 / sqrt(13) = 3.05
        ([5] * 11 + [-5], [-5] * 12, []),  # 10 / sqrt(12) = 2.9
    ],
)
def test_a_questionnaire_that_grows_worse_while_the_primary_outcome_gets_better_is_asked_about(
    run_models: ModelBench, changes: list[float], primary: list[float], found: list[str]
) -> None:
    forms, first = [], "unit::INT | study | site | subject_id | form_id::BIGINT | instrument | paramcd | scale_no::INT | pomp::DOUBLE | "
    for who, both in enumerate(zip(primary, changes, strict=True)):
        for name, change in zip(("LSAS | LSASTOT", "PHQ-9 | PHQ9TOT"), both, strict=True):
            for visit in (0, 1):
                n = len(forms)
                forms.append(f"0 | t01 | 01 | P{who} | {n} | {name} | 1 | {50 + visit * change} | {visit} | true | f")
    text = first + "visit_order::INT | is_used::BOOLEAN | source_file\n" + "\n".join(forms)
    for table in ("core.form", "core.form_visit", "core.score"):
        run_models.given(table, text)
    run_models.given("core.primary", "\n".join([text.splitlines()[0], *(f for f in forms if "LSASTOT" in f)]))
    run_models.run("core.site_scale")
    assert asked(run_models, "core.site_scale", "scores_against_primary_site") == found


@pytest.mark.parametrize(
    ("ends", "first", "found"),
    [
        ([40, 41, 42, 43, 44, 45, 46, 47], 11, list(range(12, 19))),  # dragged from 40: of six that are not of fives the first is 41
        ([40, 41, 42, 43, 44, 45, 46, 46], 11, []),  # five of them
        ([41, 43, 45, 47, 49, 51, 53, 55], 11, []),  # two more each
        ([40, 45, 50, 55, 60, 65, 70, 75], 11, []),
        ([47, 46, 45, 44, 43, 42, 41, 40], 11, []),  # counts down, as fear does
    ],
)
def test_ratings_that_count_up_from_row_to_row_of_the_file_are_asked_about(
    run_models: ModelBench, ends: list[int], first: int, found: list[int]
) -> None:
    usual = [(70, 40)] * (first - 1)
    rows = [(n, b, e) for n, (b, e) in enumerate([*usual, *((70, e) for e in ends), (60, 30)], 1)]
    run_models.given(
        "intake.rating",
        f"{RATED} | source_file | source_row::BIGINT | unit::INTEGER | study | site\n"
        + "\n".join(f"S1 | {n} | 1 | {b} | 80 | {e} | 0-100 | r{n} | f | {n} | 0 | t01 | 01" for n, b, e in rows),
    )  # fmt: skip
    run_models.run("core.rating_odd")
    assert sorted(asked(run_models, "core.rating_odd", "ratings_run")) == sorted(f"r{n}" for n in found)
