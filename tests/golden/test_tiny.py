"""A tiny trial, every value computed by hand: two sites that write differently, in, all sets out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from flows.engine import batch, config, split
from tests.engine import Engine

TINY = Path(__file__).parent / "tiny"


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Engine:
    return Engine(config.load(TINY), tmp_path_factory.mktemp("tiny")).run()


@pytest.fixture(scope="module")
def sets(engine) -> duckdb.DuckDBPyConnection:
    return engine.connect()


def rows(sets, sql):
    return sets.execute(sql).fetchall()


def test_timing_to_the_second_across_the_night_the_clocks_change(sets):
    """B-001's first session began 03:30 on the spring night in Berlin, two clock hours after the dose at 01:30 and one real one."""
    assert rows(sets, """
        select USUBJID, SESSNO, EXOCCUR, EXDOSE, round(LAGSTRT, 4), LAGEXPO, TIMCAT, TIMREAS, GT60FL, INWINFL from adex order by 1, EXSEQ
    """) == [
        ("t01-A-S1", 1, "Y", 50.0, 60.0, 70.0, "PRE_1_2H", None, "Y", "Y"),
        ("t01-A-S1", 2, "Y", 50.0, 60.0167, None, "PRE_1_2H", None, "Y", "Y"),
        ("t01-A-S2", 1, "Y", None, 30.0, None, "PRE_LT1H", None, "N", "N"),
        ("t01-B-001", 1, "Y", 50.0, 60.0, None, "PRE_1_2H", None, "N", "Y"),
        ("t01-B-001", 2, "Y", 50.0, None, None, "UNKNOWN", "NO_DOSE_TIME", None, None),
        ("t01-B-002", 1, "Y", 25.0, None, None, "UNKNOWN", "NONEXISTENT_LOCAL_TIME", None, None),
        ("t01-B-002", 1, "Y", None, 75.0, None, "PRE_1_2H", None, "Y", "Y"),
    ]


def test_instants_are_utc_and_the_sites_own_clock_stays_readable(sets):
    assert rows(sets, "select EXSTDTM, EXSTDTC, EXDOSORG from adex where USUBJID = 't01-B-001' order by EXSEQ") == [
        (dt.datetime(2024, 3, 31, 0, 30, tzinfo=dt.UTC), "2024-03-31T01:30:00+01:00", "50 mg"),
        (None, "2024-04-07", "0,05 g"),
    ]


def test_doses_are_counted_also_when_only_the_clock_time_is_unknown(sets):
    assert rows(sets, "select DOSENUM, DOSEINT from adex where USUBJID = 't01-B-001' order by EXSEQ") == [(1, None), (2, 7)]
    assert rows(sets, "select NDOSE, NTIMUNK, CUMDOSE, TRTSDT, TRTEDT from adsl where USUBJID = 't01-B-001'") == [
        (2, 1, 100.0, dt.date(2024, 3, 31), dt.date(2024, 4, 7))
    ]


def test_sessions_are_good_bad_or_unknown_by_the_trials_criterion(sets):
    assert rows(sets, """
        select USUBJID, SESSNO, SUDSBEG, SUDSEND, SUDSREDP, CRIT1, CRIT1FL, SESSRES from adsess where NEXER > 0 order by 1, 2
    """) == [
        ("t01-A-S1", 1, 80.0, 30.0, 62.5, "SUDSEND <= 40", "Y", "GOOD"),
        ("t01-A-S1", 2, 60.0, 90.0, -50.0, "SUDSEND <= 40", "N", "BAD"),
        ("t01-A-S2", 1, 50.0, None, None, "SUDSEND <= 40", None, "UNKNOWN"),
        ("t01-B-001", 1, 80.0, 40.0, 50.0, "SUDSEND <= 40", "Y", "GOOD"),
        ("t01-B-001", 2, 0.0, 0.0, None, "SUDSEND <= 40", "Y", "GOOD"),
    ]


def test_scores_visits_and_change(sets):
    assert rows(sets, "select USUBJID, AVISIT, ADT, ADY, AVAL, CHG, PCHG, ABLFL, round(POMP, 3) from adqs order by 1, ADT") == [
        ("t01-A-S1", "BASELINE", dt.date(2024, 3, 1), 1, 6.0, None, None, "Y", 83.333),
        ("t01-A-S1", "POST", dt.date(2024, 3, 15), 15, 3.0, -3.0, -50.0, None, 33.333),
        ("t01-A-S2", "BASELINE", dt.date(2024, 2, 28), -2, 5.0, None, None, "Y", 66.667),
        ("t01-A-S2", "POST", dt.date(2024, 4, 30), 61, 4.0, -1.0, -20.0, None, 50.0),
        ("t01-B-001", "BASELINE", dt.date(2024, 3, 5), 1, 5.0, None, None, "Y", 66.667),
        ("t01-B-002", "BASELINE", dt.date(2024, 3, 5), 1, 4.0, None, None, "Y", 50.0),
        ("t01-B-002", "POST", None, None, 2.0, -2.0, -50.0, None, 16.667),
    ]


def test_medications_are_coded_and_partial_dates_decide_only_what_they_can(sets):
    assert rows(sets, "select USUBJID, CMTRT, CMDECOD, CODESTAT, CMSTDTC, ASTDT, ASTDTF, ADCHRFL from adcm order by 1") == [
        ("t01-A-S1", "Zoloft 50 mg", "sertraline", "EXACT_BRAND", "2023", dt.date(2023, 1, 1), "M", "Y"),
        ("t01-A-S2", "citaloprám", "citalopram", "EXACT_INGREDIENT", "2024-02-01", dt.date(2024, 2, 1), None, "N"),
    ]
    assert rows(sets, "select USUBJID, ADBLFL, ADCHRFL, PSYBLFL from adsl order by 1") == [
        ("t01-A-S1", "Y", "Y", "Y"),
        ("t01-A-S2", "Y", "N", "Y"),
        ("t01-B-001", "U", "U", "U"),  # site B sends no medication table
        ("t01-B-002", "U", "U", "U"),
    ]


def test_psychosis_is_surfaced(sets):
    assert rows(sets, "select USUBJID, AESIFL, AESICAT, TRTEMFL, DAYSLDOS from adae order by 1") == [
        ("t01-A-S1", None, None, "Y", 1),
        ("t01-A-S2", "Y", "PSYCHOSIS", "Y", 1),
    ]


def test_deviations(sets):
    assert rows(sets, "select USUBJID, DVDECOD, SESSNO, DVMAJFL from addv order by 1, 2, 3") == [
        ("t01-A-S2", "SESSION_MISSED", 2, "N"),
        ("t01-A-S2", "TIMING_OUT_OF_WINDOW", 1, "N"),
        ("t01-A-S2", "VISIT_OUT_OF_WINDOW", None, "N"),
        ("t01-B-001", "TIMING_UNKNOWN", 2, "N"),
        ("t01-B-002", "DOSE_AMOUNT", 1, "Y"),
        ("t01-B-002", "DOSE_EXTRA", 1, "N"),
        ("t01-B-002", "TIMING_UNKNOWN", 1, "N"),
    ]


def test_every_fault_is_a_finding_with_the_right_consequence(sets):
    found = rows(sets, """
        select site, "table", record_key, rule, severity, raw_value from findings
        where severity in ('reject', 'withhold') order by 1, 2, 3, 4
    """)
    assert found == [
        ("A", "dose", "S2|1||2024-03-05 09:30", "dose_amount_impossible", "withhold", "5000"),
        ("A", "dose", "S9|1||2024-03-05 09:30", "subject_not_listed", "reject", None),
        ("A", "rating", "S2|1|1", "out_of_scale", "withhold", "150"),
        ("B", "dose", "B-002|S1||01.04.2024 23:00", "unit_missing", "withhold", "50"),
        ("B", "dose", "B-002|S1||31.03.2024 02:30", "nonexistent_local_time", "withhold", "31.03.2024 02:30"),
        ("B", "item", "B-001|SPD-S|Ende|19.03.2024|SPDS", "out_of_scale", "withhold", "8"),
        ("B", "item", "B-002|SPD-S|Ende|31.02.2024|SPDS", "impossible_date", "withhold", "31.02.2024"),
        ("B", "loose_row", "gaben.csv|5", "ragged_row", "reject", None),
    ]


def test_kept_and_quarantined_rows_are_the_rows_received(engine):
    counts = {}
    for staged in engine.staged:
        for site, of in staged.receipt.get("sites", {}).items():
            counts |= {(site, table): (n["received"], n["kept"], n["quarantined"], n["withheld"]) for table, n in of["tables"].items()}
    assert counts[("A", "dose")] == (4, 3, 1, 1)
    assert counts[("B", "dose")] == (5, 4, 1, 2)
    assert counts[("B", "assessment")] == (4, 4, 0, 2)
    assert counts[("A", "subject")] == (2, 2, 0, 0)


def test_a_blinded_trial_publishes_no_arm(sets, engine):
    assert rows(sets, "select distinct BLINDFL, TRT01P, TRT01A from adsl") == [("Y", None, None)]
    assert not any("adtrt" in s.receipt["files"] for s in engine.staged)


def test_pooled_sets_stand_on_the_trials_own_baseline(sets):
    """Baseline 6, 5, 5, 4: mean 5, standard deviation sqrt(2/3)."""
    assert rows(sets, "select N, MEAN, round(SD, 6), PMIN, PMAX from adref where PARAMCD = 'SPDS'") == [(4, 5.0, 0.816497, 1.0, 7.0)]
    assert rows(sets, "select USUBJID, AVISIT, round(Z, 4), RANK100 from adipd where USUBJID = 't01-A-S1' order by 2") == [
        ("t01-A-S1", "BASELINE", 1.2247, 100.0),
        ("t01-A-S1", "POST", -2.4495, 16.666666666666668),
    ]


def test_the_same_inputs_give_the_same_bytes(engine, tmp_path):
    again = Engine(engine.programme, tmp_path).run()
    for one, two in zip(engine.staged, again.staged, strict=True):
        assert one.fingerprint == two.fingerprint
        assert one.receipt["files"] == two.receipt["files"]


def test_a_large_batch_lets_go_of_what_is_read_no_more_and_gives_the_same_bytes(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "SMALL", 0)
    monkeypatch.setattr(batch, "TOGETHER", 1)
    monkeypatch.setattr(split, "SHORT", 0)
    large = Engine(engine.programme, tmp_path).run()
    assert [s.receipt["files"] for s in large.staged] == [s.receipt["files"] for s in engine.staged]
