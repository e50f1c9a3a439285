"""A finding by the id a person has: whole or its beginning, as the history keeps it or as a de-identified release shows it.

What belongs here: that search. What does not: the ids themselves (judge.py), how a release hides them (deidentify.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import findings_store, releases, remake
from flows.engine.deidentify import maskers
from flows.engine.releases import Release
from schemas.findings import ConfigurationError


def find(data: Path, given: str, release: Release | None = None) -> dict[str, Any]:
    """The finding of the history. `release`: whose ids may be meant; default: the latest.

    Raises ConfigurationError when none or several fit, or a de-identified trial's key is not in the environment.
    """
    history = findings_store.history(data)
    known = history.filter(pl.col("finding_id").str.starts_with(given)) if given else history.clear()
    if known.is_empty() and given:
        known = _shown(data, given, history, release or releases.latest(data))
    if known.height == 1:
        return known.row(0, named=True)
    told = f"{known.height} findings have an id that begins so" if known.height else "no finding has this id"
    raise ConfigurationError(f"{given}: {told}\n  fix -> trialweave findings --data {data} --json lists them")


def _shown(data: Path, given: str, history: pl.DataFrame, release: Release | None) -> pl.DataFrame:
    """Findings that a de-identified release shows under an id that begins so."""
    if release is None or not release.manifest.get("config_snapshot"):
        return history.clear()
    with remake.programme_of(data, release) as programme:
        hidden = [t for t in programme.trials.values() if t.deidentification is not None and t.deidentification.pseudonyms]
        keys = maskers(hidden)
    fits = [
        f for f, study in history.select("finding_id", "study").iter_rows()
        if study in keys and keys[study].finding(f).startswith(given)
    ]  # fmt: skip
    return history.filter(pl.col("finding_id").is_in(fits))
