"""`trialweave new-site` and `new-trial` as a person calls them: draft, answer, check."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from tests.newsite.test_exports import GERMAN, INTAKE


@pytest.fixture
def german(export):
    export.trial()
    export.csv("patienten.csv", GERMAN, delimiter=";", encoding="latin-1")
    export.csv("einnahme.csv", INTAKE, delimiter=";")
    return export


def run(*words: str):
    return CliRunner().invoke(app, [*map(str, words)])


def drafted(export, *more: str):
    told = ("--timezone", "Europe/Berlin", "--clock", "site", "--delivery", "snapshot")
    return run("new-site", "t01", "01", export.folder, "--config", export.config, *told, *more)


def test_an_undecided_draft_is_refused_by_check_config_with_the_line_and_what_to_write(german):
    done = drafted(german)
    assert done.exit_code == 0, done.output
    assert "3 undecided" in done.output
    path = german.config / "sites" / "t01_01" / "site.yaml"
    (line,) = [n for n, one in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if "format: DECIDE" in one]
    checked = run("check-config", "--config", german.config)
    assert checked.exit_code == 2
    told = " ".join(checked.output.split())
    assert f"site.yaml:{line}" in told.replace(": ", ":") or f"line {line}" in told
    assert '"%d/%m/%Y" (4 cells)' in told


def test_answers_on_the_command_line_make_a_draft_that_runs_dry(german):
    done = drafted(german, "--decide", "consented_on.format=%d/%m/%Y", "--decide", "map.H=M", "--decide", "map.M=F")
    assert done.exit_code == 0, done.output
    assert "undecided" not in done.output
    checked = run("check-config", "--config", german.config, "--site", "t01/01")
    assert checked.exit_code == 0, checked.output


def test_what_is_open_can_be_left_out_and_is_listed(german):
    done = drafted(german, "--leave-out-undecided")
    assert done.exit_code == 0, done.output
    assert "left out, because undecided" in done.output
    (subject,) = [line for line in done.output.splitlines() if line.startswith("│ subject")]
    assert [cell.strip() for cell in subject.split("│")[4:6]] == ["0", "3 lines"]  # open no more, and told why
    assert run("check-config", "--config", german.config).exit_code == 0


def test_whether_exports_are_whole_is_asked_and_not_assumed(german):
    shown = run("new-site", "t01", "01", german.folder, "--config", german.config, "--print").output
    assert "\ndelivery: DECIDE" in shown
    assert "\ndelivery: delta" in drafted(german, "--delivery", "delta", "--print").output
    assert drafted(german, "--delivery", "whole").exit_code == 2


def test_a_site_that_is_there_is_not_overwritten_without_being_told(german):
    assert drafted(german).exit_code == 0
    again = drafted(german)
    assert again.exit_code != 0
    assert drafted(german, "--replace").exit_code == 0


def test_nothing_of_a_participant_is_on_the_screen(german):
    shown = drafted(german).output + drafted(german, "--print").output
    for cell in ("Anna", "Meier", "PT-001", "1980", "03/04/2024"):
        assert cell not in shown


def test_a_zone_or_a_file_that_does_not_exist_is_told(german):
    assert run("new-site", "t01", "02", german.folder, "--config", german.config, "--timezone", "Mars/Base").exit_code != 0
    assert run("new-site", "t01", "02", german.folder / "no.csv", "--config", german.config).exit_code != 0


def test_a_trial_is_drafted_with_what_only_the_protocol_says_left_open(tmp_path):
    done = run("new-trial", "t02", "--config", tmp_path, "--instrument", "LSAS")
    assert done.exit_code == 0, done.output
    checked = run("check-config", "--config", tmp_path)
    assert checked.exit_code == 2
    assert "DECIDE" in (tmp_path / "trials" / "t02.yaml").read_text(encoding="utf-8")
