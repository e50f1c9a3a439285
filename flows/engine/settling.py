"""Place every unit of a night: with its newest delivery, or with the one before, for each of its sites.

What belongs here: the decisions between pulling and publishing. What does not: where units stand (roster.py), whether one site's
delivery is good (holding.py), computing (night.py, batch.py), writing the release (assemble.py).

Every unit enters with its newest delivery. A site whose part of it cannot be used (unreadable, cut, mostly rejected) is taken from
the delivery before, and so on back to the one that is published: that is how the last good data of a held site stay in the
release, made by today's code. Where today's mapping cannot make them any more, they stay as they were published.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from flows.engine import (
    batch,
    changes,
    delivery_findings,
    drift,
    edit_effect,
    held_by_edit,
    holding,
    landed,
    returned,
    still_told,
    whole_again,
)
from flows.engine.batch import Staged
from flows.engine.edited import Edit
from flows.engine.fingerprint import code_sha256, fingerprint
from flows.engine.keep_blind import keeps_blind
from flows.engine.last_good import Before
from flows.engine.night import Attempt, Failure, Night, Placed
from flows.engine.placing import compose, fits
from flows.engine.roster import Entry, Roster, sites_of
from schemas.findings import TrialweaveError

MAX_STEPS_BACK = 5


def enter(night: Night, troubles: dict[str, str]) -> Roster:
    """Every unit with its newest delivery; `troubles`: unit -> why its source could not be pulled tonight."""
    roster = Roster(night)
    for key in sorted(night.programme.units):
        if key in troubles:
            roster.missing.add(key)
            _unreadable(roster, key, troubles[key])
        if not _keep(roster, key):
            _try(roster, key, 0)
    return roster


def settle(roster: Roster, results: Iterable[Staged | Failure]) -> Roster:
    """Take in what batches gave: place it, or hold the unit and try the delivery before."""
    results = list(results)
    worked = [r for r in results if isinstance(r, Staged)]
    asked = [(e, roster.pending[r.unit_key], r) for r in worked for e in roster.before(r.unit_key).values()]
    roster.edits.prepare(asked)
    roster.causes.prepare(asked)
    for result in results:
        if isinstance(result, Staged):
            _settle(roster, result, recomputed=True)
        else:
            if result.passing:
                roster.passing.add(result.key)
            attempt = roster.pending.pop(result.key)
            if attempt.back and result.key not in roster.reasons:
                _older_unreadable(roster, result)
            else:
                _unreadable(roster, result.key, result.reason + _since_edit(roster, attempt) + _proposal(roster, attempt))
            _try(roster, result.key, attempt.back + 1)
    return roster


def _keep(roster: Roster, key: str) -> bool:
    """When some sites are replayed, the others stay as they are in that night's release, if this code made it."""
    night = roster.night
    base = night.base
    if not night.replay or not night.only or key in night.only or base is None or base.manifest["code_sha256"] != code_sha256():
        return False
    if not _as_published(roster, key):
        return False
    told = {site: e["reason"] for site, e in roster.before(key).items() if e["reason"]}
    roster.site_reasons |= {(key, site): reason for site, reason in told.items()}
    return True


def _as_published(roster: Roster, key: str) -> bool:
    """Place a unit's sites as they stand in the release, from the staged output they were linked from, if that still fits."""
    unit, found = roster.night.programme.units[key], {}
    for site, entry in roster.before(key).items():
        mark = entry["fingerprint"]
        staged = _staged(roster.night, key, mark) if mark else None
        if staged is not None and site in staged.receipt["sites"] and fits(staged, site):
            found[site] = Placed(Attempt(unit, (), mark, 0), staged, recomputed=False)
            if site not in roster.chosen.get(key, {}):
                roster.told.setdefault(key, []).extend(still_told.everything(roster, staged, site))
    roster.chosen[key] = {**found, **roster.chosen.get(key, {})}
    return _compose(roster, key)


def _staged(night: Night, key: str, mark: str) -> Staged | None:
    site = night.programme.units[key].site
    return batch.load_staged(batch.staged_folder(night.data, site.study, site.site_id, mark), key, mark)


def _try(roster: Roster, key: str, back: int) -> None:
    """Let a unit wait for work with its `back`-th delivery; output that is there already is taken at once."""
    attempt = None
    try:
        attempt = _attempt(roster, key, back)
    except TrialweaveError as error:
        _unreadable(roster, key, str(error))
    if attempt is None:
        is_held = any(unit == key for unit, _ in roster.site_reasons)
        if not is_held and not roster.chosen.get(key) and not any(e["fingerprint"] for e in roster.before(key).values()):
            roster.reasons.setdefault(key, f"{key}: nothing has been delivered yet")
        _as_published(roster, key)
        return
    roster.pending[key] = attempt
    found = _staged(roster.night, key, attempt.mark)
    if found is not None:
        _settle(roster, found, recomputed=False)


def _attempt(roster: Roster, key: str, back: int) -> Attempt | None:
    """The newest delivery, those before it, last of all the ones the release that stands was made from."""
    night = roster.night
    site = night.programme.units[key].site
    known = [a for a in landed.arrivals(night.data, site.study, site.site_id, night.as_of) if (key, a.sha256) not in roster.aside]
    ends = [n for n in range(len(known), 0, -1) if n > len(known) - 1 - MAX_STEPS_BACK]
    for sha256 in sorted(roster.published(key)):
        ends += [n for n in range(len(known), 0, -1) if known[n - 1].sha256 == sha256 and n not in ends][:1]
    if back >= len(ends):
        return None
    known = known[: ends[back]]
    unit = night.unit_on(key, known[-1].delivered_at.date())
    wanted = known if unit.site.delivery == "delta" else known[-1:]
    used = tuple(landed.opened(night.data, site.study, site.site_id, a) for a in wanted)
    units = night.units(key, used)
    return Attempt(unit, used, fingerprint(night.programme, unit, used, units), back, units)


def _settle(roster: Roster, staged: Staged, recomputed: bool) -> None:
    """Judge every site of a staged unit that is not chosen yet; what cannot be taken waits for an older delivery."""
    key = staged.unit_key
    attempt = roster.pending.pop(key)
    chosen = roster.chosen.setdefault(key, {})
    before = roster.before(key)
    here = set(staged.receipt["sites"])
    gone = {s for s, e in before.items() if s not in here and e["fingerprint"] and any(t["kept"] for t in e["tables"].values())}
    left = sorted((here | gone) - set(chosen))
    edits = {s: e for s in left if (e := roster.edits.of(before.get(s), attempt, staged)) is not None}
    taken = held_by_edit.judge(roster, attempt, staged, left, edits)
    if taken is None:
        _as_published(roster, key)
        return
    for site in left:
        if _is_good(roster, attempt, staged, site, before.get(site), edits.get(site)):
            chosen[site] = Placed(attempt, staged, recomputed)
            roster.told[key] += [taken[site]] if site in taken and not still_told.takes_back(roster, staged, site, before[site]) else []
            entry = before.get(site)
            if entry is not None and site not in taken:
                roster.told[key] += _by_older(roster, attempt, staged, site, entry)
    if gone | here <= set(chosen):
        _compose(roster, key)
    else:
        _try(roster, key, attempt.back + 1)


def _is_good(roster: Roster, attempt: Attempt, staged: Staged, site: str, entry: Entry | None, edit: Edit | None) -> bool:
    """Judge one site; a finding about a delivery that is held is told once, of the newest."""
    key, night = staged.unit_key, roster.night
    mark = entry["fingerprint"] if entry is not None else None
    last, accepted = roster.last_good(key, site, entry, staged), roster.is_accepted(key, site, staged)
    older = _returned(roster, attempt, staged, entry, last)
    apart = roster.causes.of(entry, attempt, staged, edit, last)
    verdict = holding.judge(attempt.unit, staged, site, last, night.programme.evidence, older, apart, is_accepted=accepted)
    if verdict.reasons:
        if (key, site) not in roster.site_reasons:
            roster.site_reasons[(key, site)] = "\n".join(verdict.reasons)
            roster.held[(key, site)] = staged.fingerprint
            roster.told.setdefault(key, []).append(verdict.told)
        return False
    if site not in staged.receipt["sites"] or not keeps_blind(roster, attempt.unit, staged, site):
        return False
    roster.told.setdefault(key, []).append(verdict.told)
    known = still_told.everything(roster, staged, site)
    roster.told[key] += known
    if not accepted:
        told = [f for f in known if f.height]
        known_left = pl.concat(told).filter(pl.col("rule") == whole_again.RULE) if told else delivery_findings.none_found()
        both = apart.both if apart is not None else (staged, last)
        roster.told[key] += whole_again.told(attempt, *both, site, known_left, night.programme.evidence)
    if entry is not None and mark not in (None, staged.fingerprint):
        why = changes.causes(entry, staged.receipt.get("made_of", {}))
        diff = edit_effect.same_records(edit, staged, site) if edit is not None and edit.same_delivery else verdict.diff
        roster.changes[(key, site)] = changes.of_site(entry["study"], site, entry, roster.folder(key, mark), staged, diff, why)
    return True


def _by_older(roster: Roster, attempt: Attempt, staged: Staged, site: str, entry: Entry) -> list[pl.DataFrame]:
    """What an edit changed that the configuration of before cannot work the newest delivery with: told by the last good one, else that it
    cannot be told."""
    found = roster.causes.edit(entry, attempt, staged)
    if found is not None and not still_told.takes_back(roster, staged, site, entry):
        edit, after = found
        return [edit_effect.judge(attempt.unit, edit, after, site, roster.night.programme.evidence, is_accepted=True).told]
    is_unknown = found is None and roster.causes.is_unknown(entry, attempt, staged)
    return [edit_effect.not_compared(attempt.unit, entry, staged, site)] if is_unknown else []


def _returned(roster: Roster, attempt: Attempt, staged: Staged, entry: Entry | None, last: Before | None) -> pl.DataFrame | None:
    """Files of a delivery that are those of an older one than the last good delivery."""
    if entry is None or last is None:
        return None
    site, night = attempt.unit.site, roster.night
    known = landed.deliveries(night.data, site.study, site.site_id, night.as_of)
    return returned.files(known, roster.in_landing(attempt.unit.key, entry["delivery_sha256"]), staged)


def _since_edit(roster: Roster, attempt: Attempt) -> str:
    """Where the mapping was edited since a delivery was read that cannot be read any more; empty when it was not."""
    where = {w for e in roster.before(attempt.unit.key).values() if (w := roster.edits.where(e, attempt))}
    return f"\n  the mapping was edited since its data were published -> {', '.join(sorted(where))}" if where else ""


def _proposal(roster: Roster, attempt: Attempt) -> str:
    """How the mapping would fit a delivery that could not be read; names of files and columns, no cell."""
    key, site, night = attempt.unit.key, attempt.unit.site, roster.night
    if key in roster.reasons or not attempt.deliveries:
        return ""
    published = roster.published(key)
    known = landed.arrivals(night.data, site.study, site.site_id, night.as_of)
    arrival = next((a for a in reversed(known) if a.sha256 in published), None)
    last = landed.opened(night.data, site.study, site.site_id, arrival) if arrival is not None else None
    told = drift.text(drift.find(attempt.unit, attempt.deliveries[-1], last))
    return f"\n{told}" if told else ""


def _compose(roster: Roster, key: str) -> bool:
    """Place a unit, if any of its sites is chosen."""
    if not roster.chosen.get(key):
        return False
    roster.placed[key] = compose(key, roster.chosen[key])
    return True


def _older_unreadable(roster: Roster, failed: Failure) -> None:
    """An older delivery cannot be worked in the place of one that is held: said of the sites that are, since nothing is wrong with the
    newest delivery's files, nor with the sites that are taken from it."""
    for key in [k for k in roster.site_reasons if k[0] == failed.key]:
        first = failed.reason.partition("\n")[0]
        roster.site_reasons[key] += f"\n  it stays as it was published; today's configuration cannot work the delivery before: {first}"


def _unreadable(roster: Roster, key: str, reason: str) -> None:
    """A delivery that gave nothing: the reason, and a finding for each site of the unit."""
    if key in roster.reasons:
        return
    roster.reasons[key] = reason
    unit = roster.night.programme.units[key]
    for site in sites_of(roster, key):
        rows = pl.DataFrame({"suggestion": [reason], "n_rows": [1]})
        roster.told.setdefault(key, []).append(delivery_findings.findings("delivery_unreadable", unit, site, rows))
