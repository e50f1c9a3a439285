"""Drafts of exports whose answer others know: real REDCap projects run as drafted, a demo site's draft against its mapping."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from flows.engine import config
from tests.drafts.compare import all_sites
from tests.engine import Engine

REDCAP = Path(__file__).resolve().parents[3] / "shared" / "data" / "redcap"
PILOT = REDCAP.parent / "cdisc_pilot" / "sdtm"
WHOLE = ("--delivery", "snapshot")
PROTOCOL = (
    "title=Trial", "disorder=SAD", "arms.0.code=A", "arms.1.code=B", "label=x", "dose_mg=50", "dosing.sessions=[1]", "time_points=[PRE]",
    "number=2", "planned_length_min=60", "primary=LSASTOT", "status=blinded",
)  # fmt: skip


def run(*words: object):
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 0, done.output
    return done


@pytest.mark.skipif(not REDCAP.is_dir(), reason="the shared exports are not beside this checkout")
def test_drafts_of_the_real_redcap_projects_run_as_they_are_and_hold_every_participant(tmp_path):
    projects = sorted(p.name for p in REDCAP.iterdir() if p.is_dir())
    assert projects
    for name in projects:
        shutil.copytree(REDCAP / name, tmp_path / "exports" / name)
        run("new-site", "t01", name, tmp_path / "exports" / name, "--config", tmp_path, "--timezone", "America/Chicago", *WHOLE)
    run("new-trial", "t01", "--config", tmp_path, "--instrument", "LSAS", *(w for a in PROTOCOL for w in ("--decide", a)))
    checked = run("check-config", "--config", tmp_path)
    assert f"{len(projects)} exports, 0 problems" in " ".join(checked.output.split())

    sets = Engine(config.load(tmp_path), tmp_path / "data").run().connect()
    # counted in each data.csv by hand: different record_id (dag: its groups are the sites)
    assert dict(sets.execute("select SITEID, count(*) from adsl group by all").fetchall()) == {
        "checkboxes-1": 4, "clinical-trial-1": 500, "daga": 2, "dagb": 1, "decimal-comma": 4, "longitudinal": 3,
        "repeating-instruments": 2, "validation-types-1": 1,
    }  # fmt: skip
    sexes = "select SEX, count(*) from adsl where SITEID = 'clinical-trial-1' group by all order by all"
    assert sets.execute(sexes).fetchall() == [("F", 260), ("M", 240)]


@pytest.mark.skipif(not PILOT.is_dir(), reason="the shared exports are not beside this checkout")
def test_a_draft_of_the_sdtm_pilot_study_runs_as_it_is_and_keeps_every_record(tmp_path):
    shutil.copytree(PILOT, tmp_path / "exports" / "pilot")
    run("new-site", "t01", "pilot", tmp_path / "exports" / "pilot", "--config", tmp_path, "--timezone", "America/New_York", *WHOLE)
    protocol = [a.replace("LSASTOT", "MMSETOT").replace("blinded", "open") for a in PROTOCOL]
    run("new-trial", "t01", "--config", tmp_path, "--instrument", "MMSE", *(w for a in protocol for w in ("--decide", a)))

    sets = Engine(config.load(tmp_path), tmp_path / "data").run().connect()
    rows = "select count(distinct (USUBJID, SRCROW)) from {}"  # a medication of two drugs is two rows of adcm and one of CM
    counts = {name: sets.execute(rows.format(name)).fetchone()[0] for name in ("adex", "adcm", "adae")}
    assert counts == {"adex": 591, "adcm": 7510, "adae": 961}  # rows of EX, CM, AE
    assert sets.execute("select count(*), count(distinct SITEID) from adsl").fetchone() == (306, 17)


def test_drafts_of_the_demo_agree_with_the_mappings_that_people_wrote():
    results = list(all_sites())
    wrong = {(r.site, f"{f.table}.{f.name}") for r in results for f in r.fields if f.verdict == "wrong"}
    assert wrong <= {("acro01_02", "adverse_event.started_on")}  # two people wrote dates in two orders there
    assert sum(r.count("right") for r in results) >= 400
