"""Read the landed files that mappings name, each once, and put those with the same columns into one raw table.

What belongs here: globs, read options, raw tables, which rows were ragged. What does not: mapping rows (rows.py, tables.py).

A raw table has the columns file_no, source_row, c0, c1 ...: a site's column names never reach SQL. It is the readers' Arrow
data registered with DuckDB, not a copy. raw.file says which unit, delivery and file a file_no is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.engine import enums
from flows.engine.config import Unit
from flows.engine.landed import Delivery, LandedFile
from flows.readers import ROW, About, Cells, Mark, ReadOptions, archive, read
from flows.sources.files import archive_of, matches
from schemas.findings import ReadError
from schemas.site import FileOptions, Join, TableSpec

_BATCH = 16_384
_SPACES = " \t\r\n\u00a0\u202f\ufeff\u200b"


@dataclass(frozen=True)
class MapInput:
    """One unit to be mapped: its number in the batch, and its deliveries, oldest first (one for a snapshot).

    `units`: the unit under the mapping in force when each delivery arrived, where deliveries add up and mappings are dated; empty:
    all are read by `unit`. `first_no`: number of the first delivery here among all of the unit.
    """

    unit_no: int
    unit: Unit
    deliveries: tuple[Delivery, ...]
    units: tuple[Unit, ...] = ()
    first_no: int = 0

    def parts(self) -> list[MapInput]:
        """Runs of deliveries that one mapping reads, oldest first."""
        if not self.units:
            return [self]
        out: list[MapInput] = []
        for number, (unit, delivery) in enumerate(zip(self.units, self.deliveries, strict=True)):
            if out and out[-1].unit is unit:
                out[-1] = replace(out[-1], deliveries=(*out[-1].deliveries, delivery))
            else:
                out.append(MapInput(self.unit_no, unit, (delivery,), (), number))
        return out

    def numbered(self) -> list[tuple[int, Delivery]]:
        """Its deliveries with their numbers."""
        return list(enumerate(self.deliveries, self.first_no))


@dataclass
class Sheet:
    """One file (or sheet of a workbook) that was read."""

    unit_no: int
    delivery_no: int
    unit: Unit
    name: str
    source_file: str
    options: ReadOptions
    cells: Cells | None
    header: tuple[str, ...]
    doubts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    about: Mapping[str, About] = field(default_factory=dict)
    typed: bool = False
    hidden: pa.Table | None = None
    cut: pa.Table | None = None
    parts: tuple[str, ...] = ()
    part: str = ""
    marks: tuple[Mark, ...] = ()
    file_no: int = -1
    raw: str = ""

    @property
    def order(self) -> tuple[int, int, str, str]:
        """Position among all sheets of the batch."""
        return (self.unit_no, self.delivery_no, self.name, repr(self.options))


@dataclass
class Shelf:
    """All files of a batch: opened on demand, then registered together."""

    con: duckdb.DuckDBPyConnection
    sheets: dict[tuple[int, int, str, ReadOptions], Sheet] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)

    def find(self, item: MapInput, glob: str, options: ReadOptions, what: str, *, may_lack: bool = False) -> list[Sheet]:
        """The files of a unit that a glob matches, read. Raises ReadError when there is none (unless it may be so) or one cannot
        be read."""
        found = [
            self._open(item, number, delivery, landed, replace(options, member=member))
            for number, delivery in item.numbered()
            for landed in sorted(delivery.files, key=lambda f: f.name)
            for member in _meant(item, delivery, landed, glob)
        ]
        if not found and not may_lack:
            barred = sorted({n for d in item.deliveries for n in d.left_out if matches(n, glob)})
            if barred:
                raise ReadError(
                    f"{item.unit.key}: {what}: {', '.join(barred)} shows the arms of a blinded trial and was not landed\n"
                    f"  fix   -> ask the site for an export without the arm, or name the file without a wildcard in `file`"
                )
            names = sorted({name for d in item.deliveries for f in d.files for name in _inside(d, f, glob)})
            few = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
            raise ReadError(
                f"{item.unit.key}: {what}: no file matches {glob!r}\n  files -> {few or 'the delivery is empty'}\n"
                f"  fix   -> correct `file` in the site's mapping, or ask the site for the file"
            )
        return found

    def _open(self, item: MapInput, number: int, delivery: Delivery, landed: LandedFile, options: ReadOptions) -> Sheet:
        name = landed.name if options.member is None else f"{landed.name}/{options.member}"
        key = (item.unit_no, number, name, options)
        if key not in self.sheets:
            try:
                cells = read(delivery.folder / landed.name, options)
            except ReadError as error:
                raise ReadError(f"{item.unit.key}: {error}") from None
            header = tuple(n for n in cells.table.column_names if n != ROW)
            self.sheets[key] = Sheet(
                item.unit_no, number, item.unit, name, landed.sha256[:12], options, cells, header,
                tuple(cells.doubts), tuple(cells.remarks), cells.about, cells.typed, cells.hidden, cells.cut, cells.parts, cells.part,
                cells.marks,
            )  # fmt: skip
        return self.sheets[key]

    def register(self) -> None:
        """Number the sheets and make the raw tables, raw.file and raw.ragged."""
        ordered = sorted(self.sheets.values(), key=lambda s: s.order)
        groups: dict[tuple[str, ...], list[Sheet]] = {}
        for number, sheet in enumerate(ordered):
            sheet.file_no = number
            groups.setdefault(sheet.header, []).append(sheet)
        ragged = [(s.file_no, r.row, r.why) for s in ordered if s.cells for r in s.cells.ragged]
        for number, sheets in enumerate(groups.values()):
            name = f"raw_{number}"
            parts = [_numbered(s) for s in sheets]
            whole = pa.concat_tables(parts)
            self.con.register(name, pa.Table.from_batches(whole.to_batches(max_chunksize=_BATCH), whole.schema))
            self.tables.append(name)
            for sheet in sheets:
                sheet.raw, sheet.cells = name, None
        self._describe(ordered, ragged)

    def _describe(self, ordered: list[Sheet], ragged: list[tuple[int, int, str]]) -> None:
        files = pa.table(
            {
                "file_no": pa.array([s.file_no for s in ordered], pa.int32()),
                "unit": pa.array([s.unit_no for s in ordered], pa.int32()),
                "study": pa.array([s.unit.site.study for s in ordered], pa.string()),
                "home": pa.array([s.unit.site.site_id for s in ordered], pa.string()),
                "delivery_no": pa.array([s.delivery_no for s in ordered], pa.int32()),
                "source_file": pa.array([s.source_file for s in ordered], pa.string()),
                "name": pa.array([s.name for s in ordered], pa.string()),
            }
        )
        cut = pa.table(
            {
                "file_no": pa.array([r[0] for r in ragged], pa.int32()),
                "source_row": pa.array([r[1] for r in ragged], pa.int64()),
                "why": pa.array([r[2] for r in ragged], pa.string()),
            }
        )
        kinds = enums.stored(dict.fromkeys(("study", "site", "source_file"), "varchar"), enums.declared(self.con))
        small = {"study": kinds["study"], "home": kinds["site"], "source_file": kinds["source_file"]}
        short = {"file": f"* replace ({', '.join(f'{c}::{kind} as {c}' for c, kind in small.items())})", "ragged": "*"}
        for name, table in (("file", files), ("ragged", cut)):
            self.con.register("tw_new", table)
            self.con.execute(f"create or replace table raw.{name} as select {short[name]} from tw_new")
            self.con.unregister("tw_new")

    def close(self) -> None:
        """Free the raw tables."""
        for name in self.tables:
            self.con.unregister(name)
        self.tables.clear()
        self.sheets.clear()
        for name in ("file", "ragged"):
            self.con.execute(f"drop table if exists raw.{name}")


def _inside(delivery: Delivery, landed: LandedFile, glob: str) -> list[str]:
    """What a person is shown of a delivered file: its name, or what is in the archive that a glob names."""
    packed = archive_of(glob)
    if packed is None or not matches(landed.name, packed):
        return [landed.name]
    return [f"{landed.name}/{member}" for member in archive.members(delivery.folder / landed.name)] or [f"{landed.name} (empty)"]


def _meant(item: MapInput, delivery: Delivery, landed: LandedFile, glob: str) -> list[str | None]:
    """What a glob means of a file: the whole of it (None), or members of an archive, which are named as if it were a folder."""
    if matches(landed.name, glob):
        return [None]
    archive_glob = archive_of(glob)
    if archive_glob is None or not matches(landed.name, archive_glob):
        return []
    try:
        return [name for name in archive.members(delivery.folder / landed.name) if matches(f"{landed.name}/{name}", glob)]
    except ReadError as error:
        raise ReadError(f"{item.unit.key}: {error}") from None


def options(spec: TableSpec, defaults: FileOptions) -> ReadOptions:
    """How a table's file is read: its own word, else the site's."""
    return ReadOptions(
        encoding=spec.encoding or defaults.encoding,
        delimiter=spec.delimiter or defaults.delimiter,
        quote=defaults.quote,
        sheet=spec.sheet,
        header_row=spec.header_row,
        header_rows=spec.header_rows,
        skip_end=spec.skip_end,
        end_at=spec.end_at,
        format=spec.format or defaults.format,
        value_labels=spec.value_labels or defaults.value_labels,
        user_missing=spec.user_missing or defaults.user_missing,
        companion=spec.companion or defaults.companion,
    )


def join_options(join: Join, defaults: FileOptions) -> ReadOptions:
    """How a joined file is read."""
    return ReadOptions(
        encoding=defaults.encoding,
        delimiter=defaults.delimiter,
        quote=defaults.quote,
        sheet=join.sheet,
        format=join.format or defaults.format,
        value_labels=defaults.value_labels,
        user_missing=defaults.user_missing,
        companion=defaults.companion,
    )


def _numbered(sheet: Sheet) -> pa.Table:
    """A sheet's cells under the raw table's column names, wholly blank rows left out."""
    if sheet.cells is None:
        raise ReadError(f"{sheet.unit.key}: {sheet.name} was already registered")
    table = sheet.cells.table
    count = table.num_rows
    columns = [table[n].cast(pa.string()) for n in sheet.header]
    arrays = [pa.array(np.full(count, sheet.file_no, np.int32)), table[ROW].cast(pa.int64()), *columns]
    made = pa.Table.from_arrays(arrays, names=["file_no", "source_row", *(f"c{i}" for i in range(len(columns)))])
    return _without_blank_rows(made)


def _without_blank_rows(table: pa.Table) -> pa.Table:
    """Rows whose cells hold nothing but blanks are no rows."""
    blank = None
    for name in table.column_names[2:]:
        cells = table[name]
        empty = pc.fill_null(pc.equal(pc.utf8_trim(cells, _SPACES), ""), True)
        blank = empty if blank is None else pc.and_(blank, empty)
        if not pc.any(blank).as_py():
            return table
    return table if blank is None else table.filter(pc.invert(blank))
