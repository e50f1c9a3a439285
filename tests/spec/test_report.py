"""sql/7_report: the counts of the report, and sites beside each other."""

from __future__ import annotations

import random

import pytest

from flows.report import monitor
from flows.report.shown import HIDDEN, HIDDEN_COUNT, Shown
from tests.harness import EVIDENCE, ModelBench

WINDOW = """
    STUDYID | is_exposure::BOOLEAN
    t01     | false
    t02     | true
"""
ADEX = """
    STUDYID|SITEID|USUBJID|EXTPT|EXOCCUR|EXDOSE::DOUBLE|EXSTDTC|LAGSTRT::DOUBLE|LAGEXPO::DOUBLE|LAGEND::DOUBLE|TIMCAT|INWINFL
    t01 | 01 | S1 | PRE-SESSION | Y | 50 | 2025-01-10T09:52:00+01:00 | 60 | 90 | -150 | PRE_1_2H | Y
    t01 | 01 | S1 | PRE-SESSION | Y | 50 | 2025-01-17T09:52:00+01:00 | 69.9 | | -150 | PRE_1_2H | Y
    t01 | 01 | S2 | PRE-SESSION | Y | 500 | 2025-01-10T09:55:00+01:00 | -200 | | 20 | POST_LATE | N
    t01 | 01 | S2 | PRE-SESSION | Y | | 2025-01-11 | | | | UNKNOWN  |
    t01 | 01 | S2 | PRE-SESSION | N | | 2025-01-18T09:55:00+01:00 | | | |          |
    t01 | 01 | S3 | POST-SESSION | Y | 50 | 2025-01-10T11:00:00+01:00 | -90 | | 5 | POST_IMM | Y
    t02 | 01 | S4 | PRE-SESSION | Y | 50 | 2025-01-10T09:00:00+01:00 | 60 | 90 | -150 | PRE_1_2H | Y
"""


def counted(bench: ModelBench, model: str, *columns: str, **tables: str) -> list[tuple[object, ...]]:
    for name, text in tables.items():
        bench.given(("ref." if name == "dose_window" else "release.") + name, text)
    bench.run(f"report.{model}")
    return bench.rows(f"report.{model}", *columns)


def test_a_lag_counts_from_the_trials_own_reference_and_after_the_session_from_its_end(run_models: ModelBench) -> None:
    found = counted(run_models, "dose_lag", "STUDYID", "EXTPT", "lag_from_min", "n", "people", "n_outside", adex=ADEX, dose_window=WINDOW)
    assert found == [
        ("t01", "POST-SESSION", 0, 1, 1, 0),
        ("t01", "PRE-SESSION", -120, 1, 1, 1),  # 200 min after the start: in the first step, which holds all below
        ("t01", "PRE-SESSION", 60, 2, 1, 0),
        ("t02", "PRE-SESSION", 90, 1, 1, 0),
    ]


def test_a_minute_is_counted_only_where_a_clock_time_was_sent_and_the_dose_taken(run_models: ModelBench) -> None:
    found = counted(run_models, "dose_minute", "STUDYID", "minute", "n", "people", adex=ADEX)
    assert found == [("t01", 0, 1, 1), ("t01", 52, 2, 1), ("t01", 55, 1, 1), ("t02", 0, 1, 1)]


def test_amounts_that_are_not_known_have_a_line_of_their_own(run_models: ModelBench) -> None:
    found = counted(run_models, "dose_amount", "EXDOSE", "n", "people", adex=ADEX)
    assert sorted(found, key=str) == [(50.0, 1, 1), (50.0, 3, 2), (500.0, 1, 1), (None, 1, 1)]


def test_a_finding_is_as_old_as_the_days_since_it_was_first_seen_and_open_until_it_is_answered(run_models: ModelBench) -> None:
    run_models.con.execute("set variable as_of = '2025-03-10'")
    finding = """
        study | site | rule | severity | subject | impact | status   | first_seen::DATE
        t01   | 01   | r1   | query    | S1      | timing | OPEN     | 2025-03-10
        t01   | 01   | r1   | query    | S2      |        | REOPENED | 2025-03-03
        t01   | 01   | r1   | query    | S2      |        | OPEN     | 2025-03-02
        t01   | 01   | r1   | query    | S3      |        | OPEN     | 2024-12-10
        t01   | 01   | r1   | query    | S3      |        | OPEN     | 2024-12-09
        t01   | 01   | r1   | query    | S4      |        | WAIVED   | 2025-03-10
    """
    columns = ("n", "n_open", "n_new", "n_week", "n_month", "n_quarter", "n_older", "n_impact")
    assert counted(run_models, "finding_count", *columns, finding=finding) == [(6, 5, 1, 2, 1, 1, 1, 1)]


def test_a_visit_is_due_when_its_window_has_ended_and_with_shifted_dates_for_everybody(run_models: ModelBench) -> None:
    run_models.con.execute("set variable as_of = '2025-03-10'")
    run_models.given("ref.due_visit", """
        STUDYID | AVISIT   | AVISITN::INTEGER | to_day::INTEGER | is_shifted::BOOLEAN
        t01     | BASELINE | 0                | 1               | false
        t01     | W4       | 4                | 33              | false
        t01     | W8       | 8                | 40              | false
        t02     | W4       | 4                | 33              | true
    """)
    run_models.given("release.adsl", """
        STUDYID | SITEID | USUBJID | AGE::DOUBLE | SEX | WEIGHTBL::DOUBLE | ICFDT::DATE | RANDDT::DATE | ITTFL | WDFL
        t01     | 01     | S1      | 30          | F   |                  | 2025-01-01  | 2025-01-10   | Y     | N
        t01     | 01     | S2      |             | U   | 70               |             | 2025-03-01   | Y     | Y
        t02     | 01     | S3      | 30          | M   | 70               | 2025-01-01  | 2025-03-01   | Y     | N
    """)
    run_models.given("release.adipd", """
        STUDYID | SITEID | USUBJID | AVISIT   | AVAL::DOUBLE
        t01     | 01     | S1      | BASELINE | 80
        t01     | 01     | S1      | W4       |
        t01     | 01     | S2      | BASELINE | 90
        t01     | 01     | S2      | W4       | 85
        t02     | 02     | S9      | W4       | 70
    """)
    run_models.given("release.adex", "STUDYID | SITEID | EXOCCUR | EXDOSE | EXSTDTM | TIMCAT | INWINFL")
    run_models.given("release.adsess", "STUDYID | SITEID | ATTFL | SESDTM | SEEDTM | SUDSBEG::DOUBLE | SUDSEND::DOUBLE")
    found = counted(run_models, "site_count", "STUDYID", "form", "what", "n", "n_of")
    assert [r for r in found if r[1] == "primary outcome"] == [
        ("t01", "primary outcome", "BASELINE", 2, 2), ("t01", "primary outcome", "W4", 0, 1), ("t02", "primary outcome", "W4", 0, 1),
    ]  # fmt: skip
    there = {r[2]: r[3:] for r in found if r[:2] == ("t01", "participant")}
    fields = {"age": (1, 2), "sex": (1, 2), "weight": (1, 2), "consent date": (1, 2), "randomized": (2, 2), "withdrawn": (1, 2)}
    assert there == fields


def signs(bench: ModelBench, **tables: str) -> dict[tuple[object, object], object]:
    """(participant, sign) -> value, of a release that holds only these tables."""
    empty = {
        "adsl": "STUDYID | SITEID | USUBJID", "adsess": "STUDYID | SITEID | USUBJID | SUDSBEG::DOUBLE",
        "adex": "STUDYID | SITEID | USUBJID | EXTPT | EXOCCUR | EXSTDTC | LAGSTRT::DOUBLE | TIMCAT",
        "adsuds": "STUDYID|SITEID|USUBJID|SESSNO::INTEGER|EXNO::INTEGER|SUDSBEG::DOUBLE|SUDSPEAK::DOUBLE|SUDSEND::DOUBLE|SUDSSCL",
        "adipd": "STUDYID | SITEID | USUBJID | WEEK::DOUBLE | AVAL::DOUBLE", "finding": "study | site | severity | subject",
    }  # fmt: skip
    for name, text in {**empty, **tables}.items():
        bench.given(f"release.{name}", text)
    bench.given("ref.evidence", f"ratings_copied_min::INTEGER\n{EVIDENCE.ratings_copied_min.value}")
    bench.run("report.person_sign")
    return {(who, sign): value for who, sign, value in bench.rows("report.person_sign", "USUBJID", "sign", "value")}


def test_spread_is_measured_around_the_sites_own_median(run_models: ModelBench) -> None:
    adex = """
        STUDYID | SITEID | USUBJID | EXTPT       | EXOCCUR | EXSTDTC             | LAGSTRT::DOUBLE | TIMCAT
        t01     | 01     | S1      | PRE-SESSION | Y       | 2025-01-10T09:50:00 | 60              | PRE_1_2H
        t01     | 01     | S1      | PRE-SESSION | Y       | 2025-01-17T09:51:00 | 90              | PRE_1_2H
        t01     | 01     | S2      | PRE-SESSION | Y       | 2025-01-17T09:55:00 | 70              | PRE_1_2H
        t01     | 02     | S3      | PRE-SESSION | Y       | 2025-01-17          | 300             | PRE_GE4H
    """
    found = signs(run_models, adex=adex)
    assert found[("S1", "timing_spread")] == 15.0  # median 70: 10 and 20 away
    assert found[("S2", "timing_spread")] == 0.0 and found[("S3", "timing_spread")] == 0.0
    assert found[("S1", "dose_minutes")] == 0.5 and found[("S2", "dose_minutes")] == 1.0
    assert ("S3", "dose_minutes") not in found


def test_ratings_are_the_same_only_with_all_numbers_of_enough_exercises_and_of_another_participant(run_models: ModelBench) -> None:
    def session(who: str, site: str, last: int) -> list[str]:
        return [f"t01 | {site} | {who} | 1 | {ex} | 7{ex} | 80 | {last} | 0-100" for ex in (1, 2, 3)]

    lines = [*session("S1", "01", 30), *session("S2", "01", 30), *session("S3", "01", 31), *session("S4", "02", 30)]
    adsuds = "STUDYID|SITEID|USUBJID|SESSNO::INTEGER|EXNO::INTEGER|SUDSBEG::DOUBLE|SUDSPEAK::DOUBLE|SUDSEND::DOUBLE|SUDSSCL\n"
    found = signs(run_models, adsuds=adsuds + "\n".join(lines))
    assert [found[(who, "same_ratings")] for who in ("S1", "S2", "S3", "S4")] == [1, 1, 0, 0]
    assert found[("S1", "fear_digits")] == pytest.approx(6 / 9)  # 71 72 73, 80 80 80, 30 30 30


def test_a_refused_row_is_its_participants_whatever_the_identifier_is_called(run_models: ModelBench) -> None:
    adsl = "STUDYID | SITEID | USUBJID\nt01 | 01 | t01-01-S1\nt01 | 01 | 0123456789abcdef\nt01 | 01 | t01-01-S3"
    finding = "study | site | severity | subject\nt01 | 01 | reject | S1\nt01 | 01 | reject | 0123456789abcdef\nt01 | 01 | query | S3"
    found = signs(run_models, adsl=adsl, finding=finding)
    assert [found[(w, "refused_rows")] for w in ("t01-01-S1", "0123456789abcdef", "t01-01-S3")] == [1, 1, 0]


def test_the_others_of_a_site_are_the_trial_without_it(run_models: ModelBench) -> None:
    run_models.given("report.person_sign", """
        STUDYID | SITEID | USUBJID | sign          | value::DOUBLE
        t01     | 01     | S1      | timing_spread | 1
        t01     | 01     | S2      | timing_spread | 3
        t01     | 02     | S3      | timing_spread | 10
        t01     | 02     | S4      | timing_spread | 14
        t01     | 03     | S5      | timing_spread | 12
        t02     | 01     | S6      | timing_spread | 99
    """)
    run_models.run("report.site_sign")
    columns = ("STUDYID", "SITEID", "n", "mean", "variance", "others_n", "others_mean", "others_variance")
    found = {row[:2]: row[2:] for row in run_models.rows("report.site_sign", *columns)}
    assert found[("t01", "01")] == (2, 2.0, 2.0, 3, 12.0, 4.0)
    assert found[("t02", "01")] == (1, 99.0, None, 0, None, None)


def test_welch_and_fisher_give_the_published_probabilities() -> None:
    # Welch: n 10 mean 20 variance 4 against n 12 mean 22 variance 9: t = -1.8650, df 19.2 -> 19; Student: p 0.0777
    assert monitor.welch(10, 20, 4, 12, 22, 9) == pytest.approx(0.0777, abs=2e-4)
    assert monitor.welch(5, 1, 0, 5, 1, 0) == 1.0 and monitor.welch(5, 1, 0, 5, 2, 0) == 0.0
    # Fisher's tea, 3 of 4 against 1 of 4: 34/70
    assert monitor.fisher(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert monitor.fisher(0, 10, 0, 5) == 1.0


def test_false_discoveries_are_controlled_as_benjamini_and_hochberg_say() -> None:
    ps = [0.01, 0.04, 0.03, 0.5, None]
    family = [monitor.Test("t01", f"0{i}", monitor.SIGNS[0], 9, 1.0, 9, 2.0, p) for i, p in enumerate(ps)]
    assert [t.q for t in monitor.adjusted(family)] == [0.04, pytest.approx(0.16 / 3), pytest.approx(0.16 / 3), 0.5, None]
    assert [t.is_unusual(5) for t in monitor.adjusted(family)] == [True, False, False, False, False]


def test_a_site_that_works_otherwise_stands_out_and_the_others_do_not(run_models: ModelBench) -> None:
    chance = random.Random(11)
    lines = []
    for site in range(1, 13):
        for who in range(20):
            spread = chance.gammavariate(4, 3) * (0.4 if site == 7 else 1)  # site 07 doses by the clock
            rows = [("timing_spread", spread), ("fear_digits", chance.betavariate(2, 8)), ("refused_rows", int(chance.random() < 0.1))]
            rows.append(("same_ratings", int(site == 3 and who < 6)))  # site 03 copied
            lines += [f"t01 | {site:02d} | S{site}-{who} | {sign} | {value}" for sign, value in rows]
    run_models.given("report.person_sign", "STUDYID | SITEID | USUBJID | sign | value::DOUBLE\n" + "\n".join(lines))
    run_models.run("report.site_sign")
    names = ("STUDYID", "SITEID", "sign", "n", "mean", "variance", "others_n", "others_mean", "others_variance")
    tests = monitor.tests([dict(zip(names, row, strict=True)) for row in run_models.rows("report.site_sign", *names)], 5)
    found = {(t.site, t.sign.name): t.words for t in tests if t.is_unusual(5)}
    assert found == {("07", "timing_spread"): "doses are timed more regularly", ("03", "same_ratings"): "more copies"}


@pytest.mark.parametrize(("n", "others", "is_tried"), [(4, 50, False), (5, 50, True), (50, 4, False)])
def test_a_site_with_too_few_participants_or_too_few_others_is_not_compared(n: int, others: int, is_tried: bool) -> None:
    row = {"STUDYID": "t01", "SITEID": "01", "sign": "fear_spread", "n": n, "mean": 1.0, "variance": 1.0, "others_n": others,
           "others_mean": 9.0, "others_variance": 1.0}  # fmt: skip
    assert (monitor.tests([row], 5)[0].p is not None) is is_tried


def test_a_shareable_report_hides_few_with_and_few_without() -> None:
    shown = Shown(True, 5)
    assert [shown.count(n) for n in (0, 1, 4, 5)] == [0, None, None, 5]
    assert shown.count(90, people=4) is None  # many doses of few participants
    assert [shown.part(*x) for x in ((3, 20), (17, 20), (10, 20), (20, 20))] == [HIDDEN, HIDDEN, "10 of 20 (50 %)", "20 of 20 (100 %)"]
    assert [shown.share(*x) for x in ((10, 20), (19, 20))] == ["50 %", "hidden"]
    assert shown.of(7, "doses") == ""
    assert Shown(False, 5).cell(1) == 1


def test_a_cell_that_is_hidden_cannot_be_worked_out_from_others_of_a_shareable_report() -> None:
    """87 doses were taken, of 84 the timing is known: the difference of the two would tell of three. 13 participants, 10 of one site."""
    shown = Shown(True, 5)
    assert [shown.part(n, n) for n in (87, 84)] == ["85 of 85 (100 %)", "85 of 85 (100 %)"]
    assert [shown.cell(n) for n in (10, 3, 8)] == [10, HIDDEN_COUNT, 10] and shown.rounded(21) == 20
    assert [Shown(False, 5).rounded(n) for n in (87, 3)] == [87, 3]
