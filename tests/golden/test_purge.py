"""Purge and removal by the whole route: a participant leaves every place, nobody else is touched, and does not come back."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from flows.engine import (
    decisions,
    explain_cell,
    findings_store,
    landed,
    ledger,
    purge,
    purge_landing,
    purge_rows,
    rebuild,
    releases,
    tombstones,
    verify,
)
from flows.engine.config import load
from schemas.columns import PER_SITE
from schemas.findings import ConfigurationError
from tests.conftest import DemoRelease
from tests.nights import status
from tests.privacy import DEIDENTIFIED, KEY, Tiny, holds

#: Texts of B-2 (002) and S2 in the tiny trial, as sent and as computed.
OF_B2 = ("B-2;", "B-002", "t01-B-002")
OF_S2 = ("S2,", "t01-A-S2", "Visual hallucinations")


@pytest.fixture(scope="module")
def two_nights(tmp_path_factory) -> Path:
    """The tiny trial after two nights with a delivery each; to be copied, not used."""
    made = Tiny(tmp_path_factory.mktemp("two_nights"))
    made.run()
    made.change("A", "ae.csv", "Headache", "Head ache")
    made.change("B", "gaben.csv", "0,05 g", "50 mg")
    made.run()
    return made.data.parent


@pytest.fixture
def tiny(two_nights: Path, tmp_path: Path) -> Tiny:
    shutil.copytree(two_nights, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Tiny(tmp_path, made=True)


def go(tiny: Tiny, site: str, subject: str, **more) -> purge.Report:
    return purge.purge(load(tiny.config), tiny.data, f"t01/{site}", subject, "data protection officer", "consent withdrawn", **more)


def call(*words: object) -> tuple[int, str]:
    ended = CliRunner().invoke(app, [str(w) for w in words])
    return ended.exit_code, ended.output


def others(tiny: Tiny, gone: str) -> dict[str, list[tuple]]:
    """Rows of everybody else in every set that one participant's data make, without pointers into files that are written again."""
    out = {}
    for name in PER_SITE:
        frame = tiny.set(name).filter(pl.col("USUBJID") != gone)
        out[name] = frame.select(pl.exclude("SRCFILE", "SRCROW")).sort(frame.columns[0], maintain_order=True).rows()
    return out


@pytest.mark.parametrize(("site", "subject", "texts"), [("A", "S2", OF_S2), ("B", "002", OF_B2)])
def test_a_purged_participant_is_in_no_file_of_the_data_folder_and_everybody_else_is_as_before(tiny: Tiny, site, subject, texts):
    before = others(tiny, f"t01-{site}-{subject}")
    assert all(holds(t, [tiny.data]) for t in texts[:1])
    pages = [folder / "report.html" for folder in (tiny.data / "releases").glob("2*")]
    for path in pages:
        path.write_text(f"<p>psychosis: t01-{site}-{subject}</p>")

    report = go(tiny, site, subject)
    assert not [p for p in pages if p.exists()]

    assert report.left == [] and report.done["deliveries"] == 2 and report.done["releases"] == 2
    for text in texts:
        assert holds(text, [tiny.data]) == [], text
    assert others(tiny, f"t01-{site}-{subject}") == before
    for folder in sorted((tiny.data / "releases").glob("2*")):
        found = releases.load(tiny.data, folder.name)
        assert found is not None and verify.published(tiny.data, found) == []
        assert found.manifest["purged"][0]["tombstone"] == report.tombstone
    for delivery in landed.deliveries(tiny.data, "t01", site):
        landed.verify(delivery)
    assert ledger.verify_chain(tiny.data) == []


def test_after_a_purge_the_next_night_publishes_without_the_participant_and_says_that_the_site_still_sends_them(tiny: Tiny):
    go(tiny, "A", "S2")
    ended = tiny.run()

    assert status(ended)["A"] in ("fresh", "unchanged")
    assert "t01-A-S2" not in set(tiny.set("adsl").get_column("USUBJID"))
    for text in OF_S2:
        assert holds(text, [tiny.data]) == [], text
    told = tiny.set("findings").filter(pl.col("rule") == "purged_subject_sent")
    assert told.select("site", "subject", "record_key").rows() == [("A", None, "")]


def test_a_later_delivery_that_holds_the_participant_is_landed_without_them_and_when_it_no_longer_does_the_finding_is_resolved(tiny: Tiny):
    go(tiny, "A", "S2")
    tiny.change("A", "ae.csv", "Head ache", "Headache again")
    tiny.run()
    assert "Headache again" in tiny.set("adae").get_column("AETERM").to_list()
    assert holds("S2,", [tiny.data]) == []

    for path in (tiny.config / "exports" / "A").iterdir():
        path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("S2,")))
    tiny.change("A", "ae.csv", "Headache again", "Headache")
    tiny.run()
    told = findings_store.history(tiny.data, rule="purged_subject_sent")
    assert told.get_column("status").to_list() == ["RESOLVED"]


def test_a_purge_done_twice_changes_nothing_more(tiny: Tiny):
    go(tiny, "A", "S2")
    files = {p: p.stat().st_mtime_ns for p in tiny.data.rglob("*.parquet")}
    lines = len(ledger.entries(tiny.data, tombstones.DONE))
    again = go(tiny, "A", "S2")
    assert set(again.done.values()) == {0}
    assert {p: p.stat().st_mtime_ns for p in tiny.data.rglob("*.parquet")} == files
    assert len(ledger.entries(tiny.data, tombstones.DONE)) == lines


STEPS = [
    (purge_landing, "carry_out"),
    (purge, "_remove_staged"),
    (purge_rows, "history"),
    (purge_rows, "releases_of"),
    (purge_rows, "_count_findings"),
    (purge_rows, "snapshots_of"),
    (purge_rows, "proof"),
    (purge, "_keep"),
]


#: `make faults` tries them all, `make test` one before and another one after.
TRIED = [(*step, after) for after in (False, True) for step in (STEPS if os.environ.get("FAULTS") == "all" else STEPS[4 * after :][:1])]


@pytest.mark.parametrize(("module", "name", "after"), TRIED, ids=[f"{'after' if after else 'before'}-{name}" for _, name, after in TRIED])
def test_a_purge_killed_at_any_step_is_finished_by_the_same_command(tiny: Tiny, monkeypatch, module, name, after):
    class Killed(BaseException):
        pass

    real = getattr(module, name)

    def dies(*args, **kwargs):
        if after:
            real(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(module, name, dies)
    with pytest.raises(Killed):
        go(tiny, "A", "S2")
    monkeypatch.setattr(module, name, real)
    report = go(tiny, "A", "S2")

    assert report.left == []
    for text in OF_S2:
        assert holds(text, [tiny.data]) == [], text
    assert ledger.entries(tiny.data, tombstones.DONE)[-1]["tombstone"] == report.tombstone
    for folder in sorted((tiny.data / "releases").glob("2*")):
        assert verify.published(tiny.data, releases.load(tiny.data, folder.name)) == []
    assert not tiny.run().degraded


def test_releases_from_before_a_purge_are_made_again_from_what_it_left_and_verify_knows_why(tiny: Tiny):
    before = sorted(p.name for p in (tiny.data / "releases").glob("2*"))
    go(tiny, "A", "S2")

    for name in before:
        release = releases.load(tiny.data, name)
        assert verify.everything(tiny.data, release) == []
        assert [t.split(";")[0] for t in verify.purged(tiny.data, release)] == ["t01/A: a participant was purged"]
        report = rebuild.rebuild(tiny.data, release)
        assert report.differs == [] and not report.identical
        assert report.changed == ["t01/A: a participant was purged after this release; it is made again without them"]
        # of site A adsuds, adcm ... point to other rows of its files now; adref, adipd of both sites and the harmonization matrix (twice)
        # hold sums over everybody
        assert [t.split(" hold ")[0].split(" rest ")[0] for t in report.purged] == ["8 files", "5 files"], report.purged

    tiny.run()
    assert rebuild.rebuild(tiny.data, releases.latest(tiny.data)).identical
    answer = explain_cell.cell(tiny.data, releases.load(tiny.data, before[0]), "adex", "t01-A-S1|1", "TIMCAT")
    assert answer["same"] and answer["sources"]


def test_a_site_is_not_held_for_the_records_a_purge_took_away(tiny: Tiny):
    tiny.trial.write_text(tiny.trial.read_text() + "holding: {min_lost_rows: 1, max_lost_pct: 0}\n")
    tiny.run()
    go(tiny, "A", "S2")
    ended = tiny.run()
    assert status(ended)["A"] == "fresh" and not ended.degraded
    assert set(tiny.set("adsl").filter(pl.col("SITEID") == "A").get_column("USUBJID")) == {"t01-A-S1"}


def test_a_delivery_set_aside_or_let_pass_stays_so_when_a_purge_writes_it_again(tiny: Tiny):
    old, newest = landed.deliveries(tiny.data, "t01", "A")
    decisions.put_aside(tiny.data, "t01/A", newest.sha256, "data manager", "the wrong file")
    decisions.release_hold(tiny.data, "t01/A", old.sha256, "data manager", "truly gone")
    go(tiny, "A", "S2")
    again = [d.sha256 for d in landed.deliveries(tiny.data, "t01", "A")]
    assert not {old.sha256, newest.sha256} & set(again)
    assert decisions.set_aside(tiny.data) == {("t01/A", again[1])}
    assert decisions.accepted(tiny.data) == {("t01/A", "A", again[0])}


def test_corrections_of_the_participant_leave_the_kept_configurations_which_are_still_believed(tiny: Tiny):
    file = tiny.config / "sites" / "t01_A" / "corrections.yaml"
    one = "  - {{table: subject, key: {}, field: weight_kg, as_sent: '{}', use: '66', reason: a slip, who: w, when: 2024-01-01}}\n"
    file.write_text("corrections:\n" + one.format("S1", "70") + one.format("S2", "80"))
    ended = tiny.run()
    report = go(tiny, "A", "S2")
    assert report.done["snapshots"] == 1

    release = releases.load(tiny.data, ended.release.release_id)
    assert release.manifest["config_snapshot"] != ended.release.manifest["config_snapshot"]
    assert verify.everything(tiny.data, release) == []
    assert rebuild.rebuild(tiny.data, release).differs == []
    assert holds("key: S2", [tiny.data / "config"]) == [] and holds("key: S1", [tiny.data / "config"]) != []


def test_the_tombstone_names_nobody(tiny: Tiny):
    report = go(tiny, "A", "S2")
    told = (tiny.data / "ledger.jsonl").read_text() + (tiny.data / "purges" / f"{report.tombstone}.json").read_text()
    assert "S2" not in told
    (event,) = ledger.entries(tiny.data, tombstones.DONE)
    assert (event["site"], event["tombstone"]) == ("A", report.tombstone)
    assert (tiny.data / tombstones.KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_nobody_of_that_name_is_an_error_and_nothing_is_written(tiny: Tiny):
    with pytest.raises(ConfigurationError, match="no participant of this name"):
        go(tiny, "A", "S99")
    with pytest.raises(ConfigurationError, match="who asked"):
        purge.purge(load(tiny.config), tiny.data, "t01/A", "S2", " ", "why")
    assert ledger.entries(tiny.data, tombstones.STARTED) == []


def test_a_usubjid_is_refused_with_the_subjid_and_nothing_is_written(tiny: Tiny):
    ours = (".leases", ".lock", ".tombstones.key")
    before = {p: p.stat().st_mtime_ns for p in tiny.data.rglob("*") if p.is_file() and not {*p.parts} & {*ours}}
    with pytest.raises(ConfigurationError, match=r"nothing was changed\n  fix -> trialweave purge t01/A S2 "):
        go(tiny, "A", "t01-A-S2")
    assert {p: p.stat().st_mtime_ns for p in tiny.data.rglob("*") if p.is_file() and not {*p.parts} & {*ours}} == before


def test_a_delivery_that_rows_cannot_be_taken_out_of_is_refused_first_and_dropped_when_asked(tmp_path: Path):
    import openpyxl

    tiny = Tiny(tmp_path)
    book = openpyxl.Workbook()
    for line in tiny.export("A", "people.csv").read_text().splitlines():
        book.active.append(line.split(","))
    book.save(tiny.export("A", "people.xlsx"))
    tiny.export("A", "people.csv").unlink()
    site = tiny.config / "sites" / "t01_A" / "site.yaml"
    site.write_text(site.read_text().replace("file: people.csv", "file: people.xlsx"))
    tiny.run()

    with pytest.raises(ConfigurationError, match=r"taking the rows out of \.csv, \.xlsx files is not possible") as told:
        go(tiny, "A", "S2")
    assert "S2" not in str(told.value)
    assert "t01-A-S2" in set(tiny.set("adsl").get_column("USUBJID"))
    assert not list((tiny.data / "landing" / "t01" / "A").glob(".tmp-*"))

    report = go(tiny, "A", "S2", drop_deliveries=True)
    assert report.left == [] and landed.deliveries(tiny.data, "t01", "A") == []
    first = releases.latest(tiny.data)
    again = rebuild.rebuild(tiny.data, first)
    assert again.differs == [] and again.changed[0].endswith("was removed by a purge; what it gave cannot be made again")
    assert again.purged[-1] == "11 files come from a delivery that a purge removed: they are not made again"
    assert verify.everything(tiny.data, first) == []
    assert holds("t01-A-S2", [tiny.data]) == []
    ended = tiny.run()
    assert status(ended)["A"] == "missing"
    (entry,) = [e for e in ended.release.manifest["sites"] if e["site"] == "A"]
    assert "a participant whose data were purged; it is not landed" in entry["reason"]


def test_rows_without_an_identifier_of_their_own_are_never_left_to_somebody_else(tmp_path: Path):
    """Doses of S2 written under one identifier, the rows below blank: taking the first row out would give the others to S1."""
    tiny = Tiny(tmp_path)
    tiny.export("A", "doses.csv").write_text(
        "id,no,taken,mg,at\nS1,1,yes,50,2024-03-05 13:00\n,2,yes,50,2024-03-12 12:59:59\n"
        "S2,1,yes,50,2024-03-06 13:00\n,2,yes,50,2024-03-13 13:00\n"
    )
    site = tiny.config / "sites" / "t01_A" / "site.yaml"
    site.write_text(site.read_text().replace("file: doses.csv", "file: doses.csv\n    fill_down: [id]"))
    tiny.run()
    with pytest.raises(ConfigurationError, match="would change other participants"):
        go(tiny, "A", "S2")


def test_a_purge_of_a_deidentified_trial_takes_the_pseudonym_out_of_its_releases(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("TINY_KEY", KEY)
    tiny = Tiny(tmp_path, DEIDENTIFIED)
    tiny.run()
    assert tiny.set("adsl").height == 4
    go(tiny, "A", "S2")
    assert tiny.set("adsl").height == 3
    assert holds("Visual hallucinations", [tiny.data]) == []


def test_the_command_reports_what_it_did_and_what_to_do_in_the_configuration(tiny: Tiny):
    folder = tiny.config / "sites" / "t01_A"
    (folder / "corrections.yaml").write_text(
        "corrections:\n  - {table: subject, key: S2, field: weight_kg, as_sent: '40', use: '41', reason: r, who: w, when: 2024-01-01}\n"
    )
    code, out = call("purge", "t01/A", "S2", "--config", tiny.config, "--data", tiny.data, "--who", "dpo", "--reason", "withdrawn")
    assert code == 0, out
    assert "rows of the participant stood in " in out and ".csv: have the site take them out there" in out
    assert "2 deliveries" in out and "no file of the data folder holds a row of the participant" in out
    assert "1 corrections in sites/t01_A/corrections.yaml name the participant" in out


def test_a_participant_who_asked_for_removal_is_in_no_set_and_named_by_no_finding_of_the_demos_release(demo_release: DemoRelease):
    asked = demo_release.findings.filter(pl.col("rule") == "removal_requested").select("study", "site", "subject").unique()
    assert asked.height > 0
    for study, site, subject in asked.iter_rows():
        for path in demo_release.release.glob(f"*/{study}/*.parquet"):
            frame = pl.read_parquet(path)
            if "USUBJID" in frame.columns:
                assert frame.filter(pl.col("USUBJID") == f"{study}-{site}-{subject}").is_empty(), path.name
        for path in demo_release.release.glob(f"findings/{study}/{site}-*.parquet"):
            shown = pl.read_parquet(path)
            assert shown.filter((pl.col("subject") == subject) | pl.col("record_key").str.starts_with(subject)).is_empty()
            assert "removal_requested" in set(shown.get_column("rule"))
        told = demo_release.findings.filter((pl.col("study") == study) & (pl.col("site") == site) & (pl.col("subject") == subject))
        assert set(told.get_column("rule")) == {"removal_requested"}
