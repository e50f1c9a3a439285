"""Whether one site's newest data may take the place of its last good data: cut, emptied, changed, or mostly rejected.

What belongs here: the questions asked of one site of a staged delivery, and their findings. What does not: which delivery is
tried next (settling.py), matching records of two deliveries (records.py), the limits (trial's `holding`, evidence.yaml hold_*).

Every question is a rule of schemas/rules/ over a small table made here (`delivery.table`, `delivery.field`, `delivery.record`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import changes, day_order, label_drift, recoding, records, value_changes
from flows.engine.batch import Staged
from flows.engine.config import Unit
from flows.engine.delivery_findings import findings, lost_records, rule
from flows.engine.mapping.corrections import field_name
from flows.engine.mapping.shapes import FIELDS
from flows.engine.wanted import RECEIPT
from schemas.evidence import Evidence
from schemas.findings import Severity
from schemas.site import IntakeTable

#: Tables without which nothing can be analysed; an empty list of events, or of a few people's medications, is an ordinary thing.
EXPECTED = ("subject", "session", "dose", "rating", "assessment")
_NAMES = {"form": "assessment", "item": "assessment", "item_fault": "assessment"}


@dataclass(frozen=True)
class Before:
    """A site's last good delivery: what the manifest says of it, its records (None: not kept then), its values withheld, the labels
    that its files give to codes, the names of its files by the first 12 characters of their hash, where it is staged."""

    entry: dict[str, Any]
    records: pl.DataFrame | None
    withheld: pl.DataFrame
    items: pl.DataFrame
    labels: label_drift.Labels
    files: dict[str, str]
    folder: Path

    @property
    def is_empty(self) -> bool:
        """Nothing of it was ever published: there is nothing to lose."""
        return not any(t["kept"] for t in self.entry["tables"].values())


@dataclass(frozen=True)
class Verdict:
    """Why a site is held (empty: it is not), and the findings about its delivery."""

    reasons: tuple[str, ...]
    told: pl.DataFrame
    diff: records.Difference | None = None


def before(entry: dict[str, Any], folder: Path) -> Before:
    """The last good delivery of a site, from its manifest entry and its staged folder."""
    kept = records.read(folder)
    mine = kept.filter(pl.col("site") == entry["site"]) if kept is not None else None
    held = withheld(folder, entry["site"])
    answers, labels = items(folder / "aditem" / f"{entry['site']}.parquet"), label_drift.read(folder)
    return Before(entry, mine, held, answers, labels, _names(folder, entry), folder)


def _names(folder: Path, entry: dict[str, Any]) -> dict[str, str]:
    """What the files of a delivery are called, from its receipt in landing; empty where that is gone."""
    data, study, export = folder.parents[3], folder.parents[1].name, folder.parents[0].name
    landed = data / "landing" / study / export / str(entry.get("delivery_sha256"))[:12]
    try:
        receipt = json.loads((landed / RECEIPT).read_text(encoding="utf-8"))
        return {f["sha256"][:12]: f["name"] for f in receipt["files"]}
    except (OSError, ValueError, KeyError):
        return {}


def items(path: Path) -> pl.DataFrame:
    """How many values each questionnaire item has in a staged set (table, field, filled)."""
    schema = {"table": pl.String, "field": pl.String, "filled": pl.Int64}
    if not path.is_file():
        return pl.DataFrame(schema=schema)
    counts = pl.scan_parquet(path).group_by(pl.col("ITEMCD").cast(pl.String).alias("field")).agg(pl.len().cast(pl.Int64).alias("filled"))
    return counts.with_columns(pl.lit("assessment").alias("table")).select(list(schema)).collect()


def withheld(folder: Path, site: str) -> pl.DataFrame:
    """How many values of each field (table, field, n) are withheld."""
    path = folder / "findings.parquet"
    if not path.is_file():
        return pl.DataFrame(schema={"table": pl.String, "field": pl.String, "unusable": pl.Int64})
    held = pl.scan_parquet(path).filter((pl.col("site") == site) & (pl.col("severity") == str(Severity.WITHHOLD)))
    return held.group_by(pl.col("table").replace(_NAMES), "field").agg(pl.sum("n_rows").alias("unusable")).collect()


def judge(
    unit: Unit,
    staged: Staged,
    site: str,
    last: Before | None,
    evidence: Evidence,
    came_before: pl.DataFrame | None = None,
    *,
    is_accepted: bool,
) -> Verdict:
    """Judge one site of a staged delivery. `last`: its last good data, None when there are none or they are of this delivery;
    `came_before`: its files that are those of an older delivery (returned.files)."""
    counts = staged.receipt["sites"].get(site, {}).get("tables", {})
    dropped = staged.receipt.get("dropped", {}).get(site, {})
    found: list[pl.DataFrame] = []
    reasons: list[str] = []
    rejected = _rejected(unit, counts, dropped, staged.receipt.get("unclaimed", {}).get(site, {}))
    received = {t: n["received"] for t, n in counts.items()}
    may_be = day_order.may_be(staged.receipt.get("checks", ()), site, received, evidence)
    exchanged = day_order.exchanged(unit, staged.folder, site, received) if may_be else pl.DataFrame()
    diff = compared = None
    tables, fields, labels, recoded = pl.DataFrame(), pl.DataFrame(), pl.DataFrame(), pl.DataFrame()
    snapshot = unit.site.delivery == "snapshot"
    older = pl.DataFrame() if came_before is None else came_before
    if last is not None and not last.is_empty:
        now = records.read(staged.folder)
        now = now.filter(pl.col("site") == site) if now is not None else None
        if last.records is not None and now is not None:
            diff = records.compare(last.records, now) if snapshot else records.compare(records.newest(last.records), records.newest(now))
    if last is not None and not last.is_empty:
        labels = label_drift.compare(last.labels, staged.receipt.get("labels", {}))
        if diff is not None and changes.causes(last.entry, staged.receipt.get("made_of", {})) == changes.CAUSES["delivery"]:
            compared = recoding.read(last.folder, staged.folder, site, recoding.touched(diff.pairs, 1))
            recoded = recoding.columns(compared, evidence)
    if last is not None and not last.is_empty and snapshot:
        tables = _shrunk(unit, counts, last, diff, evidence)
        if last.records is not None and now is not None:
            fields = field_counts(unit, last, now, staged, site, evidence)
    if not is_accepted:
        for name, frame in (
            ("delivery_rejected", rejected), ("dates_exchanged", exchanged), ("delivery_shrunk", tables), ("field_emptied", fields),
            ("field_unusable", fields), ("value_labels_changed", labels), ("values_recoded", recoded), ("delivery_returned", older),
        ):  # fmt: skip
            hit = broken(name, frame, evidence)
            if hit.height:
                found.append(findings(name, unit, site, hit))
                hit = hit.head(1) if name == "delivery_returned" else hit
                reasons += [_reason(unit, staged, site, name, row, last) for row in hit.iter_rows(named=True)]
    if reasons:
        return Verdict(tuple(reasons), pl.concat(found))
    found.append(findings("table_empty", unit, site, broken("table_empty", _empty(unit, site, counts, evidence), evidence)))
    if diff is not None and snapshot and not is_accepted:
        found.append(findings("record_disappeared", unit, site, lost_records(diff.lost, last.entry["delivered_on"] if last else "")))
    if not is_accepted:
        found.append(findings("file_returned", unit, site, broken("file_returned", older, evidence)))
    if diff is not None and last is not None and compared is not None and not is_accepted:
        day = last.entry["delivered_on"]
        found += value_changes.told(unit, site, compared, recoded, diff, _asked(last, site), _held_back(staged, site), day, evidence)
    return Verdict((), found[0] if len(found) == 1 else pl.concat(found), diff)


def _asked(last: Before, site: str) -> set[tuple[str, str]]:
    """(subject, field) of participants' own records that the last good delivery was asked about: a new value is the answer."""
    path = last.folder / "findings.parquet"
    if not path.is_file():
        return set()
    mine = pl.scan_parquet(path).filter(
        (pl.col("site") == site) & pl.col("table").str.starts_with("subject") & (pl.col("severity") != str(Severity.NOTE))
    )
    return set(mine.select("subject", "field").unique().collect().iter_rows())  # type: ignore[arg-type]


def _held_back(staged: Staged, site: str) -> pl.DataFrame:
    """(table, subject) of which some value is withheld, or a row rejected."""
    path = staged.folder / "findings.parquet"
    if not path.is_file():
        return pl.DataFrame(schema={"table": pl.String, "subject": pl.String})
    kinds = [str(Severity.WITHHOLD), str(Severity.REJECT)]
    mine = pl.scan_parquet(path).filter((pl.col("site") == site) & pl.col("severity").is_in(kinds))
    return mine.select(pl.col("table").replace(_NAMES), "subject").unique().collect()


def broken(name: str, frame: pl.DataFrame, evidence: Evidence) -> pl.DataFrame:
    """Rows of a table that a rule finds wanting."""
    return frame.filter(rule(name).check("", evidence).not_()) if frame.height else frame


def _rejected(unit: Unit, counts: dict[str, Any], dropped: dict[str, int], unclaimed: dict[str, int]) -> pl.DataFrame:
    """One row a table with rows in quarantine; those that no `where` lets through count, since a wrong one loses them, and are told."""
    limit = unit.trial.holding
    rows = [
        {"table": t, "received": n["received"], "rejected": n["quarantined"] - dropped.get(t, 0), "n_rows": n["quarantined"],
         "unclaimed": unclaimed.get(t, 0), "min_rows": max(limit.min_rows, 1), "max_rejected_pct": limit.max_rejected_pct}
        for t, n in counts.items() if n["quarantined"]
    ]  # fmt: skip
    if not rows:
        return pl.DataFrame()
    return pl.DataFrame(rows).with_columns(pl.format("{} of {} rows", "rejected", "received").alias("suggestion"))


def _shrunk(unit: Unit, counts: dict[str, Any], last: Before, diff: records.Difference | None, evidence: Evidence) -> pl.DataFrame:
    """One row a table: how many of its records are lost, and whether that looks like a file that was cut."""
    limit = unit.trial.holding
    max_pct = evidence.hold_lost_pct.value if limit.max_lost_pct is None else limit.max_lost_pct
    min_rows = evidence.hold_lost_rows.value if limit.min_lost_rows is None else limit.min_lost_rows
    rows = []
    for table, had in last.entry["tables"].items():
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
        how = "the table is empty now" if emptied else "they are the last rows of the file" if tail else f"more than {max_pct:g} %"
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


def field_counts(unit: Unit, last: Before, now: pl.DataFrame, staged: Staged, site: str, evidence: Evidence) -> pl.DataFrame:
    """One row a field or item: how many records have a text for it, before and now, and how many of these are withheld."""
    limit = unit.trial.holding
    min_rows = evidence.hold_lost_rows.value if limit.min_lost_rows is None else limit.min_lost_rows
    max_pct = evidence.hold_unusable_pct.value if limit.max_unusable_pct is None else limit.max_unusable_pct
    unusable, on = withheld(staged.folder, site), ["table", "field"]
    old = _filled(last.records if last.records is not None else now.clear())
    known = pl.concat([old, _with_withheld(last.items, last.withheld)]).rename({"filled": "filled_before"})
    here = pl.concat([_filled(now), _with_withheld(items(staged.folder / "aditem" / f"{site}.parquet"), unusable)])
    bad = (
        known.join(here, on=on, how="left").with_columns(pl.col("filled").fill_null(0))
        .join(unusable, on=on, how="left").join(last.withheld.rename({"unusable": "_was"}), on=on, how="left")
        .with_columns(pl.col("unusable", "_was").fill_null(0))
    )  # fmt: skip
    gone = [(t, f) for t, f in bad.select(on).iter_rows() if not _is_mapped(unit, t, f)]
    bad = bad.join(pl.DataFrame(gone, schema={n: pl.String for n in on}, orient="row"), on=on, how="anti", maintain_order="left")
    share = 100 * pl.col("unusable") / pl.col("filled") - 100 * pl.col("_was") / pl.col("filled_before")
    return (
        bad.filter(pl.col("table").is_in(now.get_column("table").unique().implode()))
        .with_columns(
            share.fill_nan(0).alias("grown_pct"), pl.lit(min_rows).alias("min_rows"), pl.lit(max_pct).alias("max_unusable_pct"),
            pl.max_horizontal("unusable", "filled_before").alias("n_rows"),
            pl.format("{} of {} texts withheld now; {} of {} before", "unusable", "filled", "_was", "filled_before").alias("suggestion"),
        )
        .sort("table", "field")
    )  # fmt: skip


def _is_mapped(unit: Unit, table: str, field: str) -> bool:
    """Whether today's mapping still reads a field; one that it no longer names is empty for a reason."""
    name = field_name(table, field)
    if name not in FIELDS[table]:
        return True
    return name == "instrument" or any(name in spec.fields for spec in unit.site.tables.get(IntakeTable(table), ()))


def _with_withheld(counts: pl.DataFrame, unusable: pl.DataFrame) -> pl.DataFrame:
    """Items as they were sent: those in the set and those withheld from it."""
    joined = counts.join(unusable, on=["table", "field"], how="left")
    return joined.select("table", "field", pl.col("filled") + pl.col("unusable").fill_null(0))


def _filled(frame: pl.DataFrame) -> pl.DataFrame:
    """How many records of each table have a text for each field."""
    parts = []
    for (table,), mine in frame.group_by("table", maintain_order=True):
        names = records.fields(str(table))
        counts = mine.select(pl.col("as_sent").list.get(i, null_on_oob=True).count().alias(n) for i, n in enumerate(names))
        parts += [(str(table), n, counts.item(0, n)) for n in names]
    return pl.DataFrame(parts, schema={"table": pl.String, "field": pl.String, "filled": pl.Int64}, orient="row")


def _empty(unit: Unit, site: str, counts: dict[str, Any], evidence: Evidence) -> pl.DataFrame:
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


def _reason(unit: Unit, staged: Staged, site: str, name: str, row: dict[str, Any], last: Before | None) -> str:
    """One hold in words: what, how much, where to look, what to do."""
    key = f"{unit.site.study}/{site}"
    day = last.entry["delivered_on"] if last else ""
    had, table = f"of the delivery of {day}", row.get("table", "")
    if name == "delivery_returned":
        what = f"{row['n_files']} files are those of an earlier delivery, not of the one of {day}: {row['suggestion']}"
    elif name == "delivery_rejected":
        pct, limit = 100 * row["rejected"] / row["received"], row["max_rejected_pct"]
        what = f"{row['rejected']} of {row['received']} {table} rows were rejected ({pct:.0f} %, more than {limit:g} %)"
        if row["unclaimed"]:
            what += f"; {row['unclaimed']} of them because no `where` of the mapping lets them through (or name them in ignore_rows)"
    elif name == "delivery_shrunk":
        what = f"{row['n_rows']} of {row['had']} {table} records {had} are no longer sent ({row['pct']:.0f} %: {row['how']})"
    elif name == "value_labels_changed":
        column = f"column {row['field']!r} ({table})"
        what = f"{row['n_changed']} of {row['n_codes']} codes of {column} have other labels than in the delivery of {day}"
    elif name == "dates_exchanged":
        what = f"{table}.{row['field']}: {row['suggestion']}"
    elif name == "values_recoded":
        what = f"{table}.{row['field']}: {row['suggestion']} than in the delivery of {day}"
    elif name == "field_emptied":
        what = f"{table}.{row['field']} had a text in {row['filled_before']} records {had} and has none now"
    else:
        what = f"{table}.{row['field']}: {row['suggestion']} (more than {row['max_unusable_pct']:g} % more)"
    mapping = f"correct the mapping in sites/{unit.folder.name}/site.yaml, or ask the site for a new export"
    fix = f"ask the site for the whole export; trialweave propose {key} shows renamed files" if name == "delivery_shrunk" else mapping
    return (
        f"{key}: {what}; the delivery is held\n"
        f"  look -> trialweave findings --site {key} --held\n"
        f"  fix  -> {fix}\n"
        f"  true -> trialweave release-hold {key} --delivery {staged.receipt['delivery'][:12]} --who NAME --reason WHY"
    )
