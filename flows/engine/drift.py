"""When an export no longer fits its mapping: what was renamed, is new or is missing, and the mapping that would fit, as YAML.

What belongs here: comparing the headers and file names of two deliveries with a mapping, and proposing. What does not: holding
(holding.py), changing a mapping: a person does that.

A proposal names files and columns, never a cell. Codes are shown only by `codes`, for a data manager who asks.
"""

from __future__ import annotations

import difflib
import fnmatch
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from flows.engine import landing
from flows.engine.config import Programme, Unit
from flows.engine.fingerprint import fingerprint
from flows.engine.landing import Delivery
from flows.engine.mapping.files import join_options, options
from flows.readers import ROW, read
from flows.sources.files import matches
from schemas.findings import TrialweaveError
from schemas.site import FieldSpec, TableSpec

#: A name counts as the same one from here on, and so does a column by the share of its texts.
_ALIKE = 0.6
_SAMPLE = 5_000


@dataclass(frozen=True)
class Drift:
    """One thing that no longer fits. `what`: a sentence; `proposal`: lines of YAML for site.yaml, empty when there is none; `new`: the
    column that has taken another's place."""

    what: str
    proposal: str = ""
    new: str = ""


def find(unit: Unit, newest: Delivery, last: Delivery | None) -> list[Drift]:
    """Everything in which the newest delivery does not fit the mapping. Files that cannot be read at all are left out."""
    out: list[Drift] = []
    site = unit.site
    for table, specs in site.tables.items():
        if table == "randomization":
            continue
        for number, spec in enumerate(specs):
            names = [f.name for f in newest.files if matches(f.name, spec.file)]
            where = f"{table}" + (f" (entry {number + 1})" if len(specs) > 1 else "")
            if not names:
                out += _file(unit, str(table), where, spec, newest, last)
            for join in spec.join:
                out += _columns_of_join(unit, where, join, newest)
            for name in names[:1]:
                out += _columns(unit, str(table), where, spec, name, newest, last)
    return [*out, *_new_columns(unit, newest, last, {d.new for d in out}), *_new_files(unit, newest, last)]


def text(drifts: Sequence[Drift]) -> str:
    """Drifts as a person reads them: a sentence each, and the lines to write."""
    lines = []
    for one in drifts:
        lines.append(f"  drift -> {one.what}")
        if one.proposal:
            lines += ["  write ->", *(f"    {line}" for line in one.proposal.splitlines())]
    return "\n".join(lines)


def _file(unit: Unit, table: str, where: str, spec: TableSpec, newest: Delivery, last: Delivery | None) -> list[Drift]:
    """No file of this name came: the unread file whose name is most like the glob or the file it matched last time."""
    named = [s.file for several in unit.site.tables.values() for s in several]
    free = [n for n in [*(f.name for f in newest.files), *newest.left_out] if not any(matches(n, g) for g in named)]
    models = [spec.file, *(f.name for f in (last.files if last else ()) if matches(f.name, spec.file))]
    best = max(((max(_alike(n, m) for m in models), n) for n in free), default=(0.0, ""))
    what = f"{where}: no file matches {spec.file!r}"
    if best[0] < _ALIKE:
        return [Drift(f"{what}; not read are {', '.join(map(repr, free[:6])) or 'none'}")]
    glob = re.sub(r"\d{2,}", "*", best[1])
    return [Drift(f"{what}; {best[1]!r} is not read", f"tables:\n  {table}:\n    file: {json.dumps(glob)}   # was {spec.file!r}")]


def _columns_of_join(unit: Unit, where: str, join: Any, newest: Delivery) -> Iterator[Drift]:
    header = next((h for f in newest.files if matches(f.name, join.file)
                   if (h := _header(newest.folder / f.name, join_options(join, unit.site.defaults)))), None)  # fmt: skip
    if header is None:
        return
    for name in (*join.on.values(), *join.take.values(), *join.where):
        if name not in header:
            close = max(header, key=lambda h: _alike(h, name), default="")
            yield Drift(f"{where}: joined {join.file!r} has no column {name!r}" + (f"; is it {close!r}?" if close else ""))


def _columns(unit: Unit, table: str, where: str, spec: TableSpec, name: str, newest: Delivery, last: Delivery | None) -> Iterator[Drift]:
    how = options(spec, unit.site.defaults)
    now = _cells(newest.folder / name, how)
    if now is None:
        return
    old_name = next((f.name for f in (last.files if last else ()) if matches(f.name, spec.file)), None)
    old = _cells(last.folder / old_name, how) if last is not None and old_name is not None else None
    needed = dict.fromkeys(_needed(unit, spec))
    taken = {n for j in spec.join for n in j.take}
    header = [n for n in now.column_names if n != ROW]
    made = _made_by_wide(spec, header)
    gone = [n for n in needed if n not in header and n not in taken | made]
    if spec.long is not None:
        gone = [n for n in gone if n in {spec.long.test, spec.long.value, *spec.long.by, *spec.where}]
    pairs = _pair(gone, [n for n in header if n not in needed], now, old)
    for column in gone:
        what = f"{where}: {name} has no column {column!r}"
        new = pairs.get(column)
        if new is None:
            known = ", ".join(map(repr, [n for n in header if n not in needed][:8])) or "none"
            yield Drift(f"{what}; columns that nothing reads: {known}")
        else:
            yield Drift(f"{what}; {new[0]!r} is new ({new[1]})", _renamed(unit, table, spec, column, new[0]), new[0])


def _new_columns(unit: Unit, newest: Delivery, last: Delivery | None, placed: set[str]) -> Iterator[Drift]:
    """Columns that the last good delivery had not and that nothing reads, once a file."""
    for landed in newest.files:
        read_by = [(str(t), s) for t, several in unit.site.tables.items() for s in several if matches(landed.name, s.file)]
        if last is None or not read_by:
            continue
        how = options(read_by[0][1], unit.site.defaults)
        globs = {s.file for _, s in read_by}
        old_name = next((f.name for f in last.files if any(matches(f.name, g) for g in globs)), None)
        header, before = _header(newest.folder / landed.name, how), _header(last.folder / old_name, how) if old_name else None
        if header is None or before is None:
            continue
        used = {n for _, s in read_by for n in _needed(unit, s)} | placed | set(before)
        used |= {n for _, s in read_by if s.wide for n in header if re.fullmatch(s.wide.pattern, n)}
        used |= {n for _, s in read_by for n in header if any(fnmatch.fnmatchcase(n, g) for g in s.ignore_columns)}
        if fresh := [n for n in header if n not in used]:
            listed = ", ".join(map(repr, fresh[:8]))
            yield Drift(
                f"{landed.name} has new columns that nothing reads: {listed}",
                f"tables:\n  {read_by[0][0]}:\n    ignore_columns: {json.dumps(fresh)}   # or name them under fields",
            )


def _new_files(unit: Unit, newest: Delivery, last: Delivery | None) -> Iterator[Drift]:
    """Files that no table reads and that did not come with the last good delivery."""
    known = {f.name for f in last.files} | set(last.left_out) if last is not None else set()
    named = [g for several in unit.site.tables.values() for s in several for g in (s.file, *(j.file for j in s.join))]
    for name in newest.left_out:
        if last is not None and name not in known and not any(matches(name, g) for g in (*named, *unit.site.ignore_files)):
            yield Drift(f"{name!r} is new and no table reads it")


def _made_by_wide(spec: TableSpec, header: Sequence[str]) -> set[str]:
    """Names that a wide pattern makes: its groups and cells."""
    if spec.wide is None:
        return set()
    pattern = re.compile(spec.wide.pattern)
    cells = {m.groupdict().get("column") or "value" for n in header if (m := pattern.fullmatch(n))}
    return set(pattern.groupindex) | cells


def _needed(unit: Unit, spec: TableSpec) -> Iterator[str]:
    """Every column of the file that a table's mapping names."""
    fields = [*spec.fields.values(), *spec.totals.values()]
    own = spec.fields.get("subject_id")
    if unit.site.subject_id is not None and not (own and (own.from_ or own.const is not None)):
        fields.append(unit.site.subject_id)
    many = unit.site.sites
    if many is not None:
        fields.append(spec.site or FieldSpec.model_validate({"from": many.from_}))
    for field in fields:
        yield from field.from_
        if field.times:
            yield field.times
        if field.unit is not None and not isinstance(field.unit, str):
            yield field.unit.from_
    yield from spec.where
    yield from spec.fill_down
    for join in spec.join:
        yield from join.on
    if spec.long is not None:
        yield from (spec.long.test, spec.long.value, *spec.long.by)


def _pair(gone: Sequence[str], free: Sequence[str], now: pa.Table, old: pa.Table | None) -> dict[str, tuple[str, str]]:
    """Missing column -> (the free column it most likely is, why): by the texts it held, else by its name."""
    scores = []
    for column in gone:
        held = _texts(old, column) if old is not None and column in old.column_names else set()
        for new in free:
            share = len(held & _texts(now, new)) / len(held) if held else 0.0
            name = _alike(column, new)
            if max(share, name) >= _ALIKE:
                why = f"{100 * share:.0f} % of the texts of {column!r} are in it" if share >= name else "its name is alike"
                scores.append((max(share, name), column, new, why))
    out: dict[str, tuple[str, str]] = {}
    for _, column, new, why in sorted(scores, key=lambda s: (-s[0], s[1], s[2])):
        if column not in out and new not in {n for n, _ in out.values()}:
            out[column] = (new, why)
    return out


def _renamed(unit: Unit, table: str, spec: TableSpec, old: str, new: str) -> str:
    """The part of the mapping that names a column, with its new name; JSON is YAML on one line."""

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            return {(new if k == old else k): put(v) for k, v in value.items()}
        if isinstance(value, list):
            return [put(v) for v in value]
        return new if value == old else value

    lines = []
    for name, field in {**spec.fields, **spec.totals}.items():
        body = field.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if old in (*field.from_, field.times) or (isinstance(body.get("unit"), dict) and body["unit"].get("from") == old):
            part = "totals" if name in spec.totals else "fields"
            lines.append(f"tables:\n  {table}:\n    {part}:\n      {name}: {json.dumps(_short(put(body)), ensure_ascii=False)}")
    body = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for key in ("where", "fill_down", "long", "join"):
        if key in body and put(body[key]) != body[key]:
            lines.append(f"tables:\n  {table}:\n    {key}: {json.dumps(put(body[key]), ensure_ascii=False)}")
    site = unit.site
    if site.subject_id is not None and old in site.subject_id.from_:
        told = put(site.subject_id.model_dump(mode="json", by_alias=True, exclude_unset=True))
        lines.append(f"subject_id: {json.dumps(_short(told), ensure_ascii=False)}")
    if site.sites is not None and site.sites.from_ == old:
        lines.append(f"sites: {{from: {json.dumps(new)}}}   # the rest as it is")
    return "\n".join(dict.fromkeys(lines))


def _short(body: dict[str, Any]) -> dict[str, Any]:
    """One source column is written as a text, not as a list."""
    if isinstance(body.get("from"), list) and len(body["from"]) == 1:
        return body | {"from": body["from"][0]}
    return body


def _alike(a: str, b: str) -> float:
    """How alike two names are, 0 to 1; case, digits and separators do not count."""
    one, other = (re.sub(r"[\W_\d]+", "", n.casefold()) for n in (a, b))
    return difflib.SequenceMatcher(None, one, other).ratio() if one and other else 0.0


def _cells(path: Path, how: Any) -> pa.Table | None:
    try:
        return read(path, how).table
    except TrialweaveError:
        return None


def _header(path: Path, how: Any) -> list[str] | None:
    table = _cells(path, how)
    return None if table is None else [n for n in table.column_names if n != ROW]


def _texts(table: pa.Table, column: str) -> set[str]:
    """The first thousands of distinct texts of a column, blanks left out."""
    values = pc.unique(table[column].cast(pa.string()).slice(0, 20 * _SAMPLE)).drop_null()
    return {str(v) for v in values.slice(0, _SAMPLE).to_pylist() if v.strip()}


def codes(unit: Unit, found: pl.DataFrame) -> Iterable[Drift]:
    """Codes that no map knows, as lines of YAML with the meaning left open. Shows texts as sent: only for a person who asks."""
    wanted = found.filter(pl.col("rule") == "unknown_code").drop_nulls("raw_value")
    for (table, field), mine in wanted.sort("table", "field").group_by("table", "field", maintain_order=True):
        counts = mine.group_by("raw_value").agg(pl.sum("n_rows")).sort("n_rows", "raw_value", descending=[True, False])
        several = [(str(v), int(n)) for v, n in counts.iter_rows()]
        lines = [f"          {json.dumps(v, ensure_ascii=False)}:   # {n} records" for v, n in several[:20]]
        yield Drift(f"{table}.{field}: {len(several)} codes are in no list",
                    "\n".join([f"tables:\n  {table}:\n    fields:\n      {field}:\n        map:", *lines]))  # fmt: skip


def of_unit(programme: Programme, data: Path, unit: Unit, published: set[str]) -> list[Drift]:
    """Drifts of a unit's newest delivery against the one that is published, its unknown codes among them."""
    site = unit.site
    known = landing.deliveries(data, site.study, site.site_id)
    if not known:
        return []
    others = [d for d in known if d.sha256 != known[-1].sha256]
    last = next((d for d in reversed(others) if d.sha256 in published), others[-1] if others else None)
    out = find(unit, known[-1], last)
    used = tuple(known) if site.delivery == "delta" else (known[-1],)
    mark = fingerprint(programme, unit, used)
    path = data / "staged" / site.study / site.site_id / mark[:16] / "findings.parquet"
    return [*out, *codes(unit, pl.read_parquet(path))] if path.is_file() else out
