"""All numbers of a report, read once.

What belongs here: running sql/7_report over a release's files, the life of findings, changes, earlier releases. What does not: tests
between sites (monitor.py), drawing (page.py and its neighbours).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from flows.engine import changes, enums, models, partitions, releases
from flows.engine.config import Programme
from flows.engine.releases import Release
from flows.engine.summary import SiteLine, site_lines
from flows.report import monitor
from schemas.columns import TYPES, columns
from schemas.evidence import Evidence
from schemas.findings import FindingStatus
from schemas.trial import Trial

Row = dict[str, Any]
Key = tuple[str, str]
#: The columns that are read of each set. None of them holds an arm or a text that a site wrote.
READ = {
    "adsl": "USUBJID AGE SEX WEIGHTBL ICFDT RANDDT ITTFL WDFL",
    "adex": "USUBJID EXTPT EXOCCUR EXDOSE EXSTDTM EXSTDTC LAGSTRT LAGEXPO LAGEND TIMCAT INWINFL",
    "adsess": "USUBJID SESSNO ATTFL SESDTM SEEDTM SUDSBEG SUDSEND",
    "adsuds": "USUBJID SESSNO EXNO SUDSBEG SUDSPEAK SUDSEND SUDSSCL",
    "adipd": "USUBJID PARAMCD AVISIT AVISITN WEEK AVAL",
    "adcm": "USUBJID CODESTAT",
    "adae": "USUBJID AESEQ AESICAT AESIFL AESTDTC AESEV AESER TRTEMFL DAYSLDOS",
}
FINDING = {
    "study": "varchar", "site": "varchar", "rule": "varchar", "severity": "varchar", "subject": "varchar", "impact": "varchar",
    "status": "varchar", "first_seen": "date",
}  # fmt: skip
SITE_MODELS = ("dose_lag", "dose_minute", "dose_amount", "session_fear", "outcome", "coding", "finding_count", "site_count")
#: Summary of a release for the reports of later ones.
SUMMARY = "report.json"
#: Releases a trend shows.
TREND = 30


@dataclass
class SiteFacts:
    """What there is to say of one site: its line of the manifest, and a list of rows for each model of sql/7_report."""

    line: SiteLine
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    resolved: int | None = None
    changes: dict[str, int] = field(default_factory=dict)

    def count(self, form: str, what: str) -> int:
        """A count of site_count."""
        return next((r["n"] for r in self.rows["site_count"] if (r["form"], r["what"]) == (form, what)), 0)

    @property
    def people(self) -> int:
        """Participants."""
        return next((r["n_of"] for r in self.rows["site_count"] if r["form"] == "participant"), 0)


@dataclass
class Facts:
    """A release in numbers. `trend`: summaries of releases, oldest first, this one last; `untold`: earlier ones without a summary."""

    release: Release
    trials: Mapping[str, Trial]
    evidence: Evidence
    sites: dict[Key, SiteFacts]
    events: list[Row]
    tests: list[monitor.Test]
    before: dict[str, Any] | None
    trend: list[dict[str, Any]]
    untold: int


def gather(data: Path, release: Release, programme: Programme) -> Facts:
    """Read a release. Raises ModelError when one of the models fails."""
    con = models.connect(threads=1)
    try:
        _read(con, release, programme)
        found = {name: _run(con, name) for name in (*SITE_MODELS, "event", "person_sign", "site_sign")}
    finally:
        con.close()
    lines = site_lines(release.manifest)
    sites = {tuple(line.key.split("/", 1)): SiteFacts(line) for line in lines}
    for name in SITE_MODELS:
        for row in found[name]:
            if (key := (row["STUDYID"], row["SITEID"])) in sites:
                sites[key].rows[name].append(row)  # type: ignore[index]
    _life(data, release.release_id, sites)  # type: ignore[arg-type]
    evidence = programme.evidence
    tests = monitor.tests(found["site_sign"], evidence.monitor_min_participants.value)
    trend, untold = _trend(data, release, sites)  # type: ignore[arg-type]
    before = next((t for t in trend if t["release_id"] == release.manifest["previous"]), None)
    return Facts(release, programme.trials, evidence, sites, found["event"], tests, before, trend, untold)  # type: ignore[arg-type]


def _read(con: duckdb.DuckDBPyConnection, release: Release, programme: Programme) -> None:
    """The release's sets as tables, with only the columns that are read; the trials' windows and visits."""
    for dataset, names in READ.items():
        kinds = {c.name: TYPES[c.type] for c in columns()[dataset]}
        wanted = {n: kinds[n] for n in ("STUDYID", "SITEID", *names.split())}
        _table(con, release, dataset, dataset, wanted)
    _table(con, release, "findings", "finding", FINDING)
    numbers = ", ".join(f"{value!r} as {name}" for name, value in programme.evidence.values().items())
    con.execute(f"create table ref.evidence as select {numbers}")
    con.execute("create table ref.dose_window (STUDYID varchar, is_exposure boolean)")
    visit = "STUDYID varchar, AVISIT varchar, AVISITN integer, to_day integer, is_shifted boolean"
    con.execute(f"create table ref.due_visit ({visit})")
    for study, trial in sorted(programme.trials.items()):
        pre = trial.timing_window.pre
        con.execute("insert into ref.dose_window values ($1, $2)", [study, pre is not None and pre.reference == "exposure_start"])
        shifted = trial.deidentification is not None and trial.deidentification.date_shift is not None
        for visit in trial.visits:
            if visit.anchor == "randomization":
                row = [study, visit.name, visit.order, visit.to_day, shifted]
                con.execute("insert into ref.due_visit values ($1, $2, $3, $4, $5)", row)
    con.execute("set variable as_of = $1", [release.as_of.date().isoformat()])


def _table(con: duckdb.DuckDBPyConnection, release: Release, dataset: str, name: str, wanted: Mapping[str, str]) -> None:
    files = sorted(str(release.folder / f["path"]) for f in release.manifest["files"] if f["dataset"] == dataset and f["rows"])
    inside = ", ".join(f'"{n}"' for n in wanted)
    if files:
        listed = ", ".join(enums.quoted(f) for f in files)
        con.execute(f"create table release.{name} as select {inside} from read_parquet([{listed}])")
    else:
        con.execute(f"create table release.{name} ({', '.join(f'{n} {kind}' for n, kind in wanted.items())})")


def _run(con: duckdb.DuckDBPyConnection, name: str) -> list[Row]:
    models.run_model(con, models.catalogue()[f"report.{name}"])
    if name == "person_sign":
        return []
    result = con.execute(f"select * from report.{name}")
    heads = [d[0] for d in result.description]
    return [dict(zip(heads, row, strict=True)) for row in result.fetchall()]


def _life(data: Path, release_id: str, sites: Mapping[Key, SiteFacts]) -> None:
    """Findings that this release no longer has, and what changed in the sites' records since their last good delivery."""
    told = data / "findings" / f"{release_id}.parquet"
    if told.is_file():
        rows = pl.read_parquet(told, columns=["study", "site", "status"]).filter(pl.col("status") == str(FindingStatus.RESOLVED))
        gone = {(study, site): n for study, site, n in rows.group_by("study", "site").len().iter_rows()}
        for key, facts in sites.items():
            facts.resolved = gone.get(key, 0)
    changed = data / changes.HOME / f"{release_id}.parquet"
    if changed.is_file():
        rows = pl.read_parquet(changed, columns=["study", "site", "kind"]).group_by("study", "site", "kind").len()
        for study, site, kind, n in rows.sort("study", "site", "kind").iter_rows():
            if (study, site) in sites:
                sites[(study, site)].changes[kind] = n


def summary(release: Release, sites: Mapping[Key, SiteFacts]) -> dict[str, Any]:
    """What later reports show of a release."""
    open_by: dict[str, int] = defaultdict(int)
    for facts in sites.values():
        for row in facts.rows["finding_count"]:
            open_by[row["severity"]] += row["n_open"]
    return {
        "release_id": release.release_id, "as_of": release.manifest["as_of"],
        "sites": {f"{study}/{site}": {"status": f.line.status, "participants": f.people} for (study, site), f in sites.items()},
        "received": sum(f.line.received for f in sites.values()), "quarantined": sum(f.line.quarantined for f in sites.values()),
        "open": dict(sorted(open_by.items())),
    }  # fmt: skip


def _trend(data: Path, release: Release, sites: Mapping[Key, SiteFacts]) -> tuple[list[dict[str, Any]], int]:
    """Summaries of the releases before this one and of nights not after its own, this one last; how many have none."""
    told, untold = [], 0
    earlier = [p for p in sorted((data / "releases").glob("2*")) if not p.is_symlink() and p.name < release.release_id]
    for folder in earlier[-TREND:]:
        try:
            found = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            untold += 1
            continue
        if releases.moment(found["as_of"]) <= release.as_of:
            told.append(found)
    return [*sorted(told, key=lambda t: (t["as_of"], t["release_id"])), summary(release, sites)], untold


def put_summary(facts: Facts) -> None:
    """Keep this release's summary in its folder, for the reports of later ones."""
    place: Path = facts.release.folder / SUMMARY
    content = json.dumps(facts.trend[-1], indent=1, sort_keys=True) + "\n"
    if not place.is_file() or place.read_text(encoding="utf-8") != content:
        partitions.put(place.with_name(f".{SUMMARY}"), content.encode())
        place.with_name(f".{SUMMARY}").replace(place)


def total(rows: Sequence[Row], name: str) -> int:
    """The sum of a column."""
    return sum(r[name] for r in rows)
