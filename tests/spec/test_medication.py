"""core.medication: what a partial or missing date leaves open; coding in the pipeline; the rules on medications."""

from __future__ import annotations

from typing import Any

import pytest

from flows.engine import coding
from flows.engine.config import PROJECT, MedicationOverride
from schemas.findings import ConfigurationError
from schemas.trial import Trial
from tests.harness import TRIAL, ModelBench

WORKED = "Medication"

SUBJECTS = """
    subject_id | randomized_on
    S1         | 2024-03-01
    S2         | 2024-03-01
"""


def medication(
    bench: ModelBench, text: str, overrides: dict[int, list[MedicationOverride]] | None = None, dosed: str = ""
) -> ModelBench:
    """Medications of a site, coded; core.medication made. `dosed`: lines of study, site, subject, doses taken, first, last day."""
    bench.given("intake.subject", SUBJECTS)
    bench.given("mapped.medication", text)
    bench.given("core.treatment_period", "study | site | subject_id | n_taken::BIGINT | first_on::DATE | last_on::DATE\n" + dosed)
    bench.run("intake.medication", "intake.adverse_event")
    coding.code(bench.con, [PROJECT / "codelists"], overrides or {})
    return bench.run("core.medication")


def row(bench: ModelBench, *columns: str) -> tuple[Any, ...]:
    (found,) = bench.rows("core.medication", *columns)
    return tuple(str(v) if hasattr(v, "isoformat") else v for v in found)


@pytest.mark.parametrize(
    ("started", "on", "flag", "earliest", "latest"),
    [
        ("2023-05-17", "2023-05-17", None, "2023-05-17", "2023-05-17"),
        ("2024-02", "2024-02-01", "D", "2024-02-01", "2024-02-29"),
        ("2023", "2023-01-01", "M", "2023-01-01", "2023-12-31"),
        ("2023---15", "2023-01-15", "M", "2023-01-15", "2023-12-15"),
        ("", None, None, None, None),
    ],
)
def test_a_partial_start_is_a_range_and_its_earliest_day_is_published(run_models, started, on, flag, earliest, latest):
    medication(run_models, f"subject_id | verbatim | started_on | ongoing\nS1 | Zoloft | {started} | true")
    assert row(run_models, "start_on", "start_imputed", "start_earliest", "start_latest") == (on, flag, earliest, latest)


@pytest.mark.parametrize(
    ("ended", "ongoing", "on", "flag", "earliest", "latest"),
    [
        ("2024-06-05", "", "2024-06-05", None, "2024-06-05", "2024-06-05"),
        ("2024-06", "", "2024-06-30", "D", "2024-06-01", "2024-06-30"),
        ("2024", "false", "2024-12-31", "M", "2024-02-10", "2024-12-31"),
        ("", "true", None, None, "2025-12-31", None),
        ("", "false", None, None, "2024-02-10", None),
        ("", "", None, None, "2024-02-10", None),
        ("2024-06-05", "true", "2024-06-05", None, "2024-06-05", None),
    ],
)
def test_an_end_is_as_certain_as_the_site_made_it(run_models, ended, ongoing, on, flag, earliest, latest):
    medication(run_models, f"subject_id | verbatim | started_on | ended_on | ongoing\nS1 | Zoloft | 2024-02-10 | {ended} | {ongoing}")
    assert row(run_models, "end_on", "end_imputed", "end_earliest", "end_latest") == (on, flag, earliest, latest)


def test_an_end_before_the_start_decides_nothing_and_is_asked_about(run_models):
    medication(run_models, "subject_id | verbatim | started_on | ended_on\nS1 | sertraline | 2024-02-10 | 2024-01-20")
    assert row(run_models, "start_on", "end_on", "start_earliest", "end_latest") == ("2024-02-10", "2024-01-20", None, None)
    assert ("medication_end_before_start", "ended_on", "1") in run_models.judge("core.medication")


def test_an_end_that_is_only_possibly_before_the_start_is_not_asked_about(run_models):
    medication(run_models, "subject_id | verbatim | started_on | ended_on\nS1 | sertraline | 2024-02-10 | 2024-02")
    assert run_models.judge("core.medication") == []


def test_a_combination_gives_one_row_per_ingredient(run_models):
    medication(run_models, "subject_id | verbatim | started_on\nS1 | Symbyax | 2024-02-10\nS1 | Zoloft | 2023")
    assert run_models.rows("core.medication", "med_seq", "verbatim", "ingredient", "atc", "is_ssri") == [
        (1, "Zoloft", "sertraline", "N06AB06", True),
        (2, "Symbyax", "fluoxetine", "N06AB03", True),
        (3, "Symbyax", "olanzapine", "N05AH03", False),
    ]


def test_a_persons_decision_comes_first(run_models):
    decisions = {0: [
        MedicationOverride(verbatim="pink pill", ingredients=("sertraline",)), MedicationOverride(verbatim="my tea", ingredients=()),
    ]}  # fmt: skip
    medication(run_models, "subject_id | verbatim\nS1 | Pink pill\nS1 | my tea\nS1 | pink pills", decisions)
    assert run_models.rows("core.medication", "verbatim", "codestat", "ingredient") == [
        ("Pink pill", "OVERRIDE", "sertraline"), ("my tea", "NOT_A_DRUG", None), ("pink pills", "UNCODED", None),
    ]  # fmt: skip


def test_a_decision_for_an_unknown_ingredient_is_a_configuration_error(run_models):
    with pytest.raises(ConfigurationError, match="'sertralin hexagon' is no ingredient"):
        medication(
            run_models, "subject_id | verbatim\nS1 | x", {0: [MedicationOverride(verbatim="x", ingredients=("sertralin hexagon",))]}
        )


def test_flags_of_an_uncoded_medication_are_unknown_and_of_no_drug_false(run_models):
    medication(run_models, "subject_id | verbatim\nS1 | quitiapine\nS1 | none")
    assert run_models.rows("core.medication", "verbatim", "is_drug", "is_antidepressant", "is_psychotropic", "is_prohibited") == [
        ("none", False, False, False, False), ("quitiapine", True, None, None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("classes", "verbatim", "prohibited"),
    [
        (["BENZODIAZEPINE"], "clonazepam", True),
        (["BENZODIAZEPINE"], "temazepam", True),
        (["SSRI"], "Zoloft", True),
        (["SSRI"], "bupropion", False),
        (["ANTIDEPRESSANT"], "bupropion", True),
        (["ANTIPSYCHOTIC"], "quetiapine", True),
        (["NMDA_ANTAGONIST"], "Spravato", True),
        (["MAOI"], "linezolid", True),
        (["OPIOID"], "tramadol", True),
        (["N05C"], "Ambien", True),
        (["N05C"], "Xanax", False),
        ([], "Xanax", False),
    ],
)
def test_a_prohibited_class_is_a_class_a_group_or_the_beginning_of_a_code(run_models, classes, verbatim, prohibited):
    run_models.trial(prohibited_classes=classes)
    medication(run_models, f"subject_id | verbatim\nS1 | {verbatim}")
    assert run_models.rows("core.medication", "is_prohibited") == [(prohibited,)]


@pytest.mark.parametrize(
    ("ended", "washout", "asked"),
    [
        ("2024-03-04", {}, False), ("2024-03-05", {}, True), ("2024-03", {}, True), ("2024-02", {}, False), ("", {}, True),
        ("2024-02-20", {"BENZODIAZEPINE": 14}, False), ("2024-02-21", {"BENZODIAZEPINE": 14}, True),
        ("2024-02", {"BENZODIAZEPINE": 14}, True),
    ],
)  # fmt: skip
def test_a_prohibited_medication_that_was_surely_over_before_the_first_dose_and_its_washout_is_not_asked_about(
    run_models, ended, washout, asked
):
    run_models.trial(washout_days=washout)
    medication(run_models, f"subject_id | verbatim | started_on | ended_on | record_key\nS1 | diazepam | 2020 | {ended} | key",
               dosed="t01 | 01 | S1 | 1 | 2024-03-05 | 2024-04-02")  # fmt: skip
    found = [f for f in run_models.judge("core.medication") if f[0] == "medication_prohibited"]
    assert found == ([("medication_prohibited", "verbatim", "key")] if asked else [])


def test_a_washout_belongs_to_a_prohibited_class():
    with pytest.raises(ValueError, match="washout_days names"):
        Trial.model_validate(TRIAL | {"washout_days": {"SSRI": 14}})


def test_the_rules_on_coded_medications(run_models):
    medication(run_models, """
        subject_id | verbatim      | started_on | record_no | record_key
        S1         | sertraline    | 2024-01    | 1         | plain
        S1         | Zoloft 50 mg  | 2024-01    | 2         | again
        S1         | quitiapine    | 2024-01    |           | typo
        S1         | AMI           | 2024-01    |           | short
        S1         | none          |            |           | nothing
        S1         | diazepam      | 2024-01    |           | banned
        S1         | terizidone    | 2024-01    |           | study
    """)
    assert run_models.judge("core.medication") == [
        ("medication_ambiguous", "verbatim", "short"),
        ("medication_name_cleaned", "verbatim", "again"),
        ("medication_not_a_drug", "verbatim", "nothing"),
        ("medication_prohibited", "verbatim", "banned"),
        ("medication_repeated", "verbatim", "again"),
        ("medication_study_drug", "verbatim", "study"),
        ("medication_uncoded", "verbatim", "typo"),
    ]


@pytest.mark.parametrize(("dose", "asked"), [("500 mg", True), ("0 mg", False), ("as needed", False), ("", False)])
def test_no_drug_with_a_dose_is_asked_about(run_models, dose, asked):
    medication(run_models, f"subject_id | verbatim | dose_text | record_key\nS1 | none | {dose} | k\nS1 | sertraline | 50 mg | drug")
    found = [key for rule, _, key in run_models.judge("core.medication") if rule == "medication_none_dosed"]
    assert found == (["k"] if asked else [])


@pytest.mark.parametrize(
    ("verbatim", "dose", "asked"),
    [
        ("sertraline", "0 mg", True), ("sertraline", "0", True), ("sertraline", "0,0 mg/d", True), ("sertraline 0 mg", "", True),
        ("sertraline", "0.5 mg", False), ("sertraline", "10 mg", False), ("sertraline", "as needed", False), ("sertraline", "", False),
        ("sertraline 100 mg", "", False), ("sertraline 0 mg", "50 mg", False), ("none", "0 mg", False),
    ],
)  # fmt: skip
def test_a_drug_at_a_dose_of_zero_is_asked_about(run_models, verbatim, dose, asked):
    medication(run_models, f"subject_id | verbatim | dose_text | record_key\nS1 | {verbatim} | {dose} | k")
    assert ("medication_zero_dose" in {f[0] for f in run_models.judge("core.medication")}) == asked


@pytest.mark.parametrize(
    ("verbatim", "dose", "noted"),
    [
        ("trazodone", "50 mg", True), ("trazodone", "100 mg", True), ("trazodone", "101 mg", False), ("trazodone", "", False),
        ("trazodone", "2 x 50 mg", False), ("trazodone 50 mg nocte", "", True), ("trazodone 50 mg nocte", "150 mg", False),
        ("doxepin", "6 mg", True), ("doxepin", "10 mg", False), ("amitriptyline", "12,5 mg", True), ("Seroquel", "25mg hs", True),
        ("sertraline", "25 mg", False),
    ],
)  # fmt: skip
def test_a_dose_given_mostly_for_sleep_or_pain_is_noted_and_counts_all_the_same(run_models, verbatim, dose, noted):
    medication(run_models, f"subject_id | verbatim | dose_text\nS1 | {verbatim} | {dose}")
    assert ("medication_low_dose" in {f[0] for f in run_models.judge("core.medication")}) == noted
    assert run_models.rows("core.medication", "is_psychotropic") == [(True,)]


def test_a_somatic_drug_counted_as_psychotropic_is_noted(run_models):
    medication(run_models, "subject_id | verbatim | record_key\nS1 | propranolol | beta\nS1 | sertraline | ssri")
    found = [f for f in run_models.judge("core.medication") if f[0] == "medication_by_use"]
    assert found == [("medication_by_use", "verbatim", "beta")]


@pytest.mark.parametrize(
    ("verbatim", "indication", "found"),
    [
        ("Celebrex", "depression", True), ("Celexa", "depression", False), ("Celebrex", "joint pain", False), ("Celebrex", "", False),
        ("Zyrtec", "Psychosis", True), ("Lamisil", "bipolar disorder", True), ("hydralazine", "anxiety", True),
        ("Lamisil", "mood", True), ("ibuprofen", "Angst", True),
        ("hydroxyzine", "anxiety", False), ("propranolol", "panic attacks", False), ("levothyroxine", "depression", False),
        ("vitamin D", "depression", False), ("notadrug123", "depression", False),
    ],
)  # fmt: skip
def test_a_somatic_drug_with_a_psychiatric_indication_is_asked_about(
    run_models: ModelBench, verbatim: str, indication: str, found: bool
) -> None:
    medication(run_models, f"subject_id | verbatim | indication\nS1 | {verbatim} | {indication}")
    assert ("medication_indication_unlike" in {f[0] for f in run_models.judge("core.medication")}) == found


def test_the_rules_on_medication_dates(run_models):
    run_models.trial(delivered_on="2024-06-30")
    run_models.given("intake.subject", SUBJECTS)
    run_models.given("mapped.medication", """
        subject_id | verbatim | started_on | ended_on   | ongoing | record_key
        S1         | a        | 2024-01    | 2024       | false   | fine
        S1         | b        |            |            |         | no start
        S1         | c        | 2024-08    |            |         | future start
        S1         | d        | 2024       | 2025       |         | future end
        S1         | e        | 2024-01-05 | 2024-02-01 | true    | both
    """)
    run_models.run("staging.medication")
    mine = [f for f in run_models.judge("medication") if f[0].startswith("medication_")]
    assert mine == [
        ("medication_end_in_future", "ended_on", "future end"),
        ("medication_ongoing_with_end", "ongoing", "both"),
        ("medication_start_in_future", "started_on", "future start"),
        ("medication_start_missing", "started_on", "no start"),
    ]


def test_repetitions_are_told_apart_by_what_differs(run_models):
    run_models.given("intake.subject", SUBJECTS)
    run_models.given("mapped.medication", """
        subject_id | verbatim | started_on | started_on_raw | record_no | row_hash | delivery_no | record_key
        S1         | a        | 2024-01    |                |           | 1        | 0           | first
        S1         | a        | 2024-01    |                |           | 1        | 0           | same
        S1         | b        |            |                |           | 1        | 0           | conflict 1
        S1         | b        |            |                |           | 2        | 0           | conflict 2
        S1         | c        |            | 31.02.2024     |           | 1        | 0           | unreadable 1
        S1         | c        |            | 32.02.2024     |           | 1        | 0           | unreadable 2
        S1         | d        | 2024-01    |                | 1         | 1        | 0           | old
        S1         | d        | 2024-01    |                | 1         | 2        | 1           | new
        S9         | a        | 2024-01    |                |           | 1        | 0           | stranger
    """)
    run_models.run("staging.medication")
    assert run_models.rows("staging.medication", "record_key", "dup_kind", "subject_known") == [
        ("conflict 1", "conflict", True), ("conflict 2", "conflict", True), ("first", None, True), ("new", None, True),
        ("old", "superseded", True), ("same", "same", True), ("stranger", None, False), ("unreadable 1", None, True),
        ("unreadable 2", None, True),
    ]  # fmt: skip


def test_a_row_without_a_name_is_set_aside(run_models):
    run_models.given("intake.subject", SUBJECTS)
    run_models.given("mapped.medication", "subject_id | verbatim | started_on | record_key\nS1 | | 2024-01 | blank\nS1 | x | 2024 | fine")
    run_models.given("mapped.adverse_event", "subject_id | verbatim | started_on | record_key\nS1 | | 2024-01 | blank")
    run_models.run("staging.medication", "staging.adverse_event")
    assert ("verbatim_missing", "verbatim", "blank") in run_models.judge("medication")
    assert ("verbatim_missing", "verbatim", "blank") in run_models.judge("adverse_event")
    assert ("verbatim_missing", "verbatim", "fine") not in run_models.judge("medication")


@pytest.mark.parametrize(
    ("started", "found"),
    [
        ("1993", ["medication_before_birth"]),
        ("1994-01-01", []),  # thirty years old in January 2025: born in 1994 at the earliest
        ("1970-01-01", ["date_placeholder", "medication_before_birth"]),
        ("1970-01", ["medication_before_birth"]),
        ("2020-01-01", []),
    ],
)
def test_a_start_before_birth_or_on_the_first_day_of_a_calendar_is_asked_about(run_models, started, found):
    run_models.given("mapped.subject", "subject_id | age_years | consented_on\nS1 | 30 | 2025-01-10")
    run_models.given("mapped.medication", f"subject_id | verbatim | started_on\nS1 | sertraline | {started}")
    run_models.run("intake.subject", "staging.medication")
    assert [rule for rule, field, _ in run_models.judge("medication") if field == "started_on"] == found


@pytest.mark.parametrize(
    ("first_end", "second", "found"),
    [
        ("", "2024-03-01", ["again"]),  # the first one goes on
        ("2024-03-01", "2024-03-01", []),  # a change of dose
        ("2024-03-31", "2024-03-01", []),
        ("2024-04-01", "2024-03-01", ["again"]),  # 31 days side by side
        ("2024", "2024-03-01", []),  # it may have ended in January
        ("", "2024-01-01", []),  # the same start: told by another rule
    ],
)
def test_a_drug_reported_twice_for_the_same_time_is_asked_about(run_models, first_end, second, found):
    medication(run_models, f"""
        subject_id | verbatim     | started_on | ended_on    | ongoing | record_no | record_key
        S1         | sertraline   | 2024-01-01 | {first_end} | {'' if first_end else 'true'} | 1 | first
        S1         | Zoloft 50 mg | {second}   |             | true    | 2         | again
        S1         | fluoxetine   | {second}   |             | true    | 3         | other
    """)
    assert [key for rule, _, key in run_models.judge("core.medication") if rule == "medication_beside_itself"] == found
