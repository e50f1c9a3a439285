"""A finding by the id a person has: whole or its beginning, as the history keeps it or as a de-identified release shows it.

What belongs here: that search. What does not: the ids themselves (judge.py), how a release hides them (deidentify.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import findings_store, releases, remake
from flows.engine.deidentify import Masker, maskers
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
    keys = keys_of(data, release)
    fits = [
        f for f, study in history.select("finding_id", "study").iter_rows()
        if study in keys and keys[study].finding(f).startswith(given)
    ]  # fmt: skip
    return history.filter(pl.col("finding_id").is_in(fits))


def keys_of(data: Path, release: Release, of: Callable[[str], bool] = lambda study: True) -> dict[str, Masker]:
    """Study -> how a release's findings hide its participants, of the trials that do (and that are asked for).

    Raises ConfigurationError when the key of one is not in the environment, or not the key of that release.
    """
    shown_as = release.manifest.get("deidentified", {})
    if not any(of(study) for study in shown_as):
        return {}
    with remake.programme_of(data, release) as programme:
        trials = [t for t in programme.trials.values() if t.study in shown_as and of(t.study)]
        keys = maskers([t for t in trials if t.deidentification is not None and t.deidentification.pseudonyms])
    for study, masker in keys.items():
        if masker.check != shown_as[study]:
            told = f"{study}: the key in {masker.told.key_env} is not the one release {release.release_id} was made with"
            raise ConfigurationError(f"{told}\n  fix -> export {masker.told.key_env}=<the trial's key>")
    return keys
