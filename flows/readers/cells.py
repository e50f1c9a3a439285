"""What every reader gives back: text cells that remember their row, and the rows that could not be cut into cells.

What belongs here: ReadOptions, Cells, Ragged, column names, and what is the same for every format (blank rows, trailing notes).
What does not: a format of its own (delimited.py, xlsx.py, xpt.py, parquet.py), what a cell means (flows/engine/mapping).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.findings import ReadError

ROW = "_row"
#: Ending of the column that holds the labels of a column beside it.
LABEL = ".label"
_INVISIBLE = str.maketrans({"\ufeff": None, "\u200b": None, "\u00a0": " ", "\u202f": " "})


@dataclass(frozen=True)
class ReadOptions:
    """How a file is read. What is None is found out from the file and recorded in Cells.

    `sheet` is a name or a number, 1 = the first sheet; of an ODM file the item group, of JSON the path to the records.
    `header_row` is the 1-based line or sheet row of the column names, `header_rows` how many rows they take.
    `format` names the reader where the file's ending does not. `value_labels`: codes, text (the label in the code's place) or
    beside (a column `sex.label` beside `sex`). `user_missing`: codes that an SPSS file declares missing: keep, or blank.
    `companion` is the file beside it that explains it (dictionary, catalogue). `member` is the file within an archive.
    """

    encoding: str | None = None
    delimiter: str | None = None
    quote: str = '"'
    sheet: str | int | None = None
    header_row: int = 1
    skip_end: int = 0
    end_at: str | None = None
    format: str | None = None
    value_labels: str = "codes"
    user_missing: str = "keep"
    companion: str | None = None
    member: str | None = None
    header_rows: int = 1


@dataclass(frozen=True)
class Ragged:
    """A row that could not be cut into cells. `row` is its number among the data rows, `line` its first line in the file."""

    row: int
    line: int
    why: str


@dataclass(frozen=True)
class About:
    """What a file itself says about one of its columns.

    `labels`: code as it is read -> its label. `missing`: codes the file declares missing; a range is `lo..hi`. `seen`: those met.
    `is_structure`: a column that the format adds (keys of a form), which nobody need read. `shown_if`: when a form shows the field.
    `zone`: whose clock its times are (IANA, or Z).
    """

    label: str = ""
    unit: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    is_identifier: bool = False
    is_free_text: bool = False
    is_structure: bool = False
    shown_if: str = ""
    zone: str = ""


@dataclass(frozen=True)
class Mark:
    """What a workbook shows of a row beside its cells: that it is `struck` through or `hidden`, or a `comment`.

    `row` is its number among the data rows; `columns` are the cells concerned, none: the row; `text` is what a comment says.
    """

    row: int
    kind: str
    columns: tuple[str, ...] = ()
    text: str = ""


#: Columns of Cells.hidden.
HIDDEN = pa.schema([(ROW, pa.int64()), ("column", pa.string()), ("filled", pa.bool_())])


@dataclass(frozen=True)
class Cells:
    """A file as text: string columns named by the header (null = blank cell) and int64 `_row`; `about`: its own words on columns.
    `hidden`: cells whose field the form did not show, so that a blank there is no missing answer (HIDDEN).

    `_row` is the 1-based number of the data row in the file; ragged rows have a number too, so numbers may jump. `cut` holds the rows
    that skip_end and end_at left out. `parts` names everything that a reader can be asked for as `sheet`: sheets, item groups,
    instruments with data; `part` is what this is. `marks`: rows and cells that a workbook strikes through, hides or comments on.
    """

    table: pa.Table
    ragged: list[Ragged] = field(default_factory=list)
    encoding: str | None = None
    notes: list[str] = field(default_factory=list)
    about: dict[str, About] = field(default_factory=dict)
    typed: bool = False
    hidden: pa.Table | None = None
    cut: pa.Table | None = None
    parts: tuple[str, ...] = ()
    part: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def doubts(self) -> list[str]:
        """The notes that a person should look at: the file may not be what it seems."""
        words = ("may be wrong", "may be cut", "a guess", "is a second", "matches end_at", "cut end", "without value")
        return [note for note in self.notes if any(word in note for word in words)]

    @property
    def remarks(self) -> list[str]:
        """Notes of what was read as it stands, or passed over, where a person may have meant something else by it."""
        words = ("hidden row", "hidden column", "rows hold cells that are",
                 "merged range", "not read", "hold an error", "hold an Excel error", "and none is named", "is beyond what")  # fmt: skip
        return [note for note in self.notes if any(word in note for word in words) and note not in self.doubts]


def column_names(header: list[str | None], notes: list[str], places: list[int] | None = None) -> list[str]:
    """Trimmed, unique names: a second `dose` becomes `dose#2`, a blank third column `#3`; both are noted.

    `places` are the 1-based columns of the file, where some are left out.
    """
    names: list[str] = []
    taken: set[str] = {ROW}
    for place, cell in zip(places or range(1, len(header) + 1), header, strict=True):
        plain = (cell or "").translate(_INVISIBLE).strip()
        name, copy = plain or f"#{place}", 1
        while name in taken:
            copy += 1
            name = f"{plain}#{copy}"
        if name != plain:
            told = f"is a second {plain!r}" if plain else "has no name"
            notes.append(f"column {place} {told}; it is read as {name!r}")
        taken.add(name)
        names.append(name)
    return names


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number: 50, 0.1, 0.0000001."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = repr(value).removesuffix(".0")
    return format(Decimal(text), "f") if "e" in text and 1e-15 < abs(value) < 1e21 else text


def finish(
    names: list[str],
    columns: list[pa.ChunkedArray],
    rows: npt.NDArray[np.int64],
    options: ReadOptions,
    notes: list[str],
    *,
    encoding: str | None = None,
    ragged: list[Ragged] | None = None,
    ragged_firsts: dict[int, str] | None = None,
    about: dict[str, About] | None = None,
) -> Cells:
    """Leave out blank rows, then the last `skip_end` rows, then all from the first row that `end_at` matches.

    Blank rows keep their number but are no rows: neither skip_end nor end_at sees them.
    """
    table = pa.Table.from_arrays([pa.array(rows, pa.int64()), *columns], names=[ROW, *names])
    table = _without_blank_rows(table, names, notes)
    bad = list(ragged or [])
    table = _without_headers(table, names, options, bad)
    last = _last_row(table, bad, ragged_firsts or {}, options, notes)
    cut = None
    if last is not None:
        cut = table.filter(pc.greater(table[ROW], last))
        table = table.filter(pc.less_equal(table[ROW], last))
        bad = [r for r in bad if r.row <= last]
    order = [*names, ROW]
    return labelled(Cells(table.select(order), bad, encoding, notes, about or {}, cut=cut), options.value_labels)


def labelled(cells: Cells, how: str) -> Cells:
    """Value labels as the site's file asks: `codes` leaves cells alone, `text` puts the label in the code's place, `beside` beside it.

    A code without a label stays the code; beside it stands nothing.
    """
    if how == "codes" or not any(a.labels for a in cells.about.values()):
        return cells
    table = cells.table
    beside: dict[str, About] = {}
    for name, about in cells.about.items():
        if not about.labels or name not in table.column_names:
            continue
        codes = pa.array([*about.labels], pa.string())
        found = pc.index_in(table[name], codes)
        text = pa.chunked_array([pa.array([*about.labels.values()], pa.string()).take(found.combine_chunks())], pa.string())
        place = table.column_names.index(name)
        if how == "text":
            table = table.set_column(place, name, pc.coalesce(text, table[name]))
        else:
            fresh = column_names([*table.column_names, f"{name}{LABEL}"], [])[-1]
            table = table.add_column(place + 1, fresh, text)
            beside[fresh] = About(is_structure=True)
    return replace(cells, table=table, about=cells.about | beside)


def _without_blank_rows(table: pa.Table, names: list[str], notes: list[str]) -> pa.Table:
    """Rows without a single cell filled, such as ;;;; at the end of a spreadsheet's export."""
    blank = None
    for name in names:
        if table[name].null_count == 0:
            return table
        missing = pc.is_null(table[name])
        blank = missing if blank is None else pc.and_(blank, missing)
        if not pc.any(blank).as_py():
            return table
    if blank is None or not pc.any(blank).as_py():
        return table
    kept = table.filter(pc.invert(blank))
    notes.append(f"{table.num_rows - kept.num_rows} row(s) without a filled cell are left out")
    return kept


def _without_headers(table: pa.Table, names: list[str], options: ReadOptions, bad: list[Ragged]) -> pa.Table:
    """Rows that are the header once more, as files laid one below the other have them, are set aside; `bad` takes them in."""
    again = None
    for name in names:
        same = pc.or_kleene(pc.equal(table[name], name.partition("#")[0]), pc.is_null(table[name]))
        again = same if again is None else pc.and_(again, same)
        if not pc.any(again).as_py():
            return table
    if again is None or table.num_rows == 0 or len(names) < 2:
        return table
    filled = sum((pc.cast(pc.is_valid(table[name]), pa.int64()).to_numpy() for name in names), start=np.zeros(table.num_rows, np.int64))
    again = pc.and_(again, pa.array(filled > 1))
    for row in table.filter(again)[ROW].to_pylist():
        bad.append(Ragged(row, row + options.header_row + options.header_rows - 1, "it is the header once more"))
    return table.filter(pc.invert(again))


def without_nul(cells: Cells, options: ReadOptions) -> Cells:
    """Rows with a cell that holds a NUL character are set aside: no site writes one, it is what damage leaves, and a database may end a
    text there."""
    spoilt = None
    for name in cells.table.column_names:
        if pa.types.is_string(cells.table[name].type) and _may_hold_nul(cells.table[name]):
            here = pc.fill_null(pc.match_substring(cells.table[name], "\0"), fill_value=False)
            if pc.any(here).as_py():
                spoilt = here if spoilt is None else pc.or_(spoilt, here)
    if spoilt is None:
        return cells
    return without_rows(cells, cells.table.filter(spoilt)[ROW].to_pylist(), "a cell holds a NUL byte", options)


def without_rows(cells: Cells, rows: list[int], why: str, options: ReadOptions) -> Cells:
    """These rows (their numbers) set aside as rows that could not be cut into cells, so far as they are among the rows."""
    numbers = pa.array(rows, pa.int64())
    spoilt = pc.is_in(cells.table[ROW], value_set=numbers)
    ahead = options.header_row + options.header_rows - 1
    bad = [Ragged(row, row + ahead, why) for row in cells.table.filter(spoilt)[ROW].to_pylist()]
    return replace(cells, table=cells.table.filter(pc.invert(spoilt)), ragged=[*cells.ragged, *bad])


def _may_hold_nul(column: pa.ChunkedArray) -> bool:
    """Whether a zero byte lies in the memory of a column of text, which takes a fifth of the time of looking into each cell."""
    texts = (chunk.buffers()[2] for chunk in column.chunks)
    return any(text is not None and not np.frombuffer(text, np.uint8).all() for text in texts)


def _last_row(
    table: pa.Table, ragged: list[Ragged], firsts: dict[int, str], options: ReadOptions, notes: list[str]
) -> int | None:
    """Number of the last row that is data, or None when all are."""
    if not options.skip_end and options.end_at is None:
        return None
    numbers = np.sort(np.concatenate([table[ROW].to_numpy(), np.array([r.row for r in ragged], np.int64)]))
    kept = numbers[: max(len(numbers) - options.skip_end, 0)]
    if options.end_at is not None and len(kept):
        pattern = re.compile(options.end_at)
        cells = dict(zip(table[ROW].to_pylist(), table[table.column_names[1]].to_pylist(), strict=True)) | firsts
        ends = next((i for i, row in enumerate(kept.tolist()) if pattern.match(cells.get(row) or "")), None)
        if ends is None:
            notes.append("no row matches end_at; every row was read as data")
        else:
            kept = kept[:ends]
    notes.append(f"{len(numbers) - len(kept)} row(s) at the end are left out, as skip_end and end_at say")
    return int(kept[-1]) if len(kept) else 0


def unreadable(path: Path, what: str, todo: str) -> ReadError:
    """The one form of a reader's error: file, what is wrong, what to do. Never a cell's value."""
    return ReadError(f"{path.name}: {what}\n  fix   -> {todo}")
