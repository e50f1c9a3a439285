"""`make serve-demo`: a night by schedule and a backfill by form on `trialweave serve`, as a data manager meets them; ends 1 when
anything is not as it should be.

What belongs here: the steps, what is expected of each, what is printed. What does not: the process (served.py), the server's
interface (prefect_api.py), the browser (pages.py).

    a copy of the demo's configuration, `trialweave serve` with a cron of every other minute, the night it starts; a drug name is
    decided; yesterday and today are replayed by the form in a browser; then all is stopped and looked for
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from flows.cli.common import print_table
from tests.conftest import ROOT
from tests.served import pages, served
from tests.served.prefect_api import BEGUN, ENDED, Api, free_port

BUILD = ROOT / "build" / "serve-demo"
LIMIT_S = 600
REASON = "a drug name was decided"
DECISION = ("QUITIAPINE", "quetiapine", "--at", "acro01/01", "--who", "data manager", "--reason", "misspelt; seen on the box")


def main() -> int:
    """Play it in a folder that is thrown away; 0 when all is as it should be."""
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as temporary:
        wrong = play(Path(temporary))
    for line in wrong:
        print(f"NOT AS IT SHOULD BE: {line}")
    print(f"pictures in {BUILD.relative_to(ROOT)}/; {'all as it should be' if not wrong else f'{len(wrong)} wrong'}")
    return 1 if wrong else 0


def play(folder: Path) -> list[str]:
    """Everything, printed as it happens; returns what is wrong."""
    config, data, port = folder / "config", folder / "data", free_port()
    shutil.copytree(ROOT / "config" / "demo", config)
    cron = "*/2 * * * *"  # the next even minute, whenever the server is up; paused as soon as it has started one night
    _say(f"trialweave serve --config config --data data --port {port} --cron '{cron}' --timezone UTC")
    with served.serving(data, port, "--config", str(config), "--cron", cron, "--timezone", "UTC") as process:
        family = served.family(process.pid)
        wrong = _night(process.api) + _backfill(process.api, config, data)
        family |= served.family(process.pid)
    _say(f"SIGTERM to process {process.pid}: ended with {process.process.returncode}")
    time.sleep(1)
    left = served.alive(family)
    print(f"  {len(family)} processes were started, {len(left)} are left; port {port} {'answers' if process.api.is_up() else 'is free'}")
    if process.process.returncode or left or process.api.is_up():
        wrong.append(f"serve ended with {process.process.returncode}, left {left}\n{process.said}")
    if "Traceback" in process.said:
        wrong.append(process.said)
    return wrong


def _night(api: Api) -> list[str]:
    """The run that the schedule starts."""
    api.first("nightly", BEGUN, LIMIT_S)
    api.pause("nightly")
    run = api.first("nightly", ENDED, LIMIT_S)
    _say("a night by schedule")
    _tell(api, run)
    wrong = [] if run["auto_scheduled"] else ["the nightly run was not made by the schedule"]
    return wrong + _expect(run, "Completed")


def _backfill(api: Api, config: Path, data: Path) -> list[str]:
    """A decision of a person, and the run that the form starts."""
    command = [sys.executable, "-m", "flows", "coding", "decide", *DECISION, "--config", str(config)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    _say("trialweave coding decide QUITIAPINE quetiapine --at acro01/01")
    before = (data / "releases" / "latest").resolve().name
    today = dt.datetime.now(dt.UTC).date()
    with pages.opened(api.url) as browser:
        browser.open_form(api.deployment("backfill")["id"])
        browser.backfill(today - dt.timedelta(days=1), today, REASON)
        browser.picture(BUILD / "form.png")
        browser.submit()
        run = api.first("backfill", ENDED, LIMIT_S)
        _say("a backfill by the form, in Chromium")
        _tell(api, run)
        browser.open_run(run["id"], run["state_name"])
        browser.picture(BUILD / "backfill.png")
        browser.open_run(api.runs("nightly", ("COMPLETED",))[0]["id"], "Completed")
        browser.picture(BUILD / "nightly.png")
    away = sorted(set(browser.blocked))
    print(f"  the pages asked for {len(away)} addresses outside of this machine, all blocked: {', '.join(away) or 'none'}")
    return _expect(run, "Completed") + browser.errors + _release(data, before, run)


def _release(data: Path, before: str, run: dict[str, Any]) -> list[str]:
    """What stands now, against what was asked in the form."""
    manifest = json.loads((data / "releases" / "latest" / "manifest.json").read_text())
    asked = run["parameters"]["request"]
    print(f"  release {before} -> {manifest['release_id']}, reason: {manifest['reason']}; recomputed: "
          + ", ".join(f"{s['study']}/{s['site']}" for s in manifest["sites"] if s["status"] == "fresh"))  # fmt: skip
    wrong = []
    fresh = [f"{s['study']}/{s['site']}" for s in manifest["sites"] if s["status"] == "fresh"]
    if fresh != ["acro01/01"]:
        wrong.append(f"computed again were {', '.join(fresh)}; the decision touches acro01/01 only")
    if manifest["release_id"] == before or manifest["reason"] != REASON:
        wrong.append("the form's backfill published no release with its reason")
    today = dt.datetime.now(dt.UTC).date()
    if not asked["first"] < asked["last"] <= today.isoformat():
        wrong.append(f"the run was asked for {asked['first']} to {asked['last']}")
    return wrong


def _expect(run: dict[str, Any], state: str) -> list[str]:
    return [] if run["state_name"] == state else [f"{run['name']} ended {run['state_name']}: {(run.get('state') or {}).get('message')}"]


def _tell(api: Api, run: dict[str, Any]) -> None:
    """A run's state and its table."""
    message = (run.get("state") or {}).get("message") or ""
    how = "by schedule" if run["auto_scheduled"] else "by hand"
    print(f"  {run['name']}, {how}: {run['start_time'][:19]} to {run['end_time'][:19]} UTC, {run['state_name']}: {message}")
    for rows in api.tables(run["id"]):
        if rows:
            print_table("  its table in Prefect", list(rows[0]), [list(row.values()) for row in rows])


def _say(text: str) -> None:
    print(f"\n$ {text}" if text.startswith("trialweave") else f"\n{text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
