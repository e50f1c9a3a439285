"""One published value walked back, SQL model by SQL model, to the rows of the site's files.

What belongs here: computing the site's delivery again with every table kept, and following rows and columns through the models
(lineage.py). What does not: cells, mapping lines, corrections and findings of a source row (explain_source.py), finding the published
row (explain_key.py), printing (flows/cli/explain.py).

Nothing is looked up in notes: the delivery is read from landing and computed by today's code with the configuration the release was
made with, so every value shown is one that the computation had in its hands. When the value comes out otherwise than published, that
is told first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb
import polars as pl

from flows.engine import batch, landed, lineage, models
from flows.engine.config import Programme
from flows.engine.mapping import MapInput
from flows.engine.night import Attempt

#: A value made from more rows of a table than this is a count or a measure of the site: told by their number, not one by one.
MANY = 60

#: A model whose grain has none of these tells a fact about a site or a trial.
_PERSONAL = {"subject_id", "form_id", "row_id", "USUBJID"}


@dataclass
class Step:
    """One table on the way back. `asked`: the columns the later table read; `columns`: those and what they are made of, with
    the line of the file that makes each; `rows`: those the value was made from, with key and columns; `n_rows`: how many there are;
    `n_behind`: rows of all its participants that a fact about the site was made from, which are not followed. `missing`: the table
    was looked into and had no row for this one."""

    table: str
    title: str
    file: str
    asked: list[str]
    columns: dict[str, int]
    rows: list[dict[str, Any]]
    n_rows: int
    n_behind: int = 0
    missing: bool = False
    windowed: bool = False


@dataclass
class Walk:
    """The steps from the set to the mapped rows, and the mapped rows with the columns read of them."""

    steps: list[Step] = field(default_factory=list)
    sources: dict[str, tuple[list[int], set[str]]] = field(default_factory=dict)
    visited: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Recomputed:
    """A unit's delivery computed again: the database with every table, what was found, what was read."""

    con: duckdb.DuckDBPyConnection
    findings: pl.DataFrame
    attempt: Attempt


@contextmanager
def recomputed(programme: Programme, attempt: Attempt) -> Iterator[Recomputed]:
    """Compute one unit from landing in memory, keeping every table. Raises ReadError when landing is not as received."""
    for delivery in attempt.deliveries:
        landed.verify(delivery)
    con = models.connect()
    try:
        made = batch.compute(con, programme, [MapInput(0, attempt.unit, attempt.deliveries, attempt.units)], keep=True)
        _as_tables(con)
        yield Recomputed(con, pl.concat([j.findings for j in made.judged]), attempt)
    finally:
        con.close()


def _as_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Views become tables, because rows are followed by their number in a table."""
    views = con.execute("""
        select table_schema, table_name from information_schema.tables
        where table_type = 'VIEW' and table_schema in ('intake', 'analysis')""").fetchall()
    for schema, name in views:
        con.execute(f"create table {schema}.__made as select * from {schema}.{name}")
        con.execute(f"drop view {schema}.{name}")
        con.execute(f"alter table {schema}.__made rename to {name}")


def walk(con: duckdb.DuckDBPyConnection, table: str, rowids: Sequence[int], columns: Iterable[str]) -> Walk:
    """Follow rows and columns of one table back to the mapped rows and the configuration."""
    out = Walk()
    waiting: dict[str, tuple[set[int], set[str]]] = {table: (set(rowids), set(columns))}
    absent: dict[str, set[str]] = {}
    order = list(reversed(models.catalogue()))
    order = order[order.index(table) :] if table in order else order
    for name in order:
        short = name.partition(".")[2]
        for made in (f"intake.{short}", name) if name.startswith("staging.") else (name,):
            if made in absent and made not in waiting:
                out.steps.append(Step(made, _title(made), _file(made), sorted(absent[made]), {}, [], 0, missing=True))
            if made not in waiting:
                continue
            rows, wanted = waiting.pop(made)
            step = _step(con, made, rows, wanted)
            out.steps.append(step)
            out.visited[made] = sorted(rows)
            if len(rows) > MANY or not rows:
                continue
            if made.startswith("intake."):
                _add(waiting, f"staging.{short}", _same_rows(con, made, f"staging.{short}", rows), wanted)
                continue
            _back(con, made, rows, wanted, waiting, absent, step)
    for name in sorted(waiting):
        rows, wanted = waiting[name]
        out.steps.append(_step(con, name, rows, wanted))
        out.visited[name] = sorted(rows)
        if name.startswith("mapped.") and len(rows) <= MANY:
            out.sources[name] = (sorted(rows), wanted)
    return out


def _back(
    con: duckdb.DuckDBPyConnection, name: str, rows: set[int], wanted: set[str], waiting: dict[str, tuple[set[int], set[str]]],
    absent: dict[str, set[str]], step: Step,
) -> None:  # fmt: skip
    """One model back: the rows its rows were made from, and the columns its columns read."""
    model = models.catalogue()[name]
    found = lineage.inputs(con, model.sql)
    reads: dict[tuple[str, str], set[str]] = {}
    for column in wanted:
        for table, place, other in found.reads.get(column, set()):
            if table:
                reads.setdefault((table, place), set()).add(other)
    if not reads:
        return
    made_from = rows_behind(con, model, rows)
    step.windowed = bool(wanted & found.windowed)
    for (table, place), columns in sorted(reads.items()):
        behind = made_from.get((table, place), set())
        if not _PERSONAL & set(model.grain) and not table.startswith("ref."):
            step.n_behind += len(behind)
            continue
        if model.schema == "staging" and table == f"mapped.{model.table}":
            behind = _same_rows(con, name, table, rows)
        elif step.windowed and not table.startswith("ref."):
            behind = behind | _neighbours(con, table, behind)
        if behind:
            _add(waiting, table, behind, columns)
        else:
            absent.setdefault(table, set()).update(columns)


def _passed(con: duckdb.DuckDBPyConnection, model: models.Model, wanted: set[str]) -> set[str]:
    """Columns of the model's own that these columns are made of, such as a lag that a category is made of."""
    reads = lineage.inputs(con, model.sql).reads
    return {other for column in wanted for table, _, other in reads.get(column, set()) if not table}


def rows_behind(con: duckdb.DuckDBPyConnection, model: models.Model, rows: set[int]) -> dict[tuple[str, str], set[int]]:
    """(table, place in the query) -> numbers of its rows that these rows of a model were made from."""
    numbers = ", ".join(map(str, sorted(rows)))
    same = " and ".join(f'a."{c}" is not distinct from r."{c}"' for c in model.grain)
    told = con.execute(f"""
        select distinct unnest(a.{lineage.FROM})
        from ({lineage.annotated(con, model.sql)}) as a
        inner join (select * from {model.name} where rowid in ({numbers})) as r on {same}""").fetchall()
    out: dict[tuple[str, str], set[int]] = {}
    for (text,) in told:
        if text is not None:
            place, _, number = text.rpartition(":")
            table, _, at = place.partition("|")
            out.setdefault((table, at), set()).add(int(number))
    return out


def _same_rows(con: duckdb.DuckDBPyConnection, table: str, other: str, rows: set[int]) -> set[int]:
    """Rows of another table with the same row_id."""
    numbers = ", ".join(map(str, sorted(rows)))
    sql = f"select rowid from {other} where row_id in (select row_id from {table} where rowid in ({numbers}))"
    return {r[0] for r in con.execute(sql).fetchall()}


def _neighbours(con: duckdb.DuckDBPyConnection, table: str, rows: set[int]) -> set[int]:
    """The other rows of the same participants, which a window function compares."""
    columns = {r[0] for r in con.execute(f"describe {table}").fetchall()}
    keys = [c for c in ("study", "site", "subject_id") if c in columns]
    if len(keys) < 3 or not rows:
        return set()
    numbers = ", ".join(map(str, sorted(rows)))
    names = ", ".join(keys)
    sql = f"select rowid from {table} where ({names}) in (select ({names}) from {table} where rowid in ({numbers}))"
    found = {r[0] for r in con.execute(sql).fetchall()}
    return found if len(found) <= MANY else set()


def _add(waiting: dict[str, tuple[set[int], set[str]]], table: str, rows: set[int], columns: set[str]) -> None:
    known = waiting.setdefault(table, (set(), set()))
    known[0].update(rows)
    known[1].update(columns)


def _step(con: duckdb.DuckDBPyConnection, table: str, rows: set[int], wanted: set[str]) -> Step:
    """A table's rows with its key and the columns read."""
    columns = [r[0] for r in con.execute(f"describe {table}").fetchall()]
    model = models.catalogue().get(table)
    place = [c for c in ("site", "subject_id", "source_file", "source_row") if c in columns and not table.startswith("ref.")]
    key = [c for c in (model.grain if model and model.grain != ("row_id",) else place) if c in columns]
    asked = sorted(wanted)
    wanted = wanted | _passed(con, model, wanted) if model else wanted
    shown = [*key, *(c for c in columns if c in wanted and c not in key)]
    listed: list[dict[str, Any]] = []
    if len(rows) <= MANY and shown and rows:
        numbers = ", ".join(map(str, sorted(rows)))
        names = ", ".join(f'"{c}"' for c in shown)
        found = con.execute(f"select {names} from {table} where rowid in ({numbers}) order by rowid").fetchall()
        listed = [dict(zip(shown, r, strict=True)) for r in found]
    lines = _lines(model, [c for c in shown if c not in key or c in wanted]) if model else {}
    return Step(table, _title(table), _file(table), asked, lines or dict.fromkeys((c for c in shown if c in wanted), 0), listed, len(rows))


def _lines(model: models.Model, columns: Sequence[str]) -> dict[str, int]:
    """Column -> line of the model's file that makes it: the last one that ends with its name."""
    out: dict[str, int] = {}
    for number, line in enumerate(model.path.read_text(encoding="utf-8").splitlines(), start=1):
        told = line.split("--")[0].rstrip().rstrip(",")
        last = told.replace(".", " ").split(" ")[-1]
        if last in columns:
            out[last] = number
    return {c: out.get(c, 0) for c in columns}


def _title(table: str) -> str:
    schema, short = table.split(".")
    model = models.catalogue().get(f"staging.{short}" if schema == "intake" else table)
    told = {"intake": "kept rows, withheld values null", "mapped": "the site's rows as the mapping reads them",
            "ref": "configuration as a table", "staged": "what each site gives to the pooled step"}  # fmt: skip
    return told.get(schema) or (model.title if model else "")


def _file(table: str) -> str:
    model = models.catalogue().get(table)
    return f"sql/{model.path.parent.name}/{model.path.name}" if model else ""
