"""Columns that were recoded between two deliveries, although every value can be read."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from flows.engine import recoding
from flows.engine.delivery_findings import rule
from tests.harness import EVIDENCE


def staged(folder: Path, name: str, rows: list[dict[str, object]]) -> Path:
    """A staged set of site 01."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows).write_parquet(folder / name / "01.parquet")
    return folder


def people(sexes: str) -> list[dict[str, object]]:
    blank = {"AGE": 30.0, "WEIGHTBL": 70.0, "ICFDT": None, "RANDDT": None, "WDDT": None}
    return [{"USUBJID": f"t-01-{n}", "SEX": None if sex == "-" else sex} | blank for n, sex in enumerate(sexes)]


def columns(old: Path, new: Path, tables: set[str]) -> pl.DataFrame:
    return recoding.columns(recoding.read(old, new, "01", tables), EVIDENCE)


def held(frame: pl.DataFrame, by: str = "values_recoded") -> list[tuple[str, str, int, int]]:
    """Columns that the rule finds recoded: table, field, values of both, changed."""
    broken = frame.filter(rule(by).check("", EVIDENCE).not_())
    return broken.select("table", "field", "n_both", "n_changed").rows()


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("MMMMMMFFFFFF", "FFFFFFMMMMMM", [("subject", "SEX", 12, 12)]),
        ("MMMMMMFFFFFF", "FFFFFFMMMMFF", [("subject", "SEX", 12, 10)]),
        ("MMMMMMFFFFFF", "FFFFFFMMMFFF", []),  # nine may all have been corrected
        ("MMMMMM------", "FFFFFFMMMMMM", []),  # what was blank is filled, six are other ones
        ("M" * 33 + "F", "F" * 10 + "M" * 23 + "F", []),  # 29 %
        ("M" * 33, "F" * 10 + "M" * 23, [("subject", "SEX", 33, 10)]),
    ],
)
def test_a_column_whose_values_are_other_ones_now_is_recoded(
    tmp_path: Path, before: str, after: str, found: list[tuple[str, str, int, int]]
) -> None:
    old, new = staged(tmp_path / "old", "adsl", people(before)), staged(tmp_path / "new", "adsl", people(after))
    assert held(columns(old, new, {"subject"}), by="values_recoded") == found
    assert held(columns(old, new, {"rating"})) == []


def answers(values: list[int]) -> list[dict[str, object]]:
    known = {"USUBJID": "t-01-1", "PARCAT1": "LSAS", "AVISIT": "BASELINE", "ADT": None}
    return [known | {"ITEMCD": f"LSF{n:02d}", "AVAL": float(v)} for n, v in enumerate(values, 1)]


def test_answers_that_moved_by_one_column_are_recoded_though_their_sum_is_the_same(tmp_path: Path) -> None:
    old = staged(tmp_path / "old", "aditem", answers([0, 1, 2, 3] * 6))
    new = staged(tmp_path / "new", "aditem", answers([3, 0, 1, 2] * 6))
    assert held(columns(old, new, {"assessment"})) == [("assessment", "LSAS", 24, 24)]


def test_records_that_are_not_told_apart_and_new_ones_are_not_compared(tmp_path: Path) -> None:
    old = staged(tmp_path / "old", "adsl", [*people("MMMMMMMMMMMM"), *people("F")])  # the first one twice
    new = staged(tmp_path / "new", "adsl", people("FFFFFFFFFFFFFF"))
    assert held(columns(old, new, {"subject"})) == [("subject", "SEX", 11, 11)]


def test_only_tables_of_which_enough_records_were_sent_otherwise_are_looked_at() -> None:
    pairs = pl.DataFrame({
        "table": ["session", "session", "rating", "assessment", "assessment"],
        "as_sent": [["a"], ["b"], ["c"], ["d"], ["e"]], "as_sent_old": [["a"], ["x"], ["c"], ["d"], ["e"]],
        "digest": [0, 0, 0, 1, 2], "digest_old": [0, 0, 0, 9, 9], "n": [1, 1, 1, 24, 24], "n_old": [1, 1, 1, 24, 24],
    })  # fmt: skip
    assert recoding.touched(pairs, 1) == {"session", "assessment"}
    assert recoding.touched(pairs, 2) == {"assessment"}


def ratings(begins: list[int]) -> list[dict[str, object]]:
    """Four sessions of one exercise of each participant."""
    return [
        {"USUBJID": f"t-01-{n // 4}", "SESSNO": n % 4, "EXNO": 1, "SUDSBEG": float(b), "SUDSPEAK": 90.0, "SUDSEND": 10.0}
        for n, b in enumerate(begins)
    ]


@pytest.mark.parametrize(
    ("after", "found"),
    [
        # 12 of 32 (38 %), by no function, in many participants
        ([51, 53, 50, 50, 49, 54, 50, 50, 48, 55, 50, 50, 47, 50, 50, 50, 45, 50, 50, 50, 56, 58, 50, 50, 40, 50, 50, 61, 50, 50, 50, 50],
         "values_changed_widely"),
        ([5, 5, 50, 50] * 6 + [50] * 8, "values_recoded"),  # 12 of 32, each a tenth
        ([61, 12, 33, 84] * 3 + [50] * 20, "values_recoded"),  # all of three participants, none of five
    ],
)  # fmt: skip
def test_many_corrections_that_follow_nothing_are_asked_about_and_one_change_holds(tmp_path: Path, after: list[int], found: str) -> None:
    old = staged(tmp_path / "old", "adsuds", ratings([50] * len(after)))
    told = columns(old, staged(tmp_path / "new", "adsuds", ratings(after)), {"rating"})
    assert [r for r in ("values_recoded", "values_changed_widely") if held(told, by=r)] == [found]


@pytest.mark.parametrize(
    ("published", "before_edit", "after_edit", "found"),
    [
        # what is published, the newest delivery as before the edit and as after it -> what the delivery changed: participant, was, now
        ("MMFF", "MMFF", "FFMM", []),  # the edit exchanges the codes, and the site sent nothing new
        ("MMFF", "FMFF", "MFMM", []),  # both for the first: what is published stays what it is
        ("MFFF", "MMFF", "MMFF", [("1", "F", "M")]),  # the site's correction, whatever else was edited
        ("MFF-", "MMF-", "MMFF", [("1", "F", "M")]),  # an edit that fills what was blank
        ("MMFF", "----", "MMFF", []),  # new codes, and an edit that follows them
        ("MMFF", "----", "FFMM", [("0", "M", "F"), ("1", "M", "F"), ("2", "F", "M"), ("3", "F", "M")]),  # that follows them wrongly
        ("MMFF", "MMF", "MMFM", [("3", "F", "M")]),  # a record that cannot be read without the edit
        ("MMFF", "MMF-", "MMF-", [("3", "F", None)]),  # no longer sent
    ],
)
def test_what_the_delivery_changed_is_told_from_what_the_edit_changed(
    tmp_path: Path, published: str, before_edit: str, after_edit: str, found: list[tuple[str, str, str | None]]
) -> None:
    old, made, new = (
        staged(tmp_path / n, "adsl", people(p)) for n, p in (("o", published), ("b", before_edit), ("a", after_edit))
    )
    told = recoding.read_apart((old, new), (old, made), "01")
    assert told.changed.select(pl.col("key").list.last().str.slice(-1), "was", "now").rows() == found


def test_a_value_is_compared_with_what_the_last_delivery_comes_to_today(tmp_path: Path) -> None:
    """Doses in mg (50) that today's configuration reads as 0.05, in a delivery that sends one tenfold."""
    old, again, new = (
        staged(tmp_path / n, "adsuds", ratings(values)) for n, values in (("o", [50, 50, 50]), ("b", [5, 5, 5]), ("a", [5, 5, 55]))
    )
    told = recoding.read_apart((old, new), (again, new), "01")
    assert told.changed.select("was", "now", "x", "y").rows() == [("5.0", "55.0", 5.0, 55.0)]
    assert told.counts.get_column("n_both").sum() == 9
