"""analysis.adsl, adex, adsess, adsuds, addv, adtrt: what readers see of doses and sessions."""

from __future__ import annotations

import datetime as dt

import pytest

from schemas.columns import columns
from tests.harness import ModelBench
from tests.spec.course import course
from tests.spec.test_deviation import no_forms

WORKED = "Dose"

RATING = """
    subject_id | session_no | exercise_no | begin_suds | end_suds | scale
    S1         | 3          | 1           | 80         | 30       | 0-100
"""
DOSE = """
    subject_id | session_no | time_point | taken | dose_mg | dose_as_recorded | dosed_at
    S1         | 3          | PRE        | true  | 50      | 0.05 g           | 2024-03-05 12:59:00
    S1         | 4          | PRE        | false | 50      |                  |
"""


def primary(bench: ModelBench, rows: str = "", in_doubt: str = "", latest: str = "") -> None:
    head = "study | site | subject_id | paramcd | visit | visit_order::INTEGER | assessed_on::DATE | aval::DOUBLE"
    bench.given("core.primary", head + "\n" + rows)
    doubted = "study | site | subject_id | visit_order::INTEGER | assessed_on::DATE | latest_on::DATE\n"
    bench.given("core.primary_in_doubt", doubted + (in_doubt and f"{in_doubt} | {latest}"))


@pytest.mark.parametrize("dataset", ["adsl", "adex", "adsess", "adsuds", "addv", "adtrt"])
def test_a_set_has_exactly_the_columns_of_the_contract_in_order(run_models: ModelBench, dataset: str) -> None:
    no_forms(run_models)
    primary(run_models)
    run_models.run(f"analysis.{dataset}")
    have = run_models.con.execute(f"describe analysis.{dataset}").fetchall()
    types = {"Text": "VARCHAR", "Integer": "INTEGER", "Integer64": "BIGINT", "Float": "DOUBLE", "Date": "DATE"}
    want = [(c.name, types.get(c.type, "TIMESTAMP WITH TIME ZONE")) for c in columns()[dataset]]
    assert [(row[0], row[1]) for row in have] == want


def test_adex_shows_a_dose_in_the_sites_time_with_its_offset(run_models: ModelBench) -> None:
    run_models.trial(timezone="America/St_Johns")
    dose = """
        subject_id | session_no | time_point | taken | dosed_at            | dosed_at_offset_s
        S1         | 3          | PRE        | true  | 2024-07-01 12:00:00 |
        S1         | 4          | PRE        | true  | 2024-07-02 12:00:00 | 0
        S1         | 5          | PRE        | true  | 2024-07-03          |
        S1         | 6          | PRE        | true  |                     |
        S1         | 7          | PRE        | true  | 2024-11-03 01:30:00 |
    """
    course(run_models, dose=dose).run("analysis.adex")
    assert run_models.rows("analysis.adex", "SESSNO", "EXSTDTC", "EXSTDTM") == [
        (3, "2024-07-01T12:00:00-02:30", dt.datetime(2024, 7, 1, 14, 30, tzinfo=dt.UTC)),
        (4, "2024-07-02T09:30:00-02:30", dt.datetime(2024, 7, 2, 12, tzinfo=dt.UTC)),
        (5, "2024-07-03", None),
        (6, None, None),
        (7, "2024-11-03", None),
    ]


def test_adex_keeps_what_is_known_of_a_partial_date(run_models: ModelBench) -> None:
    run_models.given("mapped.dose", """
        subject_id | session_no | time_point | taken | dose_mg | dosed_at_raw | dosed_at_part | dosed_at_fault
        S1         | 3          | PRE        | true  | 50      | 03.2024      | 2024-03       | partial_date
    """)
    course(run_models).run("analysis.adex")
    assert run_models.rows("analysis.adex", "EXSTDTC", "EXSTDTM", "TIMCAT", "TIMREAS") == [("2024-03", None, "UNKNOWN", "NO_DOSE_TIME")]
    assert run_models.judge("dose") == [("partial_date", "dosed_at", "1")]


@pytest.mark.parametrize(("session_no", "planned"), [("3", None), ("9", "N")])
def test_a_time_point_that_cannot_be_read_is_not_taken_for_the_planned_one(
    run_models: ModelBench, session_no: str, planned: str | None
) -> None:
    run_models.given("mapped.dose", f"""
        subject_id | session_no   | time_point | time_point_raw | time_point_fault | taken | dose_mg
        S1         | {session_no} |            | at lunch       | unknown_code     | true  | 50
    """)
    course(run_models).run("analysis.adex", "core.planned_dose")
    assert run_models.rows("analysis.adex", "EXTPT", "PLANFL", "INWINFL") == [(None, planned, None)]
    assert [taken for (taken,) in run_models.rows("core.planned_dose", "is_taken")] == [None if session_no == "3" else False]


@pytest.mark.parametrize(
    ("mg", "category", "over", "child"),
    [
        ("24.9", "LT50", "N", "N"), ("25", "LT50", "N", "Y"), ("49.9", "LT50", "N", "Y"), ("50", "50_250", "N", "Y"),
        ("50.1", "50_250", "N", "N"), ("250", "50_250", "N", "N"), ("250.1", "GT250", "Y", "N"), ("500", "GT250", "Y", "N"),
        ("", None, None, None),
    ],
)  # fmt: skip
def test_dose_categories_have_both_edges_in_the_middle_one(
    run_models: ModelBench, mg: str, category: str | None, over: str | None, child: str | None
) -> None:
    subject = "subject_id | age_years | weight_kg\nS1 | 17.9 | 40\nS2 | 18 | "
    dose = f"subject_id | session_no | taken | dose_mg\nS1 | 3 | true | {mg}\nS2 | 3 | true | {mg}"
    course(run_models, subject=subject, dose=dose).run("analysis.adex")
    per_kg = pytest.approx(float(mg) / 40) if mg else None
    assert run_models.rows("analysis.adex", "USUBJID", "DOSECAT", "GT250FL", "PEDDSFL", "DOSEMGKG") == [
        ("t01-01-S1", category, over, child, per_kg),
        ("t01-01-S2", category, over, None, None),
    ]


def test_a_dose_not_taken_shows_no_amount_and_an_unknown_one_is_u(run_models: ModelBench) -> None:
    dose = """
        subject_id | session_no | time_point | taken | dose_mg | dosed_at
        S1         | 3          | PRE        | false | 50      | 2024-03-05 13:00:00
        S1         | 4          | PRE        |       | 50      |
    """
    course(run_models, dose=dose).run("analysis.adex")
    wanted = ("SESSNO", "EXOCCUR", "EXDOSE", "EXDOSU", "TIMCAT", "TIMREAS", "WIN12FL", "INWINFL", "DOSENUM")
    assert run_models.rows("analysis.adex", *wanted) == [
        (3, "N", None, None, None, None, None, None, None),
        (4, "U", 50.0, "mg", "UNKNOWN", "NO_DOSE_TIME", None, None, None),
    ]


@pytest.mark.parametrize(
    ("days", "intervals", "chronic"),
    [
        (("05", "12"), [None, 7], ["N", "N"]),
        (("05", "06"), [None, 1], ["N", "Y"]),
        (("05", "07"), [None, 2], ["N", "N"]),
        (("05", "05"), [None, 0], ["N", "Y"]),
    ],
)
def test_chronic_dosing_is_below_two_days(
    run_models: ModelBench, days: tuple[str, str], intervals: list[int | None], chronic: list[str]
) -> None:
    rows = "\n".join(f"S1 | {n} | true | 2024-03-{d} 13:00:00" for n, d in enumerate(days, start=3))
    course(run_models, dose="subject_id | session_no | taken | dosed_at\n" + rows).run("analysis.adex")
    found = run_models.rows("analysis.adex", "SESSNO", "DOSEINT", "CHRONFL")
    assert [r[1] for r in found] == intervals
    assert [r[2] for r in found] == chronic


def test_adex_in_a_tailored_trial_says_whether_the_post_dose_followed_the_rule(run_models: ModelBench) -> None:
    run_models.trial(dosing={"sessions": [3], "time_points": ["PRE", "POST"]}, tailored=True)
    dose = """
        subject_id | session_no | time_point | taken | dosed_at
        S1         | 3          | PRE        | true  | 2024-03-05 13:00:00
        S1         | 3          | POST       | false |
        S1         | 4          | POST       | true  |
    """
    course(run_models, rating=RATING, dose=dose).run("analysis.adex")
    assert run_models.rows("analysis.adex", "SESSNO", "EXTPT", "SESSRES", "TAILFL") == [
        (3, "POST-SESSION", "GOOD", "N"),
        (3, "PRE-SESSION", "GOOD", None),
        (4, "POST-SESSION", None, None),
    ]


def test_adsl_counts_what_happened(run_models: ModelBench) -> None:
    no_forms(run_models)
    subject = """
        subject_id | age_years | sex | weight_kg | consented_on | randomized_on
        S1         | 30        | F   | 80        | 2024-01-01   | 2024-01-08
        S2         | 17        | M   |           | 2024-01-01   |
    """
    course(run_models, subject=subject, rating=RATING, dose=DOSE).run("analysis.adsl")
    wanted = (
        "SUBJID", "AGEGR1", "ITTFL", "SAFFL", "PPROTFL", "TRTSDT", "TRTEDT", "NDOSE", "NDOSECAP", "DOSE9FL", "CUMDOSE", "NWIN12",
        "NGT60", "NGE4H", "NPOSTIM", "NTIMUNK", "NSESS", "NGOOD", "NBAD", "WDFL", "NDV", "NDVMAJ", "TRT01P", "BLINDFL",
    )  # fmt: skip
    day = dt.date(2024, 3, 5)
    assert run_models.rows("analysis.adsl", *wanted) == [
        ("S1", "ADULT", "Y", "Y", "Y", day, day, 1, 1, "N", 50.0, 1, 1, 0, 0, 0, 1, 1, 0, "N", 0, 0, None, "Y"),
        ("S2", "PEDIATRIC", "N", "N", "N", None, None, 0, 0, "N", 0.0, 0, 0, 0, 0, 0, 0, 0, 0, "N", 0, 0, None, "Y"),
    ]


@pytest.mark.parametrize(("n", "capped", "more"), [(9, 9, "N"), (10, 9, "Y")])
def test_doses_are_capped_at_nine_and_one_unknown_amount_leaves_the_sum_unknown(
    run_models: ModelBench, n: int, capped: int, more: str
) -> None:
    no_forms(run_models)
    rows = "\n".join(f"S1 | {k} | true | {'' if k == 2 and n == 10 else 50}" for k in range(1, n + 1))
    course(run_models, dose="subject_id | session_no | taken | dose_mg\n" + rows).run("analysis.adsl")
    total = 450.0 if n == 9 else None
    assert run_models.rows("analysis.adsl", "NDOSE", "NDOSECAP", "DOSE9FL", "CUMDOSE", "NTIMUNK", "NWIN12") == [
        (n, capped, more, total, n, 0)
    ]


def test_a_major_deviation_ends_per_protocol(run_models: ModelBench) -> None:
    no_forms(run_models)
    dose = "subject_id | session_no | taken | dose_mg | dosed_at\nS1 | 3 | true | 100 | 2024-03-05 13:00:00"
    course(run_models, dose=dose).run("analysis.adsl", "analysis.addv")
    assert run_models.rows("analysis.adsl", "PPROTFL", "NDV", "NDVMAJ") == [("N", 1, 1)]
    assert run_models.rows("analysis.addv", "DVSEQ", "DVDECOD", "DVMAJFL") == [(1, "DOSE_AMOUNT", "Y")]


def test_adsess_links_a_session_with_the_assessment_that_followed(run_models: ModelBench) -> None:
    no_forms(run_models)
    primary(
        run_models,
        """
        t01 | 01 | S1 | LSASTOT | BASELINE |   | 2024-03-01 | 100
        t01 | 01 | S1 | LSASTOT | W1       | 1 | 2024-03-05 | 90
        t01 | 01 | S1 | LSASTOT | W2       | 2 | 2024-03-12 | 70
        """,
    )
    session = """
        subject_id | session_no | attended | started_at          | ended_at
        S1         | 1          | true     | 2024-01-07 14:00:00 |
        S1         | 2          | true     | 2024-01-08 14:00:00 |
        S1         | 3          | true     | 2024-03-05 14:00:00 | 2024-03-05 15:30:00
        S1         | 4          | false    | 2024-03-06 14:00:00 |
        S1         | 5          | true     | 2024-03-12 14:00:00 |
    """
    course(run_models, session=session, rating=RATING, dose=DOSE).run("analysis.adsess")
    wanted = ("SESSNO", "ATTFL", "SESDY", "DURMIN", "NEXER", "SESSRES", "DOSEFL", "TIMCAT", "AVALNEXT", "CHGNEXT")
    assert run_models.rows("analysis.adsess", *wanted) == [
        (1, "Y", -1, None, 0, "UNKNOWN", "N", None, 100.0, None),
        (2, "Y", 1, None, 0, "UNKNOWN", "N", None, 100.0, None),
        (3, "Y", 58, 90.0, 1, "GOOD", "Y", "PRE_1_2H", 70.0, -20.0),
        (4, "N", 59, None, 0, "UNKNOWN", "N", None, None, None),
        (5, "Y", 65, None, 0, "UNKNOWN", "N", None, None, None),
    ]
    assert run_models.rows("analysis.adsess", "CRIT1", "CRIT2")[0] == ("SUDSEND <= 40", "SUDSREDP >= 50")


@pytest.mark.parametrize(
    ("in_doubt", "shown"),
    [
        ("", (70.0, -20.0)),
        ("1 | 2024-03-08", (None, None)),  # assessed between, but its value is not known
        ("1 | 2024-03-03", (70.0, None)),  # the last one before is not known
        ("1 | 2024-03-12", (70.0, -20.0)),
        ("1 | 2024-02-28", (70.0, -20.0)),
        ("1 |", (None, None)),  # undated: a visit between the two
        ("  |", (None, None)),
        ("3 |", (70.0, -20.0)),
        ("0 |", (70.0, -20.0)),
    ],
)
def test_a_later_assessment_does_not_stand_in_for_one_that_is_in_doubt(
    run_models: ModelBench, in_doubt: str, shown: tuple[float | None, float | None]
) -> None:
    no_forms(run_models)
    rows = """
        t01 | 01 | S1 | LSASTOT | BASELINE | 0 | 2024-03-01 | 90
        t01 | 01 | S1 | LSASTOT | W2       | 2 | 2024-03-12 | 70
    """
    primary(run_models, rows, f"t01 | 01 | S1 | {in_doubt}" if in_doubt else "")
    course(run_models).run("analysis.adsess")
    assert run_models.rows("analysis.adsess", "AVALNEXT", "CHGNEXT") == [shown]


@pytest.mark.parametrize(
    ("latest", "shown"),
    [
        ("2024-03-04", (70.0, None)),  # the window ended the day before the session: what follows is known, what was before is not
        ("2024-03-05", (70.0, None)),
        ("2024-03-06", (None, None)),  # it may be the assessment that followed
        ("", (None, None)),
    ],
)
def test_a_baseline_without_a_day_does_not_follow_a_session_after_its_window(
    run_models: ModelBench, latest: str, shown: tuple[float | None, float | None]
) -> None:
    no_forms(run_models)
    primary(run_models, "t01 | 01 | S1 | LSASTOT | W2 | 2 | 2024-03-12 | 70", "t01 | 01 | S1 | 0 |", latest)
    course(run_models).run("analysis.adsess")
    assert run_models.rows("analysis.adsess", "AVALNEXT", "CHGNEXT") == [shown]


def test_two_doses_that_disagree_leave_the_sessions_timing_unknown(run_models: ModelBench) -> None:
    primary(run_models)
    dose = """
        subject_id | session_no | time_point | taken | dosed_at
        S1         | 3          | PRE        | true  | 2024-03-05 13:00:00
        S1         | 3          | POST       | true  | 2024-03-05 15:35:00
    """
    course(run_models, dose=dose).run("analysis.adsess")
    assert run_models.rows("analysis.adsess", "DOSEFL", "TIMCAT") == [("Y", "UNKNOWN")]


def test_the_arm_is_in_no_set_of_a_blinded_trial_whatever_the_list_holds(run_models: ModelBench) -> None:
    no_forms(run_models)
    course(run_models, dose=DOSE).given("mapped.randomization", "subject_id | arm | number\nS1 | DCS | R17")
    run_models.run("analysis.adsl", "analysis.adtrt")
    assert run_models.rows("analysis.adsl", "TRT01P", "TRT01A") == [(None, None)]
    assert run_models.rows("analysis.adtrt") == []


def test_an_unblinded_trial_shows_planned_and_actual_treatment(run_models: ModelBench) -> None:
    run_models.trial(blinding={"status": "unblinded", "unblinded_on": "2025-06-01"})
    no_forms(run_models)
    course(run_models, subject="subject_id\nS1\nS2", dose=DOSE)
    run_models.given("mapped.randomization", "subject_id | arm | number\nS1 | DCS | R17\nS2 | PBO | R18")
    run_models.run("analysis.adsl", "analysis.adtrt")
    assert run_models.rows("analysis.adsl", "SUBJID", "TRT01P", "TRT01A", "BLINDFL") == [
        ("S1", "DCS 50 mg", "DCS 50 mg", "N"),
        ("S2", "Placebo", None, "N"),
    ]
    day = dt.date(2025, 6, 1)
    assert run_models.rows("analysis.adtrt", "USUBJID", "TRT01P", "TRT01A", "RANDNO", "UNBLDT") == [
        ("t01-01-S1", "DCS 50 mg", "DCS 50 mg", "R17", day),
        ("t01-01-S2", "Placebo", None, "R18", day),
    ]
