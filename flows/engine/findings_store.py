"""Findings over nights: the append-only history, and each release's copy without values.

What belongs here: first and last seen, what is new, what is resolved, how they are counted. What does not: finding them (judge.py),
answers of sites.

`data/findings/<release_id>.parquet` holds only what that night changed: findings that are new, changed, back again, or gone
(RESOLVED). The last row of a finding_id tells how it stands. Release ids sort by time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from flows.engine import lock, outcome, partitions
from schemas.findings import FindingStatus

_NUMBERS = ("source_row", "n_rows")
LIFE: dict[str, type[pl.DataType]] = {"first_seen": pl.Date, "last_seen": pl.Date, "status": pl.String, "resolved_on": pl.Date}
_FOUND: dict[str, type[pl.DataType]] = {c: pl.Int64 if c in _NUMBERS else pl.String for c in outcome.PUBLISHED}
COLUMNS: dict[str, type[pl.DataType]] = {**_FOUND, **LIFE, "why": pl.String, "release_id": pl.String}
#: What a release's readers get: no text as sent.
IN_RELEASE = tuple(c for c in COLUMNS if c not in ("raw_value", "why", "release_id"))
#: A finding that differs in one of these is told again.
_TELLING = ("severity", "raw_value", "message", "suggestion", "rule_sha", "n_rows")


@dataclass(frozen=True)
class SiteFindings:
    """The findings of one site: what the manifest says of them, and the file for the release."""

    rows: int
    counts: dict[str, Any]
    content: bytes
    sha256: str


def history(data: Path, sites: Sequence[tuple[str, str]] | None = None, rule: str | Sequence[str] = "", before: str = "") -> pl.DataFrame:
    """How every finding of these sites (default: all) and these rules (default: every) stands: the last row of each, resolved ones
    included. `before`: as it was before that release."""
    files = [p for p in by_night(data / "findings") if not before or p.stem < before]
    if not files:
        return pl.DataFrame(schema=COLUMNS)
    frame = pl.concat([pl.scan_parquet(f) for f in files], how="diagonal_relaxed")
    if sites is not None:
        names = {"study": pl.String, "site": pl.String}
        wanted = pl.LazyFrame([list(key) for key in sites], schema=names, orient="row")
        frame = frame.join(wanted, on=["study", "site"], how="semi")
    if rule:
        frame = frame.filter(pl.col("rule").is_in([rule] if isinstance(rule, str) else list(rule)))
    lacking = [pl.lit(None, kind).alias(n) for n, kind in COLUMNS.items() if n not in frame.collect_schema().names()]
    told = frame.with_columns(lacking).sort("release_id").unique("finding_id", keep="last", maintain_order=True)
    return told.select(list(COLUMNS)).collect()


def by_night(folder: Path) -> list[Path]:
    """The files of a folder that gets one a night, oldest first. Raises PermissionError where this user may not look into it: no file
    would mean that nothing was ever told."""
    return sorted(p for p in folder.iterdir() if p.suffix == ".parquet" and p.name[0].isdigit()) if folder.is_dir() else []


def lacking(data: Path, manifest: Mapping[str, Any]) -> int:
    """How many of the findings of the latest release (its manifest) the history does not know: a part of it was lost. What a killed run
    of after it left there does not count."""
    told = history(data, before=f"{manifest['release_id']}~")
    standing = told.filter(pl.col("status") != str(FindingStatus.RESOLVED)).group_by("study", "site").len()
    known = {(study, site): n for study, site, n in standing.iter_rows()}
    return sum(max(0, sum(e.get("findings", {}).values()) - known.get((e["study"], e["site"]), 0)) for e in manifest["sites"])


def judge_life(found: pl.DataFrame, known: pl.DataFrame, on: dt.date) -> pl.DataFrame:
    """Findings of tonight with their life: first seen as long ago as the history knows, back again, or new."""
    before = known.select("finding_id", pl.col("first_seen").alias("_first"), pl.col("status").alias("_status"))
    was_gone = pl.col("_status").is_in([str(FindingStatus.RESOLVED)])
    back = was_gone | pl.col("_status").is_in([str(FindingStatus.REOPENED)])
    return (
        found.join(before, on="finding_id", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("_first", pl.lit(on)).alias("first_seen"), pl.lit(on).alias("last_seen"),
            pl.when(back.fill_null(value=False)).then(pl.lit("REOPENED")).otherwise(pl.coalesce("_status", pl.lit("OPEN"))).alias("status"),
            pl.lit(None, pl.Date).alias("resolved_on"),
        )
        .drop("_first", "_status")
    )  # fmt: skip


def events(
    living: pl.DataFrame, known: pl.DataFrame, on: dt.date, release_id: str, why: Mapping[tuple[str, str], str] | None = None
) -> pl.DataFrame:
    """Rows the history gains tonight: new, changed, back again, and those no longer found (RESOLVED).

    `why`: (study, site) -> what is not as it was there (source, mapping, correction, rule): the reason a finding is gone.
    """
    before = known.select("finding_id", *(pl.col(c).alias(f"_{c}") for c in (*_TELLING, "status")))
    joined = living.join(before, on="finding_id", how="left", maintain_order="left")
    differs = pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"_{c}")) for c in (*_TELLING, "status"))
    told = joined.filter(differs).select(living.columns)
    gone = known.filter(pl.col("status") != "RESOLVED").join(living, on="finding_id", how="anti")
    reasons = [(study, site, told) for (study, site), told in (why or {}).items()]
    named = pl.DataFrame(reasons, schema={"study": pl.String, "site": pl.String, "why": pl.String}, orient="row")
    gone = gone.drop("why").join(named, on=["study", "site"], how="left", maintain_order="left")
    gone = gone.with_columns(pl.lit("RESOLVED").alias("status"), pl.lit(on).alias("resolved_on"))
    told = told.with_columns(pl.lit(None, pl.String).alias("why"))
    rows = pl.concat([frame.select(list(COLUMNS)[:-1]).cast(dict(list(COLUMNS.items())[:-1])) for frame in (told, gone)])  # type: ignore[arg-type]
    return rows.with_columns(pl.lit(release_id).alias("release_id"))


def read_staged(folders: Mapping[Path, Sequence[str]]) -> pl.DataFrame:
    """The findings of staged units about some of their sites, with the columns of the contract; the files are read side by side."""
    if not folders:
        return pl.DataFrame(schema=_FOUND)
    files = (
        pl.scan_parquet(folder / "findings.parquet").select(list(_FOUND)).cast(_FOUND).filter(pl.col("site").is_in(list(sites)))  # type: ignore[arg-type]
        for folder, sites in folders.items()
    )
    return pl.concat(files).collect()


def counts(living: pl.DataFrame, on: dt.date, sites: Sequence[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """What a manifest says of each site's findings on the day of its release; every table and page that counts findings counts so.

    `findings`: by severity, all that stand. `findings_open`: by severity, those that are neither answered nor waived. `findings_new`: how
    many of the open ones were first seen on that day.
    """
    is_open = pl.col("status").is_in([str(FindingStatus.OPEN), str(FindingStatus.REOPENED)])
    numbers = pl.len(), is_open.sum().alias("open"), (is_open & (pl.col("first_seen") == on)).sum().alias("new")
    out: dict[tuple[str, str], dict[str, Any]] = {key: {"findings": {}, "findings_open": {}, "findings_new": 0} for key in sites}
    for study, site, severity, n, n_open, n_new in living.group_by("study", "site", "severity").agg(numbers).sort("severity").iter_rows():
        told = out[(study, site)]
        told["findings"][severity] = n
        if n_open:
            told["findings_open"][severity] = n_open
        told["findings_new"] += n_new
    return out


def by_site(
    living: pl.DataFrame, on: dt.date, sites: Sequence[tuple[str, str]], show: Callable[[pl.DataFrame], pl.DataFrame]
) -> dict[tuple[str, str], SiteFindings]:
    """Each site's file of findings for the release of a day; a site without findings gets an empty one.

    `show`: the findings of one trial as readers of the release may see them.
    """
    ordered = living.sort("study", "site", "severity", "rule", "table", "record_key", "field", "finding_id")
    shown: dict[tuple[str, str], pa.Table] = {}
    for trial in ordered.select(IN_RELEASE).partition_by("study"):
        table = _plain(show(trial))
        shown |= {key: table.slice(first, rows) for key, first, rows in partitions.spans(table, ("study", "site"))}
    counted, empty = counts(ordered, on, sites), _plain(ordered.select(IN_RELEASE).clear())
    out = {}
    for key in sites:
        mine = shown.get(key, empty)
        content = partitions.encode(mine, mine.schema)
        out[key] = SiteFindings(mine.num_rows, counted[key], content, hashlib.sha256(content).hexdigest())
    return out


def to_parquet(frame: pl.DataFrame) -> bytes:
    """Deterministic Parquet bytes with plain text columns."""
    table = _plain(frame)
    return partitions.encode(table, table.schema)


def _plain(frame: pl.DataFrame) -> pa.Table:
    table = frame.to_arrow().combine_chunks()  # pages must not depend on how the rows came
    return table.cast(pa.schema([pa.field(f.name, pa.string() if pa.types.is_large_string(f.type) else f.type) for f in table.schema]))


def append(data: Path, release_id: str, rows: pl.DataFrame) -> None:
    """Add one night to the history, whole or not at all; nothing is written when nothing changed."""
    if rows.is_empty():
        return
    folder = data / "findings"
    temporary = folder / f".tmp-{release_id}.parquet"
    partitions.put(temporary, to_parquet(rows))
    temporary.chmod(0o600)
    lock.put_in_place(data, temporary, folder / f"{release_id}.parquet")
