"""Columns that no model reads are let go; what is left is as it was."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from flows.engine import judge, split, unread
from tests.unit.test_split import DOSES, finding, findings


@pytest.fixture
def doses(run_models, monkeypatch):
    run_models.given("mapped.dose", DOSES)
    run_models.con.execute("create table staging.dose as select * from mapped.dose")
    monkeypatch.setattr(split, "SHORT", 0)
    wrong = findings(finding(1, "rule_a", "reject", ""), finding(2, "dose_amount_impossible", "withhold", "dose_mg"))
    split.split(run_models.con, "dose", wrong)
    return run_models


def test_a_column_that_no_model_names_is_let_go_and_the_kept_rows_stay_as_they_were(doses):
    read = ("subject_id", "dose_mg", "dosed_at_on")
    before = doses.rows("intake.dose", *read)
    unread.drop(doses.con, "dose")
    assert before == doses.rows("intake.dose", *read) and [row[:2] for row in before] == [("S2", None), ("S3", 50.0)]
    assert "row_hash" not in doses.con.table("staging.dose").columns
    assert doses.con.execute("select count(*) from staging.dose").fetchall() == [(3,)]


def test_a_small_table_is_left_alone(doses, monkeypatch):
    monkeypatch.setattr(split, "SHORT", 4)
    unread.drop(doses.con, "dose")
    assert "row_hash" in doses.con.table("staging.dose").columns


@pytest.mark.parametrize(
    "sql",
    ["select * from intake.dose", "select d.*, 1 as one from intake.dose as d", "select columns('dose.*') from intake.dose",
     "select * exclude (site) from intake.dose"],
)  # fmt: skip
def test_where_a_model_reads_columns_without_naming_them_all_stay(doses, monkeypatch, sql):
    model = SimpleNamespace(schema="core", reads=("intake.dose",), sql=sql)
    monkeypatch.setattr(unread, "catalogue", lambda: {"core.odd": model})
    monkeypatch.setattr(unread, "named", unread.named.__wrapped__)
    unread.drop(doses.con, "dose")
    assert "row_hash" in doses.con.table("staging.dose").columns


def test_all_long_tables_have_columns_to_let_go():
    assert [t for t in ("session", "dose", "rating", "form", "item") if unread.named(t) is None] == []
    assert set(judge.JUDGED) >= {"session", "dose", "rating", "form", "item"}
