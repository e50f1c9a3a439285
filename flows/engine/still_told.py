"""Findings about a delivery that an earlier night made and that stand as long as what they say does.

What belongs here: what is told again of one site. What does not: finding it first (holding.py, edit_effect.py, value_changes.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from flows.engine import blank_since, delivery_findings, edit_effect, keep_out, landed, recoding, records, taken_back, value_changes
from flows.engine.batch import Staged
from flows.engine.config import Unit
from schemas.findings import FindingStatus

if TYPE_CHECKING:
    from flows.engine.roster import Key, Roster


def everything(roster: Roster, staged: Staged, site: str) -> list[pl.DataFrame]:
    """All that is told again of a site as it is placed."""
    unit = roster.night.programme.units[staged.unit_key]
    return [
        still_gone(roster, staged, site), still_left_out(roster, staged, site), still_sent(roster, unit, site),
        still_edited(roster, staged, site), still_changed(roster, staged, site), still_moved(roster, staged, site),
        still_blank(roster, staged, site), taken_back.told(unit, staged, site),
    ]  # fmt: skip


def still_gone(roster: Roster, staged: Staged, site: str) -> pl.DataFrame:
    """Records that disappeared on an earlier night and have not come back."""
    return _by_record(roster.disappeared, staged, site, "anti")


def still_left_out(roster: Roster, staged: Staged, site: str) -> pl.DataFrame:
    """Records that a whole export lacked on an earlier night, and that were not sent again since."""
    return _by_record(roster.left_out, staged, site, "semi", "source_file")


def still_moved(roster: Roster, staged: Staged, site: str) -> pl.DataFrame:
    """Records that were sent of another participant before and are still sent as they came then."""
    return _by_record(roster.changed, staged, site, "semi", rule=value_changes.MOVED)


def _by_record(
    told: Mapping[Key, pl.DataFrame], staged: Staged, site: str, how: Literal["anti", "semi"], *more: str, rule: str = ""
) -> pl.DataFrame:
    """Of findings that name a record (of one rule when asked), those of this site whose record is not there now (`anti`), or is (`semi`),
    with the same `more`."""
    mine = _of_site(told, staged, site)
    mine = mine.filter(pl.col("rule") == rule) if rule and mine.height else mine
    now = records.read(staged.folder) if mine.height else None
    if now is None:
        return delivery_findings.none_found()
    keys = mine.with_columns(pl.col("raw_value").str.json_path_match("$.key").alias("key"))
    on = ["table", "key", *more]
    here = records.newest(now.filter(pl.col("site") == site)) if more else now.filter(pl.col("site") == site)
    return keys.join(here.select(on).unique(), on=on, how=how).select(list(delivery_findings.FOUND)).cast(delivery_findings.FOUND)  # type: ignore[arg-type]


def still_changed(roster: Roster, staged: Staged, site: str) -> pl.DataFrame:
    """Values that changed on an earlier night and are not again what they were."""
    mine = _of_site(roster.changed, staged, site)
    mine = mine.filter(pl.col("rule").is_in(value_changes.STANDING)) if mine.height else mine
    if mine.is_empty():
        return delivery_findings.none_found()
    sets = {name for name, of in recoding.SETS.items() if of.table in set(mine.get_column("table"))}
    values = {(name, key, column): value for name in sorted(sets) for key, column, value in recoding.values(staged.folder, site, name)}
    standing = [i for i, row in enumerate(mine.iter_rows(named=True)) if value_changes.stands(row, values)]
    return mine[standing].select(list(delivery_findings.FOUND)).cast(delivery_findings.FOUND)  # type: ignore[arg-type]


def still_blank(roster: Roster, staged: Staged, site: str) -> pl.DataFrame:
    """Columns that were filled no more since a day, and of which the records since are still blank."""
    mine = _of_site(roster.blank, staged, site)
    now = records.read(staged.folder) if mine.height else None
    if now is None:
        return delivery_findings.none_found()
    here, evidence = now.filter(pl.col("site") == site), roster.night.programme.evidence
    standing = [i for i, row in enumerate(mine.iter_rows(named=True)) if blank_since.stands(row, here, evidence)]
    return mine[standing].select(list(delivery_findings.FOUND)).cast(delivery_findings.FOUND)  # type: ignore[arg-type]


def takes_back(roster: Roster, staged: Staged, site: str, entry: Mapping[str, Any]) -> bool:
    """Whether all that was edited since a site's data were published (`entry`) is again as before an edit that is told of and that nobody
    has looked at. One that was waived is right as it is: to undo it is an edit as any other."""
    was, now = entry.get("made_of") or {}, staged.receipt.get("made_of", {})
    parts = [p for p in ("mapping", "shared") if was.get(p) != now.get(p)]
    mine = _of_site(roster.edited, staged, site)
    if mine.is_empty():
        return False
    mine = mine.filter(pl.col("status").is_in([str(FindingStatus.OPEN), str(FindingStatus.REOPENED)]))
    known = [edit_effect.Told.of(row) for row in mine.iter_rows(named=True)]
    return bool(parts) and all(any(t.part == p and t.before == now.get(p) for t in known) for p in parts)


def still_edited(roster: Roster, staged: Staged, site: str) -> pl.DataFrame:
    """Values that an edit of an earlier night changed, and that nobody has looked at; over when the edit is taken back, or an earlier one
    that it was made upon."""
    mine = _of_site(roster.edited, staged, site)
    if mine.is_empty():
        return delivery_findings.none_found()
    now = staged.receipt.get("made_of", {})
    known = [edit_effect.Told.of(row) for row in mine.iter_rows(named=True)]
    over = {(t.part, t.after) for t in known if t.before and t.before == now.get(t.part)}
    for _ in known:
        over |= {(t.part, t.after) for t in known if (t.part, t.before) in over and t.after != now.get(t.part)}
    standing = [i for i, t in enumerate(known) if (t.part, t.after) not in over]
    return mine[standing].select(list(delivery_findings.FOUND)).cast(delivery_findings.FOUND)  # type: ignore[arg-type]


def _of_site(told: Mapping[Key, pl.DataFrame], staged: Staged, site: str) -> pl.DataFrame:
    return told.get((staged.unit_key.split("/")[0], site), delivery_findings.none_found())


def still_sent(roster: Roster, unit: Unit, site: str) -> pl.DataFrame:
    """Rows of a purged participant that the newest delivery held and that were left out before landing."""
    rows = keep_out.blocked(landed.home_of(roster.night.data, unit.site.study, unit.site.site_id)).get(site, 0)
    if not rows:
        return delivery_findings.none_found()
    told = pl.DataFrame({"n_rows": [rows]}, schema={"n_rows": pl.Int64})
    return delivery_findings.findings("purged_subject_sent", unit, site, told)
