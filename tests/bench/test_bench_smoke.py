"""The benchmark's generator and yardstick are right on a small trial; nothing here is timed.

What belongs here: counts that must add up, faults that must be found again, a few scores computed another way.
What does not: trialweave itself (tests/golden/).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.site import Profile
from schemas.trial import Trial
from tests.bench import handwritten, setup
from tests.bench.generate import generate

yaml = pytest.importorskip("yaml")

#: Table of the plan -> table of the findings; faults that show as two findings, one for each row of a conflict.
TABLES = {
    "subjects": "subject",
    "sessions": "session",
    "doses": "dose",
    "suds": "rating",
    "medications": "medication",
    "lsas": "form",
    "spds": "item",
    "adverse_events": "adverse_event",
    "withdrawals": "withdrawal",
}
FINDINGS_EACH = {"duplicate_conflict": 2}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], handwritten.Counts]:
    """A generated trial of 60 subjects in 4 sites, its plan, and the counts of the hand-written run (in `out`)."""
    root = tmp_path_factory.mktemp("bench")
    plan: dict[str, Any] = generate(root, n_subjects=60, n_sites=4, seed=1)
    counts = handwritten.run(root / "config", root / "exports", root / "out", handwritten.Options(size=2))
    return root, plan, counts


def test_the_same_seed_gives_the_same_bytes(made, tmp_path: Path) -> None:
    again = tmp_path / "again"
    generate(again, n_subjects=60, n_sites=4, seed=1)
    files = sorted(p.relative_to(again) for p in again.rglob("*") if p.is_file())
    assert len(files) == 4 * len(TABLES) + 4 + 3
    assert all((again / f).read_bytes() == (made[0] / f).read_bytes() for f in files)


def test_the_generated_configuration_is_valid(made) -> None:
    config = made[0] / "config"
    trial = Trial.model_validate(yaml.safe_load((config / "trials" / f"{setup.STUDY}.yaml").read_text()))
    profile = Profile.model_validate(yaml.safe_load((config / "profiles" / "edc.yaml").read_text()))
    assert (len(trial.visits), len(profile.tables)) == (15, 8)


def test_rows_kept_and_rejected_are_the_rows_received(made) -> None:
    _, plan, counts = made
    assert {table: n["received"] for table, n in counts.items()} == plan["rows"]
    assert all(n["kept"] + n["rejected"] == n["received"] for n in counts.values())


def test_every_planted_fault_is_found_and_no_other(made) -> None:
    root, plan, _ = made
    found = pl.read_parquet(root / "out" / "finding" / "**" / "*.parquet")
    planted_rules = {kind for kinds in plan["planted"].values() for kind in kinds}
    seen = found.filter(pl.col("rule").is_in(planted_rules)).group_by("table_name", "rule").len()
    expected = {
        (TABLES[table], kind): n * FINDINGS_EACH.get(kind, 1) for table, kinds in plan["planted"].items() for kind, n in kinds.items()
    }
    assert {(table, rule): n for table, rule, n in seen.rows()} == expected


def test_every_set_has_the_variables_of_its_key_and_one_file_a_site(made) -> None:
    out = made[0] / "out"
    for name in (*handwritten.SETS, "adipd"):
        files = sorted((out / name / setup.STUDY).glob("*.parquet"))
        assert [f.stem for f in files] == ["001", "002", "003", "004"], name
        assert {"STUDYID", "USUBJID", "SITEID"} <= set(pl.read_parquet_schema(files[0])), name


def test_the_total_is_the_sum_of_complete_items(made) -> None:
    out = made[0] / "out"
    key = ["USUBJID", "AVISIT", "ADT"]
    items = pl.read_parquet(out / "aditem" / "**" / "*.parquet").filter(pl.col("PARCAT1") == "LSAS").group_by(key)
    sums = items.agg(total=pl.col("AVAL").sum(), answered=pl.col("AVAL").count()).filter(pl.col("answered") == 48)
    scored = pl.read_parquet(out / "adqs" / "**" / "*.parquet").filter(pl.col("PARAMCD") == "LSASTOT")
    both = sums.join(scored, on=key, how="left")
    assert both.height > 500
    assert (both["total"] == both["AVAL"]).all()


def test_a_dose_at_a_time_the_clock_change_left_out_has_no_instant(made) -> None:
    doses = pl.read_parquet(made[0] / "out" / "adex" / "**" / "*.parquet")
    lost = doses.filter((pl.col("TIMREAS") == "NONEXISTENT_LOCAL_TIME") & pl.col("EXSTDTM").is_null())
    assert lost.height == 1
