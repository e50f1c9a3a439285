"""check-config: lines a person must decide, mappings that hold from a day on, and what a mapping would make of the real export."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.__main__ import app

TINY = Path(__file__).resolve().parents[1] / "golden" / "tiny"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return shutil.copytree(TINY, tmp_path / "config")


def check(config: Path, *words: str) -> tuple[int, str]:
    """Exit code and what is printed."""
    ended = CliRunner().invoke(app, ["check-config", "--config", str(config), *words])
    return ended.exit_code, ended.output


def change(config: Path, name: str, old: str, new: str) -> None:
    text = (config / name).read_text()
    assert old in text
    (config / name).write_text(text.replace(old, new, 1))


def test_an_undecided_line_is_told_with_its_place_and_what_to_write(config: Path):
    change(config, "sites/t01_B/site.yaml", "timezone: Europe/Berlin", "timezone: DECIDE  # DECIDE: the zone, such as Europe/Berlin")
    change(config, "sites/t01_B/site.yaml", 'dosed_at: {from: [Datum, Uhrzeit], format: "%d.%m.%Y %H:%M"}',
           'dosed_at:\n        from: [Datum, Uhrzeit]\n        format: DECIDE   # DECIDE: "%d.%m.%Y %H:%M" (3 cells)')  # fmt: skip
    change(config, "sites/t01_B/site.yaml", "{from: Geschlecht, map: {m: M, w: F}}", "{from: Geschlecht, map: {m: DECIDE, w: F}}")

    assert check(config) == (2, (
        "t01_B/site.yaml line 4: timezone is undecided; write the zone, such as Europe/Berlin\n"
        "t01_B/site.yaml line 13: tables.subject.fields.sex.map.m is undecided; "
        "write a value in the place of DECIDE, or take the line out\n"
        't01_B/site.yaml line 32: tables.dose.fields.dosed_at.format is undecided; write "%d.%m.%Y %H:%M" (3 cells)\n'
        f"{config}: 0 exports, 3 problems\n"
    ))  # fmt: skip


def test_an_undecided_trial_is_told_once_and_not_as_a_trial_that_is_not_there(config: Path):
    change(config, "trials/t01.yaml", "sessions: {number: 2,", "sessions: {number: DECIDE,")
    change(config, "trials/t01.yaml", "disorder: Social anxiety disorder", "disorder: DECIDE  # DECIDE: such as SAD\ncolour: red")

    assert check(config)[1].splitlines()[:-1] == [
        "trials/t01.yaml line 4: disorder is undecided; write such as SAD",
        "trials/t01.yaml line 11: sessions.number is undecided; write a value in the place of DECIDE, or take the line out",
        "trials/t01.yaml line 5: colour: unknown key; allowed: ages, arms, blinding, checks, deidentification, disorder, dosing, holding, "
        "instruments, major_deviations, population, primary, prohibited_classes, sessions, study, success, tailored, timing_window, title, "
        "visits, washout_days",
    ]


def test_the_key_of_a_deidentified_trial_is_named_where_it_is_not_set(config: Path, monkeypatch):
    monkeypatch.delenv("TINY_KEY", raising=False)
    trial = config / "trials" / "t01.yaml"
    trial.write_text(trial.read_text() + "deidentification: {key_env: TINY_KEY}\n")
    code, told = check(config)
    assert code == 1 and "TINY_KEY" in told, told
    monkeypatch.setenv("TINY_KEY", "a key of more than sixteen characters")
    assert check(config)[0] == 0


def test_the_address_of_an_alert_is_named_where_it_is_not_set(config: Path, monkeypatch):
    monkeypatch.delenv("CHAT_WEBHOOK", raising=False)
    (config / "alerts.yaml").write_text(
        "channels:\n  chat: {kind: webhook, url_env: CHAT_WEBHOOK}\nalerts:\n  - {on: [failed], to: [chat]}\n"
    )
    code, told = check(config)
    assert (code, "alerts.yaml: not set here: CHAT_WEBHOOK; what it tells would wait" in told) == (1, True), told
    monkeypatch.setenv("CHAT_WEBHOOK", "http://127.0.0.1:9")
    assert check(config)[0] == 0


def test_an_unknown_key_among_very_many_is_told_with_those_like_it(config: Path):
    (config / "evidence.yaml").write_text("dose_impossible_mgs: {value: 1000, unit: mg, source: none}\n")
    code, told = check(config)
    assert code == 2
    line = next(line for line in told.splitlines() if "dose_impossible_mgs" in line)
    assert "near: dose_impossible_mg" in line and "chronic_antidepressant_days" not in line


def test_a_mapping_that_is_no_longer_or_not_yet_in_force_is_checked_too(config: Path):
    folder = config / "sites" / "t01_B"
    text = (folder / "site.yaml").read_text()
    (folder / "site.from-2026-03-01.yaml").write_text(text.replace("begin: {from: Beginn, scale: 0-10}", "begin: {from: Beginn}"))
    (folder / "site.from-2099-01-01.yaml").write_text(text.replace("unit: kg", "unit: ells"))
    change(config, "sites/t01_B/site.yaml", "fields:\n      age_years: Alter", "fields:\n      age: Alter")

    code, text = check(config)

    assert code == 2
    assert [line.partition(";")[0] for line in text.splitlines()[:-1]] == [
        "t01/B: tables.subject: unknown field 'age'",
        "t01/B: tables.rating: begin: its scale is not declared",
        "t01/B: tables.subject: weight_kg: unit 'ells' is not known",
    ]


@pytest.mark.parametrize("name", ["site.from-2026-3-1.yaml", "site.from-2026-02-30.yaml", "site.yml", "site_new.yaml"])
def test_a_mapping_whose_name_says_no_day_is_told_and_not_passed_over(config: Path, name: str):
    shutil.copy(config / "sites/t01_B/site.yaml", config / "sites/t01_B" / name)

    assert check(config)[1].startswith(f"sites/t01_B/{name}: no mapping has this name; call it site.yaml or site.from-2026-03-01.yaml\n")


def test_a_site_is_tried_on_its_real_export_and_nothing_of_it_stays(config: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("pillen.csv", "reste.csv"):
        (config / "exports" / "B" / name).write_text("Pat;n\nB-001;3\n")
    monkeypatch.chdir(config)
    before = sorted(p.relative_to(config) for p in config.rglob("*"))

    code, text = check(config, "--site", "t01/B", "--json")

    told = json.loads(text[text.index("{") :])["tried"]
    assert code == 0
    assert [(t["table"], t["received"], t["kept"], t["quarantined"], t["withheld"]) for t in told["tables"]] == [
        ("subject", 2, 2, 0, 0), ("session", 3, 3, 0, 0), ("dose", 5, 4, 1, 2), ("rating", 2, 2, 0, 0), ("assessment", 4, 4, 0, 2),
    ]  # fmt: skip
    assert told["unread_columns"] == [{"file": "personen.csv", "column": "Bemerkung für uns"}]
    assert told["unread_files"] == ["pillen.csv", "reste.csv"]
    found = {(f["rule"], f["table"], f["field"]): (f["severity"], f["columns"], f["rows"]) for f in told["found"]}
    assert found[("ragged_row", "loose_row", "")] == ("reject", [], 1)
    assert found[("unit_missing", "dose", "dose_mg")] == ("withhold", ["Dosis"], 1)
    assert found[("nonexistent_local_time", "dose", "dosed_at")] == ("withhold", ["Datum", "Uhrzeit"], 1)
    assert "B-001" not in text and "0,05" not in text
    assert sorted(p.relative_to(config) for p in config.rglob("*")) == before


def lines_of(config: Path, site: str = "t01/B") -> dict[str, dict]:
    """table.field -> what it comes to; under "" what is told of the whole."""
    _, text = check(config, "--site", site, "--json", "--data", str(config / "nowhere"))
    told = json.loads(text[text.index("{") :])["tried"]
    return {f"{line['table']}.{line['field']}": line for line in told["lines"]} | {"": told}


def test_each_mapped_field_is_told_with_what_it_comes_to_and_the_line_that_says_so(config: Path):
    told = lines_of(config)

    assert {name: told[name]["what"] for name in (
        "subject.sex", "subject.weight_kg", "session.started_at", "session.ended_at", "dose.dose", "dose.dosed_at", "rating.begin",
        "assessment.visit", "assessment.items of SPD-S",
    )} == {
        "subject.sex": "m = M 1, w = F 1",
        "subject.weight_kg": "71.5 to 71.5, median 71.5; k.A. = missing 1",
        "session.started_at": "0h█__█______█_____________23h, busiest 0 h, 2 of 3 outside 7-21 h on the clock of Europe/Berlin",
        "session.ended_at": "median 60 min after the session's start, at it in 0, before it in 0; planned 60",
        "dose.dose": "50 mg 2, 25 mg 1; 2 of 3 are of the protocol (50 mg)",
        # 23:00 to 00:15 and, over the change of the clock, 01:30 to 03:30
        "dose.dosed_at": "0h_█_____________________█23h, busiest 1 h, 2 of 2 outside 7-21 h on the clock of Europe/Berlin; "
        "median 68 min before the session's start, 100 % in the window",
        "rating.begin": "0 to 80, median 40",
        "assessment.visit": "participants at BASELINE 2, POST 2",
        "assessment.items of SPD-S": "4 forms or rows, answers 2 to 5; its items go from 1 to 7",
    }  # fmt: skip
    assert [told["subject.weight_kg"][n] for n in ("rows", "filled", "unreadable", "distinct")] == [2, 1, 0, 1]  # k.A. is a missing code
    assert [told["assessment.assessed_on"][n] for n in ("rows", "filled", "unreadable", "distinct")] == [4, 4, 1, 2]  # 31 February
    assert told["dose.dose"]["places"] == ["sites/t01_B/site.yaml line 28"]


def test_of_a_field_that_is_not_the_one_it_is_mapped_to_the_odd_is_told_with_its_line(config: Path):
    change(config, "sites/t01_B/site.yaml", "started_at: {from: [Datum, von]", "exposure_started_at: {from: [Datum, von]")
    change(config, "sites/t01_B/site.yaml", "ended_at: {from: [Datum, bis]", "started_at: {from: [Datum, bis]")
    rows = "".join(f"B-00{1 + n % 2};S1;ja;0{1 + n % 9}.04.2024;03:30;02:30\n" for n in range(20))
    (config / "exports/B/sitzungen.csv").write_text(f"Pat;Sitzung;da;Datum;von;bis\n{rows}")

    told = lines_of(config)

    assert told["session.exposure_started_at"]["odd"] == []
    assert told["session.started_at"]["odd"] == ["20 of 20 times lie at night on the site's clock; look at the zone, `clock` and AM/PM"]


def test_a_missing_code_that_lies_among_the_values_is_told(config: Path):
    change(config, "sites/t01_B/site.yaml", "end: {from: Ende, scale: 0-10}", 'end: {from: Ende, scale: 0-10, missing: ["4"]}')
    (odd,) = lines_of(config)["rating.end"]["odd"]
    assert odd == "the missing code 4 stands in 1 rows and lies among the values; look whether it is one"


def test_a_hold_of_the_first_night_is_told_before_it_with_the_rows_that_no_where_lets_through(config: Path):
    change(config, "sites/t01_B/site.yaml", "    file: gaben.csv\n", "    file: gaben.csv\n    where: {Sitzung: S2}\n")
    rows = "".join(f"B-001;S1;50 mg;ja;31.03.2024;01:{n}\n" for n in range(10, 40))
    text = f"Pat;Sitzung;Dosis;genommen;Datum;Uhrzeit\n{rows}B-001;S2;50 mg;ja;07.04.2024;09:00\nB-002;S2\n"
    (config / "exports/B/gaben.csv").write_text(text)

    (reason,) = lines_of(config)[""]["holds"]
    assert reason.splitlines()[0] == (
        "t01/B: 31 of 32 dose rows were rejected (97 %, more than 20 %); 30 of them because no `where` of the mapping lets them through "
        "(or name them in ignore_rows); the delivery is held"
    )


def test_what_a_site_lays_over_its_profile_is_told_line_by_line(config: Path):
    (config / "profiles").mkdir()
    profile = "defaults: {delimiter: ','}\ntables:\n  dose:\n    file: gaben.csv\n    fields: {dose: {unit: g}}\n"
    (config / "profiles/p.yaml").write_text(profile)
    change(config, "sites/t01_B/site.yaml", "study: t01\n", "study: t01\nprofile: p\n")
    change(config, "sites/t01_B/site.yaml", "dose: {from: Dosis, split_unit: true}", "dose: {from: Dosis, unit: mg}")

    assert lines_of(config)[""]["laid_over"] == [
        "sites/t01_B/site.yaml line 8: defaults.delimiter is ';' over ',' of profiles/p.yaml line 1",
        "sites/t01_B/site.yaml line 26: tables.dose.file says the same again as profiles/p.yaml line 4",
        "sites/t01_B/site.yaml line 29: tables.dose.fields.dose.unit is 'mg' over 'g' of profiles/p.yaml line 5",
    ]


def test_a_site_that_cannot_be_read_is_told_with_the_file(config: Path):
    (config / "exports" / "B" / "suds.csv").unlink()

    code, text = check(config, "--site", "t01/B")

    assert code == 3
    assert "t01/B: table rating: no file matches 'suds.csv'" in text


def test_a_site_that_does_not_exist_is_told_with_those_that_do(config: Path):
    assert check(config, "--site", "t01/Z") == (2, "no site t01/Z; there are t01/A, t01/B\n")
