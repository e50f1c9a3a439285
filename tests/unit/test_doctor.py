"""`trialweave doctor`: what is wrong with machine, data folder, configuration or a source is told with what to do."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows import doctor
from flows.__main__ import app
from flows.doctor import State
from tests.nights import SITE, TRIAL

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """One site whose export is a folder with one file."""
    root = tmp_path / "config"
    (root / "trials").mkdir(parents=True)
    (root / "trials" / "t01.yaml").write_text(TRIAL)
    (root / "sites" / "t01_01").mkdir(parents=True)
    (root / "sites" / "t01_01" / "site.yaml").write_text(SITE % ("01", "01"))
    (root / "exports" / "01").mkdir(parents=True)
    (root / "exports" / "01" / "dose.csv").write_text("id\nS1\n")
    return root


def by_what(config: Path, data: Path, **more: bool) -> dict[str, doctor.Look]:
    return {look.what: look for look in doctor.looks(config, data, NOW, **more)}


def test_a_source_is_entered_and_one_that_is_away_is_told_with_what_to_do(config: Path, tmp_path: Path):
    assert by_what(config, tmp_path / "data")["source t01/01"].told == "files: 1 files"
    shutil.rmtree(config / "exports")
    told = by_what(config, tmp_path / "data")["source t01/01"]
    assert told.state is State.BAD and "exports" in told.told and told.fix


def test_a_source_whose_secret_is_not_set_is_not_tried(config: Path, tmp_path: Path):
    site = config / "sites" / "t01_01" / "site.yaml"
    remote = '{kind: redcap, url: "https://127.0.0.1:9/api/", token_env: TW_NO_SUCH_TOKEN}'
    site.write_text(site.read_text().replace("{kind: files, path: exports/01}", remote))
    told = by_what(config, tmp_path / "data")["source t01/01"]
    assert (told.state, told.told) == (State.BAD, "not set here: TW_NO_SUCH_TOKEN")


def test_a_place_that_does_not_answer_is_told(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TW_TOKEN", "x")
    site = config / "sites" / "t01_01" / "site.yaml"
    remote = '{kind: https, url: "https://127.0.0.1:9/", files: [dose.csv]}'
    site.write_text(site.read_text().replace("{kind: files, path: exports/01}", remote))
    told = by_what(config, tmp_path / "data")["source t01/01"]
    assert told.state is State.BAD and "t01/01" in told.told
    assert "source t01/01" not in by_what(config, tmp_path / "data", sources=False)


def test_a_clock_behind_the_ledger_is_told(config: Path, tmp_path: Path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "ledger.jsonl").write_text(json.dumps({"at": "2026-03-01T12:00:01+00:00", "event": "run_started"}) + "\n")
    assert by_what(config, data)["clock"].state is State.BAD
    (data / "ledger.jsonl").write_text(json.dumps({"at": "2026-03-01T11:59:59+00:00", "event": "run_started"}) + "\n")
    assert by_what(config, data)["clock"].state is State.OK


def test_restricted_data_that_others_can_read_are_told(config: Path, tmp_path: Path):
    data = tmp_path / "data"
    (data / "restricted").mkdir(parents=True, mode=0o755)
    (data / "restricted").chmod(0o755)
    told = by_what(config, data)["permissions"]
    assert told.state is State.BAD and told.fix.startswith("chmod 700")
    (data / "restricted").chmod(0o700)
    assert by_what(config, data)["permissions"].state is State.OK


def test_a_disk_that_is_nearly_full_is_told(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10**8})())
    assert by_what(config, tmp_path)["disk"].state is State.BAD


def test_a_library_that_is_not_as_locked_is_told(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert by_what(config, tmp_path)["libraries"].state is State.OK
    monkeypatch.setattr(doctor, "version", lambda name: "0.0.1")
    told = by_what(config, tmp_path)["libraries"]
    assert told.state is State.BAD and "duckdb 0.0.1 (locked: " in told.told and told.fix == "make setup"


def test_the_command_ends_by_the_worst_look_and_writes_no_colour_into_a_pipe(config: Path, tmp_path: Path):
    words = ["doctor", "--config", str(config), "--data", str(tmp_path / "data")]
    ended = CliRunner().invoke(app, words)
    assert ended.exit_code == 0 and "\x1b" not in ended.output, ended.output
    (config / "trials" / "t01.yaml").write_text("study: t01\n")
    ended = CliRunner().invoke(app, [*words, "--json"])
    told = json.loads(ended.output)
    assert ended.exit_code == 2 and told["state"] == "bad"
    assert [look["what"] for look in told["looks"] if look["state"] == "bad"] == ["configuration"]
