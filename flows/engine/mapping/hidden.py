"""Fields of records that a form did not show: mapped.hidden_cell, one row a record and field.

What belongs here: from hidden cells of a file (Cells.hidden) to fields of the records they became. What does not: which cells are hidden
(flows/readers), what follows from it (flows/engine/hidden.py, schemas/rules/value_in_hidden_field.py).

A field that is read from several columns is hidden when all of them are and none is filled. Of a wide questionnaire the whole form (field
empty) is told where every blank item is a hidden one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from flows.engine.mapping.files import Sheet
from flows.engine.mapping.shapes import FIELDS
from flows.engine.mapping.tables import Job
from flows.readers import ROW
from schemas.site import IntakeTable

COLUMNS = {
    "unit": "INTEGER", "study": "VARCHAR", "site": "VARCHAR", "subject_id": "VARCHAR", "record_key": "VARCHAR", "source_file": "VARCHAR",
    "source_row": "BIGINT", "table_name": "VARCHAR", "field": "VARCHAR", "column_name": "VARCHAR", "filled": "BOOLEAN",
}  # fmt: skip


def fill_hidden_cells(con: duckdb.DuckDBPyConnection, jobs: Sequence[Job]) -> None:
    """Fill mapped.hidden_cell; the tables of the records must be mapped."""
    for job in jobs:
        sheets = {s.file_no: s for s in job.sheets if s.hidden is not None}
        if not sheets:
            continue
        target = "form" if job.table == IntakeTable.ASSESSMENT else str(job.table)
        con.register("tw_hidden", pa.concat_tables([_numbered(s) for s in sheets.values()]))
        con.register("tw_field", _fields(job))
        con.execute(
            f"""
            insert into mapped.hidden_cell by name
            with hit as (
                select
                    h.file_no, h.source_row, f.field, min(h.column_name) as column_name, bool_or(h.filled) as filled,
                from tw_hidden as h inner join tw_field as f using (column_name)
                group by all
                having bool_or(h.filled) or count(*) = max(f.n_columns)
            )
            select distinct
                m.unit, m.study, m.site, m.subject_id, m.record_key, m.source_file, m.source_row, '{target}' as table_name, h.field,
                h.column_name, h.filled,
            from hit as h
            inner join raw.file as r using (file_no)
            inner join mapped.{target} as m on m.unit = r.unit and m.source_file = r.source_file and m.source_row = h.source_row
            """
        )
        if target == "form" and job.spec.wide is not None:
            _whole_forms(con, job, sheets.values())
        con.unregister("tw_hidden")
        con.unregister("tw_field")


def _numbered(sheet: Sheet) -> pa.Table:
    hidden: Any = sheet.hidden
    number = pa.array([sheet.file_no] * len(hidden), pa.int32())
    return pa.table({"file_no": number, "source_row": hidden[ROW], "column_name": hidden["column"], "filled": hidden["filled"]})


def _fields(job: Job) -> pa.Table:
    """Column of the file -> field as the record has it, and of how many columns the field is made."""
    kinds = FIELDS.get(str(job.table), {})
    rows = [
        (column, (kinds[name].column or name) if name in kinds else name, len(spec.from_))
        for name, spec in job.spec.fields.items()
        for column in spec.from_
    ]
    names = ("column_name", "field", "n_columns")
    return pa.table([pa.array([r[n] for r in rows], kind) for n, kind in enumerate((pa.string(), pa.string(), pa.int32()))], names)


def _whole_forms(con: duckdb.DuckDBPyConnection, job: Job, sheets: Iterable[Sheet]) -> None:
    """Forms whose blank items are all hidden: nothing of them can be asked for."""
    pattern = re.compile(job.spec.wide.pattern)  # type: ignore[union-attr]
    for sheet in sheets:
        items = [name for name in sheet.header if pattern.fullmatch(name)]
        if not items:
            continue
        blanks = " + ".join(f"(r.c{sheet.header.index(name)} is null)::integer" for name in items)
        con.register("tw_item", pa.table({"column_name": pa.array(items, pa.string())}))
        con.execute(
            f"""
            insert into mapped.hidden_cell by name
            with hit as (
                select source_row, count(*) as n_hidden from tw_hidden semi join tw_item using (column_name)
                where file_no = {sheet.file_no} and not filled group by all
            )
            select distinct
                m.unit, m.study, m.site, m.subject_id, m.record_key, m.source_file, m.source_row, 'form' as table_name, '' as field,
                '' as column_name, false as filled,
            from {sheet.raw} as r
            inner join hit as h on h.source_row = r.source_row and r.file_no = {sheet.file_no} and h.n_hidden = {blanks}
            inner join mapped.form as m
                on m.unit = {sheet.unit_no} and m.source_file = '{sheet.source_file}' and m.source_row = r.source_row
            """
        )
        con.unregister("tw_item")
