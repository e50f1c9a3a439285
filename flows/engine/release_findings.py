"""The findings of a release: a file a site, what is linked from the release before, what the history gains.

What belongs here: gathering them for the sites of a night. What does not: their life and how they are counted (findings_store.py), what
readers may see of them (copies.py), the rest of the release (assemble.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import answers, changes, copies, findings_store
from flows.engine.copies import Shown
from flows.engine.releases import Part, Release
from flows.engine.roster import Roster

Entry = dict[str, Any]
#: The rule whose new findings somebody is told of at once.
SPECIAL_INTEREST = "adverse_event_special_interest"


@dataclass(frozen=True)
class Findings:
    """A release's findings: its files, how many are resolved, and new of special interest a site, the rows the history gains, how many
    answers were known."""

    parts: list[Part]
    history: pl.DataFrame
    n_answers: int
    resolved: dict[str, int]
    special: dict[str, int]


def gather(roster: Roster, entries: list[Entry], release_id: str, how: dict[str, Shown], *, keep_history: bool) -> Findings:
    """Files of findings, a site each; those of a site whose output is the same are linked from the release that stands.

    Fills in how many there are of every entry.
    """
    night = roster.night
    told_before = any((night.data / "findings").glob("[0-9]*.parquet"))
    before = {(e["study"], e["site"]): e for e in night.base.manifest["sites"]} if night.base else {}
    files = _files_of(night.base)
    keys = {study: shown.masker.check for study, shown in how.items() if shown.masker}
    shown_as = night.base.manifest.get("deidentified", {}) if night.base else {}
    parts: list[Part] = []
    fresh: list[Entry] = []
    n_answers = answers.count(night.data)
    given = answers.known(night.data, n_answers)
    on = night.as_of.date()
    standing = answers.standing(given.values(), on)
    for entry in entries:
        entry["answers"] = standing.get((entry["study"], entry["site"]), "")
        if entry["fingerprint"] is None and not entry["told"]:
            continue
        old = before.get((entry["study"], entry["site"]))
        file = files.get((entry["study"], entry["site"]))
        same = old is not None and all(old.get(n) == entry[n] for n in ("fingerprint", "told", "answers"))
        same &= keys.get(entry["study"]) == shown_as.get(entry["study"])
        same &= old is not None and "findings_open" in old
        if told_before and old and same and file and night.base:
            source = night.base.folder / file["path"]
            parts.append(Part("findings", file["path"], file["rows"], file["sha256"], source))
            entry |= {n: old[n] for n in ("findings", "findings_open", "findings_from")}
            entry["findings_new"] = old["findings_new"] if night.base.as_of.date() == on else 0
        else:
            fresh.append(entry)
    of_site: dict[tuple[str, str], list[Entry]] = {}
    for entry in fresh:
        of_site.setdefault((entry["study"], entry["site"]), []).append(entry)
    sites = list(of_site)
    vanished = _vanished(before, entries)
    known = findings_store.history(night.data, [*sites, *vanished])
    found = _found(roster, fresh)
    living = answers.apply(findings_store.judge_life(found, known, on), given, on)
    for (study, site), mine in findings_store.by_site(living, on, sites, lambda frame: copies.show_findings(frame, how)).items():
        path = f"findings/{study}/{site}-{mine.sha256[:8]}.parquet"
        parts.append(Part("findings", path, mine.rows, mine.sha256, content=mine.content))
        for entry in of_site[(study, site)]:
            entry |= {**mine.counts, "findings_from": release_id}
    why = {k: changes.causes(before.get(k), e["made_of"]) for e in fresh if (k := (e["study"], e["site"]))} | vanished
    history = findings_store.events(living, known, on, release_id, why) if keep_history else known.clear()
    resolved = _by_site(history.filter(pl.col("status") == "RESOLVED"))
    special = _by_site(living.filter(pl.col("rule") == SPECIAL_INTEREST).join(known, on="finding_id", how="anti"))
    return Findings(sorted(parts, key=lambda p: p.path), history, n_answers, resolved, special)


def _by_site(findings: pl.DataFrame) -> dict[str, int]:
    """study/site -> how many."""
    return {f"{study}/{site}": n for study, site, n in findings.group_by("study", "site").len().sort("study", "site").iter_rows()}


def _vanished(before: dict[tuple[str, str], Entry], entries: Sequence[Entry]) -> dict[tuple[str, str], str]:
    """Sites of the release that stands that are in this one no more -> why: nothing is found there, so what was found is resolved."""
    now = {e["unit"]: e["made_of"] for e in entries if e["made_of"]}
    gone = before.keys() - {(e["study"], e["site"]) for e in entries}
    return {k: changes.causes(before[k], now[u]) if (u := before[k]["unit"]) in now else "configuration" for k in sorted(gone)}


def _found(roster: Roster, entries: Sequence[Entry]) -> pl.DataFrame:
    """What was found tonight in these sites' data and about their deliveries; a finding told twice is one."""
    folders: dict[Path, list[str]] = {}
    told = []
    for key in sorted({e["unit"] for e in entries}):
        wanted = {e["site"] for e in entries if e["unit"] == key}
        for site, placed in sorted(roster.chosen.get(key, {}).items()):
            if site in wanted:
                folders.setdefault(placed.staged.folder, []).append(site)
        told += [f.filter(pl.col("site").is_in(sorted(wanted))) for f in roster.told.get(key, ()) if f.height]
    return pl.concat([findings_store.read_staged(folders), *told]).unique("finding_id", keep="first", maintain_order=True)


def _files_of(base: Release | None) -> dict[tuple[str, str], Entry]:
    """(study, site) -> its file of findings in the release that stands; those that are gone or not as published are left out."""
    out: dict[tuple[str, str], Entry] = {}
    for file in base.manifest["files"] if base else ():
        path = base.folder / file["path"] if base else Path()
        if file["dataset"] == "findings" and path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]:
            _, study, name = file["path"].split("/")
            out[(study, name[: -len("-12345678.parquet")])] = file
    return out
