"""What the machine and people do to a data folder: full and read-only disks, touched files, two runs at once, a clock behind, links."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.engine import ledger
from tests.faults.scene import Scene, clear, counts, latest_id, next_run_is_clean, nothing_half_written, published, verified

KIND = "machine"
HARMS = ("a line is taken away", "cut before the release", "gone")


def site(scene: Scene, name: str) -> dict:
    """What the latest manifest says of a site."""
    manifest = json.loads((scene.data / "releases" / "latest" / "manifest.json").read_text())
    return next(s for s in manifest["sites"] if s["site"] == name)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own; skipped where this user may not mount one."""
    home = tmp_path / "disk"
    home.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(home)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        yield home
    finally:
        subprocess.run(["umount", "-l", str(home)], check=False)


def fill(disk: Path, leave: int) -> Path:
    """Fill a disk up to some bytes."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        free = shutil.disk_usage(disk).free
        file.write(b"\0" * max(free - leave, 0))
    return filler


@pytest.mark.parametrize("leave", [pytest.param(200_000), *(pytest.param(n, marks=pytest.mark.slow) for n in (0, 20_000, 60_000, 500_000))])
def test_disk_full_with_bytes_left(scene: Scene, undisturbed: Scene, disk: Path, leave: int):
    on_disk = scene.copy(disk / "scene")
    before = published(on_disk.data)
    filler = fill(disk, leave)

    ended = on_disk.run()

    clear(ended)
    assert published(on_disk.data) in (before, published(undisturbed.data)) or ended.code == 1
    filler.unlink()
    verified(on_disk)
    nothing_half_written(on_disk)
    next_run_is_clean(on_disk, undisturbed)


@pytest.mark.parametrize("limit", [pytest.param(n, marks=pytest.mark.slow) for n in (2_000, 20_000, 100_000)])
def test_no_file_may_be_larger_than(scene: Scene, undisturbed: Scene, limit: int):
    before = published(scene.data)

    ended = scene.run(limit=limit)

    assert ended.code in (1, 3)
    clear(ended)
    if ended.code == 3:
        assert published(scene.data) == before
    verified(scene)
    next_run_is_clean(scene, undisturbed)


@pytest.mark.slow
def test_read_only_data_folder(scene: Scene, undisturbed: Scene, disk: Path):
    there = scene.copy(disk / "scene")
    before = published(there.data)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)

    ended = there.run()

    assert ended.code == 3 and "Read-only file system" in ended.err and "fix   ->" in ended.err
    assert published(there.data) == before
    verified(there)
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    next_run_is_clean(there, undisturbed)


def test_landing_file_tampered(scene: Scene):
    """The other site goes on; the tampered one is not believed."""
    landed = next(scene.data.glob("landing/t01/A/*/doses.csv"))
    shutil.copy(landed, scene.export("A/doses.csv"))  # site A sends what it sent
    landed.chmod(0o644)
    landed.write_text(landed.read_text().replace("5000", "50"))
    shutil.rmtree(scene.data / "staged" / "t01" / "A")

    ended = scene.run()

    clear(ended)
    assert ended.code == 1
    assert "not as received" in ended.out
    assert site(scene, "A")["status"] == "missing"  # told as it is pulled: no other delivery of it was ever published
    verified(scene)
    counts(scene.data)


def test_staged_file_corrupted(scene: Scene, undisturbed: Scene):
    """A staged file is one with the published one: verify tells it, and the next release is made from a fresh computation."""
    for path in scene.data.glob("staged/t01/*/*/adex/*.parquet"):
        path.chmod(0o644)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    scene.export("A/doses.csv").write_bytes(next(scene.data.glob("landing/t01/A/*/doses.csv")).read_bytes())  # only site B is new

    ended = scene.run()

    assert ended.code == 0, ended.said
    assert "2 recomputed" in ended.out, "the corrupted output of the unchanged site was used again"
    verified(scene)
    nothing = published(scene.data)
    assert {k: v for k, v in nothing.items() if "/B-" in k and "adipd" not in k and "findings" not in k} == {
        k: v for k, v in published(undisturbed.data).items() if "/B-" in k and "adipd" not in k and "findings" not in k
    }


@pytest.mark.slow
def test_staged_receipt_cut(scene: Scene, undisturbed: Scene):
    for path in scene.data.glob("staged/t01/*/*/staged.json"):
        path.write_bytes(path.read_bytes()[:100])

    assert scene.run().code == 0
    verified(scene)
    assert published(scene.data) == published(undisturbed.data)
    assert counts(scene.data) == counts(undisturbed.data)


@pytest.mark.parametrize("harm", ["a line is changed", *(pytest.param(h, marks=pytest.mark.slow) for h in HARMS)])
def test_ledger(scene: Scene, harm: str):
    path = scene.data / ledger.NAME
    lines = path.read_bytes().splitlines(keepends=True)
    if harm == "a line is changed":
        path.write_bytes(path.read_bytes().replace(b'"only": []', b'"only": [1]', 1))
    elif harm == "a line is taken away":
        path.write_bytes(b"".join(lines[1:]))
    elif harm == "cut before the release":
        path.write_bytes(lines[0])
    else:
        path.unlink()

    told = scene.commands("verify", "--data", scene.data)

    assert told.code == 3 and "problems" in told.out
    before = {p.name for p in (scene.data / "releases").glob("2*")}
    assert scene.run().code == 0
    assert before <= {p.name for p in (scene.data / "releases").glob("2*")}, "a release was taken away because the ledger was"


def test_published_file_changed(scene: Scene):
    path = next((scene.data / "releases").glob("2*/adsl/t01/*.parquet"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")

    told = scene.commands("verify", "--data", scene.data)

    assert told.code == 3 and "is not as it was published" in told.out


def test_two_runs_at_once(scene: Scene, undisturbed: Scene, tmp_path: Path):
    flag = tmp_path / "holding"
    first = scene.commands.start(
        "run", "--config", scene.config, "--data", scene.data,
        strike={"at": "flows.engine.judge:judge_intake", "when": "pause", "flag": str(flag), "seconds": 4},
    )  # fmt: skip
    for _ in range(600):
        if flag.exists():
            break
        time.sleep(0.1)
    assert flag.exists()

    second = scene.run()

    assert second.code == 3 and "is being written by process" in second.err
    clear(second)
    assert scene.commands.wait(first).code == 0
    next_run_is_clean(scene, undisturbed)


@pytest.mark.slow
def test_clock_going_backwards(scene: Scene, undisturbed: Scene):
    before = published(scene.data)

    ended = scene.run(strike={"clock": -2 * 86_400})

    clear(ended)
    assert ended.code in (1, 3) and "clock" in ended.said
    assert published(scene.data) == before
    verified(scene)
    next_run_is_clean(scene, undisturbed)


@pytest.mark.slow
def test_source_changing_while_it_is_read(scene: Scene):
    """The first try is refused, the retry takes the file as it then is; nothing of the first try is left."""
    ended = scene.run(strike={"at": "flows.engine.landed:hashed", "when": "edit", "n": 5, "file": str(scene.export("A/ae.csv"))})

    assert ended.code in (0, 1)
    clear(ended)
    nothing_half_written(scene)
    verified(scene)
    assert not list(scene.data.glob("landing/*/*/.tmp-*"))
    assert scene.run().code == 0
    landed = {p.read_bytes() for p in scene.data.glob("landing/t01/A/*/ae.csv")}
    assert scene.export("A/ae.csv").read_bytes() in landed


@pytest.mark.slow
@pytest.mark.parametrize("link", ["the folder", "a file in it", "a folder in it", "to another site"])
def test_a_link_that_leads_out(scene: Scene, undisturbed: Scene, tmp_path: Path, link: str):
    before = latest_id(scene.data)
    folder, outside = scene.export("A"), tmp_path / "outside"
    shutil.copytree(folder, outside)
    if link == "the folder":
        shutil.rmtree(folder)
        folder.symlink_to(outside)
    elif link == "to another site":
        shutil.rmtree(folder)
        folder.symlink_to(scene.export("B"))
    elif link == "a file in it":
        (folder / "doses.csv").unlink()
        (folder / "doses.csv").symlink_to(outside / "doses.csv")
    else:
        (folder / "more").symlink_to(outside)

    ended = scene.run()

    assert ended.code == 1 and "link" in ended.out
    clear(ended)
    assert before == latest_id(scene.data) or site(scene, "A")["status"] == "carried"
    verified(scene)
    if folder.is_symlink():
        folder.unlink()
        shutil.copytree(outside, folder)
    elif link == "a file in it":
        (folder / "doses.csv").unlink()
        shutil.copy(outside / "doses.csv", folder / "doses.csv")
    else:
        (folder / "more").unlink()
    assert scene.run().code == 0
    assert counts(scene.data) == counts(undisturbed.data)
