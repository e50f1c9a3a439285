"""Medication at each dose, at baseline, and chronic: Y only when surely, N only when surely not, U for all between."""

from __future__ import annotations

import datetime as dt

import pytest

from flows.engine import coding
from flows.engine.config import PROJECT
from tests.harness import ModelBench

WORKED = "Medication"

#: First taken dose on 2024-06-10, last on 2024-06-20.
DOSES = """
    subject_id | dose_seq::INTEGER | dose_no::INTEGER | taken::BOOLEAN | dosed_on::DATE
    S1         | 1                 | 1                | true           | 2024-06-10
    S1         | 2                 | 2                | true           | 2024-06-20
"""
SUBJECTS = """
    unit::INTEGER | subject_id | usubjid   | subject_no::INTEGER | randomized_on::DATE
    0             | S1         | t01-01-S1 | 1                   | 2024-06-01
"""


def run(bench: ModelBench, text: str, doses: str = DOSES, subjects: str = SUBJECTS) -> ModelBench:
    """Medications of one participant against two doses."""
    bench.given("core.subject", "study | site | " + subjects.strip().replace("\n", "\nt01 | 01 | "))
    table = "unit::INTEGER | study | site | session_no::INTEGER | " + doses.strip().replace("\n", "\n0 | t01 | 01 | 3 | ")
    bench.given("core.dose_timing", table)
    bench.given("core.doubtful_dose", "study | site | subject_id | n_doubtful::BIGINT | earliest_on::DATE | latest_on::DATE")
    bench.given("mapped.medication", text)
    bench.run("intake.medication", "intake.adverse_event")
    coding.code(bench.con, [PROJECT / "codelists"], {})
    return bench.run("core.medication_at_dose", "core.subject_medication", "analysis.adcm")


@pytest.mark.parametrize(
    ("started", "ended", "ongoing", "at_first", "at_last", "baseline", "chronic"),
    [
        # complete dates; edge days are inside
        ("2024-01-01", "", "true", "Y", "Y", "Y", "Y"),
        ("2024-01-01", "2024-06-10", "", "Y", "N", "Y", "Y"),
        ("2024-01-01", "2024-06-09", "", "N", "N", "Y", "N"),
        ("2024-06-10", "", "true", "Y", "Y", "N", "N"),
        ("2024-06-11", "", "true", "N", "Y", "N", "N"),
        ("2024-06-01", "2024-06-01", "", "N", "N", "Y", "N"),
        ("2024-04-11", "", "true", "Y", "Y", "Y", "Y"),
        ("2024-04-12", "", "true", "Y", "Y", "Y", "N"),
        # a partial date that decides nothing, and one that leaves it open
        ("2023", "", "true", "Y", "Y", "Y", "Y"),
        ("2024", "", "true", "U", "U", "U", "U"),
        ("2024-04", "", "true", "Y", "Y", "Y", "U"),
        ("2024-06", "", "true", "U", "U", "U", "N"),
        ("2025", "", "true", "N", "N", "N", "N"),
        ("2023", "2024-06", "", "U", "U", "Y", "U"),
        ("2023", "2024", "", "U", "U", "U", "U"),
        ("2022", "2023", "", "N", "N", "N", "N"),
        # an end or a start that was never sent
        ("2024-01-01", "", "", "U", "U", "U", "U"),
        ("2024-01-01", "", "false", "U", "U", "U", "U"),
        ("2024-06-10", "", "", "Y", "U", "N", "N"),
        ("", "", "true", "U", "U", "U", "U"),
        ("", "2024-06-15", "", "U", "N", "U", "U"),
        ("", "2024-05-31", "", "N", "N", "N", "N"),
        # contradictions
        ("2024-01-01", "2024-06-15", "true", "Y", "U", "Y", "Y"),
        ("2024-01-01", "2024-06-05", "true", "U", "U", "Y", "U"),
        ("2024-06-15", "2024-06-05", "", "U", "U", "U", "U"),
    ],
)
def test_an_antidepressant_is_active_surely_surely_not_or_undecided(
    run_models, started, ended, ongoing, at_first, at_last, baseline, chronic
):
    run(run_models, f"subject_id | verbatim | started_on | ended_on | ongoing\nS1 | sertraline | {started} | {ended} | {ongoing}")
    assert run_models.rows("core.medication_at_dose", "dose_seq", "ad_fl", "ssri_fl", "bzd_fl") == [
        (1, at_first, at_first, "N"), (2, at_last, at_last, "N"),
    ]  # fmt: skip
    assert run_models.rows("core.subject_medication", "ad_bl_fl", "psy_bl_fl", "ad_chr_fl") == [(baseline, baseline, chronic)]


@pytest.mark.parametrize(
    ("verbatim", "ad", "ssri", "bzd", "psy", "interacting"),
    [
        ("bupropion", "Y", "N", "N", "Y", "N"),
        ("clonazepam", "N", "N", "Y", "Y", "N"),
        ("isoniazid", "N", "N", "N", "N", "Y"),
        ("Symbyax", "Y", "Y", "N", "Y", "N"),
        ("paracetamol", "N", "N", "N", "N", "N"),
        ("none", "N", "N", "N", "N", "N"),
        ("quitiapine", "U", "U", "U", "U", "U"),
        ("AMI", "U", "U", "U", "U", "U"),
    ],
)
def test_each_class_has_its_own_flag_and_an_uncoded_drug_leaves_all_open(run_models, verbatim, ad, ssri, bzd, psy, interacting):
    run(run_models, f"subject_id | verbatim | started_on | ongoing\nS1 | {verbatim} | 2023 | true")
    rows = run_models.rows("core.medication_at_dose", "ad_fl", "ssri_fl", "bzd_fl", "psy_fl", "int_fl")
    assert rows[0] == (ad, ssri, bzd, psy, interacting)


def test_a_sure_drug_outweighs_an_uncoded_one_and_an_uncoded_one_that_had_ended_matters_not(run_models):
    run(run_models, """
        subject_id | verbatim   | started_on | ended_on | ongoing
        S1         | sertraline | 2023       |          | true
        S1         | quitiapine | 2022       | 2023     |
        S1         | somethingx | 2024-06-15 |          | true
    """)
    assert run_models.rows("core.medication_at_dose", "dose_seq", "ad_fl", "bzd_fl") == [(1, "Y", "N"), (2, "Y", "U")]


def test_no_medication_at_all_is_no(run_models):
    run(run_models, "subject_id | verbatim\nS2 | sertraline")
    assert run_models.rows("core.medication_at_dose", "ad_fl", "int_fl") == [("N", "N"), ("N", "N")]
    assert run_models.rows("core.subject_medication", "ad_bl_fl", "ad_chr_fl", "psy_bl_fl") == [("N", "N", "N")]


def test_a_medication_in_quarantine_leaves_all_open(run_models):
    run_models.given("staging.medication", "subject_id | verbatim | dup_kind\nS1 | sertraline | conflict\nS1 | sertraline | conflict")
    run_models.given("intake.medication", "subject_id | verbatim")
    run(run_models, "subject_id | verbatim\nS2 | sertraline")
    assert run_models.rows("core.medication_at_dose", "ad_fl", "bzd_fl") == [("U", "U"), ("U", "U")]
    assert run_models.rows("core.subject_medication", "ad_bl_fl", "ad_chr_fl") == [("U", "U")]


def test_a_dose_without_a_day_is_undecided_only_where_a_drug_could_matter(run_models):
    doses = """
        subject_id | dose_seq::INTEGER | dose_no::INTEGER | taken::BOOLEAN | dosed_on::DATE
        S1         | 1                 | 1                | true           |
    """
    run(run_models, "subject_id | verbatim | started_on | ongoing\nS1 | sertraline | 2023 | true", doses)
    assert run_models.rows("core.medication_at_dose", "ad_fl", "bzd_fl") == [("U", "N")]
    assert run_models.rows("core.subject_medication", "ad_chr_fl") == [("U",)]


def test_without_randomization_baseline_is_undecided_when_a_drug_could_matter(run_models):
    run(run_models, "subject_id | verbatim | started_on | ongoing\nS1 | sertraline | 2023 | true", subjects="""
        unit::INTEGER | subject_id | usubjid   | subject_no::INTEGER | randomized_on::DATE
        0             | S1         | t01-01-S1 | 1                   |
    """)
    assert run_models.rows("core.subject_medication", "ad_bl_fl") == [("U",)]


@pytest.mark.parametrize(
    ("verbatim", "started", "ended", "ongoing", "pre", "on", "ad", "chronic", "prohibited"),
    [
        ("sertraline", "2023", "", "true", "Y", "Y", "Y", "Y", "N"),
        ("sertraline", "2024-06-10", "", "true", "N", "Y", "Y", "N", "N"),
        ("sertraline", "2024-06-20", "", "true", "N", "Y", "Y", "N", "N"),
        ("sertraline", "2024-06-21", "", "true", "N", "N", "Y", "N", "N"),
        ("sertraline", "2024", "", "true", None, None, "Y", "U", "N"),
        ("diazepam", "2024-01", "2024-06-09", "", "Y", "N", "N", "N", "Y"),
        ("quitiapine", "2023", "", "true", "Y", "Y", None, "U", None),
        ("none", "", "", "", None, None, "N", "N", "N"),
    ],
)
def test_flags_of_adcm(run_models, verbatim, started, ended, ongoing, pre, on, ad, chronic, prohibited):
    run(run_models, f"subject_id | verbatim | started_on | ended_on | ongoing\nS1 | {verbatim} | {started} | {ended} | {ongoing}")
    assert run_models.rows("analysis.adcm", "PREFL", "ONTRTFL", "ADFL", "ADCHRFL", "PROHIBFL") == [(pre, on, ad, chronic, prohibited)]


@pytest.mark.parametrize(
    ("started", "ended", "pre", "on"),
    [
        ("2024-01-01", "2024-12-31", None, "Y"),  # taken on the day of the dose that is known
        ("2024-06-15", "2024-12-31", "N", None),  # begun on that day or later, whenever the other dose was
        ("2024-01-01", "2024-06-01", None, None),
    ],
)
def test_the_dose_whose_day_is_known_decides_what_it_can(run_models, started, ended, pre, on):
    doses = """
        subject_id | dose_seq::INTEGER | dose_no::INTEGER | taken::BOOLEAN | dosed_on::DATE
        S1         | 1                 | 1                | true           |
        S1         | 2                 | 2                | true           | 2024-06-10
        S1         | 3                 | 3                | true           |
    """
    run(run_models, f"subject_id | verbatim | started_on | ended_on\nS1 | sertraline | {started} | {ended}", doses)
    assert run_models.rows("analysis.adcm", "PREFL", "ONTRTFL") == [(pre, on)]


def test_without_a_taken_dose_nothing_is_on_treatment(run_models):
    doses = """
        subject_id | dose_seq::INTEGER | dose_no::INTEGER | taken::BOOLEAN | dosed_on::DATE
        S1         | 1                 |                  | false          | 2024-06-10
    """
    run(run_models, "subject_id | verbatim | started_on | ongoing\nS1 | sertraline | 2023 | true", doses)
    assert run_models.rows("analysis.adcm", "PREFL", "ONTRTFL", "ADCHRFL") == [(None, "N", "U")]


def test_adcm_has_the_contracts_columns_in_order(run_models):
    run(run_models, "subject_id | verbatim | started_on | ongoing\nS1 | Symbyax 6/25 mg | 2019---15 | true")
    names = [r[0] for r in run_models.con.execute("describe analysis.adcm").fetchall()]
    assert " ".join(names) == (
        "STUDYID USUBJID SITEID CMSEQ CMTRT CMMODIFY CMDECOD CMCLAS CMCLASCD CODESTAT CMSUGG CMSTDTC CMENDTC "
        "ASTDT ASTDTF AENDT AENDTF ONGOFL PREFL ONTRTFL ADFL SSRIFL PSYFL ADCHRFL PROHIBFL SRCFILE SRCROW"
    )
    assert run_models.rows("analysis.adcm", "CMSEQ", "CMTRT", "CMMODIFY", "CMDECOD", "CODESTAT", "CMSTDTC", "ASTDTF", "ONGOFL") == [
        (1, "Symbyax 6/25 mg", "symbyax", "fluoxetine", "EXACT_BRAND", "2019---15", "M", "Y"),
        (2, "Symbyax 6/25 mg", "symbyax", "olanzapine", "EXACT_BRAND", "2019---15", "M", "Y"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("periods", "rows", "participant"),
    [
        # records that follow day on day, touch or overlap are one course
        ("sertraline 2023-01-01 2024-05-31, sertraline 2024-06-01 -", "YY", "Y"),
        ("sertraline 2023-01-01 2024-06-01, Zoloft 2024-06-01 -", "YY", "Y"),
        ("sertraline 2023-01-01 2024-06-10, sertraline 2024-05-01 -", "YY", "Y"),
        ("sertraline 2024-04-11 2024-04-30, sertraline 2024-05-01 2024-05-31, sertraline 2024-06-01 2024-06-10", "YYY", "Y"),
        ("sertraline 2024-04-12 2024-04-30, sertraline 2024-05-01 -", "NN", "N"),
        # one day without it breaks the course; another drug is another course; an old one is not part of it
        ("sertraline 2023-01-01 2024-05-30, sertraline 2024-06-01 -", "NN", "N"),
        ("sertraline 2023-01-01 2024-05-31, fluoxetine 2024-06-01 -", "NN", "N"),
        ("sertraline 2015 2016, sertraline 2023 -", "NY", "Y"),
        ("sertraline 2023 -, diazepam 2023 -", "YN", "Y"),
        # a partial date or a drug that is not known may close the gap
        ("sertraline 2023-01-01 2024-05, sertraline 2024-06-01 -", "UU", "U"),
        ("sertraline 2023-01-01 2024-05, sertraline 2024-05 -", "UU", "U"),
        ("sertraline 2023-01-01 2024-04, sertraline 2024-06 -", "NN", "N"),
        ("sertraline 2023-01-01 2024-04-30, quitiapine 2024-05-01 2024-05-31, sertraline 2024-06-01 -", "UUU", "U"),
        ("sertraline 2023-01-01 2024-04-30, quitiapine 2024-05-01 2024-05-30, sertraline 2024-06-01 -", "NNN", "N"),
        ("quitiapine 2023-01-01 2024-05-31, quetiapine 2024-06-01 -", "NN", "N"),
    ],
)
def test_records_of_one_drug_that_follow_each_other_are_one_course(run_models, periods, rows, participant):
    lines = ["subject_id | verbatim | started_on | ended_on | ongoing"]
    for period in periods.split(", "):
        drug, start, end = period.split()
        lines.append(f"S1 | {drug} | {start} | {'' if end == '-' else end} | {'true' if end == '-' else ''}")
    run(run_models, "\n".join(lines))
    assert "".join(r[1] for r in run_models.rows("analysis.adcm", "SRCROW", "ADCHRFL")) == rows
    assert run_models.rows("core.subject_medication", "ad_chr_fl") == [(participant,)]


@pytest.mark.parametrize(
    ("first", "second", "from_on", "flags"),
    [
        ("50 mg daily", "50 mg daily", "2024-05-01", "YY"),
        ("50 mg daily", "100 mg daily", "2024-05-01", "NN"),  # not stable for sixty days
        ("50 mg daily", "100 mg daily", "2024-04-12", "NN"),
        ("50 mg daily", "100 mg daily", "2024-04-11", "NY"),  # changed sixty days before the first dose, on 2024-06-10
        ("0.5 mg", "1 mg", "2024-05-01", "NN"),
        ("50 mg bid", "100 mg daily", "2024-05-01", "YY"),  # the same a day, in other words: no change that is certain
        ("50 mg daily", "", "2024-05-01", "YY"),
    ],
)
def test_an_antidepressant_whose_dose_changed_is_not_chronic(run_models, first, second, from_on, flags):
    day = dt.date.fromisoformat(from_on) - dt.timedelta(days=1)
    run(run_models, f"""
        subject_id | verbatim   | dose_text | started_on | ended_on | ongoing
        S1         | sertraline | {first}   | 2023-01-01 | {day}    |
        S1         | sertraline | {second}  | {from_on}  |          | true
    """)
    assert "".join(r[1] for r in run_models.rows("analysis.adcm", "SRCROW", "ADCHRFL")) == flags
    assert run_models.rows("core.subject_medication", "ad_chr_fl") == [(max(flags),)]


FLAGS = ("ad_fl", "ssri_fl", "bzd_fl", "psy_fl", "int_fl")
TABLES = {"subject": {"file": "x.csv"}}


def test_a_site_that_sends_no_medication_table_leaves_every_flag_open(run_models):
    run_models.trial(site={"tables": TABLES})
    run(run_models, "subject_id | verbatim")
    assert run_models.rows("core.medication_at_dose", *FLAGS) == [("U",) * 5, ("U",) * 5]
    assert run_models.rows("core.subject_medication", "ad_bl_fl", "ad_chr_fl", "psy_bl_fl") == [("U", "U", "U")]


def test_a_site_may_declare_that_no_medication_table_means_that_none_was_taken(run_models):
    run_models.trial(site={"tables": TABLES, "no_medication_table": "none"})
    run(run_models, "subject_id | verbatim")
    assert run_models.rows("core.medication_at_dose", *FLAGS) == [("N",) * 5, ("N",) * 5]
    assert run_models.rows("core.subject_medication", "ad_bl_fl", "ad_chr_fl", "psy_bl_fl") == [("N", "N", "N")]


@pytest.mark.parametrize(
    ("ongoing", "ongoing_fault", "ended_on_fault", "meant", "flag", "published"),
    [
        ("", "", "", "unknown", "U", None),
        ("", "", "", "ongoing", "Y", "Y"),
        ("", "unknown_code", "", "ongoing", "U", None),
        ("", "", "impossible_date", "ongoing", "U", None),
        ("false", "", "", "ongoing", "U", "N"),
    ],
)
def test_a_blank_end_means_ongoing_only_where_the_site_declares_it(
    run_models, ongoing, ongoing_fault, ended_on_fault, meant, flag, published
):
    run_models.trial(site={"blank_medication_end": meant})
    run(run_models, f"""
        subject_id | verbatim   | started_on | ongoing   | ongoing_fault   | ended_on_fault
        S1         | sertraline | 2023       | {ongoing} | {ongoing_fault} | {ended_on_fault}
    """)
    assert run_models.rows("core.medication_at_dose", "ad_fl") == [(flag,), (flag,)]
    assert run_models.rows("analysis.adcm", "ONGOFL") == [(published,)]


@pytest.mark.parametrize(
    ("started", "started_fault", "ended_fault", "ongoing"), [("", "withheld", "", "true"), ("2023", "", "withheld", "")]
)
def test_a_date_that_was_withheld_leaves_the_flags_open(run_models, started, started_fault, ended_fault, ongoing):
    run(run_models, f"""
        subject_id | verbatim   | started_on | started_on_fault | ended_on_fault | ongoing
        S1         | sertraline | {started}  | {started_fault}  | {ended_fault}  | {ongoing}
    """)
    assert run_models.rows("core.medication_at_dose", "ad_fl", "bzd_fl") == [("U", "N"), ("U", "N")]
    assert run_models.rows("core.subject_medication", "ad_bl_fl", "ad_chr_fl") == [("U", "U")]


def test_an_end_sent_as_a_declared_missing_code_is_a_blank_end(run_models):
    run(run_models, """
        subject_id | verbatim   | started_on | ended_on_raw | ongoing
        S1         | sertraline | 2023       | .            | true
    """)
    assert run_models.rows("core.medication_at_dose", "ad_fl") == [("Y",), ("Y",)]
