"""`trialweave serve`: the deployed cron really makes scheduled runs. With a wrong library beside Prefect it silently does not."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scheduled(port: int) -> list[dict]:
    body = json.dumps({"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}, "limit": 10}).encode()
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/api/flow_runs/filter", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(asked, timeout=3) as answer:
            return json.load(answer)
    except (urllib.error.URLError, OSError):
        return []


@pytest.mark.slow
def test_the_deployed_cron_makes_scheduled_runs_and_serve_stops_cleanly(tmp_path):
    port = free_port()
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    words = ["serve", "--port", str(port), "--data", str(tmp_path / "data")]
    command = [sys.executable, "-m", "flows", *words]
    served = subprocess.Popen(command, cwd=ROOT, env=clean, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + LIMIT_S
        runs: list[dict] = []
        while not runs and time.monotonic() < end and served.poll() is None:
            time.sleep(0.5)
            runs = scheduled(port)
    finally:
        served.send_signal(signal.SIGTERM)
        told = served.communicate(timeout=40)[0].decode()
    assert runs, told
    times = sorted(dt.datetime.fromisoformat(r["expected_start_time"].replace("Z", "+00:00")) for r in runs)
    assert {(t.astimezone(ZoneInfo("Europe/Berlin")).hour, t.astimezone(ZoneInfo("Europe/Berlin")).minute) for t in times} == {(4, 15)}
    assert times[0] > dt.datetime.now(dt.UTC)
    assert served.returncode == 0, told
    assert "Traceback" not in told
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2)


def test_prefect_yaml_and_serve_agree():
    told = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    night, again = told
    assert (night["name"], night["entrypoint"]) == ("nightly", "flows/nightly.py:nightly")
    assert (night["schedules"][0]["cron"], night["schedules"][0]["timezone"]) == ("15 4 * * *", "Europe/Berlin")
    assert (again["name"], again["entrypoint"], again["schedules"]) == ("backfill", "flows/backfill.py:backfill", [])
