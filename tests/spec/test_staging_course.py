"""staging.subject, .disposition, .session, .dose, .rating: clocks, repetitions, and what the rules make of them."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from flows.engine import judge
from tests.harness import EVIDENCE, ModelBench
from tests.spec.course import course

UTC = dt.UTC


def findings(bench: ModelBench, table: str) -> list[tuple[str, str, str]]:
    bench.run(f"staging.{table}")
    return bench.judge(table)


@pytest.mark.parametrize(
    ("zone", "local", "utc", "fault"),
    [
        ("Europe/Lisbon", "2024-07-01 12:00:00", "2024-07-01 11:00:00", None),
        ("Europe/Lisbon", "2024-03-31 00:59:59", "2024-03-31 00:59:59", None),
        ("Europe/Lisbon", "2024-03-31 01:00:00", None, "nonexistent_local_time"),
        ("Europe/Lisbon", "2024-03-31 01:59:59", None, "nonexistent_local_time"),
        ("Europe/Lisbon", "2024-03-31 02:00:00", "2024-03-31 01:00:00", None),
        ("Europe/Lisbon", "2024-10-27 00:59:59", "2024-10-26 23:59:59", None),
        ("Europe/Lisbon", "2024-10-27 01:00:00", None, "ambiguous_local_time"),
        ("Europe/Lisbon", "2024-10-27 01:59:59", None, "ambiguous_local_time"),
        ("Europe/Lisbon", "2024-10-27 02:00:00", "2024-10-27 02:00:00", None),
        ("America/New_York", "2024-03-10 02:30:00", None, "nonexistent_local_time"),
        ("America/New_York", "2024-11-03 01:30:00", None, "ambiguous_local_time"),
        ("America/Phoenix", "2024-03-10 02:30:00", "2024-03-10 09:30:00", None),
        ("Australia/Lord_Howe", "2024-10-06 02:15:00", None, "nonexistent_local_time"),
        ("Asia/Kathmandu", "2024-03-05 12:00:00", "2024-03-05 06:15:00", None),
    ],
)
def test_a_wall_clock_means_what_its_zone_says_of_that_day(
    run_models: ModelBench, zone: str, local: str, utc: str | None, fault: str | None
) -> None:
    run_models.trial(timezone=zone)
    dose = f"""
        subject_id | session_no | taken | dosed_at
        S1         | 3          | true  | {local}
    """
    course(run_models, dose=dose).run("staging.dose")
    instant = dt.datetime.fromisoformat(utc).replace(tzinfo=UTC) if utc else None
    day = dt.date.fromisoformat(local[:10])
    assert run_models.rows("staging.dose", "dosed_at_utc", "dosed_at_fault", "dosed_at_on") == [(instant, fault, day)]


def test_an_instant_that_is_withheld_keeps_its_day(run_models: ModelBench) -> None:
    dose = """
        subject_id | session_no | taken | dosed_at
        S1         | 3          | true  | 2024-10-27 01:30:00
    """
    course(run_models, dose=dose).run("staging.dose")
    found = judge.judge_table(run_models.con, "dose", EVIDENCE).findings
    judge.split(run_models.con, "dose", found)
    assert found.filter(pl.col("rule") == "ambiguous_local_time").get_column("severity").to_list() == ["withhold"]
    assert run_models.rows("intake.dose", "dosed_at_utc", "dosed_at_local", "dosed_at_on") == [(None, None, dt.date(2024, 10, 27))]


def test_a_clock_in_utc_gives_the_sites_own_date(run_models: ModelBench) -> None:
    run_models.trial(timezone="America/New_York")
    dose = """
        subject_id | session_no | taken | dosed_at            | dosed_at_offset_s
        S1         | 3          | true  | 2024-03-06 03:30:00 | 0
    """
    course(run_models, session="", dose=dose).run("core.dose_timing")
    assert run_models.rows("core.dose_timing", "dosed_on", "dosed_at_site", "utc_offset_min") == [
        (dt.date(2024, 3, 5), dt.datetime(2024, 3, 5, 22, 30), -300)
    ]


def test_the_same_row_twice_is_kept_once_and_different_ones_not_at_all(run_models: ModelBench) -> None:
    run_models.given(
        "mapped.session",
        """
        subject_id | session_no | row_hash | record_key
        S1         | 1          | 7        | same
        S1         | 1          | 7        | same
        S1         | 2          | 7        | conflict
        S1         | 2          | 8        | conflict
        S1         | 3          | 7        | alone
        """,
    )
    run_models.run("staging.session")
    assert run_models.rows("staging.session", "row_id", "dup_kind") == [
        (1, None), (2, "same"), (3, "conflict"), (4, "conflict"), (5, None),
    ]  # fmt: skip


def test_a_later_delivery_replaces_what_it_sends_again(run_models: ModelBench) -> None:
    run_models.given(
        "mapped.subject",
        """
        subject_id | delivery_no | row_hash
        S1         | 0           | 1
        S1         | 1           | 2
        S2         | 0           | 3
        S1         | 1           | 2
        """,
    )
    run_models.run("staging.subject")
    assert run_models.rows("staging.subject", "row_id", "dup_kind") == [(1, "superseded"), (2, None), (3, None), (4, "same")]


def test_doses_are_one_when_session_time_point_and_instant_are_one(run_models: ModelBench) -> None:
    dose = """
        subject_id | session_no | time_point | dosed_at            | dosed_at_offset_s | row_hash
        S1         | 3          | PRE        | 2024-07-01 13:00:00 |                   | 1
        S1         | 3          | PRE        | 2024-07-01 12:00:00 | 0                 | 1
        S1         | 3          | PRE        | 2024-07-01 13:00:01 |                   | 1
        S1         | 3          | POST       | 2024-07-01 13:00:00 |                   | 1
        S1         |            |            | 2024-07-02          |                   | 1
        S1         |            |            | 2024-07-02          |                   | 2
        S1         |            |            | 2024-07-03          |                   | 1
    """
    course(run_models, dose=dose).run("staging.dose")
    assert run_models.rows("staging.dose", "row_id", "dup_kind") == [
        (1, None), (2, "same"), (3, None), (4, None), (5, "conflict"), (6, "conflict"), (7, None),
    ]  # fmt: skip


def test_a_numbered_dose_record_is_replaced_even_when_its_time_was_corrected(run_models: ModelBench) -> None:
    dose = """
        subject_id | session_no | record_no | delivery_no | dosed_at
        S1         | 3          | 17        | 0           | 2024-03-05 01:00:00
        S1         | 3          | 17        | 1           | 2024-03-05 13:00:00
    """
    course(run_models, dose=dose).run("staging.dose")
    assert run_models.rows("staging.dose", "row_id", "dup_kind") == [(1, "superseded"), (2, None)]


def test_rows_of_a_subject_who_is_not_listed_are_set_aside(run_models: ModelBench) -> None:
    rating = """
        subject_id | session_no | exercise_no
        S1         | 3          | 1
        S9         | 3          | 1
                   | 3          | 1
    """
    course(run_models, rating=rating)
    found = findings(run_models, "rating")
    assert [f for f in found if f[0] in ("subject_not_listed", "key_missing")] == [
        ("key_missing", "subject_id", "3"),
        ("subject_not_listed", "", "2"),
    ]


def test_a_subject_who_asked_for_removal_is_nowhere(run_models: ModelBench) -> None:
    run_models.given("mapped.subject", "subject_id\nS1\nS2")
    run_models.given("mapped.disposition", "subject_id | scope\nS1 | remove\nS2 | stop")
    run_models.given("mapped.session", "subject_id | session_no\nS1 | 1\nS2 | 1")
    for table in ("subject", "disposition", "session"):
        run_models.run(f"staging.{table}")
        found = judge.judge_table(run_models.con, table, EVIDENCE).findings
        judge.split(run_models.con, table, found)
        run_models.made.add(f"intake.{table}")
        assert run_models.rows(f"intake.{table}", "subject_id") == [("S2",)]
        gone = found.filter(pl.col("record_key") == "S1").filter(pl.col("drops") | (pl.col("severity") == "reject"))
        assert gone.get_column("rule").to_list() == ["removal_requested"]


@pytest.mark.parametrize(("session_no", "rejected"), [("0", True), ("1", False), ("12", False), ("13", True)])
def test_session_numbers_are_those_of_the_protocol(run_models: ModelBench, session_no: str, rejected: bool) -> None:
    course(run_models, dose=f"subject_id | session_no | taken\nS1 | {session_no} | true")
    assert (("session_no_outside_protocol", "session_no", "1") in findings(run_models, "dose")) is rejected


@pytest.mark.parametrize(
    ("zone", "day", "withheld"),
    [
        ("Europe/Lisbon", "2025-12-31", False),
        ("Europe/Lisbon", "2026-01-01", True),
        ("Australia/Sydney", "2026-01-01", False),  # it was New Year there before the delivery's day was over in UTC
        ("Australia/Sydney", "2026-01-02", True),
        ("America/New_York", "2026-01-01", True),
    ],
)
def test_a_date_after_the_delivery_is_withheld(run_models: ModelBench, zone: str, day: str, withheld: bool) -> None:
    run_models.trial(timezone=zone, delivered_on="2025-12-31")
    subject = f"subject_id | sex | age_years | consented_on\nS1 | F | 30 | {day}"
    course(run_models, subject=subject)
    assert findings(run_models, "subject") == ([("date_in_future", "consented_on", "1")] if withheld else [])


def test_a_session_still_to_come_may_have_its_date_but_one_that_was_held_may_not(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | true     | 2026-01-05 14:00:00 |
        S1         | 4          | false    | 2026-01-05 14:00:00 |
    """
    course(run_models, session=session)
    assert findings(run_models, "session") == [("session_in_future", "started_at", "1")]


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("age_years", "-1", "age_out_of_range"),
        ("age_years", "17", None),
        ("age_years", "110", "age_unusual"),
        ("age_years", "110.1", "age_out_of_range"),
        ("weight_kg", "24.9", "weight_out_of_range"),
        ("weight_kg", "25", "weight_unusual"),
        ("weight_kg", "300", "weight_unusual"),
        ("weight_kg", "300.5", "weight_out_of_range"),
        ("randomized_on", "2023-12-31", "randomized_before_consent"),
        ("randomized_on", "2024-01-01", None),
        ("consented_on", "", "consent_missing"),
        ("sex", "", "sex_missing"),
        ("age_years", "", "age_missing"),
        ("weight_kg", "", None),
    ],
)
def test_subjects_are_asked_about(run_models: ModelBench, field: str, value: str, rule: str | None) -> None:
    row = {"subject_id": "S1", "age_years": "30", "sex": "F", "weight_kg": "80", "consented_on": "2024-01-01"} | {field: value}
    course(run_models, subject=" | ".join(row) + "\n" + " | ".join(row.values()))
    assert findings(run_models, "subject") == ([(rule, field, "1")] if rule else [])


@pytest.mark.parametrize(
    ("age", "weight", "asked"),
    [
        ("8", "10", False), ("8", "9.9", True), ("8", "110", False), ("8", "110.1", True),
        ("12", "18", False), ("12", "17.9", True), ("17.9", "220", False), ("17.9", "220.1", True),
        ("18", "24.9", True), ("18", "300", False),
        ("", "10", False), ("", "300", False), ("", "9.9", True),
        # an age that is withheld says nothing of the weight
        ("180", "10", False),
    ],
)  # fmt: skip
def test_what_a_weight_can_be_depends_on_the_age(run_models: ModelBench, age: str, weight: str, asked: bool) -> None:
    course(run_models, subject=f"subject_id | age_years | sex | weight_kg | consented_on\nS1 | {age} | F | {weight} | 2024-01-01")
    assert (("weight_out_of_range", "weight_kg", "1") in findings(run_models, "subject")) is asked


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("true  | 2024-03-05 14:00:00 | 2024-03-05 14:10:00 | 2024-03-05 15:30:00", []),
        ("      | 2024-03-05 14:00:00 |                     | 2024-03-05 15:30:00", [("attended_missing", "attended", "1")]),
        ("true  | 2024-03-05          |                     |                    ", [("session_start_missing", "started_at", "1")]),
        ("false |                     |                     |                    ", []),
        ("true  | 2024-03-05 14:00:00 |                     | 2024-03-05 13:59:59", [("session_end_before_start", "ended_at", "1")]),
        ("true  | 2024-03-05 14:00:00 |                     | 2024-03-05 14:09:59", [("session_length_odd", "ended_at", "1")]),
        ("true  | 2024-03-05 14:00:00 |                     | 2024-03-05 14:10:00", []),
        ("true  | 2024-03-05 14:00:00 |                     | 2024-03-05 20:00:00", []),
        ("true  | 2024-03-05 14:00:00 |                     | 2024-03-05 20:00:01", [("session_length_odd", "ended_at", "1")]),
        (
            "true  | 2024-03-05 14:00:00 | 2024-03-05 13:59:59 | 2024-03-05 15:30:00",
            [("exposure_outside_session", "exposure_started_at", "1")],
        ),
        (
            "true  | 2024-03-05 14:00:00 | 2024-03-05 15:30:01 | 2024-03-05 15:30:00",
            [("exposure_outside_session", "exposure_started_at", "1")],
        ),
        (
            "true  | 2024-03-05 14:00:00 | 2024-03-05 15:30:00 | 2024-03-05 15:30:00",
            [("exposure_outside_session", "exposure_started_at", "1")],
        ),
        ("true  | 2024-03-05 14:00:00 | 2024-03-05 15:29:59 | 2024-03-05 15:30:00", []),
        ("true  | 2024-03-05 14:00:00 | 2024-03-05 16:00:00 |                    ", []),
        ("true  | 2023-12-31 14:00:00 |                     |                    ", [("session_before_consent", "started_at", "1")]),
    ],
)
def test_sessions_are_asked_about(run_models: ModelBench, row: str, rule: list[tuple[str, str, str]]) -> None:
    session = f"subject_id | session_no | attended | started_at | exposure_started_at | ended_at\nS1 | 3 | {row}"
    course(run_models, session=session)
    assert findings(run_models, "session") == rule


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("true  | 50   | 2024-03-05 13:00:00", []),
        ("true  | 0    | 2024-03-05 13:00:00", [("dose_amount_impossible", "dose_mg", "1")]),
        ("true  | -50  | 2024-03-05 13:00:00", [("dose_amount_impossible", "dose_mg", "1")]),
        ("true  | 1000 | 2024-03-05 13:00:00", []),
        ("true  | 1001 | 2024-03-05 13:00:00", [("dose_amount_impossible", "dose_mg", "1")]),
        ("false | 0    |                    ", []),
        ("true  | 50   | 2024-03-05         ", [("dose_time_missing", "dosed_at", "1")]),
        ("true  |      | 2024-03-05 13:00:00", [("dose_amount_missing", "dose_mg", "1")]),
        ("      | 50   | 2024-03-05 13:00:00", [("dose_taken_missing", "taken", "1")]),
    ],
)
def test_doses_are_asked_about(run_models: ModelBench, row: str, rule: list[tuple[str, str, str]]) -> None:
    course(run_models, dose=f"subject_id | session_no | taken | dose_mg | dosed_at\nS1 | 3 | {row}")
    assert findings(run_models, "dose") == rule


def test_a_fault_of_a_key_rejects_and_of_another_field_withholds(run_models: ModelBench) -> None:
    run_models.given("mapped.subject", "subject_id\nS1")
    run_models.given(
        "mapped.session",
        """
        subject_id | session_no | session_no_raw | session_no_fault | attended | attended_raw | attended_fault
        S1         |            | three          | unreadable       | false    | no           |
        S1         | 4          | 4              |                  |          | maybe        | unknown_code
        """,
    )
    run_models.run("staging.session")
    found = judge.judge_table(run_models.con, "session", EVIDENCE).findings
    assert sorted(found.select("rule", "field", "severity", "record_key").rows()) == [
        ("unknown_code", "attended", "withhold", "2"),
        ("unreadable_value", "session_no", "reject", "1"),
    ]


def test_ratings_are_asked_about(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 3          | true     | 2024-03-05 14:00:00 |
        S1         | 4          | false    |                     |
    """
    rating = """
        subject_id | session_no | exercise_no | begin_suds | peak_suds | end_suds
        S1         | 3          | 1           | 50         | 50        | 30
        S1         | 3          | 2           | 50         | 49        | 30
        S1         | 3          | 3           | 20         | 29        | 30
        S1         | 4          | 1           | 50         |           | 60
        S1         | 5          | 1           | 50         |           | 30
        S1         | 3          | 0           | 50         |           | 30
    """
    course(run_models, session=session, rating=rating)
    assert findings(run_models, "rating") == [
        ("exercise_no_not_positive", "exercise_no", "6"),
        ("rating_session_not_attended", "session_no", "4"),
        ("rating_without_session", "session_no", "5"),
        ("suds_peak_too_low", "peak_suds", "2"),
        ("suds_peak_too_low", "peak_suds", "3"),
    ]


def test_loose_rows_and_unread_columns_are_told(run_models: ModelBench) -> None:
    run_models.given("mapped.loose_row", "fault\nragged_row\nunclaimed_row\nunknown_site\nblank_key\nunclaimed_file")
    assert findings(run_models, "loose_row") == [
        ("ragged_row", "", "1"), ("row_not_used", "", "4"), ("unclaimed_file", "", "5"), ("unclaimed_row", "", "2"),
        ("unknown_site", "", "3"),
    ]  # fmt: skip
    run_models.given("mapped.file_column", "file_name | column_name | used\na.csv | id | true\na.csv | note | false")
    assert findings(run_models, "file_column") == [("unmapped_column", "", "a.csv|note")]
