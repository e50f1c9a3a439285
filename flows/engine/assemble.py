"""Put a release together: which files, what the manifest says of each site, which findings are new; then publish it.

What belongs here: from a night's placed units to a published release. What does not: writing and switching as such
(releases.py), which units are placed (night.py).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import (
    answers,
    blinding,
    catalog,
    changes,
    checks,
    copies,
    findings_store,
    harmonization,
    ledger,
    recovery,
    releases,
    restricted,
    snapshots,
)
from flows.engine.batch import Staged
from flows.engine.copies import Shown
from flows.engine.deidentify import FREE_TEXT
from flows.engine.describe import documents
from flows.engine.edited import config_of
from flows.engine.fingerprint import code_sha256, config_sha256
from flows.engine.releases import Part, Release
from flows.engine.roster import Roster, sites_of
from schemas.columns import PER_SITE, POOLED, RESTRICTED
from schemas.findings import AccountingError, PublicationError

Entry = dict[str, Any]
#: The rule whose new findings somebody is told of at once.
SPECIAL_INTEREST = "adverse_event_special_interest"
#: Sets whose free text a de-identified release leaves out.
TEXT_SETS = tuple(d for d, names in FREE_TEXT.items() if names)


@dataclass(frozen=True)
class _Findings:
    """A release's findings: its files, how many are resolved, and new of special interest a site, the rows the history gains, how many
    answers were known."""

    parts: list[Part]
    history: pl.DataFrame
    n_answers: int
    resolved: dict[str, int]
    special: dict[str, int]


class Outcome:
    """How a night ended: the release that stands now, whether it is new, what was worked. No dataclass, as Sealed."""

    def __init__(
        self, release: Release, roster: Roster, *, published: bool, is_latest: bool, findings: _Findings | None = None
    ) -> None:
        self.release, self.published, self.is_latest = release, published, is_latest
        self.degraded, self.recomputed = roster.degraded, roster.recomputed
        self.reused = len(roster.placed) - len(roster.recomputed)
        self.resolved, self.special = (findings.resolved, findings.special) if findings else ({}, {})


@dataclass(frozen=True)
class Draft:
    """A release as it would be published: its sets and findings, what describes them. `leads`: it would become `latest`."""

    manifest: dict[str, Any]
    parts: list[Part]
    documents: list[Part]
    findings: _Findings
    how: dict[str, Shown]
    leads: bool

    @property
    def release_id(self) -> str:
        """The id it would get."""
        return str(self.manifest["release_id"])


def draft(roster: Roster, pooled: Sequence[Staged], reason: str = "") -> Draft | Release:
    """What is placed as one release, not yet published; or the release that stands, when it holds the same.

    Raises PublicationError when there is nothing to publish, AccountingError when rows are lost.
    """
    night = roster.night
    if not roster.placed:
        why = "\n".join(roster.reasons.values()) or "no site is configured"
        raise PublicationError(f"no site can be published, so there is no release\n{why}")
    check_accounts(placed.staged for placed in roster.placed.values())
    how = copies.how(roster)
    content = content_hash(roster, pooled, how)
    base = night.base
    if base is not None and base.content == content:
        return base
    now = dt.datetime.now(dt.UTC)
    release_id = releases.new_id(night.data, content, now)
    present = releases.latest(night.data)
    leads = present is None or present.as_of <= night.as_of
    entries = [entry for key in sorted(night.programme.units) for entry in site_entries(roster, key)]
    told = _findings(roster, entries, release_id, how, keep_history=leads)
    sets = copies.shown([*set_parts(p.staged for p in roster.placed.values()), *set_parts(pooled)], how)
    copies.gate(sets, how, _gated(night.base))
    parts = [*sets, *told.parts, *harmonization.parts(matrix_sites(roster, entries, pooled, sets, how))]
    missing = [s for s in (*PER_SITE, *POOLED) if not any(p.dataset == s for p in parts)]
    if missing:
        raise PublicationError(f"no file was made of {', '.join(missing)}; nothing is published")
    described = documents.documents((str(e["study"]) for e in entries), night.as_of.isoformat(), content)
    manifest = {
        "release_id": release_id, "created": now.isoformat(timespec="seconds"), "as_of": night.as_of.isoformat(),
        "code_version": code_version(), "code_sha256": code_sha256(), "config_sha256": config_sha256(night.programme),
        "config_snapshot": snapshots.keep(night.data, night.config_files or snapshots.take(night.programme.root)),
        "previous": base.release_id if base else None, "reason": reason, "blinded": sorted(roster.terms),
        "amounts_withheld": sorted(study for study, terms in roster.terms.items() if terms.no_amounts),
        "deidentified": {study: told.masker.check for study, told in sorted(how.items()) if told.masker}, "sites": entries,
        "files": [{"dataset": p.dataset, "path": p.path, "rows": p.rows, "sha256": p.sha256} for p in parts],
        "documents": documents.listed(described),
        "checks": checks.of_release(night.programme, entries, _results(roster), roster.told),
    }  # fmt: skip
    return Draft(manifest, parts, described, told, how, leads)


def publish(roster: Roster, pooled: Sequence[Staged], reason: str = "") -> Outcome:
    """Publish what is placed as one release; nothing is published when the release that stands holds the same.

    Raises as draft() does.
    """
    night = roster.night
    made = draft(roster, pooled, reason)
    if isinstance(made, Release):
        present = releases.latest(night.data)
        is_latest = present is not None and present.release_id == made.release_id
        return Outcome(made, roster, published=False, is_latest=is_latest)
    release_id, told, how, parts = made.release_id, made.findings, made.how, made.parts
    folder = releases.write(night.data, release_id, [*parts, *made.documents], made.manifest)
    catalog.write_catalog(folder, (night.data / "releases" / release_id).resolve(), [*PER_SITE, *POOLED, "findings", harmonization.NAME])
    worked = _marks(roster)
    fresh = [p.source for p in parts if p.source is not None and Path(os.path.normpath(p.source)).parents[1].name in worked]
    releases.make_durable(folder, [*fresh, *(folder / p.path for p in told.parts if p.source is None)])
    ledger.append(night.data, recovery.BEGUN, release_id=release_id)
    closed = _restrict(roster, release_id, how)
    release = releases.settle(night.data, release_id)
    if made.leads:
        findings_store.append(night.data, release_id, told.history)
        changes.append(night.data, release_id, [roster.changes[key] for key in sorted(roster.changes)])
    ledger.append(
        night.data, recovery.PUBLISHED, release_id=release_id, as_of=night.as_of.isoformat(), latest=made.leads, reason=reason,
        manifest_sha256=releases.file_sha256(release.folder / releases.MANIFEST), restricted_sha256=closed,
        beside=releases.beside(release.folder), answers=told.n_answers,
    )  # fmt: skip
    is_latest = made.leads and releases.switch_latest(night.data, release)
    return Outcome(release, roster, published=True, is_latest=is_latest, findings=told)


def _gated(base: Release | None) -> frozenset[str]:
    """Hashes of files of the release that stands that passed its gate while their trial was blinded."""
    if base is None:
        return frozenset()
    blinded = set(base.manifest["blinded"])
    return frozenset(f["sha256"] for f in base.manifest["files"] if f["path"].count("/") > 1 and f["path"].split("/")[1] in blinded)


def check_accounts(staged: Iterable[Staged]) -> None:
    """Kept and quarantined rows are the rows received, on every table of every site. Raises AccountingError."""
    for one in staged:
        for site, told in one.receipt["sites"].items():
            for table, n in told["tables"].items():
                if n["kept"] + n["quarantined"] != n["received"]:
                    raise AccountingError(
                        f"{one.unit_key}, site {site}, table {table}: received {n['received']} rows, but kept {n['kept']} and "
                        f"quarantined {n['quarantined']}; nothing is published"
                    )


def content_hash(roster: Roster, pooled: Sequence[Staged], how: dict[str, Shown] | None = None) -> str:
    """8 hex of what the release is made from: every site's fingerprint, how it stands and why, and what was found about deliveries."""
    units = {key: [[s, _mark(roster, key, s), _standing(roster, key, s), roster.reason(key, s)] for s in _sites_of(roster, key)]
             for key in roster.night.programme.units}  # fmt: skip
    told = {key: told_sha256(frames) for key, frames in roster.told.items()}
    given = sorted(f"{k} {v}" for k, v in answers.standing(answers.known(roster.night.data).values(), roster.night.as_of.date()).items())
    limits = checks.limits_sha(roster.night.programme)
    keys = {study: shown.masker.check for study, shown in (copies.how(roster) if how is None else how).items() if shown.masker}
    facts = json.dumps([units, told, given, limits, sorted(p.fingerprint for p in pooled), *([keys] if keys else [])], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()[:8]


def told_sha256(frames: Sequence[pl.DataFrame], site: str | None = None) -> str:
    """Hash of findings about deliveries (of one site when asked); empty when there are none."""
    rows = [r for f in frames for r in f.select("site", "finding_id", "n_rows", "suggestion").iter_rows() if site in (None, r[0])]
    return hashlib.sha256(json.dumps(sorted(map(str, rows))).encode()).hexdigest() if rows else ""


def _mark(roster: Roster, key: str, site: str) -> str:
    chosen = roster.chosen.get(key, {}).get(site)
    return chosen.staged.fingerprint if chosen else ""


def _standing(roster: Roster, key: str, site: str) -> str:
    reason = roster.reason(key, site)
    if site in roster.chosen.get(key, {}):
        return "carried" if reason else "fresh"
    return "missing" if key in roster.missing or "nothing has been delivered" in reason else "held"


def _marks(roster: Roster) -> set[str]:
    return {p.staged.fingerprint[:16] for of in roster.chosen.values() for p in of.values() if p.recomputed}


def _results(roster: Roster) -> dict[tuple[str, str], list[Entry]]:
    """(unit, site) -> the check results of the batch its data come from."""
    return {
        (key, site): [c for c in placed.staged.receipt["checks"] if c["site"] == site]
        for key, of in roster.chosen.items() for site, placed in of.items()
    }  # fmt: skip


def matrix_sites(
    roster: Roster, entries: Iterable[Entry], pooled: Iterable[Staged], sets: Iterable[Part], how: dict[str, Shown]
) -> list[harmonization.SiteIn]:
    """The sites of a release as the harmonization matrix sees them: under the mapping their data were read by."""
    sites = []
    for entry in entries:
        placed = roster.chosen.get(entry["unit"], {}).get(entry["site"])
        unit = placed.attempt.unit if placed else roster.night.programme.units[entry["unit"]]
        sites.append((entry["study"], entry["site"], unit, placed.staged if placed else None))
    return harmonization.sites_in(sites, pooled, sets, {study for study, shown in how.items() if shown.masker})


def site_entries(roster: Roster, key: str) -> list[Entry]:
    """What the manifest says of each site of a unit."""
    return [_entry(roster, key, site) for site in _sites_of(roster, key)]


def _entry(roster: Roster, key: str, site: str) -> Entry:
    night = roster.night
    unit = night.programme.units[key]
    status = _standing(roster, key, site)
    told = told_sha256(roster.told.get(key, ()), site)
    reason, words = roster.reason(key, site), roster.terms.get(unit.site.study)
    entry: Entry = {
        "study": unit.site.study, "unit": key, "export": unit.site.site_id, "told": told,
        "reason": blinding.plain_reason(reason, words) if reason and words else reason,
        "held": roster.held.get((key, site)), "site": site, "status": status, "age_days": None, "delivery_sha256": None,
        "delivered_on": None, "fingerprint": None, "made_of": {}, "tables": {}, "findings": {}, "findings_open": {}, "findings_new": 0,
        "findings_from": None,
    }  # fmt: skip
    chosen = roster.chosen.get(key, {}).get(site)
    if chosen is None:
        return entry
    receipt, mark = chosen.staged.receipt, chosen.staged.fingerprint
    before = roster.before(key).get(site)
    if before and night.base and not chosen.attempt.deliveries:  # as it was published: under the configuration of then
        entry["config"] = config_of(before, night.base.manifest)
    if status == "fresh" and before and before["fingerprint"] == mark:
        status = "unchanged"
    age = max((night.as_of.date() - dt.date.fromisoformat(receipt["delivered_on"])).days, 0)
    return entry | {"status": status, "age_days": age, "delivery_sha256": receipt["delivery"], "delivered_on": receipt["delivered_on"],
                    "fingerprint": mark, "made_of": receipt.get("made_of", {}), "tables": receipt["sites"][site]["tables"]}  # fmt: skip


def _sites_of(roster: Roster, key: str) -> list[str]:
    """The sites of a unit: those placed, and those that should be."""
    chosen = roster.chosen.get(key, {})
    lost = {s for k, s in roster.site_reasons if k == key}
    return sorted({*chosen, *lost}) if chosen else sorted({*sites_of(roster, key), *lost})


def set_parts(staged: Iterable[Staged], datasets: Sequence[str] = (*PER_SITE, *POOLED)) -> list[Part]:
    """Files of staged units that a release links: <set>/<study>/<site>-<hash8>.parquet."""
    out = []
    for one in staged:
        study = one.unit_key.split("/")[0]
        for dataset in datasets:
            for site, entry in sorted(one.receipt["files"].get(dataset, {}).items()):
                path = f"{dataset}/{study}/{site}-{entry['sha256'][:8]}.parquet"
                out.append(Part(dataset, path, entry["rows"], entry["sha256"], one.folder / entry["file"]))
    return sorted(out, key=lambda p: p.path)


def restricted_parts(staged: Sequence[Staged], how: dict[str, Shown]) -> list[Part]:
    """Files that belong into restricted/: the arms of trials that are not blinded, the text of de-identified ones."""
    given = set_parts(staged, RESTRICTED)
    copies.gate(given, how)
    hidden = {study for study, told in how.items() if told.masker}
    parts = [p for p in given if copies.place(p)[0] not in hidden]
    return parts + copies.with_text([*given, *set_parts(staged, TEXT_SETS)], how)


def _restrict(roster: Roster, release_id: str, how: dict[str, Shown]) -> str | None:
    """Treatment assignment of trials that are not blinded and free text of de-identified ones: apart from the release, for its owner.
    Returns the sha256 of their manifest."""
    parts = restricted_parts([p.staged for p in roster.placed.values()], how)
    if not parts:
        return None
    home = restricted.home(roster.night.data)
    folder = home / f".tmp-{release_id}"
    folder.mkdir(mode=0o700)
    for part in parts:
        releases.put_part(folder, part, mode=0o400)
    for inner in folder.rglob("*"):
        if inner.is_dir():
            inner.chmod(0o700)
    listed = releases.restricted_manifest(parts)
    releases.put_part(folder, Part("", releases.MANIFEST, 0, "", content=listed), mode=0o400)
    releases.make_durable(folder)
    folder.rename(home / release_id)
    return hashlib.sha256(listed).hexdigest()


def _findings(roster: Roster, entries: list[Entry], release_id: str, how: dict[str, Shown], *, keep_history: bool) -> _Findings:
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
    sites = [(e["study"], e["site"]) for e in fresh]
    vanished = _vanished(before, entries)
    known = findings_store.history(night.data, [*sites, *vanished])
    found = _found(roster, fresh)
    living = answers.apply(findings_store.judge_life(found, known, on), given, on)
    for (study, site), mine in findings_store.by_site(living, on, sites, lambda frame: copies.show_findings(frame, how)).items():
        path = f"findings/{study}/{site}-{mine.sha256[:8]}.parquet"
        parts.append(Part("findings", path, mine.rows, mine.sha256, content=mine.content))
        for entry in fresh:
            if (entry["study"], entry["site"]) == (study, site):
                entry |= {**mine.counts, "findings_from": release_id}
    why = {k: changes.causes(before.get(k), e["made_of"]) for e in fresh if (k := (e["study"], e["site"]))} | vanished
    history = findings_store.events(living, known, on, release_id, why) if keep_history else known.clear()
    resolved = _by_site(history.filter(pl.col("status") == "RESOLVED"))
    special = _by_site(living.filter(pl.col("rule") == SPECIAL_INTEREST).join(known, on="finding_id", how="anti"))
    return _Findings(sorted(parts, key=lambda p: p.path), history, n_answers, resolved, special)


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


def code_version() -> str:
    """Version of the package and the checkout's commit."""
    try:
        told = version("trialweave")
    except PackageNotFoundError:
        told = "0.1.0"
    return f"{told}+{releases.git_sha()}"

