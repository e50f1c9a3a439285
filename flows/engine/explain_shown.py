"""A published row found again among those just computed, also where the release shows pseudonyms and shifted dates.

What belongs here: showing computed rows as the release shows them, and matching. What does not: following the row back (explain.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from flows.engine import blinded_amounts, blinding, explain_key
from flows.engine.config import Programme
from flows.engine.deidentify import FREE_TEXT, Masker, mask, maskers
from flows.engine.explain import Recomputed
from schemas.columns import POOLED, columns


@dataclass(frozen=True)
class Found:
    """A computed row: its number in the table, its values as computed, and as the release shows them."""

    rowid: int
    own: dict[str, Any]
    shown: dict[str, Any]


def table_of(dataset: str) -> str:
    """The table a set is computed in."""
    return f"{'pooled' if dataset in POOLED else 'analysis'}.{dataset}"


def find_again(made: Recomputed, programme: Programme, dataset: str, row: dict[str, Any]) -> Found | None:
    """The computed row of a published one; None when it does not come out any more. Raises ConfigurationError without a trial's key."""
    trial = programme.trials[row["STUDYID"]]
    masker = maskers([trial]).get(trial.study)
    names = ", ".join(f'"{c.name}"::varchar as "{c.name}"' if c.type == "Text" else f'"{c.name}"' for c in columns()[dataset])
    where, values = ("", []) if "USUBJID" not in row else (' where "USUBJID" = $1', [_subject(made, masker, row)])
    numbers = [r[0] for r in made.con.execute(f"select rowid from {table_of(dataset)}{where} order by rowid", values).fetchall()]
    own = made.con.execute(f"select {names} from {table_of(dataset)}{where} order by rowid", values).pl()
    shown = _shown(own, dataset, made, programme, masker, row)
    key = ["STUDYID", *(c for c in explain_key.key_columns(dataset) if c != "STUDYID")]
    for number, one, other in zip(numbers, own.iter_rows(named=True), shown.iter_rows(named=True), strict=True):
        if all(other[c] == row[c] for c in key):
            return Found(number, one, other)
    return None


def why_hidden(programme: Programme, dataset: str, column: str, found: Found) -> str:
    """Why the release does not show a value that was computed; empty where there was none to show."""
    if found.own[column] is None or found.shown[column] is not None:
        return ""
    study = found.own["STUDYID"]
    trial, terms = programme.trials[study], blinding.terms_of(programme).get(study)
    if terms is not None and terms.no_amounts and column in blinded_amounts.COLUMNS.get(dataset, ()):
        return "the amount is left out of the releases of a blinded trial whose arms differ in strength, until it is unblinded"
    if trial.deidentification is not None and column in FREE_TEXT.get(dataset, ()):
        return "the trial is de-identified: its releases hold no text in the site's own words; restricted/ holds it"
    if terms is not None and column in blinding.TEXT.get(dataset, ()):
        return "the text names an arm of a blinded trial, or tells the arms apart; it is not published"
    return "the trial is de-identified: after the shift nothing of this date is sure"


def _subject(made: Recomputed, masker: Masker | None, row: dict[str, Any]) -> str:
    """The participant as the site knows them."""
    if masker is None:
        return str(row["USUBJID"])
    known = made.con.execute("select usubjid, site from core.subject").fetchall()
    return next((str(u) for u, site in known if masker.usubjid(u, site) == row["USUBJID"]), "")


def _shown(
    own: pl.DataFrame, dataset: str, made: Recomputed, programme: Programme, masker: Masker | None, row: dict[str, Any]
) -> pl.DataFrame:
    """Rows of one participant as the release shows them, in the same order."""
    terms = blinding.terms_of(programme).get(row["STUDYID"])
    if terms is not None:
        own = blinding.without_arms(own, dataset, terms)
    if masker is None or not own.height:
        return own
    site = made.attempt.unit.site
    member = site.sites.known.get(row.get("SITEID", "")) if site.sites else None
    return mask(own, dataset, masker, (member.timezone if member else None) or site.timezone)
