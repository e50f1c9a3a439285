"""Every block of docs/guide, and of the README those that say `sh`, runs on the demo's release, unless it says `not-run`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, DemoRelease

GUIDES = [*sorted((ROOT / "docs" / "guide").glob("*.md")), ROOT / "README.md"]
#: What is run of the README; its other blocks show a file, or take a night.
KINDS = ("sh", "python", "r")
_BLOCK = re.compile(r"^```(?P<kind>[a-z]+)(?P<told>[^\n]*)\n(?P<text>.*?)^```$", re.M | re.S)


@pytest.fixture
def place(demo_release: DemoRelease, tmp_path: Path) -> Path:
    """A folder that looks like the checkout to whoever follows the guide: data/, docs/, .venv/bin/trialweave."""
    (tmp_path / "data").symlink_to(demo_release.data)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "config").symlink_to(ROOT / "config")
    home = tmp_path / ".venv" / "bin"
    home.mkdir(parents=True)
    (home / "trialweave").write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m flows "$@"\n')
    (home / "trialweave").chmod(0o755)
    (home / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (home / "python").chmod(0o755)
    return tmp_path


def has_haven() -> bool:
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(haven)"], capture_output=True, check=False).returncode == 0


def run(kind: str, text: str, place: Path) -> subprocess.CompletedProcess[str]:
    if kind == "sh":
        command = ["sh", "-e", "-c", text]
    elif kind == "python":
        command = [sys.executable, "-c", text]
    elif kind == "r":
        (place / "block.R").write_text(text)
        command = ["Rscript", "--vanilla", "block.R"]
    else:
        raise AssertionError(f"nothing runs a block of {kind}; say `not-run` or teach this test")
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(command, cwd=place, env=clean, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda p: p.stem)
def test_every_block_of_a_guide_runs(guide: Path, place: Path):
    passed_over = []
    for block in _BLOCK.finditer(guide.read_text(encoding="utf-8")):
        if "not-run" in block["told"] or (guide.name == "README.md" and block["kind"] not in KINDS):
            continue
        if block["kind"] == "r" and not has_haven():
            passed_over.append(block["text"])
            continue
        done = run(block["kind"], block["text"], place)
        assert done.returncode == 0, f"{guide.name}:\n{block['text']}\n{done.stderr[-2000:]}"
        assert done.stdout or block["kind"] == "r" or "read_release" in block["text"], block["text"]
    if passed_over:
        pytest.skip(f"{len(passed_over)} blocks of R were not run: R or haven is not installed (Debian: r-cran-haven); all others ran")


def reader(place: Path, text: str) -> subprocess.CompletedProcess[str]:
    return run("python", f"import sys\nsys.path.insert(0, 'docs/guide')\nfrom read_release import *\n{text}", place)


def test_the_reader_gives_labels_and_types_and_needs_nothing_of_the_project(place: Path):
    done = reader(place, """
adex = read_set("data/releases/latest", "adex", columns=["STUDYID", "SESSNO", "TIMCAT", "EXSTDTM", "LAGSTRT"])
print(adex.attrs["labels"]["TIMCAT"], adex.attrs["units"]["LAGSTRT"], adex.attrs["codes"]["TIMCAT"][:2])
print(adex["SESSNO"].dtype, adex["EXSTDTM"].dt.tz, "flows" in sys.modules, "schemas" in sys.modules)
frame, about = read_set("data/releases/latest", "adex", library="polars")
print(frame.height == len(adex), about["labels"]["TIMCAT"])
print(sorted(set(read_set("data/releases/latest", "harmonization")["STATUS"]))[1])
""")
    assert done.stdout.splitlines() == [
        "Dose Timing Category min ['PRE_GE4H', 'PRE_2_4H']", "Int32 UTC False False", "True Dose Timing Category", "FILLED",
    ], done.stderr  # fmt: skip


@pytest.mark.parametrize(
    ("touch", "told"),
    [
        ("path.chmod(0o600); path.write_bytes(path.read_bytes() + b' ')", "is not as it was published"),
        ("path.unlink()", "1 files are missing or not in the manifest"),
        ("path.with_name('new.parquet').write_bytes(path.read_bytes())", "1 files are missing or not in the manifest"),
    ],
)
def test_the_reader_believes_no_file_that_is_not_as_published(demo_release: DemoRelease, place: Path, touch, told):
    copy = place / "copy"
    shutil.copytree(demo_release.release, copy)
    done = reader(place, f"path = sorted(Path('copy/adex/sad01').glob('*'))[0]\n{touch}\nread_set('copy', 'adex')")
    assert (done.returncode, told in done.stderr) == (1, True), done.stderr
