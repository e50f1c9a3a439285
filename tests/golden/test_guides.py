"""Every block of docs/guide, and of the README those that say `sh`, runs on the demo's release, unless it says `not-run`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import ROOT, DemoRelease
from tests.forked import programs

GUIDES = [*sorted((ROOT / "docs" / "guide").glob("*.md")), ROOT / "README.md"]
#: What is run of the README; its other blocks show a file, or take a night.
KINDS = ("sh", "python", "r")
_BLOCK = re.compile(r"^```(?P<kind>[a-z]+)(?P<told>[^\n]*)\n(?P<text>.*?)^```$", re.M | re.S)


@pytest.fixture(scope="module")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with programs(tmp_path_factory.mktemp("forked")) as folder:
        yield folder


@pytest.fixture
def place(demo_release: DemoRelease, tmp_path: Path, forked: Path) -> Path:
    """A folder that looks like the checkout to whoever follows the guide: data/, docs/, .venv/bin/trialweave."""
    (tmp_path / "data").symlink_to(demo_release.data)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "config").symlink_to(ROOT / "config")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(forked)
    return tmp_path


@cache
def missing(kind: str, text: str) -> str:
    """What a block needs that is not here, and how it is had; empty when it runs."""
    if kind == "r" and (shutil.which("Rscript") is None or _ends("Rscript", "-e", "library(haven)") != 0):
        return "R with haven (Debian: r-cran-haven)"
    if "pyspark" in text and (find_spec("pyspark") is None or shutil.which("java") is None):
        return "Spark (pip install pyspark; Debian: default-jre-headless)"
    return ""


def _ends(*command: str) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode


def run(kind: str, text: str, place: Path) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if kind == "sh":
        command = ["sh", "-e", "-c", text]
    elif kind == "python" and "pyspark" in text:  # a process of its own: it starts Java
        command, clean = [sys.executable, "-c", text], {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    elif kind == "fresh":  # with nothing imported beforehand
        command = [sys.executable, "-c", text]
    elif kind == "python":
        (place / "block.py").write_text(text)
        command = [str(place / ".venv" / "bin" / "python"), "block.py"]
    elif kind == "r":
        (place / "block.R").write_text(text)
        command = ["Rscript", "--vanilla", "block.R"]
    else:
        raise AssertionError(f"nothing runs a block of {kind}; say `not-run` or teach this test")
    return subprocess.run(command, cwd=place, env=clean, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda p: p.stem)
def test_every_block_of_a_guide_runs(guide: Path, place: Path):
    passed_over = []
    for block in _BLOCK.finditer(guide.read_text(encoding="utf-8")):
        if "not-run" in block["told"] or (guide.name == "README.md" and block["kind"] not in KINDS):
            continue
        if needed := missing(block["kind"], block["text"] if "pyspark" in block["text"] else ""):
            passed_over.append(needed)
            continue
        done = run(block["kind"], block["text"], place)
        assert done.returncode == 0, f"{guide.name}:\n{block['text']}\n{done.stderr[-2000:]}"
        assert done.stdout or block["kind"] == "r" or "read_release" in block["text"], block["text"]
    if passed_over:
        pytest.skip(f"{len(passed_over)} blocks were not run, all others were; not here: {', '.join(dict.fromkeys(passed_over))}")


def reader(place: Path, text: str, kind: str = "python") -> subprocess.CompletedProcess[str]:
    return run(kind, f"import sys\nsys.path.insert(0, 'docs/guide')\nfrom read_release import *\n{text}", place)


def test_the_reader_gives_labels_and_types_and_needs_nothing_of_the_project(place: Path):
    done = reader(place, """
adex = read_set("data/releases/latest", "adex", columns=["STUDYID", "SESSNO", "TIMCAT", "EXSTDTM", "LAGSTRT"])
print(adex.attrs["labels"]["TIMCAT"], adex.attrs["units"]["LAGSTRT"], adex.attrs["codes"]["TIMCAT"][:2])
print(adex["SESSNO"].dtype, adex["EXSTDTM"].dt.tz, "flows" in sys.modules, "schemas" in sys.modules)
frame, about = read_set("data/releases/latest", "adex", library="polars")
print(frame.height == len(adex), about["labels"]["TIMCAT"])
print(sorted(set(read_set("data/releases/latest", "harmonization")["STATUS"]))[1])
""", "fresh")
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
