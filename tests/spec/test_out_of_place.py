"""Values that are likely by themselves and stand in the wrong place: a year, a row, a digit or a half away, or copied from the plan."""

from __future__ import annotations

import pytest

from tests.harness import ModelBench
from tests.spec.course import course

WORKED = "Sites"


def asked(bench: ModelBench, table: str, name: str) -> list[str]:
    """Record keys that a rule asks about."""
    return [key for rule, _, key in bench.judge(table) if rule == name]


#: Ten participants, two weeks or so apart.
ENROLLED = [f"2024-{month:02d}-{day:02d}" for month in range(1, 6) for day in (3, 17)]


def enrolled(bench: ModelBench, days: list[str]) -> None:
    """Participants enrolled on these days, row by row."""
    bench.given(
        "core.subject", "subject_id | randomized_on::DATE | record_key | source_row::BIGINT | unit::INTEGER | study | site | source_file | "
        "consented_on::DATE | age_years::DOUBLE | weight_kg::DOUBLE\n"
        + "\n".join(f"S{n} | {day} | S{n} | {n} | 0 | t01 | 01 | f | | |" for n, day in enumerate(days, 1)),
    )  # fmt: skip
    bench.run("core.subject_run")


@pytest.mark.parametrize(
    ("place", "day", "found"),
    [
        (4, "2023-03-03", ["S5"]),  # 2024-03-03 in its place
        (4, "2025-03-03", ["S5"]),
        (4, "2024-03-30", []),  # later than the next one, as screening goes
        (4, "2023-09-20", []),  # far away, and no year makes it fit
        (0, "2023-01-03", ["S1"]),  # a year before all others, who are two weeks apart
        (0, "2023-11-03", []),  # two months before
    ],
)
def test_who_is_enrolled_a_year_from_the_others_is_asked_about(run_models: ModelBench, place: int, day: str, found: list[str]) -> None:
    days = [*ENROLLED]
    days[place] = day
    enrolled(run_models, days)
    assert asked(run_models, "core.subject_run", "enrolled_year_off") == found


@pytest.mark.parametrize(("day", "found"), [("2023-03-03", ["S10"]), ("2023-10-17", [])])  # 78 days before the first one
def test_where_rows_are_in_no_order_only_who_is_alone_is_asked_about(run_models: ModelBench, day: str, found: list[str]) -> None:
    enrolled(run_models, [*(ENROLLED[n] for n in (7, 2, 9, 0, 5, 8, 1, 6, 3)), day])
    assert asked(run_models, "core.subject_run", "enrolled_year_off") == found


@pytest.mark.parametrize(
    "days",
    [
        ["2022-06-05", *(f"20{y}-{m:02d}-05" for y in (23, 24) for m in (1, 3, 5, 7, 9, 11))],  # every other month: 7 are no year
        [*ENROLLED[:6], "2023-03-03"],  # seven participants do not tell
    ],
)
def test_who_may_well_be_enrolled_alone_is_not_asked_about(run_models: ModelBench, days: list[str]) -> None:
    enrolled(run_models, days)
    assert asked(run_models, "core.subject_run", "enrolled_year_off") == []


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([(60, 70, 2)], ["r1"]),  # 25 or 20
        ([(60, 70, 12)], []),  # two digits
        ([(60, 70, 5)], []),  # a number of fives
        ([(4, 70, 40)], ["r1"]),
        ([(60, 70, 2), (60, 70, 3)], []),  # rates any number
    ],
)
def test_a_rating_of_one_digit_in_somebody_who_rates_in_fives_is_asked_about(
    run_models: ModelBench, rows: list[tuple[int, int, int]], found: list[str]
) -> None:
    several = [*rows, *[(65, 80, 40)] * 7]
    run_models.given(
        "intake.rating", "subject_id | session_no | exercise_no | begin_suds | peak_suds | end_suds | scale | record_key\n"
        + "\n".join(f"S1 | {n} | 1 | {b} | {p} | {e} | 0-100 | r{n}" for n, (b, p, e) in enumerate(several, 1)),
    )  # fmt: skip
    run_models.run("core.rating_odd")
    assert asked(run_models, "core.rating_odd", "suds_digit_lost") == found


@pytest.mark.parametrize(("low", "n", "found"), [(5, 250, ["01"]), (5, 251, []), (4, 40, [])])
def test_a_site_whose_peaks_are_often_below_begin_or_end_is_asked_for_its_columns(
    run_models: ModelBench, low: int, n: int, found: list[str]
) -> None:
    run_models.given(
        "intake.rating", "subject_id | session_no | exercise_no | begin_suds | peak_suds | end_suds | scale\n"
        + "\n".join(f"S1 | {k} | 1 | 60 | 70 | {75 if k < low else 40} | 0-100" for k in range(n)),
    )  # fmt: skip
    run_models.run("core.site_suds")
    assert asked(run_models, "core.site_suds", "suds_peaks_low_site") == found


@pytest.mark.parametrize(("twice", "other", "n", "found"), [
    ("begin", 2, 40, ["01"]), ("end", 2, 40, ["01"]), ("begin", 3, 40, []), ("begin", 0, 39, []),
])  # fmt: skip
def test_a_site_whose_peak_is_the_begin_or_the_end_in_nearly_all_exercises_is_asked_for_its_columns(
    run_models: ModelBench, twice: str, other: int, n: int, found: list[str]
) -> None:
    begin, end = ("70", "40") if twice == "begin" else ("60", "70")
    run_models.given(
        "intake.rating", "subject_id | session_no | exercise_no | begin_suds | peak_suds | end_suds | scale\n"
        + "\n".join(f"S1 | {k} | 1 | {begin} | {90 if k < other else 70} | {end} | 0-100" for k in range(n)),
    )  # fmt: skip
    run_models.run("core.site_suds")
    assert asked(run_models, "core.site_suds", "suds_columns_alike_site") == found


@pytest.mark.parametrize(("on_hour", "n", "found"), [(16, 20, ["01"]), (15, 20, []), (19, 19, [])])
def test_a_site_whose_doses_are_taken_on_the_hour_is_asked_whether_their_times_are_rounded(
    run_models: ModelBench, on_hour: int, n: int, found: list[str]
) -> None:
    run_models.trial(sessions={"number": 40, "planned_length_min": 90})
    session = "subject_id | session_no | attended | started_at | ended_at\n"
    dose = "subject_id | session_no | time_point | taken | dose_mg | dosed_at\n"
    for k in range(1, n + 1):  # the sessions begin at another minute each
        session += f"S1 | {k} | true | 2024-03-{k:02d} 14:{k + 10}:00 |\n"
        dose += f"S1 | {k} | PRE | true | 50 | 2024-03-{k:02d} 13:{'00' if k <= on_hour else '10'}:00\n"
    course(run_models, session=session, dose=dose).run("core.site_timing")
    assert asked(run_models, "core.site_timing", "dose_times_rounded_site") == found


@pytest.mark.parametrize(("alike", "n", "found"), [(16, 20, ["01"]), (15, 20, []), (19, 19, [])])
def test_a_site_whose_doses_all_lie_the_same_minutes_before_the_session_is_asked_about(
    run_models: ModelBench, alike: int, n: int, found: list[str]
) -> None:
    run_models.trial(sessions={"number": 40, "planned_length_min": 90})
    session = "subject_id | session_no | attended | started_at | ended_at\n"
    dose = "subject_id | session_no | time_point | taken | dose_mg | dosed_at\n"
    for k in range(1, n + 1):
        session += f"S1 | {k} | true | 2024-03-{k:02d} 14:00:00 |\n"
        dose += f"S1 | {k} | PRE | true | 50 | 2024-03-{k:02d} {'13:00' if k <= alike else f'12:{k + 10}'}:00\n"
    course(run_models, session=session, dose=dose).run("core.site_timing")
    assert asked(run_models, "core.site_timing", "dose_lags_alike_site") == found


@pytest.mark.parametrize(
    ("half", "pomp", "copies", "n", "found"),
    [
        ([0, 1, 2] * 8, 60, [3], 50, ["v3"]),
        ([0, 1, 2] * 8, 60, [3], 49, []),  # too few forms to know the site
        ([0, 1, 2] * 8, 60, [3, 4], 50, []),  # participants of the site answer so
        ([0, 1, 2] * 8, 19, [3], 50, []),  # hardly any fear left
        ([1, 2] * 12, 60, [3], 50, []),  # ticked in two columns
        ([0, 1, 2] * 3, 60, [3], 50, []),  # a short form
    ],
)
def test_one_form_with_one_half_twice_is_asked_about(
    run_models: ModelBench, half: list[int], pomp: float, copies: list[int], n: int, found: list[str]
) -> None:
    other = half[1:] + half[:1]
    run_models.given(
        "core.primary", "study | site | subject_id | form_id::BIGINT | pomp::DOUBLE | visit_order::INTEGER | is_baseline::BOOLEAN | "
        "is_used::BOOLEAN\n"
        + "\n".join(f"t01 | 01 | S{k} | {k} | {pomp} | 1 | false | true" for k in range(n)),
    )  # fmt: skip
    size = 2 * len(half)
    run_models.given(
        "core.form", "unit::INTEGER | form_id::BIGINT | item_values::DOUBLE[] | n_answered::INTEGER | n_items::INTEGER | record_key | "
        "source_file | source_row::BIGINT | lowest_answer::DOUBLE | highest_answer::DOUBLE\n"
        + "\n".join(f"0 | {k} | {half + (half if k in copies else other)} | {size} | {size} | v{k} | f | 1 | 0 | 2" for k in range(n)),
    )  # fmt: skip
    run_models.run("core.score_jump")
    assert asked(run_models, "core.score_jump", "answers_halves_alike") == found
