"""The query round trip: listings for sites, their answers, waivers, and what they make of findings on later nights."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook

from flows.engine import answer_file, answers, findings_store, ledger, queries, query_groups, query_words
from schemas.findings import ConfigurationError, Impact, Severity
from schemas.rules import catalogue
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


def take(nights: Nights, path: Path) -> tuple[int, int]:
    """How many new answers of a file say corrected, and confirmed, read on the second of March."""
    taken = answer_file.take(nights.data, path, dt.date(2026, 3, 2))
    return taken.corrected, taken.confirmed


CONFIRMED = {"answer": "Confirmed correct", "answered_by": "Dr. A", "answered_on": "2026-03-02", "comment": "seen in the source"}


def test_a_listing_holds_only_its_own_sites_rows(two_sites: Nights, tmp_path: Path):
    two_sites.land("02", "S7 odd\n", "2026-03-01")
    night(two_sites, "2026-03-01", "S1 odd\nS2 bad\nS3 50\nS4 50\nS5 50\nS6 50\n")

    _, rows = listed(two_sites, tmp_path)

    assert [(r["record_key"], r["state"], r["rank"], r["value_as_sent"], r["about"], r["field"]) for r in rows] == [
        ("S2", "the record is not used", "1", "S2 bad", "dose", "amount of the dose"),
        ("S1", "it is used as sent", "2", "S1 odd", "dose", "amount of the dose"),
    ]
    assert "S7" in {r["record_key"] for r in listed(two_sites, tmp_path, "02")[1]}


def test_what_touches_the_primary_outcome_comes_first(two_sites: Nights, monkeypatch):
    night(two_sites, "2026-03-01", "S1 odd\nS2 odd\nS3 odd\nS4 odd\n")
    known = findings_store.history(two_sites.data)
    ranked = known.with_columns(pl.Series("impact", ["", "timing", "timing+primary", "amount"]))
    monkeypatch.setattr(queries.findings_store, "history", lambda *a, **k: ranked)

    listing = queries.of_sites(two_sites.data)[("t01", "01")]

    assert listing.select("record_key", "touches").rows() == [
        ("S3", "time of a dose and main outcome"), ("S2", "time of a dose"), ("S4", "amount of a dose"), ("S1", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\u00a0=1", "＝1", "|x", "%0A=1"])
def test_no_cell_is_a_formula_to_a_spreadsheet(tmp_path: Path, text: str):
    row = dict.fromkeys(queries.COLUMNS, "") | {"value_as_sent": text, "rank": "1"}
    csv_file, workbook = queries.write(tmp_path, "t01", "01", pl.DataFrame([row]))

    with csv_file.open(encoding="utf-8-sig", newline="") as lines:
        assert next(csv.DictReader(lines))["value_as_sent"] == f"'{text}"
    cell = load_workbook(workbook)["Queries"].cell(2, queries.COLUMNS.index("value_as_sent") + 1)
    assert (cell.data_type, cell.value.strip()) == ("s", text.strip())
    assert csv_file.stat().st_mode & 0o077 == workbook.stat().st_mode & 0o077 == 0


def test_a_confirmed_value_stays_closed_on_later_nights_and_opens_again_when_it_changes(two_sites: Nights, tmp_path: Path):
    night(two_sites, "2026-03-01", "S1 odd\nS2 50\n")
    path, rows = listed(two_sites, tmp_path)
    assert take(two_sites, send_back(path, rows, **CONFIRMED)) == (0, 1)

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
    take(two_sites, send_back(path, rows, **CONFIRMED))

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
    take(two_sites, send_back(path, rows, **CONFIRMED | {"answer": "corrected", "comment": ""}))

    night(two_sites, "2026-03-02", "S1 odd\nS2 51\n")
    assert stands(two_sites) == {"S1": "ANSWERED"}
    night(two_sites, "2026-03-03", "S1 50\nS2 51\n")
    assert stands(two_sites) == {"S1": "RESOLVED"}


@pytest.mark.parametrize(
    ("filled", "message"),
    [
        ({"answer": "maybe"}, "line 2 .*: answer must be one of"),
        ({"answered_by": ""}, "line 2 .*: answered_by is empty"),
        ({"answered_on": "02.03."}, "line 2 .*: answered_on is no date"),
        ({"comment": ""}, "line 2 .*: comment is empty"),
        ({"valid_until": "soon"}, "line 2 .*: valid_until is no date"),
        ({"valid_until": "2026-03-01"}, "line 2 .*: valid_until is past"),
        ({"answered_on": "2062-03-02"}, "line 2 .*: answered_on lies in the future"),
        ({"query_id": "0000"}, "line 2: query_id is no finding"),
    ],
)
def test_a_file_with_a_row_that_cannot_be_taken_is_refused_whole(two_sites: Nights, tmp_path: Path, filled, message):
    night(two_sites, "2026-03-01", "S1 odd\nS2 50\n")
    path, rows = listed(two_sites, tmp_path)

    with pytest.raises(ConfigurationError, match=message):
        take(two_sites, send_back(path, rows, **CONFIRMED | filled))
    assert answers.known(two_sites.data) == {}


def test_the_workbook_comes_back_as_well_and_twice_is_once(two_sites: Nights, tmp_path: Path):
    night(two_sites, "2026-03-01", "S1 odd\nS2 50\n")
    _, path = queries.write(tmp_path, "t01", "01", queries.of_sites(two_sites.data)[("t01", "01")])
    book = load_workbook(path)
    sheet = book["Queries"]
    names = [c.value for c in sheet[1]]
    for name, text in CONFIRMED.items():
        sheet.cell(2, names.index(query_words.HEADINGS[name]) + 1, text)
    book.save(path)

    assert take(two_sites, path) == (0, 1)
    assert take(two_sites, path) == (0, 0)
    assert (two_sites.data / "answers.jsonl").stat().st_mode & 0o777 == 0o600


def test_the_workbook_says_how_to_answer_and_offers_the_answers(two_sites: Nights, tmp_path: Path):
    night(two_sites, "2026-03-01", "S1 odd\nS2 50\n")
    _, path = queries.write(tmp_path, "t01", "01", queries.of_sites(two_sites.data)[("t01", "01")])
    book = load_workbook(path)

    assert book.sheetnames == ["How to answer", "Queries"]
    assert book["How to answer"]["A1"].value == "Questions about the data of site 01, trial t01"
    sheet = book["Queries"]
    column = [c.value for c in sheet[1]].index("Answer") + 1
    (offered,) = (v for v in sheet.data_validations.dataValidation if v.type == "list")
    assert offered.formula1 == '"corrected,confirmed correct"' and sheet.cell(2, column).coordinate in offered.sqref
    assert not sheet.cell(2, column).protection.locked and sheet.cell(2, 1).protection.locked


def test_two_answers_to_one_query_that_differ_are_refused_and_the_same_twice_is_once(two_sites: Nights, tmp_path: Path):
    night(two_sites, "2026-03-01", "S1 odd\nS2 50\n")
    path, (asked,) = listed(two_sites, tmp_path)
    confirmed = asked | CONFIRMED

    send_back(path, [confirmed, confirmed | {"answer": "corrected"}])
    with pytest.raises(ConfigurationError, match=r"line 3 .*: the same query is answered otherwise in line 2"):
        take(two_sites, path)
    assert take(two_sites, send_back(path, [confirmed, confirmed])) == (0, 1)


def test_a_value_that_changed_since_it_was_asked_about_is_not_confirmed_by_the_answer(two_sites: Nights, tmp_path: Path):
    night(two_sites, "2026-03-01", "S1 odd\nS2 50\nS3 odd\n")
    path, rows = listed(two_sites, tmp_path)
    night(two_sites, "2026-03-02", "S1 oddly\nS2 50\nS3 odd\n")

    taken = answer_file.take(two_sites.data, send_back(path, rows, **CONFIRMED), dt.date(2026, 3, 2))
    ((line, told),) = (t.split(": ", 1) for t in taken.not_taken)
    query = {r["record_key"]: r["query_id"] for r in rows}["S1"]
    assert (taken.confirmed, line) == (1, f"{path.name} line {2 + [r['query_id'] for r in rows].index(query)} (query {query})")
    assert told.endswith("there the answer was not taken and the question stays open")
    night(two_sites, "2026-03-03", "S1 oddly\nS2 50\nS3 odd\n")
    assert stands(two_sites) == {"S1": "OPEN", "S3": "WAIVED"}


def test_a_new_value_written_into_the_listing_is_told_and_not_taken(two_sites: Nights, tmp_path: Path):
    night(two_sites, "2026-03-01", "S1 odd\nS2 50\n")
    path, rows = listed(two_sites, tmp_path)

    taken = answer_file.take(two_sites.data, send_back(path, rows, value_as_sent="S1 50"), dt.date(2026, 3, 2))
    assert (taken.unanswered, len(taken.not_taken)) == (1, 1)
    assert taken.not_taken[0].endswith("no new value is taken from this file")


@pytest.mark.parametrize(("cell", "raw"), [("0.5", "0,5"), ("12", "12,0"), ("'-1", "-1"), ("a  b", "a b"), ("", None)])
def test_a_text_that_a_spreadsheet_gives_back_in_its_own_way_is_the_same_text(cell, raw):
    assert answer_file._same(cell, raw)
    assert not answer_file._same(f"{cell}1", raw)


def test_a_listing_with_answers_that_were_not_read_is_not_written_over(two_sites: Nights, tmp_path: Path):
    night(two_sites, "2026-03-01", "S1 odd\nS2 50\n")
    path, rows = listed(two_sites, tmp_path)
    send_back(path, rows, **CONFIRMED)

    with pytest.raises(ConfigurationError, match=r"holds 1 answers that were not read\n  fix -> trialweave answers"):
        queries.issue(two_sites.data, tmp_path)
    take(two_sites, path)
    assert len(queries.issue(two_sites.data, tmp_path)) == 1
    with pytest.raises(ConfigurationError, match="t01/99 is no site of the latest release; there are t01/01, t01/02"):
        queries.issue(two_sites.data, tmp_path, "t01/99")


def many(nights: Nights, folder: Path, monkeypatch) -> tuple[Path, list[dict[str, str]]]:
    """The listing of a night with eight records of one cause."""
    night(nights, "2026-03-01", "".join(f"S{n} odd\n" for n in range(1, 9)))
    monkeypatch.setattr(queries, "_cause", lambda f, unlisted: (f["rule"],))
    (made,) = queries.issue(nights.data, folder)
    assert (made["queries"], made["findings"]) == (1, 8)
    with Path(made["files"][0]).open(encoding="utf-8-sig", newline="") as lines:
        return Path(made["files"][0]), list(csv.DictReader(lines))


def test_many_records_of_one_cause_are_one_question_and_its_answer_counts_for_all(two_sites: Nights, tmp_path: Path, monkeypatch):
    path, (asked,) = many(two_sites, tmp_path, monkeypatch)

    assert asked["n_rows"] == "8" and asked["record_key"] == "S1; S2; S3; S4; S5; S6; S7; S8"
    assert asked["subject"] == "8 participants"
    book = load_workbook(path.with_suffix(".xlsx"))
    records, column = book["Records"], queries.COLUMNS.index("record_key") + 1
    assert book["Queries"].cell(2, column).value == "S1; S2; S3; S4; S5; and 3 more: see the sheet Records"
    assert [r[2].value for r in records.iter_rows(min_row=2)] == [f"S{n}" for n in range(1, 9)]
    assert take(two_sites, send_back(path, [asked], **CONFIRMED)) == (0, 8)


def test_an_answer_for_many_leaves_open_those_whose_value_changed_since(two_sites: Nights, tmp_path: Path, monkeypatch):
    path, (asked,) = many(two_sites, tmp_path, monkeypatch)
    night(two_sites, "2026-03-02", "S1 oddly\n" + "".join(f"S{n} odd\n" for n in range(2, 9)))

    taken = answer_file.take(two_sites.data, send_back(path, [asked], **CONFIRMED), dt.date(2026, 3, 2))
    assert (taken.confirmed, len(taken.not_taken)) == (7, 1)
    assert "(of 1 of 8 records); there the answer was not taken" in taken.not_taken[0]


def test_what_a_question_about_many_records_keeps_of_a_purged_finding_goes(tmp_path: Path):
    query_groups.keep(tmp_path, {"many-1": query_groups.Group(["a", "b"], {"a": "1", "b": "2"})})

    assert query_groups.without(tmp_path, ["c"]) is None
    assert query_groups.without(tmp_path, ["a"]) == '{"query": "many-1", "findings": ["b"], "values": {"b": "2"}}\n'


def test_an_answer_for_many_leaves_out_what_was_not_asked_yet_and_what_is_settled(two_sites: Nights, tmp_path: Path, monkeypatch):
    path, (asked,) = many(two_sites, tmp_path, monkeypatch)
    night(two_sites, "2026-03-02", "S1 50\n" + "".join(f"S{n} odd\n" for n in range(2, 10)))

    assert take(two_sites, send_back(path, [asked], **CONFIRMED)) == (0, 7)
    night(two_sites, "2026-03-03", "S1 50\nS0 50\n" + "".join(f"S{n} odd\n" for n in range(2, 10)))
    assert stands(two_sites) == {"S1": "RESOLVED", "S9": "OPEN"} | {f"S{n}": "WAIVED" for n in range(2, 9)}


def test_a_site_is_asked_only_what_it_can_do_something_about_in_its_own_words():
    asked = {r.id: r.request for r in catalogue()}

    assert asked["unit_unknown"] == "Correct the unit, or tell us what it means."
    assert asked["delivery_shrunk"] == "Send the whole export."
    assert [r for r in ("correction_stale", "mapping_changes_values", "cut_row", "file_doubtful") if asked[r]] == []
    ours = re.compile(r"\.ya?ml|trialweave|mapping|medications\.csv")
    assert [rule for rule, request in asked.items() if ours.search(request)] == []
    assert query_words.hint("add the code to the map of sex in site.yaml; trialweave propose") == ""
    # a rule that asks nobody asks in vain
    silent = [r.id for r in catalogue() if r.severity is not Severity.NOTE and not r.request and "Data manager:" not in r.doc]
    assert silent == []


def test_a_query_about_an_amount_says_that_it_touches_the_amount():
    rules = {r.id: r for r in catalogue()}

    assert rules["unit_missing"].touches("dose", "dose_mg") is Impact.AMOUNT
    assert rules["dose_amount_impossible"].touches("dose", "dose_mg") is Impact.AMOUNT
    assert rules["unit_missing"].touches("subject", "weight_kg") is Impact.NONE
    assert rules["unknown_code"].touches("dose", "dose_mg") is Impact.BOTH


def test_records_that_miss_one_and_the_same_record_are_one_question():
    def ask(rule: str, subject: str, text: str = "") -> dict[str, str]:
        return {"rule": rule, "subject": subject, "raw_value": text, "record_key": f"{subject}|1", "table": "rating", "field": "session_no",
                "suggestion": "", "severity": "query"}  # fmt: skip

    def cause(f: dict[str, str], unlisted: bool = False) -> tuple[str, ...]:
        return queries._cause(f, unlisted)

    assert cause(ask("rating_without_session", "S1", "9")) == cause(ask("rating_without_session", "S1", "9"))
    assert cause(ask("rating_without_session", "S1", "9")) != cause(ask("rating_without_session", "S2", "9"))
    assert cause(ask("subject_not_listed", "S1")) != cause(ask("subject_not_listed", "S2"))
    assert cause(ask("subject_not_listed", "S1"), True) == cause(ask("subject_not_listed", "S2"), True)
    assert cause(ask("unknown_code", "S1", "x")) != cause(ask("unknown_code", "S1", "y"))
