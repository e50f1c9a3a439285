"""Rules on what was copied: forms, participants, columns that slipped or were exchanged."""

from __future__ import annotations

import pytest

from tests.harness import ModelBench
from tests.spec.course import course

ANSWERS = [0, 1, 2, 3] * 12
OTHER = [0, 1, 2, 3] * 11 + [0, 1, 2, 2]
FLAT = [2] * 48
TWO_KINDS = [1, 2] * 24


def forms(bench: ModelBench, *rows: tuple[str, str, list[int]]) -> None:
    subjects = "\n".join(f"{s} | {s}" for s in sorted({r[0] for r in rows}))
    bench.given("mapped.subject", f"subject_id | record_key\n{subjects}")
    bench.given("mapped.form", "subject_id | visit | assessed_on | assessed_on_raw | record_key | source_row | item_values\n" + "\n".join(
        f"{subject} | V{n} | {day} | {day} | {subject} {day} | {n} | {values}" for n, (subject, day, values) in enumerate(rows, 1)
    ), instrument="LSAS")  # fmt: skip
    bench.run("core.form_copy")


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([("S1", "2024-01-01", ANSWERS), ("S1", "2024-01-29", OTHER)], []),
        ([("S1", "2024-01-01", ANSWERS), ("S1", "2024-01-29", ANSWERS)], ["S1 2024-01-29"]),  # the later one is the copy
        ([("S1", "2024-01-01", ANSWERS), ("S2", "2024-01-29", ANSWERS)], ["S1 2024-01-01", "S2 2024-01-29"]),  # nobody knows whose
        ([("S1", "2024-01-01", FLAT), ("S2", "2024-01-29", FLAT)], []),
        ([("S1", "2024-01-01", TWO_KINDS), ("S1", "2024-01-29", TWO_KINDS)], []),
    ],
)
def test_a_long_form_with_the_answers_of_another_is_asked_about(
    run_models: ModelBench, rows: list[tuple[str, str, list[int]]], found: list[str]
) -> None:
    forms(run_models, *rows)
    assert run_models.judge("core.form_copy") == [("assessment_copied", "", key) for key in found]


def test_one_person_under_two_identifiers_is_asked_about(run_models: ModelBench) -> None:
    course(run_models, subject="""
        subject_id | age_years | sex | weight_kg | consented_on | randomized_on | record_key
        S1         | 30        | F   | 80.5      | 2024-01-01   | 2024-01-08    | S1
        S2         | 30        | F   | 80.5      | 2024-01-01   | 2024-01-08    | S2
        S3         | 30        | F   | 80.6      | 2024-01-01   | 2024-01-08    | S3
        S4         | 30        | F   |           | 2024-01-01   | 2024-01-08    | S4
        S5         | 30        | F   |           | 2024-01-01   | 2024-01-08    | S5
    """)
    run_models.run("core.subject_twin")
    assert run_models.judge("core.subject_twin") == [("subject_twice", "", "S1"), ("subject_twice", "", "S2")]
    assert run_models.rows("core.subject_twin", "subject_id", "same_as") == [("S1", "S2"), ("S2", "S1")]


def ratings(subject: str, exercises: int, last: int) -> list[str]:
    return [f"{subject} | 3 | {n} | {50 + 5 * n} | {60 + 5 * n} | {last if n == exercises else 20}" for n in range(1, exercises + 1)]


@pytest.mark.parametrize(("exercises", "last", "found"), [(7, 20, ["S1", "S2"]), (7, 25, []), (6, 20, [])])
def test_participants_with_the_same_ratings_are_asked_about(run_models: ModelBench, exercises: int, last: int, found: list[str]) -> None:
    # 7 exercises have 21 ratings; 6 have 18, too few to tell
    header = "subject_id | session_no | exercise_no | begin_suds | peak_suds | end_suds"
    rows = [header, *ratings("S1", exercises, 20), *ratings("S2", exercises, last)]
    course(run_models, subject="subject_id | age_years | record_key\nS1 | 30 | S1\nS2 | 41 | S2", rating="\n".join(rows))
    run_models.run("core.subject_twin")
    assert run_models.judge("core.subject_twin") == [("subject_twice", "", key) for key in found]


@pytest.mark.parametrize(
    ("total", "found"),
    [
        (2, [("total_out_of_reach", "total", "t")]),  # the last item's answer stood in the total's column
        (70, []),  # the sum of what was answered
        (71.4894, []),  # prorated: 70 * 24 / 23 in one half
        (73, []),  # the unanswered item was 3
        (77, [("total_out_of_reach", "total", "t")]),
    ],
)
def test_the_total_of_an_incomplete_form_lies_where_its_answers_allow(
    run_models: ModelBench, total: float, found: list[tuple[str, str, str]]
) -> None:
    # 48 items of LSAS, one unanswered: the others make 70
    answers = ["null", *([1] * 23), *([2] * 23), 1]
    values = "[" + ",".join(map(str, answers)) + "]"
    run_models.given("mapped.subject", "subject_id\nS1")
    run_models.given("mapped.form", f"subject_id | visit | assessed_on | item_values\nS1 | W4 | 2024-01-29 | {values}", instrument="LSAS")
    run_models.given("mapped.item", f"""
        subject_id | item    | value   | visit | assessed_on | record_key
        S1         | LSASTOT | {total} | W4    | 2024-01-29  | t
    """, instrument="LSAS", is_total="true", counts="false")  # fmt: skip
    run_models.run("core.total_check")
    assert run_models.judge("core.total_check") == found


@pytest.mark.parametrize(
    ("courses", "falling", "rising", "found"),
    [
        (20, 3, 0, ["suds_never_falls_site"]),
        (20, 4, 16, []),
        (19, 0, 19, []),
        (100, 30, 70, []),  # 40 more rise than fall: four times the root of a hundred
        (100, 29, 71, ["suds_never_falls_site"]),
        (300, 99, 201, ["suds_never_falls_site"]),
        (300, 100, 200, []),  # a third falls
    ],
)
def test_a_site_in_which_fear_never_falls_is_asked_for_its_columns(
    run_models: ModelBench, courses: int, falling: int, rising: int, found: list[str]
) -> None:
    run_models.given("core.site_suds", f"""
        unit::INT|study|site|record_key|n_ratings::INT|highest_suds::INT|n_courses::INT|n_falling::INT|n_rising::INT|n_low_peaks::INT|n_peaks::INT|n_begins::INT|n_begin_is_peak::INT|n_ends::INT|n_end_is_peak::INT
        0 | t01 | 01 | 01 | 60 | 90 | {courses} | {falling} | {rising} | 0 | 0 | 0 | 0 | 0 | 0
    """)
    assert [rule for rule, _, _ in run_models.judge("core.site_suds")] == found
