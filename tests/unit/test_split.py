"""Splitting a judged table: rejected rows go to quarantine, withheld values become null, and every row is counted."""

from __future__ import annotations

import polars as pl
import pytest

from flows.engine import judge
from flows.engine.split import split
from schemas.findings import AccountingError

DOSES = """
subject_id | session_no | taken | dose_mg | dosed_at_local      | dosed_at_on | dosed_at_raw
S1         | 1          | true  | 50      | 2024-03-05 13:00:00 | 2024-03-05  | a
S2         | 1          | true  | 5000    | 2024-03-05 13:00:00 | 2024-03-05  | b
S3         | 1          | true  | 50      | 2024-03-31 01:30:00 | 2024-03-31  | c
"""


def finding(row_id: int, rule: str, severity: str, field: str, keeps_date: bool = False) -> dict[str, object]:
    told = {"row_id": row_id, "rule": rule, "severity": severity, "field": field, "keeps_date": keeps_date, "drops": False}
    return {name: told.get(name) for name in judge.FINDING} | {"finding_id": f"{rule}{row_id}"}


def findings(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=judge.FINDING)


@pytest.fixture
def doses(run_models):
    run_models.given("mapped.dose", DOSES)
    run_models.con.execute("create table staging.dose as select * from mapped.dose")
    return run_models


def test_a_rejected_row_is_in_quarantine_with_its_rules_and_not_kept(doses):
    split(doses.con, "dose", findings(finding(2, "rule_b", "reject", ""), finding(2, "rule_a", "reject", "")))
    assert doses.rows("intake.dose", "subject_id") == [("S1",), ("S3",)]
    assert doses.rows("quarantine.dose", "subject_id", "quarantine_rules") == [("S2", "rule_a,rule_b")]


def test_a_withheld_value_is_null_and_its_row_goes_on(doses):
    split(doses.con, "dose", findings(finding(2, "dose_amount_impossible", "withhold", "dose_mg")))
    assert doses.rows("intake.dose", "subject_id", "dose_mg", "dose_mg_fault") == [
        ("S1", 50.0, None), ("S2", None, "withheld"), ("S3", 50.0, None),
    ]  # fmt: skip


def test_a_withheld_instant_keeps_its_date_only_when_the_rule_says_the_date_is_known(doses):
    both = findings(finding(1, "future", "withhold", "dosed_at"), finding(3, "nonexistent", "withhold", "dosed_at", keeps_date=True))
    split(doses.con, "dose", both)
    shown = [(s, local is None, str(on)) for s, local, on in doses.rows("intake.dose", "subject_id", "dosed_at_local", "dosed_at_on")]
    assert shown == [("S1", True, "None"), ("S2", False, "2024-03-05"), ("S3", True, "2024-03-31")]


def test_a_row_number_that_stands_twice_stops_the_run_instead_of_losing_a_row(doses):
    doses.con.execute("update staging.dose set row_id = 1")
    with pytest.raises(AccountingError, match="table dose: received 3 rows"):
        split(doses.con, "dose", findings(finding(1, "rule_a", "reject", "")))
