"""Deliveries that should only add, and hold nearly all again: a whole export in the place of what is new.

What belongs here: which records such a delivery lacks. What does not: matching records (records.py), what is told again on later nights
(still_told.py), sites whose every delivery is whole (holding.py).

A record that was deleted at the site is in no delivery of changes, and stays published; a whole export is the one chance to see it.
"""

from __future__ import annotations

import polars as pl

from flows.engine import delivery_findings, records
from flows.engine.batch import Staged
from flows.engine.last_good import Before
from flows.engine.night import Attempt
from schemas.evidence import Evidence

RULE = "record_left_out"


def told(
    attempt: Attempt, staged: Staged, last: Before | None, site: str, known: pl.DataFrame, evidence: Evidence
) -> list[pl.DataFrame]:
    """Findings about records that the newest delivery leaves out. `last`: the last good data; `known`: what is told of already."""
    now = records.read(staged.folder) if last is not None and attempt.unit.site.delivery == "delta" and attempt.deliveries else None
    if now is None or last is None or last.records is None:
        return []
    files = {f.sha256[:12] for f in attempt.deliveries[-1].files}
    left = left_out(records.newest(last.records), records.newest(now.filter(pl.col("site") == site)), files, evidence)
    left = left.join(known.select("table", "record_key"), on=["table", "record_key"], how="anti", maintain_order="left")
    return [delivery_findings.findings(RULE, attempt.unit, site, delivery_findings.lost_records(left, ""))] if left.height else []


def left_out(before: pl.DataFrame, now: pl.DataFrame, files: set[str], evidence: Evidence) -> pl.DataFrame:
    """Of tables of which nearly all records known before came again in these files, those that did not; one of the tables is no small one.
    Not of tables of which only the oldest are left out: an export of the last weeks."""
    old = now.join(before.select("table", "key"), on=["table", "key"], how="semi", maintain_order="left")
    old = old.with_columns(pl.col("source_file").is_in(sorted(files)).alias("_again"))
    again, day = pl.col("_again"), pl.col("happened_on")
    counts = old.group_by("table").agg(
        again.sum().alias("n_again"), pl.len().alias("n"),
        day.filter(again).min().alias("first_on"), day.filter(~again).max().alias("last_on"),
    )  # fmt: skip
    nearly = counts.filter(
        (100 * pl.col("n_again") >= evidence.whole_again_pct.value * pl.col("n"))
        & (pl.col("last_on") >= pl.col("first_on")).fill_null(value=True)
    )
    whole = nearly if nearly.filter(pl.col("n_again") >= evidence.whole_again_min.value).height else nearly.clear()
    return old.filter(~again).join(whole.select("table"), on="table", how="semi", maintain_order="left").drop("_again")
