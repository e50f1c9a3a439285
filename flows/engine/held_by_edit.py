"""A unit whose mapping was edited so that a site would lose records: it stays as it was published.

What belongs here: that decision. What does not: what the edit does to one site (edit_effect.py), where units stand (roster.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import polars as pl

from flows.engine import edit_effect, holding
from flows.engine.batch import Staged
from flows.engine.edited import Edit
from flows.engine.night import Attempt

if TYPE_CHECKING:
    from flows.engine.roster import Roster


def judge(
    roster: Roster, attempt: Attempt, staged: Staged, sites: Iterable[str], edits: Mapping[str, Edit]
) -> dict[str, pl.DataFrame] | None:
    """Judge what an edit of the mapping does to the sites of a unit. When one of them loses records by it, all stay as they were
    published: their mapping is one, and a row it takes from one may be given to another. Returns what is told of each site that is taken
    with the edit, None when the unit is held."""
    unit = attempt.unit
    key, evidence, before = unit.key, roster.night.programme.evidence, roster.before(unit.key)
    mapping, held = staged.receipt.get("made_of", {}).get("mapping", ""), {}
    taken: dict[str, pl.DataFrame] = {}
    for site, edit in edits.items():
        accepted = bool({(key, site, mapping), (key, "", mapping)} & roster.accepted_edits)
        last = roster.last_good(key, site, before.get(site), edit.before)
        verdict = edit_effect.judge(unit, edit, staged, site, evidence, last, is_accepted=accepted)
        if verdict.reasons:
            # what is wrong with the delivery itself is wrong without the edit, too
            apart = roster.causes.of(before.get(site), attempt, staged, edit, last)
            base = apart.base if apart is not None else last
            own = holding.judge(unit, edit.before, site, base, evidence, is_accepted=roster.is_accepted(key, site, staged))
            held[site] = ("\n".join([*verdict.reasons, *own.reasons]), [verdict.told, own.told] if own.reasons else [verdict.told])
        taken[site] = verdict.told
    if not held:
        return taken
    many = unit.site.sites
    for site in sites:
        if many is not None and site not in before and site not in many.known:
            continue  # the export's own name, under which files as a whole are told: nothing of it is published
        why = f"{unit.site.study}/{site}: the mapping of its export was edited and would lose records of {', '.join(sorted(held))}"
        reason, told = held.get(site, (why, []))
        known = roster.site_reasons.get((key, site))
        roster.site_reasons[(key, site)] = f"{known}\n{reason}" if known else reason
        roster.held.setdefault((key, site), staged.fingerprint)
        roster.told.setdefault(key, []).extend(told)
    return None
