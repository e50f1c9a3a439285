"""The files of an export -> its sheets: tables with their columns looked at, and what `file`, `sheet` and options must say to read them.

What belongs here: which sheets, forms and instruments there are, where a header stands, files of one kind as one. What does not: text
files (textfile.py), what a sheet is (tables.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.newsite import textfile
from flows.newsite.column import Column
from flows.readers import ROW, Cells, ReadOptions, archive, read
from flows.readers.contents import sheets as listed
from flows.readers.formats import find
from flows.readers.redcap_dictionary import Dictionary, load
from schemas.findings import ReadError

REPEAT, EVENT, GROUP = "redcap_repeat_instrument", "redcap_event_name", "redcap_data_access_group"
#: Why of a sheet that is a whole REDCap export: it stands in where no form lists every participant.
WHOLE = "the whole export"
_DATED = re.compile(
    r"(?<!\d)(?:(?:\d{4}-\d{2}-\d{2}|\d{8})(?:[-_T ]?\d{2}[-.:]?\d{2}(?:[-.:]?\d{2})?)?|\d{12}|\d{14}|\d{4}-\d{2}|\d{4})(?!\d)"
)
_CELL = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}.*|\d+[.,]\d+|\d{3,}|\d{1,2}:\d{2}.*")
_WORKBOOKS = ("xlsx", "xls", "xlsb", "ods")
_HEADER_ROWS = 8


@dataclass(frozen=True)
class Sheet:
    """One table of the export. `files`: names it comes from; `glob`: what `file` says; `options`: keys of a table's mapping that say how it
    is read; `where`: rows that are it; `title`: what it is called; `whys`: key of options or where -> how that was found."""

    files: tuple[str, ...]
    glob: str
    options: dict[str, Any]
    title: str
    table: pa.Table
    columns: dict[str, Column]
    where: dict[str, Any] = field(default_factory=dict)
    whys: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of data."""
        return int(self.table.num_rows)

    @property
    def name(self) -> str:
        """File, and sheet or rows within it, for a person."""
        inner = self.options.get("sheet") or next((str(v) for v in self.where.values() if v), "")
        return f"{self.glob} {inner}".strip()


@dataclass
class Export:
    """Everything that was opened. `unread`: files that could not be, or hold nothing to map, with the reason."""

    sheets: list[Sheet] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    companions: dict[str, Dictionary] = field(default_factory=dict)


def open_export(files: Iterable[Path], root: Path, closed: Iterable[str] = ()) -> Export:
    """Open the files of an export whose folder is `root`; those named in `closed` stay shut. Raises ReadError for none at all."""
    out = Export()
    shut = set(closed)
    waiting: list[tuple[str, Path]] = []
    for path in sorted(set(files)):
        name = path.relative_to(root).as_posix()
        if name in shut:
            continue
        dictionary = _dictionary(path)
        if dictionary is not None:
            out.companions[name] = dictionary
        else:
            waiting.append((name, path))
    found: list[Sheet] = []
    for name, path in waiting:
        try:
            found += _open(name, path, out.companions)
        except ReadError as error:
            out.unread[name] = " ".join(line.strip() for line in str(error).splitlines()[:1])
    for one in [s for s in found if _is_data(s.columns)]:
        found.remove(one)
        where = f" {one.options['sheet']}" if "sheet" in one.options else ""
        out.unread[one.files[0] + where] = "its first line looks like data, not like names of columns"
    out.sheets = _without_copies(_shortened(_together(found)), out)
    return out


def _is_data(names: Iterable[str]) -> bool:
    """Names of columns that are the cells of a row: dates, fractions, large numbers. They are told nowhere: they may be anybody's."""
    found = [*names]
    return sum(_CELL.fullmatch(n) is not None for n in found) >= max(2, 0.25 * len(found))


def _dictionary(path: Path) -> Dictionary | None:
    """A REDCap data dictionary, if the file is one."""
    if path.suffix.lower() != ".csv":
        return None
    try:
        return load(path)
    except ReadError:
        return None


def _open(name: str, path: Path, companions: dict[str, Dictionary]) -> Iterator[Sheet]:
    """Every sheet of one file."""
    if path.name.lower().endswith(".zip"):
        for member in archive.members(path):
            yield _sheet(f"{name}/{member}", path, PurePosixPath(member).stem, ReadOptions(member=member), {}, {})
        return
    kind = find(path, ReadOptions())
    if kind in _WORKBOOKS:
        for sheet in listed(path):
            if (made := _workbook_sheet(name, path, sheet)) is not None:
                yield made
    elif kind == "odm":
        yield from _odm_sheets(name, path)
    elif kind == "json" and len(several := listed(path)) > 1:
        for sheet in several:
            yield _sheet(name, path, sheet.rpartition("/")[2], ReadOptions(sheet=sheet), {"sheet": sheet}, {})
    elif kind == "delimited":
        yield from _text_sheets(name, path, companions)
    else:
        yield _sheet(name, path, path.stem, ReadOptions(), {}, {})


def _sheet(name: str, path: Path, title: str, how: ReadOptions, options: dict[str, Any], whys: dict[str, str]) -> Sheet:
    return _of_cells(name, title, read(path, how), options, whys)


def _of_cells(name: str, title: str, cells: Cells, options: dict[str, Any], whys: dict[str, str]) -> Sheet:
    names = [n for n in cells.table.column_names if n != ROW]
    columns = {n: Column.of(n, i, cells.table[n], cells.about.get(n), typed=cells.typed) for i, n in enumerate(names)}
    return Sheet((name,), name, options, title, cells.table, columns, {}, whys)


def _workbook_sheet(name: str, path: Path, sheet: str) -> Sheet | None:
    """A sheet with its header found: titles above and notes below are left out. None: it holds no table."""
    if (form := _viedoc_sheet(name, path, sheet)) is not None:
        return form
    best: tuple[float, int, int, Cells] | None = None
    for row, n_rows in [(r, 1) for r in range(1, _HEADER_ROWS)] + [(r, 2) for r in range(1, 4)]:
        try:
            cells = read(path, ReadOptions(sheet=sheet, header_row=row, header_rows=n_rows))
        except ReadError:
            continue
        score = _header_score(cells)
        if best is None or score > best[0] + 0.05:
            best = (score, row, n_rows, cells)
        if score >= 0.95:
            break
    if best is None or best[0] < 0.5:
        return None
    _, row, n_rows, cells = best
    options: dict[str, Any] = {"sheet": sheet}
    whys: dict[str, str] = {}
    if row > 1:
        options["header_row"] = row
        whys["header_row"] = f"the names of the columns stand in row {row}; what is above are titles"
    if n_rows > 1:
        options["header_rows"] = n_rows
        whys["header_rows"] = "the names take two rows"
    below = _notes_below(cells.table)
    if below:
        options["skip_end"] = below
        whys["skip_end"] = f"{below} row(s) below the data fill the first cell only; look at them: a row left out is counted nowhere"
        cells = replace(cells, table=cells.table.slice(0, cells.table.num_rows - below))
    return _of_cells(name, sheet, cells, options, whys)


def _viedoc_sheet(name: str, path: Path, sheet: str) -> Sheet | None:
    """A form of Viedoc: labels in the first row, identifiers in the second."""
    try:
        cells = read(path, ReadOptions(sheet=sheet, format="viedoc"))
    except ReadError:
        return None
    return _of_cells(name, sheet, cells, {"sheet": sheet, "format": "viedoc"}, {})


def _header_score(cells: Cells) -> float:
    """How much a header looks like names: named, no numbers or dates, above more than one column, with cells below."""
    names = [n for n in cells.table.column_names if n != ROW]
    if len(names) < 2:
        return 0.3 if names and not names[0].startswith("#") and cells.table.num_rows else 0.0
    good = sum(not n.startswith("#") and not re.fullmatch(r"[\d\s.,:/T-]+(#\d+)?", n) for n in names)
    filled = sum(cells.table[n].null_count < cells.table.num_rows for n in names)
    return good / len(names) * (0.5 + 0.5 * filled / len(names)) if cells.table.num_rows else 0.9 * good / len(names)


def _notes_below(table: pa.Table) -> int:
    """Rows at the end of which only the first cell is filled, where the rows above fill most."""
    names = [n for n in table.column_names if n != ROW]
    if len(names) < 3 or table.num_rows < 3:
        return 0
    counts = np.sum([pc.is_valid(table[n]).to_numpy() for n in names[1:]], axis=0).tolist()
    below = 0
    while below < len(counts) and counts[-1 - below] == 0:
        below += 1
    return below if below <= 5 and sorted(counts)[len(counts) // 2] >= 2 else 0


def _odm_sheets(name: str, path: Path) -> Iterator[Sheet]:
    """A form whole where it can be read so, else its item groups."""
    forms: dict[str, list[str]] = {}
    for address in listed(path):
        forms.setdefault(address.partition("/")[0], []).append(address)
    for form, groups in forms.items():
        try:
            yield _sheet(name, path, _last(form), ReadOptions(sheet=form), {"sheet": form}, {})
        except ReadError:
            for group in groups:
                yield _sheet(name, path, _last(group), ReadOptions(sheet=group), {"sheet": group}, {})


def _last(address: str) -> str:
    """The name of a form or group without what systems put before it: demographics of Form.demographics."""
    return address.rpartition("/")[2].rpartition(".")[2]


def _text_sheets(name: str, path: Path, companions: dict[str, Dictionary]) -> Iterator[Sheet]:
    """A text file: one table, or the instruments of a REDCap export."""
    how, options, whys = textfile.sniff(path)
    cells = read(path, how)
    header = set(cells.table.column_names)
    here = PurePosixPath(name).parent
    beside = {n: d for n, d in companions.items() if PurePosixPath(n).parent == here and len(header & set(d.columns())) >= 2}
    if beside:
        companion, dictionary = next(iter(sorted(beside.items())))
        told = {**options, "format": "redcap", "companion": PurePosixPath(companion).name}
        how = replace(how, format="redcap", companion=PurePosixPath(companion).name)
        forms = [_sheet(name, path, f, replace(how, sheet=f), {**told, "sheet": f}, whys) for f in dictionary.forms]
        yield from (form for form in forms if form.rows)
        yield _sheet(name, path, path.stem, how, told, {**whys, "": WHOLE})
    elif REPEAT in header:
        yield from _repeats(name, cells, options, whys)
    else:
        yield _of_cells(name, path.stem, cells, options, whys)


def _repeats(name: str, cells: Cells, options: dict[str, Any], whys: dict[str, str]) -> Iterator[Sheet]:
    """REDCap without its dictionary: the rows of each repeating instrument, and outside of them those of an event that alone fills some
    columns, with the columns that they fill."""
    kinds = pc.fill_null(cells.table[REPEAT], "")
    for kind in sorted(set(kinds.to_pylist())):
        table = cells.table.filter(pc.equal(kinds, kind))
        own = _of_events(table) if not kind else {}
        for event, columns in own.items():
            rows = table.filter(pc.equal(table[EVENT], event)).select(columns)
            one = _of_cells(name, "demographics", replace(cells, table=rows), options, dict(whys))
            one.whys[EVENT] = f"{len(columns) - 3} columns are filled by rows of this event only"
            yield replace(one, where={REPEAT: kind, EVENT: event})
        gone = {n for columns in own.values() for n in columns[2:-1]}
        kept = [n for n in table.column_names if table[n].null_count < table.num_rows and n not in gone]
        made = _of_cells(name, kind or "demographics", replace(cells, table=table.select(kept)), options, dict(whys))
        made.whys[REPEAT] = "each repeating instrument fills rows of its own" if kind else "rows outside of repeating instruments"
        yield replace(made, where={REPEAT: kind})


def _of_events(table: pa.Table) -> dict[str, list[str]]:
    """Event -> the record, the event, columns that no other event fills, and the row's number; nothing where there is one event only."""
    if EVENT not in table.column_names or len(pc.unique(table[EVENT])) < 2:
        return {}
    record = table.column_names[0]
    out: dict[str, list[str]] = {}
    for name in table.column_names:
        events = pc.unique(table[EVENT].filter(pc.is_valid(table[name]))).to_pylist() if name not in (record, EVENT, REPEAT, ROW) else []
        if len(events) == 1 and events[0]:
            out.setdefault(events[0], [record, EVENT]).append(name)
    return {event: [*columns, ROW] for event, columns in out.items()}


def _together(sheets: list[Sheet]) -> list[Sheet]:
    """Files of one kind (same columns, names that differ in numbers) as one sheet; a date in a name becomes a star."""
    groups: dict[tuple[Any, ...], list[Sheet]] = {}
    for one in sheets:
        stem = re.sub(r"\d+", "*", one.files[0])
        groups.setdefault((stem, repr(sorted(one.options.items())), repr(one.where), tuple(one.columns)), []).append(one)
    out = []
    every = {f for one in sheets for f in one.files}
    for (stem, *_), several in groups.items():
        first = several[0]
        glob = re.sub(r"\*+", "*", stem) if len(several) > 1 else _DATED.sub("*", first.files[0])
        mine = {f for one in several for f in one.files}
        if {f for f in every if _fits(f, glob)} != mine or "*" not in glob:
            out += several
            continue
        whys = {**first.whys, "file": "one kind of file, several deliveries of it" if len(several) > 1 else "a date stands in the name"}
        table = pa.concat_tables([one.table for one in several]) if len(several) > 1 else first.table
        columns = {n: Column.of(n, c.place, table[n], c.about, typed=c.typed) for n, c in first.columns.items()}
        out.append(replace(first, files=tuple(sorted(mine)), glob=glob, table=table, columns=columns, whys=whys))
    return out


def _shortened(sheets: list[Sheet]) -> list[Sheet]:
    """Titles of files without what all of them begin with, up to a sign: SAD01_20250729_DM is DM."""
    titles = {s.title for s in sheets if "sheet" not in s.options and not s.where}
    if len(titles) < 3:
        return sheets
    shared = next((n for n, letters in enumerate(zip(*titles, strict=False)) if len(set(letters)) > 1), 0)
    before = re.sub(r"[^\W_]*$", "", min(titles)[:shared])
    return [replace(s, title=s.title[len(before) :]) if before and s.title.startswith(before) else s for s in sheets]


def _fits(name: str, glob: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, glob.split("*"))), name) is not None


def _without_copies(sheets: list[Sheet], out: Export) -> list[Sheet]:
    """The same project as text and as ODM is read once: its fields would make two rows of every record."""
    known = {n for s in sheets if s.options.get("format") == "redcap" or REPEAT in s.columns for n in s.columns}
    for name in dict.fromkeys(f for s in sheets for f in s.files if f.lower().endswith((".xml", ".odm"))):
        mine = {n for s in sheets if name in s.files for n, c in s.columns.items() if not c.about.is_structure}
        if mine and len(mine & known) >= 0.6 * len(mine):
            out.unread[name] = "holds the same fields as the REDCap export beside it, which is read instead"
    return [s for s in sheets if not out.unread.keys() & set(s.files)]
