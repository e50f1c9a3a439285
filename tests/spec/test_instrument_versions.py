"""Which version of an instrument was used, totals that are means, answers coded one off: told, never put right by themselves."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.spec.instrument_bench import instruments
from tests.spec.mapping_bench import MapInput, MappingBench, map_batch

WORKED = "Scores"

NO_DOSES = "study | site | subject_id | first_on::DATE"
PEOPLE = """
    subject_id | consented_on | randomized_on
    S1         | 2023-12-20   | 2024-01-01
    S2         | 2023-12-20   | 2024-01-01
"""


@pytest.fixture
def versions(run_models):
    """S1 was rated by the 13/11 form at baseline and by the 12/12 form later; S2 by both on one day."""
    run_models.trial(instruments=["LSAS", "LSAS-12-12"], primary="LSASTOT")
    run_models.given("intake.subject", PEOPLE)
    run_models.given("core.treatment_period", NO_DOSES)
    run_models.given("intake.form", """
        subject_id | instrument | visit    | visit_key | assessed_on | date_key
        S1         | LSAS       | BASELINE | BASELINE  | 2024-01-01  | 2024-01-01
        S1         | LSAS-12-12 | W4       | W4        | 2024-01-29  | 2024-01-29
        S2         | LSAS       | BASELINE | BASELINE  | 2024-01-01  | 2024-01-01
        S2         | LSAS-12-12 | BASELINE | BASELINE  | 2024-01-01  | 2024-01-01
    """)
    run_models.con.execute("update intake.form set item_values = case row_id when 2 then [1.0 for x in range(48)] "
                           "else [2.0 for x in range(48)] end")  # fmt: skip
    run_models.run("core.primary", "core.baseline", "core.form_check", "analysis.adqs")
    return run_models


def test_two_versions_are_one_parameter_where_they_score_alike(versions):
    assert versions.rows("core.primary", "subject_id", "visit", "instrument", "aval", "is_baseline") == [
        ("S1", "BASELINE", "LSAS", 96.0, True), ("S1", "W4", "LSAS-12-12", 48.0, False), ("S2", "BASELINE", "LSAS", 96.0, True),
    ]  # fmt: skip
    assert versions.con.execute(
        "select PARCAT1::varchar, AVAL, BASE, CHG from analysis.adqs where PARAMCD = 'LSASTOT' and USUBJID like '%S1' order by ADT"
    ).fetchall() == [("LSAS", 96.0, 96.0, None), ("LSAS-12-12", 48.0, 96.0, -48.0)]


def test_the_subscales_of_a_version_have_their_own_parameters(versions):
    found = dict(versions.con.execute(
        "select PARAMCD::varchar, AVAL from analysis.adqs where USUBJID like '%S1' and AVISIT = 'W4'").fetchall())  # fmt: skip
    assert found == {"LSASTOT": 48.0, "LSASFEAR": 24.0, "LSASAVD": 24.0, "LS12PFR": 12.0, "LS12PAV": 12.0, "LS12SFR": 12.0, "LS12SAV": 12.0}


def test_both_versions_of_one_day_cannot_be_told_apart_and_one_is_used(versions):
    assert versions.rows("core.form_visit", "subject_id", "visit", "instrument", "n_in_visit", "is_told_apart") == [
        ("S1", "BASELINE", "LSAS", 1, True), ("S1", "W4", "LSAS-12-12", 1, True), ("S2", "BASELINE", "LSAS", 2, True),
        ("S2", "BASELINE", "LSAS-12-12", 2, False),
    ]  # fmt: skip
    assert "assessment_not_told_apart" in {rule for rule, _, _ in versions.judge("core.form_check")}


def mapped(folder: Path, names: tuple[str, ...], text: str, mapping: str) -> MappingBench:
    """One delivery of questionnaires to a trial that uses these instruments."""
    b = MappingBench(folder)
    unit = b.unit(mapping)
    trial = unit.trial.model_copy(update={"instruments": names, "primary": instruments()[names[0]].scales[0].paramcd})
    unit = type(unit)(unit.key, unit.site, trial, tuple(instruments()[n] for n in names), (), (), unit.folder)
    b.text("q.csv", text)
    map_batch(b.con, [MapInput(1, unit, (b.delivery(),))])
    return b


def test_a_site_says_its_version_by_the_name_of_the_instrument(tmp_path):
    mapping = r"assessment: {file: q.csv, wide: {pattern: 'f(?P<n>\d+)', item: 'LSF{n:02d}'}, fields: {instrument: {const: LSAS-12-12}}}"
    b = mapped(tmp_path, ("LSAS", "LSAS-12-12"), "subject_id,f1,f21\n1,3,2\n", mapping)
    assert [(i, v[0], v[20]) for i, v in b.rows("form", "instrument", "item_values")] == [("LSAS-12-12", 3.0, 2.0)]


def test_an_item_under_another_versions_code_is_a_finding(tmp_path):
    """LRF01 is the self-report's first item: under the clinician's LSAS it means nothing, whether or not the trial uses both."""
    text = "subject_id,form,visit,code,val\n1,LSAS,W4,LSF01,2\n1,LSAS,W4,LRF02,2\n1,LSAS-SR,W4,LRF03,2\n1,LSAS-SR,W4,LSF04,2\n"
    mapping = "assessment: {file: q.csv, fields: {instrument: form, visit: visit, item: code, value: val}}"
    b = mapped(tmp_path, ("LSAS", "LSAS-SR"), text, mapping)
    assert b.rows("item", "instrument", "item_raw", "item", "item_fault") == [
        ("LSAS", "LSF01", "LSF01", None), ("LSAS", "LRF02", None, "unknown_code"), ("LSAS-SR", "LRF03", "LRF03", None),
        ("LSAS-SR", "LSF04", None, "unknown_code"),
    ]  # fmt: skip


@pytest.fixture
def totals(run_models):
    """PDSS (7 items 0-4, 0-28) and MMSE (30 points, higher is better)."""
    run_models.trial(instruments=["PDSS"], primary="PDSSTOT")
    run_models.given("intake.subject", PEOPLE)
    run_models.given("core.treatment_period", NO_DOSES)
    return run_models


@pytest.mark.parametrize(
    ("items", "total", "told"),
    [
        ("[4,3,2,1,0,1,3]", "2", "the mean of the items"),
        ("[4,3,2,1,0,0,0]", "1.4", "the mean of the items"),
        ("[4,3,2,1,0,0,0]", "18", "the score in the other direction"),
        ("[4,3,2,1,0,1,3]", "21", "the sum of items coded one off"),
        ("[4,3,2,1,0,1,3]", "7", "the sum of items coded one off"),
        ("[4,3,2,1,0,1,3]", "13", None),
        ("[4,3,2,1,0,1,3]", "2.1", None),
    ],
)
def test_a_difference_with_a_likely_cause_is_told_with_it(totals, items, total, told):
    """4 3 2 1 0 1 3 add up to 14, mean 2; 4 3 2 1 add up to 10, mean 1.43, from the other end 28 - 10 = 18."""
    totals.given("mapped.form", f"subject_id | item_values\nS1 | {items}", instrument="PDSS", visit="W4", assessed_on="2024-01-29")
    totals.given("mapped.item", f"subject_id | item | value\nS1 | PDSSTOT | {total}", instrument="PDSS", visit="W4",
                 assessed_on="2024-01-29", is_total="true", counts="false")  # fmt: skip
    totals.run("core.total_check")
    assert totals.rows("core.total_check", "is_equal", "looks_like") == [(False, told)]


def only_totals(bench, values: list[str]) -> None:
    """One total a row and nothing else, a day each."""
    day = dt.date(2024, 1, 1)
    rows = "\n".join(f"S1 | PDSSTOT | {v} | {day + dt.timedelta(n)} | {day + dt.timedelta(n)}" for n, v in enumerate(values))
    bench.given("intake.item", f"subject_id | item | value | assessed_on | date_key\n{rows}",
                instrument="PDSS", is_total="true", counts="true")  # fmt: skip
    bench.run("core.total_check", "core.site_total")


def test_a_total_that_is_not_whole_is_asked_about_where_nothing_else_was_sent(totals):
    only_totals(totals, ["14", "1.57", "2"])
    assert totals.judge("core.total_check") == [("total_not_whole", "total", "2")]
    assert totals.rows("core.score", "aval") == [(1.57,), (2.0,), (14.0,)]


def test_a_site_whose_totals_never_pass_the_highest_answer_is_asked_whether_they_are_means(totals):
    """Twenty totals of at most 4, where one item alone may give 4."""
    only_totals(totals, ["2", "3", "4", "1"] * 5)
    assert totals.judge("core.site_total") == [("totals_look_like_means", "", "PDSS|PDSSTOT")]


@pytest.mark.parametrize("values", [["2", "3", "4", "1"] * 4, [*["2", "3", "4", "1"] * 5, "5"]])
def test_a_few_low_totals_or_one_higher_one_are_no_sign_of_means(totals, values):
    only_totals(totals, values)
    assert totals.judge("core.site_total") == []


def test_answers_coded_one_too_low_are_told_of_the_site_too(run_models):
    """PSWQ is 1-5: twenty answers of 1 to 4 and one 0 look like 0-4."""
    run_models.trial(instruments=["PSWQ"], primary="PSWQTOT")
    run_models.given("intake.subject", PEOPLE)
    row = "[1,2,3,4,1,2,3,4,1,2,3,4,1,2,3,null]"
    run_models.given("intake.form", f"""
        subject_id | assessed_on | date_key   | item_values
        S1         | 2024-02-01  | 2024-02-01 | {row}
        S2         | 2024-02-01  | 2024-02-01 | {row}
    """, instrument="PSWQ")
    run_models.given("intake.item_fault", "form_row_id | instrument | item | value_raw | value_fault\n1 | PSWQ | PSWQ16 | 0 | out_of_scale")
    run_models.run("core.site_item")
    assert run_models.judge("core.site_item") == [("items_shifted", "", "PSWQ")]
    assert run_models.rows("core.site_item", "n_one_too_low", "highest_below_max", "n_answers") == [(1, 1.0, 30)]


@pytest.mark.parametrize(("instrument", "told"), [("SPD-C", ["baseline"]), ("SPD-S", [])])
def test_a_change_rated_at_baseline_is_asked_about_and_a_severity_is_not(run_models, instrument, told):
    run_models.trial(instruments=["SPD-S", "SPD-C"], primary="SPDS")
    run_models.given("intake.subject", PEOPLE)
    run_models.given("core.treatment_period", NO_DOSES)
    run_models.given("intake.form", """
        subject_id | visit    | visit_key | assessed_on | date_key   | item_values | record_key
        S1         | BASELINE | BASELINE  | 2024-01-01  | 2024-01-01 | [2]         | baseline
        S1         | W4       | W4        | 2024-01-29  | 2024-01-29 | [2]         | later
    """, instrument=instrument)
    run_models.run("core.form_check")
    assert [key for rule, _, key in run_models.judge("core.form_check") if rule == "change_rating_at_baseline"] == told
