"""A programme of two small sites, and an engine that only counts lines, so that releases can be tested without computing.

A source is one file, dose.csv: a line is a row; a line with `bad` is rejected, `odd` is a query, `BROKEN` cannot be read.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from flows.engine import batch, judge, landed, landing, outcome, partitions, records, session, settling
from flows.engine import night as nights
from flows.engine import roster as rosters
from flows.engine.assemble import Outcome, publish
from flows.engine.config import load
from flows.engine.fingerprint import fingerprint
from flows.newsite import at_night
from schemas.columns import PER_SITE
from schemas.findings import ReadError

TRIAL = """\
study: t01
title: A trial
disorder: SAD
arms: [{code: DCS, label: DCS, dose_mg: 50}]
dosing: {sessions: [1]}
sessions: {number: 2, planned_length_min: 60}
primary: LSASTOT
instruments: [LSAS]
blinding: {status: blinded}
holding: {max_rejected_pct: 20, min_rows: 2}
"""
SITE = """\
site_id: "%s"
study: t01
timezone: Europe/Lisbon
source: {kind: files, path: exports/%s}
tables: {dose: {file: dose.csv, fields: {subject_id: {from: id}}}}
"""


class Nights:
    """A configuration folder, a data folder, and nights run on them without Prefect."""

    def __init__(self, root: Path) -> None:
        self.config, self.data = root / "config", root / "data"
        (self.config / "trials").mkdir(parents=True)
        (self.config / "trials" / "t01.yaml").write_text(TRIAL)
        for site in ("01", "02"):
            (self.config / "sites" / f"t01_{site}").mkdir(parents=True)
            (self.config / "sites" / f"t01_{site}" / "site.yaml").write_text(SITE % (site, site))
            self.send(site, "S1 50\nS2 50\n")

    def send(self, site: str, text: str | None) -> None:
        """Put a site's export in place; None takes it away."""
        file = self.config / "exports" / site / "dose.csv"
        if text is None:
            file.unlink()
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def land(self, site: str, text: str, day: str) -> None:
        """A delivery that arrived at noon of a day."""
        self.send(site, text)
        landing.receive(self.data, load(self.config).units[f"t01/{site}"], self.config, dt.datetime.fromisoformat(f"{day}T12:00:00+00:00"))

    def run(self, only: str = "", as_of: str = "", publishing: Any = publish) -> Outcome:
        """One night: pull, work, publish."""
        at = dt.datetime.fromisoformat(f"{as_of}T23:59:59+00:00") if as_of else None
        with session.opened(self.config, self.data, frozenset([only] if only else []), at) as run:
            for key in run.to_pull():
                try:
                    landing.receive(self.data, run.night.programme.units[key], self.config, run.night.as_of)
                except ReadError as error:
                    run.troubles[key] = str(error)
            roster = settling.enter(run.night, run.troubles)
            while roster.work_left:
                roster = settling.settle(roster, [r for b in nights.batches(roster.pending.values()) for r in nights.work(run.night, b)])
            roster.tell(at_night.told(roster.placed))
            ended: Outcome = publishing(roster, rosters.pool(roster))
            run.finish(ended, roster)
        return ended


def call(*words: object) -> tuple[int, str]:
    """`trialweave WORDS` in this process: exit code and output."""
    from flows.__main__ import app

    ended = CliRunner().invoke(app, [str(w) for w in words])
    return ended.exit_code, ended.output


def status(ended: Outcome) -> dict[str, str]:
    """Site -> its status in the release."""
    return {s["site"]: s["status"] for s in ended.release.manifest["sites"]}


@pytest.fixture
def two_sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    """Two sites of one trial and the counting engine."""
    monkeypatch.setattr(batch, "work", counting_work)
    monkeypatch.setattr(batch, "pool", counting_pool)
    return Nights(tmp_path)


def counting_work(programme: Any, data: Path, inputs: Any, threads: int = 1) -> list[batch.Staged]:
    """Stands in for flows.engine.batch.work."""
    for item in inputs:
        if "BROKEN" in _lines(item.deliveries[-1]):
            raise ReadError(f"{item.unit.key}: cannot be read")
    return [_stage(programme, data, item) for item in inputs]


def _lines(delivery: landed.Delivery) -> list[str]:
    return (delivery.folder / "dose.csv").read_text().splitlines()


def _stage(programme: Any, data: Path, item: Any) -> batch.Staged:
    lines = _lines(item.deliveries[-1])
    site, key = item.unit.site.site_id, item.unit.key
    mark = fingerprint(programme, item.unit, item.deliveries)
    folder = batch.staged_folder(data, "t01", site, mark)
    bad = [n for n, line in enumerate(lines) if "bad" in line]
    files: dict[str, dict[str, Any]] = {}
    for dataset in PER_SITE:
        rows = len(lines) - len(bad) if dataset == "adex" else 0
        schema = partitions.arrow_schema(dataset)
        known = {"STUDYID": "t01", "SITEID": site}
        columns = [pa.array([known.get(f.name)] * rows, pa.string()).cast(f.type) for f in schema]
        content = partitions.encode(pa.table(columns, schema.names), schema)
        files[dataset] = {site: _write(folder, f"{dataset}/{site}.parquet", content, rows)}
    base = pa.table({"study": ["t01"], "site": [site], "n": [len(lines)]})
    files["ipd_base"] = {site: _write(folder, f"ipd_base/{site}.parquet", partitions.encode(base, base.schema), 1)}
    found = [_finding(site, n, line) for n, line in enumerate(lines) if "bad" in line or "odd" in line]
    schema_found = {c: pl.Int64 if c in ("source_row", "n_rows") else pl.String for c in outcome.PUBLISHED}
    pl.DataFrame(found, schema=schema_found, orient="row").write_parquet(folder / "findings.parquet")
    counts = {"received": len(lines), "kept": len(lines) - len(bad), "quarantined": len(bad), "withheld": 0}
    newest = item.deliveries[-1]
    receipt = {
        "unit": key, "fingerprint": mark, "delivery": newest.sha256, "delivered_on": newest.delivered_at.date().isoformat(),
        "sites": {site: {"tables": {"dose": counts}}}, "checks": [], "files": files, "findings": len(found), "quarantined": len(bad),
    }  # fmt: skip
    told = [
        {"unit": 0, "site": site, "table": "dose", "key": line.split()[0], "slot": line.split()[0], "record_key": line.split()[0],
         "subject": line.split()[0], "source_file": newest.sha256[:12], "source_row": n, "n": 1, "happened_on": None,
         "as_sent": [None, None, None, None, line, None], "digest": 0, "removed": False}
        for n, line in enumerate(lines, start=1)
    ]  # fmt: skip
    kinds = {"unit": pl.Int32, "source_row": pl.Int64, "n": pl.Int64, "happened_on": pl.Date, "digest": pl.UInt64}
    kinds |= {"as_sent": pl.List(pl.String), "removed": pl.Boolean}  # type: ignore[dict-item]
    texts = dict.fromkeys(("site", "table", "key", "slot", "record_key", "subject", "source_file"), pl.String)
    records.write({0: records.encoded(pl.DataFrame(told, schema=kinds | texts).to_arrow())}, 0, folder)
    partitions.put(folder / "staged.json", json.dumps(receipt).encode())
    return batch.Staged(key, mark, folder, receipt)


def _finding(site: str, number: int, line: str) -> dict[str, Any]:
    bad = "bad" in line
    key = line.split()[0]
    told = {c: "" for c in outcome.PUBLISHED} | {
        "finding_id": judge.finding_id("t01", site, "dose", key, "rule", "dose_mg"), "rule": "rejected" if bad else "odd",
        "severity": "reject" if bad else "query", "study": "t01", "site": site, "table": "dose", "record_key": key,
        "subject": key, "field": "dose_mg", "raw_value": line, "source_row": number + 1, "n_rows": 1,
    }  # fmt: skip
    return told


def _write(folder: Path, name: str, content: bytes, rows: int) -> dict[str, Any]:
    partitions.put(folder / name, content)
    return {"file": name, "rows": rows, "sha256": hashlib.sha256(content).hexdigest()}


def counting_pool(programme: Any, data: Path, study: str, staged: Any) -> batch.Staged:
    """Stands in for flows.engine.batch.pool."""
    mark = hashlib.sha256("".join(sorted(s.fingerprint for s in staged)).encode()).hexdigest()
    folder = batch.staged_folder(data, study, "_pooled", mark)
    files: dict[str, Any] = {}
    for dataset, names in (("adref", [study]), ("adipd", [site for s in staged for site in s.receipt["sites"]])):
        schema = partitions.arrow_schema(dataset)
        content = partitions.encode(schema.empty_table(), schema)
        files[dataset] = {name: _write(folder, f"{dataset}/{name}.parquet", content, 0) for name in names}
    return batch.Staged(f"{study}/_pooled", mark, folder, {"unit": f"{study}/_pooled", "fingerprint": mark, "files": files})
