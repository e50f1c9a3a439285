"""Dates read with day and month the wrong way round: a delivery is held before the dates that happen to exist are believed."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from flows.engine import day_order
from flows.engine.config import load
from flows.engine.delivery_findings import rule
from tests.newsite.maker import TRIAL

SITE = """\
site_id: "01"
study: t01
timezone: Europe/Lisbon
source: {kind: files, path: export}
subject_id: id
tables:
  session:
    file: s.csv
    fields:
      session_no: no
      started_at: {from: start, format: FORMAT}
"""


def exchanged(root: Path, form: str, texts: list[str]) -> list[tuple[int, int, str]]:
    """Dates that exist only the other way round, that do not exist as declared, and the format to write."""
    (root / "trials").mkdir()
    (root / "sites" / "t01_01").mkdir(parents=True)
    (root / "trials" / "t01.yaml").write_text(TRIAL)
    (root / "sites" / "t01_01" / "site.yaml").write_text(SITE.replace("FORMAT", form))
    (unit,) = load(root).units.values()
    frame = pl.DataFrame({"raw_value": texts}).with_columns(
        pl.lit("01").alias("site"), pl.lit("impossible_date").alias("rule"), pl.lit("session").alias("table"),
        pl.lit("started_at").alias("field"), pl.lit(1, pl.Int64).alias("n_rows"),
    )  # fmt: skip
    frame.write_parquet(root / "findings.parquet")
    found = day_order.exchanged(unit, root, "01", {"session": 9})
    return list(found.select("n_exchanged", "n_impossible", "other").iter_rows()) if found.height else []


@pytest.mark.parametrize(
    ("form", "texts", "told"),
    [
        ('"%d/%m/%Y %H:%M"', ["05/24/2025 10:00", "12/13/2025 10:00", "31/02/2025 10:00"], [(2, 3, "%m/%d/%Y %H:%M")]),
        ('"%m/%d/%Y"', ["24/05/2025", "02/30/2025"], [(1, 2, "%d/%m/%Y")]),
        ('"%Y-%d-%m"', ["2025-05-24", "2025-31-02"], [(1, 2, "%Y-%m-%d")]),
        ('["%d.%m.%Y", "%d/%m/%Y"]', ["05/24/2025"], [(1, 1, "%m.%d.%Y")]),
        ('["%d/%m/%Y", "%m/%d/%Y"]', ["31/02/2025"], []),  # both orders are declared
        ('"%d-%b-%Y"', ["31-FEB-2025"], []),  # a month in letters has no order
    ],
)
def test_dates_that_exist_only_the_other_way_round_are_counted(tmp_path, form, texts, told):
    assert exchanged(tmp_path, form, texts) == told


@pytest.mark.parametrize(
    ("n_exchanged", "received", "is_held"),
    [(5, 24, True), (5, 25, False), (4, 4, False), (60, 100, True), (20, 100, False), (21, 100, True)],
)
def test_a_delivery_is_held_for_five_such_dates_that_are_more_than_a_fifth_of_the_rows(n_exchanged, received, is_held):
    evidence = load(Path(__file__).resolve().parents[1] / "golden" / "tiny").evidence
    frame = pl.DataFrame({"n_exchanged": [n_exchanged], "received": [received]})
    assert frame.select(rule("dates_exchanged").check("", evidence)).item() is not is_held
