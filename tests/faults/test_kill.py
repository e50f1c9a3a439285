"""SIGKILL at every stage boundary and in the middle of writing: what stood stands, and the next night is as if nothing had happened."""

from __future__ import annotations

import signal

import pytest

from tests.faults.points import POINTS, QUICK
from tests.faults.scene import Scene, latest_id, next_run_is_clean, nothing_half_written, published, verified

KIND = "kill"


def told(name: str):
    return pytest.param(name, marks=() if name in QUICK else pytest.mark.slow, id=name)


def stands_or_is_new(scene: Scene, before: str, old: dict[str, str], new: dict[str, str]) -> None:
    """`latest` is the old release or the new one, whole."""
    assert published(scene.data) == (old if latest_id(scene.data) == before else new)
    nothing_half_written(scene)
    verified(scene)


@pytest.mark.parametrize("point", [told(name) for name in POINTS])
def test_killed(scene: Scene, undisturbed: Scene, point: str):
    before, old = latest_id(scene.data), published(scene.data)

    ended = scene.run(strike=POINTS[point])

    assert ended.code == -signal.SIGKILL, f"the point was never reached: {ended.said}"
    stands_or_is_new(scene, before, old, published(undisturbed.data))
    next_run_is_clean(scene, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(1, 21))
def test_killed_before_a_write_access_of_the_run_part_of_20(scene: Scene, undisturbed: Scene, write_accesses: int, part: int):
    before, old = latest_id(scene.data), published(scene.data)

    ended = scene.run(strike={"sweep": str(scene.data), "n": max(write_accesses * part // 21, 1)})

    assert ended.code in (-signal.SIGKILL, 0)
    stands_or_is_new(scene, before, old, published(undisturbed.data))
    next_run_is_clean(scene, undisturbed)


@pytest.fixture(scope="module")
def write_accesses(after_one: Scene, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many write accesses a second night makes."""
    scene = after_one.copy(tmp_path_factory.mktemp("count") / "scene")
    scene.second_night()
    note = scene.root / "count"
    assert scene.run(strike={"sweep": str(scene.data), "n": 0, "count": str(note)}).code == 0
    return int(note.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("point", ["after a release has its name", "after findings are kept", "after latest is switched"])
def test_killed_on_the_very_first_night(after_one: Scene, tmp_path, point: str):
    scene = after_one.copy(tmp_path / "scene")
    import shutil

    shutil.rmtree(scene.data)

    assert scene.run(strike=POINTS[point]).code == -signal.SIGKILL
    next_run_is_clean(scene, after_one)


@pytest.mark.slow
def test_killed_three_nights_in_a_row(scene: Scene, undisturbed: Scene):
    for point in ("after findings are kept", "after a release has its name", "ledger line half written"):
        assert scene.run(strike=POINTS[point]).code == -signal.SIGKILL
        verified(scene)
    next_run_is_clean(scene, undisturbed)
