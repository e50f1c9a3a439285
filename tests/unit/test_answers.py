"""The query round trip: listings for sites, their answers, waivers, and what they make of findings on later nights."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook

from flows.engine import answers, findings_store, ledger, queries
from schemas.findings import ConfigurationError
from tests.nights import Nights
from tests.nights import two_sites as two_sites


def night(nights: Nights, day: str, text: str) -> None:
    """A delivery of site 01 and the night after it."""
    nights.land("01", text, day)
    nights.run(as_of=day)


def stands(nights: Nights) -> dict[str, str]:
    """Record -> how its finding stands."""
    return dict(findings_store.history(nights.data).select("record_key", "status").iter_rows())


def listed(nights: Nights, folder: Path, site: str = "01") -> tuple[Path, list[dict[str, str]]]:
    """The csv listing of a site, and its rows."""
    listing = queries.of_sites(nights.data)[("t01", site)]
    path, _ = queries.write(folder, "t01", site, listing)
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return path, list(csv.DictReader(lines))


def send_back(path: Path, rows: list[dict[str, str]], **filled: str) -> Path:
    """The listing as a site fills it in: the same answer to every row."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | filled for row in rows)
    return path


CONFIRMED = {"answer": "Confirmed correct", "answered_by": "Dr. A", "answered_on": "2026-03-02", "comment": "seen in the source"}


def test_a_listing_holds_only_its_own_sites_rows(two_sites: Nights, tmp_path: Path):
    two_sites.land("02", "S7 odd\n", "2026-03-01")
    night(two_sites, "2026-03-01", "S1 odd\nS2 bad\nS3 50\nS4 50\nS5 50\nS6 50\n")

    _, rows = listed(two_sites, tmp_path)

    assert [(r["record_key"], r["severity"], r["rank"], r["value_as_sent"]) for r in rows] == [
        ("S2", "reject", "1", "S2 bad"), ("S1", "query", "2", "S1 odd"),
    ]  # fmt: skip
    assert "S7" in {r["record_key"] for r in listed(two_sites, tmp_path, "02")[1]}


def test_what_touches_the_primary_outcome_comes_first(two_sites: Nights, monkeypatch):
    night(two_sites, "2026-03-01", "S1 odd\nS2 odd\nS3 odd\n")
    known = findings_store.history(two_sites.data)
    ranked = known.with_columns(pl.Series("impact", ["", "timing", "timing+primary"]))
    monkeypatch.setattr(queries.findings_store, "history", lambda *a, **k: ranked)

    listing = queries.of_sites(two_sites.data)[("t01", "01")]

    assert listing.select("record_key", "touches").rows() == [("S3", "timing+primary"), ("S2", "timing"), ("S1", "")]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\u00a0=1", "＝1", "|x", "%0A=1"])
def test_no_cell_is_a_formula_to_a_spreadsheet(tmp_path: Path, text: str):
    row = dict.fromkeys(queries.COLUMNS, "") | {"value_as_sent": text, "rank": "1"}
    csv_file, workbook = queries.write(tmp_path, "t01", "01", pl.DataFrame([row]))

    with csv_file.open(encoding="utf-8-sig", newline="") as lines:
        assert next(csv.DictReader(lines))["value_as_sent"] == f"'{text}"
    cell = load_workbook(workbook).active["H2"]
    assert (cell.data_type, cell.value.strip()) == ("s", text.strip())
    assert csv_file.stat().st_mode & 0o077 == workbook.stat().st_mode & 0o077 == 0


def test_a_confirmed_value_stays_closed_on_later_nights_and_opens_again_when_it_changes(two_sites: Nights, tmp_path: Path):
    night(two_sites, "2026-03-01", "S1 odd\nS2 50\n")
    path, rows = listed(two_sites, tmp_path)
    assert answers.take(two_sites.data, send_back(path, rows, **CONFIRMED)) == {"corrected": 0, "confirmed": 1}

    night(two_sites, "2026-03-02", "S1 odd\nS2 50\nS3 50\n")
    assert stands(two_sites) == {"S1": "WAIVED"}
    assert queries.of_sites(two_sites.data) == {}
    night(two_sites, "2026-03-03", "S1 odd-more\nS2 50\nS3 50\n")
    assert stands(two_sites) == {"S1": "REOPENED"}
    night(two_sites, "2026-03-04", "S1 odd\nS2 50\nS3 50\n")
    assert stands(two_sites) == {"S1": "WAIVED"}


def test_an_answer_alone_changes_the_next_release(two_sites: Nights, tmp_path: Path):
    two_sites.send("01", "S1 odd\nS2 50\n")
    two_sites.run()
    path, rows = listed(two_sites, tmp_path)
    answers.take(two_sites.data, send_back(path, rows, **CONFIRMED))

    ended = two_sites.run()

    assert ended.published and ended.recomputed == []
    (file,) = ended.release.folder.glob("findings/t01/01-*.parquet")
    assert pl.read_parquet(file).get_column("status").to_list() == ["WAIVED"]
    assert not two_sites.run().published


def test_a_waiver_ends_on_its_day(two_sites: Nights):
    night(two_sites, "2026-03-01", "S1 odd\nS2 50\n")
    (finding,) = findings_store.history(two_sites.data).get_column("finding_id")
    answers.waive(two_sites.data, finding, "A. Manager", "as protocol", dt.date(2026, 3, 3), dt.date(2026, 3, 1))

    for day, status in ((2, "WAIVED"), (3, "WAIVED"), (4, "REOPENED")):
        night(two_sites, f"2026-03-{day:02}", f"S1 odd\nS2 50\nS{day} 50\n")
        assert stands(two_sites)["S1"] == status
    (event,) = ledger.entries(two_sites.data, "finding_waived")
    assert event["finding_id"] == finding


def test_a_correction_promised_is_answered_until_new_data_come(two_sites: Nights, tmp_path: Path):
    night(two_sites, "2026-03-01", "S1 odd\nS2 50\n")
    path, rows = listed(two_sites, tmp_path)
    answers.take(two_sites.data, send_back(path, rows, **CONFIRMED | {"answer": "corrected", "comment": ""}))

    night(two_sites, "2026-03-02", "S1 odd\nS2 51\n")
    assert stands(two_sites) == {"S1": "ANSWERED"}
    night(two_sites, "2026-03-03", "S1 50\nS2 51\n")
    assert stands(two_sites) == {"S1": "RESOLVED"}


@pytest.mark.parametrize(
    ("filled", "message"),
    [
        ({"answer": "maybe"}, "row 1: answer must be one of"),
        ({"answered_by": ""}, "row 1: answered_by is empty"),
        ({"answered_on": "02.03."}, "row 1: answered_on is no date"),
        ({"comment": ""}, "row 1: comment is empty"),
        ({"valid_until": "soon"}, "row 1: valid_until is no date"),
        ({"query_id": "0000"}, "row 1: query_id is no finding"),
    ],
)
def test_a_file_with_a_row_that_cannot_be_taken_is_refused_whole(two_sites: Nights, tmp_path: Path, filled, message):
    night(two_sites, "2026-03-01", "S1 odd\nS2 50\n")
    path, rows = listed(two_sites, tmp_path)

    with pytest.raises(ConfigurationError, match=message):
        answers.take(two_sites.data, send_back(path, rows, **CONFIRMED | filled))
    assert answers.known(two_sites.data) == {}


def test_the_workbook_comes_back_as_well_and_twice_is_once(two_sites: Nights, tmp_path: Path):
    night(two_sites, "2026-03-01", "S1 odd\nS2 50\n")
    _, path = queries.write(tmp_path, "t01", "01", queries.of_sites(two_sites.data)[("t01", "01")])
    book = load_workbook(path)
    names = [c.value for c in book.active[1]]
    for name, text in CONFIRMED.items():
        book.active.cell(2, names.index(name) + 1, text)
    book.save(path)

    assert answers.take(two_sites.data, path) == {"corrected": 0, "confirmed": 1}
    assert answers.take(two_sites.data, path) == {"corrected": 0, "confirmed": 0}
    assert (two_sites.data / "answers.jsonl").stat().st_mode & 0o777 == 0o600
