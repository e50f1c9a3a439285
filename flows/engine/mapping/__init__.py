"""Mapping compiler: landed files and a site's mapping -> the tables mapped.*, as set-based SQL.

What belongs here: the order of a batch. What does not: its parts (files, rows, text, fields, tables, assessment, loose ...),
judging (judge.py).

Units whose table mapping is the same and whose files have the same columns are mapped by one statement, so a hundred sites of
one profile cost little more than one. What a mapping does not say is an error, never a guess:
ConfigurationError when the mapping cannot be meant so, ReadError when a file is not as the mapping says.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from flows.engine import enums
from flows.engine.mapping import assessment, codelists, corrections, hidden, items_once, labels, loose, marks, tables
from flows.engine.mapping.check import check_mapping, refuse
from flows.engine.mapping.codelists import Codelists
from flows.engine.mapping.files import MapInput, Sheet, Shelf, join_options, options
from flows.engine.mapping.items import ITEM_FAULT_COLUMNS
from flows.engine.mapping.rows import Joined
from flows.engine.mapping.tables import MAX_SPEC, Job
from flows.engine.mapping.typed import with_iso
from schemas.findings import ConfigurationError, ReadError, UnreadableError
from schemas.intake import CONTRACTS
from schemas.site import IntakeTable, Join, TableSpec
from schemas.trial import BlindingStatus

__all__ = ["MapInput", "check_mapping", "map_batch"]

#: Tables the mapping makes beside those of the contracts.
BESIDE = {
    "item_fault": ITEM_FAULT_COLUMNS, "loose_row": loose.COLUMNS, "file_column": loose.FILE_COLUMNS, "file_note": loose.FILE_NOTE_COLUMNS,
    "wide_file": loose.WIDE_COLUMNS, "repeated_cell": loose.REPEATED_COLUMNS, "stale_correction": corrections.STALE_COLUMNS,
    "hidden_cell": hidden.COLUMNS, "value_label": labels.COLUMNS,
    "row_mark": marks.COLUMNS,
}  # fmt: skip


def map_batch(con: duckdb.DuckDBPyConnection, inputs: Sequence[MapInput], lists: Sequence[Path] = ()) -> None:
    """Read and map the deliveries of some units; every mapped.* table is created, empty where nobody maps it.

    `lists` are folders of code lists, later ones laid over earlier ones; none: the project's.
    The connection must have the schemas raw and mapped.
    """
    words = codelists.read(lists)
    parts = [part for item in inputs for part in item.parts()]
    for part in parts:
        refuse(part.unit, words)
    _declare_names(con, parts)
    _create_tables(con)
    corrections.prepare(con)
    shelf = Shelf(con)
    try:
        jobs = plan(shelf, parts, words)
        failed: dict[str, ReadError] = {}
        for job in jobs:
            try:
                _map(con, job, [other for other in jobs if other is not job])
            except ReadError as error:
                units = {item.unit.key for item in job.items}
                if len(units) > 1:
                    raise  # its text names the file of one of them
                failed.setdefault(units.pop(), error)
        if failed:
            raise UnreadableError(failed)
        items_once.refuse(jobs)
        labels.fill_value_labels(con, jobs)
        loose.fill_loose_rows(con, shelf, parts, jobs)
        loose.fill_file_columns(con, shelf, jobs)
        loose.fill_wide_files(con, jobs)
        loose.fill_repeated_cells(con, jobs)
        loose.fill_file_notes(con, shelf, jobs)
        hidden.fill_hidden_cells(con, jobs)
        marks.fill_row_marks(con, shelf, jobs)
        corrections.find_stale(con, inputs, jobs)
    finally:
        shelf.close()
    con.execute(f"alter table mapped.form drop column {assessment.SLOW}")
    enums.store_subjects(con, [f"mapped.{table}" for table in (*CONTRACTS, "item_fault")])


def _declare_names(con: duckdb.DuckDBPyConnection, inputs: Sequence[MapInput]) -> None:
    """Names that are known before a file is read. Sites are not, where an export may hold any."""
    units = [item.unit for item in inputs]
    enums.declare(con, "study_name", (u.site.study for u in units))
    enums.declare(con, "instrument_name", (i.name for u in units for i in u.instruments))
    enums.declare(con, "file_name", ["", *(f.sha256[:12] for item in inputs for d in item.deliveries for f in d.files)])
    if all(u.site.sites is None or u.site.sites.known for u in units):
        members = (m for u in units if u.site.sites is not None for m in u.site.sites.known)
        enums.declare(con, "site_name", [*(u.site.site_id for u in units), *members])
    else:
        con.execute("drop type if exists site_name")


def _map(con: duckdb.DuckDBPyConnection, job: Job, beside: Sequence[Job]) -> None:
    if job.table == IntakeTable.ASSESSMENT:
        assessment.map_assessment(con, job, beside)
    else:
        tables.map_table(con, job)


def _create_tables(con: duckdb.DuckDBPyConnection) -> None:
    known = enums.declared(con)
    for name, contract in CONTRACTS.items():
        slow = {assessment.SLOW: assessment.SLOW_TYPE} if name == "form" else {}
        tables.create(con, name, contract.mapped_columns() | slow, known)
    for name, columns in BESIDE.items():
        tables.create(con, name, columns, known)


def plan(shelf: Shelf, inputs: Sequence[MapInput], lists: Codelists) -> list[Job]:
    """Read every file, then put units together that one statement can map. In the order of IntakeTable.

    Raises UnreadableError that names every unit whose files cannot be read, or that has none for a table its newest mapping reads.
    """
    found: list[Found] = []
    failed: dict[str, ReadError] = {}
    for item in inputs:
        try:
            found += _sheets_of(shelf, item, inputs)
        except ReadError as error:
            failed.setdefault(item.unit.key, error)
    newest = {item.unit_no: item for item in inputs}
    there = {(f.item.unit_no, f.table) for f in found if f.sheets}
    for f in found:
        if newest[f.item.unit_no] is f.item and (f.item.unit_no, f.table) not in there:
            told = f"{f.item.unit.key}: table {f.table}: no file of any delivery matches {f.spec.file!r}"
            failed.setdefault(f.item.unit.key, ReadError(told))
    if failed:
        raise UnreadableError(failed)
    shelf.register()
    jobs: dict[tuple[str, ...], Job] = {}
    counts: dict[str, int] = {}
    for sheet in shelf.sheets.values():
        counts[sheet.raw] = counts.get(sheet.raw, 0) + 1
    order = {table: n for n, table in enumerate(IntakeTable)}
    for item, table, number, spec, sheets, joins in sorted(found, key=lambda f: (order[f.table], f.number)):
        joined = [(j, tuple((s.raw, s.header) for s in js)) for j, js in joins]
        for raw, typed in dict.fromkeys((s.raw, s.typed) for s in sheets):
            reads_of = repr([sorted({r for r, _ in reads}) for _, reads in joined])
            shape = (table, str(number), f"{raw} {typed}", _shape(item, spec), reads_of)
            read = with_iso(table, spec) if typed else spec
            job = jobs.setdefault(shape, Job(table, number, read, [], [], [], lists))
            job.items.append(item)
            job.sheets += [s for s in sheets if (s.raw, s.typed) == (raw, typed)]
            _add_joins(job, joins)
    for job in jobs.values():
        job.is_whole = len({s.file_no for s in job.sheets}) == counts[job.sheets[0].raw]
        job.fixes = corrections.fixes_of(job.table, job.items)
    return list(jobs.values())


class Found(NamedTuple):
    """One mapping of one unit with the files it reads."""

    item: MapInput
    table: IntakeTable
    number: int
    spec: TableSpec
    sheets: list[Sheet]
    joins: list[tuple[Join, list[Sheet]]]


def _sheets_of(shelf: Shelf, item: MapInput, inputs: Sequence[MapInput]) -> list[Found]:
    """Each mapping of a unit with its files. Raises ReadError."""
    found = []
    site = item.unit.site
    dated = sum(other.unit_no == item.unit_no for other in inputs) > 1
    for table in IntakeTable:
        if table == IntakeTable.RANDOMIZATION and item.unit.trial.blinding.status == BlindingStatus.BLINDED:
            continue
        for number, spec in enumerate(site.tables.get(table, ())):
            if number >= MAX_SPEC:
                raise ConfigurationError(f"{item.unit.key}: more than {MAX_SPEC} mappings of table {table}")
            sheets = shelf.find(item, spec.file, options(spec, site.defaults), f"table {table}", may_lack=dated)
            joins = [
                (j, shelf.find(item, j.file, join_options(j, site.defaults), f"join of table {table}", may_lack=not sheets))
                for j in spec.join
            ]
            found.append(Found(item, table, number, spec, sheets, joins))
    return found


def _shape(item: MapInput, spec: TableSpec) -> str:
    """Everything of a unit that its statement depends on, besides its files."""
    site = item.unit.site
    parts = [spec, site.defaults, *(x for x in (site.subject_id, site.sites) if x is not None), *item.unit.instruments]
    return f"{site.subject_id is None}{site.sites is None}" + "".join(p.model_dump_json(exclude_unset=True) for p in parts)


def _add_joins(job: Job, joins: list[tuple[Join, list[Sheet]]]) -> None:
    """Add a unit's joined files to those of the other units of the job."""
    for n, (join, sheets) in enumerate(joins):
        reads = {raw: (header, list(numbers)) for raw, header, numbers in (job.joins[n].reads if n < len(job.joins) else ())}
        for sheet in sheets:
            reads.setdefault(sheet.raw, (sheet.header, []))[1].append(sheet.file_no)
        made = Joined(join, tuple((raw, header, tuple(sorted(set(numbers)))) for raw, (header, numbers) in reads.items()))
        job.joins[n : n + 1] = [made]
