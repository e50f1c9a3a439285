"""A data folder after one good night, exports for the next, and what must hold after any fault.

What belongs here: the tiny programme over two nights, reading a data folder back, the promises that are asserted each time.
What does not: faults.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import changes, findings_store, landed, ledger, releases
from flows.engine.config import load
from tests.faults.server import Commands, Ended

TINY = Path(__file__).resolve().parents[1] / "golden" / "tiny"
#: What participants of the tiny programme said: none of it may stand in a message.
VALUES = ("Zoloft", "citalop", "Headache", "hallucinations", "5000", "71,5", "B-001", "B-002", "2024-02-20", "31.02.2024")


@dataclass
class Scene:
    """One configuration folder and one data folder."""

    root: Path
    commands: Commands

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def data(self) -> Path:
        return self.root / "data"

    def export(self, name: str) -> Path:
        return self.config / "exports" / name

    def run(self, **more: Any) -> Ended:
        """`trialweave run`."""
        return self.commands("run", "--config", self.config, "--data", self.data, **more)

    def second_night(self) -> None:
        """Both sites send more: a corrected amount, a new participant's dose, a session."""
        doses = self.export("A/doses.csv")
        doses.write_text(doses.read_text().replace("S2,1,yes,5000", "S2,1,yes,50") + "S2,2,yes,50,2024-03-12 09:30\n")
        given = self.export("B/gaben.csv")
        given.write_bytes(given.read_bytes() + "B-002;S2;25 mg;ja;08.04.2024;09:00\n".encode("latin-1"))

    def copy(self, root: Path) -> Scene:
        """The same, elsewhere; hard links stay hard links only within what is copied, so files are copied."""
        shutil.copytree(self.root, root, symlinks=True)
        return Scene(root, self.commands)


def first_night(root: Path, commands: Commands) -> Scene:
    """The tiny programme after one good night."""
    scene = Scene(root, commands)
    shutil.copytree(TINY, scene.config)
    ended = scene.run()
    assert ended.code == 0, ended.said
    return scene


def published(data: Path) -> dict[str, str]:
    """Every file of every set of the latest release, and the dictionary: path -> sha256."""
    latest = data / "releases" / "latest"
    paths = [p for p in latest.resolve().rglob("*") if p.suffix in (".parquet", ".csv")]
    return {p.relative_to(latest.resolve()).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(paths)}


def counts(data: Path) -> dict[str, Any]:
    """Received, kept, quarantined and withheld rows of every table of every site; what is received is kept or quarantined."""
    release = releases.latest(data)
    assert release is not None
    told = {f"{s['study']}/{s['site']}": s["tables"] for s in release.manifest["sites"]}
    assert all(n["received"] == n["kept"] + n["quarantined"] for tables in told.values() for n in tables.values())
    return told


def histories(data: Path) -> tuple[list[Any], list[Any]]:
    """Findings over time as they stand, and changes, without the ids of releases."""
    found = findings_store.history(data).drop("release_id").sort("finding_id")
    changed = changes.history(data).drop("release_id")
    return found.rows(), sorted(changed.rows(), key=str)


def latest_id(data: Path) -> str:
    """What `latest` points to."""
    return (data / "releases" / "latest").readlink().name


def nothing_half_written(scene: Scene) -> None:
    """Whatever has a final name is whole: deliveries, staged folders, releases, findings, notes."""
    data = scene.data
    programme = load(scene.config)
    for unit in programme.units.values():
        for delivery in landed.deliveries(data, unit.site.study, unit.site.site_id):
            landed.verify(delivery)
    for folder in (p for p in data.glob("landing/*/*/*") if p.is_dir() and not p.name.startswith(".tmp-")):
        json.loads((folder / landed.RECEIPT).read_text())
    for folder in (p for p in data.glob("staged/*/*/*") if not p.parts[-3].startswith(".tmp-")):
        told = json.loads((folder / "staged.json").read_text())
        for of in told["files"].values():
            for entry in of.values():
                assert hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    for folder in (data / "releases").glob("2*"):
        told = json.loads((folder / releases.MANIFEST).read_text())
        for entry in told["files"]:
            assert hashlib.sha256((folder / entry["path"]).read_bytes()).hexdigest() == entry["sha256"], entry["path"]
    for path in [*data.glob("findings/[0-9]*.parquet"), *data.glob("changes/[0-9]*.parquet")]:
        pl.read_parquet(path)
    for name in ("state.json", "last_run.json"):
        if (data / name).is_file():
            json.loads((data / name).read_text())


def verified(scene: Scene) -> None:
    """`trialweave verify` has nothing to say."""
    ended = scene.commands("verify", "--data", scene.data)
    assert ended.code == 0, ended.said


def clear(ended: Ended) -> None:
    """An error a person can act on: words and a next step, no trace of the program, no participant's value."""
    assert "Traceback" not in ended.said, ended.said[-2000:]
    shown = [value for value in VALUES if re.search(rf"(?<![\w.:-]){re.escape(value)}(?![\w-])", ended.said)]  # 5000 in no port, no hash
    assert shown == [], "a participant's value stands in a message"
    assert re.search(r"fix\s+->", ended.said) or ended.code in (0, 1), ended.said


def next_run_is_clean(scene: Scene, undisturbed: Scene, code: int = 0) -> None:
    """The next night ends as if nothing had happened: same bytes, same counts, same findings, one chain, no leftovers."""
    ended = scene.run()
    assert ended.code == code, ended.said
    verified(scene)
    nothing_half_written(scene)
    assert published(scene.data) == published(undisturbed.data)
    assert counts(scene.data) == counts(undisturbed.data)
    assert histories(scene.data) == histories(undisturbed.data)
    assert ledger.verify_chain(scene.data) == []
    assert not [*scene.data.glob("*/.tmp-*"), *scene.data.glob("landing/*/*/.tmp-*"), *scene.data.glob(".state.json.*")]
    told = {e["release_id"] for e in ledger.entries(scene.data, "release_published")}
    assert {p.name for p in (scene.data / "releases").glob("2*")} <= told, "a release the ledger does not know"
    again = scene.run()
    assert again.code == code and "nothing changed" in again.out
