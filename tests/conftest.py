"""Fixtures every test may use: run SQL models on small text tables."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from hypothesis import settings

from tests.harness import ModelBench

ROOT = Path(__file__).resolve().parents[1]

# The same code is tried with the same examples every time; `make faults` (FAULTS=all) draws new ones.
settings.register_profile("steady", derandomize=True)
settings.register_profile("searching", print_blob=True)
settings.load_profile("searching" if os.environ.get("FAULTS") == "all" else "steady")


@pytest.fixture
def run_models() -> Iterator[ModelBench]:
    """A fresh database with every table of the route empty; see tests/harness.py."""
    bench = ModelBench()
    yield bench
    bench.close()


@dataclass(frozen=True)
class DemoRelease:
    """The embedded demo after one night: its data folder, its release, and what was found."""

    data: Path
    release: Path
    findings: pl.DataFrame
    quarantine: pl.DataFrame


@pytest.fixture(scope="session")
def demo_release(tmp_path_factory: pytest.TempPathFactory) -> DemoRelease:
    """Run the demo once, by the command a user would use."""
    data = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "flows", "run", "--data", str(data)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode in (0, 1), done.stderr[-2000:]
    release = (data / "releases" / "latest").resolve()
    staged = [p.parent for p in sorted((data / "staged").glob("*/*/*/findings.parquet"))]
    findings = pl.concat([pl.read_parquet(p / "findings.parquet") for p in staged])
    quarantine = pl.concat([pl.read_parquet(p / "quarantine.parquet") for p in staged])
    return DemoRelease(data, release, findings, quarantine)
