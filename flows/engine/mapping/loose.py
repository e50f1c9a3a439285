"""What reached no table: ragged rows, rows nobody reads, rows of unknown sites, files nobody reads; and columns nobody uses.

What belongs here: mapped.loose_row, mapped.file_column, mapped.wide_file and mapped.repeated_cell. What does not: what a mapping
leaves out although it looks like data (left_out.py), what a file says of its own columns (own_words.py), deciding what happens to them
(schemas/rules/).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence

import duckdb
import pyarrow as pa

from flows.engine.mapping import left_out, own_words
from flows.engine.mapping.files import MapInput, Sheet, Shelf
from flows.engine.mapping.rows import condition, missing_column
from flows.engine.mapping.sqltext import lit
from flows.engine.mapping.tables import MAX_ROW, Job
from flows.engine.mapping.wide import Slots
from flows.readers import LABEL, archive
from flows.sources.files import archive_of, matches
from schemas.intake.base import STANDARD
from schemas.site import IntakeTable, Site

#: What can be wrong with a row that reached no table, the gravest first: a row is told of once.
_FAULTS = ("ragged_row", "unknown_site", "unclaimed_row", "cut_row", "row_partly_read")
COLUMNS = STANDARD | {"table_name": "VARCHAR", "fault": "VARCHAR", "detail": "VARCHAR"}
FILE_NOTE_COLUMNS = {
    "unit": "INTEGER", "study": "VARCHAR", "site": "VARCHAR", "file_name": "VARCHAR", "source_file": "VARCHAR", "note": "VARCHAR",
    "is_doubt": "BOOLEAN",
}  # fmt: skip
FILE_COLUMNS = {
    "unit": "INTEGER", "study": "VARCHAR", "site": "VARCHAR", "file_name": "VARCHAR", "source_file": "VARCHAR",
    "column_name": "VARCHAR", "used": "BOOLEAN",
}  # fmt: skip
REPEATED_COLUMNS = {
    "unit": "INTEGER", "study": "VARCHAR", "site": "VARCHAR", "source_file": "VARCHAR", "source_row": "BIGINT",
    "record_key": "VARCHAR", "table_name": "VARCHAR",
}  # fmt: skip
WIDE_COLUMNS = {
    "unit": "INTEGER", "study": "VARCHAR", "site": "VARCHAR", "file_name": "VARCHAR", "source_file": "VARCHAR",
    "table_name": "VARCHAR", "instrument": "VARCHAR", "slot": "VARCHAR", "n_wanted": "INTEGER", "missing": "VARCHAR[]",
}  # fmt: skip


def fill_loose_rows(con: duckdb.DuckDBPyConnection, shelf: Shelf, inputs: Sequence[MapInput], jobs: Sequence[Job]) -> None:
    """mapped.loose_row, one row a source row, with the first fault of _FAULTS; table_name is the first table that reads the file."""
    readers: dict[int, list[Job]] = {}
    for job in jobs:
        for sheet in job.sheets:
            readers.setdefault(sheet.file_no, []).append(job)
    sheets = {s.file_no: s for s in shelf.sheets.values()}
    parts = ["select g.file_no, g.source_row, 'ragged_row' as fault, g.why as detail from raw.ragged g"]
    parts += [
        f"select file_no, source_row, 'unknown_site', '' from ({job.rows.claimed()}) where site is null"
        for job in jobs
        if job.rows is not None and job.first.unit.site.sites is not None
    ]
    groups: dict[tuple[str, tuple[int, ...], tuple[str, ...]], list[int]] = {}
    for number, sheet in sheets.items():
        reading = readers.get(number, [])
        if reading and not any(job.rows is not None and job.rows.claims_all for job in reading):
            groups.setdefault((sheet.raw, tuple(id(j) for j in reading), tuple(_ignored(sheet))), []).append(number)
    for (raw, _, ignored), numbers in groups.items():
        claims = " union all ".join(
            f"select file_no, source_row from ({j.rows.claimed()})" for j in readers[numbers[0]] if j.rows is not None
        )
        tests = "".join(f" and not {test}" for test in ignored)
        parts.append(
            f"select r.file_no, r.source_row, 'unclaimed_row', '' from {raw} r"
            f" anti join (select distinct * from ({claims})) c on c.file_no = r.file_no and c.source_row = r.source_row"
            f" where r.file_no in ({', '.join(map(str, numbers))})"
            f" and not exists (from raw.ragged g where g.file_no = r.file_no and g.source_row = r.source_row){tests}"
        )
    cut = ", ".join(f"({file_no}, {row})" for file_no, row in sorted(left_out.cut_rows(con, jobs)))
    if cut:
        parts.append(f"select file_no, source_row, 'cut_row', '' from (values {cut}) c (file_no, source_row)")
    passed = left_out.passed_over(jobs)
    parts += [f"select file_no, source_row, 'row_partly_read', {lit(table)} from ({sql})" for table, sql in passed]
    first = {n: r[0].table for n, r in readers.items()}
    names = " ".join(f"when {n} then {lit(t)}" for n, t in sorted(first.items()))
    table = f"case f.file_no {names} else '' end" if names else "''"
    first_fault = f"list_position({[*_FAULTS]!r}, fault)"
    con.execute(
        f"""
        insert into mapped.loose_row by name
        select
            f.unit, f.study, f.home as site, f.delivery_no, f.source_file, l.source_row,
            f.file_no::bigint * {MAX_ROW} + l.source_row as row_id, f.name || '|' || l.source_row as record_key,
            hash(l.fault) as row_hash, case when l.fault = 'row_partly_read' then l.detail else {table} end as table_name, l.fault, l.detail
        from (select distinct on (file_no, source_row) * from ({' union all '.join(parts)}) order by file_no, source_row, {first_fault}) l
        join raw.file f on f.file_no = l.file_no
        order by row_id, l.fault
        """
    )
    _unread_files(con, inputs, sheets.values())
    for sheet, part in left_out.unread_parts([*sheets.values()], inputs):
        _tell(con, sheet.unit_no, sheet.unit.site, sheet.delivery_no, sheet.source_file, f"{sheet.name}/{part}", "unclaimed_sheet")


def _tell(con: duckdb.DuckDBPyConnection, unit_no: int, site: Site, delivery_no: int, source_file: str, name: str, fault: str) -> None:
    """One loose row for a whole file or sheet: source_row 0, record_key its name; its row_id is below those of rows."""
    (n,) = con.execute("select count(*) from mapped.loose_row where row_id < 0").fetchall()[0]
    row = [unit_no, site.study, site.site_id, delivery_no, source_file, 0, -1 - n, name, 0, "", fault, ""]
    con.execute(f"insert into mapped.loose_row values ({', '.join('?' * len(COLUMNS))})", row)


def _ignored(sheet: Sheet) -> list[str]:
    """The ignore_rows tests of a file's site, as SQL over the raw table."""
    out = []
    for rule in sheet.unit.site.ignore_rows:
        if matches(sheet.name, rule.file) and all(name in sheet.header for name in rule.where):
            tests = [condition(f"r.c{sheet.header.index(name)}", test) for name, test in rule.where.items()]
            out.append("(" + " and ".join(tests) + ")")
        elif matches(sheet.name, rule.file) and rule.file != "*":
            name = next(n for n in rule.where if n not in sheet.header)
            raise missing_column(f"{sheet.unit.key}: ignore_rows", sheet.name, name, sheet.header)
    return out


def _unread_files(con: duckdb.DuckDBPyConnection, inputs: Sequence[MapInput], sheets: Iterable[Sheet]) -> None:
    """A delivered file that no table, join or ignore_files names, landed or left out, is one loose row: source_row 0, record_key its name.

    A randomization list is named by its table even where a blinded build does not open it. A file that a table names and landing left
    out all the same shows the arms of a blinded trial.
    """
    read = {(s.unit_no, s.delivery_no, s.name) for s in sheets}
    for item in inputs:
        site = item.unit.site
        specs = [spec for several in site.tables.values() for spec in several]
        beside = {c for c in (site.defaults.companion, *(spec.companion for spec in specs)) if c is not None}
        named = [*site.ignore_files, *(f"**/{name}" for name in beside)]
        named += [spec.file for spec in site.tables.get(IntakeTable.RANDOMIZATION, ())]
        tables = [glob for spec in (s for t, several in site.tables.items() if t != IntakeTable.RANDOMIZATION for s in several)
                  for glob in (spec.file, *(join.file for join in spec.join))]  # fmt: skip
        for number, delivery in item.numbered():
            names = {f.name: f.sha256[:12] for f in delivery.files} | dict.fromkeys(delivery.left_out, "")
            for opened in {archive_of(name) for unit, n, name in read if (unit, n) == (item.unit_no, number)} - {None}:
                told = names.pop(str(opened))
                names |= dict.fromkeys((f"{opened}/{m}" for m in archive.members(delivery.folder / str(opened))), told)
            for name, source_file in sorted(names.items()):
                if (item.unit_no, number, name) in read or any(matches(name, glob) for glob in named):
                    continue
                fault = "arms_shown" if name in delivery.left_out and any(matches(name, glob) for glob in tables) else "unclaimed_file"
                _tell(con, item.unit_no, site, number, source_file, name, fault)


def fill_file_notes(con: duckdb.DuckDBPyConnection, shelf: Shelf, jobs: Sequence[Job]) -> None:
    """mapped.file_note: what a reader found doubtful about a file as a whole, or remarks of it."""
    said, legal = own_words.doubts(con, jobs), left_out.legal_codes(con, jobs)
    ignored = left_out.ignored_like_data(con, jobs, {s.file_no: _ignored(s) for s in shelf.sheets.values()})
    for sheet in sorted(shelf.sheets.values(), key=lambda s: s.file_no):
        doubts = (*sheet.doubts, *said.get(sheet.file_no, ()))
        for note in (*doubts, *sheet.remarks, *legal.get(sheet.file_no, ()), *ignored.get(sheet.file_no, ())):
            row = [sheet.unit_no, sheet.unit.site.study, sheet.unit.site.site_id, sheet.name, sheet.source_file, note, note in doubts]
            con.execute("insert into mapped.file_note values (?, ?, ?, ?, ?, ?, ?)", row)


def used_columns(shelf: Shelf, jobs: Sequence[Job]) -> dict[int, set[str]]:
    """File -> the columns that a mapping reads, or names in ignore_columns or ignore_rows."""
    used = {s.file_no: {name for name, about in s.about.items() if about.is_structure} for s in shelf.sheets.values()}
    for job in jobs:
        if job.rows is None:
            continue
        for sheet in job.sheets:
            globs = job.spec.ignore_columns
            used[sheet.file_no] |= job.rows.used
            used[sheet.file_no] |= {n for n in sheet.header if any(fnmatch.fnmatchcase(n, g) for g in globs)}
        for joined in job.joins:
            names = {*joined.join.on.values(), *joined.join.take.values(), *joined.join.where}
            for _, _, numbers in joined.reads:
                for number in numbers:
                    used[number] |= names
    for sheet in shelf.sheets.values():
        for rule in sheet.unit.site.ignore_rows:
            if matches(sheet.name, rule.file):
                used[sheet.file_no] |= set(rule.where)
    for names in used.values():
        names |= {name.removesuffix(LABEL) for name in names if name.endswith(LABEL)}
    return used


def fill_file_columns(con: duckdb.DuckDBPyConnection, shelf: Shelf, jobs: Sequence[Job]) -> None:
    """mapped.file_column: every column of every file read, and whether a mapping uses it or names it in ignore_columns."""
    used = used_columns(shelf, jobs)
    rows = [
        (s.unit_no, s.unit.site.study, s.unit.site.site_id, s.name, s.source_file, column, column in used[s.file_no])
        for s in sorted(shelf.sheets.values(), key=lambda s: s.file_no)
        for column in s.header
    ]
    kinds = [pa.int32(), *[pa.string()] * 5, pa.bool_()]
    made = pa.table({n: pa.array([r[i] for r in rows], kinds[i]) for i, n in enumerate(FILE_COLUMNS)})
    con.register("tw_new", made)
    con.execute("insert into mapped.file_column select * from tw_new")
    con.unregister("tw_new")


def fill_repeated_cells(con: duckdb.DuckDBPyConnection, jobs: Sequence[Job]) -> None:
    """mapped.repeated_cell: rows of long tables that were laid over an earlier row of the same cell and the same value."""
    for job in jobs:
        if job.rows is not None and job.rows.spec.long is not None:
            con.execute(
                "insert into mapped.repeated_cell"
                f" select unit, study, site, source_file, source_row, cell, {lit(job.table)} from ({job.rows.repeated()})"
                " order by file_no, source_row"
            )


def fill_wide_files(con: duckdb.DuckDBPyConnection, jobs: Sequence[Job]) -> None:
    """mapped.wide_file: every set of cells that a wide file holds side by side, and which of the wanted cells have no column.

    Wanted are the items of the questionnaire, or the cells that other sets of the same file have. An item counts as there when
    another set of the delivery that shares no item with this one holds it: the parts of a questionnaire may lie in two files.
    """
    rows = []
    for job in jobs:
        slots = job.rows.slots if job.rows is not None else None
        if slots is None:
            continue
        wanted = job.item_codes or slots.names
        for sheet in job.sheets:
            others = [set(cells) for part in _parts(jobs, job, sheet) for _, cells in part.rows] if job.item_codes else []
            for texts, cells in slots.rows:
                beside = {name for other in others if not other & cells.keys() for name in other}
                missing = [name for name in wanted if name not in cells and name not in beside]
                rows.append(
                    (sheet.unit_no, sheet.unit.site.study, sheet.unit.site.site_id, sheet.name, sheet.source_file, str(job.table),
                     job.instrument, ", ".join(texts), len(wanted), missing)
                )  # fmt: skip
    kinds = [pa.int32(), *[pa.string()] * 7, pa.int32(), pa.list_(pa.string())]
    made = pa.table({n: pa.array([r[i] for r in rows], kinds[i]) for i, n in enumerate(WIDE_COLUMNS)})
    con.register("tw_new", made)
    con.execute("insert into mapped.wide_file select * from tw_new")
    con.unregister("tw_new")


def _parts(jobs: Sequence[Job], mine: Job, sheet: Sheet) -> list[Slots]:
    """The cells of every mapping that reads the same instrument from the same delivery."""
    return [
        job.rows.slots
        for job in jobs
        if job.instrument == mine.instrument and job.rows is not None and job.rows.slots is not None
        and any(s.unit_no == sheet.unit_no and s.delivery_no == sheet.delivery_no for s in job.sheets)
    ]  # fmt: skip
