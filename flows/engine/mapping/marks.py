"""Rows and cells that a workbook strikes through, hides or comments on, or that a column takes back: mapped.row_mark, one row a record.

What belongs here: from marks of a sheet (Cells.marks) to the records they became. What does not: which rows are marked (flows/readers,
annulled.py), what follows from it (schemas/rules/row_struck_out.py, row_hidden.py, row_annulled.py, cell_commented.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from flows.engine.mapping import annulled, loose
from flows.engine.mapping.files import Shelf
from flows.engine.mapping.sqltext import lit
from flows.engine.mapping.tables import MAX_MELT, MAX_ROW, MAX_SPEC, Job
from schemas.site import IntakeTable

COLUMNS = {
    "unit": "INTEGER", "study": "VARCHAR", "site": "VARCHAR", "subject_id": "VARCHAR", "record_key": "VARCHAR", "source_file": "VARCHAR",
    "source_row": "BIGINT", "table_name": "VARCHAR", "kind": "VARCHAR", "columns": "VARCHAR", "said": "VARCHAR",
}  # fmt: skip
_MARK = (("file_no", pa.int32()), ("source_row", pa.int64()), ("kind", pa.string()), ("columns", pa.string()), ("said", pa.string()))


def fill_row_marks(con: duckdb.DuckDBPyConnection, shelf: Shelf, jobs: Sequence[Job]) -> None:
    """Fill mapped.row_mark; the tables of the records must be mapped. A marked row that became no record is told by its file and number."""
    marked = [s for s in sorted(shelf.sheets.values(), key=lambda s: s.file_no) if s.marks]
    cells = [(s.file_no, m.row, m.kind, ", ".join(m.columns), m.text) for s in marked for m in s.marks]
    cells += annulled.marks(con, shelf, jobs, loose.used_columns(shelf, jobs))
    if not cells:
        return
    con.register("tw_mark", pa.table([pa.array([c[n] for c in cells], kind) for n, (_, kind) in enumerate(_MARK)], [n for n, _ in _MARK]))
    numbers = {c[0] for c in cells}
    tables = {job.table for job in jobs if numbers & {s.file_no for s in job.sheets}}
    of_assessment = ("form", "item") if IntakeTable.ASSESSMENT in tables else ()
    names = sorted({str(t) for t in tables if t != IntakeTable.ASSESSMENT} | set(of_assessment))
    records = " union all ".join(
        f"select row_id // {MAX_SPEC * MAX_MELT} as place, unit, study::varchar as study, site::varchar as site,"
        f" subject_id::varchar as subject_id, record_key, {lit(name)} as table_name from mapped.{name}"
        f" where row_id // {MAX_SPEC * MAX_MELT} in (select file_no::bigint * {MAX_ROW} + source_row from tw_mark)"
        for name in names
    )
    none = "select 0::bigint as place, 0 as unit, '' as study, '' as site, '' as subject_id, '' as record_key, '' as table_name limit 0"
    con.execute(
        f"""
        insert into mapped.row_mark by name
        with record as ({records or none}),
        made as (
            -- a questionnaire's row is one record, however many items and totals it gives
            select
                place, unit, study, site, subject_id, table_name,
                case when table_name = 'item' then subject_id || '|' || place else record_key end as one,
                min(record_key) as record_key,
            from record
            group by all
        )
        select
            f.unit, f.study, coalesce(r.site, f.home) as site, r.subject_id,
            coalesce(r.record_key, f.name || '|' || m.source_row) as record_key,
            f.source_file, m.source_row, r.table_name, m.kind, m.columns,
            case when r.subject_id is not null and m.said <> '' then m.said end as said,
        from tw_mark as m
        inner join raw.file as f on f.file_no = m.file_no
        left join made as r on r.place = m.file_no::bigint * {MAX_ROW} + m.source_row
        where (r.table_name is distinct from 'item' or not exists (from made as o where o.place = r.place and o.table_name = 'form'))
            and (m.kind <> 'annulled' or r.record_key is not null)
        order by m.file_no, m.source_row, m.kind, m.columns, r.table_name, r.record_key
        """
    )
    con.unregister("tw_mark")
