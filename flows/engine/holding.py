"""Whether one site's newest data may take the place of its last good data: cut, emptied, changed, or mostly rejected.

What belongs here: which questions are asked of one site of a staged delivery, and what their answers come to. What does not: the tables
that they are asked of (fewer_records.py, fewer_values.py, recoding.py, label_drift.py, day_order.py, returned.py), the words of a hold
(hold_words.py), which delivery is tried next (settling.py), the limits (trial's `holding`, evidence.yaml hold_*).

Every question is a rule of schemas/rules/ over a small table (`delivery.table`, `delivery.field`, `delivery.record`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from flows.engine import (
    blank_since,
    changes,
    day_order,
    fewer_records,
    fewer_values,
    hold_words,
    label_drift,
    recoding,
    records,
    value_changes,
)
from flows.engine.batch import Staged
from flows.engine.config import Unit
from flows.engine.delivery_findings import findings, lost_records, rule
from flows.engine.last_good import NAMES, Before, asked
from flows.engine.two_causes import Apart
from schemas.evidence import Evidence
from schemas.findings import Severity

#: Rules that hold a delivery, in the order in which their reasons are told.
HOLDING = (
    "delivery_rejected", "dates_exchanged", "delivery_shrunk", "field_emptied", "field_unusable", "value_labels_changed", "values_recoded",
    "delivery_returned",
)  # fmt: skip
#: Those whose answer is made of what the delivery alone changed already (recoding.apart), or of its files.
_OF_THE_DELIVERY = ("values_recoded", "delivery_returned")


@dataclass(frozen=True)
class Verdict:
    """Why a site is held (empty: it is not), and the findings about its delivery."""

    reasons: tuple[str, ...]
    told: pl.DataFrame
    diff: records.Difference | None = None


@dataclass(frozen=True)
class _Asked:
    """What is known of two deliveries: rule -> the table it is asked of, records of both, values of both."""

    tables: dict[str, pl.DataFrame]
    diff: records.Difference | None
    compared: recoding.Compared | None


def judge(
    unit: Unit,
    staged: Staged,
    site: str,
    last: Before | None,
    evidence: Evidence,
    came_before: pl.DataFrame | None = None,
    apart: Apart | None = None,
    *,
    is_accepted: bool,
) -> Verdict:
    """Judge one site of a staged delivery. `last`: its last good data, None when there are none or they are of this delivery;
    `came_before`: its files that are those of an older delivery (returned.files); `apart`: two deliveries under one configuration, where
    more than the delivery is not as it was."""
    here = _look(unit, staged, site, last, evidence, came_before, apart)
    hits = {name: broken(name, here.tables[name], evidence) for name in HOLDING}
    if apart is not None and apart.is_alone:
        alone = _look(unit, apart.after, site, apart.base, evidence)
        for name in (n for n in HOLDING if n not in _OF_THE_DELIVERY):
            hits[name] = _also(hits[name], broken(name, alone.tables[name], evidence))
    found = [findings(name, unit, site, hit) for name, hit in hits.items() if hit.height]
    if found and not is_accepted:
        reasons = []
        for name, hit in hits.items():
            hit = hit.head(1) if name == "delivery_returned" else hit
            reasons += [hold_words.reason(unit, staged, site, name, row, last, apart) for row in hit.iter_rows(named=True)]
        return Verdict(tuple(reasons), pl.concat(found))
    empty = fewer_records.empty(unit, site, _counts(staged, site), evidence)
    found = [findings("table_empty", unit, site, broken("table_empty", empty, evidence))]
    found += _told(unit, staged, site, last, evidence, here, hits, apart)
    return Verdict((), found[0] if len(found) == 1 else pl.concat(found), here.diff)


def _counts(staged: Staged, site: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = staged.receipt["sites"].get(site, {}).get("tables", {})
    return found


def _look(
    unit: Unit, staged: Staged, site: str, last: Before | None, evidence: Evidence, came_before: pl.DataFrame | None = None,
    apart: Apart | None = None,
) -> _Asked:  # fmt: skip
    """What every rule that holds a delivery is asked of."""
    counts = _counts(staged, site)
    received = {t: n["received"] for t, n in counts.items()}
    may_be = day_order.may_be(staged.receipt.get("checks", ()), site, received, evidence)
    tables = dict.fromkeys(HOLDING, pl.DataFrame())
    tables["delivery_rejected"] = fewer_records.rejected(
        unit, counts, staged.receipt.get("dropped", {}).get(site, {}), staged.receipt.get("unclaimed", {}).get(site, {})
    )
    tables["dates_exchanged"] = day_order.exchanged(unit, staged.folder, site, received) if may_be else pl.DataFrame()
    tables["delivery_returned"] = pl.DataFrame() if came_before is None else came_before
    if last is None or last.is_empty:
        return _Asked(tables, None, None)
    snapshot, now, compared = unit.site.delivery == "snapshot", _records(staged, site), None
    diff = both = _difference(last, now, snapshot)
    tables["value_labels_changed"] = label_drift.compare(last.labels, staged.receipt.get("labels", {}))
    if diff is not None and apart is not None:
        pure = _difference(apart.base, _records(apart.after, site), snapshot)
        both = records.in_both(diff, pure) if pure is not None else diff
        compared = recoding.read_apart((last.folder, staged.folder), (apart.base.folder, apart.after.folder), site)
    elif diff is not None and changes.causes(last.entry, staged.receipt.get("made_of", {})) == changes.CAUSES["delivery"]:
        compared = recoding.read(last.folder, staged.folder, site, recoding.touched(diff.pairs, 1))
    tables["values_recoded"] = recoding.columns(compared, evidence) if compared is not None else pl.DataFrame()
    if snapshot:
        tables["delivery_shrunk"] = fewer_records.shrunk(unit, counts, last, both if apart is None or apart.is_alone else diff, evidence)
        if last.records is not None and now is not None:
            tables["field_emptied"] = tables["field_unusable"] = fewer_values.counts(unit, last, now, staged, site, evidence)
    return _Asked(tables, both, compared)


def _records(staged: Staged, site: str) -> pl.DataFrame | None:
    kept = records.read(staged.folder)
    return kept.filter(pl.col("site") == site) if kept is not None else None


def _difference(last: Before, now: pl.DataFrame | None, snapshot: bool) -> records.Difference | None:
    if last.records is None or now is None:
        return None
    return records.compare(last.records, now) if snapshot else records.compare(records.newest(last.records), records.newest(now))


def _also(hit: pl.DataFrame, alone: pl.DataFrame) -> pl.DataFrame:
    """Of the rows that a rule finds wanting those that it finds wanting without the edit of the mapping, too: the edit's own are judged
    as such (edit_effect.py)."""
    on = [c for c in ("table", "field") if c in hit.columns]
    if hit.is_empty() or alone.is_empty():
        return hit.clear()
    return hit.join(alone.select(on), on=on, how="semi", maintain_order="left")


def _told(
    unit: Unit, staged: Staged, site: str, last: Before | None, evidence: Evidence, here: _Asked, hits: Mapping[str, pl.DataFrame],
    apart: Apart | None,
) -> list[pl.DataFrame]:  # fmt: skip
    """What is told of a delivery that is taken. `hits`: what a person let pass is not told again, all else is."""
    older, day = here.tables["delivery_returned"], last.entry["delivered_on"] if last is not None else ""
    if hits["delivery_returned"].height:
        return []
    found = [findings("file_returned", unit, site, broken("file_returned", older, evidence))]
    if here.diff is None or last is None:
        return found
    if unit.site.delivery == "snapshot":
        known = set(hits["delivery_shrunk"].get_column("table")) if hits["delivery_shrunk"].height else set()
        lost = here.diff.lost.filter(~pl.col("table").is_in(known))
        found.append(findings("record_disappeared", unit, site, lost_records(lost, day)))
        now = _records(staged, site) if here.diff.added.height else None
        if now is not None:
            found.append(findings(blank_since.RULE, unit, site, blank_since.find(here.diff, now, evidence)))
    if here.compared is not None:
        compared, columns = here.compared, here.tables["values_recoded"]
        for name in ("values_recoded", "field_emptied", "field_unusable"):
            compared = compared.without(hits[name])
        doubt = apart.doubt if apart is not None else ""
        found += value_changes.told(
            unit, site, compared, columns, here.diff, asked(last, site), _held_back(staged, site), day, evidence, doubt
        )
    return found


def _held_back(staged: Staged, site: str) -> pl.DataFrame:
    """(table, subject) of which some value is withheld, or a row rejected."""
    path = staged.folder / "findings.parquet"
    if not path.is_file():
        return pl.DataFrame(schema={"table": pl.String, "subject": pl.String})
    kinds = [str(Severity.WITHHOLD), str(Severity.REJECT)]
    mine = pl.scan_parquet(path).filter((pl.col("site") == site) & pl.col("severity").is_in(kinds))
    return mine.select(pl.col("table").replace(NAMES), "subject").unique().collect()


def broken(name: str, frame: pl.DataFrame, evidence: Evidence) -> pl.DataFrame:
    """Rows of a table that a rule finds wanting."""
    return frame.filter(rule(name).check("", evidence).not_()) if frame.height else frame
