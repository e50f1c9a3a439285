"""Judge tables by the rules of schemas/rules/: findings, and how many rows each rule checked.

What belongs here: running rules over one table, and contracts over the rows that were kept. What does not: what is checked
(schemas/rules/), in which order (steps.py), taking rows and values out (split.py), how findings live over nights
(findings_store.py).

Pandera judges the kept rows against their contract after the split, so that a mistake in the split cannot pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import pandera.errors
import polars as pl

from flows.engine.hidden import PLACE, Hidden
from flows.engine.models import Held, helpers, run_schema
from flows.engine.split import split
from flows.engine.steps import Task, answers_of
from schemas.evidence import Evidence
from schemas.findings import Severity, TrialweaveError
from schemas.intake import CONTRACTS
from schemas.intake.base import base_name
from schemas.intake.timing import DoseTiming
from schemas.rules import Rule, catalogue

#: Order of judging; a staging model may read intake tables before its own.
JUDGED = (
    "loose_row", "file_column", "file_note", "wide_file", "repeated_cell", "stale_correction", "hidden_cell", "subject", "disposition",
    "randomization", "session", "dose", "rating", "medication", "form", "item", "item_fault", "adverse_event",
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
#: Which site a row is of.
_SITE = {"unit": pl.Int32, "study": pl.String, "site": pl.String}


@dataclass(frozen=True)
class Judged:
    """What the rules say of one table: findings (columns of FINDING) and results per rule and site (RESULT)."""

    findings: pl.DataFrame
    results: pl.DataFrame


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
        split(con, table, judged.findings)
        out.append(judged)
    return out


def judge_core(con: duckdb.DuckDBPyConnection, evidence: Evidence, held: Held, hidden: Hidden | None = None) -> list[Judged]:
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


def judge_table(con: duckdb.DuckDBPyConnection, table: str, evidence: Evidence, hidden: Hidden | None = None) -> Judged:
    """Apply every rule that judges a table. `table` is a staging table's short name or `core.<table>`.

    Raises TrialweaveError naming the rule when a rule cannot run: a check that could not run never passes.
    """
    source = table if "." in table else f"staging.{table}"
    columns = {name: dtype for name, dtype, *_ in con.execute(f"describe {source}").fetchall()}
    faulty = _faulty_fields(con, source, columns)
    rules = [rule for rule in catalogue() if rule.judges(table)]
    tasks = [t for rule in rules for t in _tasks(rule, table, columns, faulty, evidence)]
    sent = _sent(con, source, table, _of_texts(rules, columns, evidence), columns)
    total = con.execute(f"select count(*) from {source}").fetchall()[0][0]
    if not tasks or not total:
        return Judged(pl.DataFrame(schema=FINDING), sent)
    roots = {name for task in tasks for name in task.check.meta.root_names()}
    keys = list(_SITE)
    not_asked = {i: t for i, t in enumerate(tasks) if hidden is not None and hidden.concerns(t, table, columns)}
    wanted = ", ".join(f'"{c}"' for c in sorted(roots | set(keys) | set(PLACE if not_asked else ())))
    frame = con.execute(f"select {wanted}, rowid as _at from {source}").pl()
    try:
        answers = answers_of(frame, tasks, keys)
    except pl.exceptions.PolarsError as error:
        raise TrialweaveError(f"a rule of {table} could not run: {type(error).__name__}; rules: {_names(tasks)}") from None
    if not_asked and hidden is not None:
        answers = hidden.without(answers, frame, table, not_asked)
    results = _results(answers, tasks, table, sent)
    broken = [i for i in range(len(tasks)) if answers.get_column(f"t{i}").not_().any()]
    if not broken:
        return Judged(pl.DataFrame(schema=FINDING), results)
    hit = answers.filter(pl.any_horizontal(pl.col(f"t{i}").not_() for i in broken)).select("_at", *(f"t{i}" for i in broken))
    plain = ", ".join(f'"{c}"' for c, dtype in columns.items() if not dtype.endswith("]"))
    con.register("judge_hit", hit.select("_at").to_arrow())
    rows = con.execute(
        f"select * from (select {plain}, rowid as _at from {source}) semi join judge_hit using (_at)"
    ).pl()
    con.unregister("judge_hit")
    rows = rows.join(hit, on="_at", how="left").sort("_at")
    frames = [_findings(rows.filter(pl.col(f"t{i}").not_()), tasks[i], table, columns, evidence) for i in broken]
    return Judged(pl.concat(frames), results)


def _faulty_fields(con: duckdb.DuckDBPyConnection, source: str, columns: dict[str, str]) -> dict[str, int]:
    """Companion columns (`x_fault`, `x_repair`) -> how many rows have one; most have none, and are not looked at again."""
    companions = [c for c in columns if c.endswith(("_fault", "_repair"))]
    if not companions:
        return {}
    counts = con.execute(f"select {', '.join(f'count({chr(34)}{c}{chr(34)})' for c in companions)} from {source}").fetchall()[0]
    return dict(zip(companions, counts, strict=True))


def _tasks(rule: Rule, table: str, columns: dict[str, str], faulty: dict[str, int], evidence: Evidence) -> list[Task]:
    """A rule's checks on a table: one, or one a field when its FIELD is `*`. What withholds a value rejects a row without its key."""
    contract = CONTRACTS.get(table)
    key = {base_name(f) for f in contract.required} if contract else set()

    def task(field: str, check: pl.Expr) -> Task:
        grave = rule.severity is Severity.WITHHOLD and field in key
        return Task(rule, field, check, Severity.REJECT if grave else rule.severity)

    if rule.field != "*":
        check = rule.check(rule.field, evidence)
        if "*" in rule.tables and not set(check.meta.root_names()) <= columns.keys():
            return []
        missing = set(check.meta.root_names()) - columns.keys()
        if missing:
            raise TrialweaveError(f"rule {rule.id} needs {sorted(missing)}, which {table} does not have")
        return [task(rule.field, check)]
    return [task(field, check) for field, check, is_quiet in _by_field(rule, columns, faulty, evidence) if not is_quiet]


def _by_field(rule: Rule, columns: dict[str, str], faulty: dict[str, int], evidence: Evidence) -> Iterator[tuple[str, pl.Expr, bool]]:
    """The checks of a rule whose FIELD is `*`, a field each. The last part: it looks for a fault or repair that no row has."""
    for field in (c.removesuffix("_fault") for c in columns if c.endswith("_fault")):
        check = rule.check(field, evidence)
        roots = set(check.meta.root_names())
        companions = [c for c in roots if c.endswith(("_fault", "_repair"))]
        if roots <= columns.keys():
            yield field, check, bool(companions) and not any(faulty.get(c) for c in companions)


def _of_texts(rules: Sequence[Rule], columns: dict[str, str], evidence: Evidence) -> dict[str, list[str]]:
    """The rules that look for a fault or repair of a text, in any field -> those fields."""
    out: dict[str, list[str]] = {}
    for rule in (r for r in rules if r.field == "*"):
        for field, check, _ in _by_field(rule, columns, {}, evidence):
            if {f"{field}_fault", f"{field}_repair"} & set(check.meta.root_names()):
                out.setdefault(rule.id, []).append(field)
    return out


def _sent(con: duckdb.DuckDBPyConnection, source: str, table: str, of_texts: dict[str, list[str]], columns: dict[str, str]) -> pl.DataFrame:
    """Results of the rules about texts as if nothing were violated: they were asked of every row with a text in one of their fields.

    Counted here, because a rule is not run where the whole batch has no such fault, and a result must not depend on which sites share
    a batch.
    """
    parts = []
    for fields in {tuple(f) for f in of_texts.values()}:
        there = " or ".join(f'"{f}{p}" is not null' for f in fields for p in ("_raw", "_fault", "_repair") if f"{f}{p}" in columns)
        sql = f"select {', '.join(_SITE)}, count(*) filter (where {there}) as n_checked from {source} group by all order by all"
        sites = con.execute(sql).pl().with_columns(pl.lit(table).alias("table"), pl.lit(0).alias("n_violated"))
        parts += [sites.with_columns(pl.lit(r).alias("rule")).select(list(RESULT)).cast(RESULT) for r, f in of_texts.items()  # type: ignore[arg-type]
                  if tuple(f) == fields]  # fmt: skip
    return pl.concat([pl.DataFrame(schema=RESULT), *parts])


def _results(answers: pl.DataFrame, tasks: Sequence[Task], table: str, sent: pl.DataFrame) -> pl.DataFrame:
    """How many rows each rule was asked of and how many it found wanting, per site; a row counts once, however many of its fields."""
    rules: dict[str, list[str]] = {}
    for i, task in enumerate(tasks):
        rules.setdefault(task.rule.id, []).append(f"t{i}")
    sums = [pl.any_horizontal(pl.col(mine).is_not_null()).sum().alias(f"c{i}") for i, mine in enumerate(rules.values())]
    sums += [pl.any_horizontal(pl.col(mine).not_()).sum().alias(f"v{i}") for i, mine in enumerate(rules.values())]
    sites = answers.group_by(list(_SITE)).agg(sums).sort(list(_SITE))
    frames = [
        sites.select(
            pl.lit(rule).alias("rule"), pl.lit(table).alias("table"), *_SITE,
            pl.col(f"c{i}").alias("n_checked"), pl.col(f"v{i}").alias("n_violated"),
        ).cast(RESULT)  # type: ignore[arg-type]
        for i, rule in enumerate(rules)
    ]  # fmt: skip
    on = ["rule", *_SITE]
    found = pl.concat(frames).join(sent.select(*on, pl.col("n_checked").alias("sent")), on=on, how="left", maintain_order="left")
    found = found.with_columns(pl.coalesce("sent", "n_checked").alias("n_checked")).drop("sent")
    return pl.concat([found, sent.join(found, on=on, how="anti")])


def _findings(rows: pl.DataFrame, task: Task, table: str, columns: dict[str, str], evidence: Evidence) -> pl.DataFrame:
    """One finding a violating row; rows with the same key, rule and field become one finding each in `merge`."""
    rule, field = task.rule, task.field
    raw = next((c for c in (f"{field}_raw", field) if c in columns), None)
    subject = [pl.col(c).cast(pl.String) for c in ("subject_id", "subject_id_raw") if c in columns]
    shown = {"item_fault": "item", "stale_correction": "field", "hidden_cell": "field"}.get(table)
    suggestion = rule.suggest(field, evidence).cast(pl.String) if rule.suggest else pl.lit(None, pl.String)
    frame = rows.select(
        pl.lit(rule.id).alias("rule"), pl.lit(rule.sha).alias("rule_sha"), pl.lit(str(rule.category)).alias("category"),
        pl.lit(str(task.severity)).alias("severity"), "study", "site",
        (pl.coalesce(subject) if subject else pl.lit(None, pl.String)).alias("subject"),
        pl.lit(table.removeprefix("core.")).alias("table"),
        _record_key(rule, columns).fill_null("").alias("record_key"),
        (pl.col(shown) if shown else pl.lit(field)).alias("field"),
        (pl.col(raw).cast(pl.String) if raw else pl.lit(None, pl.String)).alias("raw_value"),
        (pl.col("source_file") if "source_file" in columns else pl.lit(None, pl.String)).alias("source_file"),
        (pl.col("source_row").cast(pl.Int64) if "source_row" in columns else pl.lit(None, pl.Int64)).alias("source_row"),
        pl.lit(_message(task)).alias("message"), suggestion.alias("suggestion"), pl.lit(str(rule.impact)).alias("impact"),
        pl.col("unit").cast(pl.Int32),
        (pl.col("row_id").cast(pl.Int64) if "row_id" in columns else pl.lit(None, pl.Int64)).alias("row_id"),
        pl.lit(rule.drops).alias("drops"), pl.lit(rule.keeps_date).alias("keeps_date"),
    )  # fmt: skip
    ids = [
        finding_id(*parts) for parts in frame.select("study", "site", "table", "record_key", "rule", "field").iter_rows()
    ]
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
        fields = list(contract.field_types())
        wanted = ", ".join(f'"{f}"' for f in fields)
        validate(con.execute(f"select {wanted} from intake.{table}").pl(), contract.contract.to_schema(), f"intake.{table}")


def check_timing(con: duckdb.DuckDBPyConnection) -> None:
    """Let Pandera judge core.dose_timing. Raises TrialweaveError with column and check, never a value."""
    names = ", ".join(DoseTiming.to_schema().columns)
    validate(con.execute(f"select {names} from core.dose_timing").pl(), DoseTiming.to_schema(), "core.dose_timing")


def validate(frame: pl.DataFrame, schema: object, name: str) -> None:
    """Judge a table by a Pandera schema; the error names columns, checks and counts only."""
    try:
        schema.validate(frame, lazy=True)  # type: ignore[attr-defined]
    except pandera.errors.SchemaErrors as error:
        told = sorted({f"{e.schema.name if e.schema is not None else '?'}: {_check_name(e)}" for e in error.schema_errors})
        raise TrialweaveError(f"{name} does not meet its contract: {'; '.join(told)}") from None


def _check_name(error: pandera.errors.SchemaError) -> str:
    check = getattr(error, "check", None)
    return str(getattr(check, "name", None) or error.reason_code or "check")


def _names(tasks: Sequence[Task]) -> str:
    return ", ".join(sorted({t.rule.id for t in tasks}))


