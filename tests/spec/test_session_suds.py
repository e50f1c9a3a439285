"""core.session_suds: begin, peak, end and the outcome of an exposure."""

from __future__ import annotations

import pytest

from tests.harness import ModelBench
from tests.spec.course import course

WORKED = "Sessions"

WANTED = ("suds_begin", "suds_peak", "suds_end", "reduction", "reduction_pct", "crit1", "crit2", "outcome")


def rated(bench: ModelBench, rating: str) -> list[tuple[object, ...]]:
    course(bench, rating=rating).run("core.session_suds")
    return bench.rows("core.session_suds", *WANTED)


def test_begin_is_the_first_exercises_and_end_the_last_ones(run_models: ModelBench) -> None:
    rating = """
        subject_id | session_no | exercise_no | begin_suds | peak_suds | end_suds
        S1         | 3          | 2           | 70         | 90        | 30
        S1         | 3          | 1           | 80         |           | 60
        S1         | 3          | 3           |            |           |
    """
    assert rated(run_models, rating) == [(80.0, 90.0, 30.0, 50.0, 62.5, True, True, "GOOD")]


def test_a_missing_first_begin_is_not_borrowed_from_the_second_exercise(run_models: ModelBench) -> None:
    rating = """
        subject_id | session_no | exercise_no | begin_suds | end_suds
        S1         | 3          | 1           |            | 60
        S1         | 3          | 2           | 70         | 50
    """
    assert rated(run_models, rating) == [(None, 70.0, 50.0, None, None, False, None, "UNKNOWN")]


@pytest.mark.parametrize(
    ("begin", "end", "decisive", "outcome"),
    [
        ("80", "40", "end_le", "GOOD"),
        ("80", "40.1", "end_le", "NEUTRAL"),
        ("20", "30", "end_le", "GOOD"),  # the criterion comes before the rise
        ("50", "60", "end_le", "BAD"),
        ("60", "60", "end_le", "NEUTRAL"),
        ("", "60", "end_le", "UNKNOWN"),
        ("", "30", "end_le", "GOOD"),
        ("80", "", "end_le", "UNKNOWN"),
        ("80", "40", "reduction_ge_pct", "GOOD"),
        ("80", "41", "reduction_ge_pct", "NEUTRAL"),
        ("0", "0", "reduction_ge_pct", "UNKNOWN"),
        ("0", "10", "reduction_ge_pct", "BAD"),
        ("100", "45", "both", "NEUTRAL"),
        ("100", "40", "both", "GOOD"),
        # 41 and 21 on 1-100: exactly one half, which binary fractions miss
        ("40.4040404040404", "20.2020202020202", "reduction_ge_pct", "GOOD"),
    ],
)
def test_outcomes_come_in_their_order(run_models: ModelBench, begin: str, end: str, decisive: str, outcome: str) -> None:
    run_models.trial(success={"end_le": 40, "reduction_ge_pct": 50, "decisive": decisive})
    rating = f"""
        subject_id | session_no | exercise_no | begin_suds | end_suds
        S1         | 3          | 1           | {begin}    | {end}
    """
    assert rated(run_models, rating)[0][-1] == outcome


def test_a_begin_of_zero_has_no_percentage(run_models: ModelBench) -> None:
    rating = """
        subject_id | session_no | exercise_no | begin_suds | end_suds
        S1         | 3          | 1           | 0          | 0
    """
    assert rated(run_models, rating) == [(0.0, 0.0, 0.0, 0.0, None, True, None, "GOOD")]


def many(scale: str, highest: float, n: int = 20, subject: str = "S1") -> str:
    rows = [f"{subject} | 3 | {k + 1} | {highest if k == 0 else 5} | {scale}" for k in range(n)]
    return "subject_id | session_no | exercise_no | begin_suds | scale\n" + "\n".join(rows)


@pytest.mark.parametrize(
    ("scale", "highest", "n", "asked"),
    [("0-100", 10, 20, True), ("0-100", 11, 20, False), ("0-100", 10, 19, False), ("0-10", 10, 20, False)],
)
def test_a_site_whose_ratings_never_pass_ten_is_asked_for_its_scale(
    run_models: ModelBench, scale: str, highest: float, n: int, asked: bool
) -> None:
    course(run_models, rating=many(scale, highest, n)).run("core.site_suds", "core.subject_suds")
    assert bool(run_models.judge("core.site_suds")) is asked
    assert run_models.judge("core.subject_suds") == []


def test_one_subject_of_a_site_whose_ratings_never_pass_ten_is_asked_for_alone(run_models: ModelBench) -> None:
    rating = many("0-100", 10) + "\nS2 | 3 | 1 | 80 | 0-100"
    subject = "subject_id\nS1\nS2"
    course(run_models, subject=subject, rating=rating).run("core.site_suds", "core.subject_suds")
    assert run_models.judge("core.site_suds") == []
    assert run_models.judge("core.subject_suds") == [("suds_scale_suspect", "", "S1")]


def test_a_rating_sent_as_a_declared_missing_code_leaves_the_peak_of_the_others(run_models: ModelBench) -> None:
    rating = """
        subject_id | session_no | exercise_no | begin_suds | peak_suds | end_suds | end_suds_raw | end_suds_fault
        S1         | 3          | 1           | 70         | 90        |          | -9           |
    """
    assert rated(run_models, rating)[0][:3] == (70.0, 90.0, None)


def test_a_withheld_rating_may_have_been_the_peak(run_models: ModelBench) -> None:
    rating = """
        subject_id | session_no | exercise_no | begin_suds | peak_suds | end_suds | end_suds_raw | end_suds_fault
        S1         | 3          | 1           | 70         | 90        |          | 140          | out_of_scale
    """
    assert rated(run_models, rating)[0][:3] == (70.0, None, None)
