"""Judge tables by the rules of schemas/rules/: findings, and how many rows each rule checked.

What belongs here: running rules over one table, and contracts over the rows that were kept. What does not: what is checked
(schemas/rules/), in which order (steps.py), taking rows and values out (split.py), how findings live over nights
(findings_store.py).

Pandera judges the kept rows against their contract after the split, so that a mistake in the split cannot pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import duckdb
import polars as pl

from flows.engine.hidden import PLACE, Hidden
from flows.engine.models import Held, columns_of, helpers, run_schema
from flows.engine.split import Count, split
from flows.engine.steps import Task, answers_of
from schemas import one_pass
from schemas.evidence import Evidence
from schemas.findings import Severity, TrialweaveError
from schemas.intake import CONTRACTS
from schemas.intake.base import base_name
from schemas.intake.timing import DoseTiming
from schemas.lean import pandera
from schemas.rules import Rule, catalogue

#: Order of judging; a staging model may read intake tables before its own.
JUDGED = (
    "loose_row", "file_column", "file_note", "wide_file", "repeated_cell", "stale_correction", "hidden_cell", "row_mark", "subject",
    "disposition", "randomization", "session", "dose", "rating", "medication", "form", "item", "item_fault", "adverse_event",
)  # fmt: skip

FINDING = {
    "finding_id": pl.String, "rule": pl.String, "rule_sha": pl.String, "category": pl.String, "severity": pl.String,
    "study": pl.String, "site": pl.String, "subject": pl.String, "table": pl.String, "record_key": pl.String, "field": pl.String,
    "raw_value": pl.String, "source_file": pl.String, "source_row": pl.Int64, "message": pl.String, "suggestion": pl.String,
    "impact": pl.String, "unit": pl.Int32, "row_id": pl.Int64, "drops": pl.Boolean, "keeps_date": pl.Boolean,
}  # fmt: skip
RESULT = {
    "rule": pl.String, "table": pl.String, "unit": pl.Int32, "study": pl.String, "site": pl.String,
    "n_checked": pl.Int64, "n_violated": pl.Int64,
}  # fmt: skip
#: Tables whose rows say themselves which field a finding is about: the column that does.
_SHOWN = {
    "item_fault": "item", "stale_correction": "field", "hidden_cell": "field", "row_mark": "columns", "core.column_order": "field",
}  # fmt: skip
#: Which site a row is of.
_SITE = {"unit": pl.Int32, "study": pl.String, "site": pl.String}


@dataclass(frozen=True)
class Judged:
    """What the rules say of one table: findings (columns of FINDING) and results per rule and site (RESULT); of an intake table also
    what became of its rows."""

    findings: pl.DataFrame
    results: pl.DataFrame
    table: str = ""
    counts: tuple[Count, ...] = ()


def judge_intake(
    con: duckdb.DuckDBPyConnection, evidence: Evidence, held: Held | None = None, hidden: Hidden | None = None
) -> list[Judged]:
    """Run each staging model, judge it, split it: intake.<table> holds the kept rows, withheld values null. `hidden`: cells that no
    check asks for.

    Raises AccountingError when kept and quarantined rows are not the rows received.
    """
    out = []
    held = held or Held(con, ["mapped"])
    for table in JUDGED:
        beside = [name for name in helpers(f"staging.{table}") if name.removeprefix("staging.") not in JUDGED]
        run_schema(con, "staging", [f"staging.{table}", *beside], held.ran)
        judged = judge_table(con, table, evidence, hidden)
        out.append(replace(judged, table=table, counts=split(con, table, judged.findings)))
    return out


def judge_core(con: duckdb.DuckDBPyConnection, evidence: Evidence, held: Held, hidden: Hidden | None) -> list[Judged]:
    """Run the core models and judge the tables that rules name; tables go when nothing reads them any more.

    Only queries and notes are allowed there: rows are already in the sets.
    """
    named = {t for rule in catalogue() for t in rule.tables if t.startswith("core.")}
    for rule in catalogue():
        if any(t.startswith("core.") for t in rule.tables) and rule.severity in (Severity.REJECT, Severity.WITHHOLD):
            raise TrialweaveError(f"rule {rule.id} judges a core table, so it can only query or note")
    out: list[Judged] = []

    def made(name: str) -> None:
        if name in named:
            out.append(judge_table(con, name, evidence, hidden))
        if name == "core.dose_timing":
            check_timing(con)
        held.ran(name)

    run_schema(con, "core", then=made)
    return out


@dataclass(frozen=True)
class _Checks:
    """Everything that is asked of a table: the tasks, each with the companion columns (`x_fault`, `x_repair`) it looks for (most are
    empty, and then it has nothing to say), and the rules about texts with the fields whose text they look at."""

    tasks: tuple[tuple[Task, frozenset[str]], ...]
    of_texts: Mapping[str, tuple[str, ...]]

    @property
    def looks_for(self) -> frozenset[str]:
        """Companion columns that any task looks for."""
        return frozenset(c for _, about in self.tasks for c in about)


def judge_table(con: duckdb.DuckDBPyConnection, table: str, evidence: Evidence, hidden: Hidden | None = None) -> Judged:
    """Apply every rule that judges a table. `table` is a staging table's short name or `core.<table>`.

    Raises TrialweaveError naming the rule when a rule cannot run: a check that could not run never passes.
    """
    source = table if "." in table else f"staging.{table}"
    columns = columns_of(con, source)
    checks = _checks(table, tuple(columns), evidence)
    sites = _counted(con, source, columns, checks) if checks.looks_for else None
    if sites is not None and sites.is_empty():
        return Judged(pl.DataFrame(schema=FINDING), pl.DataFrame(schema=RESULT))
    tasks = [t for t, about in checks.tasks if sites is None or not about or any(sites.get_column(c).sum() for c in about)]
    not_asked = {i: t for i, t in enumerate(tasks) if hidden is not None and hidden.concerns(t, table, columns)}
    wanted = {name for task in tasks for name in task.check.meta.root_names()} | set(_SITE) | set(PLACE if not_asked else ())
    frame = con.execute(f"select {_texts(columns, wanted)}, rowid as _at from {source}").pl()
    if frame.is_empty():
        return Judged(pl.DataFrame(schema=FINDING), pl.DataFrame(schema=RESULT))
    if sites is None:
        sites = frame.select(*_SITE).unique().sort(list(_SITE), nulls_last=True)
    try:
        answers = answers_of(frame, tasks, list(_SITE))
    except pl.exceptions.PolarsError as error:
        raise TrialweaveError(f"a rule of {table} could not run: {type(error).__name__}; rules: {_names(tasks)}") from None
    if not_asked and hidden is not None:
        answers = hidden.without(answers, frame, table, not_asked)
    results = _results(answers, tasks, table, sites, checks.of_texts)
    broken = [i for i in range(len(tasks)) if answers.get_column(f"t{i}").not_().any()]
    if not broken:
        return Judged(pl.DataFrame(schema=FINDING), results)
    hit = answers.filter(pl.any_horizontal(pl.col(f"t{i}").not_() for i in broken)).select("_at", *(f"t{i}" for i in broken))
    told = [_told(tasks[i], table, columns, evidence) for i in broken]
    wanted = {name for of in told for expr in of for name in expr.meta.root_names()}
    con.register("judge_hit", hit.select("_at").to_arrow())
    rows = con.execute(f"""
        select * from (select {_texts(columns, wanted)}, rowid as _at from {source}) semi join judge_hit using (_at)""").pl()
    con.unregister("judge_hit")
    rows = rows.join(hit, on="_at", how="left").sort("_at")
    parts = [rows.filter(pl.col(f"t{i}").not_()).select(pl.lit(i).alias("task"), *of) for i, of in zip(broken, told, strict=True)]
    return Judged(_findings(pl.concat(parts), tasks, table), results)


def _texts(columns: dict[str, str], wanted: set[str]) -> str:
    """Columns to be read, enumerations as text."""
    return ", ".join(f'"{c}"::varchar as "{c}"' if columns[c].startswith("ENUM") else f'"{c}"' for c in columns if c in wanted)


@lru_cache(maxsize=256)
def _checks(table: str, columns: tuple[str, ...], evidence: Evidence) -> _Checks:
    """The checks of a table: one a rule, or one a field where its FIELD is `*`. What withholds a value rejects a row without its key."""
    contract = CONTRACTS.get(table)
    key = {base_name(f) for f in contract.required} if contract else set()
    there = set(columns)
    tasks: list[tuple[Task, frozenset[str]]] = []
    of_texts: dict[str, list[str]] = {}
    for rule in catalogue():
        if not rule.judges(table):
            continue
        spread = rule.field == "*"
        for field in (c.removesuffix("_fault") for c in columns if c.endswith("_fault")) if spread else (rule.field,):
            check = rule.check(field, evidence)
            roots = set(check.meta.root_names())
            if not roots <= there and (spread or "*" in rule.tables):
                continue
            if not roots <= there:
                raise TrialweaveError(f"rule {rule.id} needs {sorted(roots - there)}, which {table} does not have")
            about = frozenset(c for c in roots if c.endswith(("_fault", "_repair"))) if spread else frozenset()
            if about & {f"{field}_fault", f"{field}_repair"}:
                of_texts.setdefault(rule.id, []).append(field)
            grave = rule.severity is Severity.WITHHOLD and field in key
            tasks.append((Task(rule, field, check, Severity.REJECT if grave else rule.severity), about))
    return _Checks(tuple(tasks), {rule: tuple(fields) for rule, fields in of_texts.items()})


def _counted(con: duckdb.DuckDBPyConnection, source: str, columns: dict[str, str], checks: _Checks) -> pl.DataFrame:
    """Sites of a table: rows with something in each companion column, and rows with a text in any of the fields of each rule about
    texts (columns named after the rules).

    A rule about texts was asked of every row with a text, but is not run where the whole batch has no such fault; a result must not
    depend on which sites share a batch.
    """
    wanted = ["unit", "study::varchar as study", "site::varchar as site"]
    wanted += [f'count("{c}") as "{c}"' for c in sorted(checks.looks_for)]
    for rule, fields in checks.of_texts.items():
        sent = " or ".join(f'"{f}{p}" is not null' for f in fields for p in ("_raw", "_fault", "_repair") if f"{f}{p}" in columns)
        wanted.append(f"count(*) filter (where {sent}) as {rule}")
    return con.execute(f"select {', '.join(wanted)} from {source} group by unit, study, site order by unit, study, site").pl()


def _results(
    answers: pl.DataFrame, tasks: Sequence[Task], table: str, sites: pl.DataFrame, of_texts: Mapping[str, tuple[str, ...]]
) -> pl.DataFrame:
    """How many rows each rule was asked of and how many it found wanting, per site; a row counts once, however many of its fields."""
    asked: dict[str, list[str]] = {}
    for i, task in enumerate(tasks):
        asked.setdefault(task.rule.id, []).append(f"t{i}")
    sums = [pl.any_horizontal(pl.col(mine).is_not_null()).sum().alias(f"{rule}:checked") for rule, mine in asked.items()]
    sums += [pl.any_horizontal(pl.col(mine).not_()).sum().alias(f"{rule}:violated") for rule, mine in asked.items()]
    found = sites.join(answers.group_by(list(_SITE)).agg(sums), on=list(_SITE), how="left", maintain_order="left")
    rules = list(dict.fromkeys([*asked, *of_texts]))
    n = found.height
    none = pl.Series([0], dtype=pl.Int64).new_from_index(0, n)
    columns = {name: pl.concat([found.get_column(name)] * len(rules)) for name in _SITE}
    columns["rule"] = pl.Series([rule for rule in rules for _ in range(n)], dtype=pl.String)
    columns["table"] = pl.Series([table] * (n * len(rules)), dtype=pl.String)
    columns["n_checked"] = pl.concat([found.get_column(r if r in of_texts else f"{r}:checked").cast(pl.Int64) for r in rules])
    columns["n_violated"] = pl.concat([found.get_column(f"{r}:violated").cast(pl.Int64) if r in asked else none for r in rules])
    return pl.DataFrame([columns[name].cast(kind).alias(name) for name, kind in RESULT.items()])


def _told(task: Task, table: str, columns: dict[str, str], evidence: Evidence) -> list[pl.Expr]:
    """What a finding tells of its row, but for what every finding of the rule tells."""
    rule, field = task.rule, task.field
    raw = next((c for c in (f"{field}_raw", field) if c in columns), None)
    subject = [pl.col(c).cast(pl.String) for c in ("subject_id", "subject_id_raw") if c in columns]
    shown = _SHOWN.get(table)
    suggestion = rule.suggest(field, evidence).cast(pl.String) if rule.suggest else pl.lit(None, pl.String)
    return [
        pl.col("study"), pl.col("site"), pl.col("unit").cast(pl.Int32),
        (pl.coalesce(subject) if subject else pl.lit(None, pl.String)).alias("subject"),
        _record_key(rule, columns).fill_null("").alias("record_key"),
        (pl.col(shown) if shown else pl.lit(field)).alias("field"),
        (pl.col(raw).cast(pl.String) if raw else pl.lit(None, pl.String)).alias("raw_value"),
        (pl.col("source_file") if "source_file" in columns else pl.lit(None, pl.String)).alias("source_file"),
        (pl.col("source_row").cast(pl.Int64) if "source_row" in columns else pl.lit(None, pl.Int64)).alias("source_row"),
        suggestion.alias("suggestion"),
        (pl.col("row_id").cast(pl.Int64) if "row_id" in columns else pl.lit(None, pl.Int64)).alias("row_id"),
    ]  # fmt: skip


def _findings(rows: pl.DataFrame, tasks: Sequence[Task], table: str) -> pl.DataFrame:
    """One finding a violating row; rows with the same key, rule and field become one finding each in `merge`."""
    rules = pl.DataFrame({
        "task": pl.Series(range(len(tasks)), dtype=pl.Int32), "rule": [t.rule.id for t in tasks], "rule_sha": [t.rule.sha for t in tasks],
        "category": [str(t.rule.category) for t in tasks], "severity": [str(t.severity) for t in tasks],
        "message": [_message(t) for t in tasks], "impact": [str(t.rule.touches(table, t.field)) for t in tasks],
        "drops": [t.rule.drops for t in tasks], "keeps_date": [t.rule.keeps_date for t in tasks],
    })  # fmt: skip
    frame = rows.join(rules, on="task", how="left", maintain_order="left").with_columns(pl.lit(table.removeprefix("core.")).alias("table"))
    ids = [finding_id(*parts) for parts in frame.select("study", "site", "table", "record_key", "rule", "field").iter_rows()]
    return frame.with_columns(pl.Series("finding_id", ids, dtype=pl.String)).select(list(FINDING)).cast(FINDING)  # type: ignore[arg-type]


def _message(task: Task) -> str:
    """What a finding says: of a key that cannot be used the row is set aside, not the value withheld."""
    if task.severity is task.rule.severity:
        return task.rule.message
    return task.rule.message.split(";")[0].rstrip(".") + "; a row is nothing without this field, so that it is set aside."


def _record_key(rule: Rule, columns: dict[str, str]) -> pl.Expr:
    """The key a finding is told apart by: the record's, the subject's for a rule that speaks once a subject, or none."""
    if rule.per_subject and "subject_id" in columns:
        return pl.col("subject_id")
    return pl.col("record_key") if "record_key" in columns else pl.lit("")


def finding_id(study: str, site: str, table: str, record_key: str, rule: str, field: str) -> str:
    """The same wrong thing has the same id every night: 16 hex of a hash of where it is and which rule found it."""
    text = "\x1f".join((study, site, table, record_key, rule, field))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_contracts(con: duckdb.DuckDBPyConnection) -> None:
    """Let Pandera judge every intake table of kept rows against its contract.

    Raises TrialweaveError with table, column and check, never a value.
    """
    for table, contract in CONTRACTS.items():
        wanted = _texts(columns_of(con, f"staging.{table}"), set(contract.field_types()))
        validate(con.execute(f"select {wanted} from intake.{table}").pl(), contract.contract.to_schema(), f"intake.{table}")


def check_timing(con: duckdb.DuckDBPyConnection) -> None:
    """Let Pandera judge core.dose_timing. Raises TrialweaveError with column and check, never a value."""
    names = ", ".join(DoseTiming.to_schema().columns)
    validate(con.execute(f"select {names} from core.dose_timing").pl(), DoseTiming.to_schema(), "core.dose_timing")


def validate(frame: pl.DataFrame, schema: pandera.polars.DataFrameSchema, name: str) -> None:
    """Judge a table by a Pandera schema, all columns in one pass; the error names columns and checks only."""
    try:
        one_pass.of(schema).validate(frame)  # not lazy: what fails first is told, and Pandera gathers no rows that fail
    except pandera.errors.SchemaError as error:
        told = {_check_name(error), *one_pass.broken(schema, frame)} - {one_pass.COLUMNS}
        raise TrialweaveError(f"{name} does not meet its contract: {'; '.join(sorted(told))}") from None


def _check_name(error: pandera.errors.SchemaError) -> str:
    check = getattr(error, "check", None)
    return str(getattr(check, "name", None) or error.reason_code or "check")


def _names(tasks: Sequence[Task]) -> str:
    return ", ".join(sorted({t.rule.id for t in tasks}))
