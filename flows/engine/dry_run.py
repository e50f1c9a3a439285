"""What a mapping makes of the export as it lies at its source now: kept, quarantined, unread; nothing of it stays.

What belongs here: landing into a temporary folder, working it there, counting. What does not: the route itself (batch.py), printing
(flows/cli/check_config.py). Of participants only counts are told.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from flows.engine import batch, beside, comes_to, holding, landing, night, releases, written
from flows.engine.config import Programme, Unit
from flows.engine.guard import no_values
from flows.engine.mapping import MapInput
from flows.engine.signs import Signs
from schemas.rules import catalogue
from schemas.site import Column, FieldSpec

#: Rules that tell of columns, files and rows that no mapping reads; the record key names them.
_UNREAD = ("unmapped_column", "unclaimed_file")


@dataclass(frozen=True)
class Tried:
    """`tables`: (site, table) -> received, kept, quarantined, withheld. `found`: one row a table, field and rule with `columns`, `rows`.
    `unread_columns`: (file, column); `unread_files`: names. `lines`: what each mapped field comes to; `unlike`: signs beside the protocol
    and the `compared` sites; `laid_over`: what the site says otherwise than its profile; `holds`: why a first
    night would not publish it; `zone`: its zone beside those of other sites."""

    key: str
    files: list[str]
    tables: dict[tuple[str, str], dict[str, int]]
    found: list[dict[str, Any]]
    unread_columns: list[tuple[str, str]]
    unread_files: list[str]
    lines: list[comes_to.Line]
    unlike: list[dict[str, Any]]
    compared: list[str]
    laid_over: list[str]
    holds: list[str]
    zone: str


def try_unit(programme: Programme, unit: Unit, now: dt.datetime, others: dict[str, Signs]) -> Tried:
    """Land and work one unit in a temporary place. `others`: the signs of the trial's published sites. Raises ReadError when its files are
    not as the mapping says."""
    lines: list[comes_to.Line] = []
    with tempfile.TemporaryDirectory(prefix="trialweave-try-") as name, no_values():
        data = Path(name)
        delivery = landing.receive(data, unit, programme.root, now)
        see = partial(comes_to.look, unit=unit, on=now.date(), out=lines)
        threads = night.worth(sum(f.size for f in delivery.files))
        staged = batch.work(programme, data, [MapInput(0, unit, (delivery,))], threads, see)[0]
        found = pl.read_parquet(staged.folder / "findings.parquet")
        sites: dict[str, Any] = staged.receipt["sites"]
        holds = [r for s in sites for r in holding.judge(unit, staged, s, None, programme.evidence, is_accepted=False).reasons]
    known = {site: signs for site, signs in others.items() if site not in sites}
    among = beside.Sites(known, programme.evidence)
    unlike = [
        {"site": site} | row for site, told in sorted(sites.items()) if told["signs"]
        for row in beside.rows(unit, site, told["signs"], among, programme.evidence, now.date())
    ]  # fmt: skip
    tables = {(site, table): n for site, of in sorted(sites.items()) for table, n in of["tables"].items() if n["received"]}
    return Tried(
        unit.key, [f.name for f in delivery.files], tables, _counted(unit, found),
        sorted({_pair(k) for k in found.filter(pl.col("rule") == "unmapped_column")["record_key"]}),
        sorted(set(found.filter(pl.col("rule") == "unclaimed_file")["record_key"])),
        lines, unlike, sorted(known), written.laid_over(unit, written.files(unit, now.date())), holds,
        _zone(programme, unit, now),
    )  # fmt: skip


def _zone(programme: Programme, unit: Unit, now: dt.datetime) -> str:
    """The site's zone with its offsets, and those of the trial's other sites: no figure tells a zone from the next one."""
    days = (dt.datetime(now.year, month, 1, 12, tzinfo=ZoneInfo(unit.site.timezone)) for month in (1, 7))
    january, july = (f"UTC{day.strftime('%z')[:3]}:{day.strftime('%z')[3:]}" for day in days)
    others = sorted({u.site.timezone for u in programme.units.values() if u.site.study == unit.site.study and u.key != unit.key})
    place = written.told(unit, written.files(unit, now.date()), "timezone")
    return f"{unit.site.timezone} ({january} in January, {july} in July; {place}); other sites: {', '.join(others) or 'none'}"


def published(data: Path, study: str) -> dict[str, Signs]:
    """Site -> its signs, of the sites of a trial that stand in the latest release; empty where there is none."""
    release = releases.latest(data) if data.is_dir() else None
    out: dict[str, Signs] = {}
    for entry in release.manifest["sites"] if release is not None else ():
        if entry["study"] == study and entry["fingerprint"]:
            folder = batch.staged_folder(data, study, entry["export"], entry["fingerprint"])
            staged = batch.load_staged(folder, entry["unit"], entry["fingerprint"])
            signs = staged.receipt["sites"].get(entry["site"], {}).get("signs") if staged is not None else None
            out |= {entry["site"]: signs} if signs else {}
    return out


def _pair(key: str) -> tuple[str, str]:
    file, _, column = key.partition("|")
    return file, column


def _counted(unit: Unit, found: pl.DataFrame) -> list[dict[str, Any]]:
    """Findings by severity, table, field and rule, with the columns the field is read from."""
    order = {s: n for n, s in enumerate(("reject", "withhold", "query", "note"))}
    counts = (
        found.filter(~pl.col("rule").is_in(_UNREAD))
        .group_by("severity", "table", "field", "rule")
        .agg(pl.sum("n_rows").alias("rows"))
        .sort(pl.col("severity").replace_strict(order, default=9), pl.col("rows") * -1, "table", "field", "rule")
    )
    message = {rule.id: rule.message for rule in catalogue()}
    return [
        row | {"columns": columns_of(unit, row["table"], row["field"]), "message": message[row["rule"]]}
        for row in counts.iter_rows(named=True)
    ]


def columns_of(unit: Unit, table: str, field: str) -> list[str]:
    """Columns of the site's files that a field is read from, in the order the mapping names them."""
    intake = "assessment" if table in ("form", "item", "item_fault") else table
    wanted = {field, field.removesuffix("_mg"), field.removesuffix("_suds"), field.removesuffix("_utc")}
    out: dict[str, None] = {}
    for spec in (s for t, specs in unit.site.tables.items() if t == intake for s in specs):
        own = {**spec.fields, **spec.totals}
        if unit.site.subject_id is not None:
            own.setdefault("subject_id", unit.site.subject_id)
        for name, one in own.items():
            if name in wanted:
                out |= dict.fromkeys(_read_by(one))
        if field in ("item", "value", "item_values") and spec.wide is not None:
            out[spec.wide.pattern] = None
    return [*out]


def _read_by(spec: FieldSpec) -> list[str]:
    more = [spec.times] if spec.times else []
    return [*spec.from_, *more, *([spec.unit.from_] if isinstance(spec.unit, Column) else [])]
