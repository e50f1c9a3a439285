"""Configuration as tables: ref.* of one batch, so that SQL can join to it.

What belongs here: turning typed configuration into rows. What does not: reading it (config.py), coding of drug names (coding.py).
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from flows.engine import enums
from flows.engine.config import Unit
from schemas.evidence import Evidence, SymptomTerm
from schemas.instrument import Instrument, Scale
from schemas.site import BlankEnd, IntakeTable, NoMedicationTable
from schemas.trial import BlindingStatus, Trial

#: Years for which wall-clock times can be turned into UTC.
FIRST_YEAR, LAST_YEAR = 1970, 2070


@dataclass(frozen=True)
class UnitRow:
    """One unit of a batch with its number and its delivery."""

    number: int
    unit: Unit
    delivered_on: dt.date
    delivery: str


#: Columns of every ref table but ref.evidence: name -> DuckDB type.
COLUMNS: dict[str, dict[str, str]] = {
    "unit": dict(unit="INTEGER", study="VARCHAR", site_id="VARCHAR", timezone="VARCHAR", delivered_on="DATE", delivery="VARCHAR",
                 medication_known="BOOLEAN", blank_end_is_ongoing="BOOLEAN", latest_on="DATE"),
    "mapped_field": dict(unit="INTEGER", table_name="VARCHAR", field="VARCHAR"),
    "site": dict(unit="INTEGER", study="VARCHAR", site="VARCHAR", timezone="VARCHAR", latest_on="DATE"),
    "trial": dict(
        study="VARCHAR", disorder="VARCHAR", population="VARCHAR", n_sessions="INTEGER", planned_length_min="DOUBLE",
        primary_paramcd="VARCHAR", primary_instrument="VARCHAR", success_end_le="DOUBLE", success_reduction_ge_pct="DOUBLE",
        success_decisive="VARCHAR", tailored="BOOLEAN", pre_from_min="DOUBLE", pre_to_min="DOUBLE", pre_reference="VARCHAR",
        post_from_min="DOUBLE", post_to_min="DOUBLE", blinded="BOOLEAN", unblinded_on="DATE", age_from_years="INTEGER",
        age_to_years="INTEGER", last_planned_day="INTEGER",
    ),
    "planned_dose": dict(study="VARCHAR", session_no="INTEGER", time_point="VARCHAR"),
    "arm": dict(study="VARCHAR", arm="VARCHAR", label="VARCHAR", placebo="BOOLEAN"),
    "arm_dose": dict(study="VARCHAR", arm="VARCHAR", dose_mg="DOUBLE", from_kg="DOUBLE", below_kg="DOUBLE"),
    "visit": dict(
        study="VARCHAR", visit="VARCHAR", visit_order="INTEGER", target_day="INTEGER", from_day="INTEGER", to_day="INTEGER",
        anchor="VARCHAR", baseline="BOOLEAN",
    ),
    "visit_label": dict(study="VARCHAR", label_key="VARCHAR", visit="VARCHAR"),
    "prohibited_class": dict(study="VARCHAR", **{"class": "VARCHAR"}, washout_days="INTEGER"),
    "major_deviation": dict(study="VARCHAR", dvdecod="VARCHAR"),
    "trial_instrument": dict(study="VARCHAR", instrument="VARCHAR"),
    "instrument": dict(instrument="VARCHAR", family="VARCHAR", of_change="BOOLEAN"),
    "item": dict(instrument="VARCHAR", item_no="INTEGER", item_code="VARCHAR", item_min="DOUBLE", item_max="DOUBLE"),
    "scale": dict(
        instrument="VARCHAR", paramcd="VARCHAR", param="VARCHAR", scale_no="INTEGER", item_nos="INTEGER[]", reverse_nos="INTEGER[]",
        parts="VARCHAR[]", method="VARCHAR", scale_min="DOUBLE", scale_max="DOUBLE", higher_is_worse="BOOLEAN", missing="VARCHAR",
        max_missing_pct="DOUBLE", n_items="INTEGER",
    ),
    "local_time": dict(
        timezone="VARCHAR", local_year="INTEGER", local_from="TIMESTAMP", local_to="TIMESTAMP", offset_s="INTEGER", kind="VARCHAR"
    ),
    "adverse_event_term": dict(
        term_no="INTEGER", pattern="VARCHAR", term="VARCHAR", special_interest="VARCHAR", expected="BOOLEAN", near="VARCHAR[]"
    ),
    "adverse_event_coding": dict(verbatim="VARCHAR", term_no="INTEGER", n_terms="INTEGER"),
    "adverse_event_near": dict(verbatim="VARCHAR", term_no="INTEGER"),
    "coding": dict(unit="INTEGER", verbatim="VARCHAR", cmmodify="VARCHAR", codestat="VARCHAR", cmsugg="VARCHAR"),
    "coding_part": dict(
        unit="INTEGER", verbatim="VARCHAR", part_no="INTEGER", ingredient="VARCHAR", **{"class": "VARCHAR"}, atc="VARCHAR",
        psychotropic="BOOLEAN", antidepressant="BOOLEAN", ssri="BOOLEAN", benzodiazepine="BOOLEAN", interacting="BOOLEAN",
        also="VARCHAR[]", review_to_mg="DOUBLE", by_use="BOOLEAN",
    ),
}  # fmt: skip

_ARROW = {
    "INTEGER": pa.int32(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "VARCHAR": pa.string(), "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us"), "INTEGER[]": pa.list_(pa.int32()), "VARCHAR[]": pa.list_(pa.string()),
}  # fmt: skip


def build(con: duckdb.DuckDBPyConnection, rows: Sequence[UnitRow], evidence: Evidence, terms: Sequence[SymptomTerm]) -> None:
    """Create every ref table for the units of one batch. Coding tables are created empty; coding.py fills them."""
    trials = {r.unit.trial.study: r.unit.trial for r in rows}
    instruments = {i.name: i for r in rows for i in r.unit.instruments}
    content: dict[str, list[tuple[Any, ...]]] = {name: [] for name in COLUMNS}
    for row in rows:
        site = row.unit.site
        known = IntakeTable.MEDICATION in site.tables or site.no_medication_table is NoMedicationTable.NONE
        open_end = site.blank_medication_end is BlankEnd.ONGOING
        content["unit"].append(
            (row.number, site.study, site.site_id, site.timezone, row.delivered_on, row.delivery, known, open_end,
             latest_on(row.delivered_on, site.timezone))
        )  # fmt: skip
        content["site"] += _sites(row)
        fields = {(str(table), name) for table, specs in site.tables.items() for spec in specs for name in spec.fields}
        content["mapped_field"] += [(row.number, table, name) for table, name in sorted(fields)]
    for study in sorted(trials):
        _add_trial(content, trials[study], instruments)
    for name in sorted(instruments):
        _add_instrument(content, instruments[name])
    for zone in sorted({r[3] for r in content["site"]} | {r.unit.site.timezone for r in rows}):
        content["local_time"] += by_year(zone)
    content["adverse_event_term"] = [
        (n, t.pattern, t.term, t.special_interest or None, t.expected, [w for w in t.near.split("|") if w])
        for n, t in enumerate(terms, start=1)
    ]
    types = enums.declared(con)
    if "study_name" in types:
        enums.declare(con, "paramcd_name", (s[1] for s in content["scale"]))
        enums.declare(con, "param_name", (s[2] for s in content["scale"]))
        types |= {"paramcd_name", "param_name"}
    for name, values in content.items():
        create(con, name, values, types)
    numbers = evidence.values()
    kinds = ", ".join(f"{_literal(v)} as {k}" for k, v in numbers.items())
    con.execute(f"create or replace table ref.evidence as select {kinds}")


def scales(con: duckdb.DuckDBPyConnection, instruments: Iterable[Instrument]) -> None:
    """Create ref.scale alone: what the pooled step reads."""
    content: dict[str, list[tuple[Any, ...]]] = {name: [] for name in COLUMNS}
    for instrument in sorted(instruments, key=lambda i: i.name):
        _add_instrument(content, instrument)
    create(con, "scale", content["scale"])


def create(con: duckdb.DuckDBPyConnection, name: str, values: Iterable[tuple[Any, ...]], types: Collection[str] = ()) -> None:
    """Create ref.<name> with its columns from rows of Python values; `types`: the enumerations that names are stored as."""
    columns = COLUMNS[name]
    kinds = enums.stored(columns, types)
    if not (rows := list(values)):
        inside = ", ".join(f'"{c}" {kinds[c]}' for c in columns)
        con.execute(f"create or replace table ref.{name} ({inside})")
        return
    lists = list(zip(*rows, strict=True))
    arrays = [pa.array(list(v), type=_ARROW[t]) for v, t in zip(lists, columns.values(), strict=True)]
    table = pa.table(arrays, names=list(columns))
    con.register("ref_rows", table)
    short = ", ".join(f'"{c}"::{kinds[c]} as "{c}"' if kinds[c] != columns[c] else f'"{c}"' for c in columns)
    con.execute(f"create or replace table ref.{name} as select {short} from ref_rows")
    con.unregister("ref_rows")


def symptom_terms(codelists: Sequence[Path]) -> list[SymptomTerm]:
    """The adverse-event word list: the last folder that has one wins.

    Raises pydantic's ValidationError when a row is not a SymptomTerm.
    """
    for folder in reversed(codelists):
        path = folder / "adverse_events.csv"
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as lines:
                return [
                    SymptomTerm(
                        pattern=r["pattern"], term=r["term"], special_interest=r["special_interest"] or "",
                        expected=(r["expected"] or "").upper() in ("Y", "TRUE"), near=r.get("near") or "",
                    )
                    for r in csv.DictReader(lines)
                ]  # fmt: skip
    return []


def _sites(row: UnitRow) -> list[tuple[Any, ...]]:
    """The real sites of a unit: itself, or the known members of an export that holds many."""
    site = row.unit.site
    if site.sites is None:
        return [(row.number, site.study, site.site_id, site.timezone, latest_on(row.delivered_on, site.timezone))]
    zones = {name: m.timezone or site.timezone for name, m in site.sites.known.items()}
    return [(row.number, site.study, name, zone, latest_on(row.delivered_on, zone)) for name, zone in zones.items()]


def latest_on(delivered_on: dt.date, zone: str) -> dt.date:
    """The last site-local date on which an export delivered on a (UTC) day can have been made."""
    last_second = dt.datetime.combine(delivered_on, dt.time(23, 59, 59), tzinfo=dt.UTC)
    return last_second.astimezone(ZoneInfo(zone)).date()


def _add_trial(content: dict[str, list[tuple[Any, ...]]], trial: Trial, instruments: dict[str, Instrument]) -> None:
    study, window, success = trial.study, trial.timing_window, trial.success
    owner = {s.paramcd: i.name for i in instruments.values() if i.name in trial.instruments for s in i.scales}
    content["trial"].append((
        study, trial.disorder, trial.population, trial.sessions.number, trial.sessions.planned_length_min, trial.primary,
        owner.get(trial.primary), success.end_le if success else None, success.reduction_ge_pct if success else None,
        success.decisive if success else None, trial.tailored, window.pre.from_min if window.pre else None,
        window.pre.to_min if window.pre else None, window.pre.reference if window.pre else None,
        window.post.from_min if window.post else None, window.post.to_min if window.post else None,
        trial.blinding.status is BlindingStatus.BLINDED,
        dt.date.fromisoformat(trial.blinding.unblinded_on) if trial.blinding.unblinded_on else None,
        trial.ages.from_years, trial.ages.to_years, max((v.to_day for v in trial.visits), default=None),
    ))  # fmt: skip
    content["planned_dose"] += [(study, n, str(t)) for n in trial.dosing.sessions for t in trial.dosing.time_points]
    for arm in trial.arms:
        content["arm"].append((study, arm.code, arm.label, arm.placebo))
        if arm.dose_mg is not None:
            content["arm_dose"].append((study, arm.code, arm.dose_mg, 0.0, None))
        content["arm_dose"] += [(study, arm.code, b.dose_mg, b.from_kg, b.below_kg) for b in arm.dose_mg_by_weight]
    for v in trial.visits:
        content["visit"].append((study, v.name, v.order, v.target_day, v.from_day, v.to_day, v.anchor, v.baseline))
        keys = dict.fromkeys(label.strip().lower() for label in (v.name, *v.labels))
        content["visit_label"] += [(study, key, v.name) for key in keys]
    content["prohibited_class"] += [(study, c, trial.washout_days.get(c)) for c in trial.prohibited_classes]
    content["major_deviation"] += [(study, str(d)) for d in trial.major_deviations]
    content["trial_instrument"] += [(study, i) for i in trial.instruments]


def _add_instrument(content: dict[str, list[tuple[Any, ...]]], instrument: Instrument) -> None:
    content["instrument"].append((instrument.name, instrument.family, instrument.of_change))
    codes = instrument.item_codes()
    number = 0
    for block in instrument.items:
        for code in block.codes():
            number += 1
            content["item"].append((instrument.name, number, code, block.minimum, block.maximum))
    by_code = {s.paramcd: s for s in instrument.scales}
    position = {code: n for n, code in enumerate(codes, start=1)}
    for n, scale in enumerate(instrument.scales, start=1):
        content["scale"].append((
            instrument.name, scale.paramcd, scale.label, n, [position[c] for c in instrument.expand(scale.items)],
            [position[c] for c in instrument.expand(scale.reverse)], list(scale.parts), str(scale.method), scale.minimum,
            scale.maximum, scale.higher_is_worse, str(scale.missing), scale.max_missing_pct,
            len(_all_items(instrument, scale, by_code)),
        ))  # fmt: skip


def _all_items(instrument: Instrument, scale: Scale, by_code: dict[str, Scale]) -> set[str]:
    """Items of a scale, its parts written out."""
    items = set(instrument.expand(scale.items))
    for part in scale.parts:
        items |= _all_items(instrument, by_code[part], by_code)
    return items


@lru_cache(maxsize=64)
def local_times(zone: str) -> list[tuple[str, dt.datetime, int, str]]:
    """Which offset a wall-clock time has in a zone: rows (zone, local_from, offset_s, kind), each valid until the next.

    `gap`: the clock jumped over these times (spring); `overlap`: they came twice (autumn). Transitions are found by halving
    the days on which zoneinfo's offset changes, to the second.
    """
    info = ZoneInfo(zone)

    def offset(at: int) -> int:
        delta = dt.datetime.fromtimestamp(at, info).utcoffset()
        return int(delta.total_seconds()) if delta is not None else 0

    start = int(dt.datetime(FIRST_YEAR, 1, 1, tzinfo=dt.UTC).timestamp())
    end = int(dt.datetime(LAST_YEAR, 1, 1, tzinfo=dt.UTC).timestamp())
    epoch = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock, which has no zone by nature
    after = offset(start)
    rows = [(zone, epoch - dt.timedelta(days=1), after, "normal")]
    step = 7 * 86_400
    for at in range(start, end, step):
        before, after = after, offset(at + step)
        if before == after:
            continue
        low, high = at, at + step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == before else (low, middle)
        first, last = (epoch + dt.timedelta(seconds=high + o) for o in sorted((before, after)))
        rows.append((zone, first, before, "gap" if after > before else "overlap"))
        rows.append((zone, last, after, "normal"))
    return rows


@lru_cache(maxsize=64)
def by_year(zone: str) -> list[tuple[str, int, dt.datetime, dt.datetime, int, str]]:
    """The same in pieces of at most a year, rows (zone, year, from, to, offset_s, kind): found by zone and year, which takes a tenth of
    the time of a search. The last year has what follows, too.
    """
    rows = local_times(zone)
    out = []
    for (_, begin, offset_s, kind), end in zip(rows, [*(r[1] for r in rows[1:]), dt.datetime.max], strict=True):  # noqa: DTZ901 - a wall clock
        for year in range(begin.year, min(end.year, LAST_YEAR) + 1):
            first = max(begin, dt.datetime(year, 1, 1))  # noqa: DTZ001 - a wall clock
            last = end if year == LAST_YEAR else min(end, dt.datetime(year + 1, 1, 1))  # noqa: DTZ001 - a wall clock
            if first < last:
                out.append((zone, year, first, last, offset_s, kind))
    return out


def _literal(value: float | int) -> str:
    return f"{value}::INTEGER" if isinstance(value, int) else f"{value!r}::DOUBLE"
