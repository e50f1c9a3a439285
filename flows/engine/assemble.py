"""Put a release together: which files, what the manifest says of each site; then publish it.

What belongs here: from a night's placed units to a published release. What does not: its findings (release_findings.py), writing and
switching as such (releases.py), which units are placed (settling.py).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
    lock,
    recovery,
    release_findings,
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
from flows.engine.release_findings import Findings
from flows.engine.releases import Part, Release
from flows.engine.roster import Roster, sites_of
from schemas.columns import PER_SITE, POOLED, RESTRICTED
from schemas.findings import AccountingError, PublicationError

Entry = dict[str, Any]
#: Sets whose free text a de-identified release leaves out.
TEXT_SETS = tuple(d for d, names in FREE_TEXT.items() if names)


class Outcome:
    """How a night ended: the release that stands now, whether it is new, what was worked. No dataclass, as Sealed."""

    def __init__(
        self, release: Release, roster: Roster, *, published: bool, is_latest: bool, findings: Findings | None = None
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
    findings: Findings
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
        why = "\n".join(dict.fromkeys([*roster.reasons.values(), *roster.site_reasons.values()])) or "no site is configured"
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
    sets = copies.shown([*set_parts(p.staged for p in roster.placed.values()), *set_parts(pooled)], how)
    with ThreadPoolExecutor(1) as beside:
        gated = beside.submit(copies.gate, sets, how, _gated(night.base))
        matrix = beside.submit(harmonization.parts, matrix_sites(roster, entries, pooled, sets, how))
        told = release_findings.gather(roster, entries, release_id, how, keep_history=leads)
        gated.result()
    parts = [*sets, *told.parts, *matrix.result()]
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
        "deidentified": {study: told.masker.check for study, told in sorted(how.items()) if told.masker},
        "key_names": {study: told.masker.told.key_env for study, told in sorted(how.items()) if told.masker}, "sites": entries,
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
        if present is None and not night.replay and releases.switch_latest(night.data, made):
            ledger.append(night.data, recovery.SWITCHED, release_id=made.release_id)
            present = made
        is_latest = present is not None and present.release_id == made.release_id
        return Outcome(made, roster, published=False, is_latest=is_latest)
    release_id, told, how, parts = made.release_id, made.findings, made.how, made.parts
    folder = releases.write(night.data, release_id, [*parts, *made.documents], made.manifest)
    catalog.write_catalog(folder, (night.data / "releases" / release_id).resolve(), [*PER_SITE, *POOLED, "findings", harmonization.NAME])
    worked = _marks(roster)
    fresh = [p.source for p in parts if p.source is not None and _unit_folder(p.source) in worked]
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
        beside=releases.beside(release), answers=told.n_answers,
    )  # fmt: skip
    is_latest = made.leads and releases.switch_latest(night.data, release)
    return Outcome(release, roster, published=True, is_latest=is_latest, findings=told)


def _unit_folder(source: Path) -> str:
    """The name of the staged folder that a file of a set lies in; a source may go by way of another one."""
    return os.path.normpath(source).rsplit(os.sep, 3)[1]


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
    known = (f.select("site", "finding_id", "n_rows", "suggestion") for f in frames if f.height)
    rows = [r for f in known for r in f.iter_rows() if site in (None, r[0])]
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
    return parts + (copies.with_text([*given, *set_parts(staged, TEXT_SETS)], how) if hidden else [])


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
    lock.put_in_place(roster.night.data, folder, home / release_id)
    return hashlib.sha256(listed).hexdigest()


def code_version() -> str:
    """Version of the package and the checkout's commit."""
    try:
        told = version("trialweave")
    except PackageNotFoundError:
        told = "0.1.0"
    return f"{told}+{releases.git_sha()}"

