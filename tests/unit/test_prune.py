"""Retention: what a kept release or the next run needs stays, whatever else goes; landing and history are never touched."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import textwrap

import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from flows.engine import ledger, prune, rebuild, releases, verify
from flows.engine.lock import LockedError
from tests.conftest import ROOT
from tests.nights import Nights
from tests.nights import two_sites as two_sites


def four_nights(nights: Nights) -> list[str]:
    """Four releases; site 02 changes each night, 01 never; the configuration changes before the third."""
    out = [nights.run().release.release_id]
    for n in (3, 4, 5):
        nights.send("02", "".join(f"S{i} 50\n" for i in range(1, n + 1)))
        if n == 4:
            site = nights.config / "sites" / "t01_02" / "site.yaml"
            site.write_text(site.read_text().replace("Europe/Lisbon", "Europe/Berlin"))
        out.append(nights.run().release.release_id)
    return out


def there(nights: Nights, folder: str) -> set[str]:
    return {p.relative_to(nights.data / folder).as_posix() for p in (nights.data / folder).rglob("*") if p.is_file()}


def test_two_releases_are_kept_whole_and_what_only_older_ones_needed_goes(two_sites: Nights):
    ids = four_nights(two_sites)
    landing, findings = there(two_sites, "landing"), there(two_sites, "findings")
    assert len(list((two_sites.data / "staged" / "t01" / "02").iterdir())) == 4
    assert len(list((two_sites.data / "config").iterdir())) == 2

    plan = prune.prune(two_sites.data, keep=2)

    assert (plan.kept, plan.releases) == (ids[2:], ids[:2])
    assert sorted(p.name for p in (two_sites.data / "releases").glob("2*")) == ids[2:]
    assert len(list((two_sites.data / "staged" / "t01" / "01").iterdir())) == 1  # all releases link it
    assert len(list((two_sites.data / "staged" / "t01" / "02").iterdir())) == 1  # the newest only: it is compared with next night
    assert len(list((two_sites.data / "config").iterdir())) == 1
    assert (there(two_sites, "landing"), there(two_sites, "findings")) == (landing, findings)
    for release_id in ids[2:]:
        release = releases.load(two_sites.data, release_id)
        assert verify.everything(two_sites.data, release) == []
        assert rebuild.rebuild(two_sites.data, release).differs == []
    (line,) = ledger.entries(two_sites.data, "pruned")
    assert (line["keep"], line["kept"], line["releases"], line["staged"]) == (2, 2, ids[:2], len(plan.staged))


def test_the_night_after_pruning_recomputes_only_what_changed(two_sites: Nights):
    four_nights(two_sites)
    prune.prune(two_sites.data, keep=1)
    assert not two_sites.run().published
    two_sites.send("02", "S1 50\nS2 50\nS3 50\nS4 50\nS5 50\nS6 50\n")
    ended = two_sites.run()
    assert ended.recomputed == ["t01/02"]
    assert verify.everything(two_sites.data, ended.release) == []


def test_a_carried_site_keeps_what_it_is_carried_from(two_sites: Nights):
    two_sites.run()
    two_sites.send("01", "BROKEN\n")
    held = two_sites.run()
    assert held.degraded
    prune.prune(two_sites.data, keep=1)
    two_sites.send("02", "S1 50\nS2 50\nS3 50\n")
    ended = two_sites.run()
    assert {s["site"]: s["status"] for s in ended.release.manifest["sites"]} == {"01": "carried", "02": "fresh"}
    assert verify.everything(two_sites.data, ended.release) == []


def test_a_dry_run_removes_and_writes_nothing(two_sites: Nights):
    ids = four_nights(two_sites)
    before = there(two_sites, ".")
    plan = prune.prune(two_sites.data, keep=1, dry_run=True)
    assert plan.releases == ids[:3]
    assert {n for n in there(two_sites, ".") ^ before if not n.startswith((".lock", ".leases/"))} == set()
    assert ledger.entries(two_sites.data, "pruned") == []


def test_releases_of_the_last_days_are_kept_and_the_latest_however_old_it_is(two_sites: Nights):
    ids = four_nights(two_sites)
    assert prune.prune(two_sites.data, keep_days=1, dry_run=True).releases == []
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)
    assert prune.prune(two_sites.data, keep_days=7, dry_run=True, now=later).kept == ids[3:]
    assert prune.prune(two_sites.data, keep=2, keep_days=7, dry_run=True, now=later).kept == ids[2:]


def test_a_release_that_cannot_be_read_is_left_for_a_person(two_sites: Nights):
    ids = four_nights(two_sites)
    (two_sites.data / "releases" / ids[0] / "manifest.json").chmod(0o600)
    (two_sites.data / "releases" / ids[0] / "manifest.json").write_text("{")
    plan = prune.prune(two_sites.data, keep=1)
    assert (plan.kept, plan.config) == ([ids[0], ids[3]], [])


def test_pruning_waits_for_no_run_but_refuses_while_one_holds_the_folder(two_sites: Nights):
    two_sites.run()
    holder = textwrap.dedent("""
        import sys
        from pathlib import Path
        from flows.engine import lock
        with lock.writing(Path(sys.argv[1])):
            print("held", flush=True)
            sys.stdin.readline()
    """)
    other = subprocess.Popen(
        [sys.executable, "-c", holder, str(two_sites.data)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match="is being written by process"):
            prune.prune(two_sites.data, keep=1)
    finally:
        other.communicate("\n", timeout=30)


def test_one_of_the_two_bounds_is_enough_on_the_command_line(two_sites: Nights):
    two_sites.run()
    for words in (["--keep", "30"], ["--keep-days", "30"]):
        done = CliRunner().invoke(app, ["prune", *words, "--data", str(two_sites.data), "--dry-run"])
        assert done.exit_code == 0, done.output
    assert CliRunner().invoke(app, ["prune", "--data", str(two_sites.data)]).exit_code == 2
