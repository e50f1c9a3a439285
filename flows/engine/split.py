"""Split a judged table: rows kept, rows quarantined, values withheld. Nothing is lost, and that is counted.

What belongs here: acting on findings. What does not: making them (judge.py).

The split is done here and not by Pandera, whose dropping of invalid rows leaves no trace. Kept rows of a long table are a view: a few row
numbers are joined away when a model reads it, which costs less than a copy of every row. Those of a short one are copied: to plan the
view again for each model that reads it costs more.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from flows.engine.models import columns_of
from schemas.findings import AccountingError, Severity

#: Rows up to which the kept ones are copied: a seventh of the time of a batch of one small site.
SHORT = 10_000
#: Fault of a kept row's field whose value was read but is withheld by a rule.
WITHHELD = "withheld"


@dataclass(frozen=True)
class Count:
    """Rows of one site in one table, those that count for it: received, kept, quarantined; and all that were set aside."""

    unit: int
    study: str
    site: str | None
    received: int
    kept: int
    quarantined: int
    set_aside: int


def split(con: duckdb.DuckDBPyConnection, table: str, findings: pl.DataFrame) -> tuple[Count, ...]:
    """Make intake.<table> of staging.<table>: without rejected and dropped rows, withheld values null.

    Rejected rows stand in quarantine.<table> with the rules that put them there. Returns what became of each site's rows. Raises
    AccountingError when kept and quarantined rows are not the rows received.
    """
    columns = list(columns_of(con, f"staging.{table}"))
    if "row_id" not in columns:
        con.execute(f"create or replace view intake.{table} as select * from staging.{table}")
        return ()
    con.execute(f"drop table if exists quarantine.marks_{table}")
    out = findings.filter((pl.col("severity") == str(Severity.REJECT)) | pl.col("drops"))
    held = findings.filter((pl.col("severity") == str(Severity.WITHHOLD)) & pl.col("field").is_in(_fields(columns)))
    rejected = out.group_by("row_id").agg(pl.col("rule").unique().sort().str.join(","), pl.col("finding_id").sort().first())
    _set_aside(con, table, rejected)
    marks = _marks(rejected, held)
    if not marks.is_empty():
        con.register("judge_marks", marks.to_arrow())
        con.execute(f"create table quarantine.marks_{table} as select * from judge_marks")
        con.unregister("judge_marks")
    show_kept(con, table)
    return _account(con, table, "counts" in columns)


def show_kept(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Make intake.<table> with the columns that staging.<table> has."""
    try:
        marks = list(columns_of(con, f"quarantine.marks_{table}"))
    except duckdb.CatalogException:
        con.execute(f"create or replace view intake.{table} as select * from staging.{table}")
        return
    columns = list(columns_of(con, f"staging.{table}"))
    chosen = ", ".join(f'{value} as "{name}"' for name, value in _values(columns, marks).items())
    kind = "view" if con.table(f"staging.{table}").aggregate("count(*)").fetchall()[0][0] > SHORT else "table"
    con.execute(f"""
        create or replace {kind} intake.{table} as
        select {chosen} from staging.{table} as s left join quarantine.marks_{table} as k on s.row_id = k.row_id
        where k.is_out is not true""")


def _set_aside(con: duckdb.DuckDBPyConnection, table: str, rejected: pl.DataFrame) -> None:
    """Make quarantine.<table>: the rejected rows, whole."""
    if rejected.is_empty():
        con.execute(f"""
            create or replace table quarantine.{table} as
            select *, null::varchar as quarantine_rules, null::varchar as quarantine_finding from staging.{table} limit 0""")
        return
    con.register("judge_out", rejected.to_arrow())
    con.execute(f"""
        create or replace table quarantine.{table} as
        select s.*, o.rule as quarantine_rules, o.finding_id as quarantine_finding
        from staging.{table} as s inner join judge_out as o using (row_id)""")
    con.unregister("judge_out")


def _fields(columns: list[str]) -> list[str]:
    """Fields that can be withheld: those with a column of their own, or the instants."""
    own = [c for c in columns if not c.endswith(("_raw", "_fault", "_repair"))]
    return own + [c.removesuffix("_local") for c in own if c.endswith("_local")]


def _marks(rejected: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """One row a row_id that is not kept whole: is_out, and for each withheld field `held_<field>` and `date_<field>`."""
    marks = rejected.select("row_id", pl.lit(True).alias("is_out"))
    for (field,) in held.select("field").unique().sort("field").iter_rows():
        of_field = held.filter(pl.col("field") == field).group_by("row_id").agg(
            pl.lit(True).alias(f"held_{field}"), pl.col("keeps_date").all().alias(f"date_{field}")
        )
        marks = marks.join(of_field, on="row_id", how="full", coalesce=True)
    return marks.sort("row_id")


def _values(columns: list[str], marks: list[str]) -> dict[str, str]:
    """How each column of the kept rows is read: as it is, or null where its field is withheld; its fault then says so.

    A model must tell a withheld value from a blank or a declared missing code, and the text as sent cannot tell.
    """
    values = {c: f's."{c}"' for c in columns}
    for field in (m.removeprefix("held_") for m in marks if m.startswith("held_")):
        for column in (field, f"{field}_utc", f"{field}_local"):
            if column in values:
                values[column] = f'case when k."held_{field}" is not true then s."{column}" end'
        if f"{field}_fault" in values:
            values[f"{field}_fault"] = f'coalesce(s."{field}_fault", case when k."held_{field}" then {WITHHELD!r} end)'
        if f"{field}_on" in values:
            values[f"{field}_on"] = f'case when k."held_{field}" is not true or k."date_{field}" then s."{field}_on" end'
    return values


def _account(con: duckdb.DuckDBPyConnection, table: str, only_counting: bool) -> tuple[Count, ...]:
    """Count every row where it came from and where it went."""
    counting = "count(*) filter (counts)" if only_counting else "count(*)"
    told = con.execute(" union all ".join([*(f"""
        select unit, study, site, '{schema}', count(*), {counting} from {schema}.{table} group by all"""
        for schema in ("staging", "intake", "quarantine")), f"""
        select null, null, null, 'numbers', count(distinct row_id), 0 from staging.{table}"""])).fetchall()  # fmt: skip
    found, numbers = [row for row in told if row[3] != "numbers"], next(row[4] for row in told if row[3] == "numbers")
    received, kept, quarantined = (sum(n for *_, of, n, _ in found if of == s) for s in ("staging", "intake", "quarantine"))
    if received != kept + quarantined or received != numbers:
        raise AccountingError(
            f"table {table}: received {received} rows, but kept {kept} and quarantined {quarantined}; nothing was published"
        )
    out: dict[tuple[int, str, str | None], dict[str, int]] = {}
    for unit, study, site, of, n, counted in found:
        of_site = out.setdefault((unit, study, site), dict.fromkeys(("staging", "intake", "quarantine", "all"), 0))
        of_site[of] = counted
        if of == "quarantine":
            of_site["all"] = n
    return tuple(Count(*key, *of_site.values()) for key, of_site in out.items())
