"""The rows that the models are fitted to.

What belongs here: running sql/8_effects over a release whose trials are not blinded. What does not: models (fitting.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd

from flows.engine import models
from flows.engine.config import Programme
from flows.engine.releases import Release
from flows.tables.counting import view
from schemas.findings import ConfigurationError

SETS = ("adsl", "adipd", "adsess", "adref")


@dataclass(frozen=True)
class Rows:
    """Visits and dosed sessions of the trials asked for, as sql/8_effects describes them."""

    visits: pd.DataFrame
    sessions: pd.DataFrame


def studies(release: Release, asked: Sequence[str]) -> list[str]:
    """The trials to analyse. Raises ConfigurationError for one that is blinded or not in the release."""
    there = sorted({s["study"] for s in release.manifest["sites"]})
    wanted = list(dict.fromkeys(asked)) or there
    if strange := [s for s in wanted if s not in there]:
        raise ConfigurationError(f"release {release.release_id} holds no trial {', '.join(strange)}; it holds {', '.join(there)}")
    blinded = [s for s in wanted if s in release.manifest["blinded"]]
    if blinded:
        free = [s for s in there if s not in release.manifest["blinded"]]
        verb = "is" if len(blinded) == 1 else "are"
        told = f"{', '.join(blinded)} {verb} blinded in release {release.release_id}: no arm may be looked at"
        left = [s for s in wanted if s not in blinded] or ([] if asked else free)
        fix = "trialweave analyze " + " ".join(f"--study {s}" for s in left) if left else "wait until it is unblinded (trialweave unblind)"
        told += f"; not blinded are: {', '.join(free) or 'none'}" if asked and not left else ""
        raise ConfigurationError(f"{told}\n  fix   -> {fix}")
    return wanted


def read(release: Release, programme: Programme, wanted: Sequence[str]) -> Rows:
    """The rows of these trials."""
    con = models.connect(threads=1)
    try:
        for dataset in SETS:
            view(con, release, dataset)
        arms(con, programme, wanted)
        return rows(con)
    finally:
        con.close()


def arms(con: duckdb.DuckDBPyConnection, programme: Programme, wanted: Sequence[str]) -> None:
    """Fill ref.arm: which arm is placebo, and whether the trial's primary scale is better when higher."""
    con.execute("create table ref.arm (STUDYID varchar, TRT01P varchar, is_placebo boolean, is_reversed boolean)")
    for study in wanted:
        if (trial := programme.trials.get(study)) is None:
            raise ConfigurationError(f"{study} is not in the configuration, so its arms are not known")
        scales = [s for u in programme.units.values() if u.site.study == study for i in u.instruments for s in i.scales]
        reversed_ = any(s.paramcd == trial.primary and not s.higher_is_worse for s in scales)
        for arm in trial.arms:
            con.execute("insert into ref.arm values ($1, $2, $3, $4)", [study, arm.label, arm.placebo, reversed_])


def rows(con: duckdb.DuckDBPyConnection) -> Rows:
    """Run the two models on a connection that holds release.* and ref.arm."""
    found = {}
    for name in ("visit", "session"):
        models.run_model(con, models.catalogue()[f"effects.{name}"])
        found[name] = con.execute(f"select * from effects.{name}").df()
    return Rows(found["visit"], found["session"])
