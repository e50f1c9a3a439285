"""The arm-leak test with the list: a column that tells the arms is found, one that does not is not, outcomes are only watched."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from flows.engine import leaktest
from flows.engine.releases import Release
from schemas.columns import columns
from schemas.findings import ConfigurationError
from tests.harness import EVIDENCE

KINDS = {
    "Text": pl.String,
    "Integer": pl.Int32,
    "Integer64": pl.Int64,
    "Float": pl.Float64,
    "Date": pl.Date,
    "Datetime": pl.Datetime("us", "UTC"),
}


class Trial:
    """A release of one trial with 60 participants, 30 in each arm, at random."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        chance = random.Random(7)
        people = [f"t01-01-S{n:02}" for n in range(60)]
        chance.shuffle(people)
        self.arms = {u: "DCS" if n < 30 else "PBO" for n, u in enumerate(people)}
        self.people = sorted(people)
        self.chance = chance
        self.put("adsl", [{"USUBJID": u, "SUBJID": u[-3:], "AGE": chance.gauss(40, 9), "SEX": chance.choice("MF")} for u in self.people])

    def put(self, dataset: str, rows: list[dict]) -> None:
        names = {c.name: KINDS[c.type] for c in columns()[dataset]}
        frame = pl.DataFrame([{"STUDYID": "t01", "SITEID": "01"} | r for r in rows], schema=names, infer_schema_length=None)
        path = self.folder / dataset / "t01" / "01-00000000.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(path)

    def doses(self, **columns) -> None:
        rows = [{"USUBJID": u, "EXSEQ": n} | {c: make(self.arms[u]) for c, make in columns.items()} for u in self.people for n in (1, 2, 3)]
        self.put("adex", rows)

    def told(self) -> dict[tuple[str, str], str]:
        found = leaktest.test(Release("r", self.folder, {}), "t01", self.arms, EVIDENCE)
        return {(t.column, t.way): t.verdict for t in found if t.verdict}


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


def test_columns_that_are_the_same_in_both_arms_are_clear(trial: Trial):
    trial.doses(EXDOSORG=lambda arm: trial.chance.choice(["50 mg", "0.05 g"]), LAGSTRT=lambda arm: trial.chance.gauss(60, 10))
    assert trial.told() == {}


def test_a_kit_letter_in_the_dose_text_is_a_leak(trial: Trial):
    trial.doses(EXDOSORG=lambda arm: f"kit {'K' if arm == 'DCS' else 'P'}{trial.chance.randint(100, 999)}")
    assert trial.told() == {("EXDOSORG", "letters"): "LEAK"}


def test_kit_numbers_of_two_blocks_are_a_leak_although_no_number_comes_twice(trial: Trial):
    trial.doses(DOSEMGKG=lambda arm: trial.chance.uniform(1000, 1999) if arm == "DCS" else trial.chance.uniform(2000, 2999))
    assert trial.told() == {("DOSEMGKG", "rank"): "LEAK"}


def test_the_order_of_the_rows_of_the_source_is_a_leak_when_it_is_sorted_by_arm(trial: Trial):
    rows = iter(range(1, 1000))
    order = sorted(trial.people, key=lambda u: trial.arms[u])
    place = {u: next(rows) for u in order}
    trial.put("adex", [{"USUBJID": u, "EXSEQ": 1, "SRCROW": place[u]} for u in trial.people])
    assert trial.told() == {("SRCROW", "rank"): "LEAK"}


def test_an_outcome_that_differs_between_the_arms_is_watched_not_called_a_leak(trial: Trial):
    trial.put("adqs", [{"USUBJID": u, "AVAL": trial.chance.gauss(60 if trial.arms[u] == "PBO" else 40, 12)} for u in trial.people])
    assert trial.told() == {("AVAL", "rank"): "WATCH"}


def test_a_list_of_others_or_of_one_arm_is_refused(trial: Trial):
    with pytest.raises(ConfigurationError, match="0 participants of the list"):
        leaktest.test(Release("r", trial.folder, {}), "t01", {"t01-09-X": "DCS"}, EVIDENCE)
    with pytest.raises(ConfigurationError, match="of 1 arms"):
        leaktest.test(Release("r", trial.folder, {}), "t01", dict.fromkeys(trial.people, "DCS"), EVIDENCE)


def test_the_list_is_read_by_subject_and_site_or_by_usubjid(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("site,subject,arm\n01,S1,DCS\n,t01-02-S9,PBO\n01,S2,\n")
    assert leaktest.read_list(path, "t01", None) == {"t01-01-S1": "DCS", "t01-02-S9": "PBO"}
    path.write_text("who,arm\nS1,DCS\n")
    with pytest.raises(ConfigurationError, match="needs the columns subject and arm"):
        leaktest.read_list(path, "t01", None)


@pytest.mark.parametrize(
    ("x", "df", "p"),
    [
        (3.841458820694124, 1, 0.05),
        (5.991464547107979, 2, 0.05),
        (18.307038053275146, 10, 0.05),
        (6.634896601021213, 1, 0.01),
        (0.0, 3, 1.0),
        (0.004, 1, 0.9495709711511051),
        (124.34211340400407, 100, 0.05),
    ],
)
def test_chi_square_tail_is_that_of_the_tables(x: float, df: int, p: float):
    assert leaktest.chi2_above(x, df) == pytest.approx(p, abs=1e-9)
