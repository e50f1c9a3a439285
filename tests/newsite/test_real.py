"""Drafts of exports whose answer others know: real REDCap projects run as drafted, a demo site's draft against its mapping."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from tests.drafts.compare import all_sites

REDCAP = Path(__file__).resolve().parents[3] / "shared" / "data" / "redcap"
PROTOCOL = (
    "title=Trial", "disorder=SAD", "arms.0.code=A", "arms.1.code=B", "label=x", "dose_mg=50", "dosing.sessions=[1]", "time_points=[PRE]",
    "number=2", "planned_length_min=60", "primary=LSASTOT", "status=blinded",
)  # fmt: skip


def run(*words: object):
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 0, done.output
    return done


@pytest.mark.skipif(not REDCAP.is_dir(), reason="the shared exports are not beside this checkout")
def test_drafts_of_the_real_redcap_projects_are_configurations_without_a_problem(tmp_path):
    projects = sorted(p.name for p in REDCAP.iterdir() if p.is_dir())
    assert projects
    for name in projects:
        shutil.copytree(REDCAP / name, tmp_path / "exports" / name)
        run("new-site", "t01", name, tmp_path / "exports" / name, "--config", tmp_path, "--timezone", "America/Chicago")
    run("new-trial", "t01", "--config", tmp_path, "--instrument", "LSAS", *(w for a in PROTOCOL for w in ("--decide", a)))
    checked = run("check-config", "--config", tmp_path)
    assert f"{len(projects)} exports, 0 problems" in " ".join(checked.output.split())


def test_drafts_of_the_demo_agree_with_the_mappings_that_people_wrote():
    results = list(all_sites())
    wrong = {(r.site, f"{f.table}.{f.name}") for r in results for f in r.fields if f.verdict == "wrong"}
    assert wrong <= {("acro01_02", "adverse_event.started_on")}  # two people wrote dates in two orders there
    assert sum(r.count("right") for r in results) >= 400
