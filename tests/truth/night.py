"""Write a programme of sites to a folder and run one night of the real route on it, without Prefect.

What belongs here: folders, the night, and reading back what was published. What does not: judging it (judge.py).
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from ruamel.yaml import YAML

from flows.engine import assemble, landing, session, settling
from flows.engine import night as nights
from flows.engine import roster as rosters
from flows.newsite import at_night
from schemas.findings import ReadError
from tests.truth.oracle import PUBLISHED, Rows, keyed
from tests.truth.programme import TRIALS
from tests.truth.records import Site


@dataclass
class Night:
    """What one night published: set -> (study, site) -> rows by key."""

    sets: dict[str, dict[tuple[str, str], Rows]]
    findings: pl.DataFrame
    quarantine: pl.DataFrame
    sites: dict[str, dict[str, Any]]


def write(sites: list[Site], config: Path) -> None:
    """Trials, site.yaml files and exports. The trials are the demo's, with room for as many rejected rows as are planted."""
    (config / "trials").mkdir(parents=True)
    for study in sorted({s.study for s in sites}):
        plan = YAML(typ="safe").load((TRIALS / f"{study}.yaml").read_text()) | {"holding": {"max_rejected_pct": 60}}
        with (config / "trials" / f"{study}.yaml").open("w") as file:
            YAML().dump(plan, file)
    for site in sites:
        home = config / "sites" / f"{site.study}_{site.name}"
        home.mkdir(parents=True)
        text = site.style.yaml.replace("exports/{site}", f"exports/{site.study}_{site.name}").replace("{site}", site.name)
        (home / "site.yaml").write_text(text.replace("{zone}", site.zone).replace("{clock}", site.style.clock))
        site.style.export(site, config / "exports" / f"{site.study}_{site.name}")


def run(sites: list[Site], root: Path) -> Night:
    """One night: pull, check, harmonize, publish."""
    config, data = root / "config", root / "data"
    shutil.rmtree(root, ignore_errors=True)
    write(sites, config)
    with session.opened(config, data) as opened:
        for key in opened.to_pull():
            try:
                landing.receive(data, opened.night.programme.units[key], config, opened.night.as_of)
            except ReadError as error:
                opened.troubles[key] = str(error)
        roster = settling.enter(opened.night, opened.troubles)
        while roster.work_left:
            roster = settling.settle(roster, [r for b in nights.batches(roster.pending.values()) for r in nights.work(opened.night, b)])
        roster.tell(at_night.told(roster.placed))
        ended = assemble.publish(roster, rosters.pool(roster), "")
        opened.finish(ended, roster)
    return read(data)


def read(data: Path) -> Night:
    """The release's sets by key, its findings, and what lies in quarantine."""
    folder = data / "releases" / "latest"
    sets: dict[str, dict[tuple[str, str], Rows]] = {}
    for name in PUBLISHED:
        frame = pl.read_parquet(folder / name)
        sets[name] = {(of[0], of[1]): keyed(name, rows.to_dicts()) for of, rows in frame.group_by("STUDYID", "SITEID", maintain_order=True)}
    findings = pl.read_parquet(folder / "findings")
    quarantined = [pl.read_parquet(p) for p in sorted((data / "staged").glob("*/*/*/quarantine.parquet"))]
    manifest = json.loads((folder / "manifest.json").read_text())
    entries = {f"{s['study']}/{s['site']}": s for s in manifest["sites"]}
    return Night(sets, findings, pl.concat(quarantined, how="vertical_relaxed"), entries)
