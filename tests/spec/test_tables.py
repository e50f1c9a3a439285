"""tables.subject_class: the dose class, timing class and change of each randomized participant. Means, intervals, small cells."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.tables import counting
from flows.tables.counting import Mean, Subject
from flows.tables.student import quantile
from tests.harness import EVIDENCE, ModelBench

WORKED = "Tables"

ADSL = """
    STUDYID | USUBJID | DISORDER | BLINDFL | TRT01P | ITTFL | CUMDOSE::DOUBLE
    t01     | S1      | SAD      | Y       |        | Y     | 100
"""
NO_DOSES = "STUDYID | USUBJID | EXOCCUR | EXDOSE::DOUBLE | TIMCAT | GT60FL"
NO_SCORES = "STUDYID | USUBJID | PARAMCD | AVISIT | ANL01FL | CHG::DOUBLE"
NO_IPD = "STUDYID | USUBJID | PARAMCD | AVISIT | AVISITN::INTEGER | POMP::DOUBLE | POMPBL::DOUBLE"


def classed(
    bench: ModelBench, *columns: str, adsl: str = ADSL, adex: str = NO_DOSES, adqs: str = NO_SCORES, adipd: str = NO_IPD
) -> list[tuple[object, ...]]:
    bench.given("release.adsl", adsl)
    bench.given("release.adex", adex)
    bench.given("release.adqs", adqs)
    bench.given("release.adipd", adipd)
    bench.run("tables.subject_class")
    return bench.rows("tables.subject_class", *columns)


def doses(*found: str) -> str:
    """One line a dose: taken, amount, timing category, over 60."""
    return NO_DOSES + "\n" + "\n".join(f"t01 | S1 | {dose}" for dose in found)


@pytest.mark.parametrize(
    ("mg", "dose_class"),
    [("25", "LE50"), ("50", "LE50"), ("50.1", "GT50_250"), ("250", "GT50_250"), ("250.1", "GT250"), ("500", "GT250"), ("", "UNKNOWN")],
)
def test_fifty_milligrams_belong_to_the_lowest_dose_class_and_two_hundred_fifty_to_the_middle(
    run_models: ModelBench, mg: str, dose_class: str
) -> None:
    assert classed(run_models, "DOSECLS", adex=doses(f"Y | {mg} | PRE_1_2H | Y")) == [(dose_class,)]


@pytest.mark.parametrize(
    ("taken", "timing", "over60"),
    [
        (("Y PRE_1_2H Y", "Y PRE_1_2H N", "Y PRE_LT1H N"), "PRE_1_2H", "LE60"),
        (("Y PRE_1_2H Y", "Y PRE_LT1H N"), "MIXED", "MIXED"),
        (("Y PRE_1_2H Y", "Y PRE_1_2H Y", "Y UNKNOWN "), "PRE_1_2H", "GT60"),
        (("Y PRE_1_2H Y", "Y UNKNOWN "), "UNKNOWN", "UNKNOWN"),
        (("Y PRE_1_2H Y", "Y PRE_LT1H N", "Y DURING N", "Y UNKNOWN "), "MIXED", "UNKNOWN"),
        (("Y PRE_1_2H Y", "U PRE_1_2H Y"), "UNKNOWN", "UNKNOWN"),
        (("Y POST_IMM N", "N  ", "N  "), "POST_IMM", "LE60"),
        (("N  ",), "NONE", "NONE"),
    ],
)
def test_the_class_of_more_than_half_of_the_doses_counts_and_an_unknown_dose_that_could_decide_leaves_it_open(
    run_models: ModelBench, taken: tuple[str, ...], timing: str, over60: str
) -> None:
    lines = []
    for dose in taken:
        occurred, category, over = dose.split(" ")
        lines.append(f"{occurred} | {50 if occurred == 'Y' else ''} | {category} | {over}")
    assert classed(run_models, "TIMCLS", "OVER60", adex=doses(*lines)) == [(timing, over60)]


def test_doses_of_unknown_taking_are_not_counted(run_models: ModelBench) -> None:
    assert classed(run_models, "NDOSE", "DOSECLS", adex=doses("Y | 50 | PRE_1_2H | Y", "U | 50 | PRE_1_2H | Y")) == [(1, "UNKNOWN")]


def test_a_record_of_a_dose_that_is_set_aside_leaves_every_class_open(run_models: ModelBench) -> None:
    """CUMDOSE is null though every amount is known: some record of a dose is in quarantine."""
    adsl = """
        STUDYID | USUBJID | DISORDER | BLINDFL | TRT01P | ITTFL | CUMDOSE::DOUBLE
        t01     | S1      | SAD      | Y       |        | Y     |
        t01     | S2      | SAD      | Y       |        | Y     |
    """
    found = classed(run_models, "USUBJID", "NDOSE", "DOSECLS", "TIMCLS", "OVER60", adsl=adsl, adex=doses("Y | 50 | PRE_1_2H | Y"))
    assert found == [("S1", 1, "UNKNOWN", "UNKNOWN", "UNKNOWN"), ("S2", 0, "UNKNOWN", "UNKNOWN", "UNKNOWN")]


def test_only_randomized_participants_count_and_only_an_open_trial_shows_its_arms(run_models: ModelBench) -> None:
    adsl = """
        STUDYID | USUBJID | DISORDER | BLINDFL | TRT01P  | ITTFL | CUMDOSE::DOUBLE
        t01     | S1      | SAD      | Y       | Placebo | Y     | 0
        t01     | S2      | SAD      | Y       | Placebo | N     | 0
        t02     | S3      | OCD      | N       | Placebo | Y     | 0
    """
    assert classed(run_models, "STUDYID", "USUBJID", "ARM", "DOSECLS", adsl=adsl) == [
        ("t01", "S1", None, "NONE"),
        ("t02", "S3", "Placebo", "NONE"),
    ]


ADQS = """
    STUDYID | USUBJID | PARAMCD | AVISIT   | ANL01FL | CHG::DOUBLE
    t01     | S1      | LSASTOT | BASELINE | Y       |
    t01     | S1      | LSASTOT | POST     | Y       | -20
    t01     | S1      | LSASTOT | POST     |         | -99
    t01     | S1      | SPDS    | POST     | Y       | -1
    t01     | S1      | LSASTOT | FU3M     | Y       | -25
    t01     | S1      | LSASTOT | FU1W     | Y       | -22
"""


@pytest.mark.parametrize(
    ("visits", "visit", "change", "pomp"),
    [
        ("BASELINE POST FU1W FU3M", "POST", -20.0, -8.0),
        ("BASELINE FU3M FU1W", "FU1W", -22.0, -8.0),
        ("BASELINE W4", None, None, None),
    ],
)
def test_the_outcome_is_that_of_post_or_of_the_first_follow_up(
    run_models: ModelBench, visits: str, visit: str | None, change: float | None, pomp: float | None
) -> None:
    order = {"BASELINE": 0, "W4": 1, "POST": 2, "FU1W": 3, "FU3M": 4}
    adipd = NO_IPD + "\n" + "\n".join(f"t01 | S1 | LSASTOT | {v} | {order[v]} | 30 | 38" for v in visits.split())
    assert classed(run_models, "PARAMCD", "AVISIT", "CHG", "POMPCHG", adqs=ADQS, adipd=adipd) == [("LSASTOT", visit, change, pomp)]


def test_a_visit_may_be_asked_for(run_models: ModelBench) -> None:
    run_models.con.execute("set variable visit = 'FU3M'")
    adipd = NO_IPD + "\nt01 | S1 | LSASTOT | POST | 2 | 30 | 38\nt01 | S1 | LSASTOT | FU3M | 4 | 28 | 38"
    assert classed(run_models, "AVISIT", "CHG", "POMPCHG", adqs=ADQS, adipd=adipd) == [("FU3M", -25.0, -10.0)]


@pytest.mark.parametrize(
    ("share", "df", "t"),
    [  # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, upper critical values of Student's t
        (0.975, 1, 12.706), (0.975, 2, 4.303), (0.975, 3, 3.182), (0.975, 4, 2.776), (0.975, 5, 2.571), (0.975, 10, 2.228),
        (0.975, 30, 2.042), (0.975, 100, 1.984), (0.95, 7, 1.895), (0.995, 12, 3.055), (0.9, 20, 1.325),
    ],
)  # fmt: skip
def test_t_quantiles_are_those_of_the_printed_table(share: float, df: int, t: float) -> None:
    assert quantile(share, df) == pytest.approx(t, abs=0.0005)


def test_t_comes_to_the_normal_quantile_without_a_step() -> None:
    assert quantile(0.975, 10_000_000) == pytest.approx(1.959964, abs=1e-6)
    assert quantile(0.975, 2000) - quantile(0.975, 2001) == pytest.approx(quantile(0.975, 1999) - quantile(0.975, 2000), rel=1e-2)


@settings(max_examples=40, deadline=None)
@given(share=st.floats(0.6, 0.999), df=st.integers(1, 400))
def test_the_density_below_t_sums_to_the_share(share: float, df: int) -> None:
    t, n = quantile(share, df), 4000
    scale = math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(df * math.pi)
    # x = sqrt(df) * tan(u): the density becomes smooth and bounded, also for one degree of freedom
    top = math.atan(t / math.sqrt(df))
    heights = [scale * math.sqrt(df) * math.cos(k * top / n) ** (df - 1) for k in range(n + 1)]
    area = top / n / 3 * (heights[0] + heights[-1] + 4 * sum(heights[1:-1:2]) + 2 * sum(heights[2:-1:2]))
    assert 0.5 + area == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize(("share", "df"), [(0.5, 3), (1.0, 3), (0.975, 0)])
def test_a_quantile_outside_of_its_range_is_refused(share: float, df: int) -> None:
    with pytest.raises(ValueError, match="share"):
        quantile(share, df)


def test_mean_and_interval_by_hand() -> None:
    """-8 -12 -16 -20: mean -14, SD sqrt(80 / 3) = 5.163978, t(3) = 3.182446, half 3.182446 * 5.163978 / 2 = 8.217041."""
    found = counting.mean([-8, -12, -16, -20], 95)
    assert (found.n, found.mean, found.sd) == (4, -14.0, pytest.approx(5.163978, abs=1e-6))
    assert (found.low, found.high) == (pytest.approx(-22.217041, abs=1e-5), pytest.approx(-5.782959, abs=1e-5))


def test_one_value_has_no_interval_and_none_no_mean() -> None:
    assert counting.mean([3.5], 95) == Mean(1, 3.5)
    assert counting.mean([], 95) == Mean(0)


BASE = Subject("t01", "SAD", "LSASTOT", "POST", None, 5, ("LE50", "PRE_1_2H", "GT60"), -10.0, -5.0)
TIMING = counting.tables(EVIDENCE)[1]


def people(n: int, timing: str, arm: str | None = None, change: float | None = -10.0) -> list[Subject]:
    return [replace(BASE, classes=("LE50", timing, "GT60"), arm=arm, change=change)] * n


def counted(found: list[Subject], *, shareable: bool = False) -> list[tuple[str, str, int | None, int | None]]:
    rows = counting.count(found, TIMING, 1, EVIDENCE, shareable=shareable)
    return [(r.arm, r.code, r.n, r.change.n if r.change else None) for r in rows]


def test_classes_come_in_their_order_with_the_total_below_and_arms_after_all() -> None:
    found = people(2, "PRE_LT1H", "Placebo") + people(1, "PRE_1_2H", "DCS") + people(1, "PRE_LT1H", "DCS", change=None)
    assert counted(found) == [
        ("ALL", "PRE_1_2H", 1, 1), ("ALL", "PRE_LT1H", 3, 2), ("ALL", "TOTAL", 4, 3),
        ("DCS", "PRE_1_2H", 1, 1), ("DCS", "PRE_LT1H", 1, 0), ("DCS", "TOTAL", 2, 1),
        ("Placebo", "PRE_LT1H", 2, 2), ("Placebo", "TOTAL", 2, 2),
    ]  # fmt: skip


def test_a_cell_below_five_is_hidden_with_the_next_smallest_so_that_the_total_does_not_give_it_away() -> None:
    found = people(20, "PRE_1_2H") + people(8, "PRE_LT1H") + people(4, "DURING")
    assert counted(found, shareable=True) == [
        ("ALL", "PRE_1_2H", 20, 20), ("ALL", "PRE_LT1H", None, None), ("ALL", "DURING", None, None), ("ALL", "TOTAL", 32, 32),
    ]  # fmt: skip
    assert counted(people(20, "PRE_1_2H") + people(5, "DURING"), shareable=True) == [
        ("ALL", "PRE_1_2H", 20, 20), ("ALL", "DURING", 5, 5), ("ALL", "TOTAL", 25, 25),
    ]  # fmt: skip


def test_two_small_cells_that_hold_five_together_hide_no_other() -> None:
    found = people(20, "PRE_1_2H") + people(3, "PRE_LT1H") + people(2, "DURING")
    assert [n for _, _, n, _ in counted(found, shareable=True)] == [20, None, None, 25]
    assert [n for _, _, n, _ in counted(found[:-1], shareable=True)] == [None, None, None, 24]


def test_fewer_than_five_outcomes_are_hidden_too() -> None:
    found = people(20, "PRE_1_2H") + people(9, "PRE_LT1H") + people(4, "DURING", change=-1.0) + people(6, "DURING", change=None)
    assert [(c, n) for _, c, n, _ in counted(found, shareable=True)] == [
        ("PRE_1_2H", 20), ("PRE_LT1H", None), ("DURING", None), ("TOTAL", 39),
    ]  # fmt: skip


def test_a_shareable_table_shows_arms_without_their_sum_and_hides_an_arm_that_is_small() -> None:
    found = people(6, "PRE_1_2H", "DCS") + people(4, "PRE_1_2H", "Placebo")
    assert counted(found, shareable=True) == [
        ("DCS", "PRE_1_2H", 6, 6), ("DCS", "TOTAL", 6, 6), ("Placebo", "PRE_1_2H", None, None), ("Placebo", "TOTAL", None, None),
    ]  # fmt: skip


def test_no_hidden_row_has_a_number() -> None:
    rows = counting.count(people(4, "DURING"), TIMING, 1, EVIDENCE, shareable=True)
    assert [(r.is_hidden, r.n_doses, r.change, r.pomp_change) for r in rows] == [(True, None, None, None)] * 2
