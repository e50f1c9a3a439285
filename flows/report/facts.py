"""All numbers of a report, read once; what is counted of a site that did not change is taken from the report before (counts.py).

What belongs here: running sql/7_report over a release's files, the life of findings, changes, earlier releases. What does not: tests
between sites (monitor.py), drawing (page.py and its neighbours).
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from flows.engine import changes, models, partitions, releases
from flows.engine.config import Programme
from flows.engine.releases import Release
from flows.engine.summary import SiteLine, site_lines
from flows.report import monitor
from flows.report.counts import READ_ON, SHOWN, Counts, Key, keys, load, place
from schemas.columns import TYPES, columns
from schemas.evidence import Evidence
from schemas.findings import FindingStatus
from schemas.trial import Trial

Row = dict[str, Any]
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
SITE_MODELS = (*SHOWN, "finding_count", "site_count")
#: Summary of a release for the reports of later ones.
SUMMARY = "report.json"
#: Releases a trend shows.
TREND = 30


@dataclass
class SiteFacts:
    """What there is to say of one site: its line of the manifest, and a list of rows for each model of sql/7_report. `drawn`: charts and
    coding as HTML; where they are kept from an earlier report, the rows they are drawn of are not here."""

    line: SiteLine
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    drawn: tuple[str, str] | None = None
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
    """A release in numbers. `trend`: summaries of releases, oldest first, this one last; `untold`: earlier ones without a summary;
    `counts`, `counted`: what is known of single sites from the report before, and what was counted now."""

    release: Release
    trials: Mapping[str, Trial]
    evidence: Evidence
    sites: dict[Key, SiteFacts]
    events: list[Row]
    tests: list[monitor.Test]
    before: dict[str, Any] | None
    trend: list[dict[str, Any]]
    untold: int
    counts: Counts
    counted: dict[str, pa.Table]

    @cached_property
    def tests_of(self) -> dict[Key, list[monitor.Test]]:
        """Site -> its tests."""
        out: dict[Key, list[monitor.Test]] = {key: [] for key in self.sites}
        for test in self.tests:
            out.setdefault((test.study, test.site), []).append(test)
        return out


def gather(data: Path, release: Release, programme: Programme, *, use_kept: bool = False) -> Facts:
    """Read a release. `use_kept`: what an earlier report counted of sites that did not change is taken from there.

    Raises ModelError when one of the models fails.
    """
    counts = Counts(keys(release, programme, (*READ, "findings")), release.as_of.date())
    if use_kept:
        counts = load(data, counts.keys, counts.on)
    spill = tempfile.TemporaryDirectory(prefix="trialweave-")
    con = models.connect(spill=Path(spill.name))
    try:
        _read(con, release, programme, counts.new)
        found = {name: _run(con, name) for name in SHOWN}
        for name in ("person_sign", *READ_ON):
            _make(con, name)
        counted = {name: con.execute(f"select * from report.{name}").to_arrow_table() for name in READ_ON} if use_kept else {}
        if counts.kept:
            _add_kept(con, release, counts)
        found |= {name: _run(con, name) for name in ("finding_count", "site_count", "event", "site_sign")}
    finally:
        con.close()
        spill.cleanup()
    lines = site_lines(release.manifest)
    sites = {tuple(line.key.split("/", 1)): SiteFacts(line) for line in lines}
    for name in SITE_MODELS:
        for row in found[name]:
            if (key := (row["STUDYID"], row["SITEID"])) in sites:
                sites[key].rows[name].append(row)  # type: ignore[index]
    for key, facts in sites.items():
        facts.drawn = counts.drawn.get(key)  # type: ignore[call-overload]
    _life(data, release.release_id, sites)  # type: ignore[arg-type]
    evidence = programme.evidence
    tests = monitor.tests(found["site_sign"], evidence.monitor_min_participants.value)
    trend, untold = _trend(data, release, sites)  # type: ignore[arg-type]
    before = next((t for t in trend if t["release_id"] == release.manifest["previous"]), None)
    return Facts(release, programme.trials, evidence, sites, found["event"], tests, before, trend, untold, counts, counted)  # type: ignore[arg-type]


def _read(con: duckdb.DuckDBPyConnection, release: Release, programme: Programme, new: Set[Key]) -> None:
    """The sets of the sites to be counted as tables, with only the columns that are read; the trials' windows and visits."""
    for dataset in READ:
        _table(con, release, dataset, dataset, _wanted(dataset), new)
    _table(con, release, "findings", "finding", FINDING, new)
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


def _wanted(dataset: str) -> dict[str, str]:
    """The columns that are read of a set, with their types."""
    kinds = {c.name: TYPES[c.type] for c in columns()[dataset]}
    return {n: kinds[n] for n in ("STUDYID", "SITEID", *READ[dataset].split())}


def _files(release: Release, dataset: str, sites: Set[Key]) -> list[str]:
    """The files of a set that hold rows of these sites."""
    told = [f["path"] for f in release.manifest["files"] if f["dataset"] == dataset and f["rows"] and place(f["path"]) in sites]
    return sorted(f"{release.folder}/{path}" for path in told)


def _table(
    con: duckdb.DuckDBPyConnection, release: Release, dataset: str, name: str, wanted: Mapping[str, str], sites: Set[Key]
) -> None:
    con.execute(f"create table release.{name} ({', '.join(f'{n} {kind}' for n, kind in wanted.items())})")
    _fill(con, _files(release, dataset, sites), name, wanted)


def _fill(con: duckdb.DuckDBPyConnection, files: Sequence[str], name: str, wanted: Iterable[str]) -> None:
    if files:  # Polars opens a small file in a fifth of the time
        con.register("part", pl.read_parquet(files, columns=list(wanted), parallel="none").to_arrow())
        con.execute(f"insert into release.{name} by name from part")
        con.unregister("part")


def _add_kept(con: duckdb.DuckDBPyConnection, release: Release, counts: Counts) -> None:
    """Beside the counts of the new sites those of the others; and the events of special interest that these have."""
    for name in READ_ON:
        con.register("kept", counts.tables[name])
        con.execute(f"insert into report.{name} select * from kept")
        con.unregister("kept")
    having = counts.tables["event_count"]
    sites = set(zip(having.column("STUDYID").to_pylist(), having.column("SITEID").to_pylist(), strict=True))
    _fill(con, _files(release, "adae", sites), "adae", _wanted("adae"))


def _make(con: duckdb.DuckDBPyConnection, name: str) -> None:
    models.run_model(con, models.catalogue()[f"report.{name}"])


def _run(con: duckdb.DuckDBPyConnection, name: str) -> list[Row]:
    _make(con, name)
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
