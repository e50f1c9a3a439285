"""What an edit of the mapping does to one site's data: rows that it no longer keeps or gives to somebody else, values that differ.

What belongs here: comparing two outputs of the same deliveries, a site at a time, and saying it. What does not: how the earlier output is
come by (edited.py), what a changed delivery does (holding.py), differences between releases (diff.py).

Both outputs come from the same files, so a row is known by its file and row number, whatever the mapping makes of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import fewer_values, holding, last_good, records
from flows.engine.batch import Staged
from flows.engine.config import Unit
from flows.engine.delivery_findings import findings, impact
from flows.engine.edited import Edit
from flows.engine.holding import Verdict
from flows.engine.last_good import Before
from schemas.evidence import Evidence

LOSES, CHANGES, UNKNOWN = "mapping_loses_records", "mapping_changes_values", "mapping_not_compared"
WIDE = "configuration_changes_values"
#: Rules whose findings stand until a person waives them or takes the edit back.
STANDING = (CHANGES, UNKNOWN, WIDE)
#: Set -> the intake table its rows come from, and what tells rows of one source row apart besides their order.
_SETS: dict[str, tuple[str, tuple[str, ...]]] = {
    "adsl": ("subject", ("SUBJID",)), "adsess": ("session", ()), "adex": ("dose", ()), "adsuds": ("rating", ()),
    "aditem": ("assessment", ("PARCAT1", "ITEMCD")), "adqs": ("assessment", ("USUBJID", "PARAMCD", "AVISIT", "ADT")),
    "adcm": ("medication", ("CMDECOD",)), "adae": ("adverse_event", ()),
}  # fmt: skip
_PLACE = ("SRCFILE", "SRCROW")
_MANY = 12


def judge(
    unit: Unit, edit: Edit, staged: Staged, site: str, evidence: Evidence, last: Before | None = None, *, is_accepted: bool
) -> Verdict:
    """Whether an edit holds a site, and what it changed there. `last`: the last good data where they are of another delivery;
    `is_accepted`: a person let it pass."""
    tables = _records(unit, edit.before, staged, site, evidence, _slots(last))
    if edit.is_shared:  # no mapping that a person could take back for this site alone
        return Verdict((), _wide(unit, edit, staged, site, tables))
    hit = pl.concat([tables, _fields(unit, edit.before, staged, site, evidence)], how="diagonal_relaxed").filter("is_beyond")
    if hit.height and not is_accepted:
        told = hit.with_columns(pl.format("{}: {}", pl.lit(edit.where or "the configuration"), "suggestion").alias("suggestion"))
        return Verdict((_reason(unit, edit, site, hit),), findings(LOSES, unit, site, told))
    if not edit.is_site:
        return Verdict((), _wide(unit, edit, staged, site, tables))
    return Verdict((), findings(CHANGES, unit, site, _differences(edit, staged, site, tables)))


def _wide(unit: Unit, edit: Edit, staged: Staged, site: str, tables: pl.DataFrame) -> pl.DataFrame:
    """One finding on a site whose values an edit of the trial, an instrument, a code list or a threshold changed."""
    found = _differences(edit, staged, site, tables) if edit.is_wide else pl.DataFrame()
    if found.is_empty():
        return findings(WIDE, unit, site, found)
    part = "shared" if edit.is_shared else "mapping"
    made = {"part": part, "before": edit.before.receipt.get("made_of", {}).get(part), "after": staged.receipt["made_of"][part]}
    begins = f"since the edit of {edit.where or 'the configuration'}: "
    words = "; ".join(text.removeprefix(begins) for text in found.get_column("suggestion"))
    row = {"record_key": f"configuration {made['after'][:12]}", "raw_value": json.dumps(made), "suggestion": begins + words,
           "n_rows": found.get_column("n_rows").max()}  # fmt: skip
    return findings(WIDE, unit, site, pl.DataFrame([row]))


def _slots(last: Before | None) -> frozenset[tuple[str, str]]:
    """(table, what tells a record apart) of the records that are published."""
    if last is None or last.records is None:
        return frozenset()
    return frozenset(last.records.select("table", "slot").unique().iter_rows())  # type: ignore[arg-type]


def _records(
    unit: Unit, before: Staged, now: Staged, site: str, evidence: Evidence, published: frozenset[tuple[str, str]]
) -> pl.DataFrame:
    """One row a table: how many of its kept rows the edit no longer keeps, and how many belong to another participant or session."""
    limit = unit.trial.holding
    max_pct = evidence.hold_lost_pct.value if limit.max_lost_pct is None else limit.max_lost_pct
    min_rows = evidence.hold_lost_rows.value if limit.min_lost_rows is None else limit.min_lost_rows
    had, has = (one.receipt["sites"].get(site, {}).get("tables", {}) for one in (before, now))
    moves = _moves(_kept(before, site), _kept(now, site), published)
    rows = []
    for table, n in had.items():
        kept, keeps = n["kept"], has.get(table, {}).get("kept", 0)
        lost, moved = moves.get(table, (0, 0)) if table != "assessment" else (max(0, kept - keeps), 0)
        emptied = kept > 0 and keeps == 0
        beyond = emptied or any(k >= min_rows and 100 * k > max_pct * kept for k in (lost, moved))
        parts = [f"{keeps} instead of {kept} {table} records are kept"] * (lost > 0 or emptied)
        parts += [f"{moved} of {kept} {table} records belong to another participant or session"] * (moved > 0)
        rows.append({"table": table, "field": "", "n_rows": max(lost, moved, kept if emptied else 0), "is_beyond": beyond,
                     "suggestion": "; ".join(parts)})  # fmt: skip
    schema = {"table": pl.String, "field": pl.String, "n_rows": pl.Int64, "is_beyond": pl.Boolean, "suggestion": pl.String}
    return pl.DataFrame(rows, schema=schema)


def _kept(staged: Staged, site: str) -> pl.DataFrame:
    """The records of a site that are not in quarantine. Of long questionnaires only counts are compared."""
    found = records.read(staged.folder)
    if found is None:
        return pl.DataFrame(schema={"table": pl.String, "source_file": pl.String, "source_row": pl.Int64, "slot": pl.String})
    on = ["table", "record_key", "source_file", "source_row"]
    mine = found.filter((pl.col("site") == site) & (pl.col("table") != "assessment")).select(*on, "slot")
    path = staged.folder / "quarantine.parquet"
    if not path.is_file():
        return mine
    out = pl.read_parquet(path, columns=["site", *on]).filter(pl.col("site") == site).select(on)
    return mine.join(out, on=on, how="anti", nulls_equal=True, maintain_order="left")


def _moves(before: pl.DataFrame, now: pl.DataFrame, published: frozenset[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Table -> rows of a source row that are no longer there, and those that are told apart by something else.

    A row that only the mapping after the edit gives to a record that is `published` was not moved: the delivery names it otherwise, and
    the edit follows it.
    """
    on = ["table", "source_file", "source_row"]
    old, new = (f.group_by(on).agg(pl.len().alias("n"), pl.col("slot").sort().alias("slots")) for f in (before, now))
    both = old.join(new, on=on, how="left", suffix="_now").with_columns(pl.col("n_now").fill_null(0))
    out: dict[str, tuple[int, int]] = {}
    for table, n, n_now, slots, slots_now in both.filter(
        (pl.col("n") > pl.col("n_now")) | pl.col("slots").ne_missing(pl.col("slots_now"))
    ).select("table", "n", "n_now", "slots", "slots_now").iter_rows():  # fmt: skip
        lost, moved = out.get(table, (0, 0))
        gone = max(0, n - n_now)
        pairs = [] if gone else [(a, b) for a, b in zip(slots, slots_now, strict=False) if _is_other(a, b)]
        follows = sum((table, a) not in published and (table, b) in published for a, b in pairs)
        out[table] = (lost + gone, moved + len(pairs) - follows)
    return out


def _is_other(before: str, now: str) -> bool:
    """A part of what tells a record apart is another one; a part that was blank and is filled now is no move."""
    parts = [*now.split("|"), *[""] * before.count("|")]
    return any(a and a != b for a, b in zip(before.split("|"), parts, strict=False))


def _fields(unit: Unit, before: Staged, now: Staged, site: str, evidence: Evidence) -> pl.DataFrame:
    """Fields whose texts are gone, or whose values are mostly withheld, since the edit."""
    told = before.receipt["sites"].get(site)
    here = records.read(now.folder)
    if told is None or here is None or site not in now.receipt["sites"]:
        return pl.DataFrame()
    last = last_good.before({"site": site, **told}, before.folder)
    fields = fewer_values.counts(unit, last, here.filter(pl.col("site") == site), now, site, evidence)
    if fields.is_empty():
        return fields
    fields = fields.filter(pl.col("filled_before") > 0)  # what is read only now was never right
    asked = ("field_emptied", "field_unusable")
    hit = pl.concat([holding.broken(name, fields, evidence).with_columns(pl.lit(name).alias("_name")) for name in asked])
    emptied = pl.format("{}.{} had a text in {} records and has none", "table", "field", "filled_before")
    words = pl.when(pl.col("_name") == "field_emptied").then(emptied).otherwise(pl.format("{}.{}: {}", "table", "field", "suggestion"))
    return hit.select("table", "field", pl.col("n_rows").cast(pl.Int64), pl.lit(True).alias("is_beyond"), words.alias("suggestion"))


def _differences(edit: Edit, staged: Staged, site: str, tables: pl.DataFrame) -> pl.DataFrame:
    """One row a table: which variables have other values than before the edit, in how many rows."""
    told = dict(tables.filter(pl.col("suggestion") != "").select("table", "suggestion").iter_rows())
    counts = dict(tables.select("table", "n_rows").iter_rows())
    made = {"before": edit.before.receipt.get("made_of", {}).get("mapping"), "after": staged.receipt["made_of"]["mapping"]}
    said: dict[str, list[str]] = {}
    most: dict[str, int] = {}
    for dataset, (table, apart) in _SETS.items():
        n, hits = _compared(edit.before.folder, staged.folder, dataset, site, apart)
        named = [f"{name} in {k} of {n}" for name, k in hits[:_MANY]]
        more = [f"{len(hits) - _MANY} more variables"] if len(hits) > _MANY else []
        parts = [told.pop(table)] if table in told else []
        parts += [f"{dataset} rows have another {', '.join([*named, *more])}"] * bool(hits)
        said.setdefault(table, []).extend(parts)
        most[table] = max(most.get(table, 1), counts.get(table, 0), *(k for _, k in hits))
    return pl.DataFrame([
        {"table": table, "record_key": f"mapping {made['after'][:12]}", "impact": str(impact(table)), "raw_value": json.dumps(made),
         "n_rows": most[table], "suggestion": f"since the edit of {edit.where or 'the configuration'}: {'; '.join(parts)}"}
        for table, parts in said.items() if parts
    ])  # fmt: skip


def _compared(before: Path, now: Path, dataset: str, site: str, apart: tuple[str, ...]) -> tuple[int, list[tuple[str, int]]]:
    """How many rows of a set both outputs have, and the variables that had a value there and have another one or none, most first."""
    paths = [home / dataset / f"{site}.parquet" for home in (before, now)]
    if not all(p.is_file() for p in paths):
        return 0, []
    old, new = (pl.read_parquet(p).with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String)) for p in paths)
    on = [c for c in (*_PLACE, *apart) if c in old.columns]
    numbered = [f.with_columns(pl.int_range(pl.len()).over(on).alias("_no")) for f in (old, new)]
    joined = numbered[0].join(numbered[1], on=[*on, "_no"], how="inner", suffix="_now", nulls_equal=True)
    names = [c for c in old.columns if f"{c}_now" in joined.columns and not c.endswith("SEQ")]
    differs = joined.select((pl.col(c).is_not_null() & pl.col(c).ne_missing(pl.col(f"{c}_now"))).sum().alias(c) for c in names)
    hits = [(c, int(differs.item(0, c))) for c in names if joined.height and differs.item(0, c)]
    return joined.height, sorted(hits, key=lambda h: -h[1])


def _reason(unit: Unit, edit: Edit, site: str, hit: pl.DataFrame) -> str:
    """The hold in words: what the edit does, where it stands, what to do."""
    key = f"{unit.site.study}/{site}"
    given = "the same delivery" if edit.same_delivery else "the newest delivery"
    what = "; ".join(hit.get_column("suggestion"))
    return (
        f"{key}: the mapping was edited, and of {given} {what}; the site stays as it was published before the edit\n"
        f"  where -> {edit.where or 'the configuration'}\n"
        f"  look  -> trialweave check-config --site {key} (what is kept and quarantined now)\n"
        f"  fix   -> take the edit back, or correct it\n"
        f"  true  -> trialweave release-hold {key} --edit --who NAME --reason WHY"
    )


def not_compared(unit: Unit, entry: dict[str, Any], staged: Staged, site: str) -> pl.DataFrame:
    """That an edit was made of which nobody can tell what it changed."""
    made = {"before": entry["made_of"].get("mapping"), "after": staged.receipt["made_of"]["mapping"]}
    row = {"record_key": f"mapping {made['after'][:12]}", "raw_value": json.dumps(made)}
    return findings(UNKNOWN, unit, site, pl.DataFrame([row]))


def same_records(edit: Edit, staged: Staged, site: str) -> records.Difference | None:
    """The records of a delivery as they were read before an edit and as they are now, for the history of changes."""
    old, new = records.read(edit.before.folder), records.read(staged.folder)
    if old is None or new is None:
        return None
    found = records.compare(*(f.filter(pl.col("site") == site) for f in (old, new)))
    return records.Difference(found.pairs, found.lost.clear(), found.added.clear())


@dataclass(frozen=True)
class Told:
    """What a finding says was edited: `part`: the mapping, or what all trials share; `before`, `after`: its hashes, empty where unknown."""

    part: str
    before: str
    after: str

    @classmethod
    def of(cls, finding: Mapping[str, Any]) -> Told:
        """Read back from a finding of the history."""
        try:
            made = json.loads(finding["raw_value"])
            return cls(made.get("part", "mapping"), made["before"] or "", made["after"] or "")
        except (TypeError, ValueError, KeyError, AttributeError):
            return cls("", "", "")
