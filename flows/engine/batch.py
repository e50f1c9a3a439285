"""One batch of units from landed files to staged partitions: map, judge, harmonize, judge again, write.

What belongs here: the order of the steps over one in-memory database. What does not: which units are worked (pull and plan),
what a step does (its own module), what becomes of staged files (releases.py).

A batch shares nothing with another: it takes units and their landed deliveries and leaves one folder a unit, so it may run in
a thread, a process or on another machine.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pydantic_core import from_json

from flows.engine import blinding, coding, enums, judge, models, outcome, partitions, records, reference, unread
from flows.engine.allocator import give_back, return_freed_memory
from flows.engine.config import NOT_COMPUTED, Programme
from flows.engine.fingerprint import code_sha256, fingerprint, made_of, shared_sha256
from flows.engine.hidden import Hidden
from flows.engine.mapping import MapInput, map_batch
from flows.engine.mapping.labels import of_units
from schemas.analysis import CONTRACTS
from schemas.columns import PER_SITE, RESTRICTED
from schemas.findings import AccountingError, EditedError, TrialweaveError

#: Bytes of landed files below which it is not worth a statement each to let go of tables on the way.
SMALL = 2_500_000
#: Sites of which a long set is computed at one time.
TOGETHER = 16
#: What is said when code lists are read that are not those of the fingerprint.
EDITED = "code lists were edited while the night computed with them; nothing was published\n  fix   -> run it again"
#: Participants of a trial from which on it is pooled on two threads.
WORTH_THREADS = 2_000


@dataclass(frozen=True)
class Staged:
    """The output of one unit (or of one trial's pooled step): its folder, and the receipt that says what is in it."""

    unit_key: str
    fingerprint: str
    folder: Path
    receipt: dict[str, Any]


class BatchError(TrialweaveError):
    """A batch could not be worked; its units are tried one by one, so that the guilty one is named."""


def staged_folder(data: Path, study: str, name: str, mark: str) -> Path:
    """Where the output of a fingerprint lies."""
    return data / "staged" / study / name / mark[:16]


def load_staged(folder: Path, unit_key: str, mark: str) -> Staged | None:
    """The staged output of a fingerprint, if a run finished it and every file is as it was written; else it is made again."""
    try:
        receipt: dict[str, Any] = from_json((folder / "staged.json").read_bytes())
        told = {e["file"]: e["sha256"] for of in receipt["files"].values() for e in of.values()} | receipt.get("beside", {})
        whole = all(_sha256(f"{folder}/{name}") == sha256 for name, sha256 in told.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Staged(unit_key, mark, folder, receipt) if whole else None


def _sha256(path: str) -> str:
    with open(path, "rb") as file:  # noqa: PTH123 - a Path for each of a night's files would take as long as reading it
        return hashlib.sha256(file.read()).hexdigest()


def work(
    programme: Programme, data: Path, inputs: Sequence[MapInput], threads: int = 2,
    look: Callable[[duckdb.DuckDBPyConnection], None] | None = None,
) -> list[Staged]:  # fmt: skip
    """Turn the landed deliveries of some units into staged partitions, one folder a unit. `look`: is shown every table on the way.

    Raises ReadError for a unit that cannot be read as declared, BatchError when a model or a rule fails on these units,
    AccountingError when rows are lost, EditedError when code lists were edited meanwhile. Nothing is left behind of a batch that fails.
    """
    spill = data / "staged" / f".tmp-{uuid.uuid4().hex[:12]}"
    spill.mkdir(parents=True)
    return_freed_memory()
    con = models.connect(threads=threads, spill=spill / "duckdb")
    try:
        return _work(con, programme, data, inputs, spill, look)
    except duckdb.Error as error:
        raise BatchError(f"a batch of {len(inputs)} sites failed in the database: {type(error).__name__}") from None
    finally:
        con.close()
        shutil.rmtree(spill, ignore_errors=True)


def _work(
    con: duckdb.DuckDBPyConnection, programme: Programme, data: Path, inputs: Sequence[MapInput], spill: Path,
    look: Callable[[duckdb.DuckDBPyConnection], None] | None,
) -> list[Staged]:  # fmt: skip
    marks = {i.unit_no: (fingerprint(programme, i.unit, i.deliveries, i.units), made_of(programme, i.unit, i.deliveries)) for i in inputs}
    lists = shared_sha256(programme)
    made = compute(con, programme, inputs, keep=look is not None)
    if shared_sha256(programme) != lists:
        raise EditedError(EDITED)
    if look is not None:
        look(con)
    return _stage(con, programme, data, inputs, marks, made, spill)


@dataclass(frozen=True)
class Computed:
    """What a batch knows besides the tables on its connection."""

    judged: list[judge.Judged]
    tally: outcome.Tally
    taken: dict[int, bytes]


def compute(
    con: duckdb.DuckDBPyConnection, programme: Programme, inputs: Sequence[MapInput], *, keep: bool = False
) -> Computed:
    """The route from landed files to the tables of `analysis`. `keep`: no table on the way is dropped, for looking at them."""
    keep = keep or sum(f.size for i in inputs for d in i.deliveries for f in d.files) < SMALL
    map_batch(con, inputs, programme.codelists)
    rows = [
        reference.UnitRow(i.unit_no, i.unit, i.deliveries[-1].delivered_at.date(), i.deliveries[-1].delivery_id) for i in inputs
    ]
    reference.build(con, rows, programme.evidence, reference.symptom_terms(programme.codelists))
    hidden = Hidden.of(con)
    judged = judge.judge_intake(con, programme.evidence, models.Kept() if keep else None, hidden)
    judge.check_contracts(con)
    tally = outcome.tally(con, judged)
    taken = records.take(con)
    coding.code(con, programme.codelists, {i.unit_no: i.unit.overrides for i in inputs})
    if not keep:
        for table in judge.JUDGED:
            unread.drop(con, table)
        give_back()
    held = models.Kept() if keep else models.Held(con, ["staging", "core"], keep=["core.ipd_base"], past=["staging"])
    judged += judge.judge_core(con, programme.evidence, held, hidden)
    models.run_schema(con, "analysis", then=held.ran)
    give_back()
    return Computed(judged, tally, taken)


def publishable(con: duckdb.DuckDBPyConnection, dataset: str, source: str, sites: Sequence[str] = ()) -> Iterator[pa.Table]:
    """A set as it will be published, whole sites at a time, judged by Pandera against its contract before it is written. One that is
    computed while it is written is asked for a few `sites` at a time: putting all its rows in order would need room for all of them.
    The last ones are asked for as all that were not asked for yet, so that no row is left out.

    Raises AccountingError for rows of a site that is not among them.
    """
    step = TOGETHER if source in models.STREAMED else max(len(sites), 1)
    for at in range(0, max(len(sites), 1), step):
        some, is_last = sites[at : at + step], at + step >= len(sites)
        for table in partitions.fetch(con, dataset, source, sites[:at] if is_last else some, others=is_last):
            if at and is_last and (n := sum(rows for (_, site), _, rows in partitions.spans(table) if site not in some)):
                raise AccountingError(f"{dataset}: {n} rows are of no site of this batch; nothing was published")
            judge.validate(partitions.judged_frame(table, dataset), CONTRACTS[dataset], dataset)
            yield table


def write_sets(
    con: duckdb.DuckDBPyConnection, datasets: Sequence[str], schema: str, sites: dict[tuple[str, str], Path]
) -> dict[tuple[str, str], dict[str, partitions.Written]]:
    """Judge and write each set, one file a site; a long set is held a few sites at a time."""
    out: dict[tuple[str, str], dict[str, partitions.Written]] = {key: {} for key in sites}
    for dataset in datasets:
        for table in publishable(con, dataset, f"{schema}.{dataset}", sorted({site for _, site in sites})):
            for key, one in partitions.write_set(table, dataset, sites).items():
                if dataset in out[key]:
                    raise TrialweaveError(f"{dataset}: the rows of a site do not lie together")
                out[key][dataset] = one
        for key in sites:
            if dataset not in out[key]:
                out[key][dataset] = partitions.write_empty(dataset, key[1], sites[key])
    return out


def _stage(
    con: duckdb.DuckDBPyConnection, programme: Programme, data: Path, inputs: Sequence[MapInput],
    marks: Mapping[int, tuple[str, dict[str, str]]], made: Computed, spill: Path,
) -> list[Staged]:  # fmt: skip
    """Write every unit's partitions, findings, quarantine and receipt into a temporary folder, then move it into place. `marks`: unit
    number -> its fingerprint, whole and in parts, as it was before the batch was computed."""
    tally = made.tally
    homes = {i.unit_no: spill / "out" / str(i.unit_no) for i in inputs}
    sites = tally.sites
    folders = {(study, site): homes[unit] for unit, study, site in sites}
    if len(folders) != len(sites):
        raise TrialweaveError("two exports of this batch hold the same site; each site must come from one export")
    written = write_sets(con, PER_SITE, "analysis", folders)
    open_arms = {key: folder for key, folder in folders.items() if not outcome.is_blinded(con, key[0])}
    trt = write_sets(con, RESTRICTED, "analysis", open_arms) if open_arms else {}
    _look_for_arms(con, programme, folders)
    base = outcome.write_base(con, folders)
    said, labels = outcome.write(tally, made.judged, homes), of_units(con)
    out = []
    for item in inputs:
        records.write(made.taken, item.unit_no, homes[item.unit_no])
        mark, parts = marks[item.unit_no]
        mine = [(study, site) for unit, study, site in sites if unit == item.unit_no]
        files: dict[str, dict[str, dict[str, Any]]] = {}
        for source in (written, trt, base):
            for key in mine:
                for dataset, one in source.get(key, {}).items():
                    files.setdefault(dataset, {})[key[1]] = one.entry if dataset in PER_SITE else one.place
        newest = item.deliveries[-1]
        receipt = {
            "unit": item.unit.key, "fingerprint": mark, "delivery": newest.sha256,
            "delivered_on": newest.delivered_at.date().isoformat(), "files": files,
            "made_of": parts, "labels": labels.get(item.unit_no, {}), **said[item.unit_no],
        }  # fmt: skip
        folder = staged_folder(data, item.unit.site.study, item.unit.site.site_id, mark)
        out.append(_settle(homes[item.unit_no], folder, item.unit.key, mark, receipt))
    return out


def _look_for_arms(con: duckdb.DuckDBPyConnection, programme: Programme, folders: dict[tuple[str, str], Path]) -> None:
    """Keep beside the files of a blinded trial's sites which of their texts name an arm."""
    for study, words in blinding.terms_of(programme).items():
        homes = {site: folder for (of, site), folder in folders.items() if of == study}
        if homes:
            frames = {
                d: con.execute(f"select {', '.join(blinding.wanted(d))} from analysis.{d} where STUDYID = $1", [study]).pl()
                for d in (*blinding.TEXT, "adsl")
            }
            for site, found in blinding.look_through(frames, words).items():
                blinding.keep(homes[site], site, words, found)


def _settle(source: Path, folder: Path, unit_key: str, mark: str, receipt: dict[str, Any]) -> Staged:
    """Put the receipt in last and move the folder to its place in one rename. One that is whole stays: another worker of a cluster was
    faster with the same, and a release may be about to link it; one that is not gives way whole, too."""
    receipt = receipt | {"beside": {p.name: _sha256(str(p)) for p in sorted(source.iterdir()) if p.is_file()}}
    partitions.put(source / "staged.json", json.dumps(receipt, sort_keys=True).encode())
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        if (found := load_staged(folder, unit_key, mark)) is not None:
            return found
        folder.rename(source.with_name(f"{source.name}.old"))
    source.rename(folder)
    return Staged(unit_key, mark, folder, receipt)


def pool(programme: Programme, data: Path, study: str, staged: Sequence[Staged]) -> Staged:
    """The sets that need a whole trial (adref, adipd), from the staged `ipd_base` of its sites; reused when none changed."""
    parts = sorted(
        (site, entry["sha256"], s.folder / entry["file"]) for s in staged for site, entry in s.receipt["files"]["ipd_base"].items()
    )
    trial = programme.trials[study].model_dump_json(exclude=NOT_COMPUTED)
    mark = hashlib.sha256(json.dumps([code_sha256(), trial, [p[:2] for p in parts]]).encode()).hexdigest()
    folder = staged_folder(data, study, "_pooled", mark)
    if (found := load_staged(folder, f"{study}/_pooled", mark)) is not None:
        return found
    spill = data / "staged" / f".tmp-{uuid.uuid4().hex[:12]}"
    spill.mkdir(parents=True)
    many = sum(e["rows"] for s in staged for e in s.receipt["files"]["ipd_base"].values()) > WORTH_THREADS
    con = models.connect(threads=2 if many else 1, spill=spill / "duckdb")
    try:
        read = ", ".join(enums.quoted(str(p[2])) for p in parts)  # holding a copy costs more than reading twice
        con.execute(f"create view staged.ipd_base as select * from read_parquet([{read}])")
        reference.scales(con, next(u for u in programme.units.values() if u.trial.study == study).instruments)
        models.run_schema(con, "pooled")
        for _ in publishable(con, "adref", "pooled.adref"):
            pass  # judged here, written whole below
        home = spill / "out"
        written = write_sets(con, ["adipd"], "pooled", {(study, p[0]): home for p in parts})
        files = {"adipd": {k[1]: v["adipd"] for k, v in written.items()}, "adref": {study: partitions.write_whole(con, study, home)}}
        told = {d: {n: w.entry for n, w in of.items()} for d, of in files.items()}
        return _settle(home, folder, f"{study}/_pooled", mark, {"unit": f"{study}/_pooled", "fingerprint": mark, "files": told})
    except duckdb.Error as error:
        raise BatchError(f"the pooled step of {study} failed in the database: {type(error).__name__}") from None
    finally:
        con.close()
        shutil.rmtree(spill, ignore_errors=True)
