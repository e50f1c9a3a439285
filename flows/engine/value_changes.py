"""What is told where a delivery gives other values than the one before, although it is not held: of participants, of single records.

What belongs here: findings of the rules over `delivery.value`, and whether they still stand on later nights. What does not: comparing
(recoding.py), columns that hold the site (holding.py), the history of every changed text (changes.py).

A change that follows a function, or that takes in most of a participant's values, is a question; any other one is a note beside its record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Set
from typing import Any

import polars as pl

from flows.engine import alike, delivery_findings, records
from flows.engine.config import Unit
from flows.engine.recoding import SETS, Compared
from schemas.evidence import Evidence

ALIKE, FACT, CHANGED, GONE = "values_changed_alike", "fact_changed", "value_changed", "value_disappeared"
WIDELY, MOVED = "values_changed_widely", "record_moved"
#: Rules whose findings stand while one of the cells they name is not again what it was.
STANDING = (ALIKE, FACT, CHANGED, GONE, WIDELY)
_KEPT_CELLS = 12
_LASTING = ("sex", "randomized_on")


def told(
    unit: Unit, site: str, compared: Compared, columns: pl.DataFrame, diff: records.Difference, asked: Set[tuple[str, str]],
    withheld: pl.DataFrame, day: str, evidence: Evidence, doubt: str = "",
) -> list[pl.DataFrame]:
    """Every finding about changed values of a site. `columns`: recoding.columns of it; `asked`: (subject, field) of the participants'
    own record that the last delivery was asked about; `withheld`: (table, subject) with values withheld now; `day`: when the last
    delivery arrived; `doubt`: what else may be the cause of a change."""
    prefix = f"{unit.site.study}-{site}-"
    cells = compared.changed.with_columns(pl.col("subject").str.strip_prefix(prefix))
    counts = compared.counts.with_columns(pl.col("subject").str.strip_prefix(prefix))
    widely = columns.filter(delivery_findings.rule(WIDELY).check("", evidence).not_())
    parts = widely.select("table", pl.col("field").alias("part"))
    wide = cells.join(parts, on=["table", "part"], how="semi")
    cells = cells.join(parts, on=["table", "part"], how="anti", maintain_order="left")
    gone = cells.filter(pl.col("now").is_null())
    gone = gone.join(withheld, on=["table", "subject"], how="anti", maintain_order="left")
    cells = cells.filter(pl.col("now").is_not_null())
    delivery = f"the delivery of {day}" + (f" ({doubt})" if doubt else "")
    since = f"than in {delivery}"
    groups = _groups(cells, counts, since, evidence)
    by = ["table", "part", "subject", "form"]
    grouped = pl.concat([cells.select(by).clear(), *(g["cells"].select(by) for g in groups)])
    cells = cells.join(grouped, on=by, how="anti", maintain_order="left")
    facts, rest = _facts(cells, asked, since, evidence)
    rows = {
        WIDELY: [_widely(r, wide, since) for r in widely.iter_rows(named=True)],
        ALIKE: list(_by_participant(groups)), FACT: facts,
        CHANGED: list(_by_record(rest, f"other values of {{}} {since}")),
        GONE: list(_by_record(gone, f"{{}} had a value in {delivery}")), MOVED: _moved(diff),
    }  # fmt: skip
    return [delivery_findings.findings(name, unit, site, _frame(found)) for name, found in rows.items() if found]


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    names = ("table", "field", "subject", "record_key", "source_file", "source_row", "n_rows", "raw_value", "impact", "suggestion")
    schema = {n: delivery_findings.FOUND[n] for n in names}
    frame = pl.DataFrame([{n: r.get(n) for n in names} for r in rows], schema=schema)
    return frame.with_columns(pl.col("field", "record_key").fill_null(""))


def _kept(cells: pl.DataFrame) -> str:
    """What a finding is about, as JSON: the first cells, each with its old and new value."""
    first = cells.head(_KEPT_CELLS).select("dataset", "key", "part", "was", "now")
    return json.dumps([[d, k, next(iter(SETS[d].fields)) if SETS[d].part else p, w, n] for d, k, p, w, n in first.iter_rows()])


def _widely(column: dict[str, Any], cells: pl.DataFrame, since: str) -> dict[str, Any]:
    mine = cells.filter((pl.col("table") == column["table"]) & (pl.col("part") == column["field"]))
    return {
        "table": column["table"], "field": column["field"], "n_rows": column["n_changed"], "raw_value": _kept(mine),
        "impact": str(delivery_findings.impact(column["table"])), "suggestion": f"{column['suggestion']} {since}",
    }  # fmt: skip


def _groups(cells: pl.DataFrame, counts: pl.DataFrame, since: str, evidence: Evidence) -> list[dict[str, Any]]:
    """Participants, or forms of theirs, of whom most values of a column changed, or changed by one function; and all of a site whose
    changes of a column follow one function."""
    out: list[dict[str, Any]] = []
    few = evidence.recoded_min_values.value
    by = ["table", "part", "subject", "form"]
    known = {k[:4]: k[4] for k in counts.group_by(by).agg(pl.sum("n_both")).iter_rows()}
    whole: dict[tuple[str, str, str], int] = {}
    in_all: dict[tuple[str, str], int] = {}
    for (table, part, subject, _), n in known.items():
        whole[table, part, subject] = whole.get((table, part, subject), 0) + n
        in_all[table, part] = in_all.get((table, part), 0) + n
    for (table, part), column in cells.filter(pl.col("table") != "subject").group_by("table", "part", maintain_order=True):
        function = alike.function(column)
        is_answer = table == "assessment" and part not in SETS["form"].fields
        site_wide = function is not None and column.height >= 2 * few and function.pct >= 90 and not is_answer
        site_wide |= column.height > few and _is_recoded(column, in_all[str(table), str(part)], evidence)
        for (subject,), mine in column.group_by("subject", maintain_order=True):
            n, told_by = whole.get((str(table), str(part), str(subject)), 0), alike.function(mine)
            if site_wide or _is_one_change(mine.height, n, told_by, few, evidence):
                out.append(_group(mine, n, function if site_wide else told_by, since, evidence))
                continue
            for (form,), answers in mine.filter(pl.col("form") != "").group_by("form", maintain_order=True):
                n, told_by = known.get((str(table), str(part), str(subject), str(form)), 0), alike.function(answers)
                if _is_one_change(answers.height, n, told_by, evidence.recoded_form_min_values.value, evidence):
                    out.append(_group(answers, n, told_by, since, evidence))
    return out


def _is_recoded(column: pl.DataFrame, n_both: int, evidence: Evidence) -> bool:
    """Whether so many codes of a column changed, each into one other, that it was coded anew: too few to hold the site. Medications that
    ended are no such change."""
    if set(column.get_column("kind")) != {"code"} or 100 * column.height <= evidence.hold_recoded_pct.value * n_both:
        return False
    pairs = column.select("field", "was", "now").unique()
    ended = pairs.filter((pl.col("field") == "ongoing") & (pl.col("now") == "N")).height
    return not ended and pairs.get_column("was").is_unique().all() and column.height >= evidence.recoded_min_values.value * pairs.height


def _is_one_change(n: int, n_both: int, function: alike.Function | None, few: int, evidence: Evidence) -> bool:
    """Whether so many of a participant's values changed that they are one change: nearly all, or most by one function."""
    if n < few or not n_both:
        return False
    if n > few and 100 * n > evidence.recoded_whole_pct.value * n_both:
        return True
    is_enough = n == n_both or (n >= 2 * few - 1 and 2 * n > n_both)
    return is_enough and function is not None and function.pct >= evidence.recoded_alike_pct.value


def _group(cells: pl.DataFrame, n: int, function: alike.Function | None, since: str, evidence: Evidence) -> dict[str, Any]:
    words = f"; {function.words}" if function is not None and function.pct >= evidence.recoded_alike_pct.value else ""
    said = f"{cells['part'][0]}: {cells.height} of {n} values are other ones {since}{words}"
    return {"table": cells["table"][0], "subject": cells["subject"][0], "cells": cells, "said": said}


def _by_participant(groups: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One row a participant and table."""
    mine: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for group in groups:
        mine.setdefault((group["table"], group["subject"]), []).append(group)
    for (table, subject), several in mine.items():
        cells = pl.concat([g["cells"] for g in several])
        yield {
            "table": table, "subject": subject, "record_key": subject, "source_file": cells["source_file"][0],
            "source_row": cells["source_row"][0], "n_rows": cells.select("key").unique().height, "raw_value": _kept(cells),
            "impact": str(delivery_findings.impact(table)), "suggestion": ". ".join(g["said"] for g in several),
        }  # fmt: skip


def _facts(cells: pl.DataFrame, asked: Set[tuple[str, str]], since: str, evidence: Evidence) -> tuple[list[dict[str, Any]], pl.DataFrame]:
    """Facts of participants that should not change, or that changed as another unit, date order or person makes them; and all others."""
    mine = cells.filter(pl.col("table") == "subject")
    together = {s for s, n in mine.group_by("subject").len().iter_rows() if n >= evidence.recoded_facts.value}
    functions = {str(f): alike.function(c) for (f,), c in mine.group_by("field") if c.height >= evidence.recoded_min_values.value}
    rows: list[dict[str, Any]] = []
    taken: list[tuple[str, str]] = []
    for n, cell in enumerate(mine.iter_rows(named=True)):
        function = functions.get(cell["field"])
        why = ""
        if cell["subject"] in together:
            why = "most facts of this participant changed at once"
        elif function is not None and function.pct >= evidence.recoded_alike_pct.value:
            why = function.words
        elif cell["kind"] == "number" and alike.by_a_unit(cell["x"], cell["y"]):
            why = "it looks like another unit, or a decimal sign that was lost"
        elif cell["kind"] == "day" and alike.is_turned(cell["was"], cell["now"]):
            why = "day and month are exchanged"
        elif cell["field"] not in _LASTING:
            continue
        taken.append((cell["subject"], cell["field"]))
        if (cell["subject"], cell["field"]) in asked:
            continue
        rows.append({
            "table": "subject", "field": cell["field"], "subject": cell["subject"], "record_key": cell["subject"], "n_rows": 1,
            "raw_value": _kept(mine[n : n + 1]), "suggestion": f"another value {since}" + (f"; {why}" if why else ""),
        })  # fmt: skip
    known = pl.DataFrame(taken, schema={"subject": pl.String, "field": pl.String}, orient="row")
    mark = known.with_columns(pl.lit("subject").alias("table"))
    return rows, cells.join(mark, on=["table", "subject", "field"], how="anti", maintain_order="left")


def _by_record(cells: pl.DataFrame, words: str) -> Iterator[dict[str, Any]]:
    """One row a record; `words` take the names of its fields."""
    key = pl.when(pl.col("dataset") == "aditem").then(pl.col("key").list.slice(1, 2)).otherwise(pl.col("key").list.slice(1))
    for (table, subject, of), mine in cells.with_columns(key.alias("_of")).group_by("table", "subject", "_of", maintain_order=True):
        fields = mine.get_column("field").to_list()
        yield {
            "table": table, "subject": subject, "record_key": "|".join([str(subject), *(p or "" for p in of)]),  # type: ignore[union-attr]
            "field": fields[0] if len(fields) == 1 else "", "source_file": mine["source_file"][0], "source_row": mine["source_row"][0],
            "n_rows": 1, "raw_value": _kept(mine), "impact": str(delivery_findings.impact(str(table))),
            "suggestion": words.format(", ".join(fields)),
        }  # fmt: skip


def _moved(diff: records.Difference) -> list[dict[str, Any]]:
    """Records that are no longer sent of one participant and are sent, with the same texts, of another one."""
    texts = pl.col("as_sent").list.eval(pl.element().fill_null("")).list.join("|")
    on = ["table", "_texts", "digest"]
    lost, added = (f.with_columns(texts.alias("_texts")).unique(on, keep="none", maintain_order=True) for f in (diff.lost, diff.added))
    added = added.filter(pl.col("as_sent").list.drop_nulls().list.len() >= 2)
    hit = added.join(lost.select(*on, pl.col("subject").alias("_was")), on=on, how="inner", maintain_order="left")
    return [
        {"table": r["table"], "subject": r["subject"], "record_key": r["record_key"], "source_file": r["source_file"],
         "source_row": r["source_row"], "n_rows": r["n"], "raw_value": delivery_findings.texts(r["table"], r["key"], r["as_sent"]),
         "impact": str(delivery_findings.impact(r["table"])), "suggestion": "the same texts were those of another participant before"}
        for r in hit.filter(pl.col("subject") != pl.col("_was")).iter_rows(named=True)
    ]  # fmt: skip


def stands(row: dict[str, Any], values: dict[tuple[str, tuple[str, ...], str], str | None]) -> bool:
    """Whether one of the cells that a finding names has still another value than it had. `values`: the staged cells as text."""
    try:
        cells = [((d, tuple(p or "" for p in key), column), was) for d, key, column, was, _ in json.loads(row["raw_value"])]
    except (TypeError, ValueError):
        return False
    missing = object()
    now = [(values.get(cell, missing), was) for cell, was in cells]
    if row["rule"] in (CHANGED, GONE):  # a record that is gone is told of by itself
        now = [(v, was) for v, was in now if v is not missing or cells[0][0][0] == "aditem"]
    return any(v != was for v, was in now)
