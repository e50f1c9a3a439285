"""Counts of single sites, kept from one report for the next: what is counted of a site whose files did not change is not counted again.

What belongs here: which counts are of one site alone, what they hang on, keeping them. What does not: what is counted (sql/7_report), what
is made of it (facts.py).

    report_counts/<model>.arrow   rows of all sites of the last report: numbers of records by rule, visit, step of a scale; nobody's key
    report_counts/drawn.arrow     the charts of each site, drawn of what is counted of it alone
    report_counts/parts.json      what each site's rows were counted from, as a hash, the hash of each file here, and the day

A site's rows are taken while its hash is the same; a file that is not as it was written is not read, and all is counted again, as it is
for a report of an earlier day: what was due by then is not told apart any more. So the folder may be removed at any time, and a purge
removes it. The report is the same byte for byte with and without it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flows.engine.config import PROJECT, Programme
from flows.engine.fingerprint import code_sha256
from flows.engine.purge_rows import REPORT_COUNTS
from flows.engine.releases import Release

Key = tuple[str, str]
#: Models of one site that only its charts show.
SHOWN = ("dose_lag", "dose_minute", "dose_amount", "session_fear", "outcome", "coding")
#: Models of one site that others read together with those of all sites.
READ_ON = ("form_count", "visit_due", "visit_seen", "finding_day", "event_count", "sign_sum")
DRAWN = "drawn"
PARTS = "parts.json"


@dataclass
class Counts:
    """Sites and what their rows hang on, and the day `on` which they are counted; `kept`: those whose rows are at hand, in `tables`
    (model -> rows)."""

    keys: dict[Key, str]
    on: dt.date
    kept: frozenset[Key] = frozenset()
    tables: dict[str, pa.Table] = field(default_factory=dict)

    @property
    def new(self) -> set[Key]:
        """Sites to be counted."""
        return set(self.keys) - self.kept

    @cached_property
    def drawn(self) -> dict[Key, tuple[str, str]]:
        """Charts and coding of the sites that are kept, as HTML."""
        found = self.tables.get(DRAWN)
        rows = zip(*(found.column(n).to_pylist() for n in _DRAWN.names), strict=True) if found is not None else ()
        return {(study, site): (charts, coding) for study, site, charts, coding in rows}


_DRAWN = pa.schema([(name, pa.string()) for name in ("STUDYID", "SITEID", "charts", "coding")])


def place(path: str) -> Key:
    """Study and site of a file of a release, from <set>/<study>/<site>-<hash8>.parquet."""
    _, study, name = path.split("/")
    return study, name[: -len("-12345678.parquet")]


def keys(release: Release, programme: Programme, datasets: Collection[str]) -> dict[Key, str]:
    """Every site with a hash of all that its counts are made from. `datasets`: the sets that are read.

    adipd stands beside the trial as a whole, so its file changes with every site; what is read of it hangs on the site's own data only,
    which its fingerprint tells.
    """
    manifest = release.manifest
    files: dict[Key, list[tuple[str, str]]] = {}
    for entry in manifest["files"]:
        if entry["dataset"] in datasets and entry["dataset"] != "adipd":
            files.setdefault(place(entry["path"]), []).append((entry["dataset"], entry["sha256"]))
    marks = {(e["study"], e["site"]): e["fingerprint"] for e in manifest["sites"]}
    shared = [_code(), programme.evidence.model_dump_json(), manifest.get("purged", [])]
    trials = {
        study: [trial.model_dump_json(), study in manifest["amounts_withheld"]] for study, trial in programme.trials.items()
    }
    return {
        key: hashlib.sha256(
            json.dumps([*shared, *key, trials.get(key[0]), marks.get(key), sorted(files.get(key, []))]).encode()
        ).hexdigest()
        for key in sorted({*files, *marks})
    }


@cache
def _code() -> str:
    """Hash of the code that counts and draws."""
    digest = hashlib.sha256(code_sha256().encode())
    for path in sorted(PROJECT.glob("flows/report/*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def load(data: Path, wanted: dict[Key, str], on: dt.date) -> Counts:
    """What is kept of these sites for a report of a day; nothing when it is of a later one, or a file of it is not as it was written."""
    folder, none = data / REPORT_COUNTS, Counts(wanted, on)
    try:
        told: dict[str, Any] = json.loads((folder / PARTS).read_text(encoding="utf-8"))
        kept = frozenset(key for key, mark in wanted.items() if told["sites"].get("/".join(key)) == mark)
        if not kept or dt.date.fromisoformat(told["on"]) > on:
            return none
        drawn = _rows(folder / f"{DRAWN}.arrow", told["files"][DRAWN], kept)
        kept &= set(zip(drawn.column("STUDYID").to_pylist(), drawn.column("SITEID").to_pylist(), strict=True))
        tables = {DRAWN: drawn} | {name: _rows(folder / f"{name}.arrow", told["files"][name], kept) for name in READ_ON}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException):
        return none
    return Counts(wanted, on, kept, tables)


def _rows(path: Path, sha256: str, kept: Iterable[Key]) -> pa.Table:
    """A model's rows of the sites that are kept. Raises ValueError when the file is not as it was written."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(path.name)
    table = pa.ipc.open_file(content).read_all()
    places = pc.binary_join_element_wise(table.column("STUDYID"), table.column("SITEID"), "/")
    return table.filter(pc.is_in(places, value_set=pa.array(["/".join(key) for key in kept], pa.string())))


def keep(data: Path, counts: Counts, counted: Mapping[str, pa.Table], drawn: Mapping[Key, tuple[str, str]]) -> None:
    """Keep the counts of this report in the place of those before. `counted`: model -> rows of the sites that were new; `drawn`: of all."""
    folder = data / REPORT_COUNTS
    folder.mkdir(mode=0o700, exist_ok=True)
    cells = [(*key, *html) for key, html in sorted(drawn.items())]
    tables = {DRAWN: pa.table([pa.array(column, pa.string()) for column in zip(*cells, strict=True)] or [[]] * 4, schema=_DRAWN)}
    for name in READ_ON:
        tables[name] = pa.concat_tables([counted[name], *([counts.tables[name]] if counts.kept else [])])
    files = {}
    for name, table in tables.items():
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as out:
            out.write_table(table)
        content = sink.getvalue().to_pybytes()
        _put(folder / f"{name}.arrow", content)
        files[name] = hashlib.sha256(content).hexdigest()
    sites = {"/".join(key): mark for key, mark in counts.keys.items()}
    _put(folder / PARTS, json.dumps({"on": counts.on.isoformat(), "sites": sites, "files": files}, indent=1).encode())


def _put(path: Path, content: bytes) -> None:
    """A file for its owner only. It need not be durable: one that is cut is told by its hash."""
    temporary = path.with_name(f".tmp-{path.name}")
    temporary.touch(mode=0o600)
    temporary.write_bytes(content)
    temporary.replace(path)
