"""What proves a release: it verifies, it is made again byte for byte, and any touch is told."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flows.engine import releases, verify
from tests.conftest import ROOT, DemoRelease


def trialweave(*words: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-m", "flows", *words], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def copy(demo_release: DemoRelease, tmp_path_factory) -> Path:
    """The demo's data folder, to be touched."""
    data = tmp_path_factory.mktemp("proof") / "data"
    shutil.copytree(demo_release.data, data, symlinks=True)
    return data


def test_the_demo_release_is_made_again_byte_for_byte(demo_release: DemoRelease):
    code, told = trialweave("rebuild", "latest", "--data", str(demo_release.data))
    assert told.endswith("made again, identical\n"), told
    assert code == 0


def first(pattern):
    return lambda data: next(iter(sorted(data.glob(pattern))))


def release_file(pattern):
    return lambda data: next(iter(sorted((data / "releases" / "latest").resolve().glob(pattern))))


def add_a_byte(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b" ")


def cut_the_last_line(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))


def change_a_line(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"run_started"', b'"run_startled"', 1))


@pytest.mark.parametrize(
    ("where", "touch", "told"),
    [
        (release_file("adex/sad01/*.parquet"), add_a_byte, "is not as it was published"),
        (release_file("adqs/sad01/*.parquet"), Path.unlink, "is missing"),
        (release_file("dictionary.csv"), add_a_byte, "dictionary.csv is not as it was published"),
        (release_file("define.xml"), add_a_byte, "define.xml is not as it was published"),
        (release_file("dictionary.html"), Path.unlink, "dictionary.html is missing"),
        (release_file("catalog.duckdb"), add_a_byte, "catalog.duckdb is not as it was published"),
        (release_file("manifest.json"), add_a_byte, "manifest.json is not the one the ledger knows"),
        (first("restricted/2*/adtrt/*/*.parquet"), add_a_byte, "is not as it was published"),
        (first("restricted/2*/manifest.json"), add_a_byte, "manifest.json is not the one the ledger knows"),
        (first("restricted/2*/adtrt/*/*.parquet"), Path.unlink, "is missing"),
        (first("restricted/2*"), lambda p: p.chmod(0o755), "can be read by others"),
        (first("landing/sad01/*/*/*.csv"), add_a_byte, "1 landed file(s) are not as received"),
        (first("config/*.zip"), Path.unlink, "is not in config/"),
        (first("ledger.jsonl"), change_a_line, "a line was changed, added or taken away"),
    ],
)
def test_whatever_is_touched_is_told(copy: Path, where, touch, told):
    path = where(copy)
    kept = (path.read_bytes() if path.is_file() else None, path.stat().st_mode & 0o777)
    release = releases.latest(copy)
    assert release is not None
    assert verify.everything(copy, release) == []
    touch(path)
    try:
        problems = verify.everything(copy, release)
        assert len(problems) == 1, problems
        assert told in problems[0]
    finally:
        if kept[0] is not None:
            if path.exists():
                path.chmod(0o600)
            path.write_bytes(kept[0])
        path.chmod(kept[1])


def test_a_release_whose_line_was_cut_from_the_ledger_is_not_believed(copy: Path):
    ledger = copy / "ledger.jsonl"
    kept = ledger.read_bytes()
    cut_the_last_line(ledger)
    cut_the_last_line(ledger)
    code, told = trialweave("verify", "--data", str(copy), "--json")
    ledger.write_bytes(kept)
    assert code == 3
    assert "manifest.json is not the one the ledger knows" in json.loads(told)["problems"]
