"""The configuration of a release is kept, and a release is made again from landing and it alone."""

from __future__ import annotations

import shutil
import zipfile

import pytest

from flows.engine import batch, landed, rebuild, releases, remake, snapshots, verify
from flows.engine.config import load
from schemas.columns import PER_SITE
from schemas.findings import ConfigurationError
from tests.nights import Nights, counting_work
from tests.nights import two_sites as two_sites


def snapshot_of(data) -> str:
    return str(releases.latest(data).manifest["config_snapshot"])


def test_the_files_a_configuration_is_read_from_are_kept_and_no_others(two_sites: Nights):
    (two_sites.config / "sites" / "t01_01" / ".env").write_text("PASSWORD=secret")
    (two_sites.config / "sites" / "t01_01" / "notes.txt").write_text("call the site")
    (two_sites.config / "sites" / "t01_01" / "corrections.yaml").write_text("corrections: []\n")
    (two_sites.config / "codelists").mkdir()
    (two_sites.config / "codelists" / "dictionary_who.yaml").write_text("{name: DRUG, ingredient: INN}\n")
    (two_sites.config / "codelists" / "dictionary_who.csv").write_text("DRUG,INN\nProzac,fluoxetine\n")
    two_sites.run()
    sha256 = snapshot_of(two_sites.data)
    names = [n for n in zipfile.ZipFile(snapshots.path_of(two_sites.data, sha256)).namelist() if n.startswith("own/")]
    assert names[:2] == ["own/codelists/dictionary_who.csv", "own/codelists/dictionary_who.yaml"], "the second says what the first holds"
    sites = ["own/sites/t01_01/corrections.yaml", "own/sites/t01_01/site.yaml", "own/sites/t01_02/site.yaml"]
    assert names[2:] == [*sites, "own/trials/t01.yaml"]
    assert snapshots.path_of(two_sites.data, sha256).stat().st_mode & 0o777 == 0o400


def test_an_opened_snapshot_is_the_configuration_it_was_taken_from(two_sites: Nights):
    two_sites.run()
    with snapshots.opened(two_sites.data, snapshot_of(two_sites.data)) as folder:
        again = snapshots.load(folder)
    now = load(two_sites.config)
    assert again.units.keys() == now.units.keys()
    assert [again.units[k].site for k in sorted(again.units)] == [now.units[k].site for k in sorted(now.units)]
    assert (again.trials, again.evidence, again.instruments) == (now.trials, now.evidence, now.instruments)


def test_two_releases_of_one_configuration_share_a_snapshot_and_a_changed_one_gets_its_own(two_sites: Nights):
    two_sites.run()
    two_sites.send("02", "S1 50\nS2 50\nS3 50\n")
    two_sites.run()
    assert len(list((two_sites.data / "config").iterdir())) == 1
    site = two_sites.config / "sites" / "t01_02" / "site.yaml"
    site.write_text(site.read_text().replace("Europe/Lisbon", "Europe/Berlin"))
    two_sites.run()
    assert len(list((two_sites.data / "config").iterdir())) == 2


@pytest.mark.parametrize(("harm", "told"), [("gone", "is not in config/"), ("cut", "cannot be read"), ("changed", "is not as it was kept")])
def test_a_snapshot_that_is_gone_or_was_touched_is_told(two_sites: Nights, harm, told):
    ended = two_sites.run()
    path = snapshots.path_of(two_sites.data, snapshot_of(two_sites.data))
    if harm == "gone":
        path.unlink()
    elif harm == "cut":
        content = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(content[: len(content) // 2])
    else:
        path.unlink()
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("own/trials/t01.yaml", "study: t01")
    (problem,) = verify.everything(two_sites.data, ended.release)
    assert problem.endswith(told)
    with pytest.raises(ConfigurationError, match=told):
        rebuild.rebuild(two_sites.data, ended.release)


def test_a_release_is_made_again_without_todays_configuration_export_or_staged_files(two_sites: Nights):
    first = two_sites.run()
    two_sites.send("02", "S1 50\nodd 50\nS3 50\n")
    second = two_sites.run()
    shutil.rmtree(two_sites.config)
    shutil.rmtree(two_sites.data / "staged")
    for ended in (first, second):
        report = rebuild.rebuild(two_sites.data, ended.release)
        assert (report.identical, report.changed, report.differs) == (True, [], [])
        # nine sets, adref, adipd and findings of two sites; the matrix as Parquet and CSV, three documents
        assert report.compared == 9 * 2 + 1 + 2 + 2 + 2 + 3


def test_findings_that_were_first_seen_on_an_earlier_night_come_out_with_that_day(two_sites: Nights):
    two_sites.land("01", "S1 50\nodd 50\n", "2026-03-01")
    two_sites.land("02", "S1 50\nS2 50\n", "2026-03-01")
    two_sites.run(as_of="2026-03-01")
    two_sites.land("01", "S1 50\nodd 50\nodd2 60\n", "2026-03-02")
    later = two_sites.run(as_of="2026-03-02")
    report = rebuild.rebuild(two_sites.data, later.release)
    assert report.differs == []


def test_changed_code_is_said_first_and_what_came_out_otherwise_is_named(two_sites: Nights, monkeypatch):
    ended = two_sites.run()

    def other_work(programme, data, inputs, threads=1):
        for item in inputs:
            for delivery in item.deliveries:
                file = delivery.folder / "dose.csv"
                file.chmod(0o644)
                file.write_text(file.read_text() + "S9 50\n")
        return counting_work(programme, data, inputs)

    monkeypatch.setattr(batch, "work", other_work)
    monkeypatch.setattr(remake, "code_sha256", lambda: "other")
    report = rebuild.rebuild(two_sites.data, ended.release)
    assert not report.identical
    assert report.changed[0].startswith("the code changed since: this release was made by 0.1.0")
    assert [d.split("-")[0] for d in report.differs if d.startswith("adex")] == ["adex/t01/01", "adex/t01/02"]
    assert "t01/01: rows received, kept, quarantined or withheld are counted otherwise" in report.differs


def test_a_site_whose_landed_file_was_touched_is_told_and_the_others_are_made_again(two_sites: Nights):
    ended = two_sites.run()
    (delivery,) = landed.deliveries(two_sites.data, "t01", "01")
    (delivery.folder / "dose.csv").chmod(0o644)
    (delivery.folder / "dose.csv").write_text("S1 51\nS2 50\n")
    report = rebuild.rebuild(two_sites.data, ended.release)
    assert report.differs[0].startswith(f"t01/01 ({delivery.delivery_id}): 1 landed file(s) are not as received")
    assert {d.split("-")[0] for d in report.differs[1:] if not d.startswith(("adipd", "adref", "harmonization"))} == {
        f"{s}/t01/01" for s in PER_SITE
    }
    assert verify.deliveries(two_sites.data, ended.release) == [
        f"t01/01 ({delivery.delivery_id}): 1 landed file(s) are not as received first -> dose.csv"
    ]
