"""core.population and core.possible_deviation: populations are Y or N by what is certain; what could change them is told."""

from __future__ import annotations

import pytest

from flows.engine import coding, judge
from flows.engine.config import PROJECT
from tests.harness import EVIDENCE, ModelBench
from tests.spec.test_deviation import no_forms
from tests.spec.test_in_doubt import night

WORKED = "Deviations"


@pytest.mark.parametrize(
    ("subject", "flags", "told"),
    [
        ("2024-01-08 | 2024-01-08 |", ("Y", "Y"), None),
        (" | |", ("N", "N"), None),
        (" | -9 |", ("N", "N"), None),  # a missing code
        (" | 31.02.2024 | impossible_date", ("N", "N"), "ITTFL, PPROTFL"),
        ("2026-01-08 | 2026-01-08 |", ("N", "N"), "ITTFL, PPROTFL"),  # after the delivery: withheld by a rule
    ],
)
def test_nobody_is_of_a_population_for_a_date_of_randomization_that_was_withheld_and_it_is_told(
    run_models: ModelBench, subject: str, flags: tuple[str, str], told: str | None
) -> None:
    no_forms(run_models)
    run_models.given("mapped.subject", f"subject_id | randomized_on | randomized_on_raw | randomized_on_fault\nS1 | {subject}")
    run_models.run("staging.subject")
    judge.split(run_models.con, "subject", judge.judge_table(run_models.con, "subject", EVIDENCE).findings)
    run_models.made.add("intake.subject")
    run_models.run("analysis.adsl")
    assert run_models.rows("analysis.adsl", "ITTFL", "PPROTFL") == [flags]
    assert run_models.rows("core.population", "in_doubt") == [(told,)]
    assert [rule for rule, _, _ in run_models.judge("core.population")] == (["population_in_doubt"] if told else [])


@pytest.mark.parametrize(
    ("rows", "flag", "day"),
    [
        ("", "N", None),
        ("S1 | 2024-03-10 | stop", "Y", "2024-03-10"),
        ("S1 | 2024-03-10 | stop\nS1 | 2024-03-11 | stop", "Y", None),  # two that contradict: both in quarantine, but it was
    ],
)
def test_withdrawals_that_contradict_say_that_it_was_and_not_when(
    run_models: ModelBench, rows: str, flag: str, day: str | None
) -> None:
    run_models.given("mapped.disposition", f"subject_id | withdrawn_on | scope\n{rows}")
    night(run_models, "analysis.adsl")
    assert run_models.con.execute("select WDFL, WDDT::varchar from analysis.adsl").fetchall() == [(flag, day)]


@pytest.mark.parametrize(
    ("dose", "flag", "told"),
    [
        ("", "N", None),
        ("S1 | 3 | PRE | false | | | 1", "N", None),
        ("S1 | 3 | PRE | | | | 1", "N", "SAFFL, PPROTFL"),
        ("S1 | 3 | PRE | true | | | 1", "Y", "PPROTFL"),  # taken, but how much? An amount that is not planned would be major
        ("S1 | 3 | PRE | true | 50 | | 1", "Y", None),
    ],
)
def test_who_may_have_taken_a_dose_is_of_no_population_yet_and_it_is_told(
    run_models: ModelBench, dose: str, flag: str, told: str | None
) -> None:
    night(run_models, "analysis.adsl", "core.population", dose=dose)
    assert run_models.rows("analysis.adsl", "SAFFL") == [(flag,)]
    assert run_models.rows("core.population", "in_doubt") == [(told,)]


#: A participant as planned, who took one dose at session 3.
PLAIN = """
    subject_id | session_no | attended | started_at          | ended_at
    S1         | 3          | true     | 2024-03-05 14:00:00 | 2024-03-05 15:30:00
"""


@pytest.mark.parametrize(
    ("case", "hidden"),
    [
        ({}, []),
        ({"dose": "S1 | 3 | PRE | | 50 | 2024-03-05 13:00:00 | 1"},
         ["DOSE_AFTER_WITHDRAWAL", "DOSE_AMOUNT", "DOSE_BEFORE_CONSENT", "DOSE_EXTRA", "DOSE_MISSED", "DOSE_UNPLANNED",
          "TIMING_OUT_OF_WINDOW", "TIMING_UNKNOWN"]),
        ({"dose": "S1 | 3 | PRE | true | | 2024-03-05 13:00:00 | 1"}, ["DOSE_AMOUNT"]),
        ({"dose": "S1 | 3 | PRE | true | 50 | | 1"}, ["DOSE_BEFORE_CONSENT", "TIMING_OUT_OF_WINDOW"]),
        ({"session": PLAIN + "    S1 | 4 | | 2024-03-12 14:00:00 |"}, ["SESSION_MISSED"]),
        ({"medication": "S1 | lorazepam | 2024-02-01 | 2024-04"}, []),  # surely during the treatment: a deviation, no doubt
        ({"medication": "S1 | lorazepam | 2024-02-01 | 2024-03"}, ["PROHIBITED_MEDICATION"]),  # ended before the dose or after it
        ({"medication": "S1 | lorazepam | 2024-02-01 | 2024-02-28"}, []),
        ({"medication": "S1 | some new drug | 2024-02-01 | 2024-04-01"}, ["PROHIBITED_MEDICATION"]),
        ({"medication": "S1 | some new drug | 2024-04-01 |"}, []),
        ({"medication": "S1 | sertraline | 2024-02-01 | 2024-04-01"}, []),
        ({"undated_visit": "W4"}, ["VISIT_OUT_OF_WINDOW"]),
    ],
)  # fmt: skip
def test_what_a_record_in_doubt_may_hide(run_models: ModelBench, case: dict[str, str], hidden: list[str]) -> None:
    run_models.trial(dosing={"sessions": [3], "time_points": ["PRE"]})
    no_forms(run_models)
    run_models.given("mapped.medication", f"subject_id | verbatim | started_on | ended_on\n{case.get('medication', '')}")
    dose = case.get("dose", "S1 | 3 | PRE | true | 50 | 2024-03-05 13:00:00 | 1")
    night(run_models, "intake.medication", "intake.adverse_event", dose=dose, session=case.get("session", PLAIN))
    coding.code(run_models.con, [PROJECT / "codelists"], {})
    if "undated_visit" in case:
        given = "insert into core.form_visit (study, site, subject_id, is_labelled, window_to) values ('t01', '01', 'S1', true, 33)"
        run_models.con.execute(given)
    run_models.run("core.possible_deviation")
    assert [code for (code,) in run_models.rows("core.possible_deviation", "dvdecod")] == hidden
