"""Rules on intake rows that no other spec test names: blank keys, odd dates, arms, doubts about files and corrections."""

from __future__ import annotations

import pytest

from flows.engine import judge
from tests.harness import EVIDENCE, ModelBench
from tests.spec.course import course

WORKED = "Intake rows"


def told(bench: ModelBench, table: str) -> list[str]:
    """Rules broken on one staging table, without those about the row's subject."""
    bench.run(f"staging.{table}")
    return sorted({rule for rule, _, _ in bench.judge(table)})


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        ("3  | true  | 2024-03-05 14:00:00", []),
        ("   | true  | 2024-03-05 14:00:00", ["session_no_missing"]),
        ("3  | true  | 2024-06-01 14:00:00", []),
        ("3  | true  | 2024-06-02 00:00:00", ["session_after_withdrawal"]),
        ("3  | false | 2024-06-02 00:00:00", []),
        ("3  | true  | 1989-12-31 14:00:00", ["date_too_early"]),
        ("3  | true  | 1990-01-01 14:00:00", ["session_before_consent"]),
    ],
)
def test_a_session_has_a_number_and_a_likely_date(run_models: ModelBench, row: str, rules: list[str]) -> None:
    """The participant consented on 2024-01-01 and withdrew on 2024-06-01."""
    run_models.given("mapped.disposition", "subject_id | withdrawn_on | scope\nS1 | 2024-06-01 | stop")
    session = f"subject_id | session_no | attended | started_at\nS1 | {row}"
    course(run_models, session=session)
    run_models.run("intake.subject", "staging.disposition")
    assert [r for r in told(run_models, "session") if r != "session_in_future"] == rules


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        ("3 | 1 | 80 | 40", []),
        ("3 |   | 80 | 40", ["exercise_no_missing"]),
        ("  | 1 | 80 | 40", ["session_no_missing"]),
    ],
)
def test_a_rating_has_a_session_and_an_exercise(run_models: ModelBench, row: str, rules: list[str]) -> None:
    rating = f"subject_id | session_no | exercise_no | begin_suds | end_suds\nS1 | {row}"
    course(run_models, rating=rating)
    run_models.run("intake.session")
    assert told(run_models, "rating") == rules


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        ("DCS |              ", []),
        ("    |              ", ["arm_missing"]),
        ("XYZ |              ", ["arm_unknown"]),
    ],
)
def test_an_arm_is_one_of_the_trials(run_models: ModelBench, row: str, rules: list[str]) -> None:
    run_models.trial(blinding={"status": "open"})
    run_models.given("mapped.subject", "subject_id\nS1")
    run_models.given("mapped.randomization", f"subject_id | arm | number\nS1 | {row}")
    run_models.run("intake.subject")
    assert told(run_models, "randomization") == rules


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        ("2024-03-01 | stop", []),
        ("2024-01-01 | stop", []),
        ("2023-12-31 | stop", ["withdrawn_before_consent"]),
        ("           | stop", ["withdrawal_date_missing"]),
    ],
)
def test_a_withdrawal_has_a_date_after_consent(run_models: ModelBench, row: str, rules: list[str]) -> None:
    course(run_models)
    run_models.given("mapped.disposition", f"subject_id | withdrawn_on | scope\nS1 | {row}")
    run_models.run("intake.subject")
    assert told(run_models, "disposition") == rules


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        ("sertraline | 1899 | ", ["history_too_early"]),
        ("sertraline | 1900 | ", ["medication_before_birth"]),
        ("sertraline | 1899-12-31 | 2024", ["history_too_early"]),
    ],
)
def test_a_medication_started_within_a_human_life(run_models: ModelBench, row: str, rules: list[str]) -> None:
    course(run_models)
    run_models.given("mapped.medication", f"subject_id | verbatim | started_on | ended_on\nS1 | {row}")
    run_models.run("intake.subject")
    assert told(run_models, "medication") == rules


@pytest.mark.parametrize(
    ("row", "rules"),
    [("30", []), ("", ["weight_missing"])],
)
def test_a_trial_that_doses_by_weight_asks_for_a_missing_weight(run_models: ModelBench, row: str, rules: list[str]) -> None:
    run_models.trial(arms=[{"code": "DCS", "label": "DCS", "dose_mg_by_weight": [{"below_kg": 46, "dose_mg": 25}]}])
    subject = f"subject_id | age_years | sex | consented_on | randomized_on | weight_kg\nS1 | 12 | F | 2024-01-01 | 2024-01-08 | {row}"
    course(run_models, subject=subject)
    assert told(run_models, "subject") == rules


@pytest.mark.parametrize(("mapped", "rules"), [("weight_kg", ["weight_not_sent"]), ("age_years", [])])
def test_a_trial_with_fixed_doses_only_notes_a_blank_weight_where_the_site_sends_weights(
    run_models: ModelBench, mapped: str, rules: list[str]
) -> None:
    run_models.given("ref.mapped_field", f"unit | table_name | field\n0 | subject | {mapped}")
    course(run_models, subject="subject_id | age_years | sex | consented_on | randomized_on\nS1 | 30 | F | 2024-01-01 | 2024-01-08")
    assert told(run_models, "subject") == rules


def test_the_same_row_twice_is_left_out_once(run_models: ModelBench) -> None:
    dose = """
        subject_id | session_no | time_point | taken | dose_mg | dosed_at
        S1         | 3          | PRE        | true  | 50      | 2024-03-05 13:00:00
        S1         | 3          | PRE        | true  | 50      | 2024-03-05 13:00:00
    """
    course(run_models, dose=dose)
    run_models.run("intake.subject", "staging.dose")
    assert [f for f in run_models.judge("dose") if f[0].startswith("duplicate")] == [("duplicate_row", "", "2")]


def test_a_correction_that_no_longer_matches_is_told(run_models: ModelBench) -> None:
    corrections = """
        unit | study | site | table_name | record_key | field | is_there
        0    | t01   | 01   | dose       | S1         | dose  | true
        0    | t01   | 01   | subject    | 1          | sex   | false
    """
    run_models.given("mapped.stale_correction", corrections)
    assert told(run_models, "stale_correction") == ["correction_stale"]
    found = judge.judge_table(run_models.con, "stale_correction", EVIDENCE).findings
    assert {r["record_key"]: r["suggestion"].partition(";")[0].partition(":")[0] for r in found.iter_rows(named=True)} == {
        "S1": "the record is there, but its text is another than as_sent",
        "1": "no record of the newest data has this key",
    }


def test_what_a_reader_doubts_about_a_file_is_told(run_models: ModelBench) -> None:
    run_models.given(
        "mapped.file_note", "unit | study | site | file_name | source_file | note | is_doubt\n"
        "0 | t01 | 01 | d.csv | ffff | the last line may be cut | true"
    )
    assert told(run_models, "file_note") == ["file_doubtful"]


def test_what_a_reader_remarks_is_noted_and_is_no_doubt(run_models: ModelBench) -> None:
    run_models.given(
        "mapped.file_note", "unit | study | site | file_name | source_file | note | is_doubt\n"
        "0 | t01 | 01 | d.xlsx | ffff | 2 hidden row(s) are read like all others | false"
    )
    assert told(run_models, "file_note") == ["file_remark"]


def test_a_whole_site_whose_ratings_never_pass_ten_is_asked_for_its_scale(run_models: ModelBench) -> None:
    for n, highest, asked in ((20, 10, ["suds_scale_suspect_site"]), (19, 10, []), (20, 11, [])):
        run_models.given(
            "core.site_suds", "unit::INT|study|site|record_key|n_ratings::INT|highest_suds::INT|n_courses::INT|n_falling::INT|"
            "n_rising::INT|n_low_peaks::INT|n_peaks::INT|n_begins::INT|n_begin_is_peak::INT|n_ends::INT|n_end_is_peak::INT\n"
            f"0 | t01 | 01 | 01 | {n} | {highest} | 7 | 7 | 0 | 0 | 0 | 0 | 0 | 0 | 0",
        )  # fmt: skip
        assert [rule for rule, _, _ in run_models.judge("core.site_suds")] == asked


@pytest.mark.parametrize(
    ("row", "rules"),
    [("LSAS | LSF01 | 2", []), ("     | LSF01 | 2", ["instrument_missing"]), ("LSAS |       | 2", ["item_missing"])],
)
def test_an_answer_has_an_instrument_and_an_item(run_models: ModelBench, row: str, rules: list[str]) -> None:
    course(run_models)
    cells = f"subject_id | instrument | item | value\nS1 | {row}"
    run_models.given("mapped.item", cells, visit="W4", assessed_on="2024-01-29", is_total="false", counts="true")
    run_models.run("intake.subject", "intake.form")
    assert told(run_models, "item") == rules


def test_a_wide_questionnaire_without_its_instrument_is_set_aside(run_models: ModelBench) -> None:
    course(run_models)
    run_models.given("mapped.form", "subject_id | instrument | item_values\nS1 | | [1, 2]", visit="W4", assessed_on="2024-01-29")
    run_models.run("intake.subject")
    assert told(run_models, "form") == ["instrument_missing"]
