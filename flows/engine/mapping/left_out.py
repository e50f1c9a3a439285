"""What a mapping leaves out that looks like data all the same: rows behind the end it declares, cells its `where` passes over, sheets
that nothing reads.

What belongs here: finding them, as (file_no, source_row) or (sheet, its name). What does not: rows nobody reads at all (loose.py),
deciding what happens to them (schemas/rules/).
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from flows.engine.mapping.fields import SCALES
from flows.engine.mapping.files import MapInput, Sheet
from flows.engine.mapping.shapes import FIELDS, Kind, reading
from flows.engine.mapping.sqltext import clean, lits
from flows.engine.mapping.tables import Job
from flows.readers import ROW, read
from flows.sources.files import matches
from schemas.findings import ReadError
from schemas.site import FieldSpec, SudsScale

_LOOKED_AT = 2_000
_DIGIT, _LETTERS, _BLANKS = re.compile(r"\d"), re.compile(r"[^\W\d_]+"), re.compile(r"\s+")


def shape(text: str) -> str:
    """What a text looks like: every digit 9, every word a."""
    return _LETTERS.sub("a", _DIGIT.sub("9", _BLANKS.sub(" ", text.strip())))


def cut_rows(con: duckdb.DuckDBPyConnection, jobs: Sequence[Job]) -> set[tuple[int, int]]:
    """Rows that skip_end or end_at cut off although they name a participant and are filled like the rows before them.

    A totals row names nobody. A row counts as like the others when at least half of what they usually fill is filled, with cells
    that look like theirs; so another table below the first one is none of its rows.
    """
    return {(sheet.file_no, row) for job in jobs for sheet in job.sheets if sheet.cut is not None for row in _like_data(con, job, sheet)}


def _like_data(con: duckdb.DuckDBPyConnection, job: Job, sheet: Sheet) -> Iterator[int]:
    if job.rows is None or sheet.cut is None or not sheet.cut.num_rows:
        return
    spec = job.spec_of(job.rows, "subject_id")
    used = [name for name in sheet.header if name in job.rows.used]
    kept = _kept(con, sheet, used)
    if spec is None or not kept:
        return
    shapes = {name: {shape(row[name] or "") for row in kept} - {""} for name in used}
    usual = statistics.median(sum(bool(row[name]) for name in used) for row in kept)
    names = {_identifier(spec, row) for row in kept} - {""}
    may_be_blank = any(name in job.spec.fill_down for name in spec.from_)
    for row in sheet.cut.to_pylist():
        identifier = _identifier(spec, row)
        named = _is_one(spec, identifier, names) if identifier else may_be_blank
        alike = sum(shape(row.get(name) or "") in shapes[name] for name in used)
        if named and 2 * alike >= usual:
            yield int(row[ROW])


def _kept(con: duckdb.DuckDBPyConnection, sheet: Sheet, used: Sequence[str]) -> list[dict[str, str | None]]:
    columns = ", ".join(f"c{sheet.header.index(name)}" for name in used)
    if not columns:
        return []
    sql = f"select {columns} from {sheet.raw} where file_no = {sheet.file_no} limit {_LOOKED_AT}"
    return [dict(zip(used, row, strict=True)) for row in con.execute(sql).fetchall()]


def _identifier(spec: FieldSpec, row: Mapping[str, str | None]) -> str:
    return " ".join(text.strip() for name in spec.from_ if (text := row.get(name)))


def _is_one(spec: FieldSpec, text: str, names: set[str]) -> bool:
    """Is it an identifier: by the declared pattern, else by looking like the others?"""
    if spec.pattern is not None:
        return re.fullmatch(spec.pattern, text) is not None
    return shape(text) in {shape(name) for name in names}


def passed_over(jobs: Sequence[Job]) -> list[tuple[str, str]]:
    """Tables with a `where`, and the rows it leaves out in which a cell is filled that only this table reads, as SQL.

    Such a row is read by a table that reads every row of the file, so that nobody else would tell of the cell. (Where every table has a
    `where`, each reads rows of its own kind, and columns are filled in several kinds.) What is declared missing is no cell, nor is what
    `where` itself looks at.
    """
    out = []
    for job in jobs:
        if job.rows is None or not job.spec.where or job.spec.long is not None:
            continue
        numbers = {s.file_no for s in job.sheets}
        beside = [j.rows for j in jobs if j is not job and j.rows is not None and j.rows.raw == job.rows.raw
                  and numbers & {s.file_no for s in j.sheets}]  # fmt: skip
        own = sorted(job.rows.used.difference(*(rows.used for rows in beside), job.spec.where, job.spec.fill_down))
        if not own or not any(rows.claims_all for rows in beside):
            continue
        filled = " or ".join(_is_sent(job, name) for name in own)
        files = ", ".join(map(str, sorted(numbers)))
        out.append((str(job.table), (
            f"select r.file_no, r.source_row from {job.rows.raw} r anti join ({job.rows.claimed()}) c"
            f" on c.file_no = r.file_no and c.source_row = r.source_row where r.file_no in ({files}) and ({filled})"
        )))  # fmt: skip
    return out


def _is_sent(job: Job, name: str) -> str:
    """SQL: the cell is filled, and with no missing code of any field it belongs to."""
    defaults = job.first.unit.site.defaults
    codes = {code for f in job.spec.fields.values() if name in f.from_ for code in reading(f, job.spec, defaults).missing}
    codes |= set(defaults.missing)
    text = clean(f"r.c{job.rows.header.index(name)}") if job.rows else "null"
    codes.discard("")
    return f"({text} is not null" + (f" and {text} not in ({lits(sorted(codes))})" if codes else "") + ")"


def ignored_like_data(con: duckdb.DuckDBPyConnection, jobs: Sequence[Job], tests: Mapping[int, list[str]]) -> dict[int, list[str]]:
    """File -> that `ignore_rows` leaves out rows that no table reads although they name participants of the file's other rows and are
    filled like those. `tests`: file -> its rules, as SQL over r. Rows that a join reads by the same condition are read.
    """
    out: dict[int, list[str]] = {}
    joined = {number for job in jobs for j in job.joins if j.join.where for _, _, numbers in j.reads for number in numbers}
    readers = [(sheet, job) for job in jobs for sheet in job.sheets if tests.get(sheet.file_no) and sheet.file_no not in joined]
    for number in dict.fromkeys(sheet.file_no for sheet, _ in readers):
        mine = [(sheet, job) for sheet, job in readers if sheet.file_no == number and job.rows is not None]
        if any(job.rows is None or job.rows.claims_all for _, job in mine):
            continue
        claims = " union all ".join(f"select file_no, source_row from ({job.rows.claimed()})" for _, job in mine if job.rows is not None)
        there = sum(_n_like_read(con, sheet, job, claims, " or ".join(tests[number])) for sheet, job in mine[:1])
        if there:
            told = f"ignore_rows leaves out {there} row(s) that are filled like those that are read and name their participants"
            out[number] = [f"{told}; they are not read"]
    return out


def _n_like_read(con: duckdb.DuckDBPyConnection, sheet: Sheet, job: Job, claims: str, test: str) -> int:
    """Rows that are ignored and like those that a table reads."""
    spec = job.spec_of(job.rows, "subject_id") if job.rows is not None else None
    used = [name for name in sheet.header if job.rows is not None and name in job.rows.used]
    if spec is None or not used:
        return 0
    columns = ", ".join(f"r.c{sheet.header.index(name)}" for name in used)
    claimed = f"(select 1 from ({claims}) c where c.file_no = r.file_no and c.source_row = r.source_row)"
    sql = f"select {columns} from {sheet.raw} r where r.file_no = {sheet.file_no} and {{}} limit {_LOOKED_AT}"
    kept, ignored = (
        [dict(zip(used, row, strict=True)) for row in con.execute(sql.format(which)).fetchall()]
        for which in (f"exists {claimed}", f"({test}) and not exists {claimed}")
    )
    names = {_identifier(spec, row) for row in kept} - {""}
    tested = {*job.spec.where, *(name for rule in sheet.unit.site.ignore_rows for name in rule.where)}
    about = [name for name in used if name not in tested and name not in spec.from_]
    shapes = {name: {shape(row[name] or "") for row in kept} - {""} for name in about}
    usual = statistics.median(sum(bool(row[name]) for name in about) for row in kept) if kept else 0
    return sum(
        usual > 0 and _identifier(spec, row) in names and 2 * sum(shape(row[name] or "") in shapes[name] for name in about) >= usual
        for row in ignored
    )


def legal_codes(con: duckdb.DuckDBPyConnection, jobs: Sequence[Job]) -> dict[int, list[str]]:
    """File -> what is declared missing although it is a value of the field's scale, where a cell holds it: 99 of 0-100."""
    out: dict[int, list[str]] = {}
    for job in jobs:
        if job.rows is None:
            continue
        defaults = job.first.unit.site.defaults
        for name, spec in job.spec.fields.items():
            codes = [c for c in reading(spec, job.spec, defaults).missing if is_legal(job, name, spec, c)]
            columns = [c for c in spec.from_ if c in job.rows.header] if codes else []
            for column in columns:
                cell = clean(f"c{job.rows.header.index(column)}")
                for sheet in job.sheets:
                    sql = f"select count(*) from {sheet.raw} where file_no = {sheet.file_no} and {cell} in ({lits(codes)})"
                    count = con.execute(sql).fetchall()[0][0]
                    if count:
                        said = f"column {column!r}: {count} cell(s) hold {codes}, declared missing although it is a value of the scale"
                        out.setdefault(sheet.file_no, []).append(said)
    return out


def is_legal(job: Job, name: str, spec: FieldSpec, code: str) -> bool:
    """Is a missing code a value that the field may have?"""
    try:
        number = float(code.replace(",", "."))
    except ValueError:
        return False
    unit, kind = job.first.unit, FIELDS[job.table][name].kind
    if kind == Kind.SUDS:
        low, high = SCALES[spec.scale or SudsScale.S0_100][:2]
        return low <= number <= high
    if kind == Kind.RATING:
        items = [i for several in unit.instruments for i in several.items if job.instrument in (None, several.name)]
        return any(i.minimum <= number <= i.maximum for i in items)
    if kind == Kind.INTEGER:
        return 1 <= number <= unit.trial.sessions.number
    if kind == Kind.DOSE:
        return number in {b.dose_mg for a in unit.trial.arms for b in a.dose_mg_by_weight} | {a.dose_mg for a in unit.trial.arms}
    return False


def unread_parts(sheets: Sequence[Sheet], inputs: Sequence[MapInput]) -> list[tuple[Sheet, str]]:
    """Sheets, item groups and instruments of participants that no table or join reads, of files that are read otherwise.

    Each comes with a sheet of its file. A sheet that names no participant (a codebook, notes) is none; `ignore_files` names one that
    nobody is to read as `export.xlsx/Old doses`.
    """
    by_file: dict[tuple[int, int, str], list[Sheet]] = {}
    for sheet in sheets:
        if sheet.parts:
            by_file.setdefault((sheet.unit_no, sheet.delivery_no, sheet.name), []).append(sheet)
    out = []
    for (unit_no, delivery_no, name), several in sorted(by_file.items()):
        read = {sheet.part for sheet in several}
        there = sorted({part for sheet in several for part in sheet.parts})
        inner = [p for p in there if not any(other.startswith(f"{p}/") for other in there)]
        for part in inner:
            if any(part == r or r in part.split("/") or part.startswith(f"{r}/") for r in read):
                continue
            if any(matches(f"{name}/{part}", glob) for glob in several[0].unit.site.ignore_files):
                continue
            folder = next(d.folder for i in inputs if i.unit_no == unit_no for n, d in i.numbered() if n == delivery_no)
            if _names_participants(folder, several, part):
                out.append((several[0], part))
    return out


def _names_participants(folder: Path, read_ones: Sequence[Sheet], part: str) -> bool:
    """Does a part hold rows of participants? Of a workbook's sheet: has it the identifier's column, or one mostly of identifiers?"""
    first = read_ones[0]
    if not first.typed:
        return True
    spec = first.unit.site.subject_id
    columns, pattern = (spec.from_, spec.pattern) if spec is not None else ((), None)
    file = first.name.removesuffix(f"/{first.options.member}") if first.options.member else first.name
    for header_row in sorted({sheet.options.header_row for sheet in read_ones}):
        options = replace(first.options, sheet=part, header_row=header_row, header_rows=1, skip_end=0, end_at=None)
        try:
            table = read(folder / file, options).table
        except ReadError:
            continue
        for name in table.column_names:
            cells = [text.strip() for text in table[name].drop_null().to_pylist() if isinstance(text, str)] if name != ROW else []
            named = sum(re.fullmatch(pattern, c) is not None for c in cells) if pattern else 0
            if cells and (name in columns or 2 * named > len(cells)):
                return True
    return False
