"""Rules are asked in order: of rows that are kept and of values that stand."""

from __future__ import annotations

import datetime as dt

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


def test_a_medication_that_has_ended_is_asked_for_its_end(run_models: ModelBench) -> None:
    course(run_models, subject=SUBJECTS)
    run_models.given("ref.mapped_field", "unit | table_name | field\n0 | medication | ended_on")
    run_models.given("mapped.medication", """
        subject_id | verbatim   | started_on | ended_on | ended_on_raw | ended_on_fault | ongoing
        S1         | sertraline | 2023       |          |              |                | false
        S1         | ibuprofen  | 2023       | 2024-01  | 01/2024      |                | false
        S1         | aspirin    | 2023       |          | last year    | unreadable     | false
        S1         | zolpidem   | 2023       |          |              |                |
    """)
    found = judged(run_models, "subject", "medication")
    assert ("1", "medication_end_missing", "ended_on") in found
    assert [f for f in found if f[1] == "medication_end_missing"] == [("1", "medication_end_missing", "ended_on")]


def told(bench: ModelBench, table: str) -> list[tuple[str, str, str, str | None]]:
    """Rule, severity, message and suggestion of what is found in one table."""
    found = judge.judge_table(bench.con, table, EVIDENCE).findings
    return sorted(found.select("rule", "severity", "message", "suggestion").iter_rows())


def test_of_a_key_that_cannot_be_read_it_is_said_that_the_row_is_set_aside(run_models: ModelBench) -> None:
    course(run_models, subject=SUBJECTS)
    run_models.given("mapped.session", """
        subject_id | session_no | session_no_raw | session_no_fault | attended
        S1         |            | third          | unreadable       | true
    """)
    judged(run_models, "subject", "session")
    assert told(run_models, "session") == [
        ("unreadable_value", "reject", "The text cannot be read in any declared format; a row is nothing without this field, so that it "
         "is set aside.", None),
    ]  # fmt: skip


def test_a_session_in_quarantine_is_not_called_one_that_was_never_sent(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | attended | started_at          | row_hash
        S1         | 3          | true     | 2024-03-05 14:00:00 | 1
        S1         | 3          | true     | 2024-03-05 15:00:00 | 2
    """
    rating = """
        subject_id | session_no | exercise_no | begin_suds | end_suds
        S1         | 3          | 1           | 80         | 20
        S1         | 4          | 1           | 80         | 20
    """
    dose = """
        subject_id | session_no | time_point | taken | dose_mg | dosed_at
        S1         | 3          | PRE        | true  | 50      | 2024-03-05 13:00:00
        S1         | 4          | PRE        | true  | 50      | 2024-03-12 13:00:00
    """
    course(run_models, subject=SUBJECTS, session=session, rating=rating, dose=dose)
    judged(run_models, "subject", "session", "rating")
    run_models.run("core.dose_timing")
    hints = ["no row of this session was sent", "the session was sent, but its row is in quarantine: see the finding there"]
    assert [t[3] for t in told(run_models, "rating") if t[0] == "rating_without_session"] == hints
    assert [t[3] for t in told(run_models, "core.dose_timing") if t[0] == "dose_without_session"] == hints


def test_a_row_that_could_not_be_cut_says_why(run_models: ModelBench) -> None:
    run_models.given("mapped.loose_row", """
        table_name | fault      | detail
        dose       | ragged_row | a cell holds a NUL byte
        dose       | ragged_row | 5 cells where the header has 6
    """)
    run_models.run("staging.loose_row")
    assert [(t[0], t[3]) for t in told(run_models, "loose_row")] == [
        ("ragged_row", "5 cells where the header has 6"), ("ragged_row", "a cell holds a NUL byte"),
    ]  # fmt: skip


def test_what_belongs_to_no_site_of_an_export_is_not_shown_as_a_site() -> None:
    from flows.engine.summary import site_lines

    common = {"study": "ocd01", "unit": "ocd01/redcap", "export": "redcap", "status": "fresh", "age_days": 0, "tables": {}, "findings": {},
              "reason": "", "delivered_on": "2024-06-01", "delivery_sha256": "0" * 64}  # fmt: skip
    alone = {"site": "05", "unit": "ocd01/05", "export": "05"}
    lines = site_lines({"sites": [common | {"site": "01"}, common | {"site": "redcap"}, common | alone]})
    assert [(line.key, line.standing(dt.date(2024, 6, 1))) for line in lines] == [
        ("ocd01/01", ""), ("ocd01/05", ""),
        ("ocd01/redcap", "ocd01/redcap is no site: it is what that export holds of no known site (rows without one, files and columns as a "
                         "whole)"),
    ]  # fmt: skip
