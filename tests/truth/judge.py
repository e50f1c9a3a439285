"""Judges every published cell against the truth, and what became of each fault. Knows no rule, no SQL, no mapping.

What belongs here: comparing, and asking whether a difference is told. What does not: computing the truth (oracle/).

A difference is told when a finding of the participant (or of a row that was theirs, or of the whole export) lies in a table that the
set is made of. A finding that only notes explains a value that is missing or unknown, never a wrong one. Each participant carries at
most one fault, so that no finding of another fault can stand in.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.truth import oracle
from tests.truth.faults import KINDS
from tests.truth.night import Night
from tests.truth.records import Planted, Record, Site, Subject

STRONG = ("query", "withhold", "reject")
#: Values that say nothing: a note is enough beside them.
SILENT = (None, "U", "UNKNOWN")

PEOPLE = ("subject", "disposition", "consent_gap", "population", "subject_twin")
WEIGHTS = ("site_weight", "site_missing_code", "subject_weight", "subject_run")
COURSE = (
    "session", "session_check", "dose", "dose_timing", "dose_amount", "dose_lag", "planned_dose", "site_timing", "site_session",
    "subject_clock", "session_length", "clock_step", "form_step", "course_gap", "exposure_delay", "exposure_gap", "treatment_day", *PEOPLE,
)  # fmt: skip
FORMS = ("form", "item", "item_fault", "form_check", "form_crossing", "total_check", "site_item", "site_score", "score_jump", "scale_jump",
         "subject_baseline", "visit_gap", "dose_timing", "form_copy", "form_place", "form_step", "form_profile", "form_shift", "row_shift",
         "site_profile", "site_scale", "site_total", *PEOPLE)
RATINGS = ("rating", "subject_suds", "subject_rating", "suds_code", "site_suds", "session_suds", "session_exercise",
           "rating_odd", "rating_gap", "row_shift", "site_rating")
EVENTS = ("adverse_event", "site_event", "event_course", "event_spelling")
#: Tables of findings about a row, a file or a delivery.
GENERAL = (
    "loose_row", "blank_cell", "clock_offset", "code_share", "file_column", "column_order", "table_end", "file_note", "wide_file",
    "delivery", "table",
)  # fmt: skip
#: Set -> tables whose findings may tell of a difference in it.
MADE_OF: dict[str, tuple[str, ...]] = {
    "adex": (*COURSE, *RATINGS, *WEIGHTS, "medication"), "adsess": (*COURSE, *RATINGS, *FORMS), "adsuds": (*RATINGS, "session", *PEOPLE),
    "adqs": FORMS, "aditem": FORMS, "adcm": ("medication", *COURSE), "adae": (*EVENTS, *COURSE),
    "addv": (*COURSE, *RATINGS, *FORMS, *WEIGHTS, "medication"),
    "adsl": (*COURSE, *RATINGS, *FORMS, *WEIGHTS, "medication"), "adipd": (*COURSE, *RATINGS, *FORMS, "medication"),
}  # fmt: skip
#: Intake table -> the set its own cells are published in.
OWN = {
    "subject": "adsl", "session": "adsess", "dose": "adex", "rating": "adsuds", "medication": "adcm", "assessment": "aditem",
    "adverse_event": "adae", "disposition": "adsl",
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """A published cell that is not the truth; column "" is a whole row that is missing or too many."""

    dataset: str
    key: tuple[Any, ...]
    column: str
    want: Any
    got: Any

    def __str__(self) -> str:
        return f"{self.dataset} {'|'.join(str(k) for k in self.key)} {self.column}: true {_short(self.want)}, published {_short(self.got)}"


@dataclass
class Judged:
    """Verdicts of one night."""

    cells: int = 0
    clean_records: int = 0
    false_findings: list[str] = field(default_factory=list)
    clean_wrong: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)


def judge(sites: list[Site], planted: list[Planted], night: Night, config: Path) -> Judged:
    """Give every planted fault its verdict; count cells, false findings, and rows lost."""
    out = Judged()
    findings = _findings(sites, night, config)
    for site in sites:
        differences, cells = _differences(site, night)
        out.cells += cells
        mine = findings[site.key]
        if site.fault is not None:
            _judge_site(site, site.fault, differences, mine, night)
            continue
        for subject in site.subjects:
            theirs = differences.pop(subject.usubjid, [])
            if subject.fault is None:
                out.clean_wrong += [str(d) for d in theirs]
                out.clean_records += sum(1 for r in subject.all() for _ in r.rows())
                out.false_findings += _false(site, mine.of(subject))
            elif subject is subject.fault.subject:
                other = [s for s in site.subjects if s.fault is subject.fault and s is not subject]
                for s in other:
                    theirs += differences.pop(s.usubjid, [])
                _judge(subject.fault, theirs, [f for s in (subject, *other) for f in mine.of(s)])
        for key, rest in differences.items():
            owner = next((p for p in planted if p.site is site and p.subject and any(key == d.key[0] for d in rest)), None)
            out.clean_wrong += [f"nobody's: {d}" for d in rest] if owner is None else []
        out.false_findings += _false(site, mine.nobodys())
        out.accounts += _accounts(site, night)
    return out


def _false(site: Site, findings: list[dict[str, Any]]) -> list[str]:
    """Questions among findings that nobody should have asked."""
    return [f"{site.key} {site.style.name} {f['rule']} {f['record_key']}" for f in findings if f["severity"] in STRONG]


def _differences(site: Site, night: Night) -> tuple[dict[str, list[Difference]], int]:
    """Participant -> the cells that differ; and how many were compared."""
    out: dict[str, list[Difference]] = defaultdict(list)
    cells = 0
    members = [(site.study, m) for m in (site.style.members or (site.name,))]
    for name, rows in oracle.expected(site).items():
        published = {k: v for m in members for k, v in night.sets.get(name, {}).get(m, {}).items()}
        for key in rows.keys() | published.keys():
            want, got = rows.get(key), published.get(key)
            if want is None or got is None:
                if want is None and name == "aditem" and got["AVAL"] is None:
                    continue  # an item not answered may stand as a null
                out[key[0]].append(Difference(name, key, "", want, got))
                continue
            for column, value in want.items():
                cells += 1
                if not same(value, got.get(column)):
                    out[key[0]].append(Difference(name, key, column, value, got.get(column)))
    return out, cells


def same(a: Any, b: Any) -> bool:
    """Equal: numbers to one in a million, instants as instants."""
    if isinstance(a, dt.datetime) and isinstance(b, dt.datetime):
        return a.astimezone(dt.UTC) == b.astimezone(dt.UTC)
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= 1e-6 * max(1.0, abs(a))
    return bool(a == b)


class Told:
    """The findings of one export, and whose they are."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.by: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self.rest: list[dict[str, Any]] = []

    def of(self, subject: Subject) -> list[dict[str, Any]]:
        """Findings of a participant."""
        return self.by[id(subject)]

    def nobodys(self) -> list[dict[str, Any]]:
        """Findings of no participant and of no row of theirs."""
        return self.rest

    def all(self) -> list[dict[str, Any]]:
        """Every finding of the export."""
        return [f for fs in self.by.values() for f in fs] + self.rest


def _findings(sites: list[Site], night: Night, config: Path) -> dict[str, Told]:
    """Export -> its findings, each given to the participant it names, or whose row it points at."""
    homes = {(s.study, m): s for s in sites for m in (s.style.members or (s.name,))} | {(s.study, s.name): s for s in sites}
    out = {s.key: Told(s) for s in sites}
    names: dict[str, dict[tuple[str, str], Subject]] = {}
    places: dict[str, dict[tuple[str, int], list[Record]]] = {}
    hashes: dict[str, dict[str, str]] = {}
    for site in sites:
        names[site.key] = {(site.member(s.number), s.subjid): s for s in site.subjects}
        at: dict[tuple[str, int], list[Record]] = defaultdict(list)
        for record in (row for s in site.subjects for r in s.all() for row in r.rows()):
            for place in record.places:
                at[place].append(record)
        places[site.key] = at
        folder = config / "exports" / f"{site.study}_{site.name}"
        hashes[site.key] = {hashlib.sha256(p.read_bytes()).hexdigest()[:12]: p.name for p in folder.iterdir()}
    for f in night.findings.to_dicts():
        site = homes.get((f["study"], f["site"]))
        if site is None:
            continue
        named = names[site.key].get((f["site"], f["subject"] or ""))
        row = f["source_row"]
        if f["table"] == "loose_row" and "|" in f["record_key"]:
            file, _, number = f["record_key"].rpartition("|")
            at_rows = places[site.key].get((file, int(number)), []) if number.isdigit() else []
        else:
            at_rows = places[site.key].get((hashes[site.key].get((f["source_file"] or "")[:12], ""), row or 0), [])
        own = {"form": "assessment", "item": "assessment", "item_fault": "assessment"}.get(f["table"], f["table"])
        if own in OWN:  # the sheets of a workbook number their rows each from 1
            at_rows = [r for r in at_rows if r.table == own]
        whose = {named} if named else {r.subject for r in at_rows}
        harmed = {r.subject for r in at_rows if r.subject.fault is not None and (r.subject.fault.record is r or r.text or r.sent != r.true)}
        if named and harmed and named not in harmed and named.fault is None:
            whose = harmed  # a row under another's identifier is told of its own participant
        if not whose:
            out[site.key].rest.append(f)
        for subject in whose | harmed:
            out[site.key].by[id(subject)].append(f)
    return out


def _explained(d: Difference, findings: list[dict[str, Any]]) -> bool:
    """Whether a finding tells of this difference."""
    for f in findings:
        related = f["table"] in MADE_OF[d.dataset] or f["table"] in GENERAL
        if related and (f["severity"] in STRONG or (d.got in SILENT and d.column)):
            return True
    return False


def _judge(planted: Planted, differences: list[Difference], findings: list[dict[str, Any]]) -> None:
    """The verdict on one fault of one participant."""
    kind = KINDS[planted.kind]
    silent = [d for d in differences if not _explained(d, findings)]
    strong = [f for f in findings if f["severity"] in STRONG]
    planted.why = [str(d) for d in silent]
    if silent:
        own = any(d.dataset == OWN.get(planted.table) for d in silent)
        planted.verdict = "missed" if own else "silently_wrong"
    elif kind.told and not findings:
        planted.verdict = "missed"
    elif not differences and not strong:
        planted.verdict = "corrected"
    elif any(f["severity"] in ("reject", "withhold") for f in findings):
        planted.verdict = "quarantined"
    else:
        planted.verdict = "found"


def _judge_site(site: Site, planted: Planted, differences: dict[str, list[Difference]], told: Told, night: Night) -> None:
    """The verdict on a fault of a whole export: told once for all, or each participant's own, or the export is held."""
    members = site.style.members or (site.name,)
    entries = [e for e in (night.sites.get(f"{site.study}/{m}") for m in (*members, site.name)) if e]
    if not entries or all(e["status"] in ("held", "missing") for e in entries):
        planted.verdict = "quarantined"
        planted.why = [e.get("reason", "") for e in entries]
        return
    general = [f for f in told.all() if f["subject"] is None]
    silent = []
    for subject in site.subjects:
        mine = general + told.of(subject)
        silent += [d for d in differences.get(subject.usubjid, []) if not _explained(d, mine)]
    planted.why = [str(d) for d in silent]
    anything = any(differences.values())
    if silent:
        planted.verdict = "silently_wrong"
    elif KINDS[planted.kind].told and not told.all():
        planted.verdict = "missed"
    elif not anything:
        planted.verdict = "found" if told.all() else "corrected"
    else:
        planted.verdict = "quarantined" if any(f["severity"] in ("reject", "withhold") for f in told.all()) else "found"


def _accounts(site: Site, night: Night) -> list[str]:
    """Rows received = kept + quarantined, and received is what was written."""
    out = []
    for member in site.style.members or (site.name,):
        entry = night.sites.get(f"{site.study}/{member}", {})
        for table, n in entry.get("tables", {}).items():
            if n["received"] != n["kept"] + n["quarantined"]:
                out.append(f"{site.key} {table}: {n}")
            written = _written(site, table, member)
            if written is not None and written != n["received"]:
                out.append(f"{site.key} {table}: {written} rows written, {n['received']} received")
    return out


def _written(site: Site, table: str, member: str) -> int | None:
    """Rows written of a table; None where a style does not write one row a record."""
    if site.style.wide or table not in ("session", "dose", "rating", "medication", "adverse_event", "disposition"):
        return None
    if site.style.name == "xpt" or site.style.members:
        return None
    written = sum(1 for s in site.subjects for r in s.records[table] for _ in r.rows())
    if site.style.one_file:  # a row that was cut may have been of any table
        others = (row for s in site.subjects for t, records in s.records.items() if t != table for r in records for row in r.rows())
        written += sum(1 for row in others if row.cut is not None or row.extra)
    return written


def _short(value: Any) -> str:
    return "a row" if isinstance(value, dict) else str(value)


