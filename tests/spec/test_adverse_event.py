"""Adverse events: terms, special interest, treatment emergence, days since the last dose, and the rules on them."""

from __future__ import annotations

import pytest

from flows.engine import coding
from flows.engine.config import PROJECT
from tests.harness import ModelBench

WORKED = "Adverse events"

DOSES = """
    subject_id | dose_seq::INTEGER | dose_no::INTEGER | taken::BOOLEAN | dosed_on::DATE
    S1         | 1                 | 1                | true           | 2024-06-10
    S1         | 2                 | 2                | true           | 2024-06-20
    S1         | 3                 |                  | false          | 2024-06-22
"""


def run(bench: ModelBench, text: str, doses: str = DOSES, possible: str = "") -> ModelBench:
    """Adverse events of one participant against two taken doses, and a day on which there may have been one more."""
    maybe = f"\nt01 | 01 | S1 | true | {possible} |" if possible else ""
    bench.given("core.loose_dose", "study | site | subject_id | is_kept::BOOL | dosed_on::DATE | taken::BOOL" + maybe)
    bench.given("core.subject", "study | site | subject_id | usubjid | subject_no::INTEGER\nt01 | 01 | S1 | t01-01-S1 | 1")
    table = "unit::INTEGER | study | site | session_no::INTEGER | " + doses.strip().replace("\n", "\n0 | t01 | 01 | 3 | ")
    bench.given("core.dose_timing", table)
    bench.given("mapped.adverse_event", text)
    bench.run("intake.medication", "intake.adverse_event")
    coding.code(bench.con, [PROJECT / "codelists"], {})
    return bench.run("analysis.adae")


@pytest.mark.parametrize(
    ("verbatim", "term", "interest", "expected"),
    [
        ("Headache", "Headache", None, "Y"),
        ("head ache after pill", "Headache", None, "Y"),
        ("Kopfschmerzen", "Headache", None, "Y"),
        ("irritable", "Irritability", None, "Y"),
        ("Depressed mood", "Depression", None, "Y"),
        ("ST segment depression", "Other depression of function", None, "N"),
        ("respiratory depression", "Other depression of function", None, "N"),
        ("Nausea", "Nausea", None, "N"),
        ("M\u00fcdigkeit", "Fatigue", None, "N"),
        ("déprimé", "Depression", None, "Y"),
        ("dolor de cabeza", "Headache", None, "Y"),
        ("hoofdpijn", "Headache", None, "Y"),
        ("huvudvärk", "Headache", None, "Y"),
        ("no appetite", None, None, None),
        ("broken finger", None, None, None),
        ("Seizure", "Seizure", "CONVULSION", "N"),
        ("CONVULSIONS (generalised)", "Seizure", "CONVULSION", "N"),
        ("Krampfanfall", "Seizure", "CONVULSION", "N"),
        ("had a fit", "Seizure", "CONVULSION", "N"),
        ("seizure, no loss of consciousness", "Seizure", "CONVULSION", "N"),
        ("auditory hallucinations", "Hallucination", "PSYCHOSIS", "N"),
        ("psychotic episode", "Psychotic disorder", "PSYCHOSIS", "N"),
        ("feeling paranoid", "Delusion", "PSYCHOSIS", "N"),
        ("rash after antipsychotic", "Rash", None, "N"),
        ("shoes that do not fit", None, None, None),
        ("non-epileptic seizure", "Nonepileptic seizure", None, "N"),
        ("no seizures", None, None, None),
        ("denies hallucinations", None, None, None),
        ("psychosomatic pain", None, None, None),
        ("delirium", "Confusional state", None, "Y"),
        ("geen", None, None, None),
        ("sin efectos secundarios", None, None, None),
        ("none", None, None, None),
    ],
)
def test_the_first_pattern_that_fits_gives_the_term(run_models, verbatim, term, interest, expected):
    run(run_models, f"subject_id | verbatim | started_on\nS1 | {verbatim} | 2024-06-15")
    flag = "Y" if interest else None
    assert run_models.rows("analysis.adae", "AETERM", "AEDECOD", "AESIFL", "AESICAT", "AEEXPFL") == [
        (verbatim, term, flag, interest, expected)
    ]


@pytest.mark.parametrize(
    ("interest", "texts"),
    [
        ("CONVULSION", "Krampfanfälle | crise d'épilepsie | crise comitiale | convulsiones | crise epilética | crisi epilettica"),
        ("CONVULSION", "stuipen | epileptische aanval | krampanfall | krampeanfald | napad drgawkowy | epileptischer Anfall"),
        ("PSYCHOSIS", "Psychosen | épisode psychotique | brote psicótico | psicose | psicosi acuta | psychotisch | psykos | psykotisk"),
        ("PSYCHOSIS", "Halluzinationen | hallucinaties | alucinaciones | allucinazioni | alucinações | hörde röster | oye voces"),
        ("PSYCHOSIS", "Stimmen gehört | hoort stemmen | entend des voix | sente le voci | halucynacje"),
        ("PSYCHOSIS", "Verfolgungswahn | idées délirantes | delirios | waandenkbeelden | vanföreställningar | paranoïa"),
    ],
)
def test_psychosis_and_convulsion_are_surfaced_in_the_languages_of_the_sites(run_models, interest, texts):
    said = [text.strip() for text in texts.split("|")]
    run(run_models, "subject_id | verbatim\n" + "\n".join(f"S1 | {text}" for text in said))
    found = run_models.rows("analysis.adae", "AETERM", "AESIFL", "AESICAT")
    assert found == sorted((text, "Y", interest) for text in said)
    asked = [rule for rule, _, _ in run_models.judge("core.adverse_event")]
    assert asked == ["adverse_event_special_interest"] * len(said)


@pytest.mark.parametrize(
    ("started", "emergent", "days", "flag"),
    [
        ("2024-06-09", "N", None, None),
        ("2024-06-10", "Y", 0, None),
        ("2024-06-19", "Y", 9, None),
        ("2024-06-25", "Y", 5, None),
        ("2024-07", "Y", None, "D"),
        ("2024-06", "U", None, "D"),
        ("2024", "U", None, "M"),
        ("2023", "N", None, "M"),
        ("2024---15", "U", None, "M"),
        ("", "U", None, None),
    ],
)
def test_treatment_emergence_and_days_since_the_last_dose(run_models, started, emergent, days, flag):
    run(run_models, f"subject_id | verbatim | started_on\nS1 | headache | {started}")
    assert run_models.rows("analysis.adae", "TRTEMFL", "DAYSLDOS", "ASTDTF") == [(emergent, days, flag)]


def test_without_a_taken_dose_nothing_is_treatment_emergent(run_models):
    run(run_models, "subject_id | verbatim\nS1 | headache", doses="""
        subject_id | dose_seq::INTEGER | dose_no::INTEGER | taken::BOOLEAN | dosed_on::DATE
        S1         | 1                 |                  | false          | 2024-06-10
    """)
    assert run_models.rows("analysis.adae", "TRTEMFL", "DAYSLDOS") == [("N", None)]


def test_a_dose_without_a_day_leaves_open_what_it_could_change(run_models):
    run(run_models, """
        subject_id | verbatim | started_on
        S1         | headache | 2024-06-12
        S1         | nausea   | 2024-06-25
    """, doses="""
        subject_id | dose_seq::INTEGER | dose_no::INTEGER | taken::BOOLEAN | dosed_on::DATE
        S1         | 1                 | 1                | true           | 2024-06-10
        S1         | 2                 | 2                | true           |
        S1         | 3                 | 3                | true           | 2024-06-20
    """)
    assert run_models.rows("analysis.adae", "AETERM", "TRTEMFL", "DAYSLDOS") == [("headache", "Y", None), ("nausea", "Y", 5)]


def test_a_first_dose_without_a_day_leaves_treatment_emergence_open_until_a_dose_whose_day_is_known(run_models):
    run(run_models, "subject_id | verbatim | started_on\nS1 | nausea | 2024-06-19\nS1 | headache | 2024-06-25", doses="""
        subject_id | dose_seq::INTEGER | dose_no::INTEGER | taken::BOOLEAN | dosed_on::DATE
        S1         | 1                 | 1                | true           |
        S1         | 2                 | 2                | true           | 2024-06-20
    """)
    assert run_models.rows("analysis.adae", "AETERM", "TRTEMFL", "DAYSLDOS") == [("headache", "Y", 5), ("nausea", "U", None)]


@pytest.mark.parametrize(
    ("possible", "emergent", "days"),
    [
        ("2024-06-20", "Y", 5),
        ("2024-06-21", "Y", None),  # there may have been a dose since
        ("2024-06-25", "Y", None),
        ("2024-06-26", "Y", 5),
        ("unknown", "Y", None),  # it may have been the first, or one since: the event is after a taken dose whichever it was
    ],
)
def test_a_record_that_may_be_a_dose_leaves_open_what_it_could_change(run_models, possible, emergent, days):
    run(run_models, "subject_id | verbatim | started_on\nS1 | headache | 2024-06-25", possible=possible.replace("unknown", " "))
    assert run_models.rows("analysis.adae", "TRTEMFL", "DAYSLDOS") == [(emergent, days)]


def test_adae_has_the_contracts_columns_in_order_and_counts_by_start(run_models):
    run(run_models, """
        subject_id | verbatim | started_on | severity | serious | related
        S1         | nausea   | 2024-06-25 | MILD     | false   | POSSIBLY RELATED
        S1         | headache | 2024-06    | SEVERE   | true    |
    """)
    names = [r[0] for r in run_models.con.execute("describe analysis.adae").fetchall()]
    assert " ".join(names) == (
        "STUDYID USUBJID SITEID AESEQ AETERM AEDECOD AESTDTC ASTDT ASTDTF AESEV AESER AEREL TRTEMFL DAYSLDOS "
        "AESIFL AESICAT AEEXPFL SRCFILE SRCROW"
    )
    assert run_models.rows("analysis.adae", "USUBJID", "AESEQ", "AETERM", "AESTDTC", "AESEV", "AESER", "AEREL", "SRCROW") == [
        ("t01-01-S1", 1, "headache", "2024-06", "SEVERE", "Y", None, 2),
        ("t01-01-S1", 2, "nausea", "2024-06-25", "MILD", "N", "POSSIBLY RELATED", 1),
    ]


def test_the_rules_on_coded_events(run_models):
    run(run_models, "subject_id | verbatim | record_key\nS1 | seizure | fit\nS1 | none | nothing\nS1 | nausea | fine")
    assert run_models.judge("core.adverse_event") == [
        ("adverse_event_not_an_event", "verbatim", "nothing"), ("adverse_event_special_interest", "verbatim", "fit"),
    ]  # fmt: skip


def test_no_event_with_a_severity_is_asked_about(run_models):
    rows = "S1 | none | MILD | graded\nS1 | none | | plain\nS1 | nausea | MILD | event"
    run(run_models, f"subject_id | verbatim | severity | record_key\n{rows}")
    assert [key for rule, _, key in run_models.judge("core.adverse_event") if rule == "adverse_event_none_graded"] == ["graded"]


def test_the_rules_on_events_as_sent(run_models):
    run_models.trial(delivered_on="2024-06-30")
    run_models.given("intake.subject", "subject_id | consented_on\nS1 | 2024-03-10")
    run_models.given("mapped.adverse_event", """
        subject_id | verbatim | started_on | severity | severity_raw | severity_fault | record_key
        S1         | a        | 2024-03-10 | MILD     | mild         |                | fine
        S1         | b        | 2024-03    | MILD     | mild         |                | maybe before
        S1         | c        | 2024-02    | MILD     | mild         |                | before
        S1         | d        |            |          | .            |                | bare
        S1         | e        | 2024-05    |          | huge         | unknown_code   | unreadable severity
        S1         | f        | 2025       | MILD     | mild         |                | future
    """)
    run_models.run("staging.adverse_event")
    mine = [f for f in run_models.judge("adverse_event") if f[0].startswith("adverse_event_")]
    assert mine == [
        ("adverse_event_before_consent", "started_on", "before"),
        ("adverse_event_severity_missing", "severity", "bare"),
        ("adverse_event_start_in_future", "started_on", "future"),
        ("adverse_event_start_missing", "started_on", "bare"),
    ]


def test_seriousness_is_asked_for_where_the_site_sends_it(run_models):
    run_models.given("ref.mapped_field", "table_name | field\nadverse_event | serious", unit="0")
    run_models.given("intake.subject", "subject_id | unit\nS1 | 0\nS1 | 1")
    run_models.given("mapped.adverse_event", """
        unit | subject_id | verbatim | serious | serious_raw | serious_fault | record_key
        0    | S1         | nausea   | false   | no          |               | said
        0    | S1         | headache |         |             |               | blank
        0    | S1         | rash     |         | perhaps     | unknown_code  | told otherwise
        1    | S1         | rash     |         |             |               | never sent
    """)
    run_models.run("staging.adverse_event")
    assert [f for f in run_models.judge("adverse_event") if f[0] == "adverse_event_serious_missing"] == [
        ("adverse_event_serious_missing", "serious", "blank")
    ]


@pytest.mark.parametrize(
    ("verbatim", "serious", "found"),
    [
        ("Suicide attempt", "false", True), ("suicide attempt", "true", False), ("Suicide attempt", "", False),
        ("Hospitalised for appendicitis", "false", True), ("chest pain, not hospitalised", "false", False),
        ("Hospitalisation d'un jour", "false", True), ("pas d'hospitalisation", "false", False), ("Suizidversuch", "false", True),
        ("Death", "false", True), ("Death of her father", "false", False), ("fear of death", "false", False),
        ("thoughts of death", "false", False),
        ("admitted to psychiatric ward", "false", True), ("life-threatening arrhythmia", "false", True), ("headache", "false", False),
    ],
)  # fmt: skip
def test_words_that_make_an_event_serious_are_held_against_what_the_site_says(
    run_models: ModelBench, verbatim: str, serious: str, found: bool
) -> None:
    run_models.given("intake.subject", "subject_id\nS1")
    run_models.given("mapped.adverse_event", f"subject_id | verbatim | serious | severity\nS1 | {verbatim} | {serious} | SEVERE")
    run_models.run("staging.adverse_event")
    assert ("adverse_event_serious_by_word" in {f[0] for f in run_models.judge("adverse_event")}) == found


def test_a_corrected_start_takes_the_place_of_the_earlier_one_where_the_record_has_a_number(run_models):
    run_models.given("mapped.adverse_event", """
        delivery_no | subject_id | verbatim | started_on | record_no
        0           | S1         | nausea   | 2024-06-11 | 1
        0           | S1         | nausea   | 2024-06-20 | 2
        1           | S1         | nausea   | 2024-06-12 | 1
    """)
    run_models.run("staging.adverse_event")
    assert run_models.rows("staging.adverse_event", "started_on", "dup_kind") == [
        ("2024-06-11", "superseded"), ("2024-06-12", None), ("2024-06-20", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("started", "severity", "asked"),
    [
        ("2024-06-18", "1", True),
        ("2024-06-19", "1", False),  # eight days later it is taken for another event
        ("2025-06-11", "1", True),
        ("2024-11-06", "1", True),
        ("2024-06", "1", True),
        ("", "1", True),
        ("2024-06-12", "2", False),  # and where it was not as bad, too
    ],
)
def test_an_event_that_comes_again_with_another_start_is_asked_about(run_models, started, severity, asked):
    run(run_models, f"""
        delivery_no | subject_id | verbatim | started_on | row_hash   | record_key
        0           | S1         | nausea   | 2024-06-11 | 1          | first
        1           | S1         | Nausea   | {started}  | {severity} | again
    """)
    found = [f for f in run_models.judge("core.adverse_event") if f[0] == "adverse_event_repeated"]
    assert found == ([("adverse_event_repeated", "started_on", "again")] if asked else [])


@pytest.mark.parametrize(
    ("verbatim", "near"),
    [
        ("siezure", "Seizure"),
        ("grand siezures at night", "Seizure"),
        ("psycosis", "Psychotic disorder"),
        ("halucinasion", None),  # two letters away
        ("illusion", None),
        ("seizure", None),  # coded
        ("broken finger", None),
        ("insmnia", "Insomnia"),
        ("Nuasea", "Nausea"),
        ("headahce in the evening", "Headache"),
        ("contusion", None),  # a letter from confusion, and a bruise
    ],
)
def test_a_misspelt_event_is_asked_about(run_models: ModelBench, verbatim: str, near: str | None) -> None:
    """It is never coded."""
    run(run_models, f"subject_id | verbatim | started_on | record_key\nS1 | {verbatim} | 2024-06-12 | e").run("core.event_spelling")
    assert run_models.rows("core.event_spelling", "verbatim", "near_term") == ([(verbatim, near)] if near else [])
    assert [rule for rule, _, _ in run_models.judge("core.event_spelling")] == (["adverse_event_misspelt"] if near else [])
    assert run_models.rows("analysis.adae", "AESIFL") == [("Y" if verbatim == "seizure" else None,)]


@pytest.mark.parametrize(
    ("verbatim", "found"),
    [
        ("headache and nausea", ["e"]),
        ("Schwindel, Übelkeit", ["e"]),
        ("nausea/vomiting", ["e"]),
        ("severe headache", []),
        ("headache and a sore toe", []),  # no term of the list: nothing is left out of a count by term
        ("headache, left and right", []),
        ("headache, no nausea", []),
        ("headache, cephalgia", []),  # one term
        ("sore toe and sore elbow", []),
    ],
)
def test_a_text_that_names_several_events_is_asked_about(run_models: ModelBench, verbatim: str, found: list[str]) -> None:
    run(run_models, f"subject_id | verbatim | started_on | record_key\nS1 | {verbatim} | 2024-06-12 | e")
    assert [key for rule, _, key in run_models.judge("core.adverse_event") if rule == "adverse_event_several"] == found


@pytest.mark.parametrize(
    ("second", "found"),
    [
        ("headache | 2024-06-12 | 1", ["again"]),
        ("Kopfschmerzen | 2024-06-13 | 1", ["again"]),  # the same term in other words
        ("Kopfschmerzen | 2024-06-11 | 1", ["again"]),
        ("headache | 2024-06-14 | 1", []),  # three days
        ("headache | 2024-06-12 | 2", []),  # worse: another event
        ("nausea | 2024-06-12 | 1", []),
        ("headache | 2024-06 | 1", []),
        ("headache | | 1", []),
    ],
)
def test_an_event_that_came_a_day_or_two_before_is_asked_about(run_models: ModelBench, second: str, found: list[str]) -> None:
    run(run_models, f"""
        subject_id | verbatim | started_on | severity | record_key
        S1         | headache | 2024-06-11 | 1        | first
        S1         | {second} | again
    """)
    assert [key for rule, _, key in run_models.judge("core.adverse_event") if rule == "adverse_event_twice"] == found


@pytest.mark.parametrize(("n_others", "found"), [(37, 2), (35, 0)])
def test_where_more_than_one_of_twenty_events_comes_again_they_are_written_down_by_day(
    run_models: ModelBench, n_others: int, found: int
) -> None:
    others = "\n".join(f"S1 | sore toe {n} | 2024-06-11 | 1 | {n}" for n in range(n_others))
    days = "\n".join(f"S1 | headache | 2024-06-{day} | 1 | {day}" for day in (11, 12, 13))
    run(run_models, f"subject_id | verbatim | started_on | severity | record_key\n{days}\n{others}")
    assert [rule for rule, _, _ in run_models.judge("core.adverse_event")].count("adverse_event_twice") == found


@pytest.mark.parametrize(("verbatim", "found"), [("headache", []), ("headahce", ["e"]), ("broken finger", ["e"]), ("none", [])])
def test_an_event_without_a_term_is_noted(run_models: ModelBench, verbatim: str, found: list[str]) -> None:
    run(run_models, f"subject_id | verbatim | started_on | record_key\nS1 | {verbatim} | 2024-06-12 | e")
    assert [key for rule, _, key in run_models.judge("core.adverse_event") if rule == "adverse_event_uncoded"] == found
