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


def test_a_site_that_cannot_be_read_is_told_with_the_file(config: Path):
    (config / "exports" / "B" / "suds.csv").unlink()

    code, text = check(config, "--site", "t01/B")

    assert code == 3
    assert "t01/B: table rating: no file matches 'suds.csv'" in text


def test_a_site_that_does_not_exist_is_told_with_those_that_do(config: Path):
    assert check(config, "--site", "t01/Z") == (2, "no site t01/Z; there are t01/A, t01/B\n")
