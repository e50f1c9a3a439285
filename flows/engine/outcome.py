"""What a batch has to say besides its sets: findings, quarantine, counts and check results, one a unit.

What belongs here: turning judged tables into files and receipts. What does not: judging (judge.py), the history of findings
over nights (findings_store.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from flows.engine import judge, partitions, signs
from flows.engine.checks import status
from flows.engine.filled import Filled, intake_counts
from flows.engine.models import columns_of
from schemas.findings import AccountingError, Severity
from schemas.rules import catalogue

#: Intake tables of the contract -> the judged tables that count for them.
COUNTED = {
    "subject": ("subject",), "session": ("session",), "dose": ("dose",), "rating": ("rating",), "medication": ("medication",),
    "assessment": ("form", "item"), "adverse_event": ("adverse_event",), "disposition": ("disposition",),
    "randomization": ("randomization",),
}  # fmt: skip

#: (unit, site) -> table -> received, kept, quarantined, withheld.
Counts = dict[tuple[int, str], dict[str, dict[str, int]]]


@dataclass(frozen=True)
class Tally:
    """What became of the rows of a batch, taken before its intake tables are let go. `unclaimed`: unit -> site -> table -> rows that no
    `where` of the mapping lets through."""

    sites: list[tuple[int, str, str]]
    counts: Counts
    quarantine: pl.DataFrame
    filled: dict[tuple[int, str], Filled]
    signs: signs.Of
    unclaimed: dict[int, dict[str, dict[str, int]]]


#: Published columns of a finding (DESIGN section 7), in order; the life cycle is added by the history.
PUBLISHED = (
    "finding_id", "rule", "rule_sha", "category", "severity", "study", "site", "subject", "table", "record_key", "field",
    "raw_value", "source_file", "source_row", "n_rows", "message", "suggestion", "impact",
)  # fmt: skip


def is_blinded(con: duckdb.DuckDBPyConnection, study: str) -> bool:
    """Whether a trial of the batch is still blinded."""
    return bool(con.execute("select blinded from ref.trial where study = $1", [study]).fetchall()[0][0])


def write_base(
    con: duckdb.DuckDBPyConnection, folders: dict[tuple[str, str], Path]
) -> dict[tuple[str, str], dict[str, partitions.Written]]:
    """Stage core.ipd_base, one small file a site: what the pooled step reads."""
    table = con.execute("select * from core.ipd_base order by all").to_arrow_table()
    places = {key: (first, rows) for key, first, rows in partitions.spans(table, ("study", "site"))}
    out = {}
    for (study, site), folder in folders.items():
        mine = table.slice(*places.get((study, site), (0, 0))).combine_chunks()
        content = partitions.encode(mine, table.schema)
        name = f"ipd_base/{site}.parquet"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        one = partitions.Written(site, name, mine.num_rows, hashlib.sha256(content).hexdigest())
        out[(study, site)] = {"ipd_base": one}
    return out


def write(tally: Tally, judged: Sequence[judge.Judged], homes: dict[int, Path]) -> dict[int, dict[str, Any]]:
    """Write each unit's findings.parquet and quarantine.parquet; return its counts and check results for the receipt."""
    findings = merge(pl.concat([j.findings for j in judged]))
    quarantined, tables = tally.quarantine, tally.counts
    _add_withheld(tables, findings)
    checks = _checks(pl.concat([j.results for j in judged]))
    of_unit, out_of_unit = (f.partition_by("unit", as_dict=True) for f in (findings, quarantined))
    out: dict[int, dict[str, Any]] = {}
    for unit, home in homes.items():
        home.mkdir(parents=True, exist_ok=True)
        mine = of_unit.get((unit,), findings.clear()).select(PUBLISHED)
        kept_out = out_of_unit.get((unit,), quarantined.clear()).drop("unit")
        _put(mine, home / "findings.parquet")
        _put(kept_out, home / "quarantine.parquet")
        out[unit] = {
            "sites": {
                site: {"tables": of, "filled": tally.filled.get((u, site), {}), "signs": tally.signs.get((u, site), {})}
                for (u, site), of in tables.items() if u == unit
            },
            "checks": checks.get(unit, []),
            "dropped": _dropped(kept_out),
            "unclaimed": tally.unclaimed.get(unit, {}),
            "findings": mine.height,
            "quarantined": kept_out.height,
        }  # fmt: skip
    return out


def _dropped(quarantine: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Site -> table -> rows set aside with a note only (repetitions, removal): they say nothing against a delivery."""
    notes = {r.id for r in catalogue() if r.drops}
    names = {source: table for table, sources in COUNTED.items() for source in sources}
    out: dict[str, dict[str, int]] = {}
    for site, table, rules in quarantine.select("site", "table", "rules").iter_rows():
        if table in names and set((rules or "").split(",")) <= notes:
            of = out.setdefault(site, {})
            of[names[table]] = of.get(names[table], 0) + 1
    return out


def merge(findings: pl.DataFrame) -> pl.DataFrame:
    """One row a finding_id: the first source row stands for the others, `n_rows` says how many there are."""
    ordered = findings.sort("unit", "study", "site", "table", "source_file", "source_row", "row_id", "rule", "field", "record_key")
    merged = ordered.group_by("finding_id", maintain_order=True).agg(
        pl.all().first(), pl.len().cast(pl.Int64).alias("n_rows")
    )
    shown = pl.when(pl.col("n_rows") > 1).then(pl.format("{} ({} rows)", "message", "n_rows")).otherwise(pl.col("message"))
    return merged.with_columns(shown.alias("message"))


def _quarantine(con: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> pl.DataFrame:
    """Every quarantined row of some tables: where it came from, which rules, and its fields as sent."""
    parts = []
    for table in tables or judge.JUDGED[:1]:
        raws = [n for n in columns_of(con, f"quarantine.{table}") if n.endswith("_raw")]
        pairs = ", ".join(f"'{n.removesuffix('_raw')}', \"{n}\"" for n in raws)
        parts.append(f"""
            select unit, study::varchar as study, site::varchar as site, '{table}' as "table", record_key,
                source_file::varchar as source_file, source_row, quarantine_rules as rules,
                quarantine_finding as finding_id, {f"json_object({pairs})::varchar" if pairs else "null::varchar"} as as_sent
            from quarantine.{table}""")
    return con.execute(f"select * from ({' union all '.join(parts)}) order by all").pl()


def tally(con: duckdb.DuckDBPyConnection, judged: Sequence[judge.Judged]) -> Tally:
    """Rows received, kept and quarantined, per unit, site and table, for every site declared and every one that sent rows.

    Of an export of many sites what is found in a file or correction as a whole belongs to none of them, and stands under the export's
    own name. Raises AccountingError when a row is lost.
    """
    counts = {j.table: j.counts for j in judged}
    told = [(source, table) for table, sources in COUNTED.items() for source in sources]
    declared = con.execute("select unit, study, site from ref.site").fetchall()
    loose = con.execute("""
        select unit, study, site, table_name, count(*), count(*) filter (fault = 'unclaimed_row')
        from staging.loose_row where site is not null group by all""").fetchall()
    sent = [(c.unit, c.study, c.site) for source, _ in told for c in counts[source] if c.site is not None]
    asked = [row for j in judged for row in j.findings.select("unit", "study", "site").unique().iter_rows() if row[2] is not None]
    found = sorted({*declared, *sent, *asked, *(row[:3] for row in loose)})
    none = dict.fromkeys(("received", "kept", "quarantined", "withheld"), 0)
    out: Counts = {(unit, site): {t: dict(none) for t in COUNTED} for unit, _, site in found}
    for source, table in told:
        for c in counts[source]:
            of = out[(c.unit, str(c.site))][table]
            of["received"] += c.received
            of["kept"] += c.kept
            of["quarantined"] += c.quarantined
    unclaimed: dict[int, dict[str, dict[str, int]]] = {}
    for unit, _, site, table, n, n_unclaimed in loose:
        if table in COUNTED:
            out[(unit, site)][table]["received"] += n
            out[(unit, site)][table]["quarantined"] += n
            if n_unclaimed:
                unclaimed.setdefault(unit, {}).setdefault(site, {})[table] = n_unclaimed
    for (_, site), tables in out.items():
        for table, n in tables.items():
            if n["received"] != n["kept"] + n["quarantined"]:
                raise AccountingError(
                    f"site {site}, table {table}: received {n['received']}, kept {n['kept']}, quarantined {n['quarantined']}"
                )
    set_aside = [t for t in judge.JUDGED if any(c.set_aside for c in counts[t])]
    return Tally(found, out, _quarantine(con, set_aside), intake_counts(con, COUNTED), signs.take(con), unclaimed)


def _add_withheld(counts: Counts, findings: pl.DataFrame) -> None:
    """Count withheld values a unit, site and table."""
    names = {source: table for table, sources in COUNTED.items() for source in sources} | {"item_fault": "assessment"}
    held = findings.filter(pl.col("severity") == str(Severity.WITHHOLD)).group_by("unit", "site", "table").agg(pl.sum("n_rows"))
    for unit, site, table, n in held.iter_rows():
        if table in names:
            counts[(unit, site)][names[table]]["withheld"] += n


def _checks(results: pl.DataFrame) -> dict[int, list[dict[str, Any]]]:
    """Every rule's result, a table and site; a rule that had nothing to look at is NOT_APPLICABLE."""
    severity = {r.id: r.severity for r in catalogue()}
    grouped = results.group_by("unit", "rule", "table", "study", "site").agg(pl.sum("n_checked"), pl.sum("n_violated"))
    out: dict[int, list[dict[str, Any]]] = {}
    for unit, rule, table, _, site, checked, violated in grouped.sort("unit", "site", "table", "rule").iter_rows():
        out.setdefault(unit, []).append({
            "rule": rule, "table": table.removeprefix("core."), "site": site, "n_checked": checked, "n_violated": violated,
            "pct": round(100 * violated / checked, 3) if checked else None, "threshold": None,
            "status": str(status(severity[rule], checked, violated, None)),
        })  # fmt: skip
    return out


def _put(frame: pl.DataFrame, path: Path) -> None:
    table: pa.Table = frame.to_arrow()
    plain = pa.schema([pa.field(f.name, pa.string() if pa.types.is_large_string(f.type) else f.type) for f in table.schema])
    path.write_bytes(partitions.encode(table.cast(plain), plain))
