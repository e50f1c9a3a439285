"""A blinded trial by the whole route: texts that name an arm, identifiers that do, unblinding, and the restricted folder."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import stat
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from flows import doctor
from flows.__main__ import app
from flows.engine import explain_cell, findings_store, ledger, rebuild, unblinding
from schemas.findings import ConfigurationError, PublicationError
from tests.conftest import DemoRelease
from tests.nights import status
from tests.privacy import Tiny, holds

BLINDED = ("sad01", "ocd01", "tail01")


def call(*words: object) -> tuple[int, str]:
    ended = CliRunner().invoke(app, [str(w) for w in words])
    return ended.exit_code, ended.output


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    return Tiny(tmp_path)


def unblind(tiny: Tiny, who: str, reason: str) -> tuple[int, str]:
    return call("unblind", "t01", "--config", tiny.config, "--data", tiny.data, "--who", who, "--reason", reason)


def with_list(tiny: Tiny) -> None:
    """Give site A a randomization list."""
    tiny.export("A", "arms.csv").write_text("id,arm,rand\nS1,DCS,R-901\nS2,PBO,R-902\n")
    site = tiny.config / "sites" / "t01_A" / "site.yaml"
    site.write_text(site.read_text() + "  randomization: {file: arms.csv, fields: {arm: arm, number: rand}}\n")


@pytest.fixture(scope="module")
def listed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """After a blinded night with a randomization list at site A; to be copied, not used."""
    tiny = Tiny(tmp_path_factory.mktemp("listed"))
    with_list(tiny)
    tiny.run()
    return tiny.config.parent


@pytest.fixture(scope="module")
def unblinded_once(listed_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """After the trial was unblinded, too: what was asked of it on the way, and the night after; to be copied, not used."""
    tiny = copy(listed_once, tmp_path_factory.mktemp("unblinded"))
    tiny.status("blinding: {status: blinded}", 'blinding: {status: unblinded, unblinded_on: "2026-01-15"}')
    with pytest.raises(ConfigurationError, match="trialweave unblind t01"):
        tiny.run()
    (look,) = [one for one in doctor.looks(tiny.config, tiny.data, dt.datetime.now(dt.UTC)) if one.what == "trials"]
    assert look.state is doctor.State.BAD and look.fix.startswith("trialweave unblind t01")
    assert unblind(tiny, "", "x")[0] == 2
    code, out = unblind(tiny, "Dr. Statistician", "database lock")
    assert code == 0, out
    tiny.run()
    return tiny.config.parent


def copy(folder: Path, to: Path) -> Tiny:
    shutil.copytree(folder, to, symlinks=True, dirs_exist_ok=True)
    return Tiny(to, made=True)


@pytest.fixture
def unblinded(unblinded_once: Path, tmp_path: Path) -> Tiny:
    return copy(unblinded_once, tmp_path)


def test_a_text_that_names_an_arm_is_not_published_and_there_is_a_finding_without_it(tiny: Tiny):
    tiny.change("A", "ae.csv", "Headache", "Headache on placebo")
    tiny.change("A", "meds.csv", "Zoloft 50 mg", "Zoloft 50 mg (PBO)")
    ended = tiny.run()

    assert status(ended) == {"A": "fresh", "B": "fresh"}
    assert tiny.set("adae").sort("USUBJID").get_column("AETERM").to_list() == [None, "Visual hallucinations"]
    for text in ("placebo", "PBO"):
        assert holds(text, [tiny.latest]) == [], text
    named = findings_store.history(tiny.data).filter(pl.col("rule") == "arm_named").sort("table", "field")
    assert named.select("table", "field", "subject", "raw_value").rows()[0] == ("adverse_event", "verbatim", "S1", "Headache on placebo")
    assert set(named.get_column("table")) == {"adverse_event", "medication"}
    assert "arm_named" in set(tiny.set("findings").get_column("rule"))


def test_an_identifier_that_names_an_arm_holds_the_site_and_the_others_go_on(tiny: Tiny):
    for name in ("people", "sessions", "doses", "suds", "meds", "spd", "ae"):
        tiny.change("A", f"{name}.csv", "\nS1,", "\nPBO-1,")
    ended = tiny.run()

    assert status(ended) == {"A": "held", "B": "fresh"}
    assert holds("PBO", [tiny.latest]) == []
    (entry,) = [e for e in ended.release.manifest["sites"] if e["site"] == "A"]
    assert "1 participants have an identifier" in entry["reason"]
    assert findings_store.history(tiny.data).filter(pl.col("rule") == "arm_in_identifier").get_column("site").to_list() == ["A"]
    code, out = call("release-hold", "t01/A", "--delivery", ended.release.manifest["sites"][0]["held"] or "", "--who", "x", "--reason", "y")
    assert code == 2 and "PBO" not in out


def test_a_set_that_holds_an_arm_is_stopped_before_the_release(tiny: Tiny, monkeypatch):
    from flows.engine import copies, partitions
    from flows.engine.releases import Part

    frame = pl.DataFrame([{"TRT01P": "Placebo", "TRT01A": None}], schema={"TRT01P": pl.String, "TRT01A": pl.String})
    path = tiny.config / "adsl.parquet"
    frame.write_parquet(path)
    how = {"t01": copies.Shown(None, {}, blinding_terms(tiny))}
    part = Part("adsl", "adsl/t01/A-12345678.parquet", 1, "", path)
    with pytest.raises(PublicationError, match="t01/A: adsl holds the arm in 1 rows although the trial is blinded") as told:
        copies.gate([part], how)
    assert "lacebo" not in str(told.value)
    assert partitions


def blinding_terms(tiny: Tiny):
    from flows.engine import blinding

    return blinding.terms_of(tiny.load())["t01"]


def test_while_arms_differ_in_strength_and_the_trial_is_blinded_no_amount_is_published_and_unblinding_brings_them_back(tiny: Tiny):
    tiny.status("{code: PBO, label: Placebo, dose_mg: 50,", "{code: PBO, label: Placebo, dose_mg: 500,")
    tiny.change("A", "doses.csv", "S1,1,yes,50,", "S1,1,yes,500,")
    before = tiny.run().release

    shown = tiny.set("adex").filter(pl.col("USUBJID") == "t01-A-S1").sort("EXSEQ")
    columns = ["EXOCCUR", "TIMCAT", "EXDOSE", "EXDOSU", "EXDOSORG", "DOSECAT", "GT250FL"]
    assert shown.select(columns).rows() == [("Y", "PRE_1_2H", *[None] * 5), ("Y", "PRE_1_2H", *[None] * 5)]
    assert tiny.set("adsl").sort("USUBJID").select("NDOSE", "CUMDOSE").rows()[0] == (2, None)
    assert before.manifest["amounts_withheld"] == ["t01"]
    told = tiny.set("findings").filter(pl.col("rule") == "amount_tells_arm").sort("site")
    assert told.select("site", "table", "field", "severity", "n_rows").rows() == [
        ("A", "dose", "dose_mg", "withhold", 3), ("B", "dose", "dose_mg", "withhold", 4),
    ]  # fmt: skip
    assert rebuild.rebuild(tiny.data, before).identical
    answer = explain_cell.cell(tiny.data, before, "adex", "t01-A-S1|1", "EXDOSE")
    assert (answer["published"], answer["same"]) == (None, True)
    assert answer["why_null"] == [
        "the amount is left out of the releases of a blinded trial whose arms differ in strength, until it is unblinded"
    ]

    tiny.status("blinding: {status: blinded}", 'blinding: {status: unblinded, unblinded_on: "2026-01-15"}')
    assert unblind(tiny, "Dr. Statistician", "database lock")[0] == 0
    tiny.run()
    assert tiny.set("adex").filter(pl.col("USUBJID") == "t01-A-S1").sort("EXSEQ").get_column("EXDOSE").to_list() == [500.0, 50.0]


def test_a_site_whose_amounts_part_its_participants_is_held_until_the_trial_says_that_they_tell_nothing(tiny: Tiny):
    files = {"people": "{},30,F,60,2024-02-20,2024-03-01", "doses": "{0},1,yes,{1},2024-03-05 13:00\n{0},2,yes,{1},2024-03-12 13:00"}
    for name, line in files.items():
        path = tiny.export("A", f"{name}.csv")
        amounts = [50, 50, 50, 50, 0, 0, 0, 0]
        path.write_text(path.read_text().split("\n")[0] + "\n" + "".join(line.format(f"S{n}", a) + "\n" for n, a in enumerate(amounts, 1)))
    ended = tiny.run()

    assert status(ended) == {"A": "held", "B": "fresh"}
    (entry,) = [e for e in ended.release.manifest["sites"] if e["site"] == "A"]
    assert entry["reason"].startswith("t01/A: 4 participants have another amount at every dose than all others")
    assert tiny.set("findings").filter(pl.col("rule") == "arm_in_amount").select("site", "n_rows").rows() == [("A", 4)]
    assert tiny.set("findings").filter((pl.col("site") == "A") & (pl.col("rule") == "dose_amount_impossible")).is_empty()

    tiny.status("blinding: {status: blinded}", "blinding: {status: blinded, amounts: shown}")
    assert status(tiny.run())["A"] == "fresh"
    assert tiny.set("adex").filter(pl.col("SITEID") == "A").height == 16


def test_a_blinded_list_is_not_landed(listed_once: Path, tmp_path: Path):
    tiny = copy(listed_once, tmp_path)
    for text in ("R-901", "R-902", ",PBO"):
        assert holds(text, [tiny.data / "landing", tiny.data / "staged", tiny.latest]) == [], text
    assert not (tiny.data / "restricted").exists()


def test_a_release_of_before_stays_blind_after_unblinding_which_is_recorded_once(unblinded: Tiny):
    tiny = unblinded
    (event,) = ledger.entries(tiny.data, unblinding.EVENT)
    assert (event["study"], event["unblinded_on"], event["who"], event["reason"]) == (
        "t01",
        "2026-01-15",
        "Dr. Statistician",
        "database lock",
    )
    assert unblind(tiny, "x", "y")[0] == 2

    (before,) = {f.resolve() for f in (tiny.data / "releases").glob("2*")} - {tiny.latest.resolve()}
    given = tiny.set("adtrt", tiny.data / "restricted" / tiny.latest.name)
    assert sorted(given.select("USUBJID", "TRT01P", "RANDNO").rows()) == [
        ("t01-A-S1", "D-cycloserine 50 mg", "R-901"),
        ("t01-A-S2", "Placebo", "R-902"),
    ]
    assert set(tiny.set("adsl").get_column("BLINDFL")) == {"N"}
    assert set(tiny.set("adsl", before).get_column("BLINDFL")) == {"Y"}
    assert json.loads((before / "manifest.json").read_text())["blinded"] == ["t01"]


def test_the_day_of_unblinding_stays_the_one_that_was_recorded_and_a_trial_blinded_again_holds_no_site_for_its_list(unblinded: Tiny):
    tiny = unblinded
    tiny.status("2026-01-15", "2026-01-14")
    with pytest.raises(ConfigurationError, match=r"recorded in ledger\.jsonl is 2026-01-15"):
        tiny.run()

    tiny.status('{status: unblinded, unblinded_on: "2026-01-14"}', "{status: blinded}")
    again = tiny.run()
    assert status(again) == {"A": "fresh", "B": "fresh"}
    assert set(tiny.set("adsl").get_column("TRT01P")) == {None}
    assert "delivery_shrunk" not in set(tiny.set("findings").get_column("rule"))


def test_unblinding_is_refused_while_the_trials_file_says_blinded(tiny: Tiny):
    code, out = unblind(tiny, "x", "y")
    assert code == 2
    assert "says blinding.status blinded" in out and ledger.entries(tiny.data, unblinding.EVENT) == []


def test_a_restricted_folder_that_was_opened_is_closed_again_and_a_link_is_refused(tiny: Tiny):
    with_list(tiny)
    tiny.status("blinding: {status: blinded}", "blinding: {status: open}")
    tiny.run()
    home = tiny.data / "restricted"
    home.chmod(0o755)
    file = next(home.rglob("*.parquet"))
    file.chmod(0o644)
    tiny.run()
    assert (stat.S_IMODE(home.stat().st_mode), stat.S_IMODE(file.stat().st_mode)) == (0o700, 0o400)
    assert ledger.entries(tiny.data, "restricted_closed")[-1]["n"] == 2

    home.rename(tiny.data / "elsewhere")
    home.symlink_to(tiny.data / "elsewhere")
    with pytest.raises(PublicationError, match="is a link"):
        tiny.run()


@pytest.mark.parametrize("study", BLINDED)
def test_the_demos_blinded_trials_carry_no_arm_in_sets_findings_manifest_or_restricted_folder(demo_release: DemoRelease, study: str):
    from flows.cli.common import DEMO
    from flows.engine import blinding
    from flows.engine.config import load

    words = blinding.terms_of(load(DEMO))[study]
    texts: list[str] = []
    for path in sorted(demo_release.release.glob(f"*/{study}/*.parquet")):
        frame = pl.read_parquet(path)
        assert not {"TRT01P", "TRT01A"} & {c for c in frame.columns if frame.get_column(c).null_count() < frame.height}, path.name
        texts += [str(v) for c in frame.columns if frame.schema[c] == pl.String for v in frame.get_column(c).unique().drop_nulls()]
    manifest = json.loads((demo_release.release / "manifest.json").read_text())
    texts += [json.dumps(e) for e in manifest["sites"] if e["study"] == study]
    told = pl.DataFrame({"t": texts}).filter(blinding.tells("t", words))
    assert told.height == 0
    assert study in manifest["blinded"]
    assert not list((demo_release.data / "restricted").glob(f"*/adtrt/{study}"))
