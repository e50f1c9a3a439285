"""Broken and hostile exports and configurations: the site is held and named, or its good rows are there; nothing else suffers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.faults.hostile import REFUSED, TAKEN
from tests.faults.scene import Scene, clear, counts, latest_id, nothing_half_written, verified
from tests.faults.test_machine import site

KIND = "inputs"
QUICK = ("0 bytes", "workbook with an entity bomb", "column names with quotes and SQL")


def told(names):
    return [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow, id=name) for name in names]


def send(scene: Scene, name: str, content: bytes) -> None:
    """Site A sends its doses so."""
    scene.export("A/doses.csv").unlink()
    scene.export(f"A/{name}").write_bytes(content)
    file = scene.config / "sites" / "t01_A" / "site.yaml"
    file.write_text(file.read_text().replace("file: doses.csv", f"file: {name}"))


def sets_of(scene: Scene, name: str) -> dict[str, bytes]:
    """The published files of one site."""
    latest = (scene.data / "releases" / "latest").resolve()
    return {p.relative_to(latest).as_posix(): p.read_bytes() for p in latest.glob(f"*/t01/{name}-*.parquet") if "findings" not in p.parts}


@pytest.mark.parametrize("name", told(REFUSED))
def test_refused(scene: Scene, name: str):
    before = sets_of(scene, "A")
    file, make = REFUSED[name]
    send(scene, file, make())

    ended = scene.run()

    clear(ended)
    assert ended.code == 1, ended.said
    standing = site(scene, "A")
    assert standing["status"] in ("carried", "held")
    assert file in standing["reason"] and "fix   ->" in standing["reason"]
    assert site(scene, "B")["status"] == "fresh"
    assert "root:" not in ended.said and os.uname().nodename not in standing["reason"]
    if standing["status"] == "carried":
        assert {k: v for k, v in sets_of(scene, "A").items() if not k.startswith("adipd")} == {
            k: v for k, v in before.items() if not k.startswith("adipd")
        }
    counts(scene.data)
    nothing_half_written(scene)
    verified(scene)


@pytest.mark.parametrize("name", told(TAKEN))
def test_taken(scene: Scene, name: str):
    file, make = TAKEN[name]
    send(scene, file, make())

    ended = scene.run()

    clear(ended)
    assert ended.code in (0, 1), ended.said
    standing = site(scene, "A")
    if standing["status"] in ("carried", "held"):
        assert "fix   ->" in standing["reason"] or "%" in standing["reason"], standing["reason"]
    else:
        assert standing["tables"]["dose"]["received"] >= 3
        path = scene.data / "releases" / "latest" / "adex" / "**" / "A-*.parquet"
        amounts = duckdb.sql(f"select USUBJID, SESSNO, EXDOSE from '{path}' where EXDOSE is not null order by all").fetchall()
        sent = {(f"t01-A-{who}", number, 50.0) for who, number in (("S1", 1), ("S1", 2), ("S2", 1), ("S2", 2))}
        assert set(amounts) <= sent, "a number nobody sent"
    counts(scene.data)
    nothing_half_written(scene)
    verified(scene)


def _bomb() -> str:
    return "a: &a [x, x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20))


#: What a person or an attacker may write into site.yaml -> words of the answer.
CONFIGURATIONS: dict[str, tuple[str, str, str]] = {
    "an alias bomb": ("study: t01\n", _bomb(), "aliases"),
    "a site id that leads out": ("site_id: A", 'site_id: "../../outside"', "site_id"),
    "a study that leads out": ("study: t01", 'study: "../t01"', "study"),
    "a file that leads out": ("file: doses.csv", "file: ../B/gaben.csv", ""),
    "an absolute file": ("file: doses.csv", "file: /etc/hostname", ""),
    "SQL in a column name": ("dose: {from: mg,", "dose: {from: \"mg\\\"; drop table raw; --\",", ""),
    "a pattern that never ends": ("session_no: \"no\"", "session_no: {from: \"no\", pattern: \"(?P<value>(a+)+)$\"}", ""),
    "a python tag": ("site_id: A", "site_id: !!python/object/apply:os.system [id]", "site_id"),
    "deep brackets": ("site_id: A", "site_id: " + "[" * 5_000 + "]" * 5_000, "site.yaml"),
    "a key given twice": ("site_id: A", "site_id: A\nsite_id: B", "twice"),
    "bytes that are no text": ("site_id: A", "site_id: \x00A", "site.yaml"),
    "a very long line": ("site_id: A", "site_id: A # " + "x" * 3_000_000, "larger"),
}


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n == "an alias bomb" else pytest.mark.slow, id=n) for n in CONFIGURATIONS])
def test_configuration_with(scene: Scene, name: str):
    before = latest_id(scene.data)
    old, new, word = CONFIGURATIONS[name]
    file = scene.config / "sites" / "t01_A" / "site.yaml"
    file.write_text(file.read_text().replace(old, new, 1))

    ended = scene.run()

    assert "Traceback" not in ended.said
    assert word in ended.said, ended.said
    if ended.code == 2:
        assert latest_id(scene.data) == before
        assert "site.yaml" in ended.said
    else:
        assert ended.code in (0, 1), ended.said
        counts(scene.data)
    assert not (scene.data.parent / "outside").exists() and not Path(scene.data.parent.parent / "outside").exists()
    nothing_half_written(after(scene, name))
    verified(scene)


def after(scene: Scene, name: str) -> Scene:
    """The scene with the configuration put right again."""
    tiny = Path(__file__).resolve().parents[1] / "golden" / "tiny" / "sites" / "t01_A" / "site.yaml"
    shutil.copy(tiny, scene.config / "sites" / "t01_A" / "site.yaml")
    return scene
