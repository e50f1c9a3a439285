"""The harmonization matrix of a release: every site by every intake field, set variable and score, from configuration and what came.

What belongs here: deciding each cell of the matrix, its two files. What does not: counting values (filled.py), its columns and which
fields a variable cannot do without (schemas/harmonization.py).

The counts are taken when a site is staged and lie in its receipt, so a release only puts them together. Same sites, same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from flows.engine import copies, partitions
from flows.engine.batch import Staged
from flows.engine.config import Unit
from flows.engine.deidentify import FREE_TEXT
from flows.engine.filled import Filled, file_counts
from flows.engine.mapping.shapes import FIELDS, REQUIRED
from flows.engine.releases import Part
from schemas.columns import PER_SITE, columns
from schemas.harmonization import COLUMNS, POTENTIAL, Kind, Status, needs
from schemas.intake import CONTRACTS
from schemas.site import Column, FieldSpec, IntakeTable, NoMedicationTable, TableSpec

NAME = "harmonization"
#: Sets with a file a site: all of them are in the matrix.
SETS = (*PER_SITE, "adipd")
_TYPES = {"Text": pa.string(), "Integer64": pa.int64()}


@dataclass(frozen=True)
class SiteIn:
    """One site of a release. `unit`: under the mapping it was read by; `staged`: what came out of it, None when there is nothing; `files`:
    set -> what its receipt says of its file; `shown`: set -> the release's own copy of it, where that is not the staged one."""

    study: str
    site: str
    unit: Unit
    staged: Staged | None
    files: dict[str, dict[str, Any]]
    shown: dict[str, Path]
    deidentified: bool


def sites_in(
    sites: Iterable[tuple[str, str, Unit, Staged | None]], pooled: Iterable[Staged], sets: Iterable[Part], deidentified: Collection[str]
) -> list[SiteIn]:
    """The sites of a release with all that is known of them. `sets`: the release's files; `deidentified`: trials."""
    own = {(p.dataset, *copies.place(p)): p for p in sets if p.source is not None}
    of_trial = {s.unit_key.partition("/")[0]: s for s in pooled}
    out = []
    for study, site, unit, staged in sites:
        if unit.site.sites is not None and site == unit.site.site_id and site not in unit.site.sites.known:
            continue  # rows of an export that belong to none of its sites
        told = [s.receipt["files"] for s in (staged, of_trial.get(study)) if staged is not None and s is not None]
        files = {d: of[d][site] for of in told for d in SETS if site in of.get(d, {})}
        there = {d: own[(d, study, site)] for d in files if (d, study, site) in own}
        shown = {d: p.source for d, p in there.items() if p.source is not None and p.sha256 != files[d]["sha256"]}
        out.append(SiteIn(study, site, unit, staged, files, shown, study in deidentified))
    return out


def parts(sites: Iterable[SiteIn]) -> list[Part]:
    """harmonization.parquet and harmonization.csv of a release."""
    names = [*COLUMNS]
    cells: dict[str, list[Any]] = {name: [] for name in names}
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(names)
    known: dict[Any, list[_Words]] = {}
    for one in sorted(sites, key=lambda s: (s.study, s.site)):
        counts = _counts(one)
        hangs_on = (_mapping(one), tuple((rows > 0, n > 0) for rows, n in counts))
        if hangs_on not in known:
            known[hangs_on] = _words(one, counts)
        words, place = known[hangs_on], _csv(one.study, one.site)
        cells["STUDYID"] += [one.study] * len(words)
        cells["SITEID"] += [one.site] * len(words)
        for i, name in enumerate(names[2:8]):
            cells[name] += [w.said[i] for w in words]
        cells["NROWS"] += [rows for rows, _ in counts]
        cells["NFILLED"] += [n for _, n in counts]
        cells["REASON"] += [w.why for w in words]
        text.writelines(f"{place},{w.before},{rows},{n},{w.after}\n" for w, (rows, n) in zip(words, counts, strict=True))
    schema = pa.schema(
        [pa.field(n, _TYPES[c[1]], metadata={"label": c[0], "meaning": c[4]}) for n, c in COLUMNS.items()],
        metadata={"dataset": NAME.upper(), "grain": " ".join(n for n, c in COLUMNS.items() if c[3])},
    )
    table = pa.table([pa.array(cells[f.name], f.type) for f in schema], schema=schema)
    files = (("parquet", partitions.encode(table, schema)), ("csv", text.getvalue().encode()))
    return [Part(NAME, f"{NAME}.{end}", table.num_rows, hashlib.sha256(body).hexdigest(), content=body) for end, body in files]


@dataclass(frozen=True)
class _Words:
    """What is said of one field, variable or score, from KIND to STATUS, and why; the same as they stand in the CSV."""

    said: tuple[str, str, str, str, str, str]
    why: str
    before: str
    after: str


def _csv(*cells: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _mapping(one: SiteIn) -> tuple[Any, ...]:
    """All that decides about a site's words besides which counts are zero: sites of one profile have it in common, instruments are one."""
    unit = one.unit
    site = unit.site.model_dump_json(include={"tables", "not_collected", "subject_id", "no_medication_table"})
    return site, *map(id, unit.instruments), unit.trial.blinding.status, one.staged is None, one.deidentified, unit.trial.study


def _counts(one: SiteIn) -> list[tuple[int, int]]:
    """Rows, and rows with a value, in the order of `_words`."""
    filled: Filled = one.staged.receipt["sites"].get(one.site, {}).get("filled", {}) if one.staged else {}
    out = []
    for table in IntakeTable:
        counts = filled.get(table, {})
        out += [(counts.get("", 0), counts.get(name, 0)) for name in FIELDS[table]]
    for dataset in SETS:
        counts = _set_counts(one, dataset)
        out += [(counts.get("", 0), counts.get(column.name, 0)) for column in columns()[dataset]]
    scores = one.files.get("adqs", {}).get("scores", {})
    return out + [tuple(scores.get(s.paramcd, (0, 0))) for i in one.unit.instruments for s in i.scales]


def _words(one: SiteIn, counts: Iterable[tuple[int, int]]) -> list[_Words]:
    """Every field, variable and score of one site, in the order of intake tables, sets and scores."""
    stands = _Standing(one.unit.site.no_medication_table == NoMedicationTable.NONE)
    out: list[_Words] = []
    left = iter(counts)

    def say(kind: Kind, dataset: str, name: str, label: str, status: Status, why: str) -> None:
        said = (str(kind), str(dataset), name, label, str(POTENTIAL[status]), str(status))
        out.append(_Words(said, why, _csv(*said), _csv(why) if why else ""))

    for table in IntakeTable:
        labels = _labels(table)
        for name in FIELDS[table]:
            stands.fields[f"{table}.{name}"] = status, why = _intake(one, table, name, next(left)[1])
            say(Kind.INTAKE, table, name, labels.get(name, ""), status, why)
    for dataset in SETS:
        for column in columns()[dataset]:
            say(Kind.SET, dataset, column.name, column.label, *_variable(one, dataset, column.name, *next(left), stands))
    for scale in (s for i in one.unit.instruments for s in i.scales):
        say(Kind.SCORE, "adqs", scale.paramcd, scale.label, *_variable(one, "adqs", "AVAL", *next(left), stands))
    return out


def _intake(one: SiteIn, table: IntakeTable, name: str, n: int) -> tuple[Status, str]:
    """How a field of an intake table stands at a site, and why."""
    site = one.unit.site
    declared = site.not_collected.get(table, ())
    if "*" in declared or name in declared:
        return Status.NOT_COLLECTED, "declared in not_collected"
    if table not in site.tables:
        if table == IntakeTable.MEDICATION and site.no_medication_table == NoMedicationTable.NONE:
            return Status.NOT_COLLECTED, "none is taken, as no_medication_table says"
        return Status.NOT_MAPPED, f"table {table} is not mapped"
    read = {c: None for spec in site.tables[table] for c in _columns(one.unit, table, spec, name) or ()}
    if not read:
        return Status.NOT_MAPPED, "the mapping does not name it"
    where = f"read from {', '.join(read)}"
    if n:
        return Status.FILLED, where
    if table == IntakeTable.RANDOMIZATION and one.unit.trial.blinding.status == "blinded":
        return Status.EMPTY, "not opened while the trial is blinded"
    return Status.EMPTY, f"{where}; no kept row has a value" if one.staged else f"{where}; nothing of the site is in the release"


def _columns(unit: Unit, table: IntakeTable, spec: TableSpec, name: str) -> list[str]:
    """What a field is read from; empty when the mapping does not name it."""
    field = spec.fields.get(name)
    if field is not None and (field.from_ or field.const is not None):
        return _named(field)
    if name == "subject_id" and unit.site.subject_id is not None:
        return _named(unit.site.subject_id)
    if table == IntakeTable.ASSESSMENT:
        totals = [c for total in spec.totals.values() for c in _named(total)]
        if name in ("item", "value") and (spec.wide is not None or totals):
            return [*([spec.wide.pattern] if spec.wide else []), *totals]
        if name == "instrument" and len(unit.instruments) == 1:
            return [f"constant {unit.instruments[0].name}"]
    return [name] if name in REQUIRED[table] else []


def _named(field: FieldSpec) -> list[str]:
    if field.const is not None:
        return [f"constant {field.const}"]
    return [*field.from_, *([field.times] if field.times else []), *([field.unit.from_] if isinstance(field.unit, Column) else [])]


@cache
def _needed(dataset: str, name: str) -> tuple[str, ...]:
    """The intake fields that a variable cannot do without, each once."""
    return tuple(dict.fromkeys((*needs().get((dataset, "*"), ()), *needs().get((dataset, name), ()))))


@dataclass
class _Standing:
    """How the intake fields of one site stand, and why; many variables cannot do without the same ones. `none_taken`: the site says that
    nobody takes a medication."""

    none_taken: bool
    fields: dict[str, tuple[Status, str]] = field(default_factory=dict)
    known: dict[tuple[tuple[str, ...], bool], tuple[tuple[Status, str] | None, str]] = field(default_factory=dict)

    def of(self, dataset: str, wanted: tuple[str, ...]) -> tuple[tuple[Status, str] | None, str]:
        """What makes a variable impossible, and why it may be empty."""
        asked = (wanted, dataset == "adcm")
        if asked not in self.known:
            self.known[asked] = self._look([w for w in wanted if asked[1] or not (self.none_taken and w.startswith("medication."))])
        return self.known[asked]

    def _look(self, wanted: list[str]) -> tuple[tuple[Status, str] | None, str]:
        for status in (Status.NOT_COLLECTED, Status.NOT_MAPPED):
            if lacking := [w for w in wanted if self.fields[w][0] == status]:
                told = "declared not collected" if status == Status.NOT_COLLECTED else "not mapped"
                return (status, f"{', '.join(lacking)}: {told}"), ""
        if lacking := [w for w in wanted if self.fields[w][0] == Status.EMPTY]:
            return None, f"{', '.join(lacking)}: {self.fields[lacking[0]][1].rpartition('; ')[2]}"
        return None, ""


def _variable(one: SiteIn, dataset: str, name: str, n_rows: int, n: int, stands: _Standing) -> tuple[Status, str]:
    """How a published variable stands at a site: what it cannot do without comes first, then whether a value came out."""
    without, empty = stands.of(dataset, _needed(dataset, name))
    if without is not None:
        return without
    if n:
        return Status.FILLED, ""
    if one.staged is None:
        return Status.EMPTY, "nothing of the site is in the release"
    if one.deidentified and name in FREE_TEXT.get(dataset, ()):
        return Status.EMPTY, "free text is left out: the trial is de-identified"
    if empty:
        return Status.EMPTY, empty
    return Status.EMPTY, "no row has a value" if n_rows else "no row of the site is in it"


def _set_counts(one: SiteIn, dataset: str) -> dict[str, int]:
    if dataset in one.shown:
        return file_counts(one.shown[dataset])
    told: dict[str, int] = one.files.get(dataset, {}).get("filled", {})
    return told


@cache
def _labels(table: IntakeTable) -> dict[str, str]:
    """Field -> its meaning in the contract."""
    out: dict[str, str] = {}
    for part in ("item", "form") if table == IntakeTable.ASSESSMENT else (str(table),):
        described = CONTRACTS[part].contract.to_schema().columns
        for name, of in FIELDS[table].items():
            column = next((c for c in (of.column, name, f"{name}_utc") if c in described), None)
            if column is not None:
                out[name] = described[column].description or ""
    return out
