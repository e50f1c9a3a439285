"""Putting right what a run that was killed while publishing left: a release is taken back whole, or finished.

What belongs here: deciding it from the ledger. What does not: half-written files, which have names of their own (releases.clear_leftovers).

The ledger tells `release_begun` before anything of a release has its final name and `release_published` when all of it has. Killed between
the two, the release is taken back with its findings, changes and restricted files, so that the next night finds all as it was before.
Killed after it, before `latest` points to it, the release is finished: its bytes are on disk and the ledger knows them.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from flows.engine import ledger, releases
from schemas.findings import TrialweaveError

BEGUN, PUBLISHED, TAKEN_BACK, SWITCHED, ENDED = (
    "release_begun", "release_published", "release_taken_back", "latest_switched", "run_finished",
)  # fmt: skip


def put_right(data: Path) -> list[str]:
    """Take back or finish the release of a killed run; returns what was done. Only the holder of the lock may call it."""
    told = ledger.entries(data)
    done = []
    for release_id in _unfinished(data, told):
        for path in _parts(data, release_id):
            gone = path.with_name(f".tmp-gone-{path.name}")
            path.rename(gone)
            shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
        ledger.append(data, TAKEN_BACK, release_id=release_id)
        done.append(f"{TAKEN_BACK} {release_id}")
    if (release := _to_switch(data, told)) is not None and releases.switch_latest(data, release):
        ledger.append(data, SWITCHED, release_id=release.release_id)
        done.append(f"{SWITCHED} {release.release_id}")
    return done


def demand_ledger(data: Path) -> None:
    """Raises TrialweaveError where the ledger does not know the newest release: it was lost, or restored from an older copy than the rest.
    Answers' waivers, holds let pass, unblinding and purges are known from it, and a night without it would forget them."""
    newest = max((p.parent.name for p in (data / "releases").glob("2*/manifest.json")), default=None)
    if newest is None or ledger.knows(data, newest):
        return
    raise TrialweaveError(
        f"{data}/{ledger.NAME} does not know release {newest}: it is lost or an older copy; nothing was begun\n"
        f"  why   -> unblinding, purges and holds that were let pass stand in it alone\n"
        f"  fix   -> restore {ledger.NAME} and what else was lost from the newest backup of the whole data folder, then run again"
    )


def _unfinished(data: Path, told: list[dict[str, Any]]) -> list[str]:
    """Releases begun and never published. One that `latest` points to or that a later one follows was published: its line is lost."""
    ended = {e.get("release_id") for e in told if e["event"] in (PUBLISHED, TAKEN_BACK)}
    begun = [str(e["release_id"]) for e in told if e["event"] == BEGUN and e["release_id"] not in ended]
    known = [p.name for p in (data / "releases").glob("2*")]
    link = data / "releases" / "latest"
    latest = link.readlink().name if link.is_symlink() else ""
    return [i for i in begun if i != latest and not any(name > i and name not in begun for name in known)]


def _parts(data: Path, release_id: str) -> list[Path]:
    """What a release may have put anywhere; the release itself last, so that a second crash finds the rest again."""
    names = (f"findings/{release_id}.parquet", f"changes/{release_id}.parquet", f"restricted/{release_id}", f"releases/{release_id}")
    return [data / name for name in names if (data / name).exists()]


def _to_switch(data: Path, told: list[dict[str, Any]]) -> releases.Release | None:
    """The release that was to become `latest` when the run ended before its end."""
    last = next((n for n in range(len(told) - 1, -1, -1) if told[n]["event"] == PUBLISHED), None)
    if last is None or not told[last]["latest"]:
        return None
    release_id = str(told[last]["release_id"])
    if any(e["event"] in (SWITCHED, ENDED) and e.get("release_id") == release_id for e in told[last:]):
        return None
    present = releases.latest(data)
    return None if present is not None and present.release_id == release_id else releases.load(data, release_id)
