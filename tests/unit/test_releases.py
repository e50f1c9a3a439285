"""Releases: what is reused, held, carried; what a crash leaves; what a reader finds."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys

import duckdb
import polars as pl
import pytest

from flows.engine import assemble, findings_store, ledger, lock, releases, replay, state, verify
from flows.engine.assemble import Outcome
from flows.engine.config import load
from schemas.columns import PER_SITE, POOLED
from schemas.findings import AccountingError, PublicationError
from tests.nights import Nights, status
from tests.nights import two_sites as two_sites


def of_check(ended: Outcome, rule: str) -> dict[str, str]:
    """Site -> the result of a check in the release."""
    return {r["site"]: r["status"] for r in ended.release.manifest["checks"] if r["rule"] == rule}


def test_the_first_night_publishes_every_set_and_latest_points_to_it(two_sites: Nights):
    ended = two_sites.run()

    assert (ended.published, ended.degraded, ended.recomputed, ended.reused) == (True, False, ["t01/01", "t01/02"], 0)
    assert status(ended) == {"01": "fresh", "02": "fresh"}
    latest = releases.latest(two_sites.data)
    assert latest and latest.release_id == ended.release.release_id
    for dataset in (*PER_SITE, *POOLED, "findings"):
        assert list(latest.folder.glob(f"{dataset}/t01/*.parquet")), dataset
    manifest = latest.manifest
    assert manifest["sites"][0]["tables"] == {"dose": {"received": 2, "kept": 2, "quarantined": 0, "withheld": 0}}
    assert manifest["previous"] is None
    assert verify.published(two_sites.data, latest) == []


def test_a_second_night_with_nothing_new_makes_no_release(two_sites: Nights):
    first = two_sites.run()
    second = two_sites.run()

    assert not second.published
    assert second.release.release_id == first.release.release_id
    assert (second.recomputed, second.reused) == ([], 2)


def test_one_changed_site_is_recomputed_and_the_other_is_linked_not_copied(two_sites: Nights):
    first = two_sites.run()
    two_sites.send("02", "S1 50\nS2 50\nS3 50\n")
    second = two_sites.run()

    assert second.recomputed == ["t01/02"]
    assert status(second) == {"01": "unchanged", "02": "fresh"}
    assert second.release.manifest["previous"] == first.release.release_id
    (name,) = [p.relative_to(first.release.folder) for p in first.release.folder.glob("adex/t01/01-*.parquet")]
    assert (first.release.folder / name).stat().st_ino == (second.release.folder / name).stat().st_ino


def test_a_site_over_its_rejection_threshold_is_held_and_its_last_good_data_are_carried(two_sites: Nights):
    two_sites.land("01", "S1 50\nS2 50\n", "2026-03-01")
    two_sites.run()
    two_sites.send("01", "S1 bad\nS2 bad\nS3 50\n")
    ended = two_sites.run()

    assert ended.degraded
    assert status(ended) == {"01": "carried", "02": "unchanged"}
    site = ended.release.manifest["sites"][0]
    assert site["delivered_on"] == "2026-03-01"
    assert site["age_days"] == (dt.datetime.now(dt.UTC).date() - dt.date(2026, 3, 1)).days
    assert "2 of 3 dose rows were rejected (67 %" in site["reason"]
    assert site["tables"]["dose"]["received"] == 2


def test_a_few_rejected_rows_of_a_small_site_never_hold_it(two_sites: Nights):
    two_sites.send("01", "S1 bad\nS2 50\n")

    ended = two_sites.run()

    assert status(ended) == {"01": "fresh", "02": "fresh"}
    assert ended.release.manifest["sites"][0]["tables"]["dose"]["quarantined"] == 1


def test_a_broken_site_without_earlier_data_is_held_and_the_other_goes_on(two_sites: Nights):
    two_sites.send("01", "BROKEN\n")

    ended = two_sites.run()

    assert ended.degraded
    assert status(ended) == {"01": "held", "02": "fresh"}
    assert list(ended.release.folder.glob("adex/t01/01-*")) == []
    assert of_check(ended, "dose_amount_impossible") == {"01": "ERROR", "02": "NOT_APPLICABLE"}  # what could not be asked has not passed


def test_a_missing_export_is_carried_and_without_earlier_data_missing(two_sites: Nights):
    two_sites.send("02", None)
    first = two_sites.run()
    two_sites.send("02", "S1 50\n")
    two_sites.run()
    two_sites.send("02", None)
    third = two_sites.run()

    assert status(first) == {"01": "fresh", "02": "missing"}
    assert of_check(first, "delivery_shrunk") == {"01": "PASSED", "02": "NOT_DUE"}
    assert status(third) == {"01": "unchanged", "02": "carried"}


def test_no_site_at_all_publishes_nothing(two_sites: Nights):
    two_sites.send("01", None)
    two_sites.send("02", "BROKEN\n")

    with pytest.raises(PublicationError, match="no site can be published"):
        two_sites.run()
    assert releases.latest(two_sites.data) is None
    assert json.loads((two_sites.data / "last_run.json").read_text())["outcome"] == "failed"


def test_rows_that_are_not_accounted_for_stop_the_release(two_sites: Nights):
    def lose_a_row(roster, pooled):
        roster.placed["t01/01"].staged.receipt["sites"]["01"]["tables"]["dose"]["kept"] -= 1
        return assemble.publish(roster, pooled)

    with pytest.raises(AccountingError, match="t01/01, site 01, table dose: received 2 rows, but kept 1 and quarantined 0"):
        two_sites.run(publishing=lose_a_row)
    assert releases.latest(two_sites.data) is None


@pytest.mark.parametrize("step", ["write", "make_durable", "settle", "switch_latest"])
def test_a_crash_at_any_step_leaves_the_old_release_and_the_next_night_clean(two_sites: Nights, monkeypatch, step):
    first = two_sites.run()
    two_sites.send("01", "S1 50\nS9 50\n")
    with monkeypatch.context() as crash:
        crash.setattr(releases, step, lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            two_sites.run()
    latest = releases.latest(two_sites.data)
    assert latest and latest.release_id == first.release.release_id
    assert verify.published(two_sites.data, latest) == []

    again = two_sites.run()

    now = releases.latest(two_sites.data)
    assert now and now.release_id == again.release.release_id != first.release.release_id
    assert again.reused == 2 and again.published == (step != "switch_latest")  # a release the ledger knows is only switched in
    assert list((two_sites.data / "releases").glob(".tmp-*")) == []
    assert verify.published(two_sites.data, again.release) == []


def test_findings_keep_their_first_day_and_are_resolved_when_they_are_gone(two_sites: Nights):
    two_sites.land("01", "S1 odd\nS2 odd\nS3 50\n", "2026-03-01")
    two_sites.run(as_of="2026-03-01")
    two_sites.land("01", "S1 odd\nS2 50\nS3 50\n", "2026-03-02")
    second = two_sites.run(as_of="2026-03-02")

    known = findings_store.history(two_sites.data).select("record_key", "status", "first_seen", "resolved_on").sort("record_key").rows()
    day1, day2 = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
    assert known == [("S1", "OPEN", day1, None), ("S2", "RESOLVED", day1, day2)]
    (file,) = second.release.folder.glob("findings/t01/01-*.parquet")
    frame = pl.read_parquet(file)
    assert "raw_value" not in frame.columns
    assert frame.select("record_key", "first_seen").rows() == [("S1", day1)]
    assert second.release.manifest["sites"][0]["findings"] == {"query": 1}


def test_a_finding_that_comes_back_is_reopened_with_its_first_day(two_sites: Nights):
    for day, text in (("2026-03-01", "S1 odd\n"), ("2026-03-02", "S1 50\n"), ("2026-03-03", "S1 odd\n")):
        two_sites.land("01", text, day)
        two_sites.run(as_of=day)

    assert findings_store.history(two_sites.data).select("status", "first_seen").rows() == [("REOPENED", dt.date(2026, 3, 1))]


def test_findings_of_a_site_that_is_taken_out_of_the_configuration_are_resolved(two_sites: Nights):
    two_sites.send("02", "S1 50\nodd 50\n")
    two_sites.run()
    shutil.rmtree(two_sites.config / "sites" / "t01_02")
    ended = two_sites.run()
    assert [e["site"] for e in ended.release.manifest["sites"]] == ["01"]
    gone = findings_store.history(two_sites.data, [("t01", "02")])
    assert gone.select("status", "why").unique().rows() == [("RESOLVED", "configuration")]


def test_an_old_night_replayed_uses_what_was_known_then_and_does_not_move_latest(two_sites: Nights):
    two_sites.land("01", "S1 50\n", "2026-03-01")
    two_sites.land("01", "S1 50\nS2 50\n", "2026-03-05")
    newest = two_sites.run(as_of="2026-03-05")
    old = two_sites.run(as_of="2026-03-02")

    assert old.published and not old.is_latest
    assert old.release.manifest["sites"][0]["delivered_on"] == "2026-03-01"
    assert status(old) == {"01": "fresh", "02": "missing"}
    latest = releases.latest(two_sites.data)
    assert latest and latest.release_id == newest.release.release_id


def test_replaying_an_unchanged_night_is_seen_before_it_is_started(two_sites: Nights):
    two_sites.land("01", "S1 50\n", "2026-03-02")
    night, before = (replay.nights(dt.date(2026, 3, d), dt.date(2026, 3, d))[0] for d in (2, 1))

    assert replay.Replay(two_sites.config, two_sites.data, frozenset()).stands(before)
    assert not replay.Replay(two_sites.config, two_sites.data, frozenset()).stands(night)
    two_sites.run(as_of="2026-03-02")
    assert replay.Replay(two_sites.config, two_sites.data, frozenset()).stands(night)


def test_the_catalog_works_from_any_folder_and_after_a_move(two_sites: Nights, tmp_path, monkeypatch):
    ended = two_sites.run()
    monkeypatch.chdir("/")
    with duckdb.connect(str(ended.release.folder / "catalog.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from adex").fetchall() == [(4,)]
    moved = ended.release.folder.rename(tmp_path / "moved")
    with duckdb.connect(str(moved / "catalog.duckdb"), read_only=True) as con:
        con.execute(f"set variable release = '{moved}'")
        assert con.execute("select count(*) from adex").fetchall() == [(4,)]


def test_verify_names_a_file_that_was_changed(two_sites: Nights):
    ended = two_sites.run()
    (file,) = ended.release.folder.glob("adex/t01/01-*.parquet")
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1])

    (problem,) = verify.published(two_sites.data, ended.release)

    assert problem.endswith("is not as it was published") and problem.startswith("adex/t01/01-")


def test_nothing_changed_is_seen_without_heavy_imports_and_a_change_too(two_sites: Nights):
    two_sites.run()

    def look() -> bool:
        seen = state.look(two_sites.config, load(two_sites.config))
        return state.stands(two_sites.data, seen) is not None

    assert look()
    two_sites.send("01", "S1 51\n")
    assert not look()
    two_sites.send("01", "S1 50\nS2 50\n")
    assert look()
    (two_sites.config / "trials" / "t01.yaml").open("a").write("# a remark\n")
    assert not look()


def test_a_second_writer_is_told_who_holds_the_data_folder(two_sites: Nights):
    code = f"import pathlib, flows.engine.lock as l\nwith l.writing(pathlib.Path({str(two_sites.data)!r})): pass"
    with lock.writing(two_sites.data):
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "is being written by process" in other.stderr
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_lock_of_a_process_that_died_is_taken_over(tmp_path):
    code = f"import os, pathlib, flows.engine.lock as l\nc = l.writing(pathlib.Path({str(tmp_path)!r})); c.__enter__(); os._exit(9)"
    subprocess.run([sys.executable, "-c", code], check=False)

    with lock.writing(tmp_path) as leftover:
        assert leftover and "pid" in leftover


def test_the_ledger_of_two_nights_is_one_chain(two_sites: Nights):
    two_sites.run()
    two_sites.run()

    assert [e["event"] for e in ledger.entries(two_sites.data)] == [
        "run_started", "release_begun", "release_published", "run_finished", "run_started", "run_finished",
    ]  # fmt: skip
    assert ledger.verify_chain(two_sites.data) == []


def test_counts_of_a_report_that_a_killed_run_left_half_written_are_removed(tmp_path):
    (tmp_path / "report_counts").mkdir()
    (tmp_path / "report_counts" / ".tmp-outcome.parquet").write_bytes(b"half")
    (tmp_path / "report_counts" / "outcome.parquet").write_bytes(b"whole")
    assert releases.clear_leftovers(tmp_path) == ["report_counts/.tmp-outcome.parquet"]
    assert [p.name for p in (tmp_path / "report_counts").iterdir()] == ["outcome.parquet"]


def test_a_release_knows_its_commit_also_where_the_checkout_is_another_users(tmp_path, monkeypatch):
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user")
    for words in (["init", "-q"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    commit = subprocess.run(["git", "-C", str(tmp_path), "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.chown(path, 65534, 65534)
    monkeypatch.setattr(releases, "PROJECT", tmp_path)
    monkeypatch.delenv("SUDO_UID", raising=False)
    told = releases.git_sha.__wrapped__()
    assert len(told) >= 7 and commit.startswith(told)
