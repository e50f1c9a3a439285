"""Records that a delivery of a site rejects, no longer sends, or has none of.

What belongs here: the tables that `delivery_rejected`, `delivery_shrunk` and `table_empty` are asked of. What does not: fields that were
emptied (fewer_values.py), matching records of two deliveries (records.py).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from flows.engine import records
from flows.engine.config import Unit
from flows.engine.last_good import Before
from schemas.evidence import Evidence
from schemas.site import IntakeTable
from schemas.trial import BlindingStatus

#: Tables without which nothing can be analysed; an empty list of events, or of a few people's medications, is an ordinary thing.
EXPECTED = ("subject", "session", "dose", "rating", "assessment")


def rejected(unit: Unit, counts: dict[str, Any], dropped: dict[str, int], unclaimed: dict[str, int]) -> pl.DataFrame:
    """One row a table with rows in quarantine; those that no `where` lets through count, since a wrong one loses them, and are told."""
    limit = unit.trial.holding
    rows = [
        {"table": t, "received": n["received"], "rejected": n["quarantined"] - dropped.get(t, 0), "n_rows": n["quarantined"],
         "unclaimed": unclaimed.get(t, 0), "min_rows": max(limit.min_rows, 1), "max_rejected_pct": limit.max_rejected_pct,
         "suggestion": f"{n['quarantined'] - dropped.get(t, 0)} of {n['received']} rows"}
        for t, n in counts.items() if n["quarantined"]
    ]  # fmt: skip
    return pl.DataFrame(rows)


def shrunk(unit: Unit, counts: dict[str, Any], last: Before, diff: records.Difference | None, evidence: Evidence) -> pl.DataFrame:
    """One row a table: how many of its records are lost, and whether that looks like a file that was cut."""
    limit = unit.trial.holding
    max_pct = evidence.hold_lost_pct.value if limit.max_lost_pct is None else limit.max_lost_pct
    min_rows = evidence.hold_lost_rows.value if limit.min_lost_rows is None else limit.min_lost_rows
    rows = []
    for table, had in last.entry["tables"].items():
        if table == "randomization" and unit.trial.blinding.status is BlindingStatus.BLINDED:
            continue  # a list that is not opened again is no list that was cut
        now, had_n, tail = counts.get(table, {}).get("received", 0), had["received"], False
        lost = max(0, had_n - now)
        if diff is not None and last.records is not None:
            mine = diff.lost.filter(pl.col("table") == table)
            fewer = diff.pairs.filter(pl.col("table") == table).select((pl.col("n_old") - pl.col("n")).clip(0).sum()).item()
            lost = mine.get_column("n").sum() + fewer
            had_n = last.records.filter(pl.col("table") == table).get_column("n").sum()
            tail = lost >= min_rows and _is_tail(last.records.filter(pl.col("table") == table), mine)
        pct = 100 * lost / had_n if had_n else 0.0
        emptied = lost > 0 and now == 0
        cut = emptied or tail or (lost >= min_rows and pct > max_pct)
        files = _files(unit, last, table, diff) if cut else ""
        others = f"none of the {now} that came was there before: identifiers may be written otherwise"
        if now and counts[table]["quarantined"] == now:
            others = f"each of the {now} rows that came is set aside, with its own reason"
        how = "the table is empty now" if emptied else others if lost == had_n else "they are the last rows of the file" if tail else ""
        how = how or f"more than {max_pct:g} %"
        how += f"; {files}" if files else ""
        rows.append({"table": table, "n_rows": lost, "had": had_n, "is_cut": cut, "pct": pct, "how": how,
                     "suggestion": f"{lost} of {had_n} records ({pct:.0f} %): {how}"})  # fmt: skip
    return pl.DataFrame(rows)


def _files(unit: Unit, last: Before, table: str, diff: records.Difference | None) -> str:
    """The files that the lost records of a table came from, by name; those of the mapping where that cannot be told."""
    lost = diff.lost.filter(pl.col("table") == table).get_column("source_file").unique().to_list() if diff is not None else []
    named = sorted({name for mark in lost if (name := last.files.get(mark))})
    return ", ".join(named or dict.fromkeys(str(s.file) for s in unit.site.tables.get(IntakeTable(table), ())))


def _is_tail(had: pl.DataFrame, lost: pl.DataFrame) -> bool:
    """The lost records are the last ones of one file."""
    if lost.is_empty() or lost.get_column("source_file").n_unique() != 1:
        return False
    file, first = lost.get_column("source_file")[0], lost.get_column("source_row").min()
    rest = had.filter(pl.col("source_file") == file).join(lost, on=["key", "source_row"], how="anti")
    return bool(rest.filter(pl.col("source_row") >= first).is_empty())


def empty(unit: Unit, site: str, counts: dict[str, Any], evidence: Evidence) -> pl.DataFrame:
    """One row a table without a record: whether one is expected there."""
    people = counts.get("subject", {}).get("kept", 0)  # rows of no known site are nobody's
    many = unit.site.sites
    if many is not None and site == unit.site.site_id and site not in many.known:
        return pl.DataFrame()  # the export's own name: no site, and nothing is expected of it
    rows = [
        {"table": str(t), "n": counts.get(t, {}).get("received", 0), "n_rows": 0, "suggestion": None,
         "is_expected": (t in EXPECTED and (t == "subject" or people > 0))
         or (t == "medication" and people >= evidence.medication_expected_min.value)}
        for t in unit.site.tables if not counts.get(t, {}).get("received", 0)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"suggestion": pl.String}) if rows else pl.DataFrame()
