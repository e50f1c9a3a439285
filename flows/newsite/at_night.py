"""Doubts about mappings and trials' files (`check-config`) as findings of a night: one a doubt, on the site or on the trial's first one.

What belongs here: their shape as findings. What does not: what is doubted (doubts.py, trial_doubts.py). A doubt has the same finding every
night, so that it is new once and stays open until somebody waives it or mends what it names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import polars as pl

from flows.engine import delivery_findings
from flows.engine.config import Unit
from flows.engine.night import Placed
from flows.newsite import doubts, trial_doubts
from schemas.intake import CONTRACTS

MAPPING, TRIAL = "mapping_doubted", "trial_doubted"


def told(placed: Mapping[str, Placed]) -> dict[str, list[pl.DataFrame]]:
    """Unit -> findings on its first site, of all units that are placed."""
    out: dict[str, list[pl.DataFrame]] = {}
    studies: set[str] = set()
    for key, one in sorted(placed.items()):
        unit = one.attempt.unit
        site = min(one.staged.receipt["sites"], default=unit.site.site_id)
        found = _findings(MAPPING, unit, site, doubts.find(unit))
        if unit.site.study not in studies:
            studies.add(unit.site.study)
            found += _findings(TRIAL, unit, site, trial_doubts.find(unit.trial, unit.instruments))
        if found:
            out[key] = found
    return out


def _findings(rule: str, unit: Unit, site: str, said: Iterable[str]) -> list[pl.DataFrame]:
    rows = [row(doubt) for doubt in said]
    return [delivery_findings.findings(rule, unit, site, pl.DataFrame(rows))] if rows else []


def row(doubt: str) -> dict[str, str]:
    """A doubt's finding. Its key holds what is doubted: another doubt at the same place is another finding, which no waiver covers."""
    place = doubt.partition(": ")[0]
    first, _, field = place.removeprefix("tables.").partition(".")
    table = first.partition("[")[0]
    return {
        "table": table if table in CONTRACTS else "", "field": field if table in CONTRACTS else "",
        "record_key": f"{place} {hashlib.sha256(doubt.encode()).hexdigest()[:8]}", "suggestion": doubt,
    }  # fmt: skip
