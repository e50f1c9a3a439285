"""What names an arm in a blinded trial, and what does not: the words, and a way of writing that parts the participants."""

from __future__ import annotations

import polars as pl
import pytest

from flows.engine import blinding
from flows.engine.config import PROJECT
from schemas.trial import Trial
from tests.harness import EVIDENCE, TRIAL


def terms(*arms: dict) -> blinding.Terms:
    return blinding.terms(
        Trial.model_validate(TRIAL | ({"arms": list(arms)} if arms else {})), blinding.words([PROJECT / "codelists"]), EVIDENCE
    )


def told(text: str, words: blinding.Terms) -> bool:
    return pl.DataFrame({"t": [text]}).select(blinding.tells("t", words)).item()


THREE = ({"code": "PRE_DCS", "label": "D-cycloserine before and placebo after", "dose_mg": 50},
         {"code": "TAILORED", "label": "Placebo before and tailored D-cycloserine after", "dose_mg": 50},
         {"code": "PLACEBO", "label": "Placebo before and after", "dose_mg": 50, "placebo": True})  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "Placebo",
        "headache (PLACEBO)",
        "plazebo 50 mg",
        "kit P-17 sham",
        "verum",
        "arm: DCS",
        "randomised to DCS",
        "PBO",
        "pbo-17",
        "1 PBO 50 mg",
    ],
)
def test_a_word_for_one_arm_tells_it(text: str):
    assert told(text, terms())


@pytest.mark.parametrize(
    "text",
    ["50 mg", "DCS 50 mg", "D-cycloserine", "DCS/placebo", "D-cycloserine or placebo, blinded", "Headache", "alarm: DC shock", "charm", ""],
)
def test_the_drugs_name_alone_means_the_capsule_and_a_text_that_names_both_tells_nothing(text: str):
    assert not told(text, terms())


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("The POST-SESSION dose of session 3 was not taken.", False),
        ("0001|3|PRE", False),
        ("nausea after the session", False),
        ("arm: PRE", True),
        ("randomized to Post", True),
        ("PRE_ACTIVE", True),
    ],
)
def test_an_arm_called_as_a_time_point_counts_only_behind_a_word_for_the_arm(text: str, is_told: bool):
    arms = [{"code": c, "label": c, "dose_mg": 50} for c in ("PRE", "Post", "PRE_ACTIVE")]
    assert told(text, terms(*arms)) is is_told


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("PRE_DCS", True),
        ("pre-dcs", True),
        ("Tailored", True),
        ("D-cycloserine before and placebo after", True),
        ("DCS before the session", False),
    ],
)
def test_the_code_and_the_label_of_each_arm_tell_it(text: str, is_told: bool):
    assert told(text, terms(*THREE)) is is_told


@pytest.mark.parametrize(
    ("text", "is_told"), [("A", False), ("Vitamin A", False), ("group A", False), ("arm A", True), ("allocated to B", True)]
)
def test_a_code_of_one_letter_counts_only_behind_a_word_for_the_arm(text: str, is_told: bool):
    arms = ({"code": "A", "label": "50 mg DCS", "dose_mg": 50}, {"code": "B", "label": "Sugar", "dose_mg": 50})
    assert told(text, terms(*arms)) is is_told


def doses(*ways: tuple[int, str]) -> pl.DataFrame:
    """Two doses a participant; `ways`: how many participants, how each of their doses is written."""
    rows = [(f"S{k}-{n}", text, 50.0) for k, (many, text) in enumerate(ways) for n in range(many) for _ in range(2)]
    return pl.DataFrame(rows, schema=["USUBJID", "EXDOSORG", "EXDOSE"], orient="row")


def test_doses_written_one_way_for_some_participants_and_another_way_for_the_others_part_them():
    assert blinding.parts_participants(doses((4, "50 mg C"), (5, "50 mg P")), 4)
    assert blinding.parts_participants(doses((4, "DCS 50 mg"), (5, "50 mg")), 4)


def test_numbers_units_and_blanks_are_no_way_of_writing():
    assert not blinding.parts_participants(doses((4, "50 mg"), (5, "0.05 g"), (3, "50mg")), 4)


def test_a_few_participants_or_one_with_both_ways_or_a_third_way_tell_nothing():
    assert not blinding.parts_participants(doses((3, "50 mg C"), (9, "50 mg P")), 4)
    assert not blinding.parts_participants(doses((4, "50 mg C"), (5, "50 mg P"), (1, "50 mg Q")), 4)
    mixed = pl.DataFrame([("S", "50 mg C", 50.0), ("S", "50 mg P", 50.0)], schema=["USUBJID", "EXDOSORG", "EXDOSE"], orient="row")
    assert not blinding.parts_participants(pl.concat([doses((4, "50 mg C"), (5, "50 mg P")), mixed]), 4)


def test_a_way_of_writing_that_the_amount_explains_tells_nothing():
    frame = doses((4, "1 capsule"), (5, "2 capsules")).with_columns(
        pl.when(pl.col("EXDOSORG") == "1 capsule").then(25.0).otherwise(50.0).alias("EXDOSE")
    )
    assert not blinding.parts_participants(frame, 4)


def test_a_text_that_names_an_arm_is_left_out_and_the_row_stays():
    frame = pl.DataFrame({"AETERM": ["Headache", "Headache after placebo"], "AEREL": ["possibly", None], "AESEQ": [1, 2]})
    shown = blinding.without_arms(frame, "adae", terms())
    assert shown.rows() == [("Headache", "possibly", 1), (None, None, 2)]
