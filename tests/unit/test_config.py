"""Configuration is read strictly; an error says file, line, key and what is allowed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flows.engine.config import PROJECT, load
from flows.engine.yamlfile import YamlFile
from schemas.findings import ConfigurationError

PILOT = PROJECT / "cdisc_pilot"
SITE = "sites/cdiscpilot01_all/site.yaml"


@pytest.fixture
def folder(tmp_path) -> Path:
    shutil.copytree(PILOT, tmp_path / "config")
    return tmp_path / "config"


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def message(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder)
    return str(caught.value)


def test_there_is_no_study_day_zero_to_aim_at():
    from schemas.trial import Visit

    with pytest.raises(ValueError, match="target_day 0 does not exist"):
        Visit(name="BASELINE", order=0, target_day=0, from_day=-7, to_day=1)


def test_an_unknown_key_is_named_with_its_line_and_the_allowed_keys(folder):
    change(folder, SITE, "timezone:", "timezon:")
    told = message(folder)
    assert "cdiscpilot01_all/site.yaml line 5: timezon: unknown key; allowed: " in told
    assert "timezone: Field required" in told


def test_one_site_in_two_exports_of_a_trial_is_refused(folder):
    shutil.copytree(folder / "sites" / "cdiscpilot01_all", folder / "sites" / "cdiscpilot01_second")
    change(folder, "sites/cdiscpilot01_second/site.yaml", "site_id: all", "site_id: second")
    told = message(folder)
    assert "sites/cdiscpilot01_second: site '701' of cdiscpilot01 is already held by the export of sites/cdiscpilot01_all" in told
    assert len(told.splitlines()) == 17


def test_a_zone_that_does_not_exist_is_refused(folder):
    change(folder, SITE, "America/New_York", "America/Gotham")
    assert "America/Gotham is not an IANA time zone, such as Europe/Lisbon" in message(folder)


def test_a_site_identifier_without_quotes_is_refused_because_07_would_become_7(folder):
    change(folder, SITE, "site_id: all", "site_id: 7")
    assert "line 4: site_id: Input should be a valid string" in message(folder)


def test_a_trial_that_is_not_there_is_named_with_those_that_are(folder):
    change(folder, SITE, "study: cdiscpilot01", "study: other")
    assert "no trial 'other'; there are ['cdiscpilot01']" in message(folder)


def test_every_problem_is_told_at_once(folder):
    change(folder, SITE, "America/New_York", "Nowhere")
    change(folder, "trials/cdiscpilot01.yaml", "sessions: {number: 0}", "sessions: {number: many}")
    told = message(folder)
    assert "Nowhere" in told and "sessions.number" in told


def test_a_primary_parameter_must_belong_to_the_trials_instruments(folder):
    change(folder, "trials/cdiscpilot01.yaml", "primary: MMSETOT", "primary: LSASTOT")
    assert "primary 'LSASTOT' is no parameter of its instruments; there are ['CIBIC', 'MMSETOT']" in message(folder)


def test_a_site_lies_over_its_profile_line_by_line(folder):
    site = (folder / SITE).read_text()
    body = site.split("timezone:")[1]
    (folder / "profiles").mkdir()
    (folder / "profiles" / "sdtm.yaml").write_text("timezone:" + body.replace("source:", "# source:").replace("study:", "# study:"))
    (folder / SITE).write_text(
        "study: cdiscpilot01\nsite_id: all\nprofile: sdtm\ntimezone: America/Chicago\n"
        "source: {kind: files, path: x}\ntables: {dose: {file: doses.xpt}}\n"
    )
    unit = load(folder).units["cdiscpilot01/all"]
    assert unit.site.timezone == "America/Chicago"
    assert unit.site.tables["dose"][0].file == "doses.xpt"
    assert unit.site.tables["subject"][0].file == "dm.xpt"


def test_the_delivery_date_picks_among_dated_site_files(folder):
    import datetime as dt

    later = (folder / SITE).read_text().replace("America/New_York", "America/Denver")
    (folder / "sites/cdiscpilot01_all/site.from-2026-03-01.yaml").write_text(later)
    assert load(folder, dt.date(2026, 2, 28)).units["cdiscpilot01/all"].site.timezone == "America/New_York"
    assert load(folder, dt.date(2026, 3, 1)).units["cdiscpilot01/all"].site.timezone == "America/Denver"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("08:30", "08:30"), ("012", "012"), ("0-10", "0-10"), ("1_000", "1_000"), ("true", True), ("7", 7),
        ("0.5", 0.5),
    ],
)
def test_yaml_words_that_older_parsers_turn_into_something_else_stay_text(tmp_path, text, value):
    path = tmp_path / "a.yaml"
    path.write_text(f"key: {text}\n")
    assert YamlFile.read(path, []).data == {"key": value}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\na: 2\n", "line 2: key 'a' is given twice"),
        ("a: &x 1\nb: *x\n", "line 2: aliases (*name) are not allowed"),
        ("a: [1\n", "not YAML"),
        ("- a\n", "must be a mapping"),
        ("a: !!python/object:os.system x\n", "tag"),
    ],
)
def test_yaml_that_could_mislead_is_refused(tmp_path, text, told):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    errors: list[str] = []
    assert YamlFile.read(path, errors) is None
    assert told in errors[0]
