"""Holding on the real engine: one export of two sites, cut, emptied, renamed and recoded."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import polars as pl
import pyreadstat
import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from flows.engine import changes, decisions, findings_store, fingerprint, judge, landed, landing, settling
from flows.engine.config import load
from schemas.findings import ConfigurationError
from tests.nights import TRIAL, Nights

SITE = """\
site_id: all
study: t01
timezone: Europe/Lisbon
source: {kind: files, path: exports}
sites: {from: center, known: {"01": {}, "02": {}}}
subject_id: id
tables:
  subject:
    file: people.csv
    fields: {age_years: age, sex: {from: sex, map: {m: M, f: F}}, consented_on: {from: consent, format: "%Y-%m-%d"}}
  session:
    file: sessions.csv
    fields:
      session_no: no
      attended: {from: came, map: {"1": true, "0": false}}
      started_at: {from: start, format: "%Y-%m-%d %H:%M"}
"""
PEOPLE = [f"P{n:02},0{1 + n % 2},{30 + n},{'mf'[n % 2]},2026-01-05" for n in range(1, 21)]
VISITS = [f"P{n:02},0{1 + n % 2},{k},1,2026-01-{10 + k} 10:00" for n in range(1, 21) for k in (1, 2)]


class Export(Nights):
    """One export of two sites (01: even participants, 02: odd ones) and nights on the real engine."""

    def __init__(self, root: Path) -> None:
        self.config, self.data = root / "config", root / "data"
        (self.config / "trials").mkdir(parents=True, exist_ok=True)
        (self.config / "sites" / "t01_all").mkdir(parents=True, exist_ok=True)
        (self.config / "trials" / "t01.yaml").write_text(TRIAL)
        (self.config / "sites" / "t01_all" / "site.yaml").write_text(SITE)

    def night(self, day: str, people: list[str] | None = None, visits: list[str] | None = None, header: str = "id,center,no,came,start"):
        """A delivery of a day and the night after it; site -> status, delivered_on, sessions received."""
        folder = self.config / "exports"
        folder.mkdir(exist_ok=True)
        (folder / "people.csv").write_text("\n".join(["id,center,age,sex,consent", *(PEOPLE if people is None else people)]) + "\n")
        (folder / "sessions.csv").write_text("\n".join([header, *(VISITS if visits is None else visits)]) + "\n")
        at = dt.datetime.fromisoformat(f"{day}T12:00:00+00:00")
        landing.receive(self.data, load(self.config).units["t01/all"], self.config, at)
        self.ended = self.run(as_of=day)
        return {
            e["site"]: (e["status"], e["delivered_on"], e["tables"]["session"]["received"])
            for e in self.ended.release.manifest["sites"]
        }  # fmt: skip

    def rules(self, site: str) -> dict[str, int]:
        """Standing findings of a site by rule."""
        known = findings_store.history(self.data, [("t01", site)]).filter(status="OPEN")
        return dict(known.group_by("rule").len().iter_rows())


def test_of_an_export_of_many_sites_only_the_site_whose_rows_were_cut_is_held(export: Export):
    of_02 = [v for v in VISITS if ",02," in v]
    more = [*VISITS, "P02,01,2,1,2026-02-01 10:00"]

    told = export.night("2026-03-02", visits=[v for v in more if v not in of_02[-8:]])

    assert told == {"01": ("fresh", "2026-03-02", 21), "02": ("carried", "2026-03-01", 20)}
    assert "t01/02: 8 of 20 session records" in export.ended.release.manifest["sites"][1]["reason"]
    assert "delivery_shrunk" in export.rules("02") and "delivery_shrunk" not in export.rules("01")
    assert not export.run(as_of="2026-03-02").published


def test_a_site_that_vanishes_from_an_export_is_held(export: Export):
    told = export.night("2026-03-02", [p for p in PEOPLE if ",01," in p], [v for v in VISITS if ",01," in v])

    assert told == {"01": ("fresh", "2026-03-02", 20), "02": ("carried", "2026-03-01", 20)}


def test_a_column_renamed_with_an_empty_one_left_behind_holds_the_site(export: Export):
    told = export.night("2026-03-02", visits=[f"{v.rpartition(',')[0]},,{v.rpartition(',')[2]}" for v in VISITS],
                        header="id,center,no,came,start,begin")  # fmt: skip

    # the column that nothing reads is told of the export as a whole
    assert {site: of[0] for site, of in told.items()} == {"01": "carried", "02": "carried", "all": "fresh"}
    assert "session.started_at had a text in 20 records" in export.ended.release.manifest["sites"][0]["reason"]


def test_a_field_that_the_mapping_no_longer_reads_does_not_hold_the_site(export: Export):
    site = export.config / "sites" / "t01_all" / "site.yaml"
    site.write_text(SITE.replace("age_years: age, ", ""))

    told = export.night("2026-03-02", visits=[*VISITS, "P02,01,3,1,2026-03-01 10:00"])

    assert {of[0] for of in told.values()} == {"fresh"}


def test_codes_that_change_all_at_once_hold_the_site_and_one_odd_code_does_not(export: Export):
    told = export.night("2026-03-02", visits=[VISITS[0].replace(",1,1,", ",1,yes!,"), *VISITS[1:]])
    assert {site: of[0] for site, of in told.items()} == {"01": "fresh", "02": "fresh"}
    assert export.rules("02")["unknown_code"] == 1

    told = export.night("2026-03-03", visits=[v.replace(",1,2026", ",came,2026") for v in VISITS])
    assert {site: of[:2] for site, of in told.items()} == {"01": ("carried", "2026-03-02"), "02": ("carried", "2026-03-02")}
    reason = export.ended.release.manifest["sites"][1]["reason"]
    assert "session.attended: 20 of 20 texts withheld now; 1 of 20 before" in reason


def test_identifiers_written_in_another_way_are_the_same_records(export: Export):
    site = export.config / "sites" / "t01_all" / "site.yaml"
    site.write_text(SITE.replace("subject_id: id\n", 'subject_id: {from: id, pattern: "(X-)?(?P<id>P\\\\d+)"}\n'))

    told = export.night("2026-03-02", [f"X-{p}" for p in PEOPLE], [f"X-{v}" for v in VISITS])

    assert {site: of[0] for site, of in told.items()} == {"01": "fresh", "02": "fresh"}
    assert "record_disappeared" not in export.rules("01")


def test_a_renamed_column_holds_both_sites_and_the_mapping_that_would_fit_is_proposed(export: Export):
    told = export.night("2026-03-02", header="id,center,no,came,begin_of_session")

    assert {site: of[:2] for site, of in told.items()} == {"01": ("carried", "2026-03-01"), "02": ("carried", "2026-03-01")}
    reason = export.ended.release.manifest["sites"][0]["reason"]
    assert "session: sessions.csv has no column 'start'; 'begin_of_session' is new (100 % of the texts of 'start' are in it)" in reason
    assert 'started_at: {"from": "begin_of_session", "format": ["%Y-%m-%d %H:%M"]}' in reason
    assert export.rules("01")["delivery_unreadable"] == 1
    mapping = export.config / "sites" / "t01_all" / "site.yaml"
    mapping.write_text(SITE.replace("from: start,", "from: begin_of_session,"))
    assert {e["status"] for e in export.run(as_of="2026-03-02").release.manifest["sites"]} == {"fresh"}


def propose(made: Export, *words: str) -> str:
    return CliRunner().invoke(app, ["propose", "t01/all", "--config", str(made.config), "--data", str(made.data), *words]).output


def test_of_a_file_without_its_header_line_no_cell_is_told_but_to_a_person_who_asks(export: Export):
    told = export.night("2026-03-02", header=VISITS[0], visits=VISITS[1:])

    assert {site: of[0] for site, of in told.items()} == {"01": "carried", "02": "carried"}
    cells = {"P01", "2026-01-11 10:00"}
    said = json.dumps(export.ended.release.manifest["sites"]) + propose(export, "--json")
    said += str(findings_store.history(export.data).get_column("suggestion").to_list())
    assert "its first line looks like a row of data" in said
    assert not [c for c in cells if c in said], said
    shown = propose(export, "--show-values")
    assert [c for c in cells if c in shown] and "from" in shown


def test_a_file_of_another_name_holds_the_site_and_its_name_is_proposed(export: Export):
    folder = export.config / "exports"
    (folder / "sessions.csv").rename(folder / "session_list_2026.csv")
    at = dt.datetime.fromisoformat("2026-03-02T12:00:00+00:00")
    landing.receive(export.data, load(export.config).units["t01/all"], export.config, at)
    ended = export.run(as_of="2026-03-02")

    reason = ended.release.manifest["sites"][0]["reason"]
    assert ended.release.manifest["sites"][0]["status"] == "carried"
    assert "no file matches 'sessions.csv'; 'session_list_2026.csv' is not read" in reason
    assert 'file: "session_list_*.csv"' in reason


def test_propose_shows_new_columns_and_unknown_codes(export: Export):
    export.night("2026-03-02", visits=[f"{v},x" for v in [VISITS[0].replace(",1,1,", ",1,maybe,"), *VISITS[1:]]],
                 header="id,center,no,came,start,mood")  # fmt: skip

    columns, codes = json.loads(propose(export, "--json"))["t01/all"]
    assert columns["what"] == "sessions.csv has new columns that nothing reads: 'mood'"
    assert 'ignore_columns: ["mood"]' in columns["proposal"]
    assert codes["what"] == "session.attended: 1 codes are in no list"
    assert '"maybe":   # 1 records' in codes["proposal"]


def test_what_is_found_in_a_file_of_many_sites_stands_under_the_exports_own_name_until_it_is_gone(export: Export):
    export.night("2026-03-02", visits=[f"{v},x" for v in VISITS], header="id,center,no,came,start,mood")
    assert export.rules("all") == {"unmapped_column": 1}
    assert [e["site"] for e in export.ended.release.manifest["sites"]] == ["01", "02", "all"]

    told = export.night("2026-03-03")

    assert {site: of[0] for site, of in told.items()} == {"01": "fresh", "02": "fresh"}
    known = findings_store.history(export.data, [("t01", "all")])
    assert known.select("rule", "status", "why").rows() == [("unmapped_column", "RESOLVED", "source")]


RATED = [f"P{n:02},0{1 + n % 2},BL,2026-01-06," + ",".join("1" * 48) for n in range(1, 21)]


def with_lsas(root: Path) -> tuple[Export, Path]:
    """The export with a questionnaire, and the folder of its files."""
    made = Export(root)
    (made.config / "sites" / "t01_all" / "site.yaml").write_text(SITE + """\
  assessment:
    file: lsas.csv
    wide: {pattern: "(?P<half>[fa])(?P<item>[0-9]+)", item: "LS{half}{item:02d}"}
    fields: {instrument: {const: LSAS}, visit: visit, assessed_on: {from: day, format: "%Y-%m-%d"}}
""")  # fmt: skip
    trial = made.config / "trials" / "t01.yaml"
    trial.write_text(
        trial.read_text()
        + """\
visits: [{name: BASELINE, order: 0, target_day: -1, from_day: -30, to_day: 1, baseline: true, labels: [BL]}]
"""
    )
    (made.config / "exports").mkdir()
    return made, made.config / "exports"


def write_lsas(folder: Path, rows: list[str], more: str = "") -> None:
    items = [f"{h}{n}" for n in range(1, 25) for h in "fa"]
    (folder / "lsas.csv").write_text("\n".join(["id,center,visit,day," + ",".join(items) + more, *rows]) + "\n")


def test_a_code_that_is_called_something_else_holds_the_site_until_a_person_lets_it_pass(tmp_path: Path):
    export = Export(tmp_path)
    site = export.config / "sites" / "t01_all" / "site.yaml"
    site.write_text(SITE.replace("people.csv", "people.sav"))

    def people(day: str, labels: dict[float, str]) -> dict[str, str]:
        rows = [line.split(",") for line in PEOPLE]
        frame = pd.DataFrame({"id": [r[0] for r in rows], "center": [r[1] for r in rows], "age": [float(r[2]) for r in rows],
                              "sex": ["mf".index(r[3]) + 1.0 for r in rows], "consent": [r[4] for r in rows]})  # fmt: skip
        (export.config / "exports").mkdir(exist_ok=True)
        pyreadstat.write_sav(frame, export.config / "exports" / "people.sav", variable_value_labels={"sex": labels})
        return {s: told[0] for s, told in export.night(day).items() if s != "all"}  # people.csv, which nothing reads

    site.write_text(site.read_text().replace("{m: M, f: F}", '{"1": M, "2": F}'))
    assert people("2026-03-01", {1.0: "Homme ", 2.0: "Dame"}) == {"01": "fresh", "02": "fresh"}
    assert people("2026-03-02", {1.0: "homme", 2.0: "DAME", 3.0: "autre"}) == {"01": "fresh", "02": "fresh"}  # the same words
    assert people("2026-03-03", {1.0: "Dame", 2.0: "Homme", 3.0: "autre"}) == {"01": "carried", "02": "carried"}
    reason = export.ended.release.manifest["sites"][0]["reason"]
    assert "2 of 3 codes of column 'sex' (subject) have other labels than in the delivery of 2026-03-02" in reason
    assert "release-hold" in reason and "Homme" not in reason
    assert results(export, "value_labels_changed")[0][-1] == "FAILED"


def test_an_item_column_left_empty_holds_the_site(tmp_path: Path):
    made, folder = with_lsas(tmp_path)
    write_lsas(folder, RATED)
    assert made.night("2026-03-01")["01"][0] == "fresh"
    write_lsas(folder, [",".join([*r.split(",")[:4], "", *r.split(",")[5:]]) for r in RATED])

    assert made.night("2026-03-02")["01"][:2] == ("carried", "2026-03-01")
    assert "assessment.LSF01 had a text in 10 records" in made.ended.release.manifest["sites"][0]["reason"]


def changed(made: Export) -> list[tuple]:
    """The history of changes: table, record, kind, field, old and new text, why."""
    columns = ("table", "record_key", "kind", "field", "old_value", "new_value", "why")
    return changes.history(made.data).select(columns).rows()


def test_corrected_late_and_disappeared_records_are_kept_with_old_and_new_text(export: Export):
    visits = [v.replace("P02,01,1,1,2026-01-11 10:00", "P02,01,1,1,2026-01-11 11:30") for v in VISITS if not v.startswith("P04,01,2")]
    export.night("2026-03-02", visits=[*visits, "P02,01,3,1,2026-02-01 10:00", "P02,01,4,1,2026-03-01 10:00"])

    assert changed(export) == [
        ("session", "P02|1", "changed", "started_at", "2026-01-11 10:00", "2026-01-11 11:30", "source"),
        ("session", "P02|3", "late", "", None, '{"session_no": "3", "attended": "1", "started_at": "2026-02-01 10:00"}', "source"),
        ("session", "P04|2", "disappeared", "", '{"session_no": "2", "attended": "1", "started_at": "2026-01-12 10:00"}', None, "source"),
    ]
    (file,) = (export.data / "changes").glob("*.parquet")
    assert file.stat().st_mode & 0o777 == 0o600
    assert not export.run(as_of="2026-03-02").published


def test_a_row_let_out_of_quarantine_by_the_mapping_is_recorded_with_the_reason(export: Export):
    visits = [VISITS[0].replace(",1,1,2026", ",Sitzung 1,1,2026"), *VISITS[1:]]
    export.night("2026-03-02", visits=visits)
    assert export.rules("02")["unreadable_value"] == 1
    site = export.config / "sites" / "t01_all" / "site.yaml"
    site.write_text(SITE.replace("session_no: no", 'session_no: {from: no, pattern: "(Sitzung )?(?P<value>[0-9]+)"}'))

    export.run(as_of="2026-03-03")

    told = [c for c in changed(export) if c[2] == "released"]
    assert told == [("session", "P01|Sitzung 1", "released", "", "unreadable_value", None, "mapping")]
    gone = findings_store.history(export.data, [("t01", "02")], rule="unreadable_value")
    assert gone.select("status", "why").rows() == [("RESOLVED", "mapping")]


def test_a_row_let_out_of_quarantine_by_the_site_is_recorded_as_such(export: Export):
    export.night("2026-03-02", visits=[*VISITS, VISITS[0].replace("10:00", "11:00")])
    assert export.rules("02")["duplicate_conflict"] == 1
    export.night("2026-03-03")

    released = [c for c in changed(export) if c[2] == "released"]
    assert released == [("session", "P01|1", "released", "", "duplicate_conflict", None, "source")]
    gone = findings_store.history(export.data, [("t01", "02")], rule="duplicate_conflict")
    assert gone.select("status", "why").rows() == [("RESOLVED", "source")]


def test_a_row_let_out_of_quarantine_by_a_correction_is_recorded_as_such_and_a_correction_that_no_longer_fits_is_told(export: Export):
    told = [VISITS[0].replace(",1,1,2026", ",Sitzung 1,1,2026"), *VISITS[1:]]
    export.night("2026-03-02", visits=told)
    (export.config / "sites" / "t01_all" / "corrections.yaml").write_text(
        "corrections:\n  - {table: session, key: 'P01|Sitzung 1', field: session_no, as_sent: Sitzung 1, use: '1', reason: a word too many,"
        " who: data manager, when: 2026-03-02}\n"
    )
    export.run(as_of="2026-03-03")

    assert [c for c in changed(export) if c[2] == "released"] == [
        ("session", "P01|Sitzung 1", "released", "", "unreadable_value", None, "correction")
    ]
    assert export.rules("02")["corrected"] == 1 and "correction_stale" not in export.rules("all")
    export.night("2026-03-04")  # the site sends 1 itself: the correction fits nothing any more
    assert export.rules("all") == {"correction_stale": 1}  # it belongs to no row, so to none of the export's sites
    assert "corrected" not in export.rules("02")


def test_a_row_let_out_of_quarantine_by_a_changed_rule_is_recorded_as_such(export: Export, monkeypatch):
    visits = [*VISITS[:-1], VISITS[-1].replace("P20,01,2,", "P20,01,3,")]
    export.night("2026-03-02", visits=visits)
    assert export.rules("01")["session_no_outside_protocol"] == 1
    rules = tuple(replace(r, check=lambda *_: pl.lit(True)) if r.id == "session_no_outside_protocol" else r for r in judge.catalogue())
    monkeypatch.setattr(judge, "catalogue", lambda: rules)
    monkeypatch.setattr(judge, "_checks", judge._checks.__wrapped__)
    for module in (fingerprint, settling):
        monkeypatch.setattr(module, "code_sha256", lambda: "the code of the next version")

    export.run(as_of="2026-03-03")

    assert [c for c in changed(export) if c[2] == "released"] == [
        ("session", "P20|3", "released", "", "session_no_outside_protocol", None, "rule")
    ]
    gone = findings_store.history(export.data, [("t01", "01")], rule="session_no_outside_protocol")
    assert gone.select("status", "why").rows() == [("RESOLVED", "rule")]


def test_a_row_that_stays_in_quarantine_or_was_only_repeated_is_not_released(export: Export):
    twice = [*VISITS, VISITS[0], VISITS[1].replace("10:00", "11:00")]
    export.night("2026-03-02", visits=twice)
    export.night("2026-03-03", visits=[*twice[:-2], twice[-1], "P02,01,3,1,2026-03-02 10:00"])

    assert [c for c in changed(export) if c[2] == "released"] == []


def test_an_item_that_changed_is_kept_with_both_values(tmp_path: Path):
    made, folder = with_lsas(tmp_path)
    write_lsas(folder, RATED)
    made.night("2026-03-01")
    write_lsas(folder, [RATED[0].replace("BL,2026-01-06,1,1", "BL,2026-01-06,1,3"), *RATED[1:]])
    made.night("2026-03-02")

    assert changed(made) == [("assessment", "t01-02-P01|LSAS|BASELINE|2026-01-06|LSA01", "changed", "LSA01", "1", "3", "source")]


def test_a_total_as_reported_that_changed_is_kept_with_both_values_though_no_item_did(tmp_path: Path):
    made, folder = with_lsas(tmp_path)
    site = made.config / "sites" / "t01_all" / "site.yaml"
    site.write_text(site.read_text().replace("    fields: {instrument:", "    totals: {LSASTOT: total}\n    fields: {instrument:"))
    write_lsas(folder, [f"{r},48" for r in RATED], more=",total")
    made.night("2026-03-01")
    write_lsas(folder, [f"{RATED[0]},50", *(f"{r},48" for r in RATED[1:])], more=",total")
    made.night("2026-03-02")

    key = "t01-02-P01|LSAS|BASELINE|2026-01-06|LSASTOT"
    assert changed(made) == [("assessment", key, "changed", "LSASTOT", "48", "50", "source")]
    assert changes.history(made.data).select("subject", "old_row", "new_row").rows() == [("P01", 1, 1)]


def results(made: Export, rule: str) -> list[tuple]:
    """The latest release's results of a check: site, table, n checked, n violated, percent, threshold, status."""
    columns = ("site", "table", "n_checked", "n_violated", "pct", "threshold", "status")
    return [tuple(r[c] for c in columns) for r in made.ended.release.manifest["checks"] if r["rule"] == rule]


def test_every_check_has_a_result_for_every_site(export: Export):
    from schemas.rules import catalogue

    export.night("2026-03-02", visits=[VISITS[0].replace(",1,1,", ",1,maybe,"), *VISITS[1:]])

    told = export.ended.release.manifest["checks"]
    assert {(r["rule"], r["site"]) for r in told} == {(r.id, site) for r in catalogue() for site in ("01", "02")}
    assert ("02", "session", 20, 1, 5.0, None, "FAILED") in results(export, "unknown_code")
    assert [r[-1] for r in results(export, "delivery_shrunk")] == ["PASSED", "PASSED"]
    assert [r[-1] for r in results(export, "adverse_event_start_missing")] == ["NOT_APPLICABLE", "NOT_APPLICABLE"]
    held = export.night("2026-03-03", visits=VISITS[:20])
    assert {site: of[0] for site, of in held.items()} == {"01": "carried", "02": "carried"}
    assert [r[-1] for r in results(export, "delivery_shrunk")] == ["FAILED", "FAILED"]


def test_thresholds_of_trial_and_site_judge_again_without_computing_again(export: Export):
    export.night("2026-03-02", visits=[VISITS[0].replace(",1,1,", ",1,maybe,"), *VISITS[1:]])
    before = export.ended.release.release_id
    trial, site = export.config / "trials" / "t01.yaml", export.config / "sites" / "t01_all" / "site.yaml"
    trial.write_text(trial.read_text() + "checks: {unknown_code: {max_pct: 10, note: new staff}}\n")
    export.ended = export.run(as_of="2026-03-02")
    assert (export.ended.published, export.ended.recomputed) == (True, [])
    assert ("02", "session", 20, 1, 5.0, 10.0, "PASSED_WITH_FINDINGS") in results(export, "unknown_code")
    site.write_text(SITE + "checks: {unknown_code: {max_pct: 2}}\n")

    words = ["checks", "--config", str(export.config), "--data", str(export.data), "--rule", "unknown_code", "--site", "t01/02"]
    told = json.loads(CliRunner().invoke(app, [*words, "--history", "--json"]).output)

    at_sessions = [(r["release_id"] == before, r["threshold"], r["status"]) for r in told if r["n_violated"]]
    assert at_sessions == [(True, 2.0, "FAILED"), (False, 2.0, "FAILED")]


def test_a_threshold_of_a_check_that_does_not_exist_is_an_error(export: Export):
    trial = export.config / "trials" / "t01.yaml"
    trial.write_text(trial.read_text() + "checks: {no_such_check: {max_pct: 10}}\n")

    with pytest.raises(ConfigurationError, match="there is no check 'no_such_check'"):
        load(export.config)


DELTA = SITE.replace("subject_id: id\n", "subject_id: id\ndelivery: delta\n")


def delta_night(made: Export, day: str, header: str, visits: list[str], people: list[str] | None = None):
    """A delivery of new rows only, and the night after it."""
    folder = made.config / "exports"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    if people:
        (folder / "people.csv").write_text("\n".join(["id,center,age,sex,consent", *people]) + "\n")
    (folder / "sessions.csv").write_text("\n".join([header, *visits]) + "\n")
    at = dt.datetime.fromisoformat(f"{day}T12:00:00+00:00")
    landing.receive(made.data, load(made.config, on=dt.date.fromisoformat(day)).units["t01/all"], made.config, at)
    made.ended = made.run(as_of=day)
    return {
        e["site"]: (e["status"], *(e["tables"]["session"][n] for n in ("received", "kept")))
        for e in made.ended.release.manifest["sites"]
    }  # fmt: skip


def starts(made: Export) -> list[tuple]:
    """Published sessions: participant, number, start."""
    (release,) = {made.ended.release.folder}
    frame = pl.concat([pl.read_parquet(f) for f in sorted(release.glob("adsess/t01/*.parquet"))])
    return frame.sort("USUBJID", "SESSNO").select("USUBJID", "SESSNO", pl.col("SESDTM").dt.strftime("%m-%d %H:%M")).rows()


def test_deliveries_that_add_up_are_each_read_by_the_mapping_of_their_day(tmp_path: Path):
    made = Export(tmp_path)
    folder = made.config / "sites" / "t01_all"
    (folder / "site.yaml").write_text(DELTA)
    later = DELTA.replace("from: start,", "from: begin,").replace("%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M")
    (folder / "site.from-2026-03-02.yaml").write_text(later)
    people = PEOPLE[:2]

    delta_night(made, "2026-03-01", "id,center,no,came,start", ["P01,02,1,1,2026-01-11 10:00", "P02,01,1,1,2026-01-11 10:00"], people)
    told = delta_night(made, "2026-03-02", "id,center,no,came,begin", ["P01,02,1,1,11.01.2026 12:00", "P01,02,2,1,12.01.2026 10:00"])

    assert told == {"01": ("fresh", 1, 1), "02": ("fresh", 3, 2)}
    assert starts(made) == [
        ("t01-01-P02", 1, "01-11 10:00"), ("t01-02-P01", 1, "01-11 12:00"), ("t01-02-P01", 2, "01-12 10:00"),
    ]  # fmt: skip
    assert made.rules("02")["superseded"] == 1
    assert changed(made) == [
        ("session", "P01|1", "changed", "started_at", "2026-01-11 10:00", "11.01.2026 12:00", "source+mapping"),
        ("session", "P01|2", "late", "", None, '{"session_no": "2", "attended": "1", "started_at": "12.01.2026 10:00"}', "source+mapping"),
    ]


def test_a_snapshot_after_a_dated_mapping_is_read_by_it_and_one_before_it_by_the_earlier(tmp_path: Path):
    made = Export(tmp_path)
    folder = made.config / "sites" / "t01_all"
    later = SITE.replace("from: start,", "from: begin,").replace("%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M")
    (folder / "site.from-2026-03-02.yaml").write_text(later)
    people = PEOPLE[:2]

    first = delta_night(
        made, "2026-03-01", "id,center,no,came,start", ["P01,02,1,1,2026-01-11 10:00", "P02,01,1,1,2026-01-11 10:00"], people
    )
    assert first == {"01": ("fresh", 1, 1), "02": ("fresh", 1, 1)}
    assert starts(made) == [("t01-01-P02", 1, "01-11 10:00"), ("t01-02-P01", 1, "01-11 10:00")]

    then = delta_night(
        made, "2026-03-02", "id,center,no,came,begin", ["P01,02,1,1,11.01.2026 12:00", "P02,01,1,1,11.01.2026 10:00"], people
    )
    assert then == {"01": ("fresh", 1, 1), "02": ("fresh", 1, 1)}
    assert starts(made) == [("t01-01-P02", 1, "01-11 10:00"), ("t01-02-P01", 1, "01-11 12:00")]


def test_a_delivery_that_cannot_be_read_among_many_that_add_up_can_be_set_aside(tmp_path: Path):
    made = Export(tmp_path)
    (made.config / "sites" / "t01_all" / "site.yaml").write_text(DELTA)
    head = "id,center,no,came,start"
    delta_night(made, "2026-03-01", head, ["P02,01,1,1,2026-01-11 10:00"], PEOPLE[:2])
    held = delta_night(made, "2026-03-02", "id,center,no,came", ["P02,01,2,1"])
    assert held["01"] == ("carried", 1, 1)
    bad = landed.deliveries(made.data, "t01", "all")[-1].sha256

    decisions.put_aside(made.data, "t01/01", bad[:12], "A. Manager", "a wrong export")
    told = delta_night(made, "2026-03-03", head, ["P02,01,2,1,2026-01-12 10:00"])

    assert told["01"] == ("fresh", 2, 2)


def asked(made: Export, rule: str) -> list[str]:
    """Records of site 02 that a rule asks about."""
    known = findings_store.history(made.data, [("t01", "02")]).filter(pl.col("status") == "OPEN", pl.col("rule") == rule)
    return known.sort("record_key").get_column("record_key").to_list()


def test_a_whole_export_where_additions_are_due_tells_which_records_it_lacks_until_they_are_sent_again(tmp_path: Path):
    made = Export(tmp_path)
    (made.config / "sites" / "t01_all" / "site.yaml").write_text(DELTA)
    head = "id,center,no,came,start"
    people = [f"P{n:02},02,30,f,2026-01-05" for n in range(1, 13)]
    visits = [f"P{n:02},02,{k},1,2026-01-{10 + k} 10:{n:02}" for n in range(1, 13) for k in (1, 2)]
    deleted = "P03,02,2,1,2026-01-12 10:03"
    delta_night(made, "2026-03-01", head, visits, people)
    assert asked(made, "record_left_out") == []

    told = delta_night(made, "2026-03-02", head, [v for v in visits if v != deleted], people)
    assert told["02"] == ("fresh", 47, 24)  # 24 + 23 rows; the record still counts
    assert asked(made, "record_left_out") == ["P03|2"]

    delta_night(made, "2026-03-03", head, ["P01,02,1,1,2026-01-11 10:31"])  # additions, as they should be
    assert asked(made, "record_left_out") == ["P03|2"]
    assert asked(made, "older_values_returned") == []
    delta_night(made, "2026-03-04", head, [deleted, "P01,02,1,1,2026-01-11 10:01"])
    assert asked(made, "record_left_out") == []
    assert asked(made, "older_values_returned") == ["P01|1"]  # the correction to 10:31 is undone


def test_an_export_of_the_last_weeks_leaves_out_the_oldest_records_and_is_not_asked(tmp_path: Path):
    made = Export(tmp_path)
    (made.config / "sites" / "t01_all" / "site.yaml").write_text(DELTA)
    head = "id,center,no,came,start"
    people = [f"P{n:02},02,30,f,2026-01-05" for n in range(1, 13)]
    visits = [f"P{n:02},02,{k},1,2026-0{k}-{10 + n} 10:00" for k in (1, 2) for n in range(1, 13)]
    delta_night(made, "2026-03-01", head, visits, people)
    delta_night(made, "2026-03-02", head, visits[2:])  # 22 of 24: all but those of 11 and 12 January
    assert asked(made, "record_left_out") == []
