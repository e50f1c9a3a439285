"""The primary outcome of a trial, pooled: core.ipd_base, pooled.adref, pooled.adipd."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from tests.harness import TRIAL

WORKED = "Pooled outcome"

BASE = """
    study | site | subject_id | usubjid | instrument | paramcd | visit    | visit_order::INTEGER | aval::DOUBLE | is_baseline::BOOLEAN
    t01   | 01   | S1         | u1      | SPD-S      | SPDS    | BASELINE | 0                    | 6            | true
    t01   | 01   | S1         | u1      | SPD-S      | SPDS    | POST     | 1                    | 3            | false
    t01   | 01   | S2         | u2      | SPD-S      | SPDS    | BASELINE | 0                    | 4            | true
    t01   | 01   | S2         | u2      | SPD-S      | SPDS    | POST     | 1                    | 4            | false
    t01   | 02   | S3         | u3      | SPD-S      | SPDS    | BASELINE | 0                    | 5            | true
"""
REST = {
    "disorder": "VARCHAR", "ady": "INTEGER", "week": "DOUBLE", "pomp": "DOUBLE", "pomp_baseline": "DOUBLE", "arm_label": "VARCHAR",
    "n_doses_capped": "INTEGER", "share_1_2h_before": "DOUBLE", "share_over60_before": "DOUBLE", "share_good": "DOUBLE",
    "ad_bl_fl": "VARCHAR", "ad_chr_fl": "VARCHAR", "age_group": "VARCHAR", "sex": "VARCHAR",
}  # fmt: skip


def pooled(bench, text: str):
    bench.trial(instruments=["SPD-S"], primary="SPDS")
    bench.given("staged.ipd_base", text)
    for name, dtype in REST.items():
        bench.con.execute(f"alter table staged.ipd_base add column {name} {dtype}")
    return bench.run("pooled.adipd")


def test_the_reference_is_the_trials_own_baseline(run_models):
    """6, 4, 5: mean 5, variance (1 + 1 + 0) / 2 = 1."""
    assert pooled(run_models, BASE).rows("pooled.adref") == [("t01", "SPDS", 3, 5.0, 1.0, 1.0, 7.0)]


def test_z_and_rank(run_models):
    """Sorted 3 4 4 5 6: ranks 1, 2.5, 2.5, 4, 5 of 5."""
    assert pooled(run_models, BASE).rows("pooled.adipd", "USUBJID", "AVISIT", "Z", "RANK100") == [
        ("u1", "BASELINE", 1.0, 100.0), ("u1", "POST", -2.0, 0.0), ("u2", "BASELINE", -1.0, 37.5), ("u2", "POST", -1.0, 37.5),
        ("u3", "BASELINE", 0.0, 75.0),
    ]  # fmt: skip


def test_a_rank_counts_only_the_own_trial_and_a_value_that_is_not_there_comes_last(run_models):
    """t01 sorted 3 5 5 null: ranks 1, 2.5, 2.5, 4 of 4; the only record of t02 has none."""
    rows = [("t01", "u1", "5"), ("t01", "u2", "3"), ("t01", "u3", "5"), ("t01", "u4", ""), ("t02", "u5", "4")]
    lines = [f"{study} | 01 | {who} | {who} | SPD-S | SPDS | POST | 1 | {value} | false" for study, who, value in rows]
    bench = pooled(run_models, "\n".join([BASE.strip().splitlines()[0], *lines]))
    found = bench.rows("pooled.adipd", "USUBJID", "RANK100")
    assert found == [("u1", 50.0), ("u2", 0.0), ("u3", 50.0), ("u4", 100.0), ("u5", None)]


def test_a_lone_subject_has_neither_spread_nor_rank(run_models):
    lone = "\n".join(BASE.strip().splitlines()[:2])
    bench = pooled(run_models, lone)
    assert bench.rows("pooled.adref", "N", "MEAN", "SD") == [(1, 6.0, None)]
    assert bench.rows("pooled.adipd", "Z", "RANK100") == [(None, None)]


def test_subjects_alike_have_no_z(run_models):
    alike = BASE.replace("| 4            | true", "| 6            | true").replace("| 5            | true", "| 6            | true")
    assert pooled(run_models, alike).rows("pooled.adipd", "Z") == [(None,)] * 5


@pytest.fixture
def base(run_models):
    week1 = {"name": "W1", "order": 1, "target_day": 8, "from_day": 5, "to_day": 12}
    run_models.trial(instruments=["SPD-S"], primary="SPDS", visits=[*TRIAL["visits"], week1])
    run_models.given("intake.subject", "subject_id | age_years | sex | randomized_on\nS1 | 17 | F | 2024-01-01")
    run_models.given("intake.form", """
        subject_id | visit    | visit_key | assessed_on | date_key   | item_values
        S1         | BASELINE | BASELINE  | 2023-12-30  | 2023-12-30 | [6]
        S1         | W1       | W1        | 2024-01-29  | 2024-01-29 | [5]
        S1         | W4       | W4        | 2024-01-30  | 2024-01-30 | [4]
        S1         | POST     | POST      |             | 31.02.2024 | [2]
        S1         |          |           | 2024-06-30  | 2024-06-30 | [1]
    """, instrument="SPD-S")
    run_models.given("core.dose_timing", """
        subject_id | taken::BOOLEAN | dosed_on::DATE |session_no::INTEGER | session_on::DATE | is_1_2h_before::BOOL | is_over60_before::BOOL
        S1         | true           | 2024-01-09     | 3                   | 2024-01-09       | true                    | true
        S1         | true           | 2024-01-30     | 4                   | 2024-01-30       |                         |
        S1         | true           | 2024-01-30     | 4                   | 2024-01-30       | false                   | true
        S1         | true           |                | 5                   | 2024-02-01       | false                   | false
        S1         | false          | 2024-01-16     | 6                   | 2024-01-16       |                         |
        S1         | true           | 2024-02-06     | 7                   | 2024-02-06       | true                    | true
    """.replace("subject_id |", "study | site | subject_id |").replace("S1         |", "t01 | 01 | S1 |"))
    run_models.given("core.treatment_period", "study | site | subject_id | first_on::DATE\nt01 | 01 | S1 | 2024-01-09")
    run_models.con.execute("alter table core.dose_timing add column randomized_on date")
    run_models.con.execute("update core.dose_timing set randomized_on = date '2024-01-01'")
    run_models.given("core.loose_dose", "study | site | subject_id | is_kept::BOOL | day_on::DATE | taken::BOOL")
    run_models.given("core.session_suds", """
        study | site | subject_id | session_no::INTEGER | outcome
        t01   | 01   | S1         | 3                   | GOOD
        t01   | 01   | S1         | 4                   | UNKNOWN
        t01   | 01   | S1         | 7                   | GOOD
    """)
    run_models.given("core.subject_medication", "study | site | subject_id | ad_bl_fl | ad_chr_fl\nt01 | 01 | S1 | Y | U")
    return run_models.run("core.ipd_base")


def test_doses_and_sessions_count_up_to_the_day_of_the_assessment(base):
    assert base.rows("core.ipd_base", "visit", "n_doses_capped", "share_1_2h_before", "share_over60_before", "share_good") == [
        ("BASELINE", 0, None, None, None),
        ("POST", None, None, None, None),
        ("W1", 1, 1.0, 1.0, 1.0),
        ("W4", 3, None, None, None),  # one timing, one outcome is not known
    ]


def test_a_session_counts_on_its_own_day_whatever_day_its_dose_has(base):
    """The dose of session 7, on 6 February, was written to the year before: it counts as sent, its session does not yet."""
    base.con.execute("update core.dose_timing set dosed_on = date '2023-02-06' where session_no = 7")
    base.made.discard("core.ipd_base")
    base.run("core.ipd_base")
    assert base.rows("core.ipd_base", "visit", "n_doses_capped", "share_good")[0] == ("BASELINE", 1, None)


@pytest.mark.parametrize(
    ("dosed_on", "session_on", "n"),
    [
        ("", "2024-01-30", 4),  # the session's day stands for the dose's
        ("", "2024-01-31", 3),
        ("", "", None),  # somewhere after randomization
        ("2024-01-31", "", 3),
    ],
)
def test_a_dose_without_a_day_counts_on_its_sessions_or_leaves_the_count_unknown(base, dosed_on, session_on, n):
    base.con.execute(
        "update core.dose_timing set dosed_on = try_cast($1 as date), session_on = try_cast($2 as date) where session_no = 5",
        [dosed_on, session_on],
    )
    base.made.remove("core.ipd_base")
    base.run("core.ipd_base")
    assert base.rows("core.ipd_base", "visit", "n_doses_capped")[0] == ("BASELINE", 0)
    assert base.rows("core.ipd_base", "visit", "n_doses_capped")[3] == ("W4", n)


@pytest.mark.parametrize(("day_on", "n"), [("2024-01-30", None), ("2024-01-31", 3), (None, None)])
def test_a_record_that_may_be_a_dose_leaves_the_count_unknown(base, day_on, n):
    base.con.execute("insert into core.loose_dose values ('t01', '01', 'S1', true, $1, null)", [day_on])
    base.made.remove("core.ipd_base")
    base.run("core.ipd_base")
    assert base.rows("core.ipd_base", "visit", "n_doses_capped", "share_over60_before")[3] == ("W4", n, None)
    assert base.rows("core.ipd_base", "visit", "n_doses_capped")[0] == ("BASELINE", 0)


def test_nine_doses_are_nine_whatever_else_may_have_been_one(base):
    base.con.execute("insert into core.loose_dose values ('t01', '01', 'S1', false, date '2024-01-02', true)")
    base.con.execute("insert into core.dose_timing by name select d.* replace (8 as session_no) from core.dose_timing as d, range(3)")
    base.made.remove("core.ipd_base")
    base.run("core.ipd_base")
    assert base.rows("core.ipd_base", "visit", "n_doses_capped")[2:] == [("W1", None), ("W4", 9)]


def test_weeks_are_from_the_baseline_assessment_and_unscheduled_records_stay_out(base):
    assert base.rows("core.ipd_base", "visit", "week", "aval", "pomp_baseline", "is_baseline", "age_group", "ad_chr_fl") == [
        ("BASELINE", 0.0, 6.0, pytest.approx(500 / 6), True, "PEDIATRIC", "U"),
        ("POST", None, 2.0, pytest.approx(500 / 6), False, "PEDIATRIC", "U"),
        ("W1", pytest.approx(30 / 7), 5.0, pytest.approx(500 / 6), False, "PEDIATRIC", "U"),
        ("W4", pytest.approx(31 / 7), 4.0, pytest.approx(500 / 6), False, "PEDIATRIC", "U"),
    ]


def test_primary_holds_every_record_with_a_value_also_unscheduled_ones(base):
    assert base.rows("core.primary", "visit", "assessed_on", "aval", "is_baseline") == [
        ("BASELINE", dt.date(2023, 12, 30), 6.0, True), ("POST", None, 2.0, False), ("UNSCHEDULED", dt.date(2024, 6, 30), 1.0, False),
        ("W1", dt.date(2024, 1, 29), 5.0, False), ("W4", dt.date(2024, 1, 30), 4.0, False),
    ]  # fmt: skip


def test_the_spread_is_that_of_a_sample(run_models):
    found = pooled(run_models, BASE.replace("| 5            | true", "| 7            | true")).rows("pooled.adref", "MEAN", "SD")
    assert found == [(pytest.approx(17 / 3), pytest.approx(math.sqrt(7 / 3)))]


def test_records_all_alike_share_the_middle_rank(run_models):
    """Five times 4: ranks 1 to 5 shared are 3 of 5: 100 * 2 / 4 = 50."""
    rows = [line.rsplit("|", 2) for line in BASE.strip().splitlines()[1:]]
    alike = "\n".join([BASE.strip().splitlines()[0], *("| ".join([start.rstrip(), "4 ", base]) for start, _, base in rows)])
    assert pooled(run_models, alike).rows("pooled.adipd", "Z", "RANK100") == [(None, 50.0)] * 5


def test_a_subject_without_a_baseline_is_measured_on_the_others_baseline(run_models):
    """S3 has only a follow-up of 5: mean and spread are of S1 and S2, (6 + 4) / 2 = 5 and sqrt(2); ranks of 3 4 4 5 6 as ever."""
    later = BASE.replace("BASELINE | 0                    | 5            | true", "POST     | 1                    | 5            | false")
    bench = pooled(run_models, later)
    assert bench.rows("pooled.adref", "N", "MEAN", "SD") == [(2, 5.0, pytest.approx(math.sqrt(2)))]
    assert bench.con.execute("select Z, RANK100, POMPBL from pooled.adipd where USUBJID = 'u3'").fetchall() == [(0.0, 75.0, None)]


def test_a_trial_without_any_baseline_has_ranks_and_no_z(run_models):
    bench = pooled(run_models, BASE.replace("true", "false"))
    assert bench.rows("pooled.adref") == []
    assert {z for (z,) in bench.rows("pooled.adipd", "Z")} == {None}
    assert sorted(r for (r,) in bench.rows("pooled.adipd", "RANK100")) == [0.0, 37.5, 37.5, 75.0, 100.0]


def test_where_higher_is_better_only_percent_of_maximum_is_turned(run_models):
    """MMSE 27 and 24 of 30: percent of maximum 100 * 3 / 30 = 10 and 20 (higher is worse); z and rank follow the score itself."""
    run_models.trial(instruments=["MMSE"], primary="MMSETOT")
    run_models.given("intake.subject", "subject_id | randomized_on\nS1 | 2024-01-01\nS2 | 2024-01-01")
    run_models.given("intake.form", """
        subject_id | visit    | visit_key | assessed_on | date_key   | item_values
        S1         | BASELINE | BASELINE  | 2024-01-01  | 2024-01-01 | [27]
        S2         | BASELINE | BASELINE  | 2024-01-01  | 2024-01-01 | [24]
    """, instrument="MMSE")
    run_models.given("core.treatment_period", "study | site | subject_id | first_on::DATE")
    run_models.run("core.primary")
    rows = run_models.rows("core.primary", "subject_id", "visit", "aval", "pomp")
    assert rows == [("S1", "BASELINE", 27.0, 10.0), ("S2", "BASELINE", 24.0, 20.0)]
    text = "study | site | subject_id | usubjid | instrument | paramcd | visit | visit_order::INTEGER | aval::DOUBLE | is_baseline::BOOLEAN"
    lines = [f"t01 | 01 | {s} | {s} | MMSE | MMSETOT | {v} | 0 | {aval} | true" for s, v, aval, _ in rows]
    run_models.given("staged.ipd_base", "\n".join([text, *lines]))
    for name, dtype in REST.items():
        run_models.con.execute(f"alter table staged.ipd_base add column {name} {dtype}")
    run_models.run("pooled.adipd")
    assert run_models.rows("pooled.adipd", "USUBJID", "Z", "RANK100") == [
        ("S1", pytest.approx(1.5 / math.sqrt(4.5)), 100.0), ("S2", pytest.approx(-1.5 / math.sqrt(4.5)), 0.0),
    ]  # fmt: skip
