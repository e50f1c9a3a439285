"""Findings about a delivery as a whole, made outside a batch: what a rule of `delivery.*` found becomes rows of the contract.

What belongs here: turning rows into findings. What does not: the questions (holding.py), the rules' words (schemas/rules/).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

import polars as pl

from flows.engine import outcome, records
from flows.engine.config import Unit
from flows.engine.judge import finding_id
from schemas.findings import Impact
from schemas.rules import Rule, catalogue

_TIMING, _PRIMARY = ("session", "dose"), ("rating", "assessment")
FOUND = {c: pl.Int64 if c in ("source_row", "n_rows") else pl.String for c in outcome.PUBLISHED}


@cache
def none_found() -> pl.DataFrame:
    """No findings, with the columns of the contract. One frame for all, which nobody changes."""
    return pl.DataFrame(schema=FOUND)


def rule(name: str) -> Rule:
    """A rule by its id."""
    return _rules()[name]


@cache
def _rules() -> dict[str, Rule]:
    return {r.id: r for r in catalogue()}


def lost_records(lost: pl.DataFrame, day: str) -> pl.DataFrame:
    """One row a lost record: its key, and its texts as they were (restricted, as every raw_value). `day`: of the delivery that held it."""
    delivery = f"the delivery of {day}" if day else "an earlier delivery"
    rows = [
        {"table": r["table"], "subject": r["subject"], "record_key": r["record_key"], "source_file": r["source_file"],
         "source_row": r["source_row"], "n_rows": r["n"], "raw_value": texts(r["table"], r["key"], r["as_sent"]),
         "impact": str(impact(r["table"])), "suggestion": f"it was row {r['source_row']} of its file in {delivery}"}
        for r in lost.iter_rows(named=True)
    ]  # fmt: skip
    schema = {"record_key": pl.String, "subject": pl.String, "source_file": pl.String, "raw_value": pl.String}
    return pl.DataFrame(rows, schema_overrides=schema) if rows else pl.DataFrame()


def texts(table: str, key: str, as_sent: Sequence[str | None]) -> str:
    """A record's texts as sent, as JSON; `key` is what told it apart."""
    return json.dumps({"key": key} | {n: v for n, v in zip(records.fields(table), as_sent, strict=False) if v is not None})


def impact(table: str) -> Impact:
    """What the records of an intake table can touch."""
    if table == "subject":
        return Impact.BOTH
    return Impact.TIMING if table in _TIMING else Impact.PRIMARY if table in _PRIMARY else Impact.NONE


def findings(name: str, unit: Unit, site: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Findings of one rule about a delivery, one a row (rows of one record become one), columns of outcome.PUBLISHED."""
    if rows.is_empty():
        return none_found()
    made, study = rule(name), unit.site.study
    fixed = {
        "rule": made.id, "rule_sha": made.sha, "category": str(made.category), "severity": str(made.severity), "study": study,
        "site": site, "message": made.message, "impact": str(made.impact),
    }  # fmt: skip
    frame = rows.with_columns(pl.lit(v).alias(k) for k, v in fixed.items() if k not in rows.columns)
    blank = {"table": "", "record_key": "", "field": "", "n_rows": 1}
    frame = frame.with_columns(pl.lit(blank.get(c)).cast(FOUND[c]).alias(c) for c in FOUND if c not in frame.columns)  # type: ignore[arg-type]
    ids = [finding_id(study, site, t, k, made.id, f) for t, k, f in frame.select("table", "record_key", "field").iter_rows()]
    frame = frame.with_columns(pl.Series("finding_id", ids, dtype=pl.String)).select(list(FOUND)).cast(FOUND)  # type: ignore[arg-type]
    return frame.group_by("finding_id", maintain_order=True).agg(
        pl.exclude("n_rows", "finding_id").first(), pl.sum("n_rows")
    ).select(list(FOUND))  # fmt: skip
