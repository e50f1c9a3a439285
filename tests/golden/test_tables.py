"""The demo's dosage and timing tables: what the command writes, and that its numbers are those of the release's sets."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from flows.tables.writing import COLUMNS
from tests.conftest import DemoRelease

NAMES = ("dosage", "timing", "over60")


@pytest.fixture(scope="module")
def written(demo_release: DemoRelease, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tables")
    ended = CliRunner().invoke(app, ["tables", "--data", str(demo_release.data), "--out", str(out)])
    assert ended.exit_code == 0, ended.output
    assert "Dosage" in ended.output
    return out


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_parquet_and_csv_hold_the_same_rows_and_labels(written: Path, demo_release: DemoRelease):
    for name in NAMES:
        table = pq.read_table(written / f"{name}.parquet")
        assert table.column_names == list(COLUMNS)
        assert {f.name: f.metadata[b"label"].decode() for f in table.schema} == {n: label for n, (_, label) in COLUMNS.items()}
        assert table.schema.metadata[b"release_id"].decode() == demo_release.release.name
        texts = [{k: "" if v is None else str(v) for k, v in row.items()} for row in table.to_pylist()]
        assert texts == read(written, name)


def test_each_mean_is_that_of_the_sets_and_each_trial_is_counted_whole(written: Path, demo_release: DemoRelease):
    adsl = pd.read_parquet(demo_release.release / "adsl")
    adqs = pd.read_parquet(demo_release.release / "adqs")
    adex = pd.read_parquet(demo_release.release / "adex")
    randomized = adsl[adsl.ITTFL == "Y"]
    for name in NAMES:
        rows = read(written, name)
        for total in (r for r in rows if r["CLASS"] == "TOTAL" and r["ARM"] == "ALL"):
            mine = randomized.query("STUDYID == @total['STUDYID']")
            taken = adex.query("EXOCCUR == 'Y' and USUBJID in @mine.USUBJID")
            wanted = "PARAMCD == @total['PARAMCD'] and AVISIT == @total['AVISIT'] and ANL01FL == 'Y' and USUBJID in @mine.USUBJID"
            changes = adqs.query(wanted).CHG.dropna()
            assert (int(total["N"]), int(total["NDOSE"]), int(total["NCHG"])) == (len(mine), len(taken), len(changes))
            assert float(total["CHG"]) == pytest.approx(changes.mean(), abs=1e-9)
            assert float(total["CHGSD"]) == pytest.approx(changes.std(), abs=1e-9)
            parts = [r for r in rows if r["STUDYID"] == total["STUDYID"] and r["ARM"] == "ALL" and r["CLASS"] != "TOTAL"]
            assert sum(int(r["N"]) for r in parts) == len(mine)
            assert sum(int(r["NDOSE"]) for r in parts) == len(taken)


def test_outcomes_and_visits_are_each_trials_own(written: Path):
    found = sorted({(r["STUDYID"], r["PARAMCD"], r["AVISIT"]) for r in read(written, "dosage")})
    assert found == [
        ("acro01", "AQANX", "POST"), ("ocd01", "CYBOCTOT", "POST"), ("sad01", "LSASTOT", "POST"), ("tail01", "LSASTOT", "FU1W"),
    ]  # fmt: skip


def test_the_interval_of_tail01_is_that_of_the_printed_t(written: Path):
    """24 participants of whom all have an outcome: t(23) = 2.069 (NIST/SEMATECH 1.3.6.7.2)."""
    total = next(r for r in read(written, "dosage") if (r["STUDYID"], r["CLASS"]) == ("tail01", "TOTAL"))
    half = 2.069 * float(total["CHGSD"]) / 24**0.5
    assert total["NCHG"] == "24"
    assert float(total["CHGLO"]) == pytest.approx(float(total["CHG"]) - half, abs=0.01)
    assert float(total["CHGHI"]) == pytest.approx(float(total["CHG"]) + half, abs=0.01)


def test_the_arms_of_a_blinded_trial_are_nowhere(written: Path):
    for name in NAMES:
        assert {r["STUDYID"] for r in read(written, name) if r["ARM"] != "ALL"} == {"acro01"}


def test_every_dose_class_is_the_trials_own(written: Path):
    """acro01 gives 50 or 500 mg, the others 25 and 50 mg: nobody stands between."""
    found = {(r["STUDYID"], r["CLASS"]) for r in read(written, "dosage")} - {(s, "TOTAL") for s in ("acro01", "ocd01", "sad01", "tail01")}
    sure = {f for f in found if f[1] not in ("UNKNOWN", "NONE", "MIXED")}
    assert sure == {("acro01", "LE50"), ("acro01", "GT250"), ("ocd01", "LE50"), ("sad01", "LE50"), ("tail01", "LE50")}


def test_the_same_release_gives_the_same_bytes(written: Path, demo_release: DemoRelease, tmp_path: Path):
    CliRunner().invoke(app, ["tables", demo_release.release.name, "--data", str(demo_release.data), "--out", str(tmp_path)])
    names = sorted(p.name for p in written.iterdir())
    assert names == ["dosage.csv", "dosage.parquet", "over60.csv", "over60.parquet", "tables.html", "timing.csv", "timing.parquet"]
    assert [n for n in names if (tmp_path / n).read_bytes() != (written / n).read_bytes()] == []


class Page(HTMLParser):
    """What a screen reader needs of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_the_page_stands_alone_and_every_table_has_a_caption_and_scoped_heads(written: Path, demo_release: DemoRelease):
    text = (written / "tables.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    count = {tag: sum(t == tag for t, _ in page.seen) for tag, _ in page.seen}

    assert ("html", {"lang": "en"}) in page.seen
    assert count["table"] == count["caption"] == count["thead"] == 3 * 7  # three tables; four trials, one with three arms more
    assert all(a.get("scope") in ("col", "row") for t, a in page.seen if t == "th")
    assert not re.search(r"src=|https?://|<script|<link", text)
    assert count["h1"] == 1 and demo_release.release.name in text
    assert "randomized participants (ADSL.ITTFL = Y)" in text


def test_a_shareable_copy_has_no_cell_below_five_and_says_so(demo_release: DemoRelease, tmp_path: Path):
    words = ["tables", "--data", str(demo_release.data), "--out", str(tmp_path), "--shareable", "--json"]
    ended = CliRunner().invoke(app, words)

    told = json.loads(ended.stdout)
    assert told["release"] == demo_release.release.name
    for name in NAMES:
        rows = told["tables"][name]
        assert any(r["HIDDENFL"] == "Y" for r in rows)
        for row in rows:
            numbers = [row[c] for c in ("N", "NDOSE", "NCHG", "CHG", "CHGSD", "CHGLO", "CHGHI", "NPOMP", "POMPCHG", "POMPLO", "POMPHI")]
            if row["HIDDENFL"] == "Y":
                assert numbers == [None] * len(numbers)
            else:
                assert row["N"] >= 5 and not 0 < row["NCHG"] < 5
        for study, arm in {(r["STUDYID"], r["ARM"]) for r in rows}:
            block = [r for r in rows if (r["STUDYID"], r["ARM"]) == (study, arm)]
            hidden = sum(r["HIDDENFL"] == "Y" for r in block)
            total = block[-1]["N"]
            shown = sum(r["N"] for r in block[:-1] if r["N"] is not None)
            assert hidden != 1 and (hidden == 0 or total is None or total - shown >= 5)
    assert "Hidden: classes with fewer than 5" in (tmp_path / "tables.html").read_text(encoding="utf-8")


def test_another_visit_may_be_asked_for(demo_release: DemoRelease, tmp_path: Path):
    CliRunner().invoke(app, ["tables", "--data", str(demo_release.data), "--out", str(tmp_path), "--visit", "FU1M"])
    means = {r["STUDYID"]: r["NCHG"] for r in read(tmp_path, "dosage") if r["CLASS"] == "TOTAL" and r["ARM"] == "ALL"}
    assert int(means["sad01"]) > 0
    assert means["ocd01"] == "0"
