"""When an export no longer fits its mapping: what was renamed, is new or is missing, and the mapping that would fit, as YAML.

What belongs here: comparing the headers and file names of two deliveries with a mapping, and proposing. What does not: holding
(holding.py), changing a mapping: a person does that.

A proposal names files and columns, never a cell: where the first line of a file is a row of data, no name is shown (header_names.py).
Codes are shown only by `codes`, for a data manager who asks.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from flows.engine import header_names, landed
from flows.engine.config import Programme, Unit
from flows.engine.fingerprint import fingerprint
from flows.engine.landed import Delivery
from flows.engine.mapping.files import join_options, options
from flows.engine.renaming import ALIKE, alike, pair, renamed, texts
from flows.readers import ROW, ReadOptions, archive, read
from flows.sources.files import archive_of, matches
from schemas.findings import TrialweaveError
from schemas.site import FieldSpec, TableSpec


@dataclass(frozen=True)
class Drift:
    """One thing that no longer fits. `what`: a sentence; `proposal`: lines of YAML for site.yaml, empty when there is none; `new`: the
    column that has taken another's place."""

    what: str
    proposal: str = ""
    new: str = ""


def find(unit: Unit, newest: Delivery, last: Delivery | None, *, show_all: bool = False) -> list[Drift]:
    """Everything in which the newest delivery does not fit the mapping. Files that cannot be read at all are left out. `show_all`: names
    that may be a participant's values too, for a person who asks."""
    out: list[Drift] = []
    site = unit.site
    for table, specs in site.tables.items():
        if table == "randomization":
            continue
        for number, spec in enumerate(specs):
            names = _files(newest, spec.file)
            where = f"{table}" + (f" (entry {number + 1})" if len(specs) > 1 else "")
            if names is None:
                continue
            if not names:
                out += _file(unit, str(table), where, spec, newest, last)
            for join in spec.join:
                out += _columns_of_join(unit, where, join, newest, show_all)
            for name in names[:1]:
                out += _columns(unit, str(table), where, spec, name, newest, last, show_all)
    return [*out, *_new_columns(unit, newest, last, {d.new for d in out}, show_all), *_new_files(unit, newest, last)]


def text(drifts: Sequence[Drift]) -> str:
    """Drifts as a person reads them: a sentence each, and the lines to write, as one block."""
    lines = [f"  drift -> {one.what}" for one in drifts]
    if proposals := [one.proposal for one in drifts if one.proposal]:
        lines += ["  write ->", *(f"    {line}" for line in merged(proposals))]
    return "\n".join(lines)


def merged(proposals: Sequence[str]) -> list[str]:
    """Several proposals as one piece of YAML: keys that stand in more than one are written once, over all that belongs below them."""
    tree: dict[str, Any] = {}
    for proposal in proposals:
        above = [(-1, tree)]
        for line in proposal.splitlines():
            deep = len(line) - len(line.lstrip())
            while above[-1][0] >= deep:
                above.pop()
            above.append((deep, above[-1][1].setdefault(line, {})))
    return list(_lines(tree))


def _lines(tree: dict[str, Any]) -> Iterator[str]:
    for line, below in tree.items():
        yield line
        yield from _lines(below)


def _file(unit: Unit, table: str, where: str, spec: TableSpec, newest: Delivery, last: Delivery | None) -> list[Drift]:
    """No file of this name came: the unread file whose name is most like the glob or the file it matched last time."""
    named = [s.file for several in unit.site.tables.values() for s in several]
    packed = {archive_of(glob) for glob in named} - {None}
    there = [n for f in newest.files for n in (_members(newest, f.name) if any(matches(f.name, str(g)) for g in packed) else [f.name])]
    free = [n for n in [*there, *newest.left_out] if not any(matches(n, g) for g in named)]
    models = [spec.file, *((_files(last, spec.file) or ()) if last else ())]
    best = max(((max(alike(n, m) for m in models), n) for n in free), default=(0.0, ""))
    what = f"{where}: no file matches {spec.file!r}"
    if best[0] < ALIKE:
        return [Drift(f"{what}; not read are {', '.join(map(repr, free[:6])) or 'none'}")]
    glob = re.sub(r"\d{2,}", "*", best[1])
    if (whole := archive_of(spec.file)) is not None and archive_of(best[1]) is None:
        glob += spec.file.removeprefix(whole)
    return [Drift(f"{what}; {best[1]!r} is not read", f"tables:\n  {table}:\n    file: {json.dumps(glob)}   # was {spec.file!r}")]


def _columns_of_join(unit: Unit, where: str, join: Any, newest: Delivery, show_all: bool) -> Iterator[Drift]:
    how = join_options(join, unit.site.defaults)
    now = next((t for name in _files(newest, join.file) or () if (t := _cells(newest, name, how)) is not None), None)
    if now is None:
        return
    header, known = _names(now), {*join.on.values(), *join.take.values(), *join.where}
    is_data = not show_all and header_names.is_data(header, known, _held(now, None))
    for name in (*join.on.values(), *join.take.values(), *join.where):
        if name not in header:
            close = "" if is_data else max(header, key=lambda h: alike(h, name), default="")
            is_it = f"; is it {repr(close) if show_all else header_names.shown(close, header, known)}?" if close else ""
            yield Drift(f"{where}: joined {join.file!r} has no column {name!r}{is_it}")


def _columns(
    unit: Unit, table: str, where: str, spec: TableSpec, name: str, newest: Delivery, last: Delivery | None, show_all: bool
) -> Iterator[Drift]:
    how = options(spec, unit.site.defaults)
    now = _cells(newest, name, how)
    if now is None or (not now.num_rows and not _names(now)):  # a list without records has no columns
        return
    old_name = next(iter((_files(last, spec.file) or ()) if last else ()), None)
    old = _cells(last, old_name, how) if last is not None and old_name is not None else None
    needed = dict.fromkeys(_needed(unit, spec))
    taken = {n for j in spec.join for n in j.take}
    header, before = _names(now), set(_names(old)) if old is not None else set()
    known = {*needed, *before} | _matched(spec, header)
    if not show_all and header_names.is_data(header, known, _held(now, old)):
        yield Drift(
            f"{where}: {name} has none of the {len(needed)} columns that are read, and its first line looks like a row of data; "
            "ask the site for the file with its header line, or correct header_row"
        )
        return
    made = _made_by_wide(spec, header)
    gone = [n for n in needed if n not in header and n not in taken | made]
    if spec.long is not None:
        gone = [n for n in gone if n in {spec.long.test, spec.long.value, *spec.long.by, *spec.where}]
    beside = [s for several in unit.site.tables.values() for s in several if matches(name, s.file)]
    read = {n for s in beside for n in (*_needed(unit, s), *_matched(s, header))}
    unread = [n for n in header if n not in read]
    pairs = pair(gone, unread, now, old)

    def say(column: str) -> str:
        return repr(column) if show_all else header_names.shown(column, header, known)

    for column in gone:
        what = f"{where}: {name} has no column {column!r}"
        new = pairs.get(column)
        if new is None:
            free = ", ".join(say(n) for n in unread[:8]) or "none"
            yield Drift(f"{what}; columns that nothing reads: {free}")
        else:
            lines = renamed(unit, table, spec, column, new[0]) if say(new[0]) == repr(new[0]) else ""
            yield Drift(f"{what}; {say(new[0])} is new ({new[1]})", lines, new[0])


def _new_columns(unit: Unit, newest: Delivery, last: Delivery | None, placed: set[str], show_all: bool) -> Iterator[Drift]:
    """Columns that the last good delivery had not and that nothing reads, once a file."""
    for file in newest.files:
        read_by = [(str(t), s) for t, several in unit.site.tables.items() for s in several if matches(file.name, s.file)]
        if last is None or not read_by:
            continue
        how = options(read_by[0][1], unit.site.defaults)
        globs = {s.file for _, s in read_by}
        old_name = next((f.name for f in last.files if any(matches(f.name, g) for g in globs)), None)
        now, old = _cells(newest, file.name, how), _cells(last, old_name, how) if old_name else None
        if now is None or old is None:
            continue
        header = _names(now)
        used = {n for _, s in read_by for n in _needed(unit, s)} | placed | set(_names(old))
        used = used.union(*(_matched(s, header) for _, s in read_by))
        fresh = [n for n in header if n not in used]
        if not fresh or (not show_all and header_names.is_data(header, used, _held(now, old))):
            continue  # told where the columns that are read are missing
        plain = fresh if show_all else [n for n in fresh if header_names.shown(n, header, used) == repr(n)]
        listed = ", ".join(map(repr, plain[:8]) if show_all else (header_names.shown(n, header, used) for n in fresh[:8]))
        yield Drift(
            f"{file.name} has new columns that nothing reads: {listed}",
            f"tables:\n  {read_by[0][0]}:\n    ignore_columns: {json.dumps(plain)}   # or name them under fields" if plain else "",
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


def _members(delivery: Delivery, name: str) -> list[str]:
    """Files of an archive, named as if it were a folder; of one that cannot be opened its own name."""
    try:
        return [f"{name}/{member}" for member in archive.members(delivery.folder / name)]
    except TrialweaveError:
        return [name]


def _files(delivery: Delivery, glob: str) -> list[str] | None:
    """Files that a glob means, in archives too; None where an archive it names cannot be opened, so that nobody knows."""
    packed, out = archive_of(glob), []
    for name in (f.name for f in delivery.files):
        if matches(name, glob):
            out.append(name)
        elif packed is not None and matches(name, packed):
            inside = _members(delivery, name)
            if inside == [name]:
                return None
            out += [n for n in inside if matches(n, glob)]
    return out


def _cells(delivery: Delivery, name: str, how: ReadOptions) -> pa.Table | None:
    packed = archive_of(name)
    try:
        if packed is None:
            return read(delivery.folder / name, how).table
        return read(delivery.folder / packed, replace(how, member=name.removeprefix(f"{packed}/"))).table
    except TrialweaveError:
        return None


def _names(table: pa.Table) -> list[str]:
    return [n for n in table.column_names if n != ROW]


def _matched(spec: TableSpec, header: Sequence[str]) -> set[str]:
    """Columns that a table's wide pattern reads or its ignore_columns names."""
    wide = {n for n in header if spec.wide is not None and re.fullmatch(spec.wide.pattern, n)}
    return wide | {n for n in header if any(fnmatch.fnmatchcase(n, g) for g in spec.ignore_columns)}


def _held(*tables: pa.Table | None) -> Callable[[str], bool]:
    """Whether a text stands in any cell of these tables."""
    known = {t.strip().casefold() for table in tables if table is not None for n in _names(table) for t in texts(table, n)}
    return lambda text: text.strip().casefold() in known


def codes(unit: Unit, found: pl.DataFrame) -> Iterable[Drift]:
    """Codes that no map knows, as lines of YAML with the meaning left open. Shows texts as sent: only for a person who asks."""
    wanted = found.filter(pl.col("rule") == "unknown_code").drop_nulls("raw_value")
    for (table, field), mine in wanted.sort("table", "field").group_by("table", "field", maintain_order=True):
        counts = mine.group_by("raw_value").agg(pl.sum("n_rows")).sort("n_rows", "raw_value", descending=[True, False])
        several = [(str(v), int(n)) for v, n in counts.iter_rows()]
        lines = [f"          {json.dumps(v, ensure_ascii=False)}:   # {n} records" for v, n in several[:20]]
        yield Drift(f"{table}.{field}: {len(several)} codes are in no list",
                    "\n".join([f"tables:\n  {table}:\n    fields:\n      {field}:\n        map:", *lines]))  # fmt: skip


def of_unit(programme: Programme, data: Path, unit: Unit, published: set[str], *, show_all: bool = False) -> list[Drift]:
    """Drifts of a unit's newest delivery against the one that is published, its unknown codes among them."""
    site = unit.site
    known = landed.deliveries(data, site.study, site.site_id)
    if not known:
        return []
    others = [d for d in known if d.sha256 != known[-1].sha256]
    last = next((d for d in reversed(others) if d.sha256 in published), others[-1] if others else None)
    out = find(unit, known[-1], last, show_all=show_all)
    used = tuple(known) if site.delivery == "delta" else (known[-1],)
    mark = fingerprint(programme, unit, used)
    path = data / "staged" / site.study / site.site_id / mark[:16] / "findings.parquet"
    return [*out, *codes(unit, pl.read_parquet(path))] if path.is_file() else out
