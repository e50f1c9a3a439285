"""A backfill that is killed or cancelled in the middle: what stands is whole, and the same command goes on where it was."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from flows.engine import landing, ledger
from flows.engine.config import load
from tests.faults.scene import Scene, clear, latest_id, nothing_half_written, verified
from tests.faults.server import Ended

KIND = "backfill"
NIGHTS = ("--from", "2026-03-01", "--to", "2026-03-03")


@pytest.fixture
def past(after_one: Scene, tmp_path: Path) -> Scene:
    """Nothing was ever run; three nights, on each of which site A sent another dose."""
    scene = after_one.copy(tmp_path / "scene")
    shutil.rmtree(scene.data)
    for day in (1, 2, 3):
        doses = scene.export("A/doses.csv")
        doses.write_text(doses.read_text() + f"S2,{day},yes,50,2024-03-1{day} 09:30\n")
        for key, unit in load(scene.config).units.items():
            if day == 1 or key == "t01/A":
                landing.receive(scene.data, unit, scene.config, dt.datetime(2026, 3, day, 12, tzinfo=dt.UTC))
    return scene


def words(scene: Scene) -> tuple[object, ...]:
    return ("backfill", *NIGHTS, "--config", scene.config, "--data", scene.data, "--json")


def goes_on(scene: Scene, left: int) -> None:
    """The same command does the nights that are left, the newest last, and none twice."""
    verified(scene)
    nothing_half_written(scene)
    ended = scene.commands(*words(scene))
    assert ended.code == 0, ended.said
    assert [len(json.loads(ended.out)), latest_id(scene.data)] == [left, json.loads(ended.out)[-1]["release"]]
    published = [e["as_of"][:10] for e in ledger.entries(scene.data, "release_published")]
    assert published == ["2026-03-01", "2026-03-02", "2026-03-03"]
    verified(scene)
    assert json.loads(scene.commands(*words(scene)).out) == []


@pytest.mark.parametrize("point", ["releases:settle", pytest.param("judge:judge_intake", marks=pytest.mark.slow)])
def test_killed_in_its_second_night(past: Scene, point: str):
    ended = past.commands(*words(past), strike={"at": f"flows.engine.{point}", "when": "before", "n": 2})

    assert ended.code == -signal.SIGKILL, ended.said
    goes_on(past, 2)


def test_cancelled_in_its_second_night(past: Scene, tmp_path: Path):
    """As Prefect's worker cancels a run: SIGTERM."""
    flag = tmp_path / "flag"
    strike = {"at": "flows.engine.releases:settle", "when": "pause", "n": 2, "flag": str(flag), "seconds": 60}
    started = past.commands.start(*words(past), strike=strike)
    for _ in range(1200):
        if flag.exists():
            break
        time.sleep(0.1)
    os.kill(started[0], signal.SIGTERM)

    ended: Ended = past.commands.wait(started)

    assert ended.code == 3, ended.said
    assert "stopped; the last release stands" in ended.err
    clear(ended)
    goes_on(past, 2)
