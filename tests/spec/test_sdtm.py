"""SDTM-shaped domains from the published sets."""

from __future__ import annotations

WORKED = "SDTM"

SUBJECTS = """
    STUDYID | USUBJID | SITEID | SUBJID | RANDDT::DATE | ICFDT::DATE | TRTEDT::DATE | WDDT::DATE | AGE::DOUBLE | SEX | TRT01P | TRT01A
    open1   | o-1     | 01     | 1      | 2024-03-01   | 2024-02-20  | 2024-03-31   |            | 31          | F   | D-cycloserine 50 mg | D-cycloserine 50 mg
    open1   | o-2     | 01     | 2      | 2024-03-01   | 2024-02-20  |              | 2024-03-09 | 40          | M   | Placebo |
    blind1  | b-1     | 01     | 1      | 2024-03-01   | 2024-02-20  | 2024-03-05   |            |             |     |        |
"""  # noqa: E501
DOSES = """
    STUDYID | USUBJID | EXSEQ::INTEGER | SESSNO::INTEGER | EXTPT | PLANFL | EXOCCUR | EXDOSE::DOUBLE | EXDOSU | EXDOSORG | EXSTDTM::TIMESTAMPTZ | EXSTDTC
    open1   | o-1     | 1 | 3 | PRE-SESSION | Y | Y | 50 | mg | 50 mg  | 2024-03-05 13:00:00+00 | 2024-03-05T13:00:00+00:00
    open1   | o-1     | 2 | 4 | PRE-SESSION | Y | N |    |    |        |                        |
    open1   | o-1     | 3 | 5 |             | N | Y |    |    | 2 caps |                        | 2024-03-31
    open1   | o-1     | 4 | 6 | PRE-SESSION | Y | U |    |    |        |                        | 2024-04
    blind1  | b-1     | 1 | 3 | PRE-SESSION | Y | Y | 50 | mg | 50     | 2024-03-05 13:00:00+00 | 2024-03-05T13:00:00+00:00
"""  # noqa: E501
SESSIONS = """
    STUDYID | USUBJID | SITEID | SESSNO::INTEGER | ATTFL | SESDTM::TIMESTAMPTZ | SEEDTM::TIMESTAMPTZ | SESDY::INTEGER
    open1   | o-1     | 01 | 3 | Y | 2024-03-05 14:00:00+00 | 2024-03-05 15:30:00+00 | 5
    open1   | o-1     | 01 | 4 | N |                        |                        |
    open1   | o-1     | 01 | 5 | Y | 2024-03-31 22:30:00+00 |                        | 31
"""
ARMS = """
    study | arm | label               | placebo::BOOLEAN
    open1 | DCS | D-cycloserine 50 mg | false
    open1 | PBO | Placebo             | true
"""


def given(bench, subjects=SUBJECTS, doses=DOSES):
    bench.given("release.adsl", subjects)
    bench.given("release.adex", doses)
    bench.given("release.adsess", SESSIONS)
    bench.given("ref.arm", ARMS)
    bench.given("ref.open_trial", "study\nopen1")
    bench.given("ref.clock", "study | site | timezone\nopen1 | 01 | Europe/Lisbon\nblind1 | 01 | Europe/Lisbon")


def test_a_participant_of_an_open_trial_has_arms_and_exposure_and_one_of_a_blinded_trial_has_none(run_models):
    """RFSTDTC is the day of randomization, as in the study days of the sets."""
    given(run_models)
    found = run_models.run("sdtm.dm").rows(
        "sdtm.dm", "USUBJID", "RFSTDTC", "RFXSTDTC", "RFXENDTC", "RFPENDTC", "ARMCD", "ACTARMCD", "ARMNRS"
    )
    assert found == [
        ("b-1", "2024-03-01", None, None, None, None, None, None),
        ("o-1", "2024-03-01", "2024-03-05T13:00:00+00:00", "2024-03-31", None, "DCS", "DCS", None),
        ("o-2", "2024-03-01", None, None, "2024-03-09", "PBO", None, "ASSIGNED, NOT TREATED"),
    ]


def test_every_capsule_is_in_ec_without_the_arm(run_models):
    """A capsule that nobody planned and that was taken has neither ECPRESP nor ECOCCUR. A day needs a whole date."""
    given(run_models)
    found = run_models.run("sdtm.ec").rows(
        "sdtm.ec", "USUBJID", "ECSEQ", "ECTRT", "ECPRESP", "ECOCCUR", "ECDOSE", "ECDOSTXT", "ECSTDTC", "ECSTDY"
    )
    assert found == [
        ("b-1", 1, "STUDY TREATMENT", "Y", "Y", 50.0, None, "2024-03-05T13:00:00+00:00", 5),
        ("o-1", 1, "STUDY TREATMENT", "Y", "Y", 50.0, None, "2024-03-05T13:00:00+00:00", 5),
        ("o-1", 2, "STUDY TREATMENT", "Y", "N", None, None, None, None),
        ("o-1", 3, "STUDY TREATMENT", None, None, None, "2 caps", "2024-03-31", 31),
        ("o-1", 4, "STUDY TREATMENT", "Y", "U", None, None, "2024-04", None),
    ]


def test_a_time_point_refers_to_the_start_of_its_session_in_the_sites_clock(run_models):
    given(run_models)
    found = run_models.run("sdtm.ec").rows("sdtm.ec", "USUBJID", "ECSEQ", "ECTPT", "ECTPTNUM", "ECTPTREF", "ECRFTDTC")
    assert found[1:4] == [
        ("o-1", 1, "PRE-SESSION", 1, "SESSION 3 START", "2024-03-05T14:00:00+00:00"),
        ("o-1", 2, "PRE-SESSION", 1, "SESSION 4 START", None),
        ("o-1", 3, None, None, None, None),
    ]


def test_ex_holds_doses_taken_in_open_trials_with_the_treatment_of_the_arm(run_models):
    given(run_models)
    found = run_models.run("sdtm.ex").rows("sdtm.ex", "STUDYID", "USUBJID", "EXSEQ", "EXTRT", "EXDOSE", "EXDOSTXT", "EXDOSU")
    assert found == [
        ("open1", "o-1", 1, "D-CYCLOSERINE 50 MG", 50.0, None, "mg"),
        ("open1", "o-1", 3, "D-CYCLOSERINE 50 MG", None, "2 caps", None),
    ]


def test_a_placebo_is_a_dose_of_zero(run_models):
    given(run_models, SUBJECTS.replace("D-cycloserine 50 mg | D-cycloserine 50 mg", "Placebo | Placebo"))
    found = run_models.run("sdtm.ex").rows("sdtm.ex", "USUBJID", "EXSEQ", "EXTRT", "EXDOSE", "EXDOSTXT", "EXDOSU")
    assert found == [("o-1", 1, "PLACEBO", 0.0, None, "mg"), ("o-1", 3, "PLACEBO", 0.0, None, "mg")]


def test_a_visit_is_a_session_or_a_planned_assessment_and_its_days_are_the_sites(run_models):
    """Half past ten at night in UTC is the next half past eleven in Lisbon's summer time, still the same day."""
    given(run_models)
    run_models.given("release.adqs", """
        STUDYID | USUBJID | AVISIT      | ADT::DATE  | ADY::INTEGER
        open1   | o-1     | BASELINE    | 2024-02-28 | -2
        open1   | o-1     | BASELINE    | 2024-02-29 | -1
        open1   | o-1     | UNSCHEDULED | 2024-03-02 | 2
    """)
    run_models.given("ref.visit", "study | visit | visit_order\nopen1 | BASELINE | 0")
    found = run_models.run("sdtm.sv").rows("sdtm.sv", "VISITNUM", "VISIT", "SVOCCUR", "SVSTDTC", "SVENDTC", "SVSTDY", "SVENDY")
    assert found == [
        (3, "SESSION 3", "Y", "2024-03-05T14:00:00+00:00", "2024-03-05T15:30:00+00:00", 5, 5),
        (4, "SESSION 4", "N", None, None, None, None),
        (5, "SESSION 5", "Y", "2024-03-31T23:30:00+01:00", None, 31, None),
        (100, "BASELINE", "Y", "2024-02-28", "2024-02-29", -2, -1),
    ]


def test_ratings_of_fear_and_items_of_participants_are_qs_and_what_a_clinician_rates_is_rs(run_models):
    given(run_models)
    run_models.given("release.adsuds", """
        STUDYID | USUBJID | SESSNO::INTEGER | EXNO::INTEGER | SUDSBEG::DOUBLE | SUDSPEAK::DOUBLE | SUDSEND::DOUBLE | SRCFILE | SRCROW
        open1   | o-1     | 3 | 1 | 80 |  | 32.5 | f | 1
    """)
    run_models.given("release.aditem", """
        STUDYID | USUBJID | PARCAT1 | ITEMCD | AVISIT   | ADT::DATE  | AVAL::DOUBLE | SRCFILE | SRCROW
        open1   | o-1     | LSAS    | LSF01  | BASELINE | 2024-02-28 | 3 | f | 2
        open1   | o-1     | PHQ-9   | PHQ901 | BASELINE | 2024-02-28 | 0 | f | 3
    """)
    run_models.given("release.adqs", """
        STUDYID | USUBJID | PARCAT1 | PARAMCD | PARAM                | AVISIT      | ADT::DATE  | AVALREP::DOUBLE | SRCFILE | SRCROW
        open1   | o-1     | LSAS    | LSASTOT | LSAS Total Score     | UNSCHEDULED | 2024-03-02 | 71 | f | 4
        open1   | o-1     | LSAS    | LSASAVD | LSAS Avoidance Scale | UNSCHEDULED | 2024-03-02 |    | f | 4
    """)
    run_models.given("ref.visit", "study | visit | visit_order\nopen1 | BASELINE | 0")
    run_models.given("ref.rater", "instrument | clinician_rated::BOOLEAN\nLSAS | true\nPHQ-9 | false")
    run_models.run("sdtm.qs", "sdtm.rs")
    shown = ("QSSEQ", "QSCAT", "QSTESTCD", "QSORRES", "QSSTRESN", "VISITNUM", "QSDTC", "QSDY", "QSTPT", "QSTPTREF")
    assert run_models.rows("sdtm.qs", *shown) == [
        (1, "PHQ-9", "PHQ901", "0", 0.0, 100, "2024-02-28", -2, None, None),
        (2, "SUDS", "SUDSBEG", "80", 80.0, 3, "2024-03-05T14:00:00+00:00", 5, "BEGIN", "EXERCISE 1"),
        (3, "SUDS", "SUDSEND", "32.5", 32.5, 3, "2024-03-05T14:00:00+00:00", 5, "END", "EXERCISE 1"),
    ]
    assert run_models.rows("sdtm.rs", "RSSEQ", "RSTESTCD", "RSTEST", "RSORRES", "RSEVAL", "VISITNUM", "VISIT", "RSDTC") == [
        (1, "LSF01", "Item LSF01", "3", "INVESTIGATOR", 100, "BASELINE", "2024-02-28"),
        (2, "LSASTOT", "LSAS Total Score", "71", "INVESTIGATOR", None, "UNSCHEDULED", "2024-03-02"),
    ]


def test_partial_dates_of_medications_and_events_stay_partial_and_have_no_day(run_models):
    given(run_models)
    run_models.given("release.adcm", """
        STUDYID | USUBJID | CMSEQ::INTEGER | CMTRT  | CMMODIFY | CMDECOD    | CMCLAS | CMCLASCD | CMSTDTC    | CMENDTC | ONGOFL
        open1   | o-1     | 1              | Zoloft | zoloft   | sertraline | SSRI   | N06AB06  | 2023-11    |         | Y
        open1   | o-1     | 2              | Advil  | advil    | ibuprofen  | NSAID  | M01AE01  | 2024-02-29 | 2024    | N
    """)
    run_models.given("release.adae", """
        STUDYID | USUBJID | AESEQ::INTEGER | AETERM | AEDECOD  | AESEV | AESER | AEREL | AESTDTC
        open1   | o-1     | 1              | kopf   | Headache | MILD  | N     |       | 2024-03-01
        open1   | o-1     | 2              | kopf   | Headache |       |       |       | 2024
    """)
    run_models.run("sdtm.cm", "sdtm.ae")
    assert run_models.rows("sdtm.cm", "CMSEQ", "CMSTDTC", "CMENDTC", "CMSTDY", "CMENDY", "CMENRTPT", "CMENTPT") == [
        (1, "2023-11", None, None, None, "ONGOING", "DAY OF EXPORT"),
        (2, "2024-02-29", "2024", -1, None, None, None),
    ]
    assert run_models.rows("sdtm.ae", "AESEQ", "AESTDTC", "AESTDY") == [(1, "2024-03-01", 1), (2, "2024", None)]
