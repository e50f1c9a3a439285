"""Amounts of a blinded trial: when they tell the arm, what is left out then, and when a site cannot be published."""

from __future__ import annotations

import polars as pl
import pytest

from flows.engine import blinded_amounts
from schemas.trial import Trial
from tests.harness import TRIAL

ONE, OTHER = {"code": "DCS", "label": "Drug", "dose_mg": 50}, {"code": "PBO", "label": "Placebo", "dose_mg": 50, "placebo": True}
BANDS = [{"from_kg": 0, "below_kg": 46, "dose_mg": 25}, {"from_kg": 46, "dose_mg": 50}]
BY_WEIGHT = [{"code": c, "label": c, "dose_mg_by_weight": BANDS} for c in ("DCS", "PBO")]


def trial(arms: list[dict], **blinding: str) -> Trial:
    return Trial.model_validate(TRIAL | {"arms": arms, "blinding": {"status": "blinded"} | blinding})


@pytest.mark.parametrize(
    ("arms", "told", "is_withheld"),
    [
        ([ONE, OTHER], None, False),
        ([ONE, OTHER | {"dose_mg": 500}], None, True),
        ([ONE, OTHER | {"dose_mg": 500}], "shown", False),
        ([ONE, OTHER], "withheld", True),
        (BY_WEIGHT, None, False),
        ([BY_WEIGHT[0], OTHER], None, True),
        ([BY_WEIGHT[0], BY_WEIGHT[1] | {"dose_mg_by_weight": [{"dose_mg": 25}]}], None, True),
    ],
)
def test_amounts_are_withheld_where_the_arms_differ_in_strength_unless_the_trial_says_otherwise(arms, told, is_withheld):
    assert blinded_amounts.withheld(trial(arms, **({"amounts": told} if told else {}))) is is_withheld


def test_without_amounts_a_dose_is_still_counted_and_timed_and_only_the_sentence_about_an_amount_goes():
    doses = pl.DataFrame({"EXSEQ": [1], "EXDOSE": [500.0], "EXDOSU": ["mg"], "EXDOSORG": ["0,5 g"], "DOSEMGKG": [7.1], "DOSECAT": ["GT250"],
                          "GT250FL": ["Y"], "PEDDSFL": ["N"], "EXOCCUR": ["Y"], "TIMCAT": ["PRE_1_2H"]})  # fmt: skip
    assert blinded_amounts.without(doses, "adex").rows() == [(1, None, None, None, None, None, None, None, "Y", "PRE_1_2H")]
    people = pl.DataFrame({"NDOSE": [2], "CUMDOSE": [1000.0]})
    assert blinded_amounts.without(people, "adsl").rows() == [(2, None)]
    told = pl.DataFrame({"DVDECOD": ["DOSE_AMOUNT", "DOSE_MISSED"], "DVTERM": ["400 mg was taken", "A dose was missed"]})
    assert blinded_amounts.without(told, "addv").rows() == [("DOSE_AMOUNT", None), ("DOSE_MISSED", "A dose was missed")]
    assert [blinded_amounts.left_in(f, s) for f, s in ((doses, "adex"), (people, "adsl"), (told, "addv"))] == [1, 1, 1]
    assert blinded_amounts.left_in(blinded_amounts.without(told, "addv"), "addv") == 0


def doses(*people: tuple[int, list[float | None]]) -> pl.DataFrame:
    """So many participants with these amounts, dose after dose, all taken."""
    rows = [(f"{group}-{n}", "Y", amount) for group, (count, amounts) in enumerate(people) for n in range(count) for amount in amounts]
    return pl.DataFrame(rows, schema={"USUBJID": pl.String, "EXOCCUR": pl.String, "EXDOSE": pl.Float64}, orient="row")


@pytest.mark.parametrize(
    ("people", "side"),
    [
        ([(5, [50.0, 50.0]), (4, [0.0, 0.0])], 4),
        ([(5, [50.0, 50.0]), (6, [None, None])], 5),
        ([(5, [50.0, 50.0]), (3, [0.0, 0.0])], 0),  # fewer than four on a side
        ([(5, [50.0, 50.0]), (4, [0.0, 0.0]), (1, [50.0, 0.0])], 0),  # one participant with both
        ([(5, [50.0, 50.0]), (4, [25.0, 25.0])], 0),  # both are the trial's, by weight
        ([(5, [50.0, 50.0]), (4, [0.0, 0.0]), (4, [100.0, 100.0])], 0),  # a third way
        ([(5, [50.0]), (4, [0.0])], 0),  # one dose each is no habit
    ],
)
def test_amounts_part_a_site_when_each_participant_keeps_to_one_of_two(people, side):
    assert blinded_amounts.smaller_side(doses(*people), (25.0, 50.0), 4) == side
    assert blinded_amounts.smaller_side(doses(*people), (), 4) == 0  # the trial says that they tell nothing


def test_doses_that_were_not_taken_part_nobody():
    missed = doses((5, [50.0, 50.0]), (4, [None, None])).with_columns(
        pl.when(pl.col("EXDOSE").is_null()).then(pl.lit("N")).otherwise(pl.lit("Y")).alias("EXOCCUR")
    )
    assert blinded_amounts.smaller_side(missed, (50.0,), 4) == 0
