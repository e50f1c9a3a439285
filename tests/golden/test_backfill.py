"""A backfill is told before it is done, does what was told, and is done once: the tiny trial over two nights, a correction made later."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.engine import landing
from flows.engine.config import load
from tests.conftest import ROOT
from tests.nights import call

pytestmark = pytest.mark.slow

CORRECTIONS = """\
corrections:
  - {table: assessment, key: S1|SPD-S|POST|2024-03-15|SPDS, field: value, as_sent: "3", use: "2",
     reason: the form says 2, who: CRA, when: 2026-03-05}
  - {table: dose, key: "S1|2||2024-03-12 12:59:59", field: dosed_at, as_sent: "2024-03-12 12:59:59", use: "2024-03-12 13:30",
     reason: the kit log says so, who: CRA, when: 2026-03-05}
"""
DAYS = ("--from", "2026-03-01", "--to", "2026-03-04")


@pytest.fixture(scope="module")
def backfilled(harness: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[dict]]]:
    """The tiny trial whose sites sent their exports on 1 March, and site B again on 3 March, after a backfill; to be copied, not used."""
    from flows import prefect_home

    root = tmp_path_factory.mktemp("backfilled")
    shutil.copytree(ROOT / "tests" / "golden" / "tiny", root / "config")
    arrive(root, "A", 1)
    arrive(root, "B", 1)
    given = root / "config" / "exports" / "B" / "gaben.csv"
    given.write_bytes(given.read_bytes() + "B-002;S2;25 mg;ja;08.04.2024;09:00\n".encode("latin-1"))
    arrive(root, "B", 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefect_home, "settle", lambda *a, **k: None)
        yield root, backfill(root)


@pytest.fixture
def tiny(backfilled: tuple[Path, list[dict]], tmp_path: Path) -> Path:
    """A copy of it, and a correction that was made since."""
    shutil.copytree(backfilled[0], tmp_path, symlinks=True, dirs_exist_ok=True)
    (tmp_path / "config" / "sites" / "t01_A" / "corrections.yaml").write_text(CORRECTIONS)
    return tmp_path


def arrive(root: Path, site: str, day: int) -> None:
    unit = load(root / "config").units[f"t01/{site}"]
    landing.receive(root / "data", unit, root / "config", dt.datetime(2026, 3, day, 12, tzinfo=dt.UTC))


def backfill(root: Path, *words: str) -> list[dict]:
    code, text = call("backfill", *DAYS, "--config", root / "config", "--data", root / "data", "--json", *words)
    assert code == 0, text
    return json.loads(text)


def everything(data: Path) -> set[str]:
    """What readers see, and what is written down of runs."""
    shown = [data / "ledger.jsonl", *(p for name in ("releases", "findings", "changes") for p in (data / name).rglob("*"))]
    return {f"{p.relative_to(data)} {p.stat().st_size}" for p in shown if not p.is_dir()}


def test_a_dry_run_tells_night_by_night_what_the_backfill_then_does(tiny: Path, backfilled: tuple[Path, list[dict]]):
    first = backfilled[1]
    assert [len(o["recomputed"]) for o in first] == [2, 1], "two nights with deliveries, the second of one site"
    before = everything(tiny / "data")

    told = backfill(tiny, "--dry-run")

    assert everything(tiny / "data") == before
    assert not list((tiny / "data").glob(".tmp-*"))
    assert [(t["night"], t["latest"], t["recomputed"]) for t in told] == [("2026-03-01", False, ["t01/A"]), ("2026-03-03", True, [])]
    for night in told:
        assert (night["subjects_added"], night["subjects_removed"], night["rows_removed"]) == (0, 0, 0)
        assert night["rows_added"] == 1, "the deviation of a dose half an hour before its session"
        assert (night["primaries"], night["timings"]) == (1, 1)
        assert night["diff"]["primaries"].keys() == night["diff"]["timings"].keys() == {"t01-A-S1"}
        assert all(s["values"] == [] for s in night["diff"]["sets"])

    done = backfill(tiny)

    assert [o["recomputed"] for o in done] == [[], []], "what the dry run staged was not used"
    for was, now, rehearsed in zip(first, done, told, strict=True):
        code, text = call("diff", was["release"], now["release"], "--data", tiny / "data", "--json")
        assert code == 0
        assert json.loads(text)["sets"] == rehearsed["diff"]["sets"]
    assert (tiny / "data" / "releases" / "latest").resolve().name == done[1]["release"]
    assert backfill(tiny) == backfill(tiny, "--dry-run") == []


def test_a_dry_run_prints_counts_only_and_values_when_asked(tiny: Path):
    words = ("backfill", *DAYS, "--config", tiny / "config", "--data", tiny / "data", "--dry-run")

    code, text = call(*words)
    _, shown = call(*words, "--values", "--from", "2026-02-20")
    _, none = call(*words, "--from", "2026-02-20", "--to", "2026-02-24")

    assert code == 0
    assert "2 of 4 nights would change; nothing was published" in text and "delivery" not in text
    assert "9 of these nights are before the first delivery, which came on 2026-03-01" in shown and "2 of 13 nights would change" in shown
    assert "all of these nights are before the first delivery, which came on 2026-03-01" in none
    assert "S1" not in text
    assert "S1|2" in shown and "LAGSTRT" in shown
