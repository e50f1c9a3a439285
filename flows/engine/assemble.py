"""Put a release together: which files, what the manifest says of each site, which findings are new; then publish it.

What belongs here: from a night's placed units to a published release. What does not: writing and switching as such
(releases.py), which units are placed (night.py).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import polars as pl

from flows.engine import catalog, findings_store, ledger, releases
from flows.engine.batch import Staged
from flows.engine.fingerprint import code_sha256, config_sha256
from flows.engine.night import Placed, Roster
from flows.engine.releases import Part, Release
from schemas.columns import PER_SITE, POOLED, RESTRICTED
from schemas.findings import AccountingError, PublicationError

Entry = dict[str, Any]


class Outcome:
    """How a night ended: the release that stands now, whether it is new, what was worked. No dataclass, as Sealed."""

    def __init__(
        self, release: Release, roster: Roster, *, published: bool, is_latest: bool, new_findings: dict[str, int] | None = None
    ) -> None:
        self.release, self.published, self.is_latest = release, published, is_latest
        self.degraded, self.recomputed = roster.degraded, roster.recomputed
        self.reused = len(roster.placed) - len(roster.recomputed)
        self.new_findings = new_findings or {}


def publish(roster: Roster, pooled: Sequence[Staged], reason: str = "") -> Outcome:
    """Publish what is placed as one release; nothing is published when the release that stands holds the same.

    Raises PublicationError when there is nothing to publish, AccountingError when rows are lost.
    """
    night = roster.night
    if not roster.placed:
        why = "\n".join(roster.reasons.values()) or "no site is configured"
        raise PublicationError(f"no site can be published, so there is no release\n{why}")
    check_accounts(placed.staged for placed in roster.placed.values())
    content = content_hash(roster, pooled)
    base = night.base
    if base is not None and base.content == content:
        present = releases.latest(night.data)
        is_latest = present is not None and present.release_id == base.release_id
        return Outcome(base, roster, published=False, is_latest=is_latest)
    now = dt.datetime.now(dt.UTC)
    release_id = releases.new_id(night.data, content, now)
    present = releases.latest(night.data)
    leads = present is None or present.as_of <= night.as_of
    entries = [entry for key in sorted(night.programme.units) for entry in site_entries(roster, key)]
    told = _findings(roster, entries, release_id, keep_history=leads)
    parts = [*set_parts(p.staged for p in roster.placed.values()), *set_parts(pooled), *told.parts]
    missing = [s for s in (*PER_SITE, *POOLED) if not any(p.dataset == s for p in parts)]
    if missing:
        raise PublicationError(f"no file was made of {', '.join(missing)}; nothing is published")
    manifest = {
        "release_id": release_id, "created": now.isoformat(timespec="seconds"), "as_of": night.as_of.isoformat(),
        "code_version": code_version(), "code_sha256": code_sha256(), "config_sha256": config_sha256(night.programme),
        "previous": base.release_id if base else None, "reason": reason, "sites": entries,
        "files": [{"dataset": p.dataset, "path": p.path, "rows": p.rows, "sha256": p.sha256} for p in parts],
        "checks": [c | {"study": _study(p)} for p in roster.placed.values() for c in p.staged.receipt["checks"]],
    }  # fmt: skip
    folder = releases.write(night.data, release_id, parts, manifest)
    catalog.write_dictionary(folder / "dictionary.csv")
    catalog.write_catalog(folder, (night.data / "releases" / release_id).resolve(), [*PER_SITE, *POOLED, "findings"])
    fresh = [p.source for p in parts if p.source is not None and p.source.parents[1].name in _marks(roster)]
    releases.make_durable(folder, [*fresh, *(folder / p.path for p in told.parts if p.source is None)])
    _restrict(roster, release_id)
    release = releases.settle(night.data, release_id)
    if leads:
        findings_store.append(night.data, release_id, told.history)
    is_latest = releases.switch_latest(night.data, release)
    ledger.append(
        night.data, "release_published", release_id=release_id, as_of=night.as_of.isoformat(), latest=is_latest, reason=reason,
        manifest_sha256=hashlib.sha256((release.folder / releases.MANIFEST).read_bytes()).hexdigest(),
    )  # fmt: skip
    return Outcome(release, roster, published=True, is_latest=is_latest, new_findings=told.new)


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


def content_hash(roster: Roster, pooled: Sequence[Staged]) -> str:
    """8 hex of what the release is made from: every unit's fingerprint and whether its data are its newest."""
    units = {key: [_mark(roster, key), _standing(roster, key)] for key in roster.night.programme.units}
    facts = json.dumps([units, sorted(p.fingerprint for p in pooled)], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()[:8]


def _mark(roster: Roster, key: str) -> str:
    return roster.placed[key].attempt.mark if key in roster.placed else ""


def _standing(roster: Roster, key: str) -> str:
    if key in roster.placed:
        return "carried" if key in roster.reasons else "fresh"
    return "missing" if key in roster.missing or not _was_tried(roster, key) else "held"


def _was_tried(roster: Roster, key: str) -> bool:
    return "nothing has been delivered" not in roster.reasons.get(key, "")


def _marks(roster: Roster) -> set[str]:
    return {p.attempt.mark[:16] for p in roster.placed.values() if p.recomputed}


def _study(placed: Placed) -> str:
    return placed.attempt.unit.site.study


def site_entries(roster: Roster, key: str) -> list[Entry]:
    """What the manifest says of each site of a unit."""
    night = roster.night
    unit = night.programme.units[key]
    status = _standing(roster, key)
    common: Entry = {"study": unit.site.study, "unit": key, "export": unit.site.site_id, "reason": roster.reasons.get(key, "")}
    placed = roster.placed.get(key)
    if placed is None:
        return [{**common, "site": s, "status": status, "age_days": None, "delivery_sha256": None, "delivered_on": None,
                 "fingerprint": None, "tables": {}, "findings": {}} for s in _sites_of(roster, key)]  # fmt: skip
    receipt = placed.staged.receipt
    before = _before(roster, key)
    if status == "fresh" and any(e["fingerprint"] == placed.attempt.mark for e in before.values()):
        status = "unchanged"
    delivered = dt.date.fromisoformat(receipt["delivered_on"])
    age = max((night.as_of.date() - delivered).days, 0)
    return [{**common, "site": s, "status": status, "age_days": age, "delivery_sha256": receipt["delivery"],
             "delivered_on": receipt["delivered_on"], "fingerprint": placed.attempt.mark, "tables": told["tables"],
             "findings": {}} for s, told in sorted(receipt["sites"].items())]  # fmt: skip


def _sites_of(roster: Roster, key: str) -> list[str]:
    """The sites of a unit that has nothing to show: as last seen, else as configured."""
    site = roster.night.programme.units[key].site
    known = sorted(site.sites.known) if site.sites else []
    return sorted(_before(roster, key)) or known or [site.site_id]


def _before(roster: Roster, key: str) -> dict[str, Entry]:
    """A unit's sites in the release that stands."""
    base = roster.night.base
    return {e["site"]: e for e in base.manifest["sites"] if e["unit"] == key} if base else {}


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


def _restrict(roster: Roster, release_id: str) -> None:
    """Treatment assignment of trials that are not blinded: apart from the release, for its owner only."""
    parts = set_parts((p.staged for p in roster.placed.values()), RESTRICTED)
    if not parts:
        return
    home = roster.night.data / "restricted"
    home.mkdir(mode=0o700, exist_ok=True)
    folder = home / f".tmp-{release_id}"
    folder.mkdir(mode=0o700)
    for part in parts:
        releases.put_part(folder, part, mode=0o400)
    for inner in folder.rglob("*"):
        if inner.is_dir():
            inner.chmod(0o700)
    releases.make_durable(folder)
    folder.rename(home / release_id)


@dataclass(frozen=True)
class _Findings:
    """A release's findings: its files, how many are new a site, the rows the history gains."""

    parts: list[Part]
    new: dict[str, int]
    history: pl.DataFrame


def _findings(roster: Roster, entries: list[Entry], release_id: str, keep_history: bool) -> _Findings:
    """Files of findings, a site each; those of a site whose output is the same are linked from the release that stands.

    Fills in `findings` (a count by severity) of every entry.
    """
    night = roster.night
    told_before = any((night.data / "findings").glob("[0-9]*.parquet"))
    before = {(e["study"], e["site"]): e for e in night.base.manifest["sites"]} if night.base else {}
    files = _files_of(night.base)
    parts: list[Part] = []
    fresh: list[Entry] = []
    for entry in entries:
        if entry["fingerprint"] is None:
            continue
        old = before.get((entry["study"], entry["site"]))
        file = files.get((entry["study"], entry["site"]))
        if told_before and old and old["fingerprint"] == entry["fingerprint"] and file and night.base:
            source = night.base.folder / file["path"]
            parts.append(Part("findings", file["path"], file["rows"], file["sha256"], source))
            entry["findings"] = old["findings"]
        else:
            fresh.append(entry)
    sites = [(e["study"], e["site"]) for e in fresh]
    known = findings_store.history(night.data, sites)
    found = findings_store.read_staged([roster.placed[k].staged.folder for k in sorted({e["unit"] for e in fresh})])
    on = night.as_of.date()
    living = findings_store.judge_life(found, known, on)
    new = {}
    for (study, site), mine in findings_store.by_site(living, known, sites).items():
        path = f"findings/{study}/{site}-{mine.sha256[:8]}.parquet"
        parts.append(Part("findings", path, mine.rows, mine.sha256, content=mine.content))
        new[f"{study}/{site}"] = mine.new
        for entry in fresh:
            if (entry["study"], entry["site"]) == (study, site):
                entry["findings"] = mine.by_severity
    history = findings_store.events(living, known, on, release_id) if keep_history else known.clear()
    return _Findings(sorted(parts, key=lambda p: p.path), new, history)


def _files_of(base: Release | None) -> dict[tuple[str, str], Entry]:
    """(study, site) -> its file of findings in the release that stands; those that are gone are left out."""
    out: dict[tuple[str, str], Entry] = {}
    for file in base.manifest["files"] if base else ():
        if file["dataset"] == "findings" and base is not None and (base.folder / file["path"]).is_file():
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

