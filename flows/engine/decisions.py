"""What a person decides about a data folder between runs, written into the ledger with name, day and reason.

What belongs here: letting a held delivery or an edit of a mapping pass, setting a delivery aside. What does not: answers of sites and
waivers (answers.py), judging a delivery (holding.py).
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from flows.engine import landed, ledger, lock, releases, state, tombstones
from schemas.findings import ConfigurationError

RELEASED = "hold_released"
ASIDE = "delivery_set_aside"
BACK = "delivery_taken_back"
EDIT = "edit_accepted"


def release_hold(data: Path, name: str, delivery: str, who: str, reason: str) -> str:
    """Let a delivery of a site (or of a whole export) pass although it is held; the next run takes it. Returns its id.

    Raises ConfigurationError for a site or delivery that is not there, or a name or reason that is empty.
    """
    return _decide(data, RELEASED, name, delivery, who, reason)


def put_aside(data: Path, name: str, delivery: str, who: str, reason: str) -> str:
    """Treat a delivery as if it had never come: a wrong file, or one of many that add up and cannot be read. Returns its id.

    Raises ConfigurationError as release_hold does.
    """
    return _decide(data, ASIDE, name, delivery, who, reason)


def take_back(data: Path, name: str, delivery: str, who: str, reason: str) -> str:
    """Let a delivery count again that was set aside. Returns its id.

    Raises ConfigurationError as release_hold does, and for a delivery that is not set aside.
    """
    return _decide(data, BACK, name, delivery, who, reason)


def accept_edit(data: Path, name: str, who: str, reason: str) -> str:
    """Let the edit of a mapping pass by which a site is held: the records it loses or moves are rightly so. Returns what it is known by.

    Raises ConfigurationError where no edit holds the site, or a name or reason is empty.
    """
    if not who.strip() or not reason.strip():
        raise ConfigurationError("say who decides (--who) and why (--reason)")
    release = releases.latest(data)
    entry = next((e for e in (release.manifest["sites"] if release else ()) if f"{e['study']}/{e['site']}" == name), None)
    if entry is None:
        raise ConfigurationError(f"no site {name} in the latest release\n  look -> trialweave status")
    study, mark = entry["study"], entry.get("held") or "-"
    try:
        held = json.loads((data / "staged" / study / entry["export"] / mark[:16] / "staged.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        held = {}
    mapping = str(held.get("made_of", {}).get("mapping", ""))
    if not mapping or mapping == entry["made_of"].get("mapping"):
        raise ConfigurationError(f"{name} is not held by an edit of its mapping\n  look -> trialweave status")
    with lock.writing(data):
        ledger.append(data, EDIT, unit=entry["unit"], site=entry["site"], mapping=mapping, who=who.strip(), reason=reason.strip())
        run_again(data)
    return mapping[:12]


def accepted_edits(data: Path) -> set[tuple[str, str, str]]:
    """(unit, site, mapping) that a person let pass."""
    return {(e["unit"], e["site"], e["mapping"]) for e in ledger.entries(data, EDIT)}


def _decide(data: Path, event: str, name: str, delivery: str, who: str, reason: str) -> str:
    if not who.strip() or not reason.strip():
        raise ConfigurationError("say who decides (--who) and why (--reason)")
    unit, site = _place(data, name)
    study, _, export = unit.partition("/")
    known = landed.arrivals(data, study, export)
    found = sorted({d.sha256 for d in known if d.sha256.startswith(delivery)})
    if len(found) != 1 or len(delivery) < 6:
        few = ", ".join(dict.fromkeys(d.delivery_id for d in reversed(known)))
        raise ConfigurationError(f"{name}: {delivery!r} names {len(found)} deliveries; say 6 characters or more of one of: {few or 'none'}")
    if event == BACK and (unit, found[0]) not in set_aside(data):
        raise ConfigurationError(f"{name}: delivery {found[0][:12]} is not set aside; nothing was written")
    if event == RELEASED and _published(data, unit, site, found[0]):
        told = f"{name}: delivery {found[0][:12]} is in the latest release, nothing holds it; nothing was written"
        raise ConfigurationError(f"{told}\n  look -> trialweave status")
    with lock.writing(data):
        ledger.append(data, event, unit=unit, site=site, delivery=found[0], who=who.strip(), reason=reason.strip())
        run_again(data)
    return found[0][:12]


def _place(data: Path, name: str) -> tuple[str, str]:
    """The export of a site and the site; for an export of many sites named as a whole the site is empty."""
    release = releases.latest(data)
    for entry in release.manifest["sites"] if release else ():
        if f"{entry['study']}/{entry['site']}" == name:
            return entry["unit"], entry["site"]
    if not (data / "landing" / name / landed.LOG).is_file():
        raise ConfigurationError(f"no site {name}: nothing was ever delivered under this name")
    return name, ""


def accepted(data: Path) -> set[tuple[str, str, str]]:
    """(unit, site, delivery) that a person let pass; site empty: every site of the export."""
    now = tombstones.rewritten(data)
    told = ledger.entries(data, RELEASED)
    return {(e["unit"], e["site"], now.get(e["unit"], {}).get(e["delivery"], e["delivery"])) for e in told}


def _published(data: Path, unit: str, site: str, delivery: str) -> bool:
    """Whether the latest release holds just this delivery of a site, and nothing newer of it is held."""
    release = releases.latest(data)
    mine = [e for e in (release.manifest["sites"] if release else ()) if e["unit"] == unit and (not site or e["site"] == site)]
    return bool(mine) and all(e["delivery_sha256"] == delivery and not e.get("held") for e in mine)


def set_aside(data: Path) -> set[tuple[str, str]]:
    """(unit, delivery) that count as if they had never come."""
    now = tombstones.rewritten(data)
    out: set[tuple[str, str]] = set()
    for e in ledger.entries(data):
        if e.get("event") in (ASIDE, BACK):
            one = {(e["unit"], now.get(e["unit"], {}).get(e["delivery"], e["delivery"]))}
            out = out | one if e["event"] == ASIDE else out - one
    return out


def newest_aside(data: Path) -> list[str]:
    """What to know of exports whose newest delivery does not count: the release holds older data of them, and says they are the newest."""
    out = []
    for unit, delivery in sorted(set_aside(data)):
        study, _, export = unit.partition("/")
        known = landed.arrivals(data, study, export)
        if known and known[-1].sha256 == delivery:
            told = f"{unit}: its newest delivery {delivery[:12]} of {known[-1].delivered_at.date()} is set aside and does not count"
            out.append(f"{told}\n  undo -> trialweave set-aside {unit} --delivery {delivery[:12]} --take-back --who NAME --reason WHY")
    return out


def run_again(data: Path) -> None:
    """Make the next run look at everything, although no file changed."""
    known = state.read(data)
    if known is not None:
        state.write(data, replace(known, settled=False))
