"""Rules are asked in order: of rows that are kept and of values that stand."""

from __future__ import annotations

import pytest

from flows.engine import judge
from flows.engine.split import split
from tests.harness import EVIDENCE, ModelBench
from tests.spec.course import course


def judged(bench: ModelBench, *tables: str) -> list[tuple[str, str, str]]:
    """Run, judge and split the tables in order; what was found in the last one."""
    for table in tables:
        bench.run(f"staging.{table}")
        bench.con.execute(f"drop table if exists intake.{table}")
        found = judge.judge_table(bench.con, table, EVIDENCE).findings
        split(bench.con, table, found)
        bench.made.add(f"intake.{table}")
    return sorted(found.select("record_key", "rule", "field").iter_rows())


SUBJECTS = """
    subject_id | age_years | sex | weight_kg | consented_on | randomized_on
    S1         | 30        | F   | 80        | 2024-01-01   | 2024-01-08
"""


def test_an_end_is_not_withheld_for_lying_before_a_start_in_the_future(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | true     | 2034-03-05 14:00:00 | 2024-03-05 15:30:00
        S1         | 4          | true     | 2024-03-12 14:00:00 | 2024-03-12 13:30:00
    """
    course(run_models, subject=SUBJECTS, session=session)
    assert judged(run_models, "subject", "session") == [
        ("1", "session_in_future", "started_at"),
        ("2", "session_end_before_start", "ended_at"),
    ]
    kept = run_models.rows("intake.session", "session_no", "started_at_local", "ended_at_local")
    assert [(n, start is None, end is None) for n, start, end in kept] == [(3, True, False), (4, False, True)]


def test_a_withheld_date_is_not_compared_and_not_called_missing(run_models: ModelBench) -> None:
    subject = """
        subject_id | age_years | sex | weight_kg | consented_on | consented_on_raw | randomized_on
        S1         | 30        | F   | 80        | 2044-01-01   | 01.01.2044       | 2024-01-08
    """
    course(run_models, subject=subject, session="")
    assert judged(run_models, "subject") == [("1", "date_in_future", "consented_on")]


@pytest.mark.parametrize(
    ("second", "found"),
    [
        # the same exercise with other values: both are set aside, and nothing more is asked about them
        ("S1 | 3 | 1 | 80 | 30 | 20", [("1", "duplicate_conflict", ""), ("2", "duplicate_conflict", "")]),
        ("S9 | 3 | 1 | 80 | 30 | 20", [("1", "suds_peak_too_low", "peak_suds"), ("2", "subject_not_listed", "")]),
        ("S1 | 4 | 1 | 80 | 30 | 20", [("1", "suds_peak_too_low", "peak_suds"), ("2", "rating_without_session", "session_no"),
                                       ("2", "suds_peak_too_low", "peak_suds")]),
    ],
)  # fmt: skip
def test_of_a_row_that_is_set_aside_only_that_is_told(
    run_models: ModelBench, second: str, found: list[tuple[str, str, str]]
) -> None:
    rating = f"""
        subject_id | session_no | exercise_no | begin_suds | peak_suds | end_suds
        S1         | 3          | 1           | 80         | 40        | 20
        {second}
    """
    course(run_models, subject=SUBJECTS, rating=rating)
    assert judged(run_models, "subject", "session", "rating") == found


def test_what_a_later_delivery_has_put_right_is_asked_no_more(run_models: ModelBench) -> None:
    run_models.given("mapped.subject", """
        subject_id | age_years | age_years_raw | age_years_fault | sex | weight_kg | consented_on | delivery_no
        S1         |           | forty         | unreadable      | F   | 80        | 2024-01-01   | 0
        S1         | 40        | 40            |                 | F   | 80        | 2024-01-01   | 1
    """)
    assert judged(run_models, "subject") == [("1", "superseded", "")]


def test_a_medication_still_taken_is_not_asked_about_an_end_that_is_withheld(run_models: ModelBench) -> None:
    course(run_models, subject=SUBJECTS)
    run_models.given("mapped.medication", """
        subject_id | verbatim   | started_on | ended_on | ended_on_raw | ongoing
        S1         | sertraline | 2023       | 2044-01  | 01/2044      | true
        S1         | ibuprofen  | 2023       | 2024-01  | 01/2024      | true
    """)
    assert judged(run_models, "subject", "medication") == [
        ("1", "medication_end_in_future", "ended_on"),
        ("2", "medication_ongoing_with_end", "ongoing"),
    ]
