"""Rules on people, sessions, ratings and doses as sent: each shown where it speaks and just where it does not."""

from __future__ import annotations

import polars as pl
import pytest

from flows.engine import judge
from tests.harness import EVIDENCE, ModelBench
from tests.spec.course import course

PEOPLE = "subject_id | consented_on | randomized_on\nS1 | 2024-01-01 | 2024-01-08\nS2 | 2024-01-01 | 2024-01-08"


def told(bench: ModelBench, table: str, *rules: str) -> list[tuple[str, str, str]]:
    bench.run(f"staging.{table}")
    return [found for found in bench.judge(table) if found[0] in rules]


@pytest.mark.parametrize(("day", "found"), [("2024-01-01", False), ("2023-12-31", True), ("", False)])
def test_nobody_withdraws_before_consent(run_models: ModelBench, day: str, found: bool) -> None:
    run_models.given("mapped.subject", PEOPLE)
    run_models.given("mapped.disposition", f"subject_id | withdrawn_on | scope\nS1 | {day} | stop")
    rule = ("withdrawn_before_consent", "withdrawn_on", "1")
    assert told(run_models, "disposition", rule[0]) == ([rule] if found else [])


@pytest.mark.parametrize(("row", "found"), [("|", True), ("2024-02-01 |", False), ("| unreadable", False)])
def test_a_withdrawal_has_its_date(run_models: ModelBench, row: str, found: bool) -> None:
    run_models.given("mapped.subject", PEOPLE)
    run_models.given("mapped.disposition", f"subject_id | scope | withdrawn_on | withdrawn_on_fault\nS1 | stop | {row}")
    rule = ("withdrawal_date_missing", "withdrawn_on", "1")
    assert told(run_models, "disposition", rule[0]) == ([rule] if found else [])


@pytest.mark.parametrize(
    ("session", "found"),
    [
        ("true  | 2024-03-10 14:00:00", False),  # on the day itself
        ("true  | 2024-03-11 09:00:00", True),
        ("false | 2024-03-11 09:00:00", False),
        ("true  |", False),
    ],
)
def test_nobody_attends_a_session_after_withdrawal(run_models: ModelBench, session: str, found: bool) -> None:
    run_models.given("mapped.disposition", "subject_id | withdrawn_on | scope\nS1 | 2024-03-10 | stop")
    course(run_models, session=f"subject_id | session_no | attended | started_at\nS1 | 3 | {session}")
    rule = ("session_after_withdrawal", "started_at", "1")
    assert told(run_models, "session", rule[0]) == ([rule] if found else [])


@pytest.mark.parametrize(
    ("at", "asked"),
    [
        ("2023-12-31 13:00:00", ["dose_before_consent", "dose_not_randomized"]),
        ("2024-01-01 00:00:00", ["dose_not_randomized"]),
        ("2024-01-07 23:59:59", ["dose_not_randomized"]),
        ("2024-01-08 00:00:00", []),
        ("2024-03-10 23:59:59", []),
        ("2024-03-11 00:00:00", ["dose_after_withdrawal"]),
        ("2024-03-11", ["dose_after_withdrawal"]),  # the day is enough
    ],
)
@pytest.mark.parametrize("taken", ["true", "false"])
def test_doses_lie_between_consent_randomization_and_withdrawal(
    run_models: ModelBench, at: str, asked: list[str], taken: str
) -> None:
    run_models.given("mapped.disposition", "subject_id | withdrawn_on | scope\nS1 | 2024-03-10 | stop")
    course(run_models, session="", dose=f"subject_id | session_no | taken | dosed_at\nS1 | 3 | {taken} | {at}").run("core.dose_timing")
    rules = ("dose_before_consent", "dose_not_randomized", "dose_after_withdrawal")
    found = [rule for rule, _, _ in run_models.judge("core.dose_timing") if rule in rules]
    assert found == (sorted(asked) if taken == "true" else [])


@pytest.mark.parametrize(("day", "found"), [("1989-12-31", True), ("1990-01-01", False)])
def test_no_date_of_a_trial_is_older_than_its_field(run_models: ModelBench, day: str, found: bool) -> None:
    run_models.given("mapped.subject", f"subject_id | consented_on | consented_on_raw\nS1 | {day} | {day}")
    assert told(run_models, "subject", "date_too_early") == ([("date_too_early", "consented_on", "1")] if found else [])
    run_models.given("mapped.subject", "subject_id\nS1")
    run_models.made -= {"staging.subject", "staging.dose", "intake.subject"}
    course(run_models, subject="subject_id\nS1", dose=f"subject_id | session_no | taken | dosed_at\nS1 | 3 | true | {day} 13:00:00")
    assert told(run_models, "dose", "date_too_early") == ([("date_too_early", "dosed_at", "1")] if found else [])


@pytest.mark.parametrize(("day", "found"), [("1899-12-31", True), ("1899", True), ("1900", False), ("1985-06", False)])
def test_no_history_is_older_than_anybody(run_models: ModelBench, day: str, found: bool) -> None:
    run_models.given("mapped.subject", "subject_id\nS1")
    run_models.given("mapped.medication", f"subject_id | verbatim | started_on\nS1 | sertraline | {day}")
    assert told(run_models, "medication", "history_too_early") == ([("history_too_early", "started_on", "1")] if found else [])


@pytest.mark.parametrize(
    ("weight", "bands", "found"),
    [("", True, True), ("45", True, False), ("", False, False)],
)
def test_where_doses_go_by_weight_every_subject_has_one(run_models: ModelBench, weight: str, bands: bool, found: bool) -> None:
    if bands:
        by_weight = [{"below_kg": 46, "dose_mg": 25}, {"from_kg": 46, "dose_mg": 50}]
        run_models.trial(arms=[{"code": "A", "label": "A", "dose_mg_by_weight": by_weight}])
    run_models.given("mapped.subject", f"subject_id | weight_kg\nS1 | {weight}")
    assert told(run_models, "subject", "weight_missing") == ([("weight_missing", "weight_kg", "1")] if found else [])


def test_sessions_and_ratings_have_their_numbers_and_an_unreadable_one_is_told_once(run_models: ModelBench) -> None:
    session = """
        subject_id | session_no | session_no_fault | attended
        S1         |            |                  | true
        S1         |            | unreadable       | true
        S1         | 3          |                  | true
    """
    rating = """
        subject_id | session_no | exercise_no | exercise_no_fault | begin_suds
        S1         |            | 1           |                   | 50
        S1         | 3          |             |                   | 50
        S1         | 3          |             | unreadable        | 50
        S1         | 3          | 1           |                   | 50
    """
    course(run_models, session=session, rating=rating)
    rules = ("session_no_missing", "exercise_no_missing")
    assert told(run_models, "session", *rules) == [("session_no_missing", "session_no", "1")]
    assert told(run_models, "rating", *rules) == [
        ("exercise_no_missing", "exercise_no", "2"), ("session_no_missing", "session_no", "1"),
    ]  # fmt: skip


def test_a_repeated_row_is_dropped_and_rows_that_contradict_all_wait(run_models: ModelBench) -> None:
    run_models.given("mapped.subject", PEOPLE)
    run_models.given(
        "mapped.session",
        """
        subject_id | session_no | attended | row_hash | record_key
        S1         | 1          | true     | 7        | same
        S1         | 1          | true     | 7        | same
        S1         | 2          | true     | 7        | conflict
        S1         | 2          | false    | 8        | conflict
        S2         | 2          | true     | 7        | alone
        """,
    )
    run_models.run("staging.session")
    found = judge.judge_table(run_models.con, "session", EVIDENCE).findings
    found = found.filter(pl.col("rule").is_in(["duplicate_row", "duplicate_conflict"]))
    assert sorted(found.select("rule", "record_key", "severity", "row_id").rows()) == [
        ("duplicate_conflict", "conflict", "reject", 3),
        ("duplicate_conflict", "conflict", "reject", 4),
        ("duplicate_row", "same", "note", 2),
    ]


def test_arms_are_sent_and_are_those_of_the_trial(run_models: ModelBench) -> None:
    run_models.trial(blinding={"status": "unblinded", "unblinded_on": "2025-06-01"})
    run_models.given("mapped.subject", "subject_id\nS1\nS2\nS3\nS4")
    run_models.given(
        "mapped.randomization",
        """
        subject_id | arm     | arm_fault
        S1         | DCS     |
        S2         |         |
        S3         | dcs 500 |
        S4         |         | unknown_code
        """,
    )
    assert told(run_models, "randomization", "arm_missing", "arm_unknown") == [
        ("arm_missing", "arm", "2"), ("arm_unknown", "arm", "3"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("0.000001 | true", False),
        ("0 | true", True),
        ("0 |", True),  # nobody says it was not taken
        ("1000 | true", False),
        ("1000.000001 | true", True),
    ],
)
def test_a_taken_dose_weighs_more_than_nothing_and_at_most_a_gram(run_models: ModelBench, row: str, found: bool) -> None:
    course(run_models, dose=f"subject_id | session_no | dose_mg | taken\nS1 | 3 | {row}")
    rule = ("dose_amount_impossible", "dose_mg", "1")
    assert told(run_models, "dose", rule[0]) == ([rule] if found else [])
