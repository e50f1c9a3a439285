"""`make test-dask`: one trial on one machine, on a Dask cluster, and on one that loses a worker in the middle; every release must be the
same byte for byte. Scheduler and workers are processes of their own on 127.0.0.1. Ends 1 when anything is not so.

What belongs here: the three runs and what is compared. What does not: the cluster (cluster.py), the data (tests/bench/generate.py).

    python -m tests.served.dask_demo [--subjects 800] [--sites 160]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.generate import generate
from tests.conftest import ROOT
from tests.served import cluster
from tests.served.cluster import Cluster, parquet

SEED = 20_260_201
LIMIT_S = 1800


def main() -> int:
    """Play it in a folder that is thrown away; 0 when every release is the same."""
    options = argparse.ArgumentParser(prog="test-dask", description=__doc__)
    options.add_argument("--subjects", type=int, default=800)
    options.add_argument("--sites", type=int, default=160, help="Above 80 there are at least four batches.")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        wrong = play(Path(temporary), asked.subjects, asked.sites)
    for line in wrong:
        print(f"NOT AS IT SHOULD BE: {line}")
    print("all as it should be" if not wrong else f"{len(wrong)} wrong")
    return 1 if wrong else 0


def play(folder: Path, subjects: int, sites: int) -> list[str]:
    """The runs, printed as they happen; returns what is wrong."""
    generate(folder, subjects, sites, SEED)
    alone = folder / "alone"
    wrong = _ended("one machine", _start(folder, alone))
    expected = parquet(alone)
    print(f"  {len(expected)} Parquet files, {sum(map(len, expected.values())) / 1e6:.1f} MB", flush=True)
    with cluster.started(folder / "dask-1", workers=2) as both:
        wrong += _ended("two workers", _start(folder, folder / "both", both.address)) + _same(expected, folder / "both")
        wrong += _shared(folder / "both", both)
    with cluster.started(folder / "dask-2", workers=2) as losing:
        wrong += _losing(folder, losing) + _same(expected, folder / "losing")
    return wrong


def _losing(folder: Path, losing: Cluster) -> list[str]:
    """A run whose first worker is killed while both work a batch; a third one joins later, as a cluster would start it."""
    data = folder / "losing"
    process = _start(folder, data, losing.address)
    end = time.monotonic() + LIMIT_S
    while len(list((data / "staged").glob(".tmp-*"))) < 2 and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.5)
    early = process.poll() is not None
    staged = len(list((data / "staged").glob("*/*/*/staged.json")))
    losing.kill(0)
    losing.add_worker()
    print(f"  worker 1 killed while two batches were in work and {staged} sites were staged; worker 3 started", flush=True)
    wrong = _ended("a worker killed in the middle", process)
    return [*wrong, *(["the run had ended before a worker was killed"] if early else [])]


def _start(folder: Path, data: Path, address: str = "") -> subprocess.Popen[str]:
    words = ["run", "--config", str(folder / "config"), "--data", str(data), *(["--dask", address] if address else [])]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    return subprocess.Popen(
        [sys.executable, "-m", "flows", *words], cwd=ROOT, env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _ended(name: str, process: subprocess.Popen[str]) -> list[str]:
    out, err = process.communicate(timeout=LIMIT_S)
    last = out.strip().splitlines()[-2:-1] or [err.strip()]
    print(f"{name}: ended {process.returncode}, {last[0]}", flush=True)
    return [] if process.returncode == 0 else [f"{name}: ended {process.returncode}\n{err}"]


def _same(expected: dict[str, bytes], data: Path) -> list[str]:
    """Whether a release holds the same files with the same bytes."""
    found = parquet(data)
    unlike = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    print(f"  {len(found) - len(unlike)} of {len(expected)} files are the same byte for byte", flush=True)
    return [f"{data.name}: {len(unlike)} files differ, first {unlike[0]}"] if unlike else []


def _shared(data: Path, both: Cluster) -> list[str]:
    """Whether both workers worked, as the run's log says."""
    told = "".join(path.read_text() for path in (data / "logs").glob("*.jsonl"))
    worked = [told.count(f"worker {w.pid} on ") for w in both.workers]
    print(f"  batches worked by worker 1: {worked[0]}, by worker 2: {worked[1]}", flush=True)
    return [] if all(worked) else ["a worker worked nothing"]


if __name__ == "__main__":
    sys.exit(main())
