"""`make serve-kill`: SIGKILL for the server, the run and the worker of `trialweave serve` in the middle of nights, and a night that is
cancelled; after each the next night goes on, and Prefect's history says what became of the run. Ends 1 when anything is not so.

What belongs here: who is killed when, what is expected then. What does not: kills at every step of a run's own work (tests/faults).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import ROOT
from tests.served import served
from tests.served.prefect_api import ENDED, Api, free_port
from tests.served.served import Served, family

LIMIT_S = 900
NEVER = ("--cron", "0 5 1 1 *", "--timezone", "UTC")


def main() -> int:
    """Play it in a folder that is thrown away; 0 when all is as it should be."""
    with tempfile.TemporaryDirectory() as temporary:
        wrong = play(Path(temporary))
    for line in wrong:
        print(f"NOT AS IT SHOULD BE: {line}")
    print("all as it should be" if not wrong else f"{len(wrong)} wrong")
    return 1 if wrong else 0


def play(folder: Path) -> list[str]:
    """The kills, printed as they happen; returns what is wrong."""
    config, data, port = folder / "config", folder / "data", free_port()
    shutil.copytree(ROOT / "config" / "demo", config)
    words = ("--config", str(config), *NEVER)
    with served.serving(data, port, *words) as first:
        wrong = _server(first) + _run(first, config) + _cancelled(first, config) + _worker(first, config)
    time.sleep(1)
    with served.serving(data, port, *words) as second:
        return wrong + _after(second)


def _server(on: Served) -> list[str]:
    """The server dies while a night runs."""
    run = _in_the_middle(on, on.data)
    _kill(_child(on, "server start"), "the server, in the middle of a night")
    on.until("again")
    ended = on.api.until(run, ENDED, LIMIT_S)
    print(f"  serve started it again; the night ended {ended['state_name']}", flush=True)
    if ended["state_type"] != "COMPLETED":
        return _next(on.api, on.data)
    return []


def _run(on: Served, config: Path) -> list[str]:
    """The run's own process dies."""
    _decide(config, "Kapseln gegen Angst")
    run = _in_the_middle(on, on.data)
    _kill(_child(on, "prefect.engine", "flow_run"), "the run, in the middle of a night")
    ended = on.api.until(run, ENDED, 60)
    print(f"  Prefect calls it {ended['state_name']}", flush=True)
    return ([] if ended["state_type"] == "CRASHED" else [f"a killed run is {ended['state_name']}"]) + _next(on.api, on.data)


def _cancelled(on: Served, config: Path) -> list[str]:
    """A person cancels a night on Prefect's page."""
    _decide(config, "Pulver gegen Angst")
    run = _in_the_middle(on, on.data)
    on.api.ask(f"flow_runs/{run}/set_state", {"state": {"type": "CANCELLING"}})
    ended = on.api.until(run, ENDED, 120)
    print(f"a night cancelled in the middle: Prefect calls it {ended['state_name']}", flush=True)
    return ([] if ended["state_type"] == "CANCELLED" else [f"a cancelled run is {ended['state_name']}"]) + _next(on.api, on.data)


def _worker(on: Served, config: Path) -> list[str]:
    """`trialweave serve` itself dies, with a run under way."""
    _decide(config, "Tropfen gegen Angst")
    run = _in_the_middle(on, on.data)
    started = family(on.pid)
    _kill(on.pid, "trialweave serve, in the middle of a night")
    on.process.wait()
    end = time.monotonic() + 120
    while (left := served.alive(started)) and time.monotonic() < end:
        time.sleep(0.5)
    print(f"  {len(started)} processes, {len(left)} left after {120 - max(end - time.monotonic(), 0):.0f} s; run {run} is open", flush=True)
    (on.data.parent / "open").write_text(run)
    return [f"left behind: {left}"] if left else []


def _after(on: Served) -> list[str]:
    """Started again: the run of the one that was killed is crashed, and the next night goes on."""
    run = (on.data.parent / "open").read_text()
    ended = on.api.until(run, ENDED, 180)
    print(f"trialweave serve again: it calls the open run {ended['state_name']} ({ended['state']['message']})", flush=True)
    return ([] if ended["state_type"] == "CRASHED" else [f"a killed run is {ended['state_name']}"]) + _next(on.api, on.data)


def _in_the_middle(on: Served, data: Path) -> str:
    """Start a night and return when it computes a batch."""
    run = on.api.start("nightly")
    end = time.monotonic() + LIMIT_S
    while not list((data / "staged").glob(".tmp-*")) and time.monotonic() < end:
        if (now := on.api.run(run)).get("state_type") in ENDED:
            raise RuntimeError(f"the night ended before anything could be killed: {now['state']['message']}\n{on.said}")
        time.sleep(0.05)
    return run


def _next(api: Api, data: Path) -> list[str]:
    """The next night."""
    ended = api.until(api.start("nightly"), ENDED, LIMIT_S)
    last = json.loads((data / "last_run.json").read_text())
    print(f"  the next night: {ended['state_name']}; {len(last['recomputed'])} recomputed, {last['reused']} reused", flush=True)
    done = subprocess.run([sys.executable, "-m", "flows", "verify", "--data", str(data)], cwd=ROOT, capture_output=True, text=True)
    left = [p.name for p in (data / "staged").glob(".tmp-*")]
    return [
        *([] if ended["state_type"] == "COMPLETED" else [f"the next night is {ended['state_name']}: {ended['state']['message']}"]),
        *([] if done.returncode == 0 else [done.stdout + done.stderr]), *([f"left behind: {left}"] if left else []),
    ]  # fmt: skip


def _decide(config: Path, name: str) -> None:
    """Something that makes the next night compute."""
    words = ["coding", "decide", name, "--not-a-drug", "--at", "sad01", "--who", "data manager", "--reason", "test", "--config"]
    subprocess.run([sys.executable, "-m", "flows", *words, str(config)], cwd=ROOT, check=True, capture_output=True)


def _child(on: Served, *texts: str) -> int:
    found = [pid for pid, name in family(on.pid).items() if pid != on.pid and any(t in name for t in texts)]
    if not found:
        raise RuntimeError(f"no {texts} among {family(on.pid)}")
    return found[0]


def _kill(pid: int, what: str) -> None:
    os.kill(pid, signal.SIGKILL)
    print(f"SIGKILL for {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
